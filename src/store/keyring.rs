//! The keyring of the operating system, reached through `keyring_core`'s traits: one adapter for
//! the Secret Service on Linux, the Keychain on macOS and the Credential Manager on Windows.
//!
//! On Linux a look-up takes 1.1 M instructions, and the traits are 0.3 % of them (callgrind), so there
//! is no second way past them.
//!
//! An entry's service is `rolecall` and its user is the name of the entry, which other programs of
//! the keyring family understand. A secret that is longer than the system lets one entry be is
//! spread over several (`split`).

#[cfg(any(target_os = "macos", windows))]
pub mod native;
mod split;

use std::collections::HashMap;
use std::sync::Arc;

use keyring_core::api::CredentialStoreApi;
use keyring_core::error::PlatformError;
use keyring_core::{Entry, Error};
use secrecy::{ExposeSecret, SecretString};
use zeroize::{Zeroize, Zeroizing};

use crate::store::entry_name::EntryName;
use crate::store::error::StoreError;
use crate::store::secret_store::{NewEntry, SecretStore};

/// The service of every entry of ours.
pub const SERVICE: &str = "rolecall";

/// What the systems' keyrings differ in beside `keyring_core`'s traits.
pub trait OsKeyring: CredentialStoreApi {
    /// The most that one entry holds.
    const MAX_ENTRY_BYTES: usize = usize::MAX;

    /// Returns the modifiers for an entry that is to be written.
    fn modifiers(label: &str) -> HashMap<&'static str, &str>;

    /// Returns what narrows a search to entries of ours, as far as the system can.
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
        Err(locked("it cannot be unlocked from here"))
    }
}

/// One entry of the keyring per entry of ours, more for a long secret on Windows.
pub struct Keyring<K>(Result<Arc<K>, StoreError>);

impl<K: OsKeyring> Keyring<K> {
    /// Takes a keyring as its crate opens it. Where that failed, every call fails so.
    pub fn new(opened: keyring_core::Result<Arc<K>>) -> Self {
        Self(opened.map_err(explain))
    }

    fn keyring(&self) -> Result<&K, StoreError> {
        self.0.as_deref().map_err(Clone::clone)
    }

    fn entry(&self, name: &str, part: u16) -> Result<Entry, StoreError> {
        self.keyring()?.build(SERVICE, &user(name, part), None).map_err(explain)
    }

    fn read(&self, name: &str, part: u16) -> Result<Option<Zeroizing<Vec<u8>>>, StoreError> {
        match self.entry(name, part)?.get_secret() {
            Ok(value) => Ok(Some(Zeroizing::new(value))),
            Err(Error::NoEntry) => Ok(None),
            Err(error) => Err(explain(error)),
        }
    }

    fn write(&self, name: &str, part: u16, label: &str, value: &[u8]) -> Result<(), StoreError> {
        let modifiers = K::modifiers(label);
        self.keyring()?
            .build(SERVICE, &user(name, part), Some(&modifiers))
            .and_then(|entry| entry.set_secret(value))
            .map_err(explain)
    }

    /// Removes one entry and returns whether there was one.
    fn remove(&self, name: &str, part: u16) -> Result<bool, StoreError> {
        match self.entry(name, part)?.delete_credential() {
            Ok(()) => Ok(true),
            Err(Error::NoEntry) => Ok(false),
            Err(error) => Err(explain(error)),
        }
    }

    /// Returns how many parts lie beside the first entry.
    fn parts(&self, name: &str) -> Result<u16, StoreError> {
        if K::MAX_ENTRY_BYTES == usize::MAX {
            return Ok(0);
        }
        let first = self.read(name, 0)?;
        let head = first.and_then(|entry| split::head(&entry));
        Ok(head.map_or(0, |head| head.parts))
    }
}

impl<K: OsKeyring> SecretStore for Keyring<K> {
    fn name(&self) -> &'static str {
        "keyring"
    }

    fn get(&self, name: &EntryName) -> Result<Option<SecretString>, StoreError> {
        let name = name.as_str();
        let Some(first) = self.read(name, 0)? else {
            return Ok(None);
        };
        let Some(head) = split::head(&first) else {
            return text(first).map(Some);
        };
        let mut parts = Vec::with_capacity(usize::from(head.parts));
        for part in 1..=head.parts {
            match self.read(name, part)? {
                Some(value) => parts.push(value),
                None => return Ok(None),
            }
        }
        split::join(head, &parts).map(text).transpose()
    }

    fn put(&self, name: &EntryName, entry: &NewEntry) -> Result<(), StoreError> {
        let name = name.as_str();
        let too_long = || StoreError::Full("the secret takes too many entries".to_owned());
        let entries = split::split(entry.secret.expose_secret().as_bytes(), K::MAX_ENTRY_BYTES)
            .ok_or_else(too_long)?;
        let last = u16::try_from(entries.len().saturating_sub(1)).map_err(|_| too_long())?;
        let before = self.parts(name)?;
        // The head goes last: until then a reader finds the old head, and parts that do not fit it.
        for (part, value) in (0..=last).zip(&entries).rev() {
            self.write(name, part, entry.label, value)?;
        }
        for part in last.saturating_add(1)..=before {
            self.remove(name, part)?;
        }
        Ok(())
    }

    fn delete(&self, name: &EntryName) -> Result<bool, StoreError> {
        let name = name.as_str();
        let mut any = false;
        for part in (0..=self.parts(name)?).rev() {
            any |= self.remove(name, part)?;
        }
        Ok(any)
    }

    fn list(&self) -> Result<Vec<EntryName>, StoreError> {
        let entries = match self.keyring()?.search(&K::search_spec()) {
            Ok(entries) => entries,
            Err(Error::NoEntry | Error::NotSupportedByStore(_)) => return Ok(Vec::new()),
            Err(error) => return Err(explain(error)),
        };
        let ours = entries.iter().filter_map(Entry::get_specifiers);
        let users = ours.filter(|(service, _)| service == SERVICE).map(|(_, user)| user);
        Ok(users.filter_map(|user| EntryName::parse(&user)).collect())
    }

    fn probe(&self) -> Result<String, StoreError> {
        self.keyring()?.probe().map_err(explain)
    }

    fn unlock(&self, announce: &dyn Fn()) -> Result<(), StoreError> {
        self.keyring()?.unlock(announce).map_err(explain)
    }
}

/// Returns the user of an entry, or of its part of that number (from 1).
fn user(name: &str, part: u16) -> String {
    match part {
        0 => name.to_owned(),
        part => format!("{name}#{part}"),
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

/// Returns the error of a keyring that waits for its user.
fn locked(what: &str) -> Error {
    Error::NoStorageAccess(Box::new(StoreError::Locked(what.to_owned())))
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

#[cfg(test)]
mod tests;
