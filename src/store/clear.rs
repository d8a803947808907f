//! Deleting sessions wherever they lie. The index alone does not tell: it may be lost, and a store
//! that once did not answer was passed over for the next.

use std::cell::Cell;
use std::collections::BTreeSet;

use crate::chain::session_key::SessionKey;
use crate::error::Result;
use crate::store::entry_name::EntryName;
use crate::store::error::StoreError;
use crate::store::index::{Entries, Index};
use crate::store::secret_store::{SecretStore, UnlockPolicy};
use crate::system::clock::Clock;
use crate::system::report::Report;

/// Which sessions are to be deleted.
#[derive(Debug)]
pub enum Which {
    All,
    Keys(BTreeSet<SessionKey>),
}

impl Which {
    fn holds(&self, key: &SessionKey) -> bool {
        match self {
            Self::All => true,
            Self::Keys(keys) => keys.contains(key),
        }
    }
}

/// Deletes sessions from stores. It names entries by `SessionKey` alone, so that nothing else can be
/// deleted.
pub struct Clearing<'a> {
    pub stores: Vec<Box<dyn SecretStore + 'a>>,
    pub index: Option<Index>,
    pub clock: &'a dyn Clock,
    pub report: &'a dyn Report,
    /// A person is asked once.
    pub unlock: Cell<UnlockPolicy>,
}

/// What came of it.
#[derive(Debug, Default)]
pub struct Cleared {
    pub sessions: BTreeSet<SessionKey>,
    /// The stores that may still hold some, and why.
    pub left: Vec<(&'static str, StoreError)>,
}

impl Clearing<'_> {
    /// Deletes sessions from every store, and from the index what is gone.
    ///
    /// # Errors
    /// An interruption. What a store failed at is part of the result.
    pub fn clear(&self, which: &Which) -> Result<Cleared> {
        let known = self.index.as_ref().map(Index::read).unwrap_or_default();
        let mut cleared = Cleared::default();
        for store in &self.stores {
            if let Err(failure) =
                self.clear_store(store.as_ref(), which, &known, &mut cleared.sessions)
            {
                cleared.left.extend(self.judge(store.name(), failure, which, &known)?);
            }
        }
        self.update_index(which, &known, &cleared);
        Ok(cleared)
    }

    /// Clears one store; a person who is there may unlock it first.
    fn clear_store(
        &self,
        store: &dyn SecretStore,
        which: &Which,
        known: &Entries,
        cleared: &mut BTreeSet<SessionKey>,
    ) -> Result<(), StoreFailure> {
        let attempt = delete_all(store, which, known, cleared);
        match &attempt {
            Err(StoreFailure { error: StoreError::Locked(_), .. })
                if self.unlock.replace(UnlockPolicy::Never) == UnlockPolicy::Ask =>
            {
                let name = store.name();
                let announce =
                    || self.report.note(&format!("the {name} is locked: answer its dialog"));
                // Any other failure shows again, as that of a store nobody was asked about.
                if let Err(error @ StoreError::Interrupted) = store.unlock(&announce) {
                    return Err(StoreFailure { error, certain: false });
                }
                delete_all(store, which, known, cleared)
            }
            _ => attempt,
        }
    }

    /// Returns a store and its failure when it may still hold sessions, and else reports it.
    fn judge(
        &self,
        name: &'static str,
        failure: StoreFailure,
        which: &Which,
        known: &Entries,
    ) -> Result<Option<(&'static str, StoreError)>> {
        let error = failure.error.unless_interrupted()?;
        let now = self.clock.now();
        let noted = known
            .iter()
            .any(|(key, entry)| entry.store == name && entry.expires_at > now && which.holds(key));
        match (&error, which) {
            // There is no such store, and nothing says that there was.
            (StoreError::Unavailable(_), _) if !noted && !failure.certain => {
                self.report.decided(&|| format!("the store {name} holds nothing: {error}"));
                Ok(None)
            }
            (StoreError::TimedOut(_), Which::Keys(_)) if !noted => {
                self.report.warn(&format!("the store {name} could not be looked into: {error}"));
                Ok(None)
            }
            _ => Ok(Some((name, error))),
        }
    }

    /// Takes out of the index what is gone, but not what was cached anew meanwhile.
    fn update_index(&self, which: &Which, known: &Entries, cleared: &Cleared) {
        let Some(index) = &self.index else { return };
        let due = match which {
            // One that cannot be read is begun anew.
            Which::All => index.path().exists(),
            Which::Keys(keys) => known.keys().any(|key| keys.contains(key)),
        };
        if !due {
            return;
        }
        let left = |store: &str| cleared.left.iter().any(|(name, _)| *name == store);
        let updated = index.update(|entries| {
            entries.retain(|key, entry| {
                !which.holds(key) || known.get(key) != Some(entry) || left(&entry.store)
            });
        });
        if let Err(error) = updated {
            self.report.warn(&format!(
                "the index {} may still name what is gone: {error}",
                index.path().display()
            ));
        }
    }
}

/// Why a store may still hold something; `certain` when it does.
struct StoreFailure {
    error: StoreError,
    certain: bool,
}

