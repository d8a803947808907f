//! Files by their paths, bounded, and never waited for. Those of rolecall's own lie in folders that
//! are the user's alone; those of the user's may lie anywhere.

use std::ffi::OsStr;
use std::fmt;
use std::fs::{File, Metadata, OpenOptions};
use std::io::{self, ErrorKind, Read};
use std::path::{Path, PathBuf};

use zeroize::Zeroizing;

use super::flush::Flush;
use super::folder::Folder;
use super::private_folder::create_private_folder;

/// Begins the name of a file that is being written.
const BEGUN: &str = ".rolecall-";

/// Reads a file of rolecall's own, of at most `max_bytes`.
///
/// # Errors
/// `NotFound`, `PermissionDenied` where others may have written to its folder, `InvalidInput` for
/// what is no regular file, `FileTooLarge`, or what the system says.
pub fn read_own(path: &Path, max_bytes: u64) -> io::Result<Zeroizing<Vec<u8>>> {
    read_at_most(open_own_to_read(path)?, max_bytes)
}

/// Opens a file of rolecall's own to read.
///
/// # Errors
/// Those of `read_own`.
pub fn open_own_to_read(path: &Path) -> io::Result<File> {
    let (folder, name) = split(path)?;
    Folder::own(folder)?.open(name)
}

/// Opens a file of rolecall's own to read and write; file and folder are made where they are
/// missing, with modes 0600 and 0700.
///
/// # Errors
/// Those of `read_own`, and when it cannot be made.
pub fn open_own(path: &Path) -> io::Result<File> {
    let (folder, name) = split(path)?;
    Folder::own_or_new(folder)?.open_own(name)
}

/// Opens a file of rolecall's own to append to, as `open_own` does.
///
/// # Errors
/// Those of `open_own`.
pub fn append_own(path: &Path) -> io::Result<File> {
    let (folder, name) = split(path)?;
    Folder::own_or_new(folder)?.append(name)
}

/// Replaces a file of rolecall's own; file and folder are made where they are missing, with modes
/// 0600 and 0700.
///
/// # Errors
/// When folder or file cannot be written, or others may have written to the folder. The old file is
/// still there then.
pub fn write_own(path: &Path, bytes: &[u8], flush: Flush) -> io::Result<()> {
    let (folder, name) = split(path)?;
    replace(&Folder::own_or_new(folder)?, name, bytes, flush)
}

/// Makes a folder of rolecall's own where it is missing.
///
/// # Errors
/// Those of `write_own`.
#[cfg(feature = "file-store")]
pub fn make_own_folder(folder: &Path) -> io::Result<()> {
    Folder::own_or_new(folder).map(drop)
}

/// Writes a file of rolecall's own unless there is one; returns whether it did.
///
/// # Errors
/// Those of `write_own`.
#[cfg(feature = "file-store")]
pub fn create_own(path: &Path, bytes: &[u8]) -> io::Result<bool> {
    let (folder, name) = split(path)?;
    let folder = Folder::own_or_new(folder)?;
    let mut file = folder.begin(BEGUN)?;
    file.fill(bytes, Flush::Medium)?;
    file.create(name)
}

/// Gives a file of rolecall's own another name in its folder, in place of the file that has it.
///
/// # Errors
/// Those of `read_own`.
pub fn rename_own(path: &Path, new: &Path) -> io::Result<()> {
    let (folder, name) = split(path)?;
    Folder::own(folder)?.rename(name, split(new)?.1)
}

/// Removes a file of rolecall's own.
///
/// # Errors
/// Those of `read_own`.
#[cfg(feature = "file-store")]
pub fn remove_own(path: &Path) -> io::Result<()> {
    let (folder, name) = split(path)?;
    Folder::own(folder)?.remove(name)
}

/// Writes a file that is gone again afterwards into a folder of rolecall's own.
///
/// # Errors
/// When the folder is not the user's alone, or takes no new file.
pub fn try_writing(folder: &Path) -> io::Result<()> {
    Folder::own_or_new(folder)?.begin(BEGUN)?.fill(b"probe", Flush::Drive)
}

/// Locks a file that is gone again afterwards in a folder of rolecall's own.
///
/// # Errors
/// Those of `try_writing`, and when the file system has no locks.
pub fn try_locking(folder: &Path) -> io::Result<()> {
    Ok(Folder::own_or_new(folder)?.begin(BEGUN)?.file().try_lock()?)
}

