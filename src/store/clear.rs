//! Forgetting sessions wherever they are kept. The index alone does not tell: it may be lost, and a
//! store that once did not answer was passed over for the next.

use std::cell::Cell;
use std::collections::BTreeSet;
use std::path::PathBuf;

use super::index::{self, Entries};
use super::{SecretStore, StoreError};
use crate::chain::session_key;
use crate::system::clock::Clock;
use crate::system::report::Report;

/// Which sessions are to be forgotten.
#[derive(Debug)]
pub enum Which {
    /// All that there are; nothing else that the stores hold.
    All,
    /// Those of these keys.
    Keys(BTreeSet<String>),
}

impl Which {
    fn holds(&self, key: &str) -> bool {
        match self {
            Self::All => session_key::is_key(key),
            Self::Keys(keys) => keys.contains(key),
        }
    }
}

pub struct Clearing<'a> {
    pub stores: Vec<Box<dyn SecretStore + 'a>>,
    pub index: Option<PathBuf>,
    pub clock: &'a dyn Clock,
    pub report: &'a dyn Report,
    /// Whether a person is there to unlock a store; asked once.
    pub person: Cell<bool>,
}

/// What came of it.
#[derive(Debug, Default)]
pub struct Cleared {
    pub sessions: BTreeSet<String>,
    /// The stores that may still hold some, and why.
    pub left: Vec<(&'static str, StoreError)>,
}

impl Clearing<'_> {
    pub fn clear(&self, which: &Which) -> Cleared {
        let known = self.index.as_deref().map(index::read).unwrap_or_default();
        let mut cleared = Cleared::default();
        for store in &self.stores {
            let (store, name) = (store.as_ref(), store.name());
            let Err(failure) = self.clear_store(store, which, &known, &mut cleared.sessions) else {
                continue;
            };
            let noted = known.iter().any(|(key, entry)| {
                entry.store == name && entry.expires_at > self.clock.now() && which.holds(key)
            });
            match (&failure.error, which) {
                // There is no such store, and nothing says that there was.
                (StoreError::Unavailable(_), _) if !noted && !failure.certain => {
                    self.report
                        .decided(&|| format!("the store {name} holds nothing: {}", failure.error));
                }
                (StoreError::TimedOut(_), Which::Keys(_)) if !noted => {
                    self.report.warn(&format!(
                        "the store {name} could not be looked into: {}",
                        failure.error
                    ));
                }
                _ => cleared.left.push((name, failure.error)),
            }
        }
        self.forget(which, &known, &cleared);
        cleared
    }

    /// Clears one store; a person who is there may unlock it first.
    fn clear_store(
        &self,
        store: &dyn SecretStore,
        which: &Which,
        known: &Entries,
        cleared: &mut BTreeSet<String>,
    ) -> Result<(), Failure> {
        let attempt = clear_unlocked(store, which, known, cleared);
        match &attempt {
            Err(Failure { error: StoreError::Locked(_), .. }) if self.person.replace(false) => {
                self.report.note(&format!("the {} is locked: answer its dialog", store.name()));
                // Locked again, it is treated like one that was never asked about.
                let _ = store.unlock();
                clear_unlocked(store, which, known, cleared)
            }
            _ => attempt,
        }
    }

    /// Takes out of the index what is gone, but not what was kept anew meanwhile.
    fn forget(&self, which: &Which, known: &Entries, cleared: &Cleared) {
        let Some(path) = self.index.as_deref() else { return };
        let due = match which {
            // One that cannot be read is begun anew.
            Which::All => path.exists(),
            Which::Keys(keys) => known.keys().any(|key| keys.contains(key)),
        };
        if !due {
            return;
        }
        let left = |store: &str| cleared.left.iter().any(|(name, _)| *name == store);
        let gone = |key: &str| matches!(which, Which::All) || which.holds(key);
        let updated = index::Index::lock(path).update(|entries: &mut index::Entries| {
            entries.retain(|key, entry| {
                !gone(key) || known.get(key) != Some(entry) || left(&entry.store)
            });
        });
        if let Err(error) = updated {
            self.report.warn(&format!(
                "the index {} may still name what is gone: {error}",
                path.display()
            ));
        }
    }
}

/// Why a store may still hold something; `certain` when it does.
struct Failure {
    error: StoreError,
    certain: bool,
}

/// Deletes one by one; a failure keeps none of the others from it.
fn clear_unlocked(
    store: &dyn SecretStore,
    which: &Which,
    known: &Entries,
    cleared: &mut BTreeSet<String>,
) -> Result<(), Failure> {
    let keys = match which {
        Which::Keys(keys) => keys.clone(),
        Which::All => {
            let listed = store.keys().map_err(|error| Failure { error, certain: false })?;
            let noted = known
                .iter()
                .filter(|(_, entry)| entry.store == store.name())
                .map(|(key, _)| key.clone());
            listed.into_iter().chain(noted).filter(|key| which.holds(key)).collect()
        }
    };
    let mut outcome = Ok(());
    for key in keys {
        match store.delete(&key) {
            Ok(true) => drop(cleared.insert(key)),
            Ok(false) => {}
            Err(error) => {
                outcome = outcome.and(Err(Failure { error, certain: matches!(which, Which::All) }));
            }
        }
    }
    outcome
}
