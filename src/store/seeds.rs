//! TOTP seeds in the store: each an `otpauth://` URI under a hash of its device's serial number.
//! Which devices have one stands, without a secret, in a small file beside the index; when that is
//! lost, `list` knows less, and nothing else changes.

use std::collections::BTreeMap;

use chrono::{DateTime, Utc};
use secrecy::{ExposeSecret, SecretString};
use serde::{Deserialize, Serialize};

use crate::aws::names::MfaSerial;
use crate::aws::totp::Seed;
use crate::error::{Error, Kind, Result};
use crate::hint;
use crate::store::choice::Stores;
use crate::store::error::StoreError;
use crate::store::remedy::remedy;
use crate::store::secret_store::{NewEntry, SecretStore, UnlockPolicy};
use crate::store::store_name::StoreName;
use crate::system::report::Report;
use crate::system::state_file::StateFile;

/// What is known of a stored seed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Record {
    pub store: String,
    pub added_at: DateTime<Utc>,
}

/// Records by serial number.
pub type Records = BTreeMap<String, Record>;

/// The seeds in the stores. A call blocks for as long as those of the stores that it asks do.
pub struct StoredSeeds<'a> {
    pub open: Box<dyn Fn(StoreName) -> Box<dyn SecretStore + 'a> + 'a>,
    /// What was typed or set for sessions and seeds alike.
    pub chosen: Option<StoreName>,
    pub records: Option<StateFile<Records>>,
    pub unlock: UnlockPolicy,
    pub report: &'a dyn Report,
}

