//! Edits of generated files: read again they mean what was asked, no other byte changes, and undone
//! they leave the file as it was.

use std::collections::BTreeMap;

use proptest::prelude::*;
use proptest::sample::select;

use super::edits::edited;
use super::oracle::{broken, compare, file, line};
use super::*;
use crate::config::edit::{Edit, EditError, Key, KeyName, SectionName, Value};

/// What a reader takes from a section: a value, or the keys of a nested block. Empty ones count as
/// absent.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Meaning {
    Value(String),
    Block(BTreeMap<String, String>),
}

type Section = BTreeMap<String, Meaning>;

/// What readers take from a file: its sections, `None` for one that is malformed, and the reasons
/// why lines are malformed or ignored.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Reading {
    sections: Vec<(SectionName, Option<Section>)>,
    faults: Vec<String>,
}

const KINDS: [SectionKind; 3] =
    [SectionKind::Profile, SectionKind::SsoSession, SectionKind::Services];

fn one_file(kind: FileKind, bytes: &[u8]) -> Profiles {
    match kind {
        FileKind::Config => profiles(bytes, ""),
        FileKind::Credentials => profiles("", bytes),
    }
}

fn meaning(value: &str) -> Option<Meaning> {
    if !value.starts_with('\n') {
        return (!value.is_empty()).then(|| Meaning::Value(value.to_owned()));
    }
    let keys = sub_properties(value).map(|(key, value)| (key, value.to_owned()));
    Some(Meaning::Block(keys.collect()))
}

fn reading(kind: FileKind, bytes: &[u8]) -> Reading {
    let profiles = one_file(kind, bytes);
    let section = |name: &SectionName| {
        let merged = profiles.section(name.kind, &name.name).ok()??;
        let all = merged.properties.iter();
        Some(all.filter_map(|p| Some((p.key.clone(), meaning(&p.value)?))).collect())
    };
    let names = KINDS.into_iter().flat_map(|kind| {
        profiles.names_of(kind).map(move |name| SectionName { kind, name: name.to_owned() })
    });
    let mut sections: Vec<_> = names.map(|name| (name.clone(), section(&name))).collect();
    sections.sort_by_key(|(section, _)| format!("{section:?}"));
    let places = profiles.malformed().into_iter().chain(profiles.ignored());
    let mut faults: Vec<String> = places.map(|(_, reason)| reason).collect();
    faults.sort();
    Reading { sections, faults }
}

fn text(bytes: &[u8]) -> String {
    bytes.escape_ascii().to_string()
}

/// A file of its kind, and a key and a value for each of its sections.
#[derive(Clone)]
struct Case {
    kind: FileKind,
    bytes: Vec<u8>,
    key: &'static str,
    value: &'static str,
}

impl std::fmt::Debug for Case {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}: {}: {} = {}", self.kind.name(), text(&self.bytes), self.key, self.value)
    }
}

impl Case {
    fn key(&self) -> Key {
        Key::parse(self.key).unwrap()
    }

    fn value(&self) -> Value {
        value(self.value).unwrap()
    }

    fn sections(&self) -> Vec<SectionName> {
        reading(self.kind, &self.bytes).sections.into_iter().map(|(section, _)| section).collect()
    }

    /// Returns the file after edits; `None` where they are refused because of the file.
    fn after(&self, edits: &[Edit]) -> Option<Vec<u8>> {
        match edited(self.kind, &self.bytes, edits) {
            Ok(bytes) => Some(bytes.to_vec()),
            Err(
                EditError::KeyName(_)
                | EditError::Value(_)
                | EditError::WrongFile
                | EditError::MissingSection { .. },
            ) => panic!("{edits:?}"),
            Err(_) => None,
        }
    }

    /// Checks that edits give the same bytes back.
    fn undone(&self, after: &[u8], edits: &[Edit]) -> Result<(), TestCaseError> {
        let undone = edited(self.kind, after, edits);
        let undone = undone.map_err(|error| TestCaseError::fail(error.to_string()))?;
        prop_assert_eq!(text(&undone), text(&self.bytes), "{:?} of {}", edits, text(after));
        Ok(())
    }

