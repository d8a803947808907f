//! TOTP seeds in the store: each an `otpauth://` URI under a hash of its device's serial number.
//! Which devices have one stands, without a secret, in a small file beside the index; when that is
//! lost, `list` knows less, and nothing else changes.

use std::collections::BTreeMap;
use std::path::PathBuf;

use chrono::{DateTime, Utc};
use ring::digest::{SHA256, digest};
use secrecy::{ExposeSecret, SecretString};
use serde::{Deserialize, Serialize};

use super::choice::Stores;
use super::{SecretStore, StoreError, StoreName, index};
use crate::aws::totp::Seed;
use crate::error::{Error, Kind, Result};
use crate::system::digest::hex;
use crate::system::report::Report;

/// What is known of a kept seed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Record {
    pub store: String,
    pub added_at: DateTime<Utc>,
}

/// Records by serial number.
pub type Records = BTreeMap<String, Record>;

pub struct StoredSeeds<'a> {
    pub open: Box<dyn Fn(StoreName) -> Box<dyn SecretStore + 'a> + 'a>,
    /// What was typed or set for sessions and seeds alike.
    pub chosen: Option<StoreName>,
    pub records: Option<PathBuf>,
    /// Whether a person is there to unlock a store.
    pub person: bool,
    pub report: &'a dyn Report,
}

/// Returns whether a store keeps what must survive a reboot.
pub fn keeps_seeds(store: StoreName) -> bool {
    matches!(store, StoreName::Keyring | StoreName::File)
}

/// The name of a device's seed in every store.
fn key(serial: &str) -> String {
    format!("mfa-{}", hex(digest(&SHA256, serial.as_bytes()).as_ref()))
}

