//! Walks a chain: the newest usable session of the store first, then only the steps that are
//! missing. What it needs of the world are the traits below; adapters implement them and `context`
//! joins them.

mod decline_memory;
mod life;
mod walk;

use chrono::TimeDelta;

use crate::aws::{Credentials, Session};
use crate::chain::session_key::SessionKey;
use crate::chain::{AssumeRole, Base, Chain, GetSessionToken, Invocation};
use crate::error::{Error, Place, Result};

pub use life::least_life;
pub use walk::{Acquired, CacheMode, CachePolicy, Executor, Origin};

/// The calls of AWS that a chain needs.
pub trait Sts {
    fn get_session_token(
        &self,
        chain: &Chain,
        call: &GetSessionToken,
        caller: &Credentials,
        code: Option<&TokenCode>,
    ) -> Result<Session>;
    fn assume_role(
        &self,
        chain: &Chain,
        call: &AssumeRole,
        caller: &Credentials,
        code: Option<&TokenCode>,
    ) -> Result<Session>;
    /// Returns the serial number of the caller's own MFA device (iam:ListMFADevices).
    fn mfa_serial(&self, chain: &Chain, caller: &Credentials) -> Result<String>;
    /// Returns how far AWS's clock was ahead of this machine's when a service last answered; `None`
    /// where none has said its time.
    fn clock_offset(&self) -> Option<TimeDelta>;
}

/// A device and a code of it.
pub struct TokenCode {
    pub serial: String,
    pub code: String,
}

/// Performs a base: everything but AssumeRole that yields credentials.
pub trait FetchBase {
    fn fetch(&self, chain: &Chain, base: &Base) -> Result<Credentials>;
}

/// What a kept session is about, without a secret.
#[derive(Debug, Clone)]
pub struct Metadata {
    pub profile: String,
    pub role_arn: Option<String>,
}

/// Where sessions are cached. A store that fails is a miss or a warning. The only error is an
/// interruption, which ends the walk.
pub trait Sessions {
    fn get(&self, key: &SessionKey) -> Result<Option<Session>>;
    fn put(&self, key: &SessionKey, session: &Session, metadata: &Metadata) -> Result<()>;
}

/// A question for a token code.
#[derive(Debug, Clone, Copy)]
pub struct Question<'a> {
    /// What was asked for: the profile, or what stands in place of one, and the role that it ends
    /// in.
    pub who: &'a str,
    pub role_arn: Option<&'a str>,
    pub serial: &'a str,
    /// `mfa_process`: a command that prints a code.
    pub process: Option<&'a str>,
    /// Where the command stands.
    pub process_place: Option<&'a Place>,
    /// `mfa_yubikey_oath`: the name of the device's account on a YubiKey.
    pub oath: Option<&'a str>,
    pub invocation: &'a Invocation,
    /// How AWS refused the code that was given before.
    pub refused: Option<&'a Error>,
    /// Whether a person declined it a moment ago, asked by another process that this one waited
    /// for.
    pub declined: bool,
}

/// A new session that a person has to confirm.
#[derive(Debug, Clone, Copy)]
pub struct ConfirmQuestion<'a> {
    pub profile: &'a str,
    pub role_arn: Option<&'a str>,
    /// As in [`Question`].
    pub declined: bool,
}

/// Asks people.
pub trait Prompt {
    /// Gives a token code. It is asked again as long as AWS refuses what it gives, and ends that by
    /// giving an error.
    fn token_code(&self, question: &Question) -> Result<String>;
    /// Lets a person confirm a new session.
    fn confirm(&self, question: &ConfirmQuestion) -> Result<()>;
}

#[cfg(test)]
mod tests;
