//! Renders credentials and tables as text. Pure, except for `print`, the only place that writes to
//! stdout.

pub mod credential_process;
pub mod diff;
pub mod explanation;
pub mod formats;
pub mod shells;
pub mod table;
pub mod time;
pub mod variables;

use std::fmt::Display;
use std::io::Write;

use crate::error::{Error, Result};

/// Writes a result to stdout in one write and flushes it. Waits until the reader has room for it.
///
/// # Errors
/// Stdout cannot be written.
pub fn print(text: &str) -> Result<()> {
    let mut stdout = std::io::stdout().lock();
    let written = stdout.write_all(text.as_bytes()).and_then(|()| stdout.flush());
    written.map_err(|e| Error::failed(format!("the result could not be written to stdout: {e}")))
}

/// Writes one line to stdout.
///
/// # Errors
/// As [`print()`].
pub fn print_line(line: impl Display) -> Result<()> {
    print(&format!("{line}\n"))
}
