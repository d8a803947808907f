//! The Secret Service back end: a collection of its own with an item for each key, which is found by
//! its attribute `profile`.

use super::{Access, Content, OtherStore, item, unreadable};
use crate::error::{Error, Result};
use crate::store::{Collection, StoreError, UnlockPolicy};

/// The attribute that names an item.
const NAME: &str = "profile";

/// The items of a collection.
pub struct Items<'a> {
    access: Access<'a>,
    name: String,
    collection: Collection,
}

impl<'a> Items<'a> {
    pub fn new(access: Access<'a>, name: &str) -> Self {
        let bus = access.environment.get("DBUS_SESSION_BUS_ADDRESS").map(str::to_owned);
        let runtime_dir = access.directories.runtime.clone();
        let collection = Collection::new(access.runtime.clone(), bus, runtime_dir, name);
        Self { access, name: name.to_owned(), collection }
    }

    /// Reads from the collection, which may be locked: then its own prompt asks, where a person is.
    fn unlocked<T>(&self, read: impl Fn(&Collection) -> Result<T, StoreError>) -> Result<T> {
        let outcome = match read(&self.collection) {
            Err(StoreError::Locked(_)) if self.access.unlock == UnlockPolicy::Ask => {
                let announce = || {
                    let what = format!("the keyring `{}` is locked: answer its dialog", self.name);
                    self.access.report.note(&what);
                };
                self.collection.unlock(&announce).and_then(|()| read(&self.collection))
            }
            outcome => outcome,
        };
        outcome.map_err(|error| self.failed(error))
    }

    fn failed(&self, error: StoreError) -> Error {
        if error == StoreError::Interrupted {
            return Error::interrupted();
        }
        let what = format!("the keyring `{}` cannot be read", self.name);
        let remedy = crate::store::remedy::remedy("keyring", &error);
        Error::store(what)
            .caused_by(error)
            .hint(format!("{remedy}, and look at it: rolecall doctor --store keyring"))
    }
}

impl OtherStore for Items<'_> {
    fn title(&self) -> String {
        format!("keyring `{}` of the Secret Service", self.name)
    }

    fn names(&self) -> Result<Option<Vec<String>>> {
        let names = self.unlocked(|collection| match collection.values(NAME) {
            // Where there is no such service there is no such store.
            Err(StoreError::Unavailable(_)) => Ok(None),
            other => other,
        })?;
        Ok(names.map(|mut names| {
            names.sort_unstable();
            names.dedup();
            names
        }))
    }

    fn read(&self, name: &str) -> Result<Content> {
        let place = format!("{}: the item `{name}`", self.title());
        let secret = self.unlocked(|collection| collection.secret(NAME, name))?;
        let secret = secret.ok_or_else(|| unreadable(&place, "it is gone"))?;
        item::parse(&secret).map_err(|what| unreadable(&place, what))
    }
}
