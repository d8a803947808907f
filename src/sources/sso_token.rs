//! The token that `aws sso login` caches, shared with the AWS CLI
//! (`~/.aws/sso/cache/<sha1>.json`).

use std::path::{Path, PathBuf};
use std::time::Duration;

use chrono::{DateTime, SecondsFormat, TimeDelta, Utc};
use secrecy::{ExposeSecret, SecretString};
use serde_json::{Map, Value};
use zeroize::Zeroizing;

use crate::chain::Sso;
use crate::clients::ssooidc::{Renewal, RenewedToken};
use crate::error::Result;
use crate::system::digest::{sha1_hex, sha256_hex};
use crate::system::files::{read_named, write_shared};
use crate::system::runtime::Runtime;

/// What no token file comes near, in bytes.
const MAX_BYTES: u64 = 1024 * 1024;
/// How often a token file that does not parse is read, and how long after each other: another
/// program may just be writing it.
const READS: usize = 4;
const READ_INTERVAL: Duration = Duration::from_millis(25);

/// The SHA-256 of the token that a login gave. A new login writes the whole file, and so takes it
/// away.
const FIRST_TOKEN: &str = "rolecallFirstToken";

/// Returns the token's file of an SSO configuration: by the session's name, or by the start URL in
/// the legacy form.
pub fn token_path(home: &Path, sso: &Sso) -> PathBuf {
    let name = sso.session.as_deref().unwrap_or(&sso.start_url);
    home.join(".aws").join("sso").join("cache").join(format!("{}.json", sha1_hex(name)))
}

/// A cached token with all of its file's fields, so that writing it back loses none.
pub struct Token {
    fields: Map<String, Value>,
}

impl Token {
    /// Parses a token's file; `None` when it is not one JSON object.
    pub fn parse(bytes: &[u8]) -> Option<Self> {
        serde_json::from_slice(bytes).ok().map(|fields| Self { fields })
    }

    fn text(&self, key: &str) -> Option<&str> {
        self.fields.get(key).and_then(Value::as_str).filter(|text| !text.is_empty())
    }

    pub fn access_token(&self) -> Option<SecretString> {
        self.text("accessToken").map(SecretString::from)
    }

    /// Returns what tells this login from others: its first token, also after a renewal here.
    pub(super) fn login(&self) -> Option<String> {
        let first = self.text(FIRST_TOKEN).map(str::to_owned);
        first.or_else(|| self.text("accessToken").map(sha256_hex))
    }

    /// Returns whether it is a certain access token.
    pub(super) fn is(&self, access_token: Option<&SecretString>) -> bool {
        access_token.is_some_and(|other| self.text("accessToken") == Some(other.expose_secret()))
    }

    /// Returns whether it lives for some time yet.
    pub(super) fn lives(&self, now: DateTime<Utc>, at_least: TimeDelta) -> bool {
        self.expires_at().is_some_and(|end| end - now > at_least)
    }

    pub fn expires_at(&self) -> Option<DateTime<Utc>> {
        self.text("expiresAt").and_then(parse_time)
    }

    /// Returns what a renewal needs, while the client registration lives.
    pub(super) fn renewal(&self, now: DateTime<Utc>) -> Option<Renewal<'_>> {
        let registration_end = self.text("registrationExpiresAt").and_then(parse_time);
        registration_end.is_none_or(|end| end > now).then_some(())?;
        Some(Renewal {
            client_id: self.text("clientId")?,
            client_secret: self.text("clientSecret")?,
            refresh_token: self.text("refreshToken")?,
        })
    }

    /// Returns the token with what was renewed; an answer without a refresh token leaves the old
    /// one.
    pub(super) fn renewed(&self, renewed: &RenewedToken, now: DateTime<Utc>) -> Self {
        let mut fields = self.fields.clone();
        if let Some(login) = self.login() {
            fields.insert(FIRST_TOKEN.to_owned(), Value::from(login));
        }
        let mut set = |key: &str, value: &str| fields.insert(key.to_owned(), Value::from(value));
        set("accessToken", renewed.access_token.expose_secret());
        if let Some(refresh_token) = &renewed.refresh_token {
            set("refreshToken", refresh_token.expose_secret());
        }
        let expires_at = now + TimeDelta::seconds(i64::from(renewed.expires_in));
        set("expiresAt", &expires_at.to_rfc3339_opts(SecondsFormat::Secs, true));
        Self { fields }
    }

    /// Writes the token's file, whole or not at all.
    pub(super) fn write(&self, path: &Path) -> std::io::Result<()> {
        let json = Zeroizing::new(serde_json::to_vec(&self.fields)?);
        write_shared(path, &json)
    }
}

/// Reads RFC 3339, and the `…UTC` that older AWS CLIs wrote.
fn parse_time(text: &str) -> Option<DateTime<Utc>> {
    DateTime::parse_from_rfc3339(&text.replace("UTC", "Z")).ok().map(|time| time.to_utc())
}

/// Reads a token file; `None` when there is none or it is not a token. Blocks for less than a tenth
/// of a second.
///
/// # Errors
/// When the wait for another program that writes the file is interrupted.
pub fn read_token(path: &Path, runtime: &Runtime) -> Result<Option<Token>> {
    for attempt in 0..READS {
        if attempt > 0 {
            runtime.sleep(READ_INTERVAL)?;
        }
        let Ok(bytes) = read_named(path, MAX_BYTES) else { return Ok(None) };
        if let Some(token) = Token::parse(&bytes) {
            return Ok(Some(token));
        }
    }
    Ok(None)
}
