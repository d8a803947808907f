//! Long-lived secrets in the stores: seeds of MFA devices and access keys. Which there are stands,
//! without a secret, in a small file for each kind beside the index; when that is lost, `list` knows
//! less, and nothing else changes.

use std::collections::BTreeMap;
use std::fmt::Display;

use chrono::{DateTime, Utc};
use secrecy::{ExposeSecret, SecretString};
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

use crate::error::{Error, Kind, Result};
use crate::hint;
use crate::store::choice::Stores;
use crate::store::entry_name::EntryName;
use crate::store::error::StoreError;
use crate::store::remedy::remedy;
use crate::store::secret_store::{NewEntry, SecretStore, UnlockPolicy};
use crate::store::store_name::StoreName;
use crate::system::report::Report;
use crate::system::state_file::StateFile;

/// A kind of long-lived secret.
pub trait LongLived: Sized {
    /// What tells one from the others.
    type Name: Display;
    /// What is recorded of one beside its store and its age.
    type Facts: Clone + Default + Serialize + DeserializeOwned;

    /// Returns what a secret is, for a message: `the MFA seed of …`.
    fn title(name: &Self::Name) -> String;
    /// Returns what a keyring manager shows.
    fn label(name: &Self::Name) -> String;
    fn entry(name: &Self::Name) -> EntryName;
    /// Returns the command that stores it in place of what cannot be read.
    fn add_anew(name: &Self::Name) -> String;
    /// Returns the command that leads around a keyring that does not take it.
    fn use_files(name: &Self::Name) -> String;

    /// Reads what lies in a store.
    ///
    /// # Errors
    /// What is wrong with it, without a word of it.
    fn parse(text: &str, name: &Self::Name) -> Result<Self, String>;
    fn to_secret(&self) -> SecretString;
}

/// What is known of a stored secret.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Record<F> {
    pub store: String,
    pub added_at: DateTime<Utc>,
    #[serde(flatten)]
    pub facts: F,
}

/// Records by the names of the secrets.
pub type Records<F> = BTreeMap<String, Record<F>>;

/// A store that did not give a secret.
pub struct StoreFailure {
    pub store: StoreName,
    /// Whether the secret is on record there.
    pub is_recorded: bool,
    pub error: StoreError,
}

/// The secrets of one kind in the stores. A call blocks for as long as those of the stores that it
/// asks do.
pub struct LongLivedSecrets<'a, S: LongLived> {
    pub open: Box<dyn Fn(StoreName) -> Box<dyn SecretStore + 'a> + 'a>,
    /// What was typed or set for sessions and long-lived secrets alike.
    pub chosen: Option<StoreName>,
    pub records: Option<StateFile<Records<S::Facts>>>,
    pub unlock: UnlockPolicy,
    pub report: &'a dyn Report,
}

