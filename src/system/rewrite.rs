//! Rewrites a file that belongs to the user and that other programs write too. The file is replaced
//! as a whole or not at all, and processes of rolecall that rewrite it at once lose nothing.
//!
//! The file's neighbours are named after it: `.config.rolecall-lock` is held while the file is
//! rewritten, and `.config.rolecall-new-…` becomes the file by a rename. A process that is killed
//! leaves the old file or the new one; the next one removes what else it left.

use std::fs::{self, File, Metadata};
use std::io::{self, ErrorKind};
use std::path::{Path, PathBuf};
use std::time::Duration;

use zeroize::Zeroizing;

use super::files::read_named;
use super::flush::Flush;
use super::folder::{Folder, NewFile};
use super::locks::lock_beside;
use super::private_folder::create_private_folder;
use super::runtime::Runtime;
use crate::error::{Error, Result};
use crate::hint;

/// What comes after the file's name in the name of the new one.
const NEW: &str = ".rolecall-new-";
/// The largest file that is rewritten, in bytes.
const MAX_BYTES: u64 = 64 * 1024 * 1024;
/// How long another process is waited for that rewrites the same file.
const LOCK_TIMEOUT: Duration = Duration::from_secs(30);
/// How often a file is read again that another program has changed meanwhile.
const ATTEMPTS: usize = 5;

/// What became of a file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Rewritten {
    Changed,
    /// The new bytes are the old ones; nothing was written.
    Unchanged,
}

/// Puts what `edit` makes of a file's bytes in their place. A file that is missing is an empty one,
/// and is made with mode 0600, its folder with 0700. Links are followed, and stay. Mode and owner
/// stay as well; extended attributes do not, and other hard links keep the old bytes.
///
/// `edit` is called again when another program changes the file meanwhile. This waits for other
/// processes that rewrite the same file, at most 30 seconds and until SIGINT.
///
/// # Errors
/// Those of `edit`, and when the file cannot be read, locked or replaced. The old file is still
/// there then.
pub fn rewrite(
    path: &Path,
    runtime: &Runtime,
    mut edit: impl FnMut(&[u8]) -> Result<Zeroizing<Vec<u8>>>,
) -> Result<Rewritten> {
    let target = UserFile::find(path)?;
    target.inspect()?;
    let lock = lock_beside(&target.path, LOCK_TIMEOUT, runtime)?;
    if lock.is_some() {
        target.clean_up();
    }
    for _ in 0..ATTEMPTS {
        let (old, metadata) = target.read()?;
        let new = edit(&old)?;
        if new == old {
            return Ok(Rewritten::Unchanged);
        }
        let file = target.write(metadata.as_ref(), &new)?;
        // A change by another program between here and the rename, microseconds later, is lost.
        if target.read()?.0 == old {
            target.replace(file)?;
            return Ok(Rewritten::Changed);
        }
    }
    Err(Error::failed(format!("{}: another program changes it again and again", path.display())))
}

/// Checks that a file is one that `rewrite` replaces: a regular file that may be written, or none
/// yet.
///
/// # Errors
/// What `rewrite` would refuse it for.
pub fn check_writable(path: &Path) -> Result<()> {
    UserFile::find(path)?.inspect().map(drop)
}

/// A file that is to be replaced, with its folder.
struct UserFile {
    /// Without links.
    path: PathBuf,
    folder: PathBuf,
    inside: Folder,
}

