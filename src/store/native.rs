//! The keyrings of macOS (Keychain) and Windows (Credential Manager), through `keyring-core`.

use std::{
    collections::HashMap,
    sync::{Arc, OnceLock},
};

use keyring_core::{Entry, Error, api::CredentialStoreApi};
use secrecy::{ExposeSecret, SecretString};
use zeroize::{Zeroize, Zeroizing};

use super::{SecretStore, StoreError, split};

#[cfg(target_os = "macos")]
use apple_native_keyring_store::keychain::Store;
#[cfg(windows)]
use windows_native_keyring_store::Store;

const SERVICE: &str = "rolecall";

/// The most that one entry holds, in bytes: `CRED_MAX_CREDENTIAL_BLOB_SIZE` on Windows.
#[cfg(windows)]
const LIMIT: usize = 2560;
#[cfg(not(windows))]
const LIMIT: usize = usize::MAX;

/// The keyring of the operating system: one entry per key, more for a long value on Windows.
#[derive(Default)]
pub struct Native {
    store: OnceLock<Arc<Store>>,
}

impl Native {
    /// Nothing is opened before the first call.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    fn store(&self) -> Result<&Arc<Store>, StoreError> {
        if let Some(store) = self.store.get() {
            return Ok(store);
        }
        let store = Store::new().map_err(explain)?;
        Ok(self.store.get_or_init(|| store))
    }

    /// The entry named `key`, or its part of that number (from 1).
    fn entry(&self, key: &str, part: u16) -> Result<Entry, StoreError> {
        let user = match part {
            0 => key.to_owned(),
            part => format!("{key}#{part}"),
        };
        // On Windows the default would let the secret roam to the user's other machines.
        let modifiers = HashMap::from([("persistence", "Local")]);
        let modifiers = cfg!(windows).then_some(&modifiers);
        self.store()?.build(SERVICE, &user, modifiers).map_err(explain)
    }

    fn read(&self, key: &str, part: u16) -> Result<Option<Zeroizing<Vec<u8>>>, StoreError> {
        match self.entry(key, part)?.get_secret() {
            Ok(value) => Ok(Some(Zeroizing::new(value))),
            Err(Error::NoEntry) => Ok(None),
            Err(error) => Err(explain(error)),
        }
    }

    /// Removes one entry and returns whether there was one.
    fn remove(&self, key: &str, part: u16) -> Result<bool, StoreError> {
        match self.entry(key, part)?.delete_credential() {
            Ok(()) => Ok(true),
            Err(Error::NoEntry) => Ok(false),
            Err(error) => Err(explain(error)),
        }
    }

    /// How many parts lie beside the first entry.
    fn parts(&self, key: &str) -> Result<u16, StoreError> {
        if LIMIT == usize::MAX {
            return Ok(0);
        }
        let first = self.read(key, 0)?;
        let head = first.and_then(|entry| split::head(&entry));
        Ok(head.map_or(0, |head| head.parts))
    }
}

impl SecretStore for Native {
    fn name(&self) -> &'static str {
        "keyring"
    }

    fn get(&self, key: &str) -> Result<Option<SecretString>, StoreError> {
        let Some(first) = self.read(key, 0)? else {
            return Ok(None);
        };
        let Some(head) = split::head(&first) else {
            return text(&first).map(Some);
        };
        let mut parts = Vec::with_capacity(usize::from(head.parts));
        for part in 1..=head.parts {
            match self.read(key, part)? {
                Some(value) => parts.push(value),
                None => return Ok(None),
            }
        }
        split::join(head, &parts).map(|value| text(&value)).transpose()
    }

    fn put(
        &self,
        key: &str,
        _label: &str,
        secret: &SecretString,
        _expires_at: Option<i64>,
    ) -> Result<(), StoreError> {
        let too_long = || StoreError::Full("the secret takes too many entries".to_owned());
        let entries =
            split::split(secret.expose_secret().as_bytes(), LIMIT).ok_or_else(too_long)?;
        let last = u16::try_from(entries.len().saturating_sub(1)).map_err(|_| too_long())?;
        let before = self.parts(key)?;
        // The head goes last: until then a reader finds the old head, and parts that do not fit it.
        for (part, value) in (0..=last).zip(&entries).rev() {
            self.entry(key, part)?.set_secret(value).map_err(explain)?;
        }
        for part in last.saturating_add(1)..=before {
            self.remove(key, part)?;
        }
        Ok(())
    }

    fn delete(&self, key: &str) -> Result<bool, StoreError> {
        let parts = self.parts(key)?;
        let mut any = false;
        for part in (0..=parts).rev() {
            any |= self.remove(key, part)?;
        }
        Ok(any)
    }

    fn keys(&self) -> Result<Vec<String>, StoreError> {
        // Both narrow the search only; what is ours is told below.
        let spec = HashMap::from([(if cfg!(windows) { "pattern" } else { "service" }, SERVICE)]);
        let entries = match self.store()?.search(&spec) {
            Ok(entries) => entries,
            Err(Error::NoEntry | Error::NotSupportedByStore(_)) => return Ok(Vec::new()),
            Err(error) => return Err(explain(error)),
        };
        let names = entries.iter().filter_map(Entry::get_specifiers);
        Ok(names.filter(|(service, _)| service == SERVICE).map(|(_, user)| user).collect())
    }

    fn probe(&self) -> Result<String, StoreError> {
        self.read("probe", 0)?;
        Ok(if cfg!(windows) {
            "Windows Credential Manager".to_owned()
        } else {
            "macOS Keychain".to_owned()
        })
    }
}

fn text(value: &[u8]) -> Result<SecretString, StoreError> {
    str::from_utf8(value)
        .map(SecretString::from)
        .map_err(|_| StoreError::Failed("the keyring's entry is not text".to_owned()))
}

/// Some errors carry the bytes of the secret: those are wiped and not shown.
fn explain(error: Error) -> StoreError {
    match error {
        Error::NoStorageAccess(cause) => StoreError::Locked(format!("keyring: {cause}")),
        Error::TooLong(what, limit) => {
            StoreError::Full(format!("the keyring allows {limit} bytes of {what}"))
        }
        Error::PlatformFailure(cause) => StoreError::Failed(format!("keyring: {cause}")),
        Error::BadEncoding(mut bytes) | Error::BadDataFormat(mut bytes, _) => {
            bytes.zeroize();
            StoreError::Failed("the keyring's entry cannot be read".to_owned())
        }
        other => StoreError::Failed(format!("keyring: {other}")),
    }
}
