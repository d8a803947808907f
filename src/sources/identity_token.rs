//! Tokens that say which workload this is: of a web identity, and of the container endpoint. How
//! they are read, and whose they are.

use std::io::ErrorKind;
use std::path::Path;

use http::HeaderValue;
use secrecy::SecretString;
use serde_json::{Map, Value};
use zeroize::Zeroizing;

use crate::chain::{CONTAINER_TOKEN, CONTAINER_TOKEN_FILE, WebIdentity};
use crate::error::{Error, Place, Result};
use crate::hint;
use crate::system::base64url;
use crate::system::digest::sha256_hex;
use crate::system::directories::Directories;
use crate::system::environment::Environment;
use crate::system::files::read_named;

/// STS takes tokens of up to 20,000 characters, and those of EKS Pod Identity are shorter.
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
    let text = read(&path, "web identity token")?;
    let token = text.trim();
    if token.is_empty() {
        return Err(unusable(&path, "web identity token", "is empty"));
    }
    Ok(SecretString::from(token))
}

/// Reads the token that the container endpoint is shown, as it stands; `None` where it is shown none.
///
/// # Errors
/// Where its file cannot be read or is empty, and where no HTTP header can carry it, which holds for
/// each line break.
pub(super) fn read_container_token(environment: &Environment) -> Result<Option<SecretString>> {
    const WHAT: &str = "container authorization token";
    const NO_HEADER: &str = "holds a line break or another character that no HTTP header can carry";
    let fits = |token: &str| HeaderValue::from_str(token).is_ok();
    let Some(path) = environment.get(CONTAINER_TOKEN_FILE).map(Path::new) else {
        return match environment.get(CONTAINER_TOKEN) {
            Some(token) if !fits(token) => {
                let place = Place::variable(CONTAINER_TOKEN);
                Err(Error::misconfigured(place, format!("the {WHAT} {NO_HEADER}"))
                    .hint(format!("take it away: {}", hint::unset(&[CONTAINER_TOKEN]))))
            }
            token => Ok(token.map(SecretString::from)),
        };
    };
    let named = |error: Error| error.cause(format!("it is named by {CONTAINER_TOKEN_FILE}"));
    let token = read(path, WHAT).map_err(named)?;
    if token.is_empty() {
        return Err(named(unusable(path, WHAT, "is empty")));
    }
    if !fits(&token) {
        return Err(named(unusable(path, WHAT, NO_HEADER)));
    }
    Ok(Some(SecretString::from(token.as_str())))
}

/// Reads the file of a token.
fn read(path: &Path, what: &str) -> Result<Zeroizing<String>> {
    let bytes = read_named(path, MAX_TOKEN_BYTES).map_err(|e| {
        let why = match e.kind() {
            ErrorKind::FileTooLarge => "is too long for a token".to_owned(),
            ErrorKind::InvalidInput => e.to_string(),
            _ => format!("cannot be read: {e}"),
        };
        unusable(path, what, &why)
    })?;
    let text = str::from_utf8(&bytes).map_err(|_| unusable(path, what, "is not text"))?;
    Ok(Zeroizing::new(text.to_owned()))
}

fn unusable(path: &Path, what: &str, why: &str) -> Error {
    Error::configuration(format!("the {what} {} {why}", path.display()))
        .at(Place::File(path.to_owned()))
        .hint(format!("look at it with: {}", hint::look_at(path)))
}

/// What each token has of its own (RFC 7519, section 4.1): when it is good, and its number.
const OF_ONE_TOKEN: [&str; 4] = ["exp", "nbf", "iat", "jti"];

/// Returns whose token it is: all that stays when it is renewed. Besides who issued it, of whom and
/// for whom, AWS takes session tags and the source identity from a token, and roles may ask for any
/// of its claims. A token that does not say whose it is stands for itself.
pub(super) fn subject(token: &str) -> String {
    let token = token.trim();
    claims(token).unwrap_or_else(|| sha256_hex(token))
}

fn claims(token: &str) -> Option<String> {
    let payload = base64url::decode(token.split('.').nth(1)?)?;
    let mut claims: Map<String, Value> = serde_json::from_slice(&payload).ok()?;
    claims.get("sub")?;
    claims.retain(|name, _| !OF_ONE_TOKEN.contains(&name.as_str()));
    Some(Value::Object(claims).to_string())
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
        assert_eq!(
            of(r#""exp":1,"iat":0,"nbf":0"#),
            r#"{"iss":"https://oidc","sub":"system:bob","aud":["sts"]}"#
        );
    }

    #[test]
    fn subjects_of_others_differ() {
        let tokens = [
            token(r#"{"iss":"a","sub":"b","aud":"c"}"#),
            token(r#"{"iss":"b","sub":"b","aud":"c"}"#),
            token(r#"{"iss":"a","sub":"c","aud":"c"}"#),
            token(r#"{"iss":"a","sub":"b","aud":"d"}"#),
            token(r#"{"iss":"a","sub":"b"}"#),
            token(r#"{"iss":"a","sub":"b","aud":"c","azp":"d"}"#),
            token(
                r#"{"iss":"a","sub":"b","aud":"c","https://aws.amazon.com/source_identity":"d"}"#,
            ),
            token(
                r#"{"iss":"a","sub":"b","aud":"c",
                "https://aws.amazon.com/tags":{"principal_tags":{"team":["d"]}}}"#,
            ),
            token(
                r#"{"iss":"a","sub":"b","aud":"c",
                "https://aws.amazon.com/tags":{"principal_tags":{"team":["e"]}}}"#,
            ),
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
