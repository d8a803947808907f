//! Edits, one a line, and a shared file, divided by a line `%%`: each edit changes what it means
//! and nothing else, and what was added can be taken out again.

use std::path::Path;

use rolecall::fuzzing::{
    Document, Edit, FileKind, KeyName, KeyPath, NewValue, Profiles, SectionKind, SectionName,
    apply_edits,
};
use zeroize::Zeroizing;

const KINDS: [SectionKind; 3] =
    [SectionKind::Profile, SectionKind::SsoSession, SectionKind::Services];

fn document(kind: FileKind, bytes: &[u8]) -> Document {
    Document::parse(kind, Path::new(kind.name()), Zeroizing::new(bytes.to_vec()))
}

/// Reads `set SECTION KEY=VALUE`, `unset SECTION KEY`, `rename-key SECTION KEY NAME`, `add SECTION`,
/// `rename SECTION NAME` and `remove SECTION`, where a section is `profile:NAME` or the like.
fn parse(line: &str) -> Option<Edit> {
    let (verb, rest) = line.split_once(' ')?;
    let (word, rest) = rest.split_once(' ').unwrap_or((rest, ""));
    let (kind, name) = word.split_once(':')?;
    let kind = match kind {
        "profile" => SectionKind::Profile,
        "sso-session" => SectionKind::SsoSession,
        "services" => SectionKind::Services,
        _ => return None,
    };
    let section = SectionName { kind, name: name.to_owned() };
    Some(match verb {
        "set" => {
            let (key, value) = rest.split_once('=')?;
            let value = NewValue::new(Zeroizing::new(value.to_owned())).ok()?;
            Edit::Set { section, key: KeyPath::parse(key).ok()?, value }
        }
        "unset" => Edit::Unset { section, key: KeyPath::parse(rest).ok()? },
        "rename-key" => {
            let (key, to) = rest.split_once(' ')?;
            Edit::RenameKey {
                section,
                key: KeyPath::parse(key).ok()?,
                to: KeyName::parse(to).ok()?,
            }
        }
        "add" => Edit::AddSection { section },
        "rename" => Edit::RenameSection { section, to: rest.to_owned() },
        "remove" => Edit::RemoveSection { section },
        _ => return None,
    })
}

/// Returns what readers take from all sections but those of some names.
fn reading(kind: FileKind, bytes: &[u8], but: &[&str]) -> Vec<String> {
    let empty = document(FileKind::Credentials, b"");
    let profiles = match kind {
        FileKind::Config => Profiles::new(document(kind, bytes), empty),
        FileKind::Credentials => {
            Profiles::new(document(FileKind::Config, b""), document(kind, bytes))
        }
    };
    let section = |kind: SectionKind, name: &str| {
        let merged = profiles.section(kind, name).ok().flatten();
        let values = merged.iter().flat_map(|merged| &merged.properties);
        let values: Vec<_> = values.map(|p| (p.key.clone(), p.value.to_string())).collect();
        format!("{kind:?} {name} {} {values:?}", merged.is_some())
    };
    let mut all: Vec<String> = KINDS
        .into_iter()
        .flat_map(|kind| profiles.names_of(kind).map(move |name| (kind, name)))
        .filter(|(_, name)| !but.contains(name))
        .map(|(kind, name)| section(kind, name))
        .collect();
    all.sort();
    all
}

fn compare(kind: FileKind, before: &[u8], edit: &Edit, after: &[u8]) {
    let (section, other) = match edit {
        Edit::RenameSection { section, to } => (section, to.as_str()),
        Edit::Set { section, .. }
        | Edit::Unset { section, .. }
        | Edit::RenameKey { section, .. }
        | Edit::AddSection { section }
        | Edit::RemoveSection { section } => (section, section.name.as_str()),
    };
    let but = [section.name.as_str(), other];
    assert_eq!(reading(kind, before, &but), reading(kind, after, &but), "{edit:?}");
    let apply = |edit: Edit| apply_edits(&document(kind, after), &[edit]);
    match edit {
        Edit::AddSection { section } => {
            let undone = apply(Edit::RemoveSection { section: section.clone() }).unwrap();
            assert_eq!(*undone, before, "{edit:?}");
        }
        Edit::RemoveSection { .. } | Edit::Unset { .. } => {
            let error = apply(edit.clone()).unwrap_err();
            assert!(error.message().contains(" has no "), "{edit:?}: {error}");
        }
        Edit::Set { .. } => assert_eq!(*apply(edit.clone()).unwrap(), after, "{edit:?}"),
        Edit::RenameKey { .. } | Edit::RenameSection { .. } => {}
    }
}

pub fn check(data: &[u8]) {
    let divider = b"\n%%\n";
    let Some(at) = data.windows(divider.len()).position(|bytes| bytes == divider) else { return };
    let (edits, file) = (&data[..at], &data[at + divider.len()..]);
    let edits = String::from_utf8_lossy(edits);
    for kind in [FileKind::Config, FileKind::Credentials] {
        let mut bytes = file.to_vec();
        for edit in edits.lines().take(8).filter_map(parse) {
            if let Ok(after) = apply_edits(&document(kind, &bytes), std::slice::from_ref(&edit)) {
                compare(kind, &bytes, &edit, &after);
                bytes = after.to_vec();
            }
        }
    }
}
