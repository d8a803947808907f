//! Generated files, read by us and by `aws-runtime`, the parser of the SDK for Rust. Left out where
//! we differ on purpose: quoted names, the byte order mark, a carriage return at the very end,
//! headers that differ in their blanks only (the SDK merges those in random order), and white space
//! in headers that is neither space nor tab.

use aws_runtime::env_config::file::{EnvConfigFileKind, EnvConfigFiles};
use aws_runtime::env_config::property::PropertiesKey;
use aws_runtime::env_config::section::EnvConfigSections;
use aws_types::os_shim_internal::{Env, Fs};
use proptest::prelude::*;
use proptest::sample::select;

use super::*;

const KEYS: [&str; 8] = ["k", "region", "role_arn", "sts", "a.b", "k#", "two words", "é"];
const NAMES: [&str; 8] = ["a", "b", "default", "x.y/z@w", "a&b", "é", "", "profile"];

/// The SDK's reading; `None` when it refuses a file.
fn sdk(config: &str, credentials: &str) -> Option<EnvConfigSections> {
    let files = EnvConfigFiles::builder()
        .with_contents(EnvConfigFileKind::Config, config)
        .with_contents(EnvConfigFileKind::Credentials, credentials)
        .build();
    let (env, fs) = (Env::from_slice(&[]), Fs::from_slice(&[]));
    let load = aws_runtime::env_config::source::load(&env, &fs, &files);
    let source =
        tokio::runtime::Builder::new_current_thread().build().unwrap().block_on(load).unwrap();
    EnvConfigSections::parse(source).ok()
}

fn sorted<'a>(names: impl Iterator<Item = &'a str>) -> Vec<String> {
    let mut names: Vec<String> = names.map(str::to_owned).collect();
    names.sort();
    names
}

/// Every word of the files that could be a key.
fn keys(text: &str) -> impl Iterator<Item = String> + '_ {
    text.lines()
        .filter_map(|l| l.split_once('='))
        .map(|(key, _)| key.trim_matches([' ', '\t']).to_ascii_lowercase())
}

pub(super) fn compare(config: &str, credentials: &str) -> Result<(), TestCaseError> {
    let ours = profiles(config, credentials);
    let Some(theirs) = sdk(config, credentials) else {
        prop_assert!(!ours.malformed().is_empty(), "the SDK refuses it");
        return Ok(());
    };
    prop_assert!(ours.malformed().is_empty(), "the SDK accepts it: {:?}", ours.malformed());
    prop_assert_eq!(sorted(ours.names()), sorted(theirs.profiles()));
    prop_assert_eq!(sorted(ours.names_of(SectionKind::SsoSession)), sorted(theirs.sso_sessions()));
    for key in keys(config).chain(keys(credentials)) {
        let value = |kind, name: &str| {
            let section = ours.section(kind, name).unwrap().unwrap();
            section.properties.iter().find(|p| p.key == key).map(|p| p.value.to_string())
        };
        for name in theirs.profiles() {
            prop_assert_eq!(
                value(SectionKind::Profile, name),
                theirs.get_profile(name).unwrap().get(&key).map(str::to_owned),
                "{} of {}",
                key,
                name
            );
        }
        for name in theirs.sso_sessions() {
            prop_assert_eq!(
                value(SectionKind::SsoSession, name),
                theirs.sso_session(name).unwrap().get(&key).map(str::to_owned),
                "{} of {}",
                key,
                name
            );
        }
        for name in ours.names_of(SectionKind::Services) {
            let block = value(SectionKind::Services, name).unwrap_or_default();
            let mut last = std::collections::HashMap::new();
            last.extend(sub_properties(&block));
            for (sub, value) in last {
                let at = PropertiesKey::builder()
                    .section_key("services")
                    .section_name(name)
                    .property_name(&key)
                    .sub_property_name(&sub);
                prop_assert_eq!(
                    theirs.other_sections().get(&at.build().unwrap()),
                    Some(&value.to_owned()),
                    "{}.{}.{}",
                    name,
                    key,
                    sub
                );
            }
        }
    }
    Ok(())
}

/// A header; each name has one spelling.
fn header(credentials: bool) -> impl Strategy<Value = String> {
    let prefix = if credentials {
        select(vec!["", "", "", "profile "])
    } else {
        select(vec![
            "profile ",
            "profile ",
            "\tprofile  ",
            "",
            "sso-session ",
            "services ",
            "other ",
        ])
    };
    let end = prop_oneof![
        30 => select(vec!["]", "] ", "]# x", "] ; ] x"]),
        1 => select(vec!["", "] x", "#]"]),
    ];
    (prefix, 0..NAMES.len(), end).prop_map(|(prefix, name, end)| {
        let blanks = if name % 2 == 1 { " \t" } else { "" };
        // One spelling of the prefix for each name, too.
        let prefix = match prefix.trim() {
            // `[profile ]` would be a second spelling of `[profile]`.
            "profile" if NAMES[name].is_empty() => "",
            "profile" => ["profile ", "\tprofile  "][name / 2 % 2],
            _ => prefix,
        };
        format!("[{prefix}{}{blanks}{end}", NAMES[name])
    })
}

