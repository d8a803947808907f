//! The shared files: who may read them, what is wrong in them, and keys in plain text.

use std::collections::HashMap;
use std::collections::hash_map::Entry;
use std::path::{Path, PathBuf};

use super::findings::Findings;
use crate::chain::keys;
use crate::config::ProfileName;
use crate::config::document::SectionKind;
use crate::config::profiles::{Profiles, Property, is_secret};
use crate::error::FileLine;
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
            missing(profiles, path, findings);
            continue;
        };
        let writers = writers(path);
        if !writers.is_empty() {
            for (message, hint) in writers {
                findings.warning(FILES, message, Some(&hint));
            }
            continue;
        }
        match files::readable_by_others(path, &metadata).filter(|_| with_secrets.contains(&path)) {
            Some(message) => findings.warning(FILES, message, Some(&hint::keep_to_yourself(path))),
            None => findings.ok(FILES, format!("{shown} can be read")),
        }
    }
    if profiles.is_empty() {
        let message = "the shared files hold no profile";
        findings.warning(FILES, message, Some(hint::FIRST_STEPS));
    }
    // Those of a profile are said of the profile.
    for message in by_reason(profiles.malformed_outside_profiles()) {
        let hint = "correct it; the SDKs refuse the whole file for it: \
                    rolecall profile dump --json";
        findings.problem(FILES, message, Some(hint));
    }
    for message in by_reason(profiles.ignored()) {
        findings.warning(FILES, format!("{message}; it is ignored"), Some(SEE_FILES));
    }
    for message in by_reason(quoted_values(profiles)) {
        findings.warning(FILES, message, Some(SEE_FILES));
    }
}

const SEE_FILES: &str = "see what the files say: rolecall profile dump --json";

/// Says that a file is not there, which is wrong where a variable names it.
fn missing(profiles: &Profiles, path: &Path, findings: &mut Findings) {
    let shown = path.display();
    let named = profiles.missing().iter().find(|missing| missing.path == path);
    match named.and_then(|missing| missing.variable) {
        Some(variable) => {
            let message = format!("{shown}, which {variable} names, does not exist");
            let hint = format!("name a file that is there, or none: {}", hint::unset(&[variable]));
            findings.warning(FILES, message, Some(&hint));
        }
        None => findings.ok(FILES, format!("{shown} does not exist, which is fine")),
    }
}

/// Returns one message for each file and reason, with the lines.
fn by_reason(lines: Vec<(FileLine, String)>) -> Vec<String> {
    /// How many lines are named.
    const SHOWN: usize = 3;
    let mut order = Vec::new();
    let mut groups: HashMap<(PathBuf, String), Vec<usize>> = HashMap::new();
    for (FileLine { path, line }, reason) in lines {
        let group = groups.entry((path, reason));
        if let Entry::Vacant(group) = &group {
            order.push(group.key().clone());
        }
        group.or_default().push(line);
    }
    let message = |(path, reason): &(PathBuf, String), lines: &[usize]| {
        let shown = path.display();
        let numbers =
            |lines: &[usize]| lines.iter().map(ToString::to_string).collect::<Vec<_>>().join(", ");
        match lines {
            [line] => format!("{shown}:{line}: {reason}"),
            [shown_lines @ .., last] if lines.len() <= SHOWN => {
                format!("{shown}: {reason} (lines {} and {last})", numbers(shown_lines))
            }
            lines => {
                let (shown_lines, more) = lines.split_at(SHOWN.min(lines.len()));
                let (numbers, more) = (numbers(shown_lines), more.len());
                format!("{shown}: {reason} (lines {numbers} and {more} more)")
            }
        }
    };
    order.iter().map(|key| message(key, &groups[key])).collect()
}

/// Returns the values in quotes, which the SDKs take as they stand.
fn quoted_values(profiles: &Profiles) -> Vec<(FileLine, String)> {
    let kinds = [SectionKind::Profile, SectionKind::SsoSession];
    let sections = kinds.into_iter().flat_map(|kind| {
        let names = profiles.names_of(kind);
        names.filter_map(move |name| profiles.section(kind, name).ok().flatten())
    });
    let is_quoted = |property: &Property| {
        // A command line has words in quotes, and a description may.
        let is_text = ["process", "description"].iter().any(|key| property.key.ends_with(key));
        let value = property.value.as_bytes();
        !is_text
            && value.len() > 1
            && matches!(value[0], b'"' | b'\'')
            && value.last() == value.first()
    };
    let reason = "the quotes around the value are a part of it";
    sections
        .flat_map(|section| section.properties)
        .filter(is_quoted)
        .map(|property| (property.place, reason.to_owned()))
        .collect()
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
            files::Writer::Owner(_) => hint::make_yours(place),
            _ => hint::close_to_others(place),
        };
        Some((message, hint))
    });
    writers.collect()
}

/// Warns of long-term keys in plain text.
pub fn check_keys(profiles: &Profiles, names: &[&str], findings: &mut Findings) {
    let merged = names.iter().filter_map(|name| profiles.profile(name).ok().flatten());
    let in_plain_text: Vec<(ProfileName, FileLine)> = merged
        .filter(|profile| profile.get(keys::SESSION_TOKEN).is_none())
        .filter_map(|profile| {
            let place = profile.get(keys::SECRET_ACCESS_KEY)?.place.clone();
            Some((profile.name, place))
        })
        .collect();
    for (name, place) in &in_plain_text {
        // One line is worth its number.
        let message = match &in_plain_text[..] {
            [_] => format!("{place}: the long-term keys lie in plain text"),
            _ => format!("{}: long-term keys lie in plain text", place.path.display()),
        };
        let import = match &in_plain_text[..] {
            [_] => hint::command("keys import", name),
            _ => "rolecall keys import --all".to_owned(),
        };
        let hint = format!("move them into the store: {import}");
        findings.about(name).warning("keys", &message, Some(&hint));
    }
}
