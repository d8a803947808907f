//! The names by which a process opens its controlling terminal.

/// The terminal to read from.
pub const INPUT: &str = if cfg!(unix) { "/dev/tty" } else { "CONIN$" };
/// The terminal to write to.
pub const OUTPUT: &str = if cfg!(unix) { "/dev/tty" } else { "CONOUT$" };
