//! Encrypted files, for machines without a keyring whose secrets must survive a reboot: one
//! [age](https://age-encryption.org/v1) file per entry, all for one identity of the store's own.

mod disk;
mod identity;
#[cfg(target_os = "linux")]
mod kernel_copy;
#[cfg(not(target_os = "linux"))]
mod no_kernel_copy;

use std::path::PathBuf;
use std::{fs, io};

use secrecy::{ExposeSecret, SecretString};
use zeroize::Zeroizing;

#[cfg(not(target_os = "linux"))]
use self::no_kernel_copy as kernel_copy;
use crate::store::entry_name::EntryName;
use crate::store::envelope;
use crate::store::error::StoreError;
use crate::store::file::disk::{EXTENSION, failed, make_folder, read, remove};
use crate::store::file::identity::StoreIdentity;
use crate::store::secret_store::{NewEntry, PassphraseSource, SecretStore};
use crate::system::clock::Clock;
use crate::system::files;

/// A folder of encrypted files. The passphrase unlocks the identity, of which the kernel holds a
/// copy until the next boot where it can.
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

    /// Has the kernel forget the copy; returns whether there was one.
    ///
    /// # Errors
    /// When the kernel holds it all the same.
    pub fn close(&self) -> Result<bool, StoreError> {
        self.identity.close()
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
        // A torn or foreign file is no entry.
        let Ok(plain) = age::decrypt(identity, &sealed).map(Zeroizing::new) else {
            return Ok(None);
        };
        let now = self.clock.now().timestamp();
        Ok(envelope::open(&plain)
            .filter(|(expires_at, _)| expires_at.is_none_or(|end| end > now))
            .map(|(_, secret)| SecretString::from(secret)))
    }

    fn put(&self, name: &EntryName, entry: &NewEntry) -> Result<(), StoreError> {
        let path = self.path(name);
        make_folder(&self.folder).map_err(|error| failed(&self.folder, &error))?;
        let identity = self.identity.existing_or_new()?;
        let plain = envelope::seal(entry.expires_at, entry.secret.expose_secret());
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
