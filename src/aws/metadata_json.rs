//! The JSON with which the instance metadata service and the credentials endpoints of containers
//! answer, read (AWS SDKs and Tools Reference Guide, "Container credential provider").

use secrecy::{ExposeSecret, SecretString};
use serde::Deserialize;

use super::{Session, expiration};
use crate::text::one_line;

/// An answer that gives no credentials.
#[derive(Debug, PartialEq, Eq)]
pub enum Unusable {
    /// It says why, by a code and a sentence.
    Refused(String, String),
    /// What is wrong with it, to stand behind `the answer`.
    Unreadable(String),
}

#[derive(Deserialize, Default)]
#[serde(rename_all = "PascalCase", default)]
struct Answer {
    #[serde(alias = "code")]
    code: Option<String>,
    #[serde(alias = "message")]
    message: Option<String>,
    access_key_id: Option<String>,
    secret_access_key: Option<SecretString>,
    token: Option<SecretString>,
    expiration: Option<String>,
    account_id: Option<String>,
}

/// Reads the session of an answer.
///
/// # Errors
/// Where the answer refuses, or lacks a part. The error never quotes the answer, which holds
/// secrets.
pub fn parse(answer: &str) -> Result<Session, Unusable> {
    let unreadable = |what: &str| Unusable::Unreadable(what.to_owned());
    let answer: Answer =
        serde_json::from_str(answer).map_err(|_| unreadable("is not the JSON of credentials"))?;
    if let Some(code) = answer.code.filter(|code| code != "Success") {
        return Err(Unusable::Refused(
            one_line(&code),
            one_line(&answer.message.unwrap_or_default()),
        ));
    }
    let lacks = |key: &str| Unusable::Unreadable(format!("has no {key}"));
    let text = |key, value: Option<String>| {
        value.filter(|text| !text.is_empty()).ok_or_else(|| lacks(key))
    };
    let secret = |key, value: Option<SecretString>| {
        value.filter(|text| !text.expose_secret().is_empty()).ok_or_else(|| lacks(key))
    };
    let access_key_id = text("AccessKeyId", answer.access_key_id)?;
    let secret_access_key = secret("SecretAccessKey", answer.secret_access_key)?;
    let session_token = secret("Token", answer.token)?;
    let expiration = text("Expiration", answer.expiration)?;
    let expires_at = expiration::parse(&expiration)
        .map_err(|end| Unusable::Unreadable(format!("has an Expiration that {}", end.text())))?;
    Ok(Session {
        access_key_id,
        secret_access_key,
        session_token: Some(session_token),
        expires_at: Some(expires_at),
        issued_at: None,
        account_id: answer.account_id.filter(|id| !id.is_empty()),
    })
}

/// Returns the code and the sentence of an answer that refuses by its status, as far as it has
/// them.
pub fn refusal(answer: &str) -> Option<(String, String)> {
    let answer: Answer = serde_json::from_str(answer).ok()?;
    Some((one_line(&answer.code?), one_line(&answer.message.unwrap_or_default())))
}

#[cfg(test)]
mod tests {
    use super::*;

    const WHOLE: [(&str, &str); 4] = [
        ("AccessKeyId", "ASIA1"),
        ("SecretAccessKey", "s3cret"),
        ("Token", "t0ken"),
        ("Expiration", "2031-02-03T04:05:06Z"),
    ];

    fn without(key: &str) -> String {
        let fields = WHOLE.iter().filter(|(name, _)| *name != key);
        let fields: Vec<_> = fields.map(|(name, value)| format!(r#""{name}":"{value}""#)).collect();
        format!("{{{}}}", fields.join(","))
    }

    #[test]
    fn whole_answer_is_a_session() {
        let session = parse(&without("nothing")).unwrap();
        assert_eq!(session.access_key_id, "ASIA1");
        assert!(session.expires_at.is_some() && session.account_id.is_none());
    }

    #[test]
    fn answer_that_lacks_a_part_names_it() {
        for (key, _) in WHOLE {
            let expected = Unusable::Unreadable(format!("has no {key}"));
            assert_eq!(parse(&without(key)).unwrap_err(), expected);
        }
        for text in ["", "<html>", "\"s3cret\"", "{\"Token\":1}"] {
            let expected = Unusable::Unreadable("is not the JSON of credentials".to_owned());
            assert_eq!(parse(text).unwrap_err(), expected, "{text}");
        }
    }

    #[test]
    fn answer_with_a_code_is_a_refusal() {
        for text in [
            r#"{"Code":"Failed","Message":"no\nmore"}"#,
            r#"{"code":"Failed","message":"no more"}"#,
        ] {
            let expected = Unusable::Refused("Failed".to_owned(), "no more".to_owned());
            assert_eq!(parse(text).unwrap_err(), expected);
            assert_eq!(refusal(text), Some(("Failed".to_owned(), "no more".to_owned())));
        }
        assert_eq!(refusal("404 - Not Found"), None);
    }
}
