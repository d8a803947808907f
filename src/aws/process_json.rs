//! The JSON that a `credential_process` prints, read (AWS SDKs and Tools Reference Guide, "Process
//! credential provider").

use secrecy::{ExposeSecret, SecretString};
use serde::Deserialize;

use super::{Credentials, Session, expiration};

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Printed {
    version: Option<serde_json::Value>,
    access_key_id: Option<String>,
    secret_access_key: Option<SecretString>,
    session_token: Option<SecretString>,
    expiration: Option<String>,
    account_id: Option<String>,
}

/// Reads credential_process JSON; `account_id` is used where it names no account.
///
/// # Errors
/// What is wrong with it, to stand behind the process's name. It never quotes what was printed,
/// since that holds secrets.
pub fn parse(output: &[u8], account_id: Option<&str>) -> Result<Credentials, String> {
    let output = output.strip_prefix(b"\xef\xbb\xbf").unwrap_or(output);
    if output.trim_ascii_start().first() != Some(&b'{') {
        return Err("does not print the JSON object of a credential_process".to_owned());
    }
    let printed: Printed = serde_json::from_slice(output).map_err(|e| {
        format!(
            "does not print the JSON of a credential_process (line {}, column {})",
            e.line(),
            e.column()
        )
    })?;
    match printed.version {
        Some(serde_json::Value::Number(n)) if n.as_f64() == Some(1.0) => {}
        Some(_) => return Err("prints a Version that is not the number 1".to_owned()),
        None => return Err("prints no Version".to_owned()),
    }
    let missing = |key: &str| format!("prints no {key}");
    let access_key_id =
        printed.access_key_id.filter(|v| !v.is_empty()).ok_or_else(|| missing("AccessKeyId"))?;
    let secret_access_key = printed
        .secret_access_key
        .filter(|v| !v.expose_secret().is_empty())
        .ok_or_else(|| missing("SecretAccessKey"))?;
    let session_token = printed.session_token.filter(|v| !v.expose_secret().is_empty());
    let expiration = printed.expiration.filter(|v| !v.is_empty());
    let expires_at = expiration
        .map(|text| expiration::parse(&text))
        .transpose()
        .map_err(|end| format!("prints an Expiration that {}", end.text()))?;
    let account_id =
        printed.account_id.filter(|v| !v.is_empty()).or_else(|| account_id.map(str::to_owned));
    let session = Session {
        access_key_id,
        secret_access_key,
        session_token,
        expires_at,
        issued_at: None,
        account_id,
    };
    Ok(session.into())
}

#[cfg(test)]
mod tests;
