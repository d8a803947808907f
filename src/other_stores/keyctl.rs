//! The back end of the kernel's keyrings: a keyring of its own with a key for each item, whose
//! payload is the data itself.

use super::{Content, OtherStore, item, unreadable};
use crate::error::{Error, Result};
use crate::store::StoreError;
use crate::store::named_keyring::{NamedKeyring, Scope};

/// The keys of a named keyring.
pub struct Keys {
    keyring: NamedKeyring,
    name: &'static str,
}

impl Keys {
    pub fn new(scope: Scope, name: &'static str) -> Self {
        Self { keyring: NamedKeyring { scope, name }, name }
    }

    fn failed(&self, error: StoreError) -> Error {
        Error::store(format!("the {} cannot be read", self.title()))
            .caused_by(error)
            .hint("look at it: rolecall doctor --store keyutils")
    }
}

impl OtherStore for Keys {
    fn title(&self) -> String {
        format!("keyring `{}` of the kernel", self.name)
    }

    fn names(&self) -> Result<Option<Vec<String>>> {
        match self.keyring.names() {
            Ok(names) => Ok(names),
            // Where there are no keyrings there is no such store.
            Err(StoreError::Unavailable(_)) => Ok(None),
            Err(error) => Err(self.failed(error)),
        }
    }

    fn read(&self, name: &str) -> Result<Content> {
        let place = format!("{}: the key `{name}`", self.title());
        let data = self.keyring.read(name).map_err(|error| self.failed(error))?;
        let data = data.ok_or_else(|| unreadable(&place, "it is gone"))?;
        item::parse_data(&data).map_err(|what| unreadable(&place, what))
    }
}
