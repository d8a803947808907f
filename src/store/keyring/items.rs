//! The items of a keyring by service and user.

use std::borrow::Cow;
use std::sync::Arc;

use keyring_core::{Entry, Error};
use zeroize::Zeroizing;

use crate::store::error::StoreError;
use crate::store::keyring::{OsKeyring, explain};

/// A keyring, as it was opened. Where that failed, every call fails so.
pub(super) struct Items<K>(Result<Arc<K>, StoreError>);

/// What a keyring calls an item.
pub(super) struct ItemName<'a> {
    pub(super) service: &'static str,
    pub(super) user: Cow<'a, str>,
}

impl<K: OsKeyring> Items<K> {
    pub(super) fn new(opened: keyring_core::Result<Arc<K>>) -> Self {
        Self(opened.map_err(explain))
    }

    pub(super) fn keyring(&self) -> Result<&K, StoreError> {
        self.0.as_deref().map_err(Clone::clone)
    }

    pub(super) fn item(&self, name: &ItemName) -> Result<Entry, StoreError> {
        self.keyring()?.build(name.service, &name.user, None).map_err(explain)
    }

    pub(super) fn read(&self, name: &ItemName) -> Result<Option<Zeroizing<Vec<u8>>>, StoreError> {
        match self.item(name)?.get_secret() {
            Ok(value) => Ok(Some(Zeroizing::new(value))),
            Err(Error::NoEntry) => Ok(None),
            Err(error) => Err(explain(error)),
        }
    }

    pub(super) fn write(
        &self,
        name: &ItemName,
        label: &str,
        value: &[u8],
    ) -> Result<(), StoreError> {
        let modifiers = K::modifiers(label);
        self.keyring()?
            .build(name.service, &name.user, Some(&modifiers))
            .and_then(|item| item.set_secret(value))
            .map_err(explain)
    }

    /// Removes an item and returns whether there was one.
    pub(super) fn remove(&self, name: &ItemName) -> Result<bool, StoreError> {
        match self.item(name)?.delete_credential() {
            Ok(()) => Ok(true),
            Err(Error::NoEntry) => Ok(false),
            Err(error) => Err(explain(error)),
        }
    }

    pub(super) fn probe(&self) -> Result<String, StoreError> {
        self.keyring()?.probe().map_err(explain)
    }

    pub(super) fn unlock(&self, announce: &dyn Fn()) -> Result<(), StoreError> {
        self.keyring()?.unlock(announce).map_err(explain)
    }
}
