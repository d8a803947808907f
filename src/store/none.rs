//! The store that keeps nothing.

use secrecy::SecretString;

use super::{SecretStore, StoreError};

/// Keeps nothing: every look-up is a miss, every write succeeds.
#[derive(Debug, Clone, Copy, Default)]
pub struct NoStore;

impl SecretStore for NoStore {
    fn name(&self) -> &'static str {
        "none"
    }

    fn get(&self, _key: &str) -> Result<Option<SecretString>, StoreError> {
        Ok(None)
    }

    fn put(
        &self,
        _key: &str,
        _label: &str,
        _secret: &SecretString,
        _expires_at: Option<i64>,
    ) -> Result<(), StoreError> {
        Ok(())
    }

    fn delete(&self, _key: &str) -> Result<bool, StoreError> {
        Ok(false)
    }

    fn keys(&self) -> Result<Vec<String>, StoreError> {
        Ok(Vec::new())
    }

    fn probe(&self) -> Result<String, StoreError> {
        Ok("nothing is kept".to_owned())
    }
}
