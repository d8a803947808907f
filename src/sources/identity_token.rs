//! The token of a web identity: its file, and whose it is.

use std::io::ErrorKind;

use secrecy::SecretString;
use serde_json::{Map, Value, json};
use zeroize::Zeroizing;

use crate::chain::WebIdentity;
use crate::error::{Error, Place, Result};
use crate::system::digest::sha256_hex;
use crate::system::directories::Directories;
use crate::system::files::read_named;

/// STS takes tokens of up to 20,000 characters.
const MAX_TOKEN_BYTES: u64 = 20_000;

/// Reads the token of a web identity, without the blanks around it.
///
/// # Errors
/// Where there is no home that its path begins with, or no such file, or no token in it.
pub(super) fn read_web_identity_token(
    directories: &Directories,
    call: &WebIdentity,
) -> Result<SecretString> {
    let path = directories.expand(&call.token_file)?;
    let error = |what: String| {
        Error::configuration(format!("the web identity token {} {what}", path.display()))
            .at(Place::File(path.clone()))
            .hint(format!("look at it with: ls -l {}", crate::hint::path(&path)))
    };
    let bytes = read_named(&path, MAX_TOKEN_BYTES).map_err(|e| {
        error(match e.kind() {
            ErrorKind::FileTooLarge => "is too long for a token".to_owned(),
            ErrorKind::InvalidInput => e.to_string(),
            _ => format!("cannot be read: {e}"),
        })
    })?;
    let text = str::from_utf8(&bytes).map_err(|_| error("is not text".to_owned()))?;
    let token = text.trim();
    if token.is_empty() {
        return Err(error("is empty".to_owned()));
    }
    Ok(SecretString::from(token))
}

/// Returns whose token it is: who issued it, of whom and for whom, which stay when it is renewed.
/// A token that does not say so stands for itself.
pub(super) fn subject(token: &str) -> String {
    let token = token.trim();
    claims(token).unwrap_or_else(|| sha256_hex(token))
}

fn claims(token: &str) -> Option<String> {
    let payload = token.split('.').nth(1)?.replace('-', "+").replace('_', "/");
    let padding = "=".repeat(payload.len().wrapping_neg() % 4);
    let payload = Zeroizing::new(aws_smithy_types::base64::decode(payload + &padding).ok()?);
    let claims: Map<String, Value> = serde_json::from_slice(&payload).ok()?;
    claims.get("sub")?;
    Some(json!(["iss", "sub", "aud"].map(|name| claims.get(name))).to_string())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn token(payload: &str) -> String {
        let encoded = aws_smithy_types::base64::encode(payload);
        format!("e30.{}.c2ln", encoded.replace('+', "-").replace('/', "_").trim_end_matches('='))
    }

    #[test]
    fn subject_stays_when_a_token_is_renewed() {
        let of = |more: &str| {
            subject(&token(&format!(
                r#"{{"iss":"https://oidc","sub":"system:bob","aud":["sts"],{more}}}"#
            )))
        };
        assert_eq!(of(r#""exp":1,"jti":"??>>""#), of(r#""exp":2"#));
        assert_eq!(of(r#""exp":1"#), r#"["https://oidc","system:bob",["sts"]]"#);
    }

    #[test]
    fn subjects_of_others_differ() {
        let tokens = [
            token(r#"{"iss":"a","sub":"b","aud":"c"}"#),
            token(r#"{"iss":"b","sub":"b","aud":"c"}"#),
            token(r#"{"iss":"a","sub":"c","aud":"c"}"#),
            token(r#"{"iss":"a","sub":"b","aud":"d"}"#),
            token(r#"{"iss":"a","sub":"b"}"#),
            token(r#"{"iss":"a"}"#),
            token("{}"),
            token("no json"),
            "opaque".to_owned(),
            "opaque2".to_owned(),
            "a.b.c".to_owned(),
            String::new(),
        ];
        let subjects: std::collections::HashSet<_> = tokens.iter().map(|t| subject(t)).collect();
        assert_eq!(subjects.len(), tokens.len());
    }
}
