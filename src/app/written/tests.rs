use std::path::Path;

use proptest::prelude::*;

use super::*;
use crate::config::document::FileKind;
use crate::config::profiles::Profiles;

const MADE: &str = "\
[default]
rolecall_written = section ASIAONE
aws_access_key_id = ASIAONE
aws_secret_access_key = SecretOne
aws_session_token = TokenOne
x_security_token_expires = 2030-01-01T00:00:00Z
";

fn document(kind: FileKind, text: &[u8]) -> Document {
    Document::parse(kind, Path::new(kind.name()), Zeroizing::new(text.to_vec()))
}

fn credentials(text: impl AsRef<[u8]>) -> Document {
    document(FileKind::Credentials, text.as_ref())
}

fn session(name: &str) -> Session {
    let secret = |what: &str| format!("{what}{name}").into();
    Session {
        access_key_id: format!("ASIA{}", name.to_uppercase()),
        secret_access_key: secret("Secret"),
        session_token: Some(secret("Token")),
        expires_at: Some("2030-01-01T00:00:00Z".parse().unwrap()),
        issued_at: None,
        account_id: None,
    }
}

fn default() -> SectionName {
    SectionName::profile("default")
}

fn written(before: impl AsRef<[u8]>, name: &str, overwrite: Overwrite) -> Result<String> {
    let bytes = put(&credentials(before), &default(), &session(name), overwrite)?;
    Ok(String::from_utf8_lossy(&bytes).into_owned())
}

fn cleared(before: impl AsRef<[u8]>) -> Result<Option<String>> {
    let bytes = take_out(&credentials(before), &default(), None)?;
    Ok(bytes.map(|bytes| String::from_utf8_lossy(&bytes).into_owned()))
}

#[test]
fn new_section_is_marked_written_anew_and_taken_out() {
    let one = written("", "One", Overwrite::Own).unwrap();
    assert_eq!(one, MADE);
    let two = written(&one, "Two", Overwrite::Own).unwrap();
    assert_eq!(two, MADE.replace("ONE", "TWO").replace("One", "Two"));
    assert_eq!(cleared(two).unwrap().unwrap(), "");
}

#[test]
fn session_without_token_or_end_leaves_no_old_one() {
    let keys = Session { session_token: None, expires_at: None, ..session("Two") };
    let bytes = put(&credentials(MADE), &default(), &keys, Overwrite::Own).unwrap();
    let text = String::from_utf8_lossy(&bytes);
    let wanted = "[default]\nrolecall_written = section ASIATWO\naws_access_key_id = ASIATWO\n\
                  aws_secret_access_key = SecretTwo\n";
    assert_eq!(text, wanted);
}

#[test]
fn what_rolecall_did_not_write_is_refused_with_its_line() {
    let replaced = MADE.replace("aws_access_key_id = ASIAONE", "aws_access_key_id = AKIAMINE");
    for (before, line, what) in [
        ("[default]\naws_access_key_id = A\naws_secret_access_key = B\n", 3, "long-term keys"),
        ("[a]\n[default]\nregion = eu-west-1\n", 3, "`region`"),
        (
            "[default]\naws_access_key_id = A\naws_secret_access_key = B\naws_session_token = C\n",
            3,
            "a session",
        ),
        (&format!("{MADE}region = eu-west-1\n"), 7, "`region`"),
        (&replaced, 4, "a session"),
        (&replaced.replace("aws_session_token = TokenOne\n", ""), 4, "long-term keys"),
    ] {
        let error = written(before, "Two", Overwrite::Own).unwrap_err();
        let wanted =
            format!("credentials:{line}: [default] holds {what}, which rolecall did not write");
        assert_eq!(error.message(), wanted, "{before}");
        assert_eq!(
            check(&credentials(before), &default(), Overwrite::Own).unwrap_err().message(),
            wanted
        );
    }
    for before in ["[default]\nregion = x\n", &replaced] {
        let error = cleared(before).unwrap_err();
        assert!(error.message().starts_with("credentials:1: rolecall did not write"), "{error}");
    }
}

#[test]
fn forced_write_replaces_keys_and_clear_leaves_the_rest() {
    let before = "[default]\nregion = eu-west-1\naws_access_key_id = A\n# mine\n\
                  aws_secret_access_key = B\naws_security_token = C\naws_account_id = 1\n";
    let after = written(before, "One", Overwrite::Anything).unwrap();
    assert_eq!(
        after,
        "[default]\nregion = eu-west-1\naws_access_key_id = ASIAONE\n# mine\n\
         aws_secret_access_key = SecretOne\nrolecall_written = keys ASIAONE\n\
         aws_session_token = TokenOne\nx_security_token_expires = 2030-01-01T00:00:00Z\n"
    );
    assert_eq!(cleared(after).unwrap().unwrap(), "[default]\nregion = eu-west-1\n# mine\n");
}