impl<S: LongLived> LongLivedSecrets<'_, S> {
    /// Returns which secrets there are, as far as is known without asking a store.
    pub fn records(&self) -> Records<S::Facts> {
        self.records.as_ref().map(StateFile::read).unwrap_or_default()
    }

    /// Returns the store that is on record for a secret.
    pub fn recorded(&self, name: &S::Name) -> Option<StoreName> {
        StoreName::parse(&self.records().get(&name.to_string())?.store)
            .filter(|name| name.takes_long_lived_secrets())
    }

    /// Returns the stores in which a secret may be, first the one on record.
    fn places(&self, name: &S::Name) -> Vec<StoreName> {
        let others = match self.chosen {
            Some(StoreName::None) => return Vec::new(),
            Some(store) if store.takes_long_lived_secrets() => vec![store],
            _ => vec![StoreName::Keyring, StoreName::File],
        };
        let recorded = self.recorded(name);
        recorded
            .into_iter()
            .chain(others.into_iter().filter(|store| Some(*store) != recorded))
            .collect()
    }

    fn store(&self, name: StoreName, unlock: UnlockPolicy) -> Stores<'_> {
        Stores::new(vec![(self.open)(name)], self.report, unlock)
    }

    /// Looks for a secret. A store that fails is told to `failed`; only where the secret is on
    /// record is anybody asked to unlock it. One that cannot be read is a warning and a miss.
    ///
    /// # Errors
    /// An interruption.
    pub fn look_up(
        &self,
        name: &S::Name,
        now: DateTime<Utc>,
        mut failed: impl FnMut(StoreFailure),
    ) -> Result<Option<S>> {
        let recorded = self.recorded(name);
        for store in self.places(name) {
            let is_recorded = recorded == Some(store);
            let unlock = if is_recorded { self.unlock } else { UnlockPolicy::Never };
            let found = match self.store(store, unlock).get(&S::entry(name)) {
                Ok(found) => found,
                Err(error) => {
                    let error = error.unless_interrupted()?;
                    failed(StoreFailure { store, is_recorded, error });
                    continue;
                }
            };
            match found.map(|text| S::parse(text.expose_secret(), name)) {
                Some(Ok(secret)) => {
                    if !is_recorded {
                        self.record(name, store, now, S::Facts::default());
                    }
                    return Ok(Some(secret));
                }
                Some(Err(what)) => self.report.warn(&format!(
                    "{} in the store {store} cannot be used ({what}); add it anew: {}",
                    S::title(name),
                    S::add_anew(name)
                )),
                None => {}
            }
        }
        Ok(None)
    }

    /// Returns a secret; `None` when no store has it.
    ///
    /// # Errors
    /// Where the store that has it on record, or in its absence any other, does not answer, and none
    /// gives it; an interruption.
    pub fn get(&self, name: &S::Name, now: DateTime<Utc>) -> Result<Option<S>> {
        let mut failures = Vec::new();
        let found = self.look_up(name, now, |failure| failures.push(failure))?;
        let recorded = failures.iter().position(|failure| failure.is_recorded);
        let failure = match (found, recorded) {
            (Some(secret), _) => return Ok(Some(secret)),
            (None, Some(at)) => failures.swap_remove(at),
            // A store that is not there is where nothing was put.
            (None, None) if self.records().contains_key(&name.to_string()) => return Ok(None),
            (None, None) => match failures.into_iter().next() {
                Some(failure) => failure,
                None => return Ok(None),
            },
        };
        let what = format!("the store {} did not give {}", failure.store, S::title(name));
        Err(failed(failure.error, what, failure.store))
    }

    /// Looks for a secret that a new one would replace, in the store where that is to go and the one
    /// on record.
    ///
    /// # Errors
    /// That of a store that cannot be asked, or an interruption.
    pub fn existing(&self, name: &S::Name, target: StoreName) -> Result<Option<S>> {
        let elsewhere = self.recorded(name).filter(|store| *store != target);
        for store in std::iter::once(target).chain(elsewhere) {
            if let Some(secret) = self.existing_in(name, store)? {
                return Ok(Some(secret));
            }
        }
        Ok(None)
    }

    /// Looks for a secret that a new one would replace, in the store where that is to go alone.
    ///
    /// # Errors
    /// As [`Self::existing`].
    pub fn existing_in(&self, name: &S::Name, store: StoreName) -> Result<Option<S>> {
        let found = self.store(store, self.unlock).get(&S::entry(name)).map_err(|error| {
            let what = format!("the store {store} cannot be asked for {}", S::title(name));
            failed_to_add::<S>(error, what, store, name)
        })?;
        // Garbage under our name is nothing to lose.
        Ok(found.and_then(|text| S::parse(text.expose_secret(), name).ok()))
    }

    /// Writes a secret into one store, and deletes it from the one where it was before.
    ///
    /// # Errors
    /// When the store does not take it, or an interruption.
    pub fn put(
        &self,
        name: &S::Name,
        secret: &S,
        target: StoreName,
        (now, facts): (DateTime<Utc>, S::Facts),
    ) -> Result<()> {
        let (label, entry_name) = (S::label(name), S::entry(name));
        let entry = NewEntry { label: &label, secret: &secret.to_secret(), expires_at: None };
        self.store(target, self.unlock).put(&entry_name, &entry).map_err(|error| {
            let what = format!("{} could not be kept in the store {target}", S::title(name));
            failed_to_add::<S>(error, what, target, name)
        })?;
        if let Some(before) = self.recorded(name).filter(|before| *before != target) {
            if let Err(error) = self.store(before, self.unlock).delete(&entry_name) {
                self.report.warn(&format!(
                    "{} that was kept before could not be removed: {error}",
                    S::title(name)
                ));
            }
        }
        self.record(name, target, now, facts);
        Ok(())
    }

    /// Deletes a secret from the stores that may have it; returns whether one did.
    ///
    /// # Errors
    /// That of the first store that fails, or an interruption.
    pub fn remove(&self, name: &S::Name) -> Result<bool> {
        let recorded = self.recorded(name);
        let mut found = false;
        for store in self.places(name) {
            let removed = if recorded == Some(store) {
                self.store(store, self.unlock).delete(&S::entry(name)).map(|()| true)
            } else {
                self.remove_if_there(store, name)
            };
            found |= removed.map_err(|error| {
                let what =
                    format!("{} could not be removed from the store {store}", S::title(name));
                failed(error, what, store)
            })?;
        }
        self.update(|records| drop(records.remove(&name.to_string())));
        Ok(found)
    }

    fn remove_if_there(&self, name: StoreName, secret: &S::Name) -> Result<bool, StoreError> {
        let store = self.store(name, self.unlock);
        let entry = S::entry(secret);
        match store.get(&entry) {
            Ok(secret) => store.delete(&entry).map(|()| secret.is_some()),
            // It is there, and nobody has to read it.
            Err(StoreError::Passphrase(_)) => store.delete(&entry).map(|()| true),
            // Where there is no such store there is no secret.
            Err(StoreError::Unavailable(_)) if self.chosen != Some(name) => Ok(false),
            Err(error) => Err(error),
        }
    }

    fn record(&self, name: &S::Name, store: StoreName, added_at: DateTime<Utc>, facts: S::Facts) {
        let record = Record { store: store.to_string(), added_at, facts };
        self.update(|records| drop(records.insert(name.to_string(), record)));
    }

    /// Changes the records. One that cannot be written costs the list, and nothing else.
    pub fn update(&self, change: impl FnOnce(&mut Records<S::Facts>)) {
        let Some(file) = &self.records else { return };
        if let Err(error) = file.update(change) {
            let path = file.path().display();
            self.report.decided(&|| format!("{path} could not be written: {error}"));
        }
    }
}

/// Returns the error about a store that did not do its part.
pub fn failed(error: StoreError, what: String, store: StoreName) -> Error {
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

/// The way out when a new secret cannot go where it was to go.
fn failed_to_add<S: LongLived>(
    error: StoreError,
    what: String,
    store: StoreName,
    name: &S::Name,
) -> Error {
    let failed = failed(error, what, store);
    match store {
        StoreName::Keyring if failed.kind() == Kind::Store => {
            failed.hint(format!("use encrypted files instead: {}", S::use_files(name)))
        }
        _ => failed,
    }
}
