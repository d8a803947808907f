//! What processes print: what is read, what is refused and that nothing printed shows in an error.

use proptest::prelude::*;

use super::*;

fn read(text: &str) -> Result<String, String> {
    let credentials = parse(text.as_bytes(), Some("999999999999"))?;
    let kind = if matches!(credentials, Credentials::LongTerm(_)) { "keys" } else { "session" };
    let token = credentials.session_token().map_or("-", |t| t.expose_secret());
    let end = credentials.expires_at().map_or_else(|| "-".to_owned(), |end| end.to_rfc3339());
    let account = credentials.account_id().unwrap_or("-");
    Ok(format!(
        "{kind} {} {} {token} {end} {account}",
        credentials.access_key_id(),
        credentials.secret_access_key().expose_secret()
    ))
}

#[test]
fn valid_output_parses_and_invalid_is_error_without_secret() {
    let with = |more: &str| {
        format!("{{\"Version\":1,\"AccessKeyId\":\"A\",\"SecretAccessKey\":\"SECRET\"{more}}}")
    };
    for (text, expected) in [
        (with(""), "keys A SECRET - - 999999999999"),
        (with(r#","AccountId":"1""#), "keys A SECRET - - 1"),
        (with(r#","SessionToken":"T""#), "session A SECRET T - 999999999999"),
        (
            with(r#","Expiration":"2030-01-01T00:00:00Z""#),
            "session A SECRET - 2030-01-01T00:00:00+00:00 999999999999",
        ),
        (
            with(r#","SessionToken":"T","Expiration":"2030-01-01T02:00:00.5+02:00""#),
            "session A SECRET T 2030-01-01T00:00:00.500+00:00 999999999999",
        ),
        (
            with(r#","SessionToken":"","Expiration":"","AccountId":"""#),
            "keys A SECRET - - 999999999999",
        ),
        (
            with(r#","SessionToken":null,"Expiration":null,"AccountId":null"#),
            "keys A SECRET - - 999999999999",
        ),
        (with(r#","Other":{"nested":[1,2]}"#), "keys A SECRET - - 999999999999"),
        (with("").replace(":1,", ":1.0,"), "keys A SECRET - - 999999999999"),
        (format!("\u{feff}\r\n {} \n\n", with("")), "keys A SECRET - - 999999999999"),
    ] {
        assert_eq!(read(&text).as_deref(), Ok(expected), "{text}");
    }
    for (text, reason) in [
        (String::new(), "JSON"),
        ("null".to_owned(), "JSON"),
        ("SECRET".to_owned(), "JSON"),
        (with("") + "SECRET", "JSON"),
        (with("").replace("\"SECRET\"", "5"), "JSON"),
        (with(r#","AccountId":111111111111"#), "JSON"),
        (with(r#","AccessKeyId":"SECRET""#), "JSON"),
        (with("").replace(":1,", ":2,"), "Version"),
        (with("").replace(":1,", ":\"1\","), "Version"),
        (with("").replace(":1,", ":true,"), "Version"),
        (with("").replace("\"Version\":1,", ""), "Version"),
        (with("").replace(":\"A\"", ":\"\""), "AccessKeyId"),
        (with("").replace("\"SECRET\"", "\"\""), "SecretAccessKey"),
        (with("").replace("SecretAccessKey", "secretAccessKey"), "SecretAccessKey"),
        (with(r#","Expiration":"SECRET""#), "Expiration"),
        (with(r#","Expiration":"2030-13-01T00:00:00Z""#), "Expiration"),
        (with(r#","Expiration":"2030-01-01""#), "Expiration"),
    ] {
        let error = read(&text).unwrap_err();
        assert!(error.contains(reason) && !error.contains("SECRET"), "{text}: {error}");
    }
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn any_bytes_parse_without_panic(bytes in proptest::collection::vec(any::<u8>(), 0..200)) {
        let _ = parse(&bytes, None);
    }

    #[test]
    fn almost_valid_json_parses_without_panic(
        version in r#"(1|2|1.0|"1"|null|-1|1e0)"#,
        id in "\\PC{0,8}",
        end in "(20[0-9]{2}-[01][0-9]-[0-3][0-9]T[0-2][0-9]:[0-6][0-9]:[0-6][0-9]\
                (Z|[+-][0-9]{2}:[0-9]{2})|\\PC{0,6})",
    ) {
        let (id_json, end_json) = (serde_json::json!(id), serde_json::json!(end));
        let keys = format!(r#""AccessKeyId":{id_json},"SecretAccessKey":"s""#);
        let text = format!(r#"{{"Version":{version},{keys},"Expiration":{end_json}}}"#);
        if let Ok(credentials) = parse(text.as_bytes(), None) {
            prop_assert_eq!(credentials.access_key_id(), id);
            prop_assert_eq!(credentials.expires_at().is_none(), end.is_empty());
        }
    }
}
