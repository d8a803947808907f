//! The controlling terminal: what is changed there, and the keys and lines that a person types. It
//! is opened by its own name, because stdin and stdout belong to the SDK.
//!
//! `unix` and `windows` have the same items. `Output` writes, and knows the size and the modes;
//! `Keyboard` reads keys, `Lines` reads lines, and `Continued` waits for the end of a stop. What a
//! question or the picker does with them is the same on all systems.

mod guard;
mod keys;
#[cfg(unix)]
mod unix;
#[cfg(any(windows, test))]
mod windows;

use std::fs::{File, OpenOptions};

use zeroize::Zeroizing;

#[cfg(unix)]
pub use self::guard::pause;
pub use self::guard::{Changes, TerminalGuard};
pub use self::keys::KeyPress;
#[cfg(unix)]
pub use self::unix::{
    keyboard::Keyboard,
    lines::{Continued, Lines},
    output::{Output, drawing, hidden, is_drawable, stdout_width, takes_escapes},
};
#[cfg(windows)]
pub use self::windows::{
    keyboard::Keyboard,
    lines::{Continued, Lines},
    output::{Output, drawing, hidden, is_drawable, stdout_width, takes_escapes},
};

/// The terminal to read from.
pub const INPUT: &str = if cfg!(unix) { "/dev/tty" } else { "CONIN$" };
/// The terminal to write to.
pub const OUTPUT: &str = if cfg!(unix) { "/dev/tty" } else { "CONOUT$" };

/// The longest line that is read.
pub const MAX_LINE_BYTES: usize = 4096;

/// The bytes of a line: a terminal may be set to anything but UTF-8.
pub type Line = Zeroizing<Vec<u8>>;

/// How long a write waits for a terminal that takes nothing, such as one that Ctrl-S has stopped.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Writes {
    /// For as long as that takes.
    Wait,
    /// For a second.
    Bounded,
}

/// How a read ends that finds no key.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Reads {
    /// After a tenth of a second.
    Wait,
    /// At once.
    Poll,
}

/// What happens to that which was typed before the modes change.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum TypedAhead {
    #[default]
    Keep,
    Discard,
}

/// Opens the terminal for a program that talks to the person itself: to read and to write. `None`
/// when the process has no terminal.
pub fn files() -> Option<(File, File)> {
    let open = |name: &str| OpenOptions::new().read(true).write(true).open(name).ok();
    Some((open(INPUT)?, open(OUTPUT)?))
}
