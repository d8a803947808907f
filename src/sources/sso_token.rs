//! The token of a login, in the file that the AWS CLI and the SDKs share
//! (`~/.aws/sso/cache/<sha1>.json`).

use std::path::{Path, PathBuf};
use std::time::Duration;

use chrono::{DateTime, SecondsFormat, TimeDelta, Utc};
use secrecy::{ExposeSecret, SecretString};
use serde_json::{Map, Value};
use zeroize::Zeroizing;

use crate::chain::SsoSession;
use crate::clients::ssooidc::{Client, IssuedToken};
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

/// Returns the token's file of a session: by its name, or by the start URL in the legacy form.
pub fn token_path(home: &Path, session: &SsoSession) -> PathBuf {
    cache_file(home, session.cache_name())
}

/// Returns the file of a name in the cache.
pub(super) fn cache_file(home: &Path, name: &str) -> PathBuf {
    cache_folder(home).join(format!("{}.json", sha1_hex(name)))
}

/// Returns the tokens in the cache, whoever left them there, with their files.
pub fn cached_tokens(home: &Path) -> Vec<(PathBuf, Token)> {
    let files = std::fs::read_dir(cache_folder(home)).into_iter().flatten().flatten();
    let token = |path: PathBuf| {
        let token = Token::parse(&read_named(&path, MAX_BYTES).ok()?)?;
        token.access_token().is_some().then_some((path, token))
    };
    let files = files.map(|file| file.path());
    files.filter(|path| path.extension() == Some("json".as_ref())).filter_map(token).collect()
}

fn cache_folder(home: &Path) -> PathBuf {
    home.join(".aws").join("sso").join("cache")
}

/// What renews a token.
pub(super) struct Renewal<'a> {
    pub client_id: &'a str,
    pub client_secret: &'a str,
    pub refresh_token: &'a str,
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

    /// Returns the token that a login gave to a client.
    pub fn of_login(
        session: &SsoSession,
        client: &Client,
        issued: &IssuedToken,
        now: DateTime<Utc>,
    ) -> Self {
        let mut token = Self { fields: Map::new() };
        token.set("startUrl", &session.start_url);
        token.set("region", &session.region);
        token.set("clientId", &client.id);
        token.set("clientSecret", client.secret.expose_secret());
        token.set("registrationExpiresAt", &render_time(client.expires_at));
        token.issue(issued, now);
        token
    }

    fn set(&mut self, key: &str, value: &str) {
        self.fields.insert(key.to_owned(), Value::from(value));
    }

    /// Takes in what was issued; an answer without a refresh token leaves the old one.
    fn issue(&mut self, issued: &IssuedToken, now: DateTime<Utc>) {
        self.set("accessToken", issued.access_token.expose_secret());
        if let Some(refresh_token) = &issued.refresh_token {
            self.set("refreshToken", refresh_token.expose_secret());
        }
        let expires_at = now + TimeDelta::seconds(i64::from(issued.expires_in));
        self.set("expiresAt", &render_time(expires_at));
    }

    fn text(&self, key: &str) -> Option<&str> {
        self.fields.get(key).and_then(Value::as_str).filter(|text| !text.is_empty())
    }

    pub fn access_token(&self) -> Option<SecretString> {
        self.text("accessToken").map(SecretString::from)
    }

    /// Returns what tells this login from others: its first token, also after a renewal here.
    pub fn login(&self) -> Option<String> {
        let first = self.text(FIRST_TOKEN).map(str::to_owned);
        first.or_else(|| self.text("accessToken").map(sha256_hex))
    }

    /// Returns the region that the token was made in.
    pub fn region(&self) -> Option<&str> {
        self.text("region")
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

    /// Returns whether it can be renewed without a person.
    pub fn is_renewable(&self, now: DateTime<Utc>) -> bool {
        self.renewal(now).is_some()
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

    /// Returns the token with what was renewed.
    pub(super) fn renewed(&self, renewed: &IssuedToken, now: DateTime<Utc>) -> Self {
        let mut token = Self { fields: self.fields.clone() };
        if let Some(login) = self.login() {
            token.set(FIRST_TOKEN, &login);
        }
        token.issue(renewed, now);
        token
    }

    /// Returns the text of its file.
    pub(super) fn text_of_file(&self) -> SecretString {
        // A map of texts always has one.
        let json = serde_json::to_string(&self.fields).map(Zeroizing::new).unwrap_or_default();
        SecretString::from(json.as_str())
    }

    /// Writes the token's file, whole or not at all.
    ///
    /// # Errors
    /// What the system says.
    pub fn write(&self, path: &Path) -> std::io::Result<()> {
        let json = Zeroizing::new(serde_json::to_vec(&self.fields)?);
        write_shared(path, &json)
    }
}

pub(super) fn render_time(time: DateTime<Utc>) -> String {
    time.to_rfc3339_opts(SecondsFormat::Secs, true)
}

/// Reads RFC 3339, and the `…UTC` that older AWS CLIs wrote.
pub(super) fn parse_time(text: &str) -> Option<DateTime<Utc>> {
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
