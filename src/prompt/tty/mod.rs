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
use self::unix::{Continued, Input};
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
        let _ = self.output.write_all(clean_lines(text).as_bytes());
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

    /// Asks for one line and waits for as long as `limit`. When a signal ends the question, the
    /// terminal throws away what was typed.
    ///
    /// # Errors
    /// After SIGINT and its like.
    pub fn ask_within(
        &mut self,
        runtime: &Runtime,
        question: &str,
        limit: Duration,
    ) -> Result<Outcome<Text>> {
        match self.read(runtime, question, limit)? {
            // Bytes that are no text are no code either, and the person is told as for any mistake.
            Read::Line(line) => {
                Ok(Outcome::Had(Zeroizing::new(String::from_utf8_lossy(&line).into_owned())))
            }
            Read::End => {
                self.say("\n");
                Ok(Outcome::Declined)
            }
            Read::Late => {
                self.say("\n");
                Ok(Outcome::Silent)
            }
            Read::Failed(error) => {
                Ok(Outcome::absent(format!("the terminal cannot be read: {error}")))
            }
        }
    }

    /// Asks for a line below a drawing, which must be rolecall's own and is erased afterwards.
    ///
    /// # Errors
    /// Those of `ask_within`.
    pub fn ask_below(
        &mut self,
        runtime: &Runtime,
        drawing: Zeroizing<String>,
        question: &str,
        limit: Duration,
    ) -> Result<Outcome<Text>> {
        let leave = format!("\r\u{1b}[{}A\u{1b}[J", drawing.matches('\n').count());
        #[cfg(unix)]
        runtime.catch_signals()?;
        #[cfg(unix)]
        let drawn = self::unix::draw(drawing, leave).map_err(|error| unreadable(&error))?;
        #[cfg(not(unix))]
        self.draw(&drawing);
        let answer = self.ask_within(runtime, question, limit);
        // Each of these has left the line of the question.
        if matches!(answer, Ok(Outcome::Had(_) | Outcome::Declined | Outcome::Silent)) {
            self.draw("\u{1b}[A");
        }
        #[cfg(unix)]
        drop(drawn);
        #[cfg(not(unix))]
        self.draw(&leave);
        answer
    }

    /// Asks for a line that is not shown while it is typed; `None` at end of input, or when nobody
    /// answers within `limit`.
    ///
    /// # Errors
    /// Those of `ask_within`, and when the terminal cannot be read or does not send UTF-8.
    pub fn ask_hidden(
        &mut self,
        runtime: &Runtime,
        question: &str,
        limit: Duration,
    ) -> Result<Option<Text>> {
        #[cfg(unix)]
        runtime.catch_signals()?;
        #[cfg(unix)]
        let hidden = self::unix::hide().map_err(|error| unreadable(&error))?;
        let answer = self.read(runtime, question, limit);
        if !matches!(answer, Ok(Read::Line(_))) {
            self.say("\n");
        }
        #[cfg(unix)]
        drop(hidden);
        match answer? {
            // Replacing bytes would change the secret.
            Read::Line(line) => std::str::from_utf8(&line)
                .map(|text| Some(Zeroizing::new(text.to_owned())))
                .map_err(|_| unreadable(&"it does not send UTF-8")),
            Read::End | Read::Late => Ok(None),
            Read::Failed(error) => Err(unreadable(&error)),
        }
    }

    /// Shows a question, and shows it again after a pause, until there is a line. What was typed of
    /// a line that nobody waits for any more is thrown away, so that the shell does not get it.
    fn read(&mut self, runtime: &Runtime, question: &str, limit: Duration) -> Result<Read> {
        let answer = async {
            // Before the question shows: the person may stop the program at once.
            let mut continued = Continued::new();
            let mut input = Input::open()?;
            self.say(question);
            loop {
                tokio::select! {
                    line = input.line() => return line,
                    () = continued.next() => self.say(question),
                }
            }
        };
        let answer = runtime.run_within(limit, answer);
        if let Ok(None) | Err(_) = answer {
            self.forget();
        }
        Ok(match answer? {
            None => Read::Late,
            Some(Ok(Some(line))) => Read::Line(line),
            Some(Ok(None)) => Read::End,
            Some(Err(error)) => Read::Failed(error),
        })
    }

    /// Throws away unread input.
    fn forget(&self) {
        #[cfg(unix)]
        let _ = rustix::termios::tcflush(&self.input, rustix::termios::QueueSelector::IFlush);
    }
}

fn unreadable(error: &dyn std::fmt::Display) -> Error {
    Error::failed(format!("the terminal cannot be read: {error}"))
}

/// How a read ended.
enum Read {
    Line(Bytes),
    End,
    Late,
    Failed(io::Error),
}
