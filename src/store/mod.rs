//! Where secrets are kept between calls: the OS keyring, the kernel's keyrings, encrypted files, or
//! nowhere.

use std::time::Duration;

use secrecy::SecretString;

mod envelope;
mod file;
#[cfg(target_os = "linux")]
mod keyutils;
#[cfg(any(target_os = "macos", windows))]
mod native;
mod none;
#[cfg(target_os = "linux")]
mod secret_service;
#[cfg(any(target_os = "macos", windows, test))]
mod split;

pub use file::FileStore;
#[cfg(target_os = "linux")]
pub use keyutils::Keyutils;
#[cfg(any(target_os = "macos", windows))]
pub use native::Native;
pub use none::NoStore;
#[cfg(target_os = "linux")]
pub use secret_service::SecretService;

/// Gives the time in unix seconds.
pub type Clock = Box<dyn Fn() -> i64>;

/// A place that keeps text under a short ASCII name.
pub trait SecretStore {
    /// The name a user chooses it by: `keyring`, `keyutils`, `file` or `none`.
    fn name(&self) -> &'static str;

    /// The secret kept under `key`; `None` when there is none, or none that is still usable.
    ///
    /// # Errors
    /// When the store does not answer, or holds the secret behind a lock. Never prompts.
    fn get(&self, key: &str) -> Result<Option<SecretString>, StoreError>;

    /// Keeps `secret` under `key`, over what was there. `label` is what a keyring manager shows.
    /// `expires_at`: unix seconds at which the secret becomes worthless (`None`: long-lived).
    ///
    /// # Errors
    /// When the store does not answer, is locked, or has no room.
    fn put(
        &self,
        key: &str,
        label: &str,
        secret: &SecretString,
        expires_at: Option<i64>,
    ) -> Result<(), StoreError>;

    /// Forgets what is kept under `key`, and returns whether there was anything.
    ///
    /// # Errors
    /// When the store does not answer or is locked.
    fn delete(&self, key: &str) -> Result<bool, StoreError>;

    /// The names of everything of ours that is kept, without a secret; where the store cannot be
    /// listed, none.
    ///
    /// # Errors
    /// When the store does not answer, or holds something behind a lock. Never prompts.
    fn keys(&self) -> Result<Vec<String>, StoreError>;

    /// Says in one line what this store is, when it is usable now.
    ///
    /// # Errors
    /// What a `put` would meet.
    fn probe(&self) -> Result<String, StoreError>;

    /// Lets the store ask its user to unlock it and waits for the answer, for commands with a
    /// person in front of them.
    ///
    /// # Errors
    /// `Locked` when the person declines or nobody can be asked, `TimedOut` when nobody answers.
    fn unlock(&self) -> Result<(), StoreError> {
        Err(StoreError::Locked("it cannot be unlocked from here".to_owned()))
    }
}

/// Why a store did not do what it was asked. No message holds a secret.
#[derive(Debug, Clone, thiserror::Error)]
pub enum StoreError {
    /// There is no such store here, or it may not be used.
    #[error("not available: {0}")]
    Unavailable(String),
    /// It is there, and a person has to unlock it first.
    #[error("locked: {0}")]
    Locked(String),
    /// It did not answer within this time.
    #[cfg_attr(
        not(target_os = "linux"),
        allow(dead_code, reason = "the other systems' calls do not wait")
    )]
    #[error("no answer within {} ms", .0.as_millis())]
    TimedOut(Duration),
    /// It has no room for the secret.
    #[error("full: {0}")]
    Full(String),
    /// The passphrase is missing or wrong.
    #[error("passphrase: {0}")]
    Passphrase(String),
    /// It refused for another reason.
    #[error("{0}")]
    Failed(String),
}

pub mod choice;
pub mod clear;
pub mod index;
pub mod seeds;
pub mod sessions;

pub use choice::StoreName;
