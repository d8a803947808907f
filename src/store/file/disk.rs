//! Files of the store on the disk, with their failures as those of a store.

use std::io;
use std::path::Path;

use zeroize::Zeroizing;

use crate::hint;
use crate::store::error::StoreError;
use crate::system::files;

/// Ends the name of every file.
pub(super) const EXTENSION: &str = "age";
/// What no file of the store comes near: a session takes some 2 KiB.
const MAX_BYTES: u64 = 1024 * 1024;

/// Refuses to work without a folder of its own: a relative one would lie wherever the command runs.
pub(super) fn require_home(folder: &Path) -> Result<(), StoreError> {
    if folder.is_absolute() {
        return Ok(());
    }
    let message = format!("there is no home folder to keep its files in; {}", hint::set_home());
    Err(StoreError::Unavailable(message))
}

/// Returns the content of a file; `None` when there is none.
pub(super) fn read(path: &Path) -> Result<Option<Zeroizing<Vec<u8>>>, StoreError> {
    match files::read_own(path, MAX_BYTES) {
        Ok(content) => Ok(Some(content)),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(failed(path, &error)),
    }
}

/// Removes a file and returns whether there was one.
pub(super) fn remove(path: &Path) -> Result<bool, StoreError> {
    match files::remove_own(path) {
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

/// Words a failure of the system at a path.
pub(super) fn failed(path: &Path, error: &io::Error) -> StoreError {
    let message = format!("{}: {error}", path.display());
    match error.kind() {
        io::ErrorKind::PermissionDenied | io::ErrorKind::ReadOnlyFilesystem => {
            StoreError::Unavailable(message)
        }
        io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded => StoreError::Full(message),
        _ => StoreError::Failed(message),
    }
}
