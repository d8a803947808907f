//! The identity that entries are encrypted for: made once per store, wrapped by the passphrase in
//! `identity.age`, and left unwrapped with the kernel for some hours, so that scrypt is seldom paid.

use std::cell::OnceCell;
use std::path::{Path, PathBuf};

use age::x25519::Identity;
use secrecy::{ExposeSecret, SecretString};
use zeroize::Zeroizing;

use crate::store::error::StoreError;
use crate::store::file::disk::{EXTENSION, failed, read};
use crate::store::file::kernel_copy;
use crate::store::secret_store::PassphraseSource;

/// The file beside the entries, without its extension. No `EntryName` reads so.
const NAME: &str = "identity";
/// `log2 N` of scrypt: 128 MiB and about half a second.
const WORK_FACTOR: u8 = 17;
/// More than this would take gibibytes: such a file was not written here.
const MAX_WORK_FACTOR: u8 = 22;

/// Reads and makes the identity, and asks for the passphrase when it must.
pub(super) struct StoreIdentity<'a> {
    path: PathBuf,
    passphrase: PassphraseSource<'a>,
    identity: OnceCell<Identity>,
}

impl<'a> StoreIdentity<'a> {
    pub(super) fn new(folder: &Path, passphrase: PassphraseSource<'a>) -> Self {
        Self {
            path: folder.join(NAME).with_extension(EXTENSION),
            passphrase,
            identity: OnceCell::new(),
        }
    }

    /// Returns the identity, if it is unwrapped already, here or with the kernel.
    pub(super) fn without_asking(&self) -> Option<&Identity> {
        if let Some(identity) = self.identity.get() {
            return Some(identity);
        }
        let wrapped = read(&self.path).ok()??;
        let identity = kernel_copy::read(&self.path, &wrapped)?;
        Some(self.identity.get_or_init(|| identity))
    }

    /// Returns the identity of this store; `None` when it has none yet.
    pub(super) fn existing(&self) -> Result<Option<&Identity>, StoreError> {
        if let Some(identity) = self.without_asking() {
            return Ok(Some(identity));
        }
        let Some(wrapped) = read(&self.path)? else {
            return Ok(None);
        };
        let identity = self.unwrap(&wrapped, self.ask()?)?;
        Ok(Some(self.identity.get_or_init(|| identity)))
    }

    /// Returns the identity of this store, made now if need be. Of two processes that make one at
    /// the same time, both end up with that of the first.
    pub(super) fn existing_or_new(&self) -> Result<&Identity, StoreError> {
        if let Some(identity) = self.existing()? {
            return Ok(identity);
        }
        let passphrase = self.ask()?;
        let fresh = Identity::generate();
        let wrapped = Self::wrap(&fresh, passphrase.clone())?;
        let created = crate::system::files::create_own(&self.path, &wrapped)
            .map_err(|error| failed(&self.path, &error))?;
        let identity = if created {
            kernel_copy::write(&self.path, &wrapped, &fresh);
            fresh
        } else {
            let theirs = read(&self.path)?
                .ok_or_else(|| StoreError::Failed("the store's identity went away".to_owned()))?;
            self.unwrap(&theirs, passphrase)?
        };
        Ok(self.identity.get_or_init(|| identity))
    }

    /// Takes the unwrapped identity back from the kernel; returns whether it was there.
    pub(super) fn close(&self) -> Result<bool, StoreError> {
        match read(&self.path)? {
            Some(wrapped) => kernel_copy::remove(&self.path, &wrapped),
            None => Ok(false),
        }
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
        kernel_copy::write(&self.path, wrapped, &identity);
        Ok(identity)
    }

    fn damaged(&self) -> StoreError {
        StoreError::Failed(format!("{} is damaged", self.path.display()))
    }
}
