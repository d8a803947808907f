//! The copy of the unwrapped identity in the kernel's user keyring, which drops it after a time.

use std::os::unix::ffi::OsStrExt;
use std::path::Path;

use age::x25519::Identity;
use secrecy::ExposeSecret;

use crate::store::error::StoreError;
use crate::store::keyutils::user_keyring::{self, Expiry, IDENTITY_PREFIX};
use crate::system::container::shares_users_with_host;

/// How long the kernel holds the copy, in seconds: a working day.
const LIFE: u32 = 8 * 3600;
/// How long it does where processes outside of this container can read it.
const SHARED_LIFE: u32 = 15 * 60;

/// Returns the description of the key: of this folder and this very identity file, so that an
/// identity made anew is never confused with the one before. (FNV-1a, 128 bits.)
fn describe(path: &Path, wrapped: &[u8]) -> String {
    const BASIS: u128 = 0x6c62_272e_07bb_0142_62b8_2175_6295_c58d;
    const PRIME: u128 = 0x0000_0000_0100_0000_0000_0000_0000_013b;
    let bytes = path.as_os_str().as_bytes().iter().chain(wrapped);
    let hash = bytes.fold(BASIS, |hash, byte| (hash ^ u128::from(*byte)).wrapping_mul(PRIME));
    format!("{IDENTITY_PREFIX}{hash:032x}")
}

pub(super) fn read(path: &Path, wrapped: &[u8]) -> Option<Identity> {
    let value = user_keyring::read(&describe(path, wrapped)).ok()??;
    value.secret.expose_secret().parse().ok()
}

/// Where the kernel takes no keys, the passphrase is asked for again.
pub(super) fn write(path: &Path, wrapped: &[u8], identity: &Identity) {
    let left = if shares_users_with_host() { SHARED_LIFE } else { LIFE };
    let expiry = Expiry { at: None, left };
    let _ = user_keyring::write(&describe(path, wrapped), &identity.to_string(), Some(expiry));
}

/// Removes the copy and returns whether there was one.
pub(super) fn remove(path: &Path, wrapped: &[u8]) -> Result<bool, StoreError> {
    match user_keyring::remove(&describe(path, wrapped)) {
        Err(StoreError::Unavailable(_)) => Ok(false),
        other => other,
    }
}
