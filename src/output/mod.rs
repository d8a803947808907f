//! Rendering: credentials and tables to text. Pure, but for `print`, the one place that writes to
//! stdout.

pub mod credential_process;
pub mod explanation;
pub mod formats;
pub mod shells;
pub mod table;
pub mod variables;

use std::io::Write;

use crate::error::{Error, Result};

/// Writes the whole result to stdout in one write and flushes it.
pub fn print(text: &str) -> Result<()> {
    let mut stdout = std::io::stdout().lock();
    let written = stdout.write_all(text.as_bytes()).and_then(|()| stdout.flush());
    written.map_err(|e| Error::failed(format!("the result could not be written to stdout: {e}")))
}

/// Returns how many cells wide the terminal is that stdout is; `None` where it is none.
#[cfg(unix)]
pub fn terminal_width() -> Option<usize> {
    let size = rustix::termios::tcgetwinsize(std::io::stdout()).ok()?;
    Some(usize::from(size.ws_col)).filter(|width| *width > 0)
}

#[cfg(not(unix))]
pub fn terminal_width() -> Option<usize> {
    None
}
