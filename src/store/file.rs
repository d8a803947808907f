//! Encrypted files, for machines without a keyring whose secrets must survive a reboot: one
//! [age](https://age-encryption.org/v1) file per entry, all for one identity of the store's own.

mod identity;
#[cfg(target_os = "linux")]
mod kernel_copy;
#[cfg(not(target_os = "linux"))]
mod no_kernel_copy;

use std::path::{Path, PathBuf};
use std::{fs, io};

use secrecy::{ExposeSecret, SecretString};
use zeroize::Zeroizing;

use self::identity::StoreIdentity;
#[cfg(not(target_os = "linux"))]
use self::no_kernel_copy as kernel_copy;
use crate::store::entry_name::EntryName;
use crate::store::envelope;
use crate::store::error::StoreError;
use crate::store::secret_store::{PassphraseSource, SecretStore};
use crate::system::clock::Clock;
use crate::system::files;

const EXTENSION: &str = "age";
/// What no file of the store comes near: a session takes some 2 KiB.
const MAX_BYTES: u64 = 1024 * 1024;

/// A folder of encrypted files. The passphrase unlocks the identity, which the kernel then keeps
/// until the next boot where it can.
pub struct FileStore<'a> {
    folder: PathBuf,
    identity: StoreIdentity<'a>,
    clock: &'a dyn Clock,
}

impl<'a> FileStore<'a> {
    /// `folder` is made when something is first written.
    #[must_use]
    pub fn new(folder: PathBuf, passphrase: PassphraseSource<'a>, clock: &'a dyn Clock) -> Self {
        let identity = StoreIdentity::new(&folder, passphrase);
        Self { folder, identity, clock }
    }

    /// Has the kernel forget what keeps the store open; returns whether it was open.
    ///
    /// # Errors
    /// When the kernel keeps it all the same.
    pub fn close(&self) -> Result<bool, StoreError> {
        self.identity.close()
    }

    fn is_current(&self, expires_at: Option<i64>) -> bool {
        expires_at.is_none_or(|end| end > self.clock.now().timestamp())
    }

    fn path(&self, name: &EntryName) -> PathBuf {
        self.folder.join(name.as_str()).with_extension(EXTENSION)
    }
}

impl SecretStore for FileStore<'_> {
    fn name(&self) -> &'static str {
        "file"
    }

    fn get(&self, name: &EntryName) -> Result<Option<SecretString>, StoreError> {
        // An absent entry, or one without the identity it was written for, takes no passphrase.
        let Some(sealed) = read(&self.path(name))? else {
            return Ok(None);
        };
        let Some(identity) = self.identity.existing()? else {
            return Ok(None);
        };
        let Some(plain) = decrypt(identity, &sealed) else {
            return Ok(None);
        };
        Ok(envelope::open(&plain)
            .filter(|(expires_at, _)| self.is_current(*expires_at))
            .map(|(_, secret)| SecretString::from(secret)))
    }

    fn put(
        &self,
        name: &EntryName,
        _label: &str,
        secret: &SecretString,
        expires_at: Option<i64>,
    ) -> Result<(), StoreError> {
        let path = self.path(name);
        make_folder(&self.folder).map_err(|error| failed(&self.folder, &error))?;
        let identity = self.identity.existing_or_new()?;
        let plain = envelope::seal(expires_at, secret.expose_secret());
        let sealed = age::encrypt(&identity.to_public(), &plain)
            .map_err(|error| StoreError::Failed(format!("encrypting: {error}")))?;
        files::write_private(&path, &sealed).map_err(|error| failed(&path, &error))
    }

    fn delete(&self, name: &EntryName) -> Result<bool, StoreError> {
        remove(&self.path(name))
    }

    fn list(&self) -> Result<Vec<EntryName>, StoreError> {
        let failed = |error: &io::Error| failed(&self.folder, error);
        let files = match fs::read_dir(&self.folder) {
            Ok(files) => files,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
            Err(error) => return Err(failed(&error)),
        };
        let mut names = Vec::new();
        for file in files {
            let path = PathBuf::from(file.map_err(|error| failed(&error))?.file_name());
            if path.extension().is_some_and(|extension| extension == EXTENSION) {
                let stem = path.file_stem().and_then(|stem| stem.to_str());
                names.extend(stem.and_then(EntryName::parse));
            }
        }
        Ok(names)
    }

    fn probe(&self) -> Result<String, StoreError> {
        make_folder(&self.folder)
            .and_then(|()| files::try_writing(&self.folder))
            .map_err(|error| failed(&self.folder, &error))?;
        let state = match self.identity.without_asking() {
            Some(_) => "unlocked",
            None => "passphrase needed",
        };
        let folder = self.folder.display();
        Ok(format!("encrypted files in {folder}, {state}"))
    }
}

/// Makes the folder, or closes the one that is there to everyone else.
fn make_folder(folder: &Path) -> io::Result<()> {
    files::create_private_folder(folder)?;
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt;
        if fs::metadata(folder)?.permissions().mode() & 0o077 != 0 {
            fs::set_permissions(folder, fs::Permissions::from_mode(0o700))?;
        }
    }
    Ok(())
}

/// Returns the content of a file; `None` when there is none.
fn read(path: &Path) -> Result<Option<Vec<u8>>, StoreError> {
    match files::read_regular(path, MAX_BYTES) {
        Ok(content) => Ok(Some(content)),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(failed(path, &error)),
    }
}

/// Removes a file and returns whether there was one.
fn remove(path: &Path) -> Result<bool, StoreError> {
    match fs::remove_file(path) {
        Ok(()) => Ok(true),
        // A disk that cannot be written says so before it looks.
        Err(error)
            if error.kind() == io::ErrorKind::NotFound
                || path.try_exists().is_ok_and(|there| !there) =>
        {
            Ok(false)
        }
        Err(error) => Err(failed(path, &error)),
    }
}

/// `None` for a torn or foreign file.
fn decrypt(identity: &age::x25519::Identity, sealed: &[u8]) -> Option<Zeroizing<Vec<u8>>> {
    age::decrypt(identity, sealed).ok().map(Zeroizing::new)
}

fn failed(path: &Path, error: &io::Error) -> StoreError {
    let message = format!("{}: {error}", path.display());
    match error.kind() {
        io::ErrorKind::PermissionDenied | io::ErrorKind::ReadOnlyFilesystem => {
            StoreError::Unavailable(message)
        }
        io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded => StoreError::Full(message),
        _ => StoreError::Failed(message),
    }
}
