//! What `99designs/keyring` writes into its back ends: an item, in which `Data` is what its program
//! gave it. aws-vault and granted give it the JSON of the AWS SDK for Go.

use aws_smithy_types::base64;
use secrecy::{ExposeSecret, SecretString};
use serde::Deserialize;
use zeroize::Zeroizing;

use crate::aws::{LongTermKeys, key_pair};

/// What was found under a name.
pub enum Content {
    Keys(LongTermKeys),
    /// Something that is not imported, and what it is.
    Other(&'static str),
}

#[derive(Deserialize)]
struct Item {
    #[serde(rename = "Data")]
    data: SecretString,
}

/// `aws.Credentials` of the SDK for Go; older versions have `ProviderName` in it, newer ones
/// `AccountID`.
#[derive(Deserialize)]
struct GoCredentials {
    #[serde(rename = "AccessKeyID")]
    id: Option<String>,
    #[serde(rename = "SecretAccessKey")]
    secret: Option<SecretString>,
    #[serde(rename = "SessionToken")]
    token: Option<SecretString>,
}

/// Reads an item.
///
/// # Errors
/// What is wrong with it, without a word of it.
pub fn parse(item: &[u8]) -> Result<Content, &'static str> {
    let item: Item = serde_json::from_slice(item).map_err(|_| "it is no item of a keyring")?;
    let data = base64::decode(item.data.expose_secret()).map_err(|_| "its data is not base64")?;
    parse_data(&Zeroizing::new(data))
}

/// Reads the data of an item.
///
/// # Errors
/// As [`parse`].
pub fn parse_data(data: &[u8]) -> Result<Content, &'static str> {
    let Ok(found) = serde_json::from_slice::<GoCredentials>(data) else {
        return Ok(Content::Other("it holds no keys"));
    };
    let filled = |text: &Option<SecretString>| {
        text.as_ref().is_some_and(|text| !text.expose_secret().is_empty())
    };
    match (found.id.filter(|id| !id.is_empty()), found.secret) {
        _ if filled(&found.token) => Ok(Content::Other("it holds a session, which ends by itself")),
        (Some(id), Some(secret)) => key_pair::pair(&id, secret.expose_secret()).map(Content::Keys),
        _ => Ok(Content::Other("it holds no keys")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn item(data: &str) -> String {
        format!(
            r#"{{"Key":"dev","Data":"{}","Label":"aws-vault (dev)","Description":"",
            "KeychainNotTrustApplication":true,"KeychainNotSynchronizable":false}}"#,
            base64::encode(data)
        )
    }

    #[test]
    fn items_are_read_as_keys_as_something_else_or_not_at_all() {
        let keys = r#""AccessKeyID":"AKIAIOSFODNN7EXAMPLE","SecretAccessKey":"secret""#;
        let name = |text: &str| match parse(text.as_bytes()) {
            Ok(Content::Keys(keys)) => keys.access_key_id,
            Ok(Content::Other(what)) => what.to_owned(),
            Err(what) => format!("wrong: {what}"),
        };
        for (text, expected) in [
            (item(&format!("{{{keys}}}")), "AKIAIOSFODNN7EXAMPLE"),
            (
                item(&format!(
                    r#"{{{keys},"SessionToken":"","Source":"","CanExpire":false,
                    "Expires":"0001-01-01T00:00:00Z","AccountID":"111111111111"}}"#
                )),
                "AKIAIOSFODNN7EXAMPLE",
            ),
            (item(&format!(r#"{{{keys},"ProviderName":""}}"#)), "AKIAIOSFODNN7EXAMPLE"),
            (
                item(&format!(r#"{{{keys},"SessionToken":"t"}}"#)),
                "it holds a session, which ends by itself",
            ),
            (item(r#"{"AccessKeyID":"","SecretAccessKey":""}"#), "it holds no keys"),
            (item(r#"{"Token":{"AccessToken":"x"}}"#), "it holds no keys"),
            (item("a note"), "it holds no keys"),
            (item(r#"{"AccessKeyID":1}"#), "it holds no keys"),
            (
                item(r#"{"AccessKeyID":"a b","SecretAccessKey":"c"}"#),
                "wrong: the access key ID is empty or holds blanks",
            ),
            (r#"{"Key":"dev","Data":"%"}"#.to_owned(), "wrong: its data is not base64"),
            (r#"{"Key":"dev"}"#.to_owned(), "wrong: it is no item of a keyring"),
            ("[".to_owned(), "wrong: it is no item of a keyring"),
            (String::new(), "wrong: it is no item of a keyring"),
        ] {
            assert_eq!(name(&text), expected, "{text}");
        }
    }
}