    /// Returns what readers take from a section; `None` where it is malformed.
    fn read(&self, name: &SectionName) -> Option<Section> {
        let all = reading(self.kind, &self.bytes).sections;
        all.into_iter().find(|(section, _)| section == name)?.1
    }
}

fn value(text: &str) -> Result<Value, EditError> {
    Value::new(Zeroizing::new(text.to_owned()))
}

fn case(bytes: impl Strategy<Value = (FileKind, Vec<u8>)>) -> impl Strategy<Value = Case> {
    let keys = ["k", "region", "role_arn", "sts", "new", "k.sub", "sts.endpoint_url", "new.x"];
    let values = ["v", "a=b", "v#c", "é🐱", "[x]", "\"q\" 'r'", "x  \ty"];
    (bytes, select(keys.to_vec()), select(values.to_vec()))
        .prop_map(|((kind, bytes), key, value)| Case { kind, bytes, key, value })
}

/// Files that an SDK may accept.
fn tame() -> impl Strategy<Value = (FileKind, Vec<u8>)> {
    prop_oneof![
        file(false).prop_map(|text| (FileKind::Config, text.into_bytes())),
        file(true).prop_map(|text| (FileKind::Credentials, text.into_bytes())),
    ]
}

/// Files with everything that may stand in one: other spellings, bytes that are not UTF-8, lines
/// without an end.
fn wild() -> impl Strategy<Value = (FileKind, Vec<u8>)> {
    let header = ["[default]", "[profile \"a\"]", "['a' ] # c", "[profile 'two words']", "[ b ]"];
    let text = |text: &'static str| text.as_bytes().to_vec();
    let line = move |credentials| {
        prop_oneof![
            4 => line(credentials).prop_map(String::into_bytes),
            1 => select(header.to_vec()).prop_map(text),
            1 => select(vec!["s3 =\n  a = 1\n# c\n\n  b=2", "k  = 1\nlong_key = 2"]).prop_map(text),
            1 => broken().prop_map(|bytes| [b"# ".to_vec(), bytes].concat()),
            1 => broken().prop_map(|bytes| [b"k = ".to_vec(), bytes].concat()),
            1 => select(vec!["", "\n", " \t"]).prop_map(text),
        ]
    };
    let lines = move |credentials| {
        let end = select(vec![b"\n".to_vec(), b"\n".to_vec(), b"\r\n".to_vec()]);
        proptest::collection::vec((line(credentials), end), 0..14)
            .prop_map(|lines| lines.into_iter().flat_map(|(line, end)| [line, end]).collect())
    };
    let begin = prop_oneof![1 => Just(text("\u{feff}")), 3 => Just(Vec::new())];
    let end =
        select(vec!["", "", "k = last", "  last", "# last", "[profile last]", "k = 1\r", " "]);
    let kind = select(vec![FileKind::Config, FileKind::Credentials]);
    kind.prop_flat_map(move |kind| {
        let lines = lines(kind == FileKind::Credentials);
        (Just(kind), begin.clone(), lines, end.clone()).prop_map(
            move |(kind, begin, lines, end): (_, _, Vec<Vec<u8>>, &str)| {
                (kind, [begin, lines.concat(), end.as_bytes().to_vec()].concat())
            },
        )
    })
}

/// Returns how `key` and `to` divide: a nested block and a key in it, or a key alone.
fn parts(key: &str) -> (Option<&str>, &str) {
    key.split_once('.').map_or((None, key), |(block, name)| (Some(block), name))
}

/// Returns what a section holds under a key.
fn get<'a>(section: &'a Section, key: &str) -> Option<&'a str> {
    match (parts(key), section.get(parts(key).0.unwrap_or(key))) {
        ((None, _), Some(Meaning::Value(value))) => Some(value),
        ((Some(_), name), Some(Meaning::Block(keys))) => keys.get(name).map(String::as_str),
        _ => None,
    }
}

