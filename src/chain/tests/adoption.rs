//! Generated files, adopted and released: they come back byte for byte, and roles mean the same.

use std::path::Path;

use proptest::prelude::*;
use proptest::sample::select;
use zeroize::Zeroizing;

use crate::chain::adoption::{Step, adopt, release};
use crate::chain::{ProfileView, keys};
use crate::config::document::{Document, FileKind};
use crate::config::edit::{Edit, apply};
use crate::config::profiles::Profiles;

/// Both files.
type Files = [Vec<u8>; 2];

fn read(files: &Files) -> Profiles {
    let document = |kind: FileKind, bytes: &[u8]| {
        Document::parse(kind, Path::new(kind.name()), Zeroizing::new(bytes.to_vec()))
    };
    let [config, credentials] = files;
    Profiles::new(document(FileKind::Config, config), document(FileKind::Credentials, credentials))
}

/// Returns the files after a step of every profile that it can be done for, and those profiles.
fn all(
    files: &Files,
    step: fn(&Profiles, &str) -> crate::error::Result<Step>,
) -> (Files, Vec<String>) {
    let profiles = read(files);
    let (mut edits, mut changed): (Vec<(FileKind, Edit)>, _) = (Vec::new(), Vec::new());
    for name in profiles.names() {
        if let Ok(Step::Edits(found)) = step(&profiles, name) {
            edits.extend(found);
            changed.push(name.to_owned());
        }
    }
    let file = |file| {
        let of_file = edits.iter().filter(|(kind, _)| *kind == file);
        let of_file: Vec<Edit> = of_file.map(|(_, edit)| edit.clone()).collect();
        apply(profiles.document(file), &of_file).unwrap().to_vec()
    };
    (FileKind::ALL.map(file), changed)
}

/// What matters of a profile: each role key, by whichever name, and every other key but the
/// process.
fn meaning(profiles: &Profiles, name: &str) -> Option<Vec<(String, String)>> {
    let profile = profiles.profile(name).ok()??;
    let plain = |key: &str| key.strip_prefix(keys::PREFIX).unwrap_or(key).to_owned();
    let set = profile.properties.iter().filter(|p| p.key != keys::CREDENTIAL_PROCESS);
    let mut values: Vec<(String, String)> = set
        .map(|p| {
            let key = plain(&p.key);
            let value = ProfileView::from(&profile).property(&key).unwrap_or(p);
            (key, value.value.to_string())
        })
        .collect();
    values.sort();
    values.dedup();
    Some(values)
}

fn line() -> impl Strategy<Value = String> {
    let key = select(vec![
        "role_arn",
        "Role_Arn",
        "ROLE_ARN",
        "source_profile",
        "SOURCE_PROFILE",
        "credential_source",
        "mfa_serial",
        "external_id",
        "duration_seconds",
        "region",
        "description",
        "rolecall_confirm",
    ]);
    let equals = select(vec!["=", " = ", "\t=\t", "      = ", " ="]);
    let value = select(vec!["a", "b", "arn:aws:iam::1:role/r", "a=b", "v # c", "v\n  w", ""]);
    let other = select(vec![
        "# c",
        "",
        " \t",
        "s3 =\n  a = 1",
        "  role_arn = x",
        "no equals sign",
        "aws_access_key_id = A",
        "credential_process = other",
        "rolecall_mfa_serial = m",
    ]);
    prop_oneof![
        8 => (key, equals, value).prop_map(|(key, equals, value)| format!("{key}{equals}{value}")),
        1 => other.prop_map(str::to_owned),
    ]
}

fn section(headers: Vec<&'static str>) -> impl Strategy<Value = String> {
    let lines = proptest::collection::vec(line(), 0..7);
    (select(headers), lines).prop_map(|(header, lines)| format!("{header}\n{}", lines.join("\n")))
}

fn file(headers: Vec<&'static str>) -> impl Strategy<Value = Vec<u8>> {
    let sections = proptest::collection::vec(section(headers), 0..5);
    let ends = (any::<bool>(), any::<bool>(), any::<bool>());
    (sections, ends).prop_map(|(sections, (windows, last, mark))| {
        let mut text = sections.join("\n");
        text += if last { "\n" } else { "" };
        let text = if windows { text.replace('\n', "\r\n") } else { text };
        [if mark { "\u{feff}" } else { "" }, &text]
            .concat()
            .replace("description", "d\u{e9}")
            .into_bytes()
    })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2000))]

    #[test]
    fn adopted_files_mean_the_same_and_are_released_byte_for_byte(
        config in file(vec![
            "[profile a]", "[profile b] # c", "[profile \"c d\"]", "[default]",
            "[profile default]", "[sso-session a]", "[what]",
        ]),
        credentials in file(vec!["[a]", "[b]", "[default]"]),
    ) {
        let before: Files = [config, credentials];
        let (adopted, names) = all(&before, adopt);
        let (old, new) = (read(&before), read(&adopted));
        for name in old.names() {
            prop_assert_eq!(meaning(&old, name), meaning(&new, name), "{}", name);
        }
        for name in &names {
            let profile = new.profile(name).unwrap().unwrap();
            prop_assert!(profile.get(keys::ROLE_ARN).is_none(), "{}", name);
            prop_assert!(ProfileView::from(&profile).is_role(), "{}", name);
        }
        let (again, none) = all(&adopted, adopt);
        prop_assert!(none.is_empty() && again == adopted, "{none:?}");
        let (released, given_back) = all(&adopted, release);
        prop_assert_eq!(given_back, names);
        let text = |files: &Files| files.clone().map(|bytes| bytes.escape_ascii().to_string());
        prop_assert_eq!(text(&released), text(&before));
    }
}
