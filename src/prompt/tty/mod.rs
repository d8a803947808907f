//! The controlling terminal (`/dev/tty`, `CONIN$` on Windows). It is opened by its own name,
//! because stdin and stdout belong to the SDK.

mod line;
#[cfg(unix)]
mod unix;
#[cfg(not(unix))]
mod windows;

use std::fs::{File, OpenOptions};
use std::io::{self, Write};
use std::time::Duration;

use zeroize::Zeroizing;

use self::line::Bytes;
#[cfg(unix)]
pub use self::unix::SavedModes;
#[cfg(unix)]
use self::unix::{Continued, Input};
#[cfg(not(unix))]
pub use self::windows::SavedModes;
#[cfg(not(unix))]
use self::windows::{Continued, Input};
use super::method::{Outcome, Text};
use crate::error::{Error, Result};
use crate::system::runtime::Runtime;
use crate::system::terminal;
use crate::text::clean_lines;

pub struct Tty {
    input: File,
    output: File,
}

impl Tty {
    /// Opens the terminal; `None` when the process has none.
    pub fn open() -> Option<Self> {
        let input = OpenOptions::new().read(true).write(true).open(terminal::INPUT).ok()?;
        let output = OpenOptions::new().read(true).write(true).open(terminal::OUTPUT).ok()?;
        Some(Self { input, output })
    }

    /// Returns input and output, for a program that talks to the person itself.
    pub fn into_ends(self) -> (File, File) {
        (self.input, self.output)
    }

    /// Writes a line for the person.
    pub fn say(&mut self, text: &str) {
        let _ = self.output.write_all(printable(text).as_bytes());
    }

    /// Writes text that may move the cursor or colour the terminal. The text must be rolecall's
    /// own.
    pub fn draw(&mut self, text: &str) {
        let _ = self.output.write_all(text.as_bytes());
    }

    /// Returns columns and rows, where they are known.
    #[cfg(unix)]
    pub fn size(&self) -> Option<(usize, usize)> {
        let size = rustix::termios::tcgetwinsize(&self.output).ok()?;
        (size.ws_col > 0 && size.ws_row > 0).then_some((size.ws_col.into(), size.ws_row.into()))
    }

    #[cfg(windows)]
    #[expect(clippy::unused_self, reason = "Unix asks the terminal")]
    pub fn size(&self) -> Option<(usize, usize)> {
        None
    }

    /// Asks for one line and waits for as long as `limit`. On SIGINT the question ends, and the
    /// terminal throws away what was typed.
    ///
    /// # Errors
    /// After SIGINT.
    pub fn ask_within(
        &mut self,
        runtime: &Runtime,
        question: &str,
        limit: Duration,
    ) -> Result<Outcome<Text>> {
        match self.read(runtime, question, limit, None)? {
            // Bytes that are no text are no code either, and the person is told as for any mistake.
            Read::Line(line) => {
                Ok(Outcome::Had(Zeroizing::new(String::from_utf8_lossy(&line).into_owned())))
            }
            Read::End => {
                self.say("\n");
                Ok(Outcome::Declined)
            }
            Read::Late => {
                self.forget();
                Ok(Outcome::Silent)
            }
            Read::Failed(error) => {
                Ok(Outcome::absent(format!("the terminal cannot be read: {error}")))
            }
        }
    }

    /// Asks for a line that is not shown while it is typed; `None` at end of input, or when nobody
    /// answers within `limit`.
    ///
    /// # Errors
    /// After SIGINT, when the terminal cannot be read, and when it does not send UTF-8.
    pub fn ask_hidden(
        &mut self,
        runtime: &Runtime,
        question: &str,
        limit: Duration,
    ) -> Result<Option<Text>> {
        #[cfg(unix)]
        let hidden = self.input.try_clone().ok().map(SavedModes::hiding);
        #[cfg(not(unix))]
        let hidden: Option<SavedModes> = None;
        let answer = self.read(runtime, question, limit, hidden.as_ref());
        if let Ok(Read::Late) = answer {
            self.forget();
        }
        drop(hidden);
        let failed = |error: &dyn std::fmt::Display| {
            Error::failed(format!("the terminal cannot be read: {error}"))
        };
        match answer? {
            // Replacing bytes would change the secret.
            Read::Line(line) => std::str::from_utf8(&line)
                .map(|text| Some(Zeroizing::new(text.to_owned())))
                .map_err(|_| failed(&"it does not send UTF-8")),
            Read::End | Read::Late => Ok(None),
            Read::Failed(error) => Err(failed(&error)),
        }
    }

    /// Shows a question, and shows it again after a pause, until there is a line.
    fn read(
        &mut self,
        runtime: &Runtime,
        question: &str,
        limit: Duration,
        hidden: Option<&SavedModes>,
    ) -> Result<Read> {
        let stop_key = hidden.and_then(SavedModes::stop_key);
        let answer = async {
            // Before the question shows: the person may stop the program at once.
            let mut continued = Continued::new();
            let mut input = Input::open(stop_key)?;
            self.say(question);
            loop {
                tokio::select! {
                    line = input.line() => match (line?, hidden) {
                        (Some(line), Some(hidden))
                            if stop_key.is_some() && line.last().copied() == stop_key =>
                        {
                            hidden.stop();
                            continued.next_after_stop().await;
                        }
                        (line, _) => return Ok(line),
                    },
                    () = continued.next() => {}
                }
                if let Some(hidden) = hidden {
                    hidden.hide();
                }
                self.say(question);
            }
        };
        Ok(match runtime.run_within(limit, answer)? {
            None => Read::Late,
            Some(Ok(Some(line))) => Read::Line(line),
            Some(Ok(None)) => Read::End,
            Some(Err(error)) => Read::Failed(error),
        })
    }

    /// Throws away unread input, so that the shell does not get it.
    fn forget(&mut self) {
        self.say("\n");
        #[cfg(unix)]
        let _ = rustix::termios::tcflush(&self.input, rustix::termios::QueueSelector::IFlush);
    }
}

/// How a read ended.
enum Read {
    Line(Bytes),
    End,
    Late,
    Failed(io::Error),
}

/// Replaces the characters that move the cursor or colour the terminal. Line ends stay.
pub fn printable(text: &str) -> String {
    clean_lines(text).into_owned()
}