/// Changes what a section holds under a key, as an edit of the file must.
fn put(section: &mut Section, key: &str, value: Option<&str>) {
    let value = value.map(str::to_owned);
    match (parts(key), value) {
        ((None, key), Some(value)) => drop(section.insert(key.to_owned(), Meaning::Value(value))),
        ((None, key), None) => drop(section.remove(key)),
        ((Some(block), name), value) => {
            let mut keys = match section.remove(block) {
                Some(Meaning::Block(keys)) => keys,
                _ => BTreeMap::new(),
            };
            match value {
                Some(value) => keys.insert(name.to_owned(), value),
                None => keys.remove(name),
            };
            if !keys.is_empty() {
                section.insert(block.to_owned(), Meaning::Block(keys));
            }
        }
    }
}

/// Returns what readers take from a file in which one section means something else.
fn with(mut reading: Reading, name: &SectionName, change: impl FnOnce(&mut Section)) -> Reading {
    let all = reading.sections.iter_mut();
    let section = all.filter(|(section, _)| section == name).find_map(|(_, s)| s.as_mut());
    change(section.expect("a section that is not malformed"));
    reading
}

/// Returns whether a file is another one with some bytes put in at one place.
fn is_inserted(before: &[u8], after: &[u8]) -> bool {
    let common = before.iter().zip(after).take_while(|(a, b)| a == b).count();
    after.len() >= before.len() && after.ends_with(&before[common..])
        || (0..=common).rev().any(|at| after.ends_with(&before[at..]))
}

/// Returns whether a file is another one with some lines taken out.
fn is_without_lines(before: &[u8], after: &[u8]) -> bool {
    let text = |line: &[u8]| line.trim_ascii_end().to_vec();
    let mark = "\u{feff}".as_bytes();
    let (before, after) = match (before.strip_prefix(mark), after.strip_prefix(mark)) {
        (Some(before), Some(after)) => (before, after),
        _ => (before, after),
    };
    let mut left = before.split(|&b| b == b'\n').map(text);
    after.split(|&b| b == b'\n').map(text).all(|line| line.is_empty() || left.any(|l| l == line))
}

