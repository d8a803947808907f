//! What every store can do.

use secrecy::SecretString;

use crate::store::entry_name::EntryName;
use crate::store::error::StoreError;
use crate::system::files::LockFile;

/// What is written into a store.
#[derive(Clone, Copy)]
pub struct NewEntry<'a> {
    /// What a keyring manager shows.
    #[cfg_attr(
        target_os = "macos",
        allow(dead_code, reason = "there all entries share two items")
    )]
    pub label: &'a str,
    pub secret: &'a SecretString,
    /// Unix seconds at which the secret becomes worthless; `None` for what is long-lived.
    pub expires_at: Option<i64>,
}

/// A place that holds secrets by their names.
///
/// A call of `keyring` waits for the system at most two seconds at a time, and `unlock` a minute; on
/// macOS so does every call after it, since an item may ask as well. A call of `keyutils` ends within
/// half a second. `file` also waits for whoever types its passphrase.
pub trait SecretStore {
    /// Returns the name by which a user chooses the store: `keyring`, `keyutils`, `file` or `none`.
    fn name(&self) -> &'static str;

    /// Returns the secret of an entry; `None` when there is none, or none that is still usable.
    ///
    /// # Errors
    /// When the store does not answer, or holds the secret behind a lock. Only the store `file`
    /// asks a person, for its passphrase.
    fn get(&self, name: &EntryName) -> Result<Option<SecretString>, StoreError>;

    /// Writes an entry over what was there.
    ///
    /// # Errors
    /// When the store does not answer, is locked, or has no room.
    fn put(&self, name: &EntryName, entry: &NewEntry) -> Result<(), StoreError>;

    /// Deletes an entry and returns whether there was one.
    ///
    /// # Errors
    /// When the store does not answer or is locked.
    fn delete(&self, name: &EntryName) -> Result<bool, StoreError>;

    /// Returns the names of all entries without reading a secret; none where the store cannot be
    /// listed. What has a name that is not rolecall's own is left out.
    ///
    /// # Errors
    /// When the store does not answer, or holds something behind a lock. Never asks a person.
    fn list(&self) -> Result<Vec<EntryName>, StoreError>;

    /// Returns one line about what this store is, when it is usable now.
    ///
    /// # Errors
    /// What a `put` would meet.
    fn probe(&self) -> Result<String, StoreError>;

    /// Lets the store ask its user to unlock it, and waits for the answer. `announce` says so to
    /// the user, and is called once Ctrl-C is an error.
    ///
    /// # Errors
    /// `Denied` when the person declines, `Locked` when nobody can be asked, `TimedOut` when nobody
    /// answers, `Interrupted` on Ctrl-C.
    fn unlock(&self, _announce: &dyn Fn()) -> Result<(), StoreError> {
        Err(StoreError::Locked("it cannot be unlocked from here".to_owned()))
    }
}

/// Whether a store has entries whose passphrase is known to somebody.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[cfg_attr(not(feature = "file-store"), expect(dead_code, reason = "the store `file` asks"))]
pub enum StoreAge {
    Existing,
    /// The answer becomes its passphrase.
    New,
}

/// Asks for the passphrase of the store `file`.
#[cfg_attr(not(feature = "file-store"), expect(dead_code, reason = "the store `file` asks"))]
pub trait AskPassphrase {
    /// Waits for the turn to ask a person; another process may have opened the store then. `None`
    /// where nobody has to be asked, or turns cannot be taken.
    ///
    /// # Errors
    /// `Interrupted` on Ctrl-C, `Passphrase` when the turn does not come.
    fn turn(&self) -> Result<Option<LockFile>, StoreError>;

    /// Returns the passphrase.
    ///
    /// # Errors
    /// `Interrupted` on Ctrl-C, `Passphrase` when it cannot be asked for.
    fn passphrase(&self, store: StoreAge) -> Result<SecretString, StoreError>;

    /// Returns the variable that it comes from; `None` when it is typed.
    fn variable(&self) -> Option<&'static str>;
}

pub type PassphraseSource<'a> = Box<dyn AskPassphrase + 'a>;

/// Whether a locked store may ask its user to unlock it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum UnlockPolicy {
    /// A person is there to answer.
    Ask,
    Never,
}
