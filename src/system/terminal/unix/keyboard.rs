//! The keys of a terminal in raw modes.

use std::fs::{File, OpenOptions};
use std::io::{self, ErrorKind, Read};

use rustix::termios::{SpecialCodeIndex, Termios, tcgetattr};

use super::key_decoder::KeyDecoder;
use crate::system::terminal::guard::{Changes, TerminalGuard};
use crate::system::terminal::keys::KeyPress;
use crate::system::terminal::{INPUT, Reads};

/// Bracketed paste (xterm), and the way back.
const PASTE: (&str, &str) = ("\x1b[?2004h", "\x1b[?2004l");

/// The keyboard while a person chooses. A read ends by itself (termios), so that signals, a resize
/// and a terminal that is gone are all noticed without a thread.
pub struct Keyboard {
    tty: File,
    before: Termios,
    /// How reads end in the modes of now.
    reads: Reads,
    decoder: KeyDecoder,
    guard: TerminalGuard,
}

impl Keyboard {
    /// Takes the terminal, and writes `enter`. On drop the terminal gets `leave` and its modes.
    /// `Runtime::catch_signals` has to be called before.
    ///
    /// # Errors
    /// There is no terminal.
    pub fn take(enter: &str, leave: &str) -> io::Result<Self> {
        let tty = OpenOptions::new().read(true).write(true).open(INPUT)?;
        let before = tcgetattr(&tty)?;
        let guard = TerminalGuard::new(|_| Changes {
            enter: format!("{enter}{}", PASTE.0).into(),
            leave: format!("{}{leave}", PASTE.1),
            ..Changes::default()
        })?;
        let (decoder, reads) = (KeyDecoder::default(), Reads::Wait);
        let keyboard = Self { tty, before, reads, decoder, guard };
        keyboard.set_modes()?;
        Ok(keyboard)
    }

    fn set_modes(&self) -> io::Result<()> {
        let mut modes = self.before.clone();
        modes.make_raw();
        modes.special_codes[SpecialCodeIndex::VMIN] = 0;
        modes.special_codes[SpecialCodeIndex::VTIME] = u8::from(self.reads == Reads::Wait);
        self.guard.set_modes(modes)
    }

    /// Returns the keys that were typed.
    ///
    /// # Errors
    /// The terminal is gone.
    pub fn read(&mut self, reads: Reads) -> io::Result<Vec<KeyPress>> {
        if reads != self.reads {
            self.reads = reads;
            self.set_modes()?;
        }
        let mut bytes = [0; 4096];
        match self.tty.read(&mut bytes) {
            Ok(0) if reads == Reads::Wait => Ok(self.decoder.silence().into_iter().collect()),
            Ok(count) => Ok(self.decoder.feed(&bytes[..count])),
            Err(error)
                if matches!(error.kind(), ErrorKind::Interrupted | ErrorKind::WouldBlock) =>
            {
                Ok(Vec::new())
            }
            Err(error) => Err(error),
        }
    }

    /// Returns how often the program was stopped, after which the screen is empty.
    pub fn pauses(&self) -> usize {
        self.guard.pauses()
    }
}