impl UserFile {
    /// Follows links to the file, and makes its folder where it is missing.
    fn find(path: &Path) -> Result<Self> {
        let error = |e| failed(path, "cannot be found", &e);
        let path = match canonical(path) {
            Ok(path) => path,
            Err(e) if e.kind() != ErrorKind::NotFound => return Err(error(e)),
            Err(_) => {
                let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty());
                let folder = folder.unwrap_or(Path::new("."));
                if let Some(link) = [path, folder].into_iter().find(|path| is_dangling(path)) {
                    let what = "is a link to something that does not exist";
                    let hint = format!("look at it with: {}", hint::look_at(link));
                    let message = format!("{}: {what}", link.display());
                    return Err(Error::configuration(message).hint(hint));
                }
                create_private_folder(folder)
                    .map_err(|e| failed(folder, "the folder cannot be made", &e))?;
                let name = path.file_name().ok_or(ErrorKind::InvalidInput.into()).map_err(error)?;
                canonical(folder).map_err(error)?.join(name)
            }
        };
        let folder = path.parent().unwrap_or(Path::new(".")).to_owned();
        let inside = Folder::of_user(&folder).map_err(error)?;
        Ok(Self { path, folder, inside })
    }

    /// Returns how the name of a new file begins: `.config.rolecall-new-`.
    fn new_name(&self) -> String {
        format!(".{}{NEW}", self.path.file_name().unwrap_or_default().display())
    }

    /// Removes what killed processes have left, as nobody else is at work.
    fn clean_up(&self) {
        let prefix = self.new_name();
        for entry in fs::read_dir(&self.folder).into_iter().flatten().flatten() {
            if entry.file_name().as_encoded_bytes().starts_with(prefix.as_bytes()) {
                let _ = fs::remove_file(entry.path());
            }
        }
    }

    /// Returns the metadata of the file, if it is there, unless it is one not to be replaced.
    fn inspect(&self) -> Result<Option<Metadata>> {
        let refused = |what: &str| Error::configuration(format!("{}: {what}", self.path.display()));
        let metadata = match fs::metadata(&self.path) {
            Ok(metadata) => metadata,
            Err(e) if e.kind() == ErrorKind::NotFound => return Ok(None),
            Err(e) => return Err(failed(&self.path, "cannot be read", &e)),
        };
        if metadata.is_dir() {
            return Err(refused("is a folder, not a file"));
        }
        if !metadata.is_file() {
            return Err(refused("is not a regular file"));
        }
        if metadata.permissions().readonly() {
            let hint = format!("make it writable: {}", hint::make_writable(&self.path));
            return Err(refused("is read-only").hint(hint));
        }
        if metadata.len() > MAX_BYTES {
            return Err(refused(&format!("is larger than {} MiB", MAX_BYTES / 1024 / 1024)));
        }
        Ok(Some(metadata))
    }

    /// Reads the file and what `inspect` returns; a missing file is empty.
    fn read(&self) -> Result<(Zeroizing<Vec<u8>>, Option<Metadata>)> {
        let Some(metadata) = self.inspect()? else { return Ok(Default::default()) };
        let bytes = read_named(&self.path, MAX_BYTES);
        Ok((bytes.map_err(|e| failed(&self.path, "cannot be read", &e))?, Some(metadata)))
    }

    /// Writes the new file beside the old one, with its mode and owner, and onto the disk.
    fn write(&self, old: Option<&Metadata>, bytes: &[u8]) -> Result<NewFile<'_>> {
        let mut file = self.inside.begin(&self.new_name()).map_err(|e| self.unwritable(&e))?;
        if let Some(metadata) = old {
            let error = |e| failed(&self.path, "its owner and mode cannot be kept", &e);
            keep_access(file.file(), metadata).map_err(error)?;
        }
        file.fill(bytes, Flush::Medium).map_err(|e| failed(&self.path, "cannot be written", &e))?;
        Ok(file)
    }

    fn replace(&self, file: NewFile) -> Result<()> {
        let name = self.path.file_name().unwrap_or_default();
        file.replace(name).map_err(|e| failed(&self.path, "cannot be replaced", &e))
    }

    fn unwritable(&self, error: &io::Error) -> Error {
        let what = format!("cannot be written: its folder takes no new file: {error}");
        Error::failed(format!("{}: {what}", self.path.display()))
            .hint(format!("look at it with: {}", hint::look_at(&self.folder)))
    }
}

fn failed(path: &Path, what: &str, error: &io::Error) -> Error {
    Error::failed(format!("{}: {what}: {error}", path.display()))
        .hint(format!("look at it with: {}", hint::look_at(path)))
}

/// Returns a path without links. On Windows it is without the prefix of such paths, which people and
/// many programs do not know.
fn canonical(path: &Path) -> io::Result<PathBuf> {
    let path = fs::canonicalize(path)?;
    let plain = path.to_str().and_then(|path| path.strip_prefix(r"\\?\"));
    let plain = plain.filter(|path| path.as_bytes().get(1) == Some(&b':'));
    Ok(plain.map_or_else(|| path.clone(), PathBuf::from))
}

fn is_dangling(path: &Path) -> bool {
    path.is_symlink() && !path.exists()
}

/// Gives a new file the owner and the mode of an old one.
#[cfg(unix)]
fn keep_access(file: &File, old: &Metadata) -> io::Result<()> {
    use std::os::unix::fs::{MetadataExt, fchown};
    let new = file.metadata()?;
    if (new.uid(), new.gid()) != (old.uid(), old.gid()) {
        fchown(file, Some(old.uid()), Some(old.gid()))?;
    }
    file.set_permissions(old.permissions())
}

/// On Windows a new file has the owner and the rights that its folder gives.
#[cfg(windows)]
#[expect(clippy::unnecessary_wraps, reason = "as on Unix")]
fn keep_access(_: &File, _: &Metadata) -> io::Result<()> {
    Ok(())
}

#[cfg(test)]
mod tests;
