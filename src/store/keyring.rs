//! The keyring of the operating system, reached through `keyring_core`'s traits: one adapter for
//! the Secret Service on Linux, the Keychain on macOS and the Credential Manager on Windows.
//!
//! On Linux a look-up takes 1.1 M instructions, and the traits are 0.3 % of them (callgrind), so there
//! is no second way past them.
//!
//! Linux and Windows have one item per entry (`Keyring`). macOS asks its user for each item when the
//! program has changed, so there all entries share two items (`WholeItems`).

mod items;
#[cfg(any(target_os = "macos", windows, test))]
pub mod native;
#[cfg(any(not(target_os = "macos"), test))]
mod per_entry;
#[cfg(any(not(target_os = "macos"), test))]
mod split;
mod waiter;
#[cfg(any(target_os = "macos", test))]
mod whole;

use std::collections::HashMap;

use keyring_core::Error;
use keyring_core::api::CredentialStoreApi;
use keyring_core::error::PlatformError;
use secrecy::SecretString;
use zeroize::{Zeroize, Zeroizing};

#[cfg(any(not(target_os = "macos"), test))]
pub use self::per_entry::Keyring;
pub use self::waiter::{LOOK_UP_TIMEOUT, UNLOCK_TIMEOUT, WRITE_TIMEOUT, Wait, Waiter};
use crate::store::error::StoreError;

/// The service of every item of ours that holds one entry.
pub const SERVICE: &str = "rolecall";

/// What the systems' keyrings differ in beside `keyring_core`'s traits.
pub trait OsKeyring: CredentialStoreApi {
    /// The most that one entry holds.
    const MAX_ENTRY_BYTES: usize = usize::MAX;

    /// Returns the modifiers for an entry that is to be written.
    fn modifiers(label: &str) -> HashMap<&'static str, &str>;

    /// Returns what narrows a search to entries of ours, as far as the system can.
    #[cfg_attr(target_os = "macos", allow(dead_code, reason = "there nothing is searched for"))]
    fn search_spec() -> HashMap<&'static str, &'static str>;

    /// Returns one line about the keyring, when it can be used now.
    ///
    /// # Errors
    /// What writing an entry would meet.
    fn probe(&self) -> keyring_core::Result<String>;

    /// Lets the keyring ask its user to unlock it, and waits for the answer.
    ///
    /// # Errors
    /// As `SecretStore::unlock`.
    fn unlock(&self, _announce: &dyn Fn()) -> keyring_core::Result<()> {
        Err(pass_on(StoreError::Locked("it cannot be unlocked from here".to_owned())))
    }
}

/// Takes the bytes as a secret text. They are not copied, because each copy has to be wiped.
fn text(mut value: Zeroizing<Vec<u8>>) -> Result<SecretString, StoreError> {
    match String::from_utf8(std::mem::take(&mut value)) {
        Ok(text) => Ok(SecretString::from(text)),
        Err(error) => {
            error.into_bytes().zeroize();
            Err(StoreError::Failed("the keyring's entry is not text".to_owned()))
        }
    }
}

/// Gives an error of ours to `keyring_core`, which passes it on as it is.
pub fn pass_on(error: StoreError) -> Error {
    match error {
        StoreError::Locked(_) => Error::NoStorageAccess(Box::new(error)),
        _ => Error::PlatformFailure(Box::new(error)),
    }
}

/// Turns a keyring's error into ours. Some carry the bytes of the secret: those are wiped and not
/// shown.
fn explain(error: Error) -> StoreError {
    match error {
        Error::NoStorageAccess(cause) => ours(cause, StoreError::Locked),
        Error::PlatformFailure(cause) => ours(cause, StoreError::Failed),
        Error::TooLong(what, limit) => {
            StoreError::Full(format!("the keyring allows {limit} bytes of {what}"))
        }
        Error::BadEncoding(mut bytes) | Error::BadDataFormat(mut bytes, _) => {
            bytes.zeroize();
            StoreError::Failed("the keyring's entry cannot be read".to_owned())
        }
        other => StoreError::Failed(format!("keyring: {other}")),
    }
}

/// Returns the error of our own that a keyring passes on; any other is worded by `kind`.
fn ours(cause: PlatformError, kind: fn(String) -> StoreError) -> StoreError {
    match cause.downcast() {
        Ok(error) => *error,
        Err(cause) => kind(format!("keyring: {cause}")),
    }
}
