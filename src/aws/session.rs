//! Credentials in memory. Long-term keys and sessions are different types, so that one is never
//! kept where the other belongs.

use chrono::{DateTime, Utc};
use secrecy::SecretString;

/// An IAM user's access key pair. It has no session token and does not expire.
#[derive(Debug, Clone)]
pub struct LongTermKeys {
    pub access_key_id: String,
    pub secret_access_key: SecretString,
    pub account_id: Option<String>,
}

/// One set of temporary credentials. `expires_at` is absent where the source does not say it (keys
/// with a token in a shared file).
#[derive(Debug, Clone)]
pub struct Session {
    pub access_key_id: String,
    pub secret_access_key: SecretString,
    /// Absent only where a `credential_process` gives an expiry and no token.
    pub session_token: Option<SecretString>,
    pub expires_at: Option<DateTime<Utc>>,
    pub issued_at: Option<DateTime<Utc>>,
    pub account_id: Option<String>,
}

/// Credentials of either kind.
#[derive(Clone, Debug)]
pub enum Credentials {
    LongTerm(LongTermKeys),
    Session(Session),
}

impl Credentials {
    pub fn access_key_id(&self) -> &str {
        match self {
            Self::LongTerm(keys) => &keys.access_key_id,
            Self::Session(session) => &session.access_key_id,
        }
    }
    pub fn secret_access_key(&self) -> &SecretString {
        match self {
            Self::LongTerm(keys) => &keys.secret_access_key,
            Self::Session(session) => &session.secret_access_key,
        }
    }
    pub fn session_token(&self) -> Option<&SecretString> {
        self.session()?.session_token.as_ref()
    }
    pub fn expires_at(&self) -> Option<DateTime<Utc>> {
        self.session()?.expires_at
    }
    fn session(&self) -> Option<&Session> {
        if let Self::Session(session) = self { Some(session) } else { None }
    }
    pub fn account_id(&self) -> Option<&str> {
        match self {
            Self::LongTerm(keys) => keys.account_id.as_deref(),
            Self::Session(session) => session.account_id.as_deref(),
        }
    }
}

/// A pair that has neither a token nor an end is an IAM user's own.
impl From<Session> for Credentials {
    fn from(session: Session) -> Self {
        if session.session_token.is_some() || session.expires_at.is_some() {
            return Self::Session(session);
        }
        let Session { access_key_id, secret_access_key, account_id, .. } = session;
        Self::LongTerm(LongTermKeys { access_key_id, secret_access_key, account_id })
    }
}
