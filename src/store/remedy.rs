//! What a person can do about a store that does not do what it was asked.

use crate::store::error::StoreError;

/// The keyrings that systems have.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum OsKeyring {
    SecretService,
    Keychain,
    CredentialManager,
}

const HERE: OsKeyring = if cfg!(target_os = "macos") {
    OsKeyring::Keychain
} else if cfg!(windows) {
    OsKeyring::CredentialManager
} else {
    OsKeyring::SecretService
};

/// Returns what mends the failure of a store: a clause without an end, such as "unlock it".
pub fn remedy(store: &str, error: &StoreError) -> &'static str {
    match store {
        "keyring" => remedy_of(HERE, error),
        _ => "unlock it",
    }
}

fn remedy_of(keyring: OsKeyring, error: &StoreError) -> &'static str {
    match (keyring, error) {
        (OsKeyring::SecretService, StoreError::Locked(_)) => "unlock it",
        (OsKeyring::SecretService, _) => "start or unlock it",
        // Whether the keychain is locked or one item waits for consent, the code does not say.
        (OsKeyring::Keychain, StoreError::Locked(_)) => {
            "unlock it (security unlock-keychain) or, if it is unlocked, choose Always Allow in the \
             dialog of a command at a terminal (rolecall whoami)"
        }
        (OsKeyring::Keychain, StoreError::Denied(_)) => {
            "choose Always Allow in the dialog of a command at a terminal (rolecall whoami)"
        }
        (OsKeyring::Keychain, StoreError::Unavailable(_)) => {
            "name your default keychain (security default-keychain -s login.keychain-db)"
        }
        (OsKeyring::Keychain, StoreError::TimedOut(_)) => {
            "lock and unlock it (security lock-keychain; security unlock-keychain)"
        }
        (OsKeyring::Keychain, _) => "look at its items (open -a 'Keychain Access')",
        (OsKeyring::CredentialManager, StoreError::Unavailable(_)) => {
            "log on with your password, since a service or SSH with a key has no credentials"
        }
        (OsKeyring::CredentialManager, StoreError::Denied(_)) => {
            "have a policy of this machine changed that forbids it"
        }
        (OsKeyring::CredentialManager, StoreError::TimedOut(_)) => {
            "start its service anew (Restart-Service VaultSvc)"
        }
        (OsKeyring::CredentialManager, _) => "look at its entries (cmdkey /list)",
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    #[test]
    fn each_state_of_each_keyring_has_its_remedy() {
        let text = String::new;
        let locked = StoreError::Locked(text());
        let absent = StoreError::Unavailable(text());
        let denied = StoreError::Denied(text());
        let failed = StoreError::Failed(text());
        let silent = StoreError::TimedOut(Duration::ZERO);
        for (keyring, error, part) in [
            (OsKeyring::SecretService, &locked, "unlock it"),
            (OsKeyring::SecretService, &absent, "start"),
            (OsKeyring::SecretService, &failed, "start"),
            (OsKeyring::Keychain, &locked, "security unlock-keychain"),
            (OsKeyring::Keychain, &locked, "Always Allow"),
            (OsKeyring::Keychain, &absent, "security default-keychain"),
            (OsKeyring::Keychain, &denied, "Always Allow"),
            (OsKeyring::Keychain, &silent, "security lock-keychain"),
            (OsKeyring::Keychain, &failed, "Keychain Access"),
            (OsKeyring::CredentialManager, &absent, "log on with your password"),
            (OsKeyring::CredentialManager, &denied, "policy"),
            (OsKeyring::CredentialManager, &silent, "Restart-Service VaultSvc"),
            (OsKeyring::CredentialManager, &failed, "cmdkey /list"),
        ] {
            let remedy = remedy_of(keyring, error);
            assert!(remedy.contains(part), "{keyring:?}, {error:?}: {remedy}");
        }
    }

    #[test]
    fn denied_is_not_told_to_unlock() {
        let denied = StoreError::Denied(String::new());
        assert!(!remedy_of(OsKeyring::Keychain, &denied).contains("unlock"));
    }

    #[test]
    fn other_stores_are_unlocked() {
        assert_eq!(remedy("file", &StoreError::Passphrase(String::new())), "unlock it");
    }
}
