//! The grammar and the merging of the shared files: `tests/data/grammar`, and `aws-runtime`'s
//! parser as an oracle.

mod edits;
mod generated;
mod oracle;

use std::path::Path;

use serde_json::{Map, Value, json};
use zeroize::Zeroizing;

use super::document::{Document, FileKind, SectionKind};
use super::profiles::{Profiles, is_secret, shown, sub_properties};
use crate::error::FileLine;

pub(crate) fn profiles(
    config: &(impl AsRef<[u8]> + ?Sized),
    credentials: &(impl AsRef<[u8]> + ?Sized),
) -> Profiles {
    let document = |kind: FileKind, bytes: &[u8]| {
        Document::parse(kind, Path::new(kind.name()), Zeroizing::new(bytes.to_vec()))
    };
    Profiles::new(
        document(FileKind::Config, config.as_ref()),
        document(FileKind::Credentials, credentials.as_ref()),
    )
}

fn sections(profiles: &Profiles, kind: SectionKind) -> Value {
    let one = |name: &str| match profiles.section(kind, name) {
        Ok(merged) => merged
            .unwrap()
            .properties
            .iter()
            .map(|p| (p.key.clone(), Value::from(p.value.as_str())))
            .collect(),
        Err(error) => Value::from(error.causes()),
    };
    Value::Object(profiles.names_of(kind).map(|name| (name.to_owned(), one(name))).collect())
}

/// Everything that two files hold; what is empty is left out.
fn read(config: &(impl AsRef<[u8]> + ?Sized), credentials: &(impl AsRef<[u8]> + ?Sized)) -> Value {
    let profiles = profiles(config, credentials);
    let places = |places: Vec<(FileLine, String)>| {
        places.into_iter().map(|(place, reason)| format!("{place}: {reason}")).collect::<Value>()
    };
    let all = [
        ("profiles", sections(&profiles, SectionKind::Profile)),
        ("sso_sessions", sections(&profiles, SectionKind::SsoSession)),
        ("services", sections(&profiles, SectionKind::Services)),
        ("malformed", places(profiles.malformed())),
        ("ignored", places(profiles.ignored())),
    ];
    let empty = |value: &Value| *value == json!({}) || *value == json!([]);
    Value::Object(
        all.into_iter()
            .filter(|(_, value)| !empty(value))
            .map(|(key, value)| (key.to_owned(), value))
            .collect::<Map<_, _>>(),
    )
}

/// Places must be the same; of their reasons a part is enough.
fn agrees(expected: &Value, got: &Value) -> bool {
    match (expected, got) {
        (Value::Object(a), Value::Object(b)) => {
            a.len() == b.len()
                && a.iter().all(|(key, value)| b.get(key).is_some_and(|g| agrees(value, g)))
        }
        (Value::Array(a), Value::Array(b)) => {
            a.len() == b.len() && a.iter().zip(b).all(|(value, g)| agrees(value, g))
        }
        (Value::String(a), Value::String(b)) => {
            a == b
                || (["config:", "credentials:"].iter().any(|file| b.starts_with(file)) && {
                    let parts = |text: &str| {
                        text.split_once(": ")
                            .map(|(place, reason)| (place.to_owned(), reason.to_owned()))
                    };
                    parts(a).zip(parts(b)).is_some_and(|(a, b)| a.0 == b.0 && b.1.contains(&a.1))
                })
        }
        _ => expected == got,
    }
}

#[test]
fn files_of_grammar_table_read_as_expected() {
    let cases = test_tables::read("grammar", &["config", "credentials", "expect"]);
    assert!(cases.len() > 80, "{} cases", cases.len());
    let mut wrong = String::new();
    for case in &cases {
        let bytes = |name| case.bytes(name).unwrap_or_default();
        let (got, expected) = (read(bytes("config"), bytes("credentials")), case.json("expect"));
        if !agrees(&expected, &got) {
            wrong += &format!("\n{}\n  got      {got}\n  expected {expected}\n", case.name);
        }
    }
    assert!(wrong.is_empty(), "{wrong}");
}

#[test]
fn merged_property_has_place_of_overriding_line() {
    let profiles =
        profiles("# x\n[profile a]\nk = 1\nl = 1\n\n[profile a]\nl = 2\n", "[b]\n[a]\n\nk = 2\n");
    let a = profiles.profile("a").unwrap().unwrap();
    let places: Vec<String> =
        a.properties.iter().map(|p| format!("{} {}", p.key, p.place)).collect();
    assert_eq!(
        (a.place.to_string().as_str(), places),
        ("config:2", vec!["k credentials:4".to_owned(), "l config:7".to_owned()])
    );
    assert_eq!(profiles.names().collect::<Vec<_>>(), ["a", "b"]);
}

#[test]
fn unknown_profile_error_suggests_similar_name() {
    let profiles = profiles("[profile production]\n[profile staging]\n[profile broken\n", "");
    let error = profiles.unknown("prodction");
    assert!(error.hints()[0].contains("`production`"), "{error:?}");
    assert!(error.causes()[0].starts_with("config:3: "), "{error:?}");
    for far in ["x", "", "productionproductionproduction", "日本", &"p".repeat(10_000)] {
        assert!(!profiles.unknown(far).hints()[0].contains("did you mean"), "{far}");
    }
}

