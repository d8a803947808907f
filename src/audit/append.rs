//! Writing: one append of a whole line, and old files moved away by rename.

use std::fs::{File, rename};
use std::io::{self, ErrorKind, Write};
use std::path::Path;

use super::{Entry, OLD_FILES, escape, old};
use crate::system::files::{append_private, create_private_folder, open_private};

/// The size from which a file is moved away before the next line.
const MAX_FILE_BYTES: u64 = 1024 * 1024;

/// Appends a line. Writers never wait for each other: the kernel puts each write whole at the end
/// of the file (write(2), `O_APPEND`).
pub fn append(path: &Path, entry: &Entry) -> io::Result<()> {
    append_within(path, entry, MAX_FILE_BYTES)
}

pub fn append_within(path: &Path, entry: &Entry, max_bytes: u64) -> io::Result<()> {
    let mut line = escape(serde_json::to_string(entry)?);
    line.push('\n');
    let mut file = open(path)?;
    let (mut length, mut rotated) = (file.metadata()?.len(), Ok(()));
    if length > max_bytes {
        rotated = rotate(path, max_bytes);
        file = open(path)?;
        length = file.metadata()?.len();
    }
    if !may_grow_to(length + line.len() as u64) {
        return Err(ErrorKind::FileTooLarge.into());
    }
    let written = file.write(line.as_bytes())?;
    // The rest would not follow in one piece. Who reads finds the next line behind the torn one.
    if written == line.len() { rotated } else { Err(ErrorKind::WriteZero.into()) }
}

/// Opens the log for writing, and returns its length in bytes.
///
/// # Errors
/// The log cannot be written.
pub fn probe(path: &Path) -> io::Result<u64> {
    Ok(open(path)?.metadata()?.len())
}

fn open(path: &Path) -> io::Result<File> {
    match (append_private(path), path.parent()) {
        (Err(error), Some(folder)) if error.kind() == ErrorKind::NotFound => {
            create_private_folder(folder)?;
            append_private(path)
        }
        (opened, _) => opened,
    }
}

/// Moves the files on, one process at a time. Who has the log open meanwhile goes on writing into
/// the same file by its new name.
fn rotate(path: &Path, max_bytes: u64) -> io::Result<()> {
    let lock = open_private(&path.with_extension("lock"))?;
    // Who does not get it writes into the old file or the new one; both are right.
    if lock.try_lock().is_err() || path.metadata().map_or(true, |now| now.len() <= max_bytes) {
        return Ok(());
    }
    // A gap, left by a process that died here, is filled before the oldest is given up.
    let last = (1..OLD_FILES).find(|&n| !old(path, n).exists()).unwrap_or(OLD_FILES);
    for n in (1..last).rev() {
        rename(old(path, n), old(path, n + 1))?;
    }
    rename(path, old(path, 1))
}

/// Returns whether the limit of file sizes lets a file grow; the kernel would end the process for
/// trying (setrlimit(2), `RLIMIT_FSIZE`).
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