impl StoredSeeds<'_> {
    /// Returns which devices have a seed, as far as is known without asking a store.
    pub fn records(&self) -> Records {
        self.records.as_ref().map(StateFile::read).unwrap_or_default()
    }

    /// Returns the store that is on record for a device's seed.
    fn recorded(&self, serial: &MfaSerial) -> Option<StoreName> {
        StoreName::parse(&self.records().get(serial.as_str())?.store)
            .filter(|name| name.takes_long_lived_secrets())
    }

    /// Returns the stores in which a device's seed may be, first the one on record.
    fn places(&self, serial: &MfaSerial) -> Vec<StoreName> {
        let others = match self.chosen {
            Some(StoreName::None) => return Vec::new(),
            Some(name) if name.takes_long_lived_secrets() => vec![name],
            _ => vec![StoreName::Keyring, StoreName::File],
        };
        let recorded = self.recorded(serial);
        recorded
            .into_iter()
            .chain(others.into_iter().filter(|name| Some(*name) != recorded))
            .collect()
    }

    fn store(&self, name: StoreName, unlock: UnlockPolicy) -> Stores<'_> {
        Stores::new(vec![(self.open)(name)], self.report, unlock)
    }

    /// Looks for a device's seed when a code is due. A store that fails is a warning where the seed
    /// should be, and a miss elsewhere, where nobody is asked to unlock it.
    ///
    /// # Errors
    /// An interruption.
    pub fn find(&self, serial: &MfaSerial, now: DateTime<Utc>) -> Result<Option<Seed>> {
        let recorded = self.recorded(serial);
        for name in self.places(serial) {
            let is_recorded = recorded == Some(name);
            let unlock = if is_recorded { self.unlock } else { UnlockPolicy::Never };
            let found = match self.store(name, unlock).get(&serial.into()) {
                Ok(found) => found,
                Err(error) => {
                    let error = error.unless_interrupted()?;
                    if is_recorded {
                        self.report.warn(&format!(
                            "the store {name} did not give the MFA seed of {serial}: {error}"
                        ));
                    } else {
                        self.report.decided(&|| {
                            format!("the store {name} was not asked for an MFA seed: {error}")
                        });
                    }
                    continue;
                }
            };
            match found.map(|text| Seed::parse(text.expose_secret(), serial.as_str())) {
                Some(Ok(seed)) => {
                    if !is_recorded {
                        self.record(serial, name, now);
                    }
                    return Ok(Some(seed));
                }
                Some(Err(what)) => self.report.warn(&format!(
                    "the MFA seed of {serial} in the store {name} cannot be used ({what}); add it \
                     anew: rolecall keys mfa add {serial} --force"
                )),
                None => {}
            }
        }
        Ok(None)
    }

    /// Looks for a seed that a new one would replace, in the store where that is to go and the one
    /// on record.
    ///
    /// # Errors
    /// That of a store that cannot be asked, or an interruption.
    pub fn existing(&self, serial: &MfaSerial, target: StoreName) -> Result<Option<Seed>> {
        let elsewhere = self.recorded(serial).filter(|name| *name != target);
        for name in std::iter::once(target).chain(elsewhere) {
            let found = self.store(name, self.unlock).get(&serial.into()).map_err(|error| {
                let what = format!("the store {name} cannot be asked for the MFA seed of {serial}");
                failed_to_add(error, what, name, serial)
            })?;
            // Garbage under our name is nothing to lose.
            let seed = found.map(|text| Seed::parse(text.expose_secret(), serial.as_str()));
            if let Some(Ok(seed)) = seed {
                return Ok(Some(seed));
            }
        }
        Ok(None)
    }

    /// Writes a device's seed into one store, and deletes it from the one where it was before.
    ///
    /// # Errors
    /// When the store does not take it, or an interruption.
    pub fn put(
        &self,
        serial: &MfaSerial,
        seed: &Seed,
        target: StoreName,
        now: DateTime<Utc>,
    ) -> Result<()> {
        let secret = SecretString::from(seed.uri().as_str());
        let label = format!("rolecall: MFA seed of {serial}");
        let entry = NewEntry { label: &label, secret: &secret, expires_at: None };
        self.store(target, self.unlock).put(&serial.into(), &entry).map_err(|error| {
            let what = format!("the MFA seed of {serial} could not be kept in the store {target}");
            failed_to_add(error, what, target, serial)
        })?;
        if let Some(before) = self.recorded(serial).filter(|before| *before != target) {
            if let Err(error) = self.store(before, self.unlock).delete(&serial.into()) {
                self.report.warn(&format!(
                    "the seed of {serial} that was kept before could not be removed: {error}"
                ));
            }
        }
        self.record(serial, target, now);
        Ok(())
    }

    /// Deletes a device's seed from the stores that may have it; returns whether one did.
    ///
    /// # Errors
    /// That of the first store that fails, or an interruption.
    pub fn remove(&self, serial: &MfaSerial) -> Result<bool> {
        let recorded = self.recorded(serial);
        let mut found = false;
        for name in self.places(serial) {
            let removed = if recorded == Some(name) {
                self.store(name, self.unlock).delete(&serial.into()).map(|()| true)
            } else {
                self.remove_if_there(name, serial)
            };
            found |= removed.map_err(|error| {
                let what =
                    format!("the MFA seed of {serial} could not be removed from the store {name}");
                failed(error, what, name)
            })?;
        }
        self.update(|records| drop(records.remove(serial.as_str())));
        Ok(found)
    }

    fn remove_if_there(&self, name: StoreName, serial: &MfaSerial) -> Result<bool, StoreError> {
        let store = self.store(name, self.unlock);
        let entry = serial.into();
        match store.get(&entry) {
            Ok(seed) => store.delete(&entry).map(|()| seed.is_some()),
            // It is there, and nobody has to read it.
            Err(StoreError::Passphrase(_)) => store.delete(&entry).map(|()| true),
            // Where there is no such store there is no seed.
            Err(StoreError::Unavailable(_)) if self.chosen != Some(name) => Ok(false),
            Err(error) => Err(error),
        }
    }

    fn record(&self, serial: &MfaSerial, store: StoreName, added_at: DateTime<Utc>) {
        let store = store.to_string();
        self.update(|records| drop(records.insert(serial.to_string(), Record { store, added_at })));
    }

    fn update(&self, change: impl FnOnce(&mut Records)) {
        let Some(file) = &self.records else { return };
        if let Err(error) = file.update(change) {
            let path = file.path().display();
            self.report.decided(&|| format!("{path} could not be written: {error}"));
        }
    }
}

fn failed(error: StoreError, what: String, store: StoreName) -> Error {
    let hint = match (store, &error) {
        (_, StoreError::Interrupted) => return Error::interrupted(),
        (_, StoreError::Passphrase(_)) => hint::give_passphrase(),
        (StoreName::Keyring, _) => {
            let remedy = remedy("keyring", &error);
            format!("{remedy}, and look at it: rolecall doctor --store keyring")
        }
        _ => "look at it: rolecall doctor --store file".to_owned(),
    };
    Error::store(what).caused_by(error).hint(hint)
}

/// The way out when a new seed cannot go where it was to go.
fn failed_to_add(error: StoreError, what: String, store: StoreName, serial: &MfaSerial) -> Error {
    let failed = failed(error, what, store);
    match store {
        StoreName::Keyring if failed.kind() == Kind::Store => failed.hint(format!(
            "use encrypted files instead: rolecall keys mfa add {serial} --store file"
        )),
        _ => failed,
    }
}
