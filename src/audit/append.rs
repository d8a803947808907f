//! Appending to the log: one write for a whole line. Full files are renamed.

use std::io::{self, ErrorKind, Write};
use std::path::Path;

use super::{LogEntry, OLD_FILES, escape, old};
use crate::system::files::{append_own, open_own, rename_own};

/// The size from which a file is moved away before the next line.
const MAX_FILE_BYTES: u64 = 1024 * 1024;

/// Appends a line. Writers never wait for each other: the kernel puts each write whole at the end
/// of the file (write(2), `O_APPEND`).
///
/// # Errors
/// The log cannot be written. A full file that cannot be moved away is no error: it grows.
pub fn append(path: &Path, entry: &LogEntry) -> io::Result<()> {
    append_within(path, entry, MAX_FILE_BYTES)
}

pub fn append_within(path: &Path, entry: &LogEntry, max_bytes: u64) -> io::Result<()> {
    let mut line = escape(serde_json::to_string(entry)?);
    line.push('\n');
    let mut file = append_own(path)?;
    let mut length = file.metadata()?.len();
    if length > max_bytes {
        let _ = rotate(path, max_bytes);
        file = append_own(path)?;
        length = file.metadata()?.len();
    }
    if !may_grow_to(length + line.len() as u64) {
        return Err(ErrorKind::FileTooLarge.into());
    }
    let written = file.write(line.as_bytes())?;
    // A second write could come behind another line. A reader finds the next line behind the torn
    // one.
    if written == line.len() { Ok(()) } else { Err(ErrorKind::WriteZero.into()) }
}

/// Opens the log for writing, and returns its length in bytes.
///
/// # Errors
/// The log cannot be written.
pub fn probe(path: &Path) -> io::Result<u64> {
    Ok(append_own(path)?.metadata()?.len())
}

/// Renames the files, one process at a time. A process that has the log open goes on writing to the
/// same file, which has a new name.
fn rotate(path: &Path, max_bytes: u64) -> io::Result<()> {
    let lock = open_own(&path.with_extension("lock"))?;
    // A process without the lock writes to the old file or to the new one; both are right.
    if lock.try_lock().is_err() || path.metadata().map_or(true, |now| now.len() <= max_bytes) {
        return Ok(());
    }
    // A process that died here may have left a gap, which is filled before the oldest file goes.
    let last = (1..OLD_FILES).find(|&n| !old(path, n).exists()).unwrap_or(OLD_FILES);
    for n in (1..last).rev() {
        rename_own(&old(path, n), &old(path, n + 1))?;
    }
    rename_own(path, &old(path, 1))
}

/// Returns whether the limit on file sizes lets a file grow. The kernel kills a process that
/// exceeds it (setrlimit(2), `RLIMIT_FSIZE`).
#[cfg(unix)]
fn may_grow_to(length: u64) -> bool {
    rustix::process::getrlimit(rustix::process::Resource::Fsize)
        .current
        .is_none_or(|limit| length <= limit)
}

#[cfg(not(unix))]
fn may_grow_to(_: u64) -> bool {
    true
}