pub(super) fn line(credentials: bool) -> impl Strategy<Value = String> {
    let blank = || select(vec!["", " ", "  ", "\t", " \t "]);
    let value = || {
        select(vec![
            "",
            "",
            "v",
            "a=b",
            "v # c",
            "v#c",
            "v ;c",
            "# c",
            "é🐱",
            "\u{a0}w\u{a0}",
            "v\u{a0}# x",
            "[x]",
            "x = y",
            "\"q\"",
            "\0",
            "v\rw",
        ])
    };
    let property = (select(KEYS.to_vec()), any::<bool>(), blank(), blank(), value(), blank())
        .prop_map(|(key, upper, b1, b2, value, b3)| {
            format!(
                "{}{b1}={b2}{value}{b3}",
                if upper { key.to_ascii_uppercase() } else { key.to_owned() }
            )
        });
    let more = |texts: Vec<&'static str>| {
        (select(vec![" ", "\t", "   "]), select(texts)).prop_map(|(b, t)| format!("{b}{t}"))
    };
    let continued = (
        property.clone(),
        proptest::collection::vec(
            more(vec!["sub = v", "x=", "endpoint_url = http://h # c", "# =", ""]),
            1..4,
        ),
    )
        .prop_map(|(property, more)| format!("{property}\n{}", more.join("\n")));
    prop_oneof![
        20 => property,
        12 => continued,
        10 => header(credentials),
        4 => select(vec!["", "# c", "; c", "#", "  ", "# [x]", "#k = v"]).prop_map(str::to_owned),
        1 => more(vec!["x = y", "more", "# c", "= v"]),
        1 => select(vec!["rubbish", "= v", "k # = v", "\u{a0}x", "]"]).prop_map(str::to_owned),
    ]
}

pub(super) fn file(credentials: bool) -> impl Strategy<Value = String> {
    let end = select(vec!["\n", "\n", "\r\n"]);
    (proptest::collection::vec((line(credentials), end), 0..10), proptest::bool::weighted(0.9))
        .prop_map(move |(lines, begun)| {
            let lines = lines.into_iter().map(|(line, end)| line + end).collect::<String>();
            let first = if credentials { "[a]\n" } else { "[profile b \t]\n" };
            if begun { format!("{first}{lines}") } else { lines }
        })
}

/// Any text of the characters that mean something.
fn soup() -> impl Strategy<Value = String> {
    proptest::collection::vec(
        select(vec![
            "\n[",
            "]",
            "[default]\n",
            "]\nk",
            "=",
            "= ",
            "#",
            ";",
            " ",
            "\t",
            "\n",
            "\nk = v\n",
            "\nk =",
            "\r\n",
            "a",
            "B",
            "v",
            "é",
            "\u{a0}",
        ]),
        0..14,
    )
    .prop_map(|parts| format!("[default]\nk={}", parts.concat()))
    .prop_filter("headers that the SDK reads in its own way", |text| {
        let headers: Vec<&str> = text.lines().filter(|l| l.starts_with('[')).collect();
        let spelled: std::collections::HashSet<&str> = headers
            .iter()
            .map(|h| h.split(['#', ';']).next().unwrap().trim_end_matches([' ', '\t']))
            .collect();
        let meant: std::collections::HashSet<Vec<&str>> = spelled
            .iter()
            .map(|h| h.split([' ', '\t', '[', ']']).filter(|w| !w.is_empty()).collect())
            .collect();
        // A name with blanks is one in the credentials file, as the AWS CLI writes it.
        spelled.len() == meant.len()
            && meant.iter().all(|words| words.len() < 2)
            && !headers.iter().any(|h| h.contains('\u{a0}'))
    })
}

/// Parts of a file among which some are not UTF-8.
pub(super) fn broken() -> impl Strategy<Value = Vec<u8>> {
    let text =
        ["[a]\n", "[\"", "\"]\n", "\n", "k = ", "K", "=", " ", "# c", "#", "\u{a0}", "\u{3000}"];
    let broken: [&[u8]; 6] =
        [b"\xe9", b"\xff#", b"\xf0\x9f", b"\xe3\x80", b"\x80\x80\x80", b"\xc2"];
    prop_oneof![
        2 => select(text.to_vec()).prop_map(|text| text.as_bytes().to_vec()),
        1 => select(broken.to_vec()).prop_map(<[u8]>::to_vec),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig {
        cases: 1_000,
        failure_persistence: None,
        ..ProptestConfig::default()
    })]

    #[test]
    fn parser_agrees_with_sdk_on_plausible_files(config in file(false), credentials in file(true)) {
        compare(&config, &credentials)?;
    }

    #[test]
    fn parser_agrees_with_sdk_on_random_tokens(config in soup(), credentials in soup()) {
        compare(&config, &credentials)?;
    }

    #[test]
    fn any_bytes_are_read_as_their_lossy_text(
        config in proptest::collection::vec(any::<u8>(), 0..300),
        credentials in proptest::collection::vec(broken(), 0..20),
    ) {
        let credentials = credentials.concat();
        let lossy = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
        prop_assert_eq!(
            read(&config, &credentials),
            read(&lossy(&config), &lossy(&credentials))
        );
    }

    #[test]
    fn reported_places_are_lines_of_file(
        config in proptest::collection::vec(any::<u8>(), 0..300),
        credentials in "(\\PC|[\\[\\]=#;\" \t\r\n]){0,120}",
    ) {
        let profiles = profiles(&config, &credentials);
        let lines = |bytes: &[u8]| bytes.split(|&b| b == b'\n').count();
        let most = lines(&config).max(lines(credentials.as_bytes()));
        let (malformed, ignored) = (profiles.malformed(), profiles.ignored());
        prop_assert!(
            malformed.iter().chain(&ignored).all(|(place, _)| (1..=most).contains(&place.line))
        );
        let _ = profiles.unknown(&credentials);
    }
}
