//! Why a store did not do what it was asked.

use std::time::Duration;

use crate::error::Error;

/// Why a store did not do what it was asked. No message holds a secret.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum StoreError {
    /// There is no such store here, or it may not be used.
    #[error("not available: {0}")]
    Unavailable(String),
    /// It is there, and a person has to unlock it first.
    #[error("locked: {0}")]
    Locked(String),
    /// Its user, or a policy of the system, does not let rolecall in.
    #[error("denied: {0}")]
    Denied(String),
    /// It did not answer within this time.
    #[error("no answer within {} ms", .0.as_millis())]
    TimedOut(Duration),
    /// It has no room for the secret.
    #[error("full: {0}")]
    Full(String),
    /// The passphrase is missing or wrong.
    #[error("passphrase: {0}")]
    Passphrase(String),
    /// Ctrl-C ended the wait for a person. It ends the whole command, not only the use of the
    /// store.
    #[error("interrupted")]
    Interrupted,
    /// It refused for another reason.
    #[error("{0}")]
    Failed(String),
}

impl StoreError {
    /// Gives the failure back for the caller to judge, unless it has to end the command.
    ///
    /// # Errors
    /// An interruption.
    pub fn unless_interrupted(self) -> Result<Self, Error> {
        if self == Self::Interrupted { Err(Error::interrupted()) } else { Ok(self) }
    }
}
