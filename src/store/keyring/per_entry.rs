//! One item of the keyring per entry: its service is `rolecall` and its user the name of the entry,
//! which other programs of the keyring family understand. A secret that is longer than the system
//! lets one item be is spread over several (`split`).

use std::sync::Arc;

use keyring_core::{Entry, Error};
use secrecy::{ExposeSecret, SecretString};

use crate::store::entry_name::EntryName;
use crate::store::error::StoreError;
use crate::store::keyring::items::{ItemName, Items};
use crate::store::keyring::{OsKeyring, SERVICE, explain, split, text};
use crate::store::secret_store::{NewEntry, SecretStore};

/// One entry of the keyring per entry of ours, more for a long secret on Windows.
pub struct Keyring<K>(Items<K>);

impl<K: OsKeyring> Keyring<K> {
    /// Takes a keyring as its crate opens it. Where that failed, every call fails so.
    pub fn new(opened: keyring_core::Result<Arc<K>>) -> Self {
        Self(Items::new(opened))
    }

    /// Returns how many parts lie beside the first entry.
    fn parts(&self, name: &str) -> Result<u16, StoreError> {
        if K::MAX_ENTRY_BYTES == usize::MAX {
            return Ok(0);
        }
        let first = self.0.read(&item(name, 0))?;
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
        let Some(first) = self.0.read(&item(name, 0))? else {
            return Ok(None);
        };
        let Some(head) = split::head(&first) else {
            return text(first).map(Some);
        };
        let mut parts = Vec::with_capacity(usize::from(head.parts));
        for part in 1..=head.parts {
            match self.0.read(&item(name, part))? {
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
            self.0.write(&item(name, part), entry.label, value)?;
        }
        for part in last.saturating_add(1)..=before {
            self.0.remove(&item(name, part))?;
        }
        Ok(())
    }

    fn delete(&self, name: &EntryName) -> Result<bool, StoreError> {
        let name = name.as_str();
        let mut any = false;
        for part in (0..=self.parts(name)?).rev() {
            any |= self.0.remove(&item(name, part))?;
        }
        Ok(any)
    }

    fn list(&self) -> Result<Vec<EntryName>, StoreError> {
        let entries = match self.0.keyring()?.search(&K::search_spec()) {
            Ok(entries) => entries,
            Err(Error::NoEntry | Error::NotSupportedByStore(_)) => return Ok(Vec::new()),
            Err(error) => return Err(explain(error)),
        };
        let ours = entries.iter().filter_map(Entry::get_specifiers);
        let users = ours.filter(|(service, _)| service == SERVICE).map(|(_, user)| user);
        Ok(users.filter_map(|user| EntryName::parse(&user)).collect())
    }

    fn probe(&self) -> Result<String, StoreError> {
        self.0.probe()
    }

    fn unlock(&self, announce: &dyn Fn()) -> Result<(), StoreError> {
        self.0.unlock(announce)
    }
}

/// Returns the item of an entry, or of its part of that number (from 1).
fn item(name: &str, part: u16) -> ItemName<'_> {
    let user = match part {
        0 => name.into(),
        part => format!("{name}#{part}").into(),
    };
    ItemName { service: SERVICE, user }
}

#[cfg(test)]
mod tests;