proptest! {
    #![proptest_config(ProptestConfig {
        cases: 400,
        failure_persistence: None,
        ..ProptestConfig::default()
    })]

    #[test]
    fn set_changes_one_value(case in case(wild())) {
        let before = reading(case.kind, &case.bytes);
        for section in case.sections() {
            let (key, value) = (case.key(), case.value());
            let edit = Edit::Set { section: section.clone(), key: key.clone(), value };
            let Some(after) = case.after(&[edit]) else { continue };
            let expected = with(before.clone(), &section, |s| put(s, case.key, Some(case.value)));
            prop_assert_eq!(reading(case.kind, &after), expected, "{}", text(&after));
            let old = case.read(&section).unwrap();
            if let Some(old) = get(&old, case.key) {
                if let Ok(value) = value_of_one_line(old) {
                    case.undone(&after, &[Edit::Set { section, key, value }])?;
                }
            } else {
                let edit = Edit::Unset { section, key };
                // What stands there already, though readers do not see it, goes as well.
                let before = edited(case.kind, &case.bytes, std::slice::from_ref(&edit));
                if matches!(before, Err(EditError::MissingKey { .. }))
                    && !has_empty(&case, parts(case.key).0)
                {
                    prop_assert!(is_inserted(&case.bytes, &after), "{}", text(&after));
                    case.undone(&after, &[edit])?;
                }
            }
        }
    }

    #[test]
    fn unset_takes_one_key_out(case in case(wild())) {
        let before = reading(case.kind, &case.bytes);
        for section in case.sections() {
            let edit = Edit::Unset { section: section.clone(), key: case.key() };
            let Some(after) = case.after(&[edit]) else { continue };
            let expected = with(before.clone(), &section, |s| put(s, case.key, None));
            prop_assert_eq!(reading(case.kind, &after), expected, "{}", text(&after));
            prop_assert!(is_without_lines(&case.bytes, &after), "{}", text(&after));
        }
    }

    #[test]
    fn a_prefix_of_a_key_comes_and_goes(case in case(wild())) {
        let before = reading(case.kind, &case.bytes);
        for section in case.sections() {
            let (block, name) = parts(case.key);
            let to = format!("rolecall_{name}");
            let renamed = match block {
                Some(block) => format!("{block}.{to}"),
                None => to.clone(),
            };
            let (key, to) = (case.key(), KeyName::parse(&to).unwrap());
            let Some(after) = case.after(&[Edit::RenameKey { section: section.clone(), key, to }])
            else {
                continue;
            };
            let expected = with(before.clone(), &section, |s| match (block, s.remove(case.key)) {
                (None, Some(meaning)) => drop(s.insert(renamed.clone(), meaning)),
                (None, None) => {}
                (Some(_), _) => {
                    if let Some(value) = get(s, case.key).map(str::to_owned) {
                        put(s, &renamed, Some(&value));
                        put(s, case.key, None);
                    }
                }
            });
            prop_assert_eq!(reading(case.kind, &after), expected, "{}", text(&after));
            let (key, to) = (Key::parse(&renamed).unwrap(), KeyName::parse(name).unwrap());
            case.undone(&after, &[Edit::RenameKey { section, key, to }])?;
        }
    }

    #[test]
    fn a_section_comes_and_goes(case in case(wild())) {
        let section = SectionName::profile("added");
        let add = Edit::AddSection { section: section.clone() };
        let set = Edit::Set { section: section.clone(), key: case.key(), value: case.value() };
        let remove = Edit::RemoveSection { section: section.clone() };
        let added = case.after(std::slice::from_ref(&add)).unwrap();
        prop_assert!(is_inserted(&case.bytes, &added), "{}", text(&added));
        case.undone(&added, std::slice::from_ref(&remove))?;
        let both = case.after(&[add, set]).unwrap();
        prop_assert!(is_inserted(&case.bytes, &both), "{}", text(&both));
        let mut expected = reading(case.kind, &case.bytes);
        expected.sections.push((section.clone(), Some(Section::default())));
        expected.sections.sort_by_key(|(section, _)| format!("{section:?}"));
        let expected = with(expected, &section, |s| put(s, case.key, Some(case.value)));
        prop_assert_eq!(reading(case.kind, &both), expected, "{}", text(&both));
        case.undone(&both, &[remove])?;
    }

    #[test]
    fn a_section_is_renamed_and_back(case in case(wild())) {
        let before = reading(case.kind, &case.bytes);
        for section in case.sections() {
            let to = SectionName { kind: section.kind, name: "renamed".to_owned() };
            let edit = Edit::RenameSection { section: section.clone(), to: to.name.clone() };
            let Some(after) = case.after(&[edit]) else { continue };
            let mut expected = before.clone();
            let all = expected.sections.iter_mut();
            all.filter(|(name, _)| *name == section).for_each(|(name, _)| *name = to.clone());
            expected.sections.sort_by_key(|(section, _)| format!("{section:?}"));
            prop_assert_eq!(reading(case.kind, &after), expected, "{}", text(&after));
            let spelled = case.bytes.windows(7).any(|bytes| bytes == b"profile");
            let default = section == SectionName::profile("default") && spelled;
            let name = section.name.clone();
            if !default && KeyName::parse(&name).is_ok() {
                case.undone(&after, &[Edit::RenameSection { section: to, to: name }])?;
            }
        }
    }

    #[test]
    fn a_section_is_taken_out(case in case(wild())) {
        let before = reading(case.kind, &case.bytes);
        for section in case.sections() {
            let after = case.after(&[Edit::RemoveSection { section: section.clone() }]).unwrap();
            let mut expected = before.clone();
            expected.sections.retain(|(name, _)| *name != section);
            let got = reading(case.kind, &after);
            prop_assert_eq!(got.sections, expected.sections, "{}", text(&after));
            prop_assert!(got.faults.iter().all(|fault| before.faults.contains(fault)));
            prop_assert!(is_without_lines(&case.bytes, &after), "{}", text(&after));
        }
    }

    #[test]
    fn edits_follow_one_another(case in case(wild()), to in select(vec!["a", "b", "renamed"])) {
        let mut case = case;
        // A last line without an end that is taken out cannot tell how the next one ends.
        case.bytes.push(b'\n');
        let (key, value) = (case.key(), case.value());
        for section in case.sections() {
            let target = SectionName { kind: section.kind, name: to.to_owned() };
            let all = [
                Edit::Set { section: section.clone(), key: key.clone(), value: value.clone() },
                Edit::RemoveSection { section: target.clone() },
                Edit::RenameSection { section, to: to.to_owned() },
                Edit::Unset { section: target.clone(), key: key.clone() },
                Edit::AddSection { section: SectionName::profile("added") },
                Edit::RemoveSection { section: target },
            ];
            // Those that are refused are left out.
            let (mut done, mut bytes) = (Vec::new(), case.bytes.clone());
            for edit in all {
                if let Ok(after) = edited(case.kind, &bytes, std::slice::from_ref(&edit)) {
                    bytes = after.to_vec();
                    done.push(edit);
                }
            }
            let at_once = edited(case.kind, &case.bytes, &done).unwrap();
            prop_assert_eq!(text(&at_once), text(&bytes), "{:?}", done);
        }
    }

    #[test]
    fn an_sdk_reads_what_we_read(case in case(tame())) {
        for section in case.sections() {
            let target = SectionName { kind: section.kind, name: "renamed".to_owned() };
            let to = target.name.clone();
            let (key, value) = (case.key(), case.value());
            let name = KeyName::parse("rolecall_x").unwrap();
            for edit in [
                Edit::Set { section: section.clone(), key: key.clone(), value },
                Edit::Unset { section: section.clone(), key: key.clone() },
                Edit::RenameKey { section: section.clone(), key, to: name },
                Edit::AddSection { section: target },
                Edit::RenameSection { section: section.clone(), to },
                Edit::RemoveSection { section: section.clone() },
            ] {
                let Ok(after) = edited(case.kind, &case.bytes, &[edit]) else { continue };
                let after = str::from_utf8(&after).unwrap();
                match case.kind {
                    FileKind::Config => compare(after, "")?,
                    FileKind::Credentials => compare("", after)?,
                }
            }
        }
    }

    #[test]
    fn a_value_is_read_as_it_was_written(text in "\\PC*|[ \t#;=a\\[\\]\u{a0}\r\n]{1,6}") {
        let Ok(value) = value(&text) else { return Ok(()) };
        let section = SectionName::profile("a");
        for before in ["[profile a]\n", "[profile a]\nk=x # c", "[profile a]\r\nk =\t# c\r\n"] {
            let edit = Edit::Set { section: section.clone(), key: Key::parse("k").unwrap(), value: value.clone() };
            let after = edited(FileKind::Config, before.as_bytes(), &[edit]).unwrap();
            let after = str::from_utf8(&after).unwrap();
            compare(after, "")?;
            let read = profiles(after, "").profile("a").unwrap().unwrap();
            prop_assert_eq!(read.value("k"), Some(text.as_str()));
        }
    }
}

/// Returns the value that a line could hold.
fn value_of_one_line(text: &str) -> Result<Value, EditError> {
    if text.contains('\u{fffd}') {
        return Err(EditError::Value("its bytes are lost"));
    }
    value(text)
}

/// Returns whether an empty block stands in a file, which goes with the last key that is put in.
fn has_empty(case: &Case, block: Option<&str>) -> bool {
    block.is_some_and(|block| {
        String::from_utf8_lossy(&case.bytes).lines().any(|line| {
            line.split_once('=').is_some_and(|(key, _)| key.trim().eq_ignore_ascii_case(block))
        })
    })
}
