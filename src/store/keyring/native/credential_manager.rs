//! The Credential Manager of Windows.

use std::collections::HashMap;

use keyring_core::error::PlatformError;
use keyring_core::{Entry, Result};
use windows_native_keyring_store::Store;

use crate::store::error::StoreError;
use crate::store::keyring::native::codes::{Dialogs, credential_manager, shown_code};
use crate::store::keyring::native::{Native, Platform};
use crate::store::keyring::{Keyring, SERVICE};
use crate::system::runtime::Runtime;

/// `CRED_MAX_STRING_LENGTH`, in bytes as the crate counts.
const MAX_LABEL_BYTES: usize = 256;

/// Returns the store `keyring`, whose calls wait in `runtime`. Nothing is opened before the first
/// call.
#[must_use]
pub fn keyring(runtime: Runtime) -> Keyring<Native<Store>> {
    Keyring::new(Store::new().map(|store| Native::new(store, runtime)))
}

impl Platform for Store {
    const NAME: &'static str = "Windows Credential Manager";
    /// `CRED_MAX_CREDENTIAL_BLOB_SIZE`.
    const MAX_ITEM_BYTES: usize = 2560;
    /// The default would let the secret roam to the user's other machines.
    const MODIFIERS: &'static [(&'static str, &'static str)] = &[("persistence", "Local")];
    /// A regular expression, which matches whatever names the service anywhere.
    const SEARCH: (&'static str, &'static str) = ("pattern", SERVICE);

    fn judge(cause: &PlatformError, _: Dialogs) -> StoreError {
        match shown_code(cause.as_ref()) {
            Some(code) => credential_manager(code, cause),
            None => StoreError::Failed(cause.to_string()),
        }
    }

    /// Windows lists an item by its name, which is a hash, and its user, who can be called anything.
    fn label(item: &Entry, label: &str) -> Result<()> {
        let label = &label[..label.floor_char_boundary(MAX_LABEL_BYTES)];
        item.update_attributes(&HashMap::from([("username", label), ("comment", label)]))
    }
}
