//! What the error codes of macOS and Windows mean for whoever uses their keyrings.

use std::fmt::Display;

use crate::store::error::StoreError;

/// Whether the system may show a dialog for a call.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Dialogs {
    Allowed,
    Suppressed,
}

/// Judges an `OSStatus` of the Keychain (`SecBase.h`, `Authorization.h`), which `text` words.
#[cfg(any(target_os = "macos", test))]
pub fn keychain(code: i32, dialogs: Dialogs, text: &dyn Display) -> StoreError {
    let what = format!("{text} ({code})");
    match (code, dialogs) {
        // errSecInteractionNotAllowed, errSecInteractionRequired, errSecInDarkWake,
        // errAuthorizationInteractionNotAllowed, and errAuthorizationInternal, which a session
        // without a screen gets. After errSecAuthFailed (-25293) without a dialog nobody was asked.
        (-25308 | -25315 | -25320 | -60007 | -60008, _) | (-25293, Dialogs::Suppressed) => {
            StoreError::Locked(what)
        }
        // errSecUserCanceled, errSecNoAccessForItem, errSecInvalidOwnerEdit,
        // errAuthorizationDenied, errAuthorizationCanceled, and errSecAuthFailed after a dialog.
        (-128 | -25243 | -25244 | -60005 | -60006, _) | (-25293, Dialogs::Allowed) => {
            StoreError::Denied(what)
        }
        // errSecNotAvailable, errSecNoSuchKeychain, errSecInvalidKeychain, errSecNoDefaultKeychain,
        // and errSecWrPerm and errSecReadOnly, where nothing can be written.
        (-25291 | -25294 | -25295 | -25307 | -61 | -25292, _) => StoreError::Unavailable(what),
        // errSecDiskFull, errSecDataTooLarge.
        (-34 | -25302, _) => StoreError::Full(what),
        _ => StoreError::Failed(what),
    }
}

/// Judges a Win32 error of the Credential Manager (`winerror.h`), which `text` words with its code
/// or name.
#[cfg(any(windows, test))]
pub fn credential_manager(code: u32, text: &dyn Display) -> StoreError {
    let what = text.to_string();
    match code {
        // ERROR_NO_SUCH_LOGON_SESSION: a logon over the network has no credentials.
        // ERROR_NOT_SUPPORTED, ERROR_CALL_NOT_IMPLEMENTED, ERROR_SERVICE_DISABLED,
        // ERROR_SERVICE_NOT_ACTIVE, ERROR_NOT_LOGGED_ON, RPC_S_SERVER_UNAVAILABLE.
        1312 | 50 | 120 | 1058 | 1062 | 1245 | 1722 => StoreError::Unavailable(what),
        // ERROR_ACCESS_DENIED, ERROR_ACCESS_DISABLED_BY_POLICY, ERROR_PRIVILEGE_NOT_HELD.
        5 | 1260 | 1314 => StoreError::Denied(what),
        // ERROR_DISK_FULL, ERROR_NOT_ENOUGH_QUOTA.
        112 | 1816 => StoreError::Full(what),
        _ => StoreError::Failed(what),
    }
}

/// Returns the code in an error that shows itself as `PlatformError(1312)`: the type of Windows'
/// errors is private to its crate.
#[cfg(any(windows, test))]
pub fn shown_code(error: &dyn std::error::Error) -> Option<u32> {
    format!("{error:?}").strip_prefix("PlatformError(")?.strip_suffix(')')?.parse().ok()
}
