//! Where the tokens of logins are kept: in the files that the AWS CLI and the SDKs share, or in the
//! store, for rolecall alone. What is known of a stored token without opening the store stands in its
//! record.

use std::path::{Path, PathBuf};
use std::time::Duration;

use chrono::{DateTime, Utc};
use secrecy::SecretString;
use serde::{Deserialize, Serialize};

use super::sso_token::{Token, read_token, token_path};
use crate::chain::SsoSession;
use crate::error::{Error, Place, Result};
use crate::hint;
use crate::store::StoreName;
use crate::store::entry_name::{EntryName, SsoTokenKey};
use crate::store::long_lived::{LongLived, LongLivedSecrets, Records};
use crate::system::clock::Clock;
use crate::system::digest::sha1_hex;
use crate::system::directories::Directories;
use crate::system::files::LockFile;
use crate::system::locks::lock_beside;
use crate::system::runtime::Runtime;
use crate::system::state_file::StateFile;

/// How long another process that renews a token is waited for.
pub const LOCK_TIMEOUT: Duration = Duration::from_secs(60);

/// What is known of a stored token.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct TokenFacts {
    /// What tells its login from others. No secret.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub login: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub expires_at: Option<DateTime<Utc>>,
}

impl TokenFacts {
    fn of(token: &Token) -> Self {
        Self { login: token.login(), expires_at: token.expires_at() }
    }
}

/// The tokens in the stores, by what their sessions are cached under.
pub type StoredTokens<'a> = LongLivedSecrets<'a, Token>;

/// The file of what is known of the tokens in the stores.
pub type TokenRecords = StateFile<Records<TokenFacts>>;

impl LongLived for Token {
    type Name = String;
    type Facts = TokenFacts;

    fn title(name: &String) -> String {
        format!("the token of the login at {name}")
    }

    fn label(name: &String) -> String {
        format!("rolecall: token of the login at {name}")
    }

    fn entry(name: &String) -> EntryName {
        EntryName::SsoToken(SsoTokenKey::of(name))
    }

    fn add_anew(name: &String) -> String {
        // A start URL is that of a profile, which is not known here.
        if name.contains("://") {
            "rolecall sso login".to_owned()
        } else {
            hint::session("sso login", name)
        }
    }

    fn use_files(_: &String) -> String {
        hint::set("ROLECALL_STORE", "file")
    }

    fn parse(text: &str, _: &String) -> Result<Self, String> {
        let token = Self::parse(text.as_bytes());
        let token = token.filter(|token| token.access_token().is_some());
        token.ok_or_else(|| "it holds no token".to_owned())
    }

    fn to_secret(&self) -> SecretString {
        self.text_of_file()
    }
}

/// Which of the two keeps the tokens.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TokenPlace {
    SharedFiles,
    Store,
}

impl TokenPlace {
    /// Returns what tells the login of a session from others. It opens no store.
    pub fn login(
        self,
        session: &SsoSession,
        directories: &Directories,
        runtime: &Runtime,
    ) -> Option<String> {
        match self {
            Self::SharedFiles => {
                let path = token_path(directories.home().ok()?, session);
                read_token(&path, runtime).ok()??.login()
            }
            Self::Store => record(session, directories)?.login,
        }
    }

    /// Returns when the token of a session ends. It opens no store.
    pub fn end(
        self,
        session: &SsoSession,
        directories: &Directories,
        runtime: &Runtime,
    ) -> Option<DateTime<Utc>> {
        match self {
            Self::SharedFiles => {
                let path = token_path(directories.home().ok()?, session);
                read_token(&path, runtime).ok()??.expires_at()
            }
            Self::Store => record(session, directories)?.expires_at,
        }
    }
}

fn record(session: &SsoSession, directories: &Directories) -> Option<TokenFacts> {
    let mut records = TokenRecords::new(directories.sso_tokens()?).read();
    Some(records.remove(session.cache_name())?.facts)
}

/// The store in place of the shared files, by a setting.
pub struct TokenStore<'a> {
    pub tokens: StoredTokens<'a>,
    /// Where the setting is.
    pub setting: &'a Place,
}

/// The tokens of logins. A call blocks for as long as the store does where they are kept there.
pub struct LoginTokens<'a> {
    pub directories: &'a Directories,
    pub runtime: &'a Runtime,
    pub clock: &'a dyn Clock,
    /// `None` where they are in the shared files.
    pub store: Option<TokenStore<'a>>,
}

