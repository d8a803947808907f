//! The identity that entries are encrypted for: made once per store, kept in `identity.age` under
//! the passphrase, and left unwrapped with the kernel so that scrypt is paid once per boot.

use std::{
    cell::OnceCell,
    path::{Path, PathBuf},
};

use age::x25519::Identity;
use secrecy::{ExposeSecret, SecretString};
use zeroize::Zeroizing;

use super::{PassphraseSource, StoreError, failed, read};

/// The file beside the entries, without its extension; no entry may be named so.
pub(super) const NAME: &str = "identity";
/// `log2 N` of scrypt: 128 MiB and about half a second.
const WORK_FACTOR: u8 = 17;
/// More than this would take gibibytes: such a file was not written here.
const MAX_WORK_FACTOR: u8 = 22;

/// Reads and makes the identity, and asks for the passphrase when it must.
pub(super) struct Keyring<'a> {
    path: PathBuf,
    passphrase: PassphraseSource<'a>,
    identity: OnceCell<Identity>,
}

impl<'a> Keyring<'a> {
    pub(super) fn new(folder: &Path, passphrase: PassphraseSource<'a>) -> Self {
        Self {
            path: folder.join(NAME).with_extension(super::EXTENSION),
            passphrase,
            identity: OnceCell::new(),
        }
    }

    /// The identity, if it is unwrapped already, here or with the kernel.
    pub(super) fn without_asking(&self) -> Option<&Identity> {
        if let Some(identity) = self.identity.get() {
            return Some(identity);
        }
        let wrapped = read(&self.path).ok()??;
        let identity = self.kernel_copy(&wrapped)?;
        Some(self.identity.get_or_init(|| identity))
    }

    /// The identity of this store; `None` when it has none yet.
    pub(super) fn existing(&self) -> Result<Option<&Identity>, StoreError> {
        if let Some(identity) = self.identity.get() {
            return Ok(Some(identity));
        }
        let Some(wrapped) = read(&self.path)? else {
            return Ok(None);
        };
        let identity = match self.kernel_copy(&wrapped) {
            Some(identity) => identity,
            None => self.unwrap(&wrapped, self.ask()?)?,
        };
        Ok(Some(self.identity.get_or_init(|| identity)))
    }

    /// The identity of this store, made now if need be. Of two processes that make one at the same
    /// time, both end up with that of the first.
    pub(super) fn existing_or_new(&self) -> Result<&Identity, StoreError> {
        if let Some(identity) = self.existing()? {
            return Ok(identity);
        }
        let passphrase = self.ask()?;
        let fresh = Identity::generate();
        let wrapped = Self::wrap(&fresh, passphrase.clone())?;
        let created = crate::system::files::create_private(&self.path, &wrapped)
            .map_err(|error| failed(&self.path, &error))?;
        let identity = if created {
            self.leave_with_kernel(&wrapped, &fresh);
            fresh
        } else {
            let theirs = read(&self.path)?
                .ok_or_else(|| StoreError::Failed("the store's identity went away".to_owned()))?;
            self.unwrap(&theirs, passphrase)?
        };
        Ok(self.identity.get_or_init(|| identity))
    }

    /// Takes the unwrapped identity back from the kernel; returns whether it was there.
    #[cfg(target_os = "linux")]
    pub(super) fn close(&self) -> Result<bool, StoreError> {
        use super::super::SecretStore;

        let Some(wrapped) = read(&self.path)? else {
            return Ok(false);
        };
        match kernel().delete(&self.kernel_key(&wrapped)) {
            Err(StoreError::Unavailable(_)) => Ok(false),
            other => other,
        }
    }

    #[cfg(not(target_os = "linux"))]
    #[allow(clippy::unused_self, clippy::unnecessary_wraps)]
    pub(super) fn close(&self) -> Result<bool, StoreError> {
        Ok(false)
    }

    fn ask(&self) -> Result<SecretString, StoreError> {
        let passphrase = (self.passphrase)()?;
        if passphrase.expose_secret().is_empty() {
            return Err(StoreError::Passphrase("it is empty".to_owned()));
        }
        Ok(passphrase)
    }

    fn wrap(identity: &Identity, passphrase: SecretString) -> Result<Vec<u8>, StoreError> {
        let mut recipient = age::scrypt::Recipient::new(passphrase);
        recipient.set_work_factor(WORK_FACTOR);
        age::encrypt(&recipient, identity.to_string().expose_secret().as_bytes())
            .map_err(|error| StoreError::Failed(format!("encrypting the identity: {error}")))
    }

    fn unwrap(&self, wrapped: &[u8], passphrase: SecretString) -> Result<Identity, StoreError> {
        let mut key = age::scrypt::Identity::new(passphrase);
        key.set_max_work_factor(MAX_WORK_FACTOR);
        let plain = match age::decrypt(&key, wrapped) {
            Ok(plain) => Zeroizing::new(plain),
            Err(
                age::DecryptError::DecryptionFailed
                | age::DecryptError::KeyDecryptionFailed
                | age::DecryptError::NoMatchingKeys,
            ) => {
                return Err(StoreError::Passphrase("it is wrong".to_owned()));
            }
            Err(_) => return Err(self.damaged()),
        };
        let text = str::from_utf8(&plain).map_err(|_| self.damaged())?;
        let identity: Identity = text.parse().map_err(|_| self.damaged())?;
        self.leave_with_kernel(wrapped, &identity);
        Ok(identity)
    }

    fn damaged(&self) -> StoreError {
        StoreError::Failed(format!("{} is damaged", self.path.display()))
    }

    /// The name with the kernel: of this folder and this very identity file, so that an identity
    /// made anew is never confused with the one before.
    #[cfg(target_os = "linux")]
    fn kernel_key(&self, wrapped: &[u8]) -> String {
        use std::os::unix::ffi::OsStrExt;

        const BASIS: u128 = 0x6c62_272e_07bb_0142_62b8_2175_6295_c58d;
        const PRIME: u128 = 0x0000_0000_0100_0000_0000_0000_0000_013b;
        let path = self.path.as_os_str().as_bytes();
        let hash = path
            .iter()
            .chain(wrapped)
            .fold(BASIS, |hash, byte| (hash ^ u128::from(*byte)).wrapping_mul(PRIME));
        format!("{NAME}:{hash:032x}")
    }

    #[cfg(target_os = "linux")]
    fn kernel_copy(&self, wrapped: &[u8]) -> Option<Identity> {
        use super::super::SecretStore;

        let text = kernel().get(&self.kernel_key(wrapped)).ok()??;
        text.expose_secret().parse().ok()
    }

    /// Where the kernel keeps no keys for us, the passphrase is asked for again.
    #[cfg(target_os = "linux")]
    fn leave_with_kernel(&self, wrapped: &[u8], identity: &Identity) {
        use super::super::SecretStore;

        let _ = kernel().put(&self.kernel_key(wrapped), "", &identity.to_string(), None);
    }

    #[cfg(not(target_os = "linux"))]
    #[allow(clippy::unused_self)]
    fn kernel_copy(&self, _wrapped: &[u8]) -> Option<Identity> {
        None
    }

    #[cfg(not(target_os = "linux"))]
    #[allow(clippy::unused_self)]
    fn leave_with_kernel(&self, _wrapped: &[u8], _identity: &Identity) {}
}

/// An identity never expires, so that the time does not matter.
#[cfg(target_os = "linux")]
fn kernel() -> super::super::Keyutils {
    super::super::Keyutils::new(Box::new(|| 0))
}
