//! Edits of generated files: read again they mean what was asked, no other byte changes, and undone
//! they leave the file as it was.

use std::collections::BTreeMap;

use proptest::prelude::*;
use proptest::sample::select;

use super::edits::edited;
use super::oracle::{broken, compare, file, line};
use super::*;
use crate::config::document::Header;
use crate::config::edit::{Edit, KeyName, KeyPath, NewValue, SectionName};

/// What readers take from a section: its keys, those of nested blocks as `block.key`, and their
/// values. Empty ones count as absent.
type Section = BTreeMap<String, String>;

/// What readers take from a file: its sections, `None` for one that is malformed, and the reasons
/// why lines are malformed or ignored.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Reading {
    sections: Vec<(SectionName, Option<Section>)>,
    faults: Vec<String>,
}

const KINDS: [SectionKind; 3] =
    [SectionKind::Profile, SectionKind::SsoSession, SectionKind::Services];

impl Reading {
    fn of(kind: FileKind, bytes: &[u8]) -> Self {
        let profiles = match kind {
            FileKind::Config => profiles(bytes, ""),
            FileKind::Credentials => profiles("", bytes),
        };
        let names = KINDS.into_iter().flat_map(|kind| {
            profiles.names_of(kind).map(move |name| SectionName { kind, name: name.to_owned() })
        });
        let section = |name: &SectionName| {
            let merged = profiles.section(name.kind, &name.name).ok()??;
            Some(merged.properties.iter().flat_map(|p| values(&p.key, &p.value)).collect())
        };
        let sections = names.map(|name| (name.clone(), section(&name))).collect();
        let places = profiles.malformed().into_iter().chain(profiles.ignored());
        let faults = places.map(|(_, reason)| reason).collect();
        Self { sections, faults }.sorted()
    }

    fn sorted(mut self) -> Self {
        self.sections.sort_by_key(|(section, _)| format!("{section:?}"));
        self.faults.sort();
        self
    }

    /// Returns what readers must take from the file after a section has changed.
    fn with(&self, name: &SectionName, change: impl FnOnce(&mut Section)) -> Self {
        let mut reading = self.clone();
        let section = reading.sections.iter_mut().find(|(section, _)| section == name);
        change(section.unwrap().1.as_mut().unwrap());
        reading
    }
}

/// Returns a property's value, or those of a block's keys.
fn values(key: &str, value: &str) -> Vec<(String, String)> {
    let mut values: Vec<_> = if value.starts_with('\n') {
        let nested = sub_properties(value);
        nested.map(|(name, value)| (format!("{key}.{name}"), value.to_owned())).collect()
    } else {
        vec![(key.to_owned(), value.to_owned())]
    };
    values.retain(|(_, value)| !value.is_empty());
    values
}

/// Returns whether a key is another one, or nested in it.
fn is_in(key: &str, other: &str) -> bool {
    key.strip_prefix(other).is_some_and(|rest| rest.is_empty() || rest.starts_with('.'))
}

fn text(bytes: &[u8]) -> String {
    bytes.escape_ascii().to_string()
}

/// A file, and a key and a value for each of its sections.
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
    fn document(&self) -> Document {
        let bytes = Zeroizing::new(self.bytes.clone());
        Document::parse(self.kind, Path::new(self.kind.name()), bytes)
    }

    fn has_key(&self, key: &str) -> bool {
        let document = self.document();
        let properties = document.sections.iter().flat_map(|s| document.body(s).properties);
        properties.into_iter().any(|property| property.key == key)
    }

    fn has_profile_default(&self) -> bool {
        self.document().sections.iter().any(|section| match &section.header {
            Header::Named { prefixed: true, name, .. } => name == "default",
            _ => false,
        })
    }

    fn reading(&self) -> Reading {
        Reading::of(self.kind, &self.bytes)
    }

    fn set(&self, section: &SectionName) -> Edit {
        set(section, self.key, self.value).unwrap()
    }

    fn unset(&self, section: &SectionName) -> Edit {
        Edit::Unset { section: section.clone(), key: KeyPath::parse(self.key).unwrap() }
    }

    /// Returns the file after edits.
    fn edit(&self, edits: &[Edit]) -> crate::error::Result<Vec<u8>> {
        edited(self.kind, &self.bytes, edits).map(|bytes| bytes.to_vec())
    }

    /// Checks that readers take from a file what they must.
    fn check(&self, after: &[u8], expected: Reading) -> Result<(), TestCaseError> {
        prop_assert_eq!(Reading::of(self.kind, after), expected.sorted(), "{}", text(after));
        Ok(())
    }

    /// Checks that an edit gives the same bytes back.
    fn undo(&self, after: &[u8], edit: &Edit) -> Result<(), TestCaseError> {
        let undone = edited(self.kind, after, std::slice::from_ref(edit));
        let undone = undone.map_err(|error| TestCaseError::fail(error.to_string()))?;
        prop_assert_eq!(text(&undone), text(&self.bytes), "{:?} of {}", edit, text(after));
        Ok(())
    }
}

