//! Which store is used: the one that was chosen, or the first that works.

use std::cell::Cell;
use std::fmt;

use clap::builder::{EnumValueParser, TypedValueParser, ValueParser, ValueParserFactory};
use secrecy::SecretString;

use crate::store::entry_name::EntryName;
use crate::store::error::StoreError;
use crate::store::secret_store::{SecretStore, UnlockPolicy};
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

    /// Refuses a store that this build does not have, with a sentence that says so.
    pub fn available(self) -> Result<Self, &'static str> {
        match self {
            Self::File if !cfg!(feature = "file-store") => Err(
                "this build has no store `file`: it was made without the cargo feature file-store",
            ),
            name => Ok(name),
        }
    }

    /// Returns whether the store takes what must survive a reboot: seeds.
    pub fn takes_long_lived_secrets(self) -> bool {
        matches!(self, Self::Keyring | Self::File)
    }
}

impl fmt::Display for StoreName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

impl ValueParserFactory for StoreName {
    type Parser = ValueParser;

    fn value_parser() -> ValueParser {
        EnumValueParser::<Self>::new().try_map(Self::available).into()
    }
}

/// Stores in the order in which they are tried; one that does not work is not asked again by this
/// process.
pub struct Stores<'a> {
    pub order: Vec<Box<dyn SecretStore + 'a>>,
    pub report: &'a dyn Report,
    /// The first store that may still work.
    first: Cell<usize>,
    /// A person is asked once.
    unlock: Cell<UnlockPolicy>,
}

impl<'a> Stores<'a> {
    pub fn new(
        order: Vec<Box<dyn SecretStore + 'a>>,
        report: &'a dyn Report,
        unlock: UnlockPolicy,
    ) -> Self {
        Self { order, report, first: Cell::new(0), unlock: Cell::new(unlock) }
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
                Err(StoreError::Locked(_))
                    if self.unlock.replace(UnlockPolicy::Never) == UnlockPolicy::Ask =>
                {
                    self.report.note(&format!(
                        "the {} is locked: answer its dialog, or go on without it by Ctrl-C and --store none",
                        store.name()
                    ));
                    // Any other failure shows again, as that of a store nobody was asked about.
                    if let Err(StoreError::Interrupted) = store.unlock() {
                        return Err(StoreError::Interrupted);
                    }
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
    ///
    /// # Errors
    /// That of the store in use, or an interruption.
    pub fn get(&self, name: &EntryName) -> Result<Option<SecretString>, StoreError> {
        if let Some(secret) = self.attempt(|store| store.get(name))? {
            return Ok(Some(secret));
        }
        for store in self.order.iter().skip(self.first.get() + 1) {
            match store.get(name) {
                Ok(Some(secret)) => return Ok(Some(secret)),
                Err(StoreError::Interrupted) => return Err(StoreError::Interrupted),
                Ok(None) | Err(_) => {}
            }
        }
        Ok(None)
    }

    /// Writes an entry into the store in use; arguments as for `SecretStore::put`.
    ///
    /// # Errors
    /// That of the last store that could be tried.
    pub fn put(
        &self,
        name: &EntryName,
        label: &str,
        secret: &SecretString,
        expires_at: Option<i64>,
    ) -> Result<(), StoreError> {
        self.attempt(|store| store.put(name, label, secret, expires_at))
    }

    /// Deletes an entry from the store in use and from those behind it; one that does not answer
    /// keeps none of the others from it.
    ///
    /// # Errors
    /// That of the first store that failed.
    pub fn delete(&self, name: &EntryName) -> Result<(), StoreError> {
        let stores = self.order.iter().skip(self.first.get());
        stores.map(|store| store.delete(name).map(drop)).fold(Ok(()), Result::and)
    }
}
