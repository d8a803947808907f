//! Stands in for `kernel_copy` where the kernel holds no keys: the passphrase is asked for
//! each time.

use std::path::Path;

use age::x25519::Identity;

use crate::store::error::StoreError;

pub(super) fn read(_path: &Path, _wrapped: &[u8]) -> Option<Identity> {
    None
}

pub(super) fn write(_path: &Path, _wrapped: &[u8], _identity: &Identity) {}

#[expect(clippy::unnecessary_wraps, reason = "as its counterpart")]
pub(super) fn remove(_path: &Path, _wrapped: &[u8]) -> Result<bool, StoreError> {
    Ok(false)
}