/// Replaces a file in a folder that other programs write to as well, with mode 0600; the folder is
/// made with 0700 where it is missing.
///
/// # Errors
/// When folder or file cannot be written. The old file is still there then.
pub fn write_shared(path: &Path, bytes: &[u8]) -> io::Result<()> {
    let (folder, name) = split(path)?;
    create_private_folder(folder)?;
    replace(&Folder::of_user(folder)?, name, bytes, Flush::Medium)
}

fn replace(folder: &Folder, name: &OsStr, bytes: &[u8], flush: Flush) -> io::Result<()> {
    let mut file = folder.begin(BEGUN)?;
    file.fill(bytes, flush)?;
    file.replace(name)
}

fn split(path: &Path) -> io::Result<(&Path, &OsStr)> {
    path.parent().zip(path.file_name()).ok_or_else(|| ErrorKind::InvalidInput.into())
}

/// Reads a file that somebody named, of at most `max_bytes`. Links are followed. Pipes, sockets and
/// devices are refused, since they may never end; the null device is an empty file.
///
/// # Errors
/// `NotFound`, `InvalidInput` for what is no regular file, `FileTooLarge`, or what the system says.
pub fn read_named(path: &Path, max_bytes: u64) -> io::Result<Zeroizing<Vec<u8>>> {
    let irregular = |what: &str| Err(io::Error::new(ErrorKind::InvalidInput, what));
    // A device may do something when it is opened, so that its name is looked at before.
    let metadata = std::fs::metadata(path)?;
    if metadata.is_dir() {
        return irregular("is a folder, not a file");
    }
    if is_pipe(&metadata) {
        return irregular("is a pipe, which can only be read once");
    }
    if is_null(&metadata) {
        return Ok(Zeroizing::default());
    }
    let mut options = OpenOptions::new();
    options.read(true);
    #[cfg(unix)]
    {
        use rustix::fs::OFlags;
        let flags = OFlags::NONBLOCK | OFlags::NOCTTY;
        std::os::unix::fs::OpenOptionsExt::custom_flags(&mut options, flags.bits().cast_signed());
    }
    // It may be another one by now.
    match metadata.is_file().then(|| options.open(path)).transpose()? {
        Some(file) if file.metadata()?.is_file() => read_at_most(file, max_bytes),
        _ => irregular("is not a regular file"),
    }
}

#[cfg(unix)]
fn is_pipe(metadata: &Metadata) -> bool {
    use std::os::unix::fs::FileTypeExt;
    metadata.file_type().is_fifo() || metadata.file_type().is_socket()
}

#[cfg(not(unix))]
fn is_pipe(_: &Metadata) -> bool {
    false
}

#[cfg(unix)]
fn is_null(metadata: &Metadata) -> bool {
    use std::os::unix::fs::{FileTypeExt, MetadataExt};
    metadata.file_type().is_char_device()
        && std::fs::metadata("/dev/null").is_ok_and(|null| null.rdev() == metadata.rdev())
}

#[cfg(not(unix))]
fn is_null(_: &Metadata) -> bool {
    false
}

/// Who may change a file or a folder beside the user and root.
#[cfg_attr(not(unix), expect(dead_code, reason = "only Unix tells"))]
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Writer {
    /// Its owner, by number.
    Owner(u32),
    Group,
    Everybody,
}

impl fmt::Display for Writer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Owner(owner) => write!(f, "belongs to another user ({owner})"),
            Self::Group => f.write_str("may be written by its group"),
            Self::Everybody => f.write_str("may be written by everybody"),
        }
    }
}

/// Returns who else may write to a regular file, or put files into a folder: of a folder with the
/// sticky bit only its owner, since nobody takes away what is another's there. Links are followed.
///
/// # Errors
/// What the system says.
#[cfg(unix)]
pub fn other_writer(path: &Path) -> io::Result<Option<Writer>> {
    use std::os::unix::fs::MetadataExt;
    let metadata = std::fs::metadata(path)?;
    let (owner, mode) = (metadata.uid(), metadata.mode());
    if !metadata.is_file() && !metadata.is_dir() {
        return Ok(None);
    }
    let is_sticky = metadata.is_dir() && mode & 0o1000 != 0;
    Ok(match (owner == 0 || owner == rustix::process::geteuid().as_raw(), mode) {
        (false, _) => Some(Writer::Owner(owner)),
        (true, _) if is_sticky => None,
        (true, mode) if mode & 0o002 != 0 => Some(Writer::Everybody),
        (true, mode) if mode & 0o020 != 0 => Some(Writer::Group),
        (true, _) => None,
    })
}

