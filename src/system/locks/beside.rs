//! A lock that lies beside the file that it is about, so that whoever finds the file finds the lock.

use std::ffi::OsString;
use std::fs::TryLockError;
use std::path::Path;
use std::time::{Duration, Instant};

use crate::error::{Error, Result};
use crate::hint;
use crate::system::files::{LockFile, is_at, open_private};
use crate::system::runtime::Runtime;

/// How often a waiter looks.
const INTERVAL: Duration = Duration::from_millis(10);

/// Waits for the lock of a file, `.config.rolecall-lock` for `config`; `None` where there can be
/// none. The lock's own file is gone afterwards.
///
/// # Errors
/// When another process holds it for longer than `limit`, and after SIGINT.
pub fn lock_beside(path: &Path, limit: Duration, runtime: &Runtime) -> Result<Option<LockFile>> {
    let mut name = OsString::from(".");
    name.push(path.file_name().unwrap_or_default());
    name.push(".rolecall-lock");
    let lock = path.with_file_name(name);
    let begin = Instant::now();
    loop {
        let Ok(file) = open_private(&lock) else { return Ok(None) };
        match file.try_lock() {
            Ok(()) if is_at(&file, &lock) => return Ok(Some(LockFile { path: lock, file })),
            // It is held, or its holder has just removed its file.
            Ok(()) | Err(TryLockError::WouldBlock) => {}
            Err(TryLockError::Error(_)) => {
                let _ = std::fs::remove_file(&lock);
                return Ok(None);
            }
        }
        if begin.elapsed() >= limit {
            let waited = limit.as_secs();
            let what = format!("waited {waited} s for another rolecall, which rewrites it");
            return Err(Error::failed(format!("{}: {what}", path.display()))
                .hint(format!("see which: {}", hint::SYSTEM.processes)));
        }
        runtime.sleep(INTERVAL)?;
    }
}