#[test]
fn error_shows_three_malformed_lines_and_counts_rest() {
    let few = |error: &crate::error::Error| {
        assert_eq!(error.causes().len(), 4, "{error:?}");
        assert_eq!(error.causes()[3], "and 97 more malformed lines");
        assert!(
            error.hints().iter().any(|hint| hint.ends_with(": rolecall profile dump --json")),
            "{error:?}"
        );
    };
    let headers = profiles(&"[profile broken\n".repeat(100), "");
    few(&headers.unknown("prod"));
    few(&headers.absent("prod", None));
    let lines = profiles(&format!("[profile prod]\n{}", "broken\n".repeat(100)), "");
    few(&lines.profile("prod").unwrap_err());
    assert_eq!(lines.malformed().len(), 100);
    let three = profiles("[profile prod]\na\nb\nc\n", "").profile("prod").unwrap_err();
    assert_eq!(three.causes().len(), 3, "{three:?}");
    assert_eq!(three.place().map(ToString::to_string).as_deref(), Some("config:2"));
}

#[test]
fn section_of_up_to_100000_keys_is_merged() {
    let keys = |from: usize, to: usize, value: &str| {
        (from..to).map(|n| format!("k{n} = {value}")).collect::<Vec<_>>().join("\n")
    };
    for many in [60, 63, 64, 65, 100, 100_000] {
        let config =
            format!("[profile a]\n{}\n{}", keys(0, many, "1"), keys(many / 2, many + 10, "2"));
        let merged = profiles(&config, &format!("[a]\n{}", keys(many - 5, many + 5, "3")))
            .profile("a")
            .unwrap()
            .unwrap();
        assert_eq!(merged.properties.len(), many + 10);
        let right = |(n, property): (usize, &super::profiles::Property)| {
            let value = if n < many / 2 {
                "1"
            } else if (many - 5..many + 5).contains(&n) {
                "3"
            } else {
                "2"
            };
            property.key == format!("k{n}") && *property.value == value
        };
        assert!(merged.properties.iter().enumerate().all(right), "{many}");
    }
}

#[test]
fn secret_is_recognized_by_its_key() {
    for (key, secret) in [
        ("aws_secret_access_key", true),
        ("aws_session_token", true),
        ("aws_security_token", true),
        ("rolecall_aws_session_token", true),
        ("db_password", true),
        ("client_secret", true),
        ("secret", true),
        ("Secret", true),
        ("token", true),
        ("api_token", true),
        ("aws_secret_access_key_old", true),
        ("aws_session_token_old", true),
        ("x_private_key", true),
        ("private_key_pem", true),
        ("mfa_seed", true),
        ("file_passphrase", true),
        ("x_security_token_expires", false),
        ("web_identity_token_file", false),
        ("rolecall_web_identity_token_file", false),
        ("token_url", false),
        ("password_file_old", true),
        ("credential_process", false),
        ("aws_access_key_id", false),
        ("role_arn", false),
        ("region", false),
        ("sso_account_id", false),
    ] {
        assert_eq!(is_secret(key), secret, "{key}");
    }
}

#[test]
fn value_is_shown_without_its_secrets() {
    for (key, value, expected) in [
        ("region", "eu-west-1", "eu-west-1"),
        ("secret", "HIDDEN", "****"),
        ("aws_access_key_id", "AKIAIOSFODNN7EXAMPLE", "AKIAIOSFODNN7EXAMPLE"),
        ("aws_access_key_id", "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY", "****"),
        ("secret", "", ""),
        ("endpoint_url", "https://bob:HIDDEN@host/a?key=HIDDEN", "https://****@host/a?****"),
        ("s3", "\n  api_token = HIDDEN\n  region = x", "\n  api_token = ****\n  region = x"),
        ("sts", "\nendpoint_url=http://HIDDEN@host", "\nendpoint_url=http://****@host"),
        ("endpoint_url", "https://bob:HID DEN@host", "https://****@host"),
        ("token", "\n  a = HIDDEN", "****"),
    ] {
        assert_eq!(shown(key, value), expected, "{key} = {value}");
    }
}

#[test]
fn debug_output_of_profiles_shows_no_values() {
    let profiles = profiles("[profile a]\nk = HIDDEN\n  HIDDEN\n", "[a]\nl = HIDDEN\n");
    assert!(!format!("{profiles:?}{:?}", profiles.profile("a")).contains("HIDDEN"));
}

#[test]
fn sub_properties_are_split_at_the_first_equals_sign() {
    let all: Vec<_> = sub_properties("\nEndpoint_URL = http://a?b=c \nempty =\n").collect();
    assert_eq!(all, [("endpoint_url".to_owned(), "http://a?b=c"), ("empty".to_owned(), "")]);
}

#[test]
fn file_of_20000_profiles_is_read() {
    use std::fmt::Write as _;
    let mut text = String::new();
    for n in 0..20_000 {
        writeln!(
            text,
            "[profile p{n}]\nrole_arn = arn:aws:iam::1:role/r\nsource_profile = p{}",
            n + 1
        )
        .unwrap();
    }
    let profiles = profiles(&text, "");
    assert_eq!(profiles.names().count(), 20_000);
    assert_eq!(profiles.profile("p19999").unwrap().unwrap().place.line, 19_999 * 3 + 1);
}

proptest::proptest! {
    /// Blank lines and comments may stand between the lines of a value.
    #[test]
    fn continuation_is_found_on_its_lines(
        fillers in proptest::collection::vec("(\r?\n|[ \t]+\n|[#;][ a-z=]*\r?\n){0,3}", 1..8),
    ) {
        let mut text = "\u{feff}[profile p]\nkey =\n".to_owned();
        for (at, filler) in fillers.iter().enumerate() {
            text += &format!("{filler}  sub{at} = x\n");
        }
        let profile = profiles(&text, "").profile("p").unwrap().unwrap();
        let lines: Vec<&str> = text.lines().collect();
        let found: Vec<_> = profile.properties[0].continuation().collect();
        proptest::prop_assert_eq!(found.len(), fillers.len());
        for (place, line) in found {
            proptest::prop_assert_eq!(lines[place.line - 1].trim(), line);
        }
    }
}
