//! The store that holds nothing.

use secrecy::SecretString;

use crate::store::entry_name::EntryName;
use crate::store::error::StoreError;
use crate::store::secret_store::{NewEntry, SecretStore};

/// Holds nothing: every look-up is a miss, every write succeeds.
#[derive(Debug, Clone, Copy, Default)]
pub struct NoStore;

impl SecretStore for NoStore {
    fn name(&self) -> &'static str {
        "none"
    }

    fn get(&self, _name: &EntryName) -> Result<Option<SecretString>, StoreError> {
        Ok(None)
    }

    fn put(&self, _name: &EntryName, _entry: &NewEntry) -> Result<(), StoreError> {
        Ok(())
    }

    fn delete(&self, _name: &EntryName) -> Result<bool, StoreError> {
        Ok(false)
    }

    fn list(&self) -> Result<Vec<EntryName>, StoreError> {
        Ok(Vec::new())
    }

    fn probe(&self) -> Result<String, StoreError> {
        Ok("nothing is kept".to_owned())
    }
}
