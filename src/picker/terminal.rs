//! The terminal while the picker has it: the alternate screen, raw modes, keys and signals.
//! Whatever ends the picker, the terminal gets back its modes and its screen.
//!
//! The picker draws on the controlling terminal, because stdin and stdout may be a shell's
//! (`$(…)`). A read ends by itself after a tenth of a second (termios), so that signals, a resize
//! and a terminal that is gone are all noticed without a thread.

use std::fs::{File, OpenOptions};
use std::io::{ErrorKind, Read, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, Once, PoisonError};
use std::time::{Duration, Instant};

use rustix::termios::{
    OptionalActions, SpecialCodeIndex, Termios, tcgetattr, tcgetwinsize, tcsetattr,
};
use signal_hook::consts::{SIGHUP, SIGTERM};

use super::keys::KeyDecoder;
use super::model::KeyPress;
use super::view::{ScreenLine, Size, SpanStyle};
use crate::error::{Error, Result};
use crate::text::color::Color;

/// The alternate screen and bracketed paste (xterm, "Private modes"), and the way back.
const ENTER: &str = "\x1b[?1049h\x1b[?2004h\x1b[H\x1b[2J";
const LEAVE: &str = "\x1b[0m\x1b[H\x1b[2J\x1b[?25h\x1b[?2004l\x1b[?1049l";
/// The marks around a frame. Terminals that know them show the whole frame at once.
const FRAME: (&str, &str) = ("\x1b[?2026h\x1b[?25l", "\x1b[?25h\x1b[?2026l");
/// The size that a terminal of no known size is taken to have.
const DEFAULT_SIZE: Size = Size { width: 80, height: 24 };

/// How long a write waits for a terminal that takes nothing, such as one that Ctrl-S has stopped.
const WRITE_TIMEOUT: Duration = Duration::from_secs(1);

/// The modes that a panic puts back.
static BEFORE: Mutex<Option<Termios>> = Mutex::new(None);

pub struct Screen {
    tty: File,
    /// The same terminal, for writes that do not wait.
    output: File,
    before: Termios,
    keys: KeyDecoder,
    signal: Arc<AtomicUsize>,
    over: Arc<AtomicBool>,
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

fn output() -> std::io::Result<File> {
    let flags = i32::try_from(rustix::fs::OFlags::NONBLOCK.bits()).unwrap_or_default();
    OpenOptions::new().write(true).custom_flags(flags).open("/dev/tty")
}

/// Opens the controlling terminal; `None` where there is none, or where this process is not in its
/// foreground and would be stopped.
pub fn open() -> Option<File> {
    let tty = OpenOptions::new().read(true).write(true).open("/dev/tty").ok()?;
    crate::system::locks::in_foreground(&tty).then_some(tty)
}

impl Screen {
    /// Takes the terminal: the modes, the alternate screen and the signals.
    ///
    /// # Errors
    /// The terminal cannot be used.
    pub fn begin(tty: File, colors: Colors) -> Result<Self> {
        let fail = |e: std::io::Error| Error::failed(format!("the terminal cannot be used: {e}"));
        let before = tcgetattr(&tty).map_err(|e| fail(e.into()))?;
        let (signal, over) = (Arc::new(AtomicUsize::new(0)), Arc::new(AtomicBool::new(false)));
        for number in [SIGTERM, SIGHUP] {
            let as_usize = usize::try_from(number).unwrap_or_default();
            signal_hook::flag::register_usize(number, Arc::clone(&signal), as_usize)
                .map_err(fail)?;
            // A handler cannot be removed. After the picker it does what the default one does.
            signal_hook::flag::register_conditional_default(number, Arc::clone(&over))
                .map_err(fail)?;
        }
        put_back_on_panic();
        *BEFORE.lock().unwrap_or_else(PoisonError::into_inner) = Some(before.clone());
        let mut screen = Self {
            tty,
            output: output().map_err(fail)?,
            before,
            keys: KeyDecoder::default(),
            signal,
            over,
            colors,
        };
        screen.set_reads(Reads::Wait)?;
        write(&mut screen.output, ENTER)?;
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
        tcsetattr(&self.tty, OptionalActions::Now, &modes).map_err(gone)
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

    /// Returns the signal that asked the program to end.
    pub fn signal(&self) -> Option<usize> {
        Some(self.signal.load(Ordering::Relaxed)).filter(|signal| *signal != 0)
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
        write(&mut self.output, &text)
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

impl Drop for Screen {
    fn drop(&mut self) {
        // After a panic the modes are put back already, and the message must stay on the screen.
        if BEFORE.lock().unwrap_or_else(PoisonError::into_inner).take().is_some() {
            put_back(&mut self.output, &self.before);
        }
        self.over.store(true, Ordering::Relaxed);
    }
}

/// Ends the program as the signal would have ended it.
pub fn end_by(signal: usize) -> Error {
    let _ = i32::try_from(signal).map(signal_hook::low_level::emulate_default_handler);
    Error::interrupted()
}

fn gone(error: impl std::fmt::Display) -> Error {
    Error::failed(format!("the terminal is gone: {error}"))
}

/// Writes a text, and returns whether the terminal took all of it in time.
fn write(tty: &mut File, text: &str) -> Result<bool> {
    let (mut rest, begin) = (text.as_bytes(), Instant::now());
    while !rest.is_empty() {
        match tty.write(rest) {
            Ok(count) => rest = &rest[count..],
            Err(error)
                if matches!(error.kind(), ErrorKind::Interrupted | ErrorKind::WouldBlock) =>
            {
                if begin.elapsed() > WRITE_TIMEOUT {
                    return Ok(false);
                }
                std::thread::sleep(Duration::from_millis(5));
            }
            Err(error) => return Err(gone(error)),
        }
    }
    Ok(true)
}

fn put_back(tty: &mut File, before: &Termios) {
    let _ = write(tty, LEAVE);
    let _ = tcsetattr(&*tty, OptionalActions::Now, before);
}

/// Puts the terminal back on a panic. A release build does not unwind, and the message must not
/// vanish with the alternate screen.
fn put_back_on_panic() {
    static ONCE: Once = Once::new();
    ONCE.call_once(|| {
        let before = std::panic::take_hook();
        std::panic::set_hook(Box::new(move |panic| {
            let modes = BEFORE.try_lock().ok().and_then(|mut modes| modes.take());
            if let (Some(modes), Ok(mut tty)) = (modes, output()) {
                put_back(&mut tty, &modes);
            }
            before(panic);
        }));
    });
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