/// Deletes one by one; a failure keeps none of the others from it.
fn delete_all(
    store: &dyn SecretStore,
    which: &Which,
    known: &Entries,
    cleared: &mut BTreeSet<SessionKey>,
) -> Result<(), StoreFailure> {
    let keys = match which {
        Which::Keys(keys) => keys.clone(),
        Which::All => {
            let names = store.list().map_err(|error| StoreFailure { error, certain: false })?;
            let listed = names.into_iter().filter_map(|name| match name {
                EntryName::Session(key) => Some(key),
                EntryName::MfaSeed(_) | EntryName::LongTermKeys(_) | EntryName::SsoToken(_) => None,
            });
            let noted = known.iter().filter(|(_, entry)| entry.store == store.name());
            listed.chain(noted.map(|(key, _)| key.clone())).collect()
        }
    };
    let mut outcome = Ok(());
    for key in keys {
        match store.delete(&EntryName::from(&key)) {
            Ok(true) => drop(cleared.insert(key)),
            Ok(false) => {}
            Err(error) => {
                outcome =
                    outcome.and(Err(StoreFailure { error, certain: matches!(which, Which::All) }));
            }
        }
    }
    outcome
}

#[cfg(test)]
mod tests {
    use std::cell::RefCell;

    use secrecy::SecretString;

    use super::*;
    use crate::aws::names::MfaSerial;
    use crate::error::Kind;
    use crate::store::secret_store::NewEntry;
    use crate::system::clock::SystemClock;
    use crate::system::report::Silent;

    /// A store by the names that it holds, with the error that its next call gives.
    #[derive(Default)]
    struct FakeStore {
        names: RefCell<BTreeSet<EntryName>>,
        failure: RefCell<Option<StoreError>>,
        unlocking: RefCell<Option<StoreError>>,
    }

    impl SecretStore for &FakeStore {
        fn name(&self) -> &'static str {
            "keyring"
        }
        fn get(&self, _: &EntryName) -> Result<Option<SecretString>, StoreError> {
            panic!("clearing reads no secret")
        }
        fn put(&self, _: &EntryName, _: &NewEntry) -> Result<(), StoreError> {
            panic!("clearing writes no secret")
        }
        fn delete(&self, name: &EntryName) -> Result<bool, StoreError> {
            self.failure.take().map_or_else(|| Ok(self.names.borrow_mut().remove(name)), Err)
        }
        fn list(&self) -> Result<Vec<EntryName>, StoreError> {
            let names = || Ok(self.names.borrow().iter().cloned().collect());
            self.failure.take().map_or_else(names, Err)
        }
        fn probe(&self) -> Result<String, StoreError> {
            Ok(String::new())
        }
        fn unlock(&self, _: &dyn Fn()) -> Result<(), StoreError> {
            self.unlocking.take().map_or(Ok(()), Err)
        }
    }

    fn key(digit: char) -> SessionKey {
        SessionKey::parse(&digit.to_string().repeat(64)).unwrap()
    }

    fn seed() -> EntryName {
        EntryName::from(&MfaSerial::parse("GAHT12345678").unwrap())
    }

    fn store() -> FakeStore {
        let names = [EntryName::from(&key('a')), EntryName::from(&key('b')), seed()];
        FakeStore { names: RefCell::new(names.into()), ..FakeStore::default() }
    }

    fn clear(store: &FakeStore, unlock: UnlockPolicy, which: &Which) -> Result<Cleared> {
        Clearing {
            stores: vec![Box::new(store)],
            index: None,
            clock: &SystemClock,
            report: &Silent,
            unlock: Cell::new(unlock),
        }
        .clear(which)
    }

    #[test]
    fn all_sessions_are_deleted_and_nothing_else() {
        let store = store();
        let cleared = clear(&store, UnlockPolicy::Never, &Which::All).unwrap();
        assert_eq!(cleared.sessions, BTreeSet::from([key('a'), key('b')]));
        assert_eq!(*store.names.borrow(), BTreeSet::from([seed()]));
    }

    #[test]
    fn named_session_is_deleted_and_the_others_stay() {
        let store = store();
        let which = Which::Keys(BTreeSet::from([key('a'), key('c')]));
        let cleared = clear(&store, UnlockPolicy::Never, &which).unwrap();
        assert_eq!(cleared.sessions, BTreeSet::from([key('a')]));
        assert_eq!(*store.names.borrow(), BTreeSet::from([EntryName::from(&key('b')), seed()]));
    }

    #[test]
    fn locked_store_is_cleared_after_its_user_unlocks_it() {
        let store = store();
        store.failure.replace(Some(StoreError::Locked(String::new())));
        let cleared = clear(&store, UnlockPolicy::Ask, &Which::All).unwrap();
        assert_eq!((cleared.sessions.len(), cleared.left.len()), (2, 0));
        store.failure.replace(Some(StoreError::Locked(String::new())));
        let cleared = clear(&store, UnlockPolicy::Never, &Which::All).unwrap();
        assert!(matches!(cleared.left[..], [("keyring", StoreError::Locked(_))]));
    }

    #[test]
    fn interruption_while_a_store_is_unlocked_is_an_error() {
        let store = store();
        store.failure.replace(Some(StoreError::Locked(String::new())));
        store.unlocking.replace(Some(StoreError::Interrupted));
        let error = clear(&store, UnlockPolicy::Ask, &Which::All).unwrap_err();
        assert_eq!(error.kind(), Kind::Interrupted);
        assert_eq!(store.names.borrow().len(), 3);
    }
}
