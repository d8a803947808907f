//! The JSON of `credential_process` (AWS SDKs and Tools Reference Guide, "Process credential
//! provider"), on one line.

use secrecy::ExposeSecret;
use serde::Serialize;
use zeroize::Zeroizing;

use super::time::timestamp;
use crate::aws::Credentials;

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
struct CredentialJson<'a> {
    version: u8,
    access_key_id: &'a str,
    secret_access_key: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    session_token: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    expiration: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    account_id: Option<&'a str>,
}

/// Renders credentials; absent values are left out, because an empty one breaks botocore and the
/// Rust SDK.
pub fn render(credentials: &Credentials) -> Zeroizing<String> {
    let printed = CredentialJson {
        version: 1,
        access_key_id: credentials.access_key_id(),
        secret_access_key: credentials.secret_access_key().expose_secret(),
        session_token: credentials.session_token().map(ExposeSecret::expose_secret),
        expiration: credentials.expires_at().map(timestamp),
        account_id: credentials.account_id(),
    };
    // Strings and a number cannot fail to serialize.
    let mut json = Zeroizing::new(serde_json::to_string(&printed).unwrap_or_default());
    json.push('\n');
    json
}
