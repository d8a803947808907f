//! The keyrings of macOS (Keychain) and Windows (Credential Manager).

use std::collections::HashMap;

use keyring_core::Error;
use keyring_core::api::CredentialStoreApi;

use crate::store::keyring::{Keyring, OsKeyring, SERVICE};

#[cfg(target_os = "macos")]
use apple_native_keyring_store::keychain::Store;
#[cfg(windows)]
use windows_native_keyring_store::Store;

/// Returns the store `keyring`. Nothing is opened before the first call.
#[must_use]
pub fn keyring() -> Keyring<Store> {
    Keyring::new(Store::new())
}

#[cfg(target_os = "macos")]
impl OsKeyring for Store {
    fn modifiers(_label: &str) -> HashMap<&'static str, &str> {
        HashMap::new()
    }

    fn search_spec() -> HashMap<&'static str, &'static str> {
        HashMap::from([("service", SERVICE)])
    }

    fn probe(&self) -> keyring_core::Result<String> {
        read_nothing(self).map(|()| "macOS Keychain".to_owned())
    }
}

#[cfg(windows)]
impl OsKeyring for Store {
    /// `CRED_MAX_CREDENTIAL_BLOB_SIZE`.
    const MAX_ENTRY_BYTES: usize = 2560;

    /// The default would let the secret roam to the user's other machines.
    fn modifiers(_label: &str) -> HashMap<&'static str, &str> {
        HashMap::from([("persistence", "Local")])
    }

    /// A regular expression, which matches whatever names the service anywhere.
    fn search_spec() -> HashMap<&'static str, &'static str> {
        HashMap::from([("pattern", SERVICE)])
    }

    fn probe(&self) -> keyring_core::Result<String> {
        read_nothing(self).map(|()| "Windows Credential Manager".to_owned())
    }
}

/// Reads an entry that is not there.
fn read_nothing(store: &Store) -> keyring_core::Result<()> {
    match store.build(SERVICE, "probe", None)?.get_secret() {
        Ok(_) | Err(Error::NoEntry) => Ok(()),
        Err(error) => Err(error),
    }
}
