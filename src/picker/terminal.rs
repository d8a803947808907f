//! The terminal while the picker has it: the alternate screen, raw modes, keys and signals.
//! Whatever ends the picker, the terminal gets back its modes and its screen.
//!
//! The picker draws on the controlling terminal, because stdin and stdout may be a shell's
//! (`$(…)`). A read ends by itself after a tenth of a second (termios), so that signals, a resize
//! and a terminal that is gone are all noticed without a thread.

use std::fs::{File, OpenOptions};
use std::io::{ErrorKind, Read};

use rustix::termios::{SpecialCodeIndex, Termios, tcgetattr, tcgetwinsize};

use super::keys::KeyDecoder;
use super::model::KeyPress;
use super::view::{ScreenLine, Size, SpanStyle};
use crate::error::{Error, Result};
use crate::system::terminal::{Changes, TerminalGuard, open_output, write};
use crate::text::color::Color;

/// The alternate screen and bracketed paste (xterm, "Private modes"), and the way back.
const ENTER: &str = "\x1b[?1049h\x1b[?2004h\x1b[H\x1b[2J";
const LEAVE: &str = "\x1b[0m\x1b[H\x1b[2J\x1b[?25h\x1b[?2004l\x1b[?1049l";
/// The marks around a frame. Terminals that know them show the whole frame at once.
const FRAME: (&str, &str) = ("\x1b[?2026h\x1b[?25l", "\x1b[?25h\x1b[?2026l");
/// The size that a terminal of no known size is taken to have.
const DEFAULT_SIZE: Size = Size { width: 80, height: 24 };

pub struct Screen {
    tty: File,
    /// The same terminal, for writes that do not wait.
    output: File,
    before: Termios,
    keys: KeyDecoder,
    guard: TerminalGuard,
    colors: Colors,
}

/// Whether the picker uses colours.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Colors {
    On,
    Off,
}

/// How a read ends that finds no key.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Reads {
    /// After a tenth of a second.
    Wait,
    /// At once.
    Poll,
}

/// Opens the controlling terminal; `None` where there is none, or where this process is not in its
/// foreground and would be stopped.
pub fn open() -> Option<File> {
    let tty = OpenOptions::new().read(true).write(true).open("/dev/tty").ok()?;
    crate::system::locks::in_foreground(&tty).then_some(tty)
}

impl Screen {
    /// Takes the terminal. `Runtime::catch_signals` has to be called before.
    ///
    /// # Errors
    /// The terminal cannot be used.
    pub fn begin(tty: File, colors: Colors) -> Result<Self> {
        let fail = |e: std::io::Error| Error::failed(format!("the terminal cannot be used: {e}"));
        let output = open_output().map_err(fail)?;
        let before = tcgetattr(&tty).map_err(|e| fail(e.into()))?;
        let guard = TerminalGuard::new(|_| Changes {
            modes: None,
            enter: ENTER.to_owned().into(),
            leave: LEAVE.to_owned(),
        });
        let guard = guard.map_err(fail)?;
        let screen = Self { tty, output, before, keys: KeyDecoder::default(), guard, colors };
        screen.set_reads(Reads::Wait)?;
        Ok(screen)
    }

    /// Sets how reads end.
    ///
    /// # Errors
    /// The terminal is gone.
    pub fn set_reads(&self, reads: Reads) -> Result<()> {
        let mut modes = self.before.clone();
        modes.make_raw();
        modes.special_codes[SpecialCodeIndex::VMIN] = 0;
        modes.special_codes[SpecialCodeIndex::VTIME] = u8::from(reads == Reads::Wait);
        self.guard.set_modes(&self.tty, modes).map_err(gone)
    }

    /// Returns how often the program was stopped, after which the screen is empty.
    pub fn pauses(&self) -> usize {
        self.guard.pauses()
    }

    /// Returns the keys that were typed. `reads` is what `set_reads` was told last.
    ///
    /// # Errors
    /// The terminal is gone.
    pub fn read(&mut self, reads: Reads) -> Result<Vec<KeyPress>> {
        let mut bytes = [0; 4096];
        match self.tty.read(&mut bytes) {
            Ok(0) if reads == Reads::Wait => Ok(self.keys.silence().into_iter().collect()),
            Ok(count) => Ok(self.keys.feed(&bytes[..count])),
            Err(error)
                if matches!(error.kind(), ErrorKind::Interrupted | ErrorKind::WouldBlock) =>
            {
                Ok(Vec::new())
            }
            Err(error) => Err(gone(error)),
        }
    }

    /// Returns the terminal's size.
    ///
    /// # Errors
    /// The terminal is gone.
    pub fn size(&self) -> Result<Size> {
        let size = tcgetwinsize(&self.tty).map_err(gone)?;
        let (width, height) = (usize::from(size.ws_col), usize::from(size.ws_row));
        Ok(if width == 0 || height == 0 { DEFAULT_SIZE } else { Size { width, height } })
    }

    /// Draws a screen, and returns whether the terminal took all of it within a second.
    ///
    /// # Errors
    /// The terminal is gone.
    pub fn draw(&mut self, lines: &[ScreenLine], cursor: usize, size: Size) -> Result<bool> {
        let mut text = FRAME.0.to_owned();
        for (number, line) in lines.iter().enumerate() {
            text += &format!("\x1b[{};1H", number + 1);
            self.render(line, size.width, &mut text);
        }
        if lines.len() < size.height {
            text += &format!("\x1b[{};1H\x1b[J", lines.len() + 1);
        }
        text += &format!("\x1b[1;{}H{}", cursor + 1, FRAME.1);
        write(&mut self.output, &text).map_err(gone)
    }

    fn render(&self, line: &ScreenLine, width: usize, text: &mut String) {
        let mut cells = 0;
        for (at, span) in line.spans.iter().enumerate() {
            let mut style = if self.colors == Colors::On { sgr(span.style) } else { Vec::new() };
            if self.colors == Colors::On && at < line.chosen {
                style.push("7".to_owned());
            }
            if style.is_empty() {
                *text += &span.text;
            } else {
                *text += &format!("\x1b[{}m{}\x1b[0m", style.join(";"), span.text);
            }
            cells += crate::text::width(&span.text);
        }
        // In the last column the cursor stands on the character that was just written.
        if cells < width {
            *text += "\x1b[K";
        }
    }
}

fn gone(error: impl std::fmt::Display) -> Error {
    Error::failed(format!("the terminal is gone: {error}"))
}

/// Returns the parameters of an SGR sequence.
fn sgr(style: SpanStyle) -> Vec<String> {
    match style {
        SpanStyle::Plain => Vec::new(),
        SpanStyle::Dim => vec!["2".to_owned()],
        SpanStyle::Colored(color) => vec![color.sgr()],
        SpanStyle::Matched(color) => {
            color.map(Color::sgr).into_iter().chain(["1;4".to_owned()]).collect()
        }
        SpanStyle::Problem => vec!["31".to_owned()],
    }
}
