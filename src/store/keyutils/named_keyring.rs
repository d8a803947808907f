//! A keyring of another program within one that the kernel gives every user: read, and never written.

use linux_keyutils::{Key, KeyError, KeySerialId, KeyType};
use zeroize::Zeroizing;

use super::user_keyring::{explain, keys_in, payload, possess};
use crate::store::error::StoreError;

/// The keyring in which another lies.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Scope {
    User,
    UserSession,
    Session,
}

impl Scope {
    /// Returns what stands for it in place of a serial number, from `linux/keyctl.h`.
    fn serial(self) -> KeySerialId {
        KeySerialId::from(match self {
            Self::Session => -3,
            Self::User => -4,
            Self::UserSession => -5,
        })
    }
}

/// A keyring by its name.
#[derive(Debug, Clone, Copy)]
pub struct NamedKeyring {
    pub scope: Scope,
    pub name: &'static str,
}

impl NamedKeyring {
    /// Returns the descriptions of its keys; `None` where there is no such keyring.
    ///
    /// # Errors
    /// When the kernel has no keyrings for this process.
    pub fn names(self) -> Result<Option<Vec<String>>, StoreError> {
        let keys = self.keys().map_err(explain)?;
        Ok(keys.map(|keys| keys.into_iter().map(|(_, name)| name).collect()))
    }

    /// Reads a key; `None` where there is none.
    ///
    /// # Errors
    /// As [`names`](Self::names), and when the key may not be read.
    pub fn read(self, name: &str) -> Result<Option<Zeroizing<Vec<u8>>>, StoreError> {
        let keys = self.keys().map_err(explain)?.unwrap_or_default();
        match keys.into_iter().find(|(_, found)| found == name) {
            Some((key, _)) => payload(key).map(Some).map_err(explain),
            None => Ok(None),
        }
    }

    fn keys(self) -> Result<Option<Vec<(Key, String)>>, KeyError> {
        // What lies in the user keyring may be readable to those only who possess it.
        possess()?;
        let rings = keys_in(self.scope.serial(), KeyType::KeyRing)?;
        let ring = rings.into_iter().find(|(_, name)| name == self.name);
        ring.map(|(ring, _)| keys_in(ring.get_id(), KeyType::User)).transpose()
    }
}