impl StoredSeeds<'_> {
    /// Returns which devices have a seed, as far as is known without asking a store.
    pub fn records(&self) -> Records {
        self.records.as_deref().map(index::read_as).unwrap_or_default()
    }

    /// Returns the stores in which a device's seed may be, the likeliest first, and whether the
    /// first is the one on record.
    fn places(&self, serial: &str) -> (Vec<StoreName>, bool) {
        let recorded = self
            .records()
            .get(serial)
            .and_then(|record| StoreName::parse(&record.store))
            .filter(|name| keeps_seeds(*name));
        let others = match self.chosen {
            Some(StoreName::None) => return (Vec::new(), false),
            Some(name) if keeps_seeds(name) => vec![name],
            _ => vec![StoreName::Keyring, StoreName::File],
        };
        let places = recorded
            .into_iter()
            .chain(others.into_iter().filter(|name| Some(*name) != recorded))
            .collect();
        (places, recorded.is_some())
    }

    fn store(&self, name: StoreName, person: bool) -> Stores<'_> {
        Stores::new(vec![(self.open)(name)], self.report, person)
    }

    /// Looks for a device's seed when a code is due. A store that fails is a warning where the seed
    /// should be, and a miss elsewhere.
    pub fn find(&self, serial: &str, now: DateTime<Utc>) -> Option<Seed> {
        let (places, mut recorded) = self.places(serial);
        for name in places {
            let store = self.store(name, self.person && recorded);
            match store.get(&key(serial)) {
                Ok(Some(text)) => match Seed::parse(text.expose_secret(), serial) {
                    Ok(seed) => {
                        if !recorded {
                            self.record(serial, name, now);
                        }
                        return Some(seed);
                    }
                    Err(what) => self.report.warn(&format!(
                        "the MFA seed of {serial} in the store {} cannot be used ({what}); add it anew: rolecall keys mfa add {serial} --force",
                        store.name()
                    )),
                },
                Ok(None) => {}
                Err(error) if recorded => {
                    self.report.warn(&format!("the store {} did not give the MFA seed of {serial}: {error}", store.name()));
                }
                Err(error) => self.report.decided(&|| format!("the store {} was not asked for an MFA seed: {error}", store.name())),
            }
            recorded = false;
        }
        None
    }

    /// Looks for a seed that a new one would replace, in the store where that is to go and the one
    /// on record.
    pub fn existing(&self, serial: &str, target: StoreName) -> Result<Option<Seed>> {
        let (places, recorded) = self.places(serial);
        let elsewhere = places.first().filter(|name| recorded && **name != target);
        for name in std::iter::once(&target).chain(elsewhere) {
            let store = self.store(*name, self.person);
            let kept = store.get(&key(serial)).map_err(|error| {
                failed_to_add(
                    &error,
                    format!(
                        "the store {} cannot be asked for the MFA seed of {serial}",
                        store.name()
                    ),
                    *name,
                    serial,
                )
            })?;
            // Garbage under our name is nothing to lose.
            if let Some(seed) = kept.and_then(|text| Seed::parse(text.expose_secret(), serial).ok())
            {
                return Ok(Some(seed));
            }
        }
        Ok(None)
    }

    /// Keeps a device's seed in one store, and in no other.
    pub fn put(
        &self,
        serial: &str,
        seed: &Seed,
        target: StoreName,
        now: DateTime<Utc>,
    ) -> Result<()> {
        let store = self.store(target, self.person);
        let secret = SecretString::from(seed.uri().as_str());
        store
            .put(&key(serial), &format!("rolecall: MFA seed of {serial}"), &secret, None)
            .map_err(|error| {
                failed_to_add(
                    &error,
                    format!(
                        "the MFA seed of {serial} could not be kept in the store {}",
                        store.name()
                    ),
                    target,
                    serial,
                )
            })?;
        if let Some(before) = self
            .records()
            .get(serial)
            .and_then(|record| StoreName::parse(&record.store))
            .filter(|b| *b != target)
        {
            if let Err(error) = self.store(before, self.person).delete(&key(serial)) {
                self.report.warn(&format!(
                    "the seed of {serial} that was kept before could not be removed: {error}"
                ));
            }
        }
        self.record(serial, target, now);
        Ok(())
    }

    /// Forgets a device's seed in the stores that may have it; returns whether one did.
    pub fn remove(&self, serial: &str) -> Result<bool> {
        let (places, mut recorded) = self.places(serial);
        let mut found = false;
        for name in places {
            let store = self.store(name, self.person);
            let removed = match if recorded {
                Ok(true)
            } else {
                store.get(&key(serial)).map(|secret| secret.is_some())
            } {
                Ok(there) => store.delete(&key(serial)).map(|()| there),
                // It is there, and nobody has to read it.
                Err(StoreError::Passphrase(_)) => store.delete(&key(serial)).map(|()| true),
                // Where there is no such store there is no seed.
                Err(StoreError::Unavailable(_)) if self.chosen != Some(name) => Ok(false),
                Err(error) => Err(error),
            };
            found |= removed.map_err(|error| {
                failed(
                    &error,
                    format!(
                        "the MFA seed of {serial} could not be removed from the store {}",
                        store.name()
                    ),
                    name,
                )
            })?;
            recorded = false;
        }
        self.update(|records| drop(records.remove(serial)));
        Ok(found)
    }

    fn record(&self, serial: &str, store: StoreName, added_at: DateTime<Utc>) {
        let store = (self.open)(store).name().to_owned();
        self.update(|records| drop(records.insert(serial.to_owned(), Record { store, added_at })));
    }

    fn update(&self, change: impl FnOnce(&mut Records)) {
        let Some(path) = &self.records else { return };
        if let Err(error) = index::Index::lock(path).update(change) {
            self.report.decided(&|| format!("{} could not be written: {error}", path.display()));
        }
    }
}

fn failed(error: &StoreError, what: String, store: StoreName) -> Error {
    let hint = match (store, error) {
        (_, StoreError::Passphrase(_)) => "give the passphrase: export ROLECALL_FILE_PASSPHRASE",
        (StoreName::Keyring, _) => {
            "start or unlock your keyring, and look at it: rolecall doctor --store keyring"
        }
        _ => "look at it: rolecall doctor --store file",
    };
    Error::new(Kind::Store, what).cause(error.to_string()).hint(hint)
}

/// The way out when a new seed cannot go where it was to go.
fn failed_to_add(error: &StoreError, what: String, store: StoreName, serial: &str) -> Error {
    let failed = failed(error, what, store);
    match store {
        StoreName::Keyring => failed.hint(format!(
            "use encrypted files instead: rolecall keys mfa add {serial} --store file"
        )),
        _ => failed,
    }
}