#[cfg(not(unix))]
pub fn other_writer(path: &Path) -> io::Result<Option<Writer>> {
    std::fs::metadata(path).map(|_| None)
}

/// Returns a message when others may read or write a file.
#[cfg(unix)]
pub fn readable_by_others(path: &Path, metadata: &Metadata) -> Option<String> {
    use std::os::unix::fs::PermissionsExt;
    let mode = metadata.permissions().mode() & 0o777;
    (metadata.is_file() && mode & 0o077 != 0)
        .then(|| format!("{} may be read by others (mode {mode:03o})", path.display()))
}

#[cfg(not(unix))]
pub fn readable_by_others(_: &Path, _: &Metadata) -> Option<String> {
    None
}

/// Reads an open file that may hold secrets, to its end.
///
/// # Errors
/// `FileTooLarge` for more than `max_bytes`, or what the system says.
pub fn read_at_most(file: File, max_bytes: u64) -> io::Result<Zeroizing<Vec<u8>>> {
    let expected = file.metadata()?.len().min(max_bytes);
    // One byte more, so that the buffer need not grow to see the end: growing leaves a copy.
    let capacity = usize::try_from(expected).unwrap_or(0) + 1;
    let mut bytes = Zeroizing::new(Vec::with_capacity(capacity));
    file.take(max_bytes + 1).read_to_end(&mut bytes)?;
    if bytes.len() as u64 > max_bytes {
        return Err(ErrorKind::FileTooLarge.into());
    }
    Ok(bytes)
}

/// Opens a file to read and write, making it with mode 0600 where it is missing. A link is not
/// followed, and a pipe not waited for, that others may have put there.
///
/// # Errors
/// When it is a link, or what the system says.
pub fn open_private(path: &Path) -> io::Result<File> {
    let mut options = OpenOptions::new();
    options.read(true).write(true).create(true).truncate(false);
    #[cfg(unix)]
    {
        use std::os::unix::fs::OpenOptionsExt;
        let flags = rustix::fs::OFlags::NOFOLLOW | rustix::fs::OFlags::NONBLOCK;
        options.mode(0o600).custom_flags(flags.bits().cast_signed());
    }
    options.open(path)
}

/// Returns where the holder of a lock says who it is: beside the lock, because Windows lets nobody
/// read a file that another process has locked.
pub fn holder_file(lock: &Path) -> PathBuf {
    let mut path = lock.as_os_str().to_owned();
    path.push(".holder");
    path.into()
}

/// A lock that is held; its file goes with it, and what its holder said.
pub struct LockFile {
    pub path: PathBuf,
    pub file: File,
}

impl Drop for LockFile {
    fn drop(&mut self) {
        if is_at(&self.file, &self.path) {
            let _ = std::fs::remove_file(holder_file(&self.path));
            let _ = std::fs::remove_file(&self.path);
        }
    }
}

/// Returns whether an open file is still the one at a path: who removes a lock's file lets two
/// processes hold two of them.
#[cfg(unix)]
pub fn is_at(file: &File, path: &Path) -> bool {
    use std::os::unix::fs::MetadataExt;
    let identity = |metadata: Metadata| (metadata.dev(), metadata.ino());
    let there = std::fs::symlink_metadata(path).map(identity);
    file.metadata().map(identity).is_ok_and(|open| there.is_ok_and(|there| open == there))
}

#[cfg(windows)]
pub fn is_at(file: &File, path: &Path) -> bool {
    use same_file::Handle;
    let open = file.try_clone().and_then(Handle::from_file);
    open.is_ok_and(|open| Handle::from_path(path).is_ok_and(|there| open == there))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn open_file_is_at_its_path_until_another_has_its_name() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("a.lock");
        let file = open_own(&path).unwrap();
        assert!(is_at(&file, &path));
        std::fs::rename(&path, folder.path().join("another name")).unwrap();
        assert!(!is_at(&file, &path));
        let another = open_own(&path).unwrap();
        assert!(!is_at(&file, &path) && is_at(&another, &path));
    }
}
