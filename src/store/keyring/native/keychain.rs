//! The user's default keychain on macOS.
//!
//! The system shows a dialog where a keychain is locked, and where an item asks before it lets a
//! program in that did not make it, such as a new build of an unsigned one. That is allowed to those
//! calls only that a person was told of.

use std::sync::{Mutex, PoisonError};

use apple_native_keyring_store::keychain::{Store, decode_error};
use keyring_core::Result;
use keyring_core::error::PlatformError;
use security_framework::base::Error;
use security_framework::os::macos::keychain::{
    KeychainUserInteractionLock, SecKeychain, SecPreferencesDomain,
};

use crate::store::error::StoreError;
use crate::store::keyring::native::codes::{Dialogs, keychain};
use crate::store::keyring::native::{Native, Platform};
use crate::store::keyring::whole::WholeItems;
use crate::system::clock::Clock;
use crate::system::locks::Locks;
use crate::system::runtime::Runtime;

/// Keeps dialogs away as long as it is held. The system knows one such switch per process.
static NO_DIALOGS: Mutex<Option<KeychainUserInteractionLock>> = Mutex::new(None);

/// Returns the store `keyring`, whose calls wait in `runtime` and whose writers take turns by
/// `locks`. Nothing is opened before the first call.
#[must_use]
pub fn keyring<'a>(
    runtime: Runtime,
    locks: Box<dyn Locks + 'a>,
    clock: &'a dyn Clock,
) -> WholeItems<'a, Native<Store>> {
    let opened = Store::new().map(|store| Native::new(store, runtime));
    WholeItems::new(opened, locks, clock)
}

impl Platform for Store {
    const NAME: &'static str = "macOS Keychain";
    const UNLOCK: Option<fn() -> Result<()>> = Some(unlock);

    fn judge(cause: &PlatformError, dialogs: Dialogs) -> StoreError {
        match cause.downcast_ref::<Error>() {
            Some(error) => keychain(error.code(), dialogs, error),
            None => StoreError::Failed(cause.to_string()),
        }
    }

    fn set_dialogs(dialogs: Dialogs) -> Result<()> {
        let mut held = NO_DIALOGS.lock().unwrap_or_else(PoisonError::into_inner);
        match dialogs {
            Dialogs::Allowed => drop(held.take()),
            Dialogs::Suppressed if held.is_some() => {}
            Dialogs::Suppressed => {
                *held = Some(SecKeychain::disable_user_interaction().map_err(decode_error)?);
            }
        }
        Ok(())
    }
}

/// Returns at once where the keychain is unlocked.
fn unlock() -> Result<()> {
    SecKeychain::default_for_domain(SecPreferencesDomain::User)
        .and_then(|mut keychain| keychain.unlock(None))
        .map_err(decode_error)
}
