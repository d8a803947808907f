//! The picker's screen: what it draws on the terminal, and the keys that it gets from there.
//!
//! It is the controlling terminal, because stdin and stdout may be a shell's (`$(…)`). Whatever ends
//! the picker, the terminal gets back its modes and its screen.

use super::view::{ScreenLine, Size, SpanStyle};
use crate::error::{Error, Result};
use crate::system::terminal::{KeyPress, Keyboard, Output, Reads, Writes};
use crate::text::color::Color;

/// The alternate screen (xterm, "Private modes"), and the way back.
const ENTER: &str = "\x1b[?1049h\x1b[H\x1b[2J";
const LEAVE: &str = "\x1b[0m\x1b[H\x1b[2J\x1b[?25h\x1b[?1049l";
/// The marks around a frame. Terminals that know them show the whole frame at once.
const FRAME: (&str, &str) = ("\x1b[?2026h\x1b[?25l", "\x1b[?25h\x1b[?2026l");
/// The size that a terminal of no known size is taken to have.
const DEFAULT_SIZE: Size = Size { width: 80, height: 24 };

pub struct Screen {
    output: Output,
    keyboard: Keyboard,
    colors: Colors,
}

/// Whether the picker uses colours.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Colors {
    On,
    Off,
}

impl Screen {
    /// Takes the terminal. `Runtime::catch_signals` has to be called before.
    ///
    /// # Errors
    /// The terminal cannot be used.
    pub fn begin(colors: Colors) -> Result<Self> {
        let fail = |error| Error::failed(format!("the terminal cannot be used: {error}"));
        let output = Output::open(Writes::Bounded).map_err(fail)?;
        let keyboard = Keyboard::take(ENTER, LEAVE).map_err(fail)?;
        Ok(Self { output, keyboard, colors })
    }

    /// Returns how often the program was stopped, after which the screen is empty.
    pub fn pauses(&self) -> usize {
        self.keyboard.pauses()
    }

    /// Returns the keys that were typed.
    ///
    /// # Errors
    /// The terminal is gone.
    pub fn read(&mut self, reads: Reads) -> Result<Vec<KeyPress>> {
        self.keyboard.read(reads).map_err(gone)
    }

    /// Returns the terminal's size.
    ///
    /// # Errors
    /// The terminal is gone.
    pub fn size(&self) -> Result<Size> {
        let size = self.output.size().map_err(gone)?;
        Ok(size.map_or(DEFAULT_SIZE, |(width, height)| Size { width, height }))
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
        self.output.write(&text).map_err(gone)
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