#[test]
fn section_that_holds_more_meanwhile_stays_without_the_session() {
    let comment = MADE.replace("aws_session_token", "# mine\naws_session_token");
    assert_eq!(cleared(comment).unwrap().unwrap(), "[default]\n# mine\n");
    let key = format!("{MADE}region = eu-west-1\n");
    assert_eq!(cleared(key).unwrap().unwrap(), "[default]\nregion = eu-west-1\n");
    let twice = format!("{MADE}[default]\n");
    assert_eq!(cleared(twice).unwrap().unwrap(), "[default]\n[default]\n");
}

#[test]
fn nothing_is_taken_out_where_another_session_or_no_section_is() {
    let of = |id| take_out(&credentials(MADE), &default(), Some(id)).unwrap();
    assert!(of("ASIAONE").is_some());
    assert!(of("ASIATWO").is_none());
    assert!(cleared("[other]\n").unwrap().is_none());
}

#[test]
fn name_that_readers_do_not_accept_is_refused_before_there_is_a_session() {
    let name = SectionName::profile("a b");
    assert!(check(&credentials(""), &name, Overwrite::Anything).is_err());
    check(&credentials("[a b]\n"), &name, Overwrite::Own).unwrap();
}

#[test]
fn ended_session_is_told_by_its_mark() {
    let ended_at = |text: &str, now: &str| {
        let all = Profiles::new(document(FileKind::Config, b""), credentials(text));
        let profile = all.profile("default").unwrap().unwrap();
        ended(&profile, now.parse().unwrap()).map(|(_, place)| place.line)
    };
    assert_eq!(ended_at(MADE, "2030-01-01T00:00:00Z"), Some(2));
    assert_eq!(ended_at(MADE, "2029-12-31T23:59:59Z"), None);
    let unmarked = MADE.replace("section ASIAONE", "section ASIATWO");
    assert_eq!(ended_at(&unmarked, "2031-01-01T00:00:00Z"), None);
}

/// Lines of a credentials file, some of them malformed.
fn line() -> impl Strategy<Value = Vec<u8>> {
    let lines: [&[u8]; 14] = [
        b"[default]",
        b"[other] ; c",
        b"[a b]",
        b"aws_access_key_id=AKIA",
        b"aws_secret_access_key   = s",
        b"region\t=\teu-west-1",
        b"  indented = 1",
        b"s3 =",
        b"# comment",
        b"; comment",
        b"",
        b"   ",
        b"malformed",
        b"caf\xe9 = \xff",
    ];
    (0..lines.len()).prop_map(move |at| lines[at].to_vec())
}

fn file() -> impl Strategy<Value = Vec<u8>> {
    let end = prop_oneof![Just(&b"\n"[..]), Just(&b"\r\n"[..])];
    (proptest::collection::vec(line(), 0..16), end, any::<bool>(), any::<bool>()).prop_map(
        |(lines, end, mark, last_end)| {
            let mut text = if mark { b"\xef\xbb\xbf".to_vec() } else { Vec::new() };
            text.extend(lines.join(end));
            if last_end {
                text.extend(end);
            }
            text
        },
    )
}

proptest! {
    /// What was written is read again, and what is taken out gives the bytes of before.
    #[test]
    fn write_and_clear_give_the_same_bytes(before in file()) {
        let own = Overwrite::Own;
        if let Ok(after) = put(&credentials(&before), &default(), &session("One"), own) {
            let again = put(&credentials(&after), &default(), &session("Two"), own).unwrap();
            let all = Profiles::new(document(FileKind::Config, b""), credentials(&again));
            let profile = all.profile("default").unwrap().unwrap();
            prop_assert_eq!(profile.value(keys::ACCESS_KEY_ID), Some("ASIATWO"));
            prop_assert_eq!(profile.value(keys::SESSION_TOKEN), Some("TokenTwo"));
            let back = take_out(&credentials(&again), &default(), Some("ASIATWO")).unwrap();
            prop_assert_eq!(back.unwrap().to_vec(), before);
        }
    }

    /// Forced, it changes no byte of another section.
    #[test]
    fn forced_write_leaves_other_sections(before in file()) {
        let document = credentials(&before);
        let others = |document: &Document| {
            let is_default = |section: &&Section| {
                matches!(&section.header, Header::Named { name, .. } if name == "default")
            };
            let others = document.sections.iter().filter(|section| !is_default(section));
            let bytes = |section: &Section| {
                document.bytes()[section.start..section.body.end].trim_ascii_end().to_vec()
            };
            others.map(bytes).collect::<Vec<_>>()
        };
        if let Ok(after) = put(&document, &default(), &session("One"), Overwrite::Anything) {
            let after = credentials(&after);
            prop_assert_eq!(others(&after), others(&document));
            let found = Found::of(&after, &default()).unwrap();
            prop_assert!(found.mark().is_some());
        }
    }
}
