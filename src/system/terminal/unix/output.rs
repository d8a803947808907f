//! Writes on the terminal, its modes and its size.

use std::fs::{File, OpenOptions};
use std::io::{self, ErrorKind, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::time::{Duration, Instant};

use rustix::fs::OFlags;
use rustix::termios::{
    LocalModes, OptionalActions, QueueSelector, Termios, Winsize, tcflush, tcgetattr, tcgetwinsize,
    tcsetattr,
};

use crate::system::locks::in_foreground;
use crate::system::terminal::{OUTPUT, TypedAhead, Writes};

/// How long a bounded write waits.
const WRITE_TIMEOUT: Duration = Duration::from_secs(1);

pub type Modes = Termios;

/// The controlling terminal, open for writes.
pub struct Output(File);

impl Output {
    /// # Errors
    /// There is no terminal.
    pub fn open(writes: Writes) -> io::Result<Self> {
        let waits = if writes == Writes::Wait { OFlags::empty() } else { OFlags::NONBLOCK };
        let flags = waits.union(OFlags::NOCTTY).bits().cast_signed();
        let tty = OpenOptions::new().read(true).write(true).custom_flags(flags).open(OUTPUT)?;
        Ok(Self(tty))
    }

    /// Writes a text, and returns whether the terminal took all of it in time.
    ///
    /// # Errors
    /// The terminal is gone.
    pub fn write(&mut self, text: &str) -> io::Result<bool> {
        let (mut rest, begin) = (text.as_bytes(), Instant::now());
        while !rest.is_empty() {
            match self.0.write(rest) {
                Ok(count) => rest = &rest[count..],
                Err(error) if error.kind() == ErrorKind::Interrupted => {}
                Err(error) if error.kind() == ErrorKind::WouldBlock => {
                    if begin.elapsed() > WRITE_TIMEOUT {
                        return Ok(false);
                    }
                    std::thread::sleep(Duration::from_millis(5));
                }
                Err(error) => return Err(error),
            }
        }
        Ok(true)
    }

    /// Returns columns and rows; `None` where the terminal does not know them.
    ///
    /// # Errors
    /// The terminal is gone.
    pub fn size(&self) -> io::Result<Option<(usize, usize)>> {
        Ok(known(tcgetwinsize(&self.0)?))
    }

    /// # Errors
    /// The terminal is gone.
    pub fn modes(&self) -> io::Result<Modes> {
        Ok(tcgetattr(&self.0)?)
    }

    /// # Errors
    /// The terminal is gone.
    pub fn set_modes(&self, modes: &Modes, typed: TypedAhead) -> io::Result<()> {
        let action = match typed {
            TypedAhead::Keep => OptionalActions::Now,
            TypedAhead::Discard => OptionalActions::Flush,
        };
        Ok(tcsetattr(&self.0, action, modes)?)
    }

    /// Throws away what was typed and not read.
    pub fn forget_input(&self) {
        let _ = tcflush(&self.0, QueueSelector::IFlush);
    }

    /// Returns whether this process may touch the terminal. One in the background would be stopped
    /// for it.
    pub fn is_ours(&self) -> bool {
        in_foreground(&self.0)
    }
}

fn known(size: Winsize) -> Option<(usize, usize)> {
    (size.ws_col > 0 && size.ws_row > 0).then_some((size.ws_col.into(), size.ws_row.into()))
}

/// Returns the modes in which nothing shows of a line but its end.
pub fn hidden(before: &Modes) -> Modes {
    let mut modes = before.clone();
    modes.local_modes.remove(LocalModes::ECHO);
    modes.local_modes.insert(LocalModes::ECHONL);
    modes
}

/// Returns the modes for a drawing; `None` where it needs no others.
pub fn drawing(_before: &Modes) -> Option<Modes> {
    None
}

/// Returns whether there is a terminal to draw on, and this process is in its foreground.
pub fn is_drawable() -> bool {
    Output::open(Writes::Bounded).is_ok_and(|output| output.is_ours())
}

/// Returns whether colours may be written to the terminal.
pub fn takes_escapes() -> bool {
    true
}

/// Returns the room for a line on stdout, in cells; `None` when stdout is no terminal.
pub fn stdout_width() -> Option<usize> {
    let size = tcgetwinsize(io::stdout()).ok()?;
    Some(usize::from(size.ws_col)).filter(|width| *width > 0)
}
