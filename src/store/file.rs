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
use crate::store::file::disk::{EXTENSION, failed, read, remove, require_home};
use crate::store::file::identity::StoreIdentity;
use crate::store::secret_store::{NewEntry, PassphraseSource, SecretStore};
use crate::system::clock::Clock;
use crate::system::files;
use crate::system::flush::Flush;

/// A folder of encrypted files. The passphrase unlocks the identity, of which the kernel holds a
/// copy for some hours where it can.
pub struct FileStore<'a> {
    folder: PathBuf,
    identity: StoreIdentity<'a>,
    clock: &'a dyn Clock,
}

impl<'a> FileStore<'a> {
    /// `folder` is made when something is first written; with an empty one every call fails.
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
        require_home(&self.folder)?;
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
        Ok(open(name, &plain)
            .filter(|(expires_at, _)| expires_at.is_none_or(|end| end > now))
            .map(|(_, secret)| SecretString::from(secret)))
    }

    fn put(&self, name: &EntryName, entry: &NewEntry) -> Result<(), StoreError> {
        require_home(&self.folder)?;
        let path = self.path(name);
        // Before anybody is asked.
        files::make_own_folder(&self.folder).map_err(|error| failed(&self.folder, &error))?;
        let identity = self.identity.existing_or_new()?;
        let plain = seal(name, entry);
        let sealed = age::encrypt(&identity.to_public(), &plain)
            .map_err(|error| StoreError::Failed(format!("encrypting: {error}")))?;
        files::write_own(&path, &sealed, Flush::Medium).map_err(|error| failed(&path, &error))
    }

    fn delete(&self, name: &EntryName) -> Result<bool, StoreError> {
        require_home(&self.folder)?;
        remove(&self.path(name))
    }

    fn list(&self) -> Result<Vec<EntryName>, StoreError> {
        require_home(&self.folder)?;
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
        require_home(&self.folder)?;
        files::try_writing(&self.folder).map_err(|error| failed(&self.folder, &error))?;
        let state = match self.identity.without_asking() {
            Some(_) => "unlocked",
            None => "passphrase needed",
        };
        let folder = self.folder.display();
        Ok(format!("encrypted files in {folder}, {state}"))
    }
}

/// Names the layout of an entry, so that a later one can be told apart.
const VERSION: u8 = 2;
/// Ends the name of an entry, which holds no such byte.
const NAME_END: u8 = 0;

/// Puts the entry's name before its secret: a file that was copied to the name of another entry
/// must not pass for that one.
fn seal(name: &EntryName, entry: &NewEntry) -> Zeroizing<Vec<u8>> {
    let envelope = envelope::seal(entry.expires_at, entry.secret.expose_secret());
    let name = name.as_str();
    let mut sealed = Zeroizing::new(Vec::with_capacity(name.len() + envelope.len() + 2));
    sealed.push(VERSION);
    sealed.extend_from_slice(name.as_bytes());
    sealed.push(NAME_END);
    sealed.extend_from_slice(&envelope);
    sealed
}

/// Returns the expiry and the secret; `None` for another layout, and for another entry's.
fn open<'a>(name: &EntryName, entry: &'a [u8]) -> Option<(Option<i64>, &'a str)> {
    let entry = entry.strip_prefix(&[VERSION])?.strip_prefix(name.as_str().as_bytes())?;
    envelope::open(entry.strip_prefix(&[NAME_END])?)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn entry_opens_under_its_own_name_alone() {
        let [a, b] = ["a", "b"].map(|digit| EntryName::parse(&digit.repeat(64)).unwrap());
        let (label, secret) = ("", &SecretString::from("secret"));
        let entry = seal(&a, &NewEntry { label, secret, expires_at: Some(1_900_000_000) });
        assert_eq!(open(&a, &entry), Some((Some(1_900_000_000), "secret")));
        assert_eq!(open(&b, &entry), None);
        // The layout before this one held no name.
        assert_eq!(open(&a, &envelope::seal(None, "secret")), None);
        for end in 0..entry.len() {
            let torn = open(&a, &entry[..end]);
            assert!(torn.is_none_or(|(_, secret)| secret.len() < 6), "cut at {end}");
        }
    }
}
