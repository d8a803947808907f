//! Questions on the controlling terminal.

use std::io;
use std::time::Duration;

use zeroize::Zeroizing;

use super::method::{Outcome, Text};
use crate::error::{Error, Result};
use crate::system::runtime::Runtime;
use crate::system::terminal::{
    Changes, Continued, Line, Lines, Output, TerminalGuard, TypedAhead, Writes, drawing, hidden,
};
use crate::text::clean_lines;

pub struct Tty(Output);

impl Tty {
    /// Opens the terminal; `None` when the process has none.
    pub fn open() -> Option<Self> {
        Output::open(Writes::Wait).ok().map(Self)
    }

    /// Writes a line for the person.
    pub fn say(&mut self, text: &str) {
        let _ = self.0.write(&clean_lines(text));
    }

    /// Writes text that may move the cursor or colour the terminal. The text must be rolecall's
    /// own.
    fn draw(&mut self, text: &str) {
        let _ = self.0.write(text);
    }

    /// Returns columns and rows, where they are known.
    pub fn size(&self) -> Option<(usize, usize)> {
        self.0.size().ok().flatten()
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

    /// Asks for one line; `None` at end of input, or when nobody answers within `limit`.
    ///
    /// # Errors
    /// Those of `ask_within`, and when the terminal cannot be read.
    pub fn ask_line(
        &mut self,
        runtime: &Runtime,
        question: &str,
        limit: Duration,
    ) -> Result<Option<Text>> {
        match self.ask_within(runtime, question, limit)? {
            Outcome::Had(line) => Ok(Some(line)),
            Outcome::Absent(why) => Err(Error::failed(why)),
            _ => Ok(None),
        }
    }

    /// Asks for a line below a drawing, which must be rolecall's own and is erased afterwards. The
    /// terminal has to be drawable.
    ///
    /// # Errors
    /// Those of `ask_within`.
    pub fn ask_below(
        &mut self,
        runtime: &Runtime,
        image: Zeroizing<String>,
        question: &str,
        limit: Duration,
    ) -> Result<Outcome<Text>> {
        let leave = format!("\r\u{1b}[{}A\u{1b}[J", image.matches('\n').count());
        runtime.catch_signals()?;
        let drawn = TerminalGuard::new(|before| Changes {
            modes: drawing(before),
            enter: image,
            leave,
            ..Changes::default()
        });
        let drawn = drawn.map_err(|error| unreadable(&error))?;
        let answer = self.ask_within(runtime, question, limit);
        // Each of these has left the line of the question.
        if matches!(answer, Ok(Outcome::Had(_) | Outcome::Declined | Outcome::Silent)) {
            self.draw("\u{1b}[A");
        }
        drop(drawn);
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
        runtime.catch_signals()?;
        let without_echo = TerminalGuard::new(|before| Changes {
            modes: Some(hidden(before)),
            typed: TypedAhead::Discard,
            ..Changes::default()
        });
        let without_echo = without_echo.map_err(|error| unreadable(&error))?;
        let answer = self.read(runtime, question, limit);
        if !matches!(answer, Ok(Read::Line(_))) {
            self.say("\n");
        }
        drop(without_echo);
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
            let mut lines = Lines::open()?;
            self.say(question);
            loop {
                tokio::select! {
                    line = lines.line() => return line,
                    () = continued.next() => self.say(question),
                }
            }
        };
        let answer = runtime.run_within(limit, answer);
        if let Ok(None) | Err(_) = answer {
            self.0.forget_input();
        }
        Ok(match answer? {
            None => Read::Late,
            Some(Ok(Some(line))) => Read::Line(line),
            Some(Ok(None)) => Read::End,
            Some(Err(error)) => Read::Failed(error),
        })
    }
}

fn unreadable(error: &dyn std::fmt::Display) -> Error {
    Error::failed(format!("the terminal cannot be read: {error}"))
}

/// How a read ended.
enum Read {
    Line(Line),
    End,
    Late,
    Failed(io::Error),
}
