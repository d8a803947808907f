//! Edits, one a line, and a shared file, divided by a line `%%`: each edit changes what it means
//! and nothing else, and what was added can be taken out again.

use std::path::Path;

use rolecall::fuzzing::{
    Document, Edit, FileKind, KeyName, KeyPath, NewValue, Profiles, SectionKind, SectionName,
    apply_edits, sub_properties,
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

/// Reads one of the shared files; the other one is empty.
fn profiles(kind: FileKind, bytes: &[u8]) -> Profiles {
    let of = |file| document(file, if file == kind { bytes } else { b"" });
    Profiles::new(of(FileKind::Config), of(FileKind::Credentials))
}

/// Returns what readers take from all sections but those of some names.
fn reading(kind: FileKind, bytes: &[u8], but: &[&str]) -> Vec<String> {
    let profiles = profiles(kind, bytes);
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

/// Returns the lines of a file without their ends and the byte order mark.
fn lines(bytes: &[u8]) -> Vec<&[u8]> {
    let bytes = bytes.strip_prefix("\u{feff}".as_bytes()).unwrap_or(bytes);
    bytes.split(|&b| b == b'\n').map(<[u8]>::trim_ascii_end).collect()
}

/// Returns whether a file has only lines of another one, in their order. Blank lines may be others.
fn is_part(part: &[u8], whole: &[u8]) -> bool {
    let mut whole = lines(whole).into_iter();
    lines(part).into_iter().all(|line| line.is_empty() || whole.any(|other| other == line))
}

/// Returns how many lines of a file are new in the run of lines in which it differs from another
/// one.
fn new_lines(before: &[u8], after: &[u8]) -> usize {
    let (before, after) = (lines(before), lines(after));
    let same = before.iter().zip(&after).take_while(|(one, other)| one == other).count();
    let ends = before[same..].iter().rev().zip(after[same..].iter().rev());
    let same_ends = ends.take_while(|(one, other)| one == other).count();
    let old = &before[same..before.len() - same_ends];
    after[same..after.len() - same_ends].iter().filter(|line| !old.contains(line)).count()
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
            assert!(is_part(before, after), "{edit:?}");
            let undone = apply(Edit::RemoveSection { section: section.clone() }).unwrap();
            assert_eq!(*undone, before, "{edit:?}");
        }
        Edit::RemoveSection { .. } | Edit::Unset { .. } => {
            assert!(is_part(after, before), "{edit:?}");
            let error = apply(edit.clone()).unwrap_err();
            assert!(error.message().contains(" has no "), "{edit:?}: {error}");
        }
        Edit::Set { section, key, value } => {
            assert_eq!(value_of(kind, after, section, key).as_ref(), Some(value), "{edit:?}");
            // A key may come with its block.
            assert!(new_lines(before, after) <= 2, "{edit:?}");
            assert_eq!(*apply(edit.clone()).unwrap(), after, "{edit:?}");
        }
        Edit::RenameKey { .. } => {
            assert_eq!(lines(before).len(), lines(after).len(), "{edit:?}");
        }
        Edit::RenameSection { section, to } => {
            assert_eq!(lines(before).len(), lines(after).len(), "{edit:?}");
            // What stands around `default` may go, and names that need quotes are not written.
            if ![&section.name, to].map(String::as_str).contains(&"default") {
                let (section, to) = (SectionName { name: to.clone(), ..*section }, &section.name);
                let back = apply(Edit::RenameSection { section, to: to.clone() });
                assert!(
                    back.is_ok_and(|back| *back == before) || KeyName::parse(to).is_err(),
                    "{edit:?}"
                );
            }
        }
    }
}

/// Returns the value that readers take from a key.
fn value_of(
    kind: FileKind,
    bytes: &[u8],
    section: &SectionName,
    key: &KeyPath,
) -> Option<NewValue> {
    let profiles = profiles(kind, bytes);
    let merged = profiles.section(section.kind, &section.name).ok()??;
    let value = &merged.properties.iter().find(|property| property.key == **key.top())?.value;
    let value = match key.is_nested() {
        true => sub_properties(value).filter(|(name, _)| *name == **key.name()).last()?.1,
        false => value,
    };
    NewValue::new(Zeroizing::new(value.to_owned())).ok()
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
