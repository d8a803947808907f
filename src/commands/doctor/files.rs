//! The shared files: who may read them, what is wrong in them, and keys in plain text.

use std::path::Path;

use super::findings::Findings;
use crate::config::profiles::{Profiles, is_secret};
use crate::hint;
use crate::system::files;

const FILES: &str = "files";

/// Checks both shared files.
pub fn check(profiles: &Profiles, findings: &mut Findings) {
    let all: Vec<_> =
        profiles.names().filter_map(|name| profiles.profile(name).ok().flatten()).collect();
    let with_secrets: Vec<&Path> = all
        .iter()
        .flat_map(|profile| &profile.properties)
        .filter(|property| is_secret(&property.key))
        .map(|property| property.place.path.as_path())
        .collect();
    for path in profiles.paths() {
        let shown = path.display();
        let Ok(metadata) = std::fs::metadata(path) else {
            findings.ok(FILES, format!("{shown} does not exist, which is fine"));
            continue;
        };
        let writers = writers(path);
        if !writers.is_empty() {
            for (message, hint) in writers {
                findings.warning(FILES, message, Some(&hint));
            }
            continue;
        }
        match readable_by_others(path, &metadata).filter(|_| with_secrets.contains(&path)) {
            Some(message) => findings.warning(FILES, message, Some(&keep_to_yourself(path))),
            None => findings.ok(FILES, format!("{shown} can be read")),
        }
    }
    for (place, reason) in profiles.malformed() {
        let hint = "correct it; the SDKs refuse the whole file for it: \
                    rolecall profile dump --json";
        findings.problem(FILES, format!("{place}: {reason}"), Some(hint));
    }
    for (place, reason) in profiles.ignored() {
        findings.warning(FILES, format!("{place}: ignored, because {reason}"), None);
    }
}

/// Returns who else may change a shared file or put another in its place, with the command that
/// ends it. Whatever the file holds, they can add a `credential_process`.
fn writers(path: &Path) -> Vec<(String, String)> {
    let file = path.canonicalize().unwrap_or_else(|_| path.to_owned());
    let places = std::iter::once(file.as_path()).chain(file.parent());
    let writers = places.filter_map(|place| {
        let who = files::other_writer(place).ok().flatten()?;
        let shown = place.display();
        let message = format!("{shown} {who}, who can have you run a credential_process of theirs");
        let hint = match who {
            files::Writer::Owner(_) => "make it yours: sudo chown \"$(id -u)\"",
            _ => "close it to others: chmod go-w",
        };
        Some((message, format!("{hint} {}", hint::path(place))))
    });
    writers.collect()
}

/// Warns of long-term keys in plain text.
pub fn check_keys(profiles: &Profiles, names: &[&str], findings: &mut Findings) {
    for name in names {
        let Ok(Some(profile)) = profiles.profile(name) else { continue };
        if let (Some(secret), None) =
            (profile.get("aws_secret_access_key"), profile.get("aws_session_token"))
        {
            let message = format!(
                "{}: the long-term keys of profile `{name}` lie in plain text",
                secret.place
            );
            let hint = "prefer a login without long-term keys: aws configure sso";
            findings.warning("keys", message, Some(hint));
        }
    }
}

/// Returns a message when others may read or write a file.
#[cfg(unix)]
pub fn readable_by_others(path: &Path, metadata: &std::fs::Metadata) -> Option<String> {
    use std::os::unix::fs::PermissionsExt;
    let mode = metadata.permissions().mode() & 0o777;
    (metadata.is_file() && mode & 0o077 != 0)
        .then(|| format!("{} may be read by others (mode {mode:03o})", path.display()))
}

#[cfg(not(unix))]
pub fn readable_by_others(_: &Path, _: &std::fs::Metadata) -> Option<String> {
    None
}

/// Returns the hint for a file that others may read.
pub fn keep_to_yourself(path: &Path) -> String {
    format!("keep it to yourself: chmod 600 {}", hint::path(path))
}
