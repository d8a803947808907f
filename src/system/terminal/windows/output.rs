//! Writes on the console, its modes and its size.

use std::io;

use crossterm_winapi::{Console, ConsoleMode, Handle};

use super::events::forget_events;
pub use super::modes::Modes;
use crate::system::terminal::{TypedAhead, Writes};

/// The console, open for writes. It takes UTF-16, where a file of the same name takes bytes of the
/// code page of the system.
pub struct Output {
    console: Console,
    input: ConsoleMode,
    output: ConsoleMode,
}

impl Output {
    /// A console makes a write wait only while a person marks text in it.
    ///
    /// # Errors
    /// There is no console.
    pub fn open(_writes: Writes) -> io::Result<Self> {
        let (input, output) = (Handle::current_in_handle()?, Handle::current_out_handle()?);
        let console = Console::from(output.clone());
        Ok(Self { console, input: input.into(), output: output.into() })
    }

    /// Writes a text, and returns true: a console takes it whole.
    ///
    /// # Errors
    /// The console is gone.
    pub fn write(&mut self, text: &str) -> io::Result<bool> {
        // WriteConsole does not like to write nothing.
        if !text.is_empty() {
            self.console.write_char_buffer(text.as_bytes())?;
        }
        Ok(true)
    }

    /// Returns columns and rows.
    ///
    /// # Errors
    /// The console is gone.
    #[expect(clippy::unused_self, reason = "Unix asks the terminal that is open")]
    pub fn size(&self) -> io::Result<Option<(usize, usize)>> {
        let (columns, rows) = crossterm::terminal::size()?;
        Ok((columns > 0 && rows > 0).then_some((columns.into(), rows.into())))
    }

    /// # Errors
    /// The console is gone.
    pub fn modes(&self) -> io::Result<Modes> {
        Ok(Modes { input: self.input.mode()?, output: self.output.mode()? })
    }

    /// # Errors
    /// The console is gone, or does not know a mode.
    pub fn set_modes(&self, modes: &Modes, typed: TypedAhead) -> io::Result<()> {
        self.input.set_mode(modes.input)?;
        if typed == TypedAhead::Discard {
            self.forget_input();
        }
        self.output.set_mode(modes.output)
    }

    /// Throws away what was typed and not read.
    #[expect(clippy::unused_self, reason = "Unix asks the terminal that is open")]
    pub fn forget_input(&self) {
        forget_events();
    }

    /// Returns whether this process may touch the console. None is ever in its background.
    #[expect(clippy::unused_self, reason = "Unix asks the terminal that is open")]
    pub fn is_ours(&self) -> bool {
        true
    }
}

/// Returns the modes in which nothing shows of a line but its end.
pub fn hidden(before: &Modes) -> Modes {
    before.without_echo()
}

/// Returns the modes for a drawing.
#[expect(clippy::unnecessary_wraps, reason = "a terminal of Unix needs no others")]
pub fn drawing(before: &Modes) -> Option<Modes> {
    Some(before.with_escapes())
}

/// Returns whether there is a console to draw on: those before Windows 10, and those that a person
/// has set to be like them, know no escape sequences.
pub fn is_drawable() -> bool {
    let drawable = || {
        let output = Output::open(Writes::Bounded)?;
        let before = output.modes()?;
        output.set_modes(&before.with_escapes(), TypedAhead::Keep)?;
        output.set_modes(&before, TypedAhead::Keep)
    };
    drawable().is_ok()
}

/// Lets the console understand escape sequences. Returns whether colours may be written to it, or to
/// the terminal of another system that is in its place.
pub fn takes_escapes() -> bool {
    crossterm::ansi_support::supports_ansi()
}

/// Returns the room for a line on stdout, in cells; `None` when there is no console. A line that
/// fills the last column of a console is followed by an empty one.
pub fn stdout_width() -> Option<usize> {
    let (columns, _) = crossterm::terminal::size().ok()?;
    usize::from(columns).checked_sub(1).filter(|width| *width > 0)
}
