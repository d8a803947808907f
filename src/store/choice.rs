//! The stores that a command uses: the one that was chosen, or the first that works.

use std::cell::Cell;

use secrecy::SecretString;

use crate::store::entry_name::EntryName;
use crate::store::error::StoreError;
use crate::store::remedy::remedy;
use crate::store::secret_store::{NewEntry, SecretStore, UnlockPolicy};
use crate::system::report::Report;

/// Stores in the order in which they are tried; one that does not work is not asked again by this
/// process. A call blocks for as long as those of the stores that it asks do.
pub struct Stores<'a> {
    pub order: Vec<Box<dyn SecretStore + 'a>>,
    report: &'a dyn Report,
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

    /// Does something with the first store that works.
    fn attempt<T>(
        &self,
        operation: impl Fn(&dyn SecretStore) -> Result<T, StoreError>,
    ) -> Result<T, StoreError> {
        loop {
            let Some(store) = self.order.get(self.first.get()) else {
                return Err(StoreError::Unavailable("there is no store that works".to_owned()));
            };
            match operation(store.as_ref()) {
                Err(StoreError::Locked(_))
                    if self.unlock.replace(UnlockPolicy::Never) == UnlockPolicy::Ask =>
                {
                    self.ask_to_unlock(store.as_ref())?;
                }
                Err(error) => self.pass_over(store.name(), error)?,
                done => return done,
            }
        }
    }

    /// Lets a store ask its user. Only an interruption ends the attempt: any other failure shows
    /// again, as that of a store nobody was asked about.
    fn ask_to_unlock(&self, store: &dyn SecretStore) -> Result<(), StoreError> {
        let announce = || {
            self.report.note(&format!(
                "the {} is locked: answer its dialog, or go on without it by Ctrl-C and --store \
                 none",
                store.name()
            ));
        };
        match store.unlock(&announce) {
            Err(StoreError::Interrupted) => Err(StoreError::Interrupted),
            _ => Ok(()),
        }
    }

    /// Goes on to the next store, where there is one and the failure is of the store itself.
    fn pass_over(&self, name: &str, error: StoreError) -> Result<(), StoreError> {
        let (StoreError::Unavailable(_)
        | StoreError::TimedOut(_)
        | StoreError::Locked(_)
        | StoreError::Denied(_)) = error
        else {
            return Err(error);
        };
        let at = self.first.get() + 1;
        let Some(next) = self.order.get(at) else { return Err(error) };
        let what = || format!("the store {name} cannot be used ({error}); trying {}", next.name());
        // A keyring that is there is for its user to open; that there is none is no news.
        match error {
            StoreError::Locked(_) | StoreError::Denied(_) => {
                self.report.warn(&format!("{}; to use it, {}", what(), remedy(name, &error)));
            }
            _ => self.report.decided(&what),
        }
        self.first.set(at);
        Ok(())
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

    /// Writes an entry into the store in use.
    ///
    /// # Errors
    /// That of the last store that could be tried.
    pub fn put(&self, name: &EntryName, entry: &NewEntry) -> Result<(), StoreError> {
        self.attempt(|store| store.put(name, entry))
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

#[cfg(test)]
mod tests {
    use std::cell::RefCell;
    use std::time::Duration;

    use super::*;
    use crate::store::NoStore;

    struct Failing(StoreError);

    impl SecretStore for Failing {
        fn name(&self) -> &'static str {
            "keyring"
        }
        fn get(&self, _: &EntryName) -> Result<Option<SecretString>, StoreError> {
            Err(self.0.clone())
        }
        fn put(&self, _: &EntryName, _: &NewEntry) -> Result<(), StoreError> {
            Err(self.0.clone())
        }
        fn delete(&self, _: &EntryName) -> Result<bool, StoreError> {
            Err(self.0.clone())
        }
        fn list(&self) -> Result<Vec<EntryName>, StoreError> {
            Err(self.0.clone())
        }
        fn probe(&self) -> Result<String, StoreError> {
            Err(self.0.clone())
        }
    }

    #[derive(Default)]
    struct Warnings(RefCell<Vec<String>>);

    impl Report for Warnings {
        fn decided(&self, _: &dyn Fn() -> String) {}
        fn warn(&self, what: &str) {
            self.0.borrow_mut().push(what.to_owned());
        }
        fn note(&self, _: &str) {}
        fn notify_terminal(&self, _: &str) {}
    }

    #[test]
    fn closed_store_is_passed_over_with_a_warning_and_absent_one_without() {
        let name = EntryName::parse(&"a".repeat(64)).unwrap();
        let text = || "why".to_owned();
        for (error, next, warnings) in [
            (StoreError::Locked(text()), "none", 1),
            (StoreError::Denied(text()), "none", 1),
            (StoreError::Unavailable(text()), "none", 0),
            (StoreError::TimedOut(Duration::ZERO), "none", 0),
            (StoreError::Full(text()), "keyring", 0),
            (StoreError::Failed(text()), "keyring", 0),
            (StoreError::Interrupted, "keyring", 0),
        ] {
            let report = Warnings::default();
            let order: Vec<Box<dyn SecretStore>> =
                vec![Box::new(Failing(error.clone())), Box::new(NoStore)];
            let stores = Stores::new(order, &report, UnlockPolicy::Never);
            assert_eq!(stores.get(&name).is_ok(), next == "none", "{error:?}");
            assert_eq!(stores.name(), next, "{error:?}");
            assert_eq!(report.0.borrow().len(), warnings, "{error:?}");
        }
    }
}
