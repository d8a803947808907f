//! Which store is used: the one that was chosen, or the first that works.

use std::cell::Cell;

use secrecy::SecretString;

use super::{SecretStore, StoreError};
use crate::system::report::Report;

/// The stores by the names that users give them.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum, serde::Serialize, serde::Deserialize,
)]
#[serde(rename_all = "lowercase")]
pub enum StoreName {
    Keyring,
    Keyutils,
    File,
    None,
}

impl StoreName {
    /// Returns the name that a user types.
    pub fn name(self) -> &'static str {
        match self {
            Self::Keyring => "keyring",
            Self::Keyutils => "keyutils",
            Self::File => "file",
            Self::None => "none",
        }
    }

    pub fn parse(name: &str) -> Option<Self> {
        <Self as clap::ValueEnum>::from_str(name, true).ok()
    }
}

/// Stores in the order in which they are tried; one that does not work is not asked again by this
/// process.
pub struct Stores<'a> {
    pub order: Vec<Box<dyn SecretStore + 'a>>,
    pub report: &'a dyn Report,
    /// The first store that may still work.
    first: Cell<usize>,
    /// Whether a person is there to unlock a store; asked once.
    person: Cell<bool>,
}

impl<'a> Stores<'a> {
    pub fn new(
        order: Vec<Box<dyn SecretStore + 'a>>,
        report: &'a dyn Report,
        person: bool,
    ) -> Self {
        Self { order, report, first: Cell::new(0), person: Cell::new(person) }
    }

    fn attempt<T>(
        &self,
        operation: impl Fn(&dyn SecretStore) -> Result<T, StoreError>,
    ) -> Result<T, StoreError> {
        loop {
            let at = self.first.get();
            let Some(store) = self.order.get(at) else {
                return Err(StoreError::Unavailable("there is no store that works".to_owned()));
            };
            match operation(store.as_ref()) {
                Err(StoreError::Locked(_)) if self.person.replace(false) => {
                    self.report.note(&format!(
                        "the {} is locked: answer its dialog, or go on without it by Ctrl-C and --store none",
                        store.name()
                    ));
                    // Locked again, it is treated like one that was never asked about.
                    let _ = store.unlock();
                }
                Err(
                    error @ (StoreError::Unavailable(_)
                    | StoreError::TimedOut(_)
                    | StoreError::Locked(_)),
                ) if at + 1 < self.order.len() => {
                    let what = || {
                        format!(
                            "the store {} cannot be used ({error}); trying {}",
                            store.name(),
                            self.order[at + 1].name()
                        )
                    };
                    // A locked keyring is for its user to unlock; that there is none is no news.
                    match error {
                        StoreError::Locked(_) => self.report.warn(&what()),
                        _ => self.report.decided(&what),
                    }
                    self.first.set(at + 1);
                }
                other => return other,
            }
        }
    }

    /// Returns the name of the store in use.
    pub fn name(&self) -> &'static str {
        self.order.get(self.first.get()).map_or("none", |store| store.name())
    }

    /// Looks in the store in use; on a miss also in those behind it, which may have served while it
    /// was locked.
    pub fn get(&self, key: &str) -> Result<Option<SecretString>, StoreError> {
        match self.attempt(|store| store.get(key))? {
            Some(secret) => Ok(Some(secret)),
            None => Ok(self
                .order
                .iter()
                .skip(self.first.get() + 1)
                .find_map(|store| store.get(key).ok().flatten())),
        }
    }

    pub fn put(
        &self,
        key: &str,
        label: &str,
        secret: &SecretString,
        expires_at: Option<i64>,
    ) -> Result<(), StoreError> {
        self.attempt(|store| store.put(key, label, secret, expires_at))
    }

    /// Forgets in the store in use and in those behind it; one that does not answer keeps none of
    /// the others from it.
    pub fn delete(&self, key: &str) -> Result<(), StoreError> {
        let stores = self.order.iter().skip(self.first.get());
        stores.map(|store| store.delete(key).map(drop)).fold(Ok(()), Result::and)
    }
}