impl LoginTokens<'_> {
    pub fn place(&self) -> TokenPlace {
        if self.store.is_some() { TokenPlace::Store } else { TokenPlace::SharedFiles }
    }

    /// Returns the token of a session; `None` where nobody has logged in.
    ///
    /// # Errors
    /// When the store does not answer, or the wait is interrupted.
    pub fn read(&self, session: &SsoSession) -> Result<Option<Token>> {
        let Some(store) = &self.store else {
            return read_token(&self.path(session)?, self.runtime);
        };
        // It keeps nothing, and so has nothing.
        if store.tokens.chosen == Some(StoreName::None) {
            store.target()?;
        }
        let name = session.cache_name().to_owned();
        let token = store.tokens.get(&name, self.clock.now());
        let token = token.map_err(|error| store.at_setting(error))?;
        if let Some(token) = &token {
            store.note(&name, TokenFacts::of(token));
        }
        Ok(token)
    }

    /// Returns the token that is where a login puts its own. A person who is there may be asked to
    /// unlock the store, so that nobody logs in for a token that cannot be kept.
    ///
    /// # Errors
    /// When the store does not answer or takes no such secret, or the wait is interrupted.
    pub fn read_for_login(&self, session: &SsoSession) -> Result<Option<Token>> {
        let Some(store) = &self.store else { return self.read(session) };
        let name = session.cache_name().to_owned();
        let token = store.tokens.existing_in(&name, store.target()?);
        token.map_err(|error| store.at_setting(error))
    }

    /// Waits until no other process renews or writes the token of a session.
    ///
    /// # Errors
    /// When that lasts too long, or the wait is interrupted.
    pub fn lock(&self, session: &SsoSession) -> Result<Option<LockFile>> {
        let path = match self.place() {
            TokenPlace::SharedFiles => self.path(session)?,
            TokenPlace::Store => {
                let Some(records) = self.directories.sso_tokens() else { return Ok(None) };
                records.with_file_name(format!("sso-{}", sha1_hex(session.cache_name())))
            }
        };
        lock_beside(&path, LOCK_TIMEOUT, self.runtime)
    }

    /// Keeps the token of a session.
    ///
    /// # Errors
    /// When the file cannot be written or the store does not take it, or the wait is interrupted.
    pub fn write(&self, session: &SsoSession, token: &Token) -> Result<()> {
        let Some(store) = &self.store else {
            let path = self.path(session)?;
            return token.write(&path).map_err(|error| unwritable(&path, error));
        };
        let name = session.cache_name().to_owned();
        let target = match store.tokens.recorded(&name) {
            // A renewed token goes to where the old one is.
            Some(recorded) if !store.is_chosen() => recorded,
            _ => store.target()?,
        };
        let facts = TokenFacts::of(token);
        let kept = store.tokens.put(&name, token, target, (self.clock.now(), facts));
        kept.map_err(|error| store.at_setting(error))
    }

    /// Returns the store that has the token of a session; `None` where that is in a file.
    pub fn store_of(&self, session: &SsoSession) -> Option<StoreName> {
        let store = self.store.as_ref()?;
        store.tokens.recorded(&session.cache_name().to_owned()).or(store.tokens.chosen)
    }

    /// Returns where the token of a session is, for a message.
    ///
    /// # Errors
    /// When there is no home folder.
    pub fn shown_place(&self, session: &SsoSession) -> Result<String> {
        match (&self.store, self.store_of(session)) {
            (None, _) => Ok(self.path(session)?.display().to_string()),
            (Some(_), Some(name)) => Ok(format!("the store {name}")),
            (Some(_), None) => Ok("the store".to_owned()),
        }
    }

    fn path(&self, session: &SsoSession) -> Result<PathBuf> {
        Ok(token_path(self.directories.home()?, session))
    }
}

impl TokenStore<'_> {
    /// Returns whether a store that takes tokens was typed or is set.
    fn is_chosen(&self) -> bool {
        self.tokens.chosen.is_some_and(StoreName::takes_long_lived_secrets)
    }

    /// Returns the store that new tokens go to.
    ///
    /// # Errors
    /// Where the store that is chosen takes none.
    fn target(&self) -> Result<StoreName> {
        let chosen = self.tokens.chosen.unwrap_or(StoreName::Keyring);
        if chosen.takes_long_lived_secrets() {
            return Ok(chosen);
        }
        let why = if chosen == StoreName::Keyutils {
            "the store keyutils keeps sessions only, because nothing there survives a reboot"
        } else {
            "the store none keeps nothing"
        };
        let setting = self.setting;
        Err(Error::configuration(format!(
            "{setting}: no token of a login can be kept in the store"
        ))
        .at(setting.clone())
        .cause(why)
        .hint(format!("choose another: {}", hint::set("ROLECALL_STORE", "file"))))
    }

    /// Puts before an error of the store which setting led there.
    fn at_setting(&self, error: Error) -> Error {
        let message = format!("{}: {}", self.setting, error.message());
        error.with_message(message).at(self.setting.clone())
    }

    /// Notes what is known of a token where that is not on record: the record may have been lost.
    fn note(&self, name: &str, facts: TokenFacts) {
        if self.tokens.records().get(name).is_some_and(|record| record.facts != facts) {
            self.tokens.update(|records| {
                if let Some(record) = records.get_mut(name) {
                    record.facts = facts;
                }
            });
        }
    }
}

fn unwritable(path: &Path, error: std::io::Error) -> Error {
    let folder = path.parent().unwrap_or(path);
    Error::failed(format!("the token cannot be kept in {}", path.display()))
        .caused_by(error)
        .hint(format!("see whose the folder is: {}", hint::look_at(folder)))
}