fn set(section: &SectionName, key: &str, value: &str) -> crate::error::Result<Edit> {
    let (section, key) = (section.clone(), KeyPath::parse(key)?);
    Ok(Edit::Set { section, key, value: NewValue::new(Zeroizing::new(value.to_owned()))? })
}

fn rename_key(section: &SectionName, key: &str, to: &str) -> Edit {
    let to = KeyName::parse(to).unwrap();
    Edit::RenameKey { section: section.clone(), key: KeyPath::parse(key).unwrap(), to }
}

fn rename(section: &SectionName, to: &str) -> Edit {
    Edit::RenameSection { section: section.clone(), to: to.to_owned() }
}

fn add(section: &SectionName) -> Edit {
    Edit::AddSection { section: section.clone() }
}

fn remove(section: &SectionName) -> Edit {
    Edit::RemoveSection { section: section.clone() }
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

/// Returns whether a file is another one with some bytes inserted at one place.
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
        let before = case.reading();
        for (section, values) in &before.sections {
            let Ok(after) = case.edit(&[case.set(section)]) else { continue };
            case.check(&after, before.with(section, |values| {
                values.insert(case.key.to_owned(), case.value.to_owned());
            }))?;
            let values = values.as_ref().unwrap();
            if let Some(old) = values.get(case.key).filter(|old| !old.contains('\u{fffd}')) {
                if let Ok(undo) = set(section, case.key, old) {
                    case.undo(&after, &undo)?;
                }
            }
        }
    }

    #[test]
    fn unset_undoes_set_of_a_new_key(case in case(wild())) {
        for (section, values) in &case.reading().sections {
            let unset = case.unset(section);
            let absent = case.edit(std::slice::from_ref(&unset));
            // An empty block goes with the last of its keys.
            let block = case.key.split_once('.').map(|(block, _)| block);
            let filled = |block| values.iter().flat_map(|v| v.keys()).any(|key| is_in(key, block));
            let empty = block.is_some_and(|block| !filled(block) && case.has_key(block));
            let is_new = |error: &crate::error::Error| error.message().contains("has no `");
            if !absent.is_err_and(|error| is_new(&error)) || empty {
                continue;
            }
            let Ok(after) = case.edit(&[case.set(section)]) else { continue };
            prop_assert!(is_inserted(&case.bytes, &after), "{}", text(&after));
            case.undo(&after, &unset)?;
        }
    }

    #[test]
    fn unset_removes_one_key(case in case(wild())) {
        let before = case.reading();
        for (section, _) in &before.sections {
            let Ok(after) = case.edit(&[case.unset(section)]) else { continue };
            case.check(&after, before.with(section, |values| {
                values.retain(|key, _| !is_in(key, case.key));
            }))?;
            prop_assert!(is_without_lines(&case.bytes, &after), "{}", text(&after));
        }
    }

    #[test]
    fn a_key_is_renamed_to_a_prefixed_one_and_back(case in case(wild())) {
        let before = case.reading();
        for (section, _) in &before.sections {
            let (block, name) = case.key.rsplit_once('.').map_or(("", case.key), |(block, name)| {
                (&case.key[..=block.len()], name)
            });
            let to = format!("{block}rolecall_{name}");
            let edit = rename_key(section, case.key, &format!("rolecall_{name}"));
            let Ok(after) = case.edit(&[edit]) else { continue };
            case.check(&after, before.with(section, |values| {
                let renamed = |key: String| match key.strip_prefix(case.key) {
                    Some(rest) if is_in(&key, case.key) => format!("{to}{rest}"),
                    _ => key,
                };
                let old = std::mem::take(values);
                values.extend(old.into_iter().map(|(key, value)| (renamed(key), value)));
            }))?;
            case.undo(&after, &rename_key(section, &to, name))?;
        }
    }

    #[test]
    fn a_section_is_added_and_removed(case in case(wild())) {
        let section = SectionName::profile("added");
        let mut expected = case.reading();
        expected.sections.push((section.clone(), Some(Section::default())));
        let filled = expected.with(&section, |values| {
            values.insert(case.key.to_owned(), case.value.to_owned());
        });
        for (edits, expected) in
            [(vec![add(&section)], expected), (vec![add(&section), case.set(&section)], filled)]
        {
            let after = case.edit(&edits).unwrap();
            case.check(&after, expected)?;
            prop_assert!(is_inserted(&case.bytes, &after), "{}", text(&after));
            case.undo(&after, &remove(&section))?;
        }
    }

    #[test]
    fn a_section_is_renamed_and_back(case in case(wild())) {
        let before = case.reading();
        for (at, (section, _)) in before.sections.iter().enumerate() {
            let Ok(after) = case.edit(&[rename(section, "renamed")]) else { continue };
            let mut expected = before.clone();
            expected.sections[at].0.name = "renamed".to_owned();
            let to = expected.sections[at].0.clone();
            case.check(&after, expected)?;
            // `[profile default]` would come back as `[default]`.
            let default = section.name == "default" && case.has_profile_default();
            if KeyName::parse(&section.name).is_ok() && !default {
                case.undo(&after, &rename(&to, &section.name))?;
            }
        }
    }

    #[test]
    fn removed_section_leaves_all_others_unchanged(case in case(wild())) {
        let before = case.reading();
        for (section, _) in &before.sections {
            let after = case.edit(&[remove(section)]).unwrap();
            let got = Reading::of(case.kind, &after);
            let others = before.sections.iter().filter(|(name, _)| name != section);
            prop_assert_eq!(got.sections, others.cloned().collect::<Vec<_>>(), "{}", text(&after));
            prop_assert!(got.faults.iter().all(|fault| before.faults.contains(fault)));
            prop_assert!(is_without_lines(&case.bytes, &after), "{}", text(&after));
        }
    }

    #[test]
    fn edits_at_once_equal_edits_one_by_one(case in case(wild()), to in select(vec!["a", "b", "renamed"])) {
        let mut case = case;
        // A last line without an end that is taken out cannot tell how the next one ends.
        case.bytes.push(b'\n');
        for (section, _) in &case.reading().sections {
            let target = SectionName { kind: section.kind, name: to.to_owned() };
            let all = [
                case.set(section),
                remove(&target),
                rename(section, to),
                case.unset(&target),
                add(&SectionName::profile("added")),
                remove(&target),
            ];
            // Those that are refused are left out.
            let (mut done, mut bytes) = (Vec::new(), case.bytes.clone());
            for edit in all {
                if let Ok(after) = edited(case.kind, &bytes, std::slice::from_ref(&edit)) {
                    bytes = after.to_vec();
                    done.push(edit);
                }
            }
            prop_assert_eq!(text(&case.edit(&done).unwrap()), text(&bytes), "{:?}", done);
        }
    }

    #[test]
    fn edited_file_reads_alike_in_sdk(case in case(tame())) {
        for (section, _) in &case.reading().sections {
            for edit in [
                case.set(section),
                case.unset(section),
                rename_key(section, case.key, "rolecall_x"),
                add(&SectionName { kind: section.kind, name: "added".to_owned() }),
                rename(section, "renamed"),
                remove(section),
            ] {
                let Ok(after) = case.edit(&[edit]) else { continue };
                let after = String::from_utf8(after).unwrap();
                match case.kind {
                    FileKind::Config => compare(&after, "")?,
                    FileKind::Credentials => compare("", &after)?,
                }
            }
        }
    }

    #[test]
    fn a_written_value_is_read_back(value in "\\PC*|[ \t#;=a\\[\\]\u{a0}\r\n]{1,6}") {
        let Ok(edit) = set(&SectionName::profile("a"), "k", &value) else { return Ok(()) };
        for before in ["[profile a]\n", "[profile a]\nk=x # c", "[profile a]\r\nk =\t# c\r\n"] {
            let after =
                edited(FileKind::Config, before.as_bytes(), std::slice::from_ref(&edit)).unwrap();
            let after = str::from_utf8(&after).unwrap();
            compare(after, "")?;
            let read = profiles(after, "").profile("a").unwrap().unwrap();
            prop_assert_eq!(read.value("k"), Some(value.as_str()));
        }
    }
}
