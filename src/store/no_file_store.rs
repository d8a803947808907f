//! Stands in for the store `file` in a build without the cargo feature `file-store`. Nobody can
//! choose it there; what another build has left is named by the index, and said to be out of reach.

use std::marker::PhantomData;
use std::path::PathBuf;

use secrecy::SecretString;

use crate::store::entry_name::EntryName;
use crate::store::error::StoreError;
use crate::store::secret_store::{NewEntry, PassphraseSource, SecretStore};
use crate::system::clock::Clock;

/// Fails at every call.
pub struct FileStore<'a>(PhantomData<&'a ()>);

impl<'a> FileStore<'a> {
    #[must_use]
    pub fn new(_folder: PathBuf, _passphrase: PassphraseSource<'a>, _clock: &'a dyn Clock) -> Self {
        Self(PhantomData)
    }

    /// Returns `false`: it was never open.
    ///
    /// # Errors
    /// None.
    #[expect(clippy::unnecessary_wraps, clippy::unused_self, reason = "as its counterpart")]
    pub fn close(&self) -> Result<bool, StoreError> {
        Ok(false)
    }
}

fn absent() -> StoreError {
    StoreError::Unavailable("this build has no store `file`".to_owned())
}

impl SecretStore for FileStore<'_> {
    fn name(&self) -> &'static str {
        "file"
    }

    fn get(&self, _name: &EntryName) -> Result<Option<SecretString>, StoreError> {
        Err(absent())
    }

    fn put(&self, _name: &EntryName, _entry: &NewEntry) -> Result<(), StoreError> {
        Err(absent())
    }

    fn delete(&self, _name: &EntryName) -> Result<bool, StoreError> {
        Err(absent())
    }

    fn list(&self) -> Result<Vec<EntryName>, StoreError> {
        Err(absent())
    }

    fn probe(&self) -> Result<String, StoreError> {
        Err(absent())
    }
}
