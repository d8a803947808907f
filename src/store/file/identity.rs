//! The identity that entries are encrypted for: made once per store, wrapped by the passphrase in
//! `identity.age`, and left unwrapped with the kernel so that scrypt is paid once per boot.

use std::cell::OnceCell;
use std::path::{Path, PathBuf};

use age::x25519::Identity;
use secrecy::{ExposeSecret, SecretString};
use zeroize::Zeroizing;

use crate::store::error::StoreError;
use crate::store::file::disk::{EXTENSION, failed, read};
use crate::store::file::kernel_copy;
use crate::store::secret_store::{PassphraseSource, StoreAge};

/// The file beside the entries, without its extension. No `EntryName` reads so.
const NAME: &str = "identity";
/// `log2 N` of scrypt: 128 MiB and about half a second.
const WORK_FACTOR: u8 = 17;
/// More than this would take gibibytes: such a file was not written here.
const MAX_WORK_FACTOR: u8 = 22;

/// What becomes of an identity that is not there.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Absent {
    Stays,
    IsMade,
}

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
        self.open(Absent::Stays)
    }

    /// Returns the identity of this store, made now if need be. Of two processes that make one at
    /// the same time, both end up with that of the first.
    pub(super) fn existing_or_new(&self) -> Result<&Identity, StoreError> {
        self.open(Absent::IsMade)?.ok_or_else(gone)
    }

    fn open(&self, absent: Absent) -> Result<Option<&Identity>, StoreError> {
        if let Some(identity) = self.without_asking() {
            return Ok(Some(identity));
        }
        if absent == Absent::Stays && read(&self.path)?.is_none() {
            return Ok(None);
        }
        // Held until the store is open, because whoever comes next looks whether it is.
        let _turn = self.passphrase.turn()?;
        if let Some(identity) = self.without_asking() {
            return Ok(Some(identity));
        }
        let identity = match (read(&self.path)?, absent) {
            (Some(wrapped), _) => self.unwrap(&wrapped, self.ask(StoreAge::Existing)?)?,
            (None, Absent::Stays) => return Ok(None),
            (None, Absent::IsMade) => self.make()?,
        };
        Ok(Some(self.identity.get_or_init(|| identity)))
    }

    fn make(&self) -> Result<Identity, StoreError> {
        let passphrase = self.ask(StoreAge::New)?;
        let fresh = Identity::generate();
        let wrapped = Self::wrap(&fresh, passphrase.clone())?;
        let created = crate::system::files::create_private(&self.path, &wrapped)
            .map_err(|error| failed(&self.path, &error))?;
        if created {
            kernel_copy::write(&self.path, &wrapped, &fresh);
            return Ok(fresh);
        }
        let theirs = read(&self.path)?.ok_or_else(gone)?;
        self.unwrap(&theirs, passphrase)
    }

    /// Takes the unwrapped identity back from the kernel; returns whether it was there.
    pub(super) fn close(&self) -> Result<bool, StoreError> {
        match read(&self.path)? {
            Some(wrapped) => kernel_copy::remove(&self.path, &wrapped),
            None => Ok(false),
        }
    }

    fn ask(&self, store: StoreAge) -> Result<SecretString, StoreError> {
        let passphrase = self.passphrase.passphrase(store)?;
        if passphrase.expose_secret().is_empty() {
            return Err(self.refused("it is empty"));
        }
        Ok(passphrase)
    }

    /// Says what is wrong with the passphrase, and where it comes from.
    fn refused(&self, what: &str) -> StoreError {
        let of = self.passphrase.variable().map(|name| format!(" ({name})"));
        StoreError::Passphrase(format!("{what}{}", of.unwrap_or_default()))
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
                return Err(self.refused("it is wrong"));
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

fn gone() -> StoreError {
    StoreError::Failed("the store's identity went away".to_owned())
}
