//! The file of the settings: which one is read, and which one is not although it looks like one.

use std::path::Path;

use super::findings::Findings;
use crate::app::context::Context;
use crate::hint;

const SETTINGS: &str = "settings";

/// Names the file that was read.
pub fn check(context: &Context, findings: &mut Findings) {
    let Some(file) = context.settings_file.as_deref() else {
        let message = "there is no folder for the settings";
        return findings.warning(SETTINGS, message, Some(&hint::set_home()));
    };
    let shown = file.display();
    findings.ok(
        SETTINGS,
        if file.exists() {
            format!("{shown} is read")
        } else {
            format!("{shown} does not exist, which is fine")
        },
    );
    let other = context.directories.other_settings();
    if let Some(other) = other.filter(|other| other != file && other.exists()) {
        passed_over(&other, file, findings);
    }
}

/// Warns of settings that a person wrote, and nothing reads.
fn passed_over(other: &Path, file: &Path, findings: &mut Findings) {
    let message =
        format!("{} is not read: the settings are in {}", other.display(), file.display());
    let hint = if file.exists() {
        format!("take over what it says, and remove it; look at it: {}", hint::look_at(other))
    } else {
        format!("give it its place: {}", hint::rename(other, file))
    };
    findings.warning(SETTINGS, message, Some(&hint));
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn file_that_is_passed_over_is_named_with_the_way_to_its_place() {
        let folder = tempfile::tempdir().unwrap();
        let (file, other) = (folder.path().join("settings.ini"), folder.path().join("other.ini"));
        for hint in ["give it its place: ", "take over what it says"] {
            let mut findings = Findings::default();
            passed_over(&other, &file, &mut findings);
            let text = findings.text();
            assert!(text.contains(&format!("{} is not read", other.display())), "{text}");
            assert!(text.contains(hint), "{text}");
            std::fs::write(&file, "").unwrap();
        }
    }
}
