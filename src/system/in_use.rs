//! Files that another program has open. Windows lets nobody open, replace or remove a file while a
//! program that does not share it has it open: a scanner or an indexer for a moment, an editor for
//! longer.

use std::io;
use std::time::Duration;

/// How long is waited before each further attempt, in milliseconds: half a second in all.
const PAUSES: [u64; 9] = [1, 2, 4, 8, 16, 32, 64, 128, 256];

/// Does something with a file, and again for half a second while another program has it open.
///
/// # Errors
/// Those of `attempt`; a file that may not be used at all looks like one in use.
pub fn patiently<T>(mut attempt: impl FnMut() -> io::Result<T>) -> io::Result<T> {
    for pause in PAUSES {
        match attempt() {
            Err(error) if may_be_in_use(&error) => {
                std::thread::sleep(Duration::from_millis(pause));
            }
            done => return done,
        }
    }
    attempt()
}

/// Returns whether the system says that of a file in use ("System Error Codes", WinError.h).
fn may_be_in_use(error: &io::Error) -> bool {
    const ACCESS_DENIED: i32 = 5;
    const SHARING_VIOLATION: i32 = 32;
    const LOCK_VIOLATION: i32 = 33;
    const DELETE_PENDING: i32 = 303;
    const USER_MAPPED_FILE: i32 = 1224;
    matches!(
        error.raw_os_error(),
        Some(
            ACCESS_DENIED | SHARING_VIOLATION | LOCK_VIOLATION | DELETE_PENDING | USER_MAPPED_FILE
        )
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Returns how often something is tried that fails so often with an error, and how it ends.
    fn attempts(failures: usize, error: i32) -> (usize, bool) {
        let mut count = 0;
        let done = patiently(|| {
            count += 1;
            if count > failures { Ok(()) } else { Err(io::Error::from_raw_os_error(error)) }
        });
        (count, done.is_ok())
    }

    #[test]
    fn file_in_use_is_tried_again_and_not_for_ever() {
        assert_eq!(attempts(0, 32), (1, true));
        assert_eq!(attempts(3, 32), (4, true));
        assert_eq!(attempts(2, 5), (3, true));
        assert_eq!(attempts(usize::MAX, 32), (PAUSES.len() + 1, false));
        assert_eq!(attempts(usize::MAX, 2), (1, false));
    }
}
