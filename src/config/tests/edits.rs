//! Edits: `tests/data/edits`, and generated files that must come back as they were.

use super::*;
use crate::config::edit::{Edit, KeyName, KeyPath, NewValue, SectionName, apply};
use crate::error::Result;
use test_tables::Case;

pub(super) fn edited(kind: FileKind, bytes: &[u8], edits: &[Edit]) -> Result<Zeroizing<Vec<u8>>> {
    let document = Document::parse(kind, Path::new(kind.name()), Zeroizing::new(bytes.to_vec()));
    apply(&document, edits)
}

fn section(word: &str) -> SectionName {
    let (kind, name) = match word.split_once(':') {
        Some(("sso-session", name)) => (SectionKind::SsoSession, name),
        Some(("services", name)) => (SectionKind::Services, name),
        _ => (SectionKind::Profile, word),
    };
    SectionName { kind, name: name.to_owned() }
}

/// Reads edits as the tables have them: `set SECTION KEY=VALUE`, `unset SECTION KEY`, `rename-key
/// SECTION KEY NAME`, `add SECTION`, `rename SECTION NAME`, `remove SECTION`, with a shell's
/// quotes.
fn parse(text: &str) -> Result<Vec<Edit>> {
    let mut words = shlex::split(text).unwrap().into_iter();
    let mut edits = Vec::new();
    while let Some(verb) = words.next() {
        let mut word = || words.next().unwrap();
        let section = section(&word());
        edits.push(match verb.as_str() {
            "set" => {
                let word = word();
                let (key, value) = word.split_once('=').unwrap();
                let value = Zeroizing::new(value.to_owned());
                Edit::Set { section, key: KeyPath::parse(key)?, value: NewValue::new(value)? }
            }
            "unset" => Edit::Unset { section, key: KeyPath::parse(&word())? },
            "rename-key" => {
                let key = KeyPath::parse(&word())?;
                Edit::RenameKey { section, key, to: KeyName::parse(&word())? }
            }
            "add" => Edit::AddSection { section },
            "rename" => Edit::RenameSection { section, to: word() },
            "remove" => Edit::RemoveSection { section },
            other => panic!("no edit: {other}"),
        });
    }
    Ok(edits)
}

/// Returns what is wrong with a case.
fn fault(case: &Case) -> Option<String> {
    let credentials = case.bytes("credentials").map(|bytes| (FileKind::Credentials, bytes));
    let (kind, before) =
        credentials.unwrap_or((FileKind::Config, case.bytes("config").unwrap_or_default()));
    let edit = |bytes: &[u8], block: &str| {
        let edits = parse(case.block(block)).map_err(|error| error.to_string())?;
        edited(kind, bytes, &edits).map_err(|error| error.to_string())
    };
    let differ = |what: &str, got: &[u8], expected: &[u8]| {
        let text = |bytes: &[u8]| bytes.escape_ascii().to_string().replace("\\n", "\n");
        (got != expected).then(|| format!("{what}:\n{}\nnot:\n{}", text(got), text(expected)))
    };
    match (edit(before, "edit"), case.optional("refused")) {
        (Ok(got), None) => {
            let after = case.bytes("after").unwrap();
            let wrong = differ("after", &got, after);
            let undone = case.optional("undo").map(|_| edit(after, "undo"));
            wrong.or_else(|| match undone? {
                Ok(undone) => differ("undone", &undone, before),
                Err(error) => Some(format!("not undone: {error}")),
            })
        }
        (Ok(_), Some(expected)) => Some(format!("not refused: {expected}")),
        (Err(error), Some(expected)) if error.contains(expected.trim()) => None,
        (Err(error), _) => Some(error),
    }
}

#[test]
fn edits_of_table_give_expected_files() {
    let blocks = ["config", "credentials", "edit", "after", "undo", "refused"];
    let cases = test_tables::read("edits", &blocks);
    assert!(cases.len() > 120, "{} cases", cases.len());
    let faults = cases.iter().filter_map(|case| Some(format!("{}\n{}", case.name, fault(case)?)));
    let faults: Vec<String> = faults.collect();
    assert!(faults.is_empty(), "\n{}", faults.join("\n\n"));
}

#[test]
fn debug_output_of_edits_shows_no_values() {
    let edits = parse("set a aws_secret_access_key=HIDDEN").unwrap();
    assert!(!format!("{edits:?}").contains("HIDDEN"));
}

#[test]
fn ten_thousand_profiles_are_edited_at_once() {
    let numbers = 0..10_000;
    let text = |key: &str| {
        let section = |n| format!("[profile p{n}]\n{key} = arn:aws:iam::1:role/r{n}\n\n");
        numbers.clone().map(section).collect::<String>()
    };
    let profile = |n| SectionName::profile(format!("p{n}"));
    let rename = |key: &str, to: &str| {
        let (key, to) = (KeyPath::parse(key).unwrap(), KeyName::parse(to).unwrap());
        let edit = |n| Edit::RenameKey { section: profile(n), key: key.clone(), to: to.clone() };
        numbers.clone().map(edit).collect::<Vec<_>>()
    };
    let edit = |bytes: &[u8], edits: &[Edit]| {
        String::from_utf8(edited(FileKind::Config, bytes, edits).unwrap().to_vec()).unwrap()
    };
    let (plain, prefixed) = (text("role_arn"), text("rolecall_role_arn"));
    let there = rename("role_arn", "rolecall_role_arn");
    assert_eq!(edit(plain.as_bytes(), &there), prefixed);
    let back = rename("rolecall_role_arn", "role_arn");
    assert_eq!(edit(prefixed.as_bytes(), &back), plain);
    let remove = |n| Edit::RemoveSection { section: profile(n) };
    let add = |n| Edit::AddSection { section: profile(n) };
    let edits: Vec<Edit> = numbers.clone().map(remove).chain(numbers.clone().map(add)).collect();
    assert_eq!(edit(plain.as_bytes(), &edits).matches("[profile p").count(), 10_000);
}
