//! Files that are there whole or not at all, for their owner only.

use std::fs::{DirBuilder, File, OpenOptions};
use std::io::{self, ErrorKind, Read, Write};
use std::path::{Path, PathBuf};

use tempfile::NamedTempFile;
use zeroize::Zeroizing;

/// Replaces a file by rename, with mode 0600; its folder is made with 0700 where it is missing.
///
/// # Errors
/// When folder or file cannot be written. The old file is still there then.
pub fn write_private(path: &Path, bytes: &[u8]) -> io::Result<()> {
    let folder = path.parent().ok_or(ErrorKind::InvalidInput)?;
    create_private_folder(folder)?;
    written(folder, bytes)?.persist(path)?;
    sync_folder(folder)
}

/// Writes a file unless there is one, in a folder that exists; returns whether it did.
///
/// # Errors
/// When the folder takes no new file.
#[cfg(feature = "file-store")]
pub fn create_private(path: &Path, bytes: &[u8]) -> io::Result<bool> {
    let folder = path.parent().ok_or(ErrorKind::InvalidInput)?;
    match written(folder, bytes)?.persist_noclobber(path) {
        Ok(_) => sync_folder(folder).map(|()| true),
        Err(failure) if failure.error.kind() == ErrorKind::AlreadyExists => Ok(false),
        Err(failure) => Err(failure.error),
    }
}

/// Reads a file of at most `max_bytes`. A link is not followed, and nothing but a regular file is
/// read, so that no pipe or device is waited for.
///
/// # Errors
/// `NotFound`, `InvalidInput` for what is no regular file, `FileTooLarge`, or what the system says.
pub fn read_regular(path: &Path, max_bytes: u64) -> io::Result<Vec<u8>> {
    let mut options = OpenOptions::new();
    options.read(true);
    #[cfg(unix)]
    {
        use rustix::fs::OFlags;
        let flags = OFlags::NOFOLLOW | OFlags::NONBLOCK | OFlags::NOCTTY;
        std::os::unix::fs::OpenOptionsExt::custom_flags(&mut options, flags.bits().cast_signed());
    }
    let file = options.open(path)?;
    if !file.metadata()?.is_file() {
        return Err(io::Error::new(ErrorKind::InvalidInput, "not a regular file"));
    }
    read_at_most(file, max_bytes).map(|mut bytes| std::mem::take(&mut *bytes))
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

/// Makes a folder, and those above it, that only the user may enter.
///
/// # Errors
/// When a folder cannot be made, or something else has its name.
pub fn create_private_folder(folder: &Path) -> io::Result<()> {
    let mut builder = DirBuilder::new();
    builder.recursive(true);
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    builder.create(folder)
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

/// Opens a file to append to, making it with mode 0600 where it is missing; its folder must exist.
///
/// # Errors
/// When it cannot be opened; `ENXIO` for a pipe that nobody reads.
pub fn append_private(path: &Path) -> io::Result<File> {
    let mut options = OpenOptions::new();
    options.append(true).create(true);
    #[cfg(unix)]
    {
        use std::os::unix::fs::OpenOptionsExt;
        // A pipe that nobody reads must not be waited for.
        options.mode(0o600).custom_flags(rustix::fs::OFlags::NONBLOCK.bits().cast_signed());
    }
    options.open(path)
}

/// A lock that is held; its file goes with it.
pub struct LockFile {
    pub path: PathBuf,
    pub file: File,
}

impl Drop for LockFile {
    fn drop(&mut self) {
        if is_at(&self.file, &self.path) {
            let _ = std::fs::remove_file(&self.path);
        }
    }
}

/// Returns whether an open file is still the one at a path: who removes a lock's file lets two
/// processes hold two of them.
pub fn is_at(file: &File, path: &Path) -> bool {
    #[cfg(unix)]
    {
        use std::os::unix::fs::MetadataExt;
        let identity = |metadata: std::fs::Metadata| (metadata.dev(), metadata.ino());
        let there = std::fs::symlink_metadata(path).map(identity);
        file.metadata().map(identity).is_ok_and(|open| there.is_ok_and(|there| open == there))
    }
    // Windows removes no file that is open.
    #[cfg(not(unix))]
    {
        let _ = file;
        path.exists()
    }
}

/// Writes a file that is gone again afterwards.
///
/// # Errors
/// When the folder takes no new file.
pub fn try_writing(folder: &Path) -> io::Result<()> {
    written(folder, b"probe").map(drop)
}

/// Makes a temporary file (0600) in a folder, with content that has reached the disk.
fn written(folder: &Path, bytes: &[u8]) -> io::Result<NamedTempFile> {
    let mut file = tempfile::Builder::new().prefix(".rolecall-").tempfile_in(folder)?;
    file.write_all(bytes)?;
    file.as_file().sync_all()?;
    Ok(file)
}

/// Makes a rename last. Windows has no such call, and needs none.
pub(super) fn sync_folder(folder: &Path) -> io::Result<()> {
    if cfg!(unix) {
        File::open(folder)?.sync_all()?;
    }
    Ok(())
}
