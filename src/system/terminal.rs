//! The names by which a process opens its controlling terminal, and what it changes there.

#[cfg(unix)]
mod guard;

#[cfg(unix)]
pub use self::guard::{Changes, TerminalGuard, open_output, pause, write};

/// The terminal to read from.
pub const INPUT: &str = if cfg!(unix) { "/dev/tty" } else { "CONIN$" };
/// The terminal to write to.
pub const OUTPUT: &str = if cfg!(unix) { "/dev/tty" } else { "CONOUT$" };
