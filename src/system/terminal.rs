//! The names by which a process opens its controlling terminal.

/// To read from it and to write to it.
#[cfg(unix)]
mod names {
    pub const INPUT: &str = "/dev/tty";
    pub const OUTPUT: &str = "/dev/tty";
}

#[cfg(not(unix))]
mod names {
    pub const INPUT: &str = "CONIN$";
    pub const OUTPUT: &str = "CONOUT$";
}

pub use names::{INPUT, OUTPUT};
