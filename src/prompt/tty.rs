//! The controlling terminal, opened by itself because stdin and stdout are the SDK's (`/dev/tty`, `CONIN$` on Windows).

use std::fs::{File, OpenOptions};
use std::io::{BufRead, BufReader, Write};
use std::time::Duration;

use zeroize::Zeroizing;

use super::rungs::{Outcome, Text};
use crate::error::{Error, Result};
use crate::runtime::Runtime;

pub struct Tty {
    input: File,
    output: File,
}

#[cfg(unix)]
pub const PATHS: (&str, &str) = ("/dev/tty", "/dev/tty");
#[cfg(windows)]
pub const PATHS: (&str, &str) = ("CONIN$", "CONOUT$");

impl Tty {
    /// Opens the terminal; `None` when the process has none.
    pub fn open() -> Option<Self> {
        let input = OpenOptions::new().read(true).write(true).open(PATHS.0).ok()?;
        let output = OpenOptions::new().read(true).write(true).open(PATHS.1).ok()?;
        Some(Self { input, output })
    }

    /// Returns the two ends, for a program that talks to the person itself.
    pub fn into_ends(self) -> (File, File) {
        (self.input, self.output)
    }

    /// Writes a line for the person.
    pub fn say(&mut self, text: &str) {
        let _ = self.output.write_all(printable(text).as_bytes());
    }

    /// Writes text that may move the cursor or colour the terminal: only what this program made itself.
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

    /// Asks for one line, for as long as `limit`. SIGINT ends the question and what was typed is thrown away by the terminal.
    pub fn ask_within(&mut self, runtime: &Runtime, question: &str, limit: Duration) -> Result<Outcome<Text>> {
        match self.read(runtime, question, limit, None)? {
            Read::Line(line) => Ok(Outcome::Had(line)),
            Read::End => {
                self.say("\n");
                Ok(Outcome::Declined)
            }
            Read::Late => {
                self.forget();
                Ok(Outcome::Silent)
            }
            Read::Failed(error) => Ok(Outcome::absent(format!("the terminal cannot be read: {error}"))),
        }
    }

    /// Asks for a line that is not shown while it is typed; `None` at end of input.
    pub fn ask_hidden(&mut self, runtime: &Runtime, question: &str) -> Result<Option<Text>> {
        #[cfg(unix)]
        let hidden = self.input.try_clone().ok().map(modes::Kept::hiding);
        #[cfg(not(unix))]
        let hidden: Option<modes::Kept> = None;
        let answer = self.read(runtime, question, Duration::MAX, hidden.as_ref());
        drop(hidden);
        match answer? {
            Read::Line(line) => Ok(Some(line)),
            Read::End | Read::Late => Ok(None),
            Read::Failed(error) => Err(Error::failed(format!("the terminal cannot be read: {error}"))),
        }
    }

    /// Shows a question, and again after a pause, until there is a line.
    fn read(&mut self, runtime: &Runtime, question: &str, limit: Duration, hidden: Option<&modes::Kept>) -> Result<Read> {
        let input = match self.input.try_clone() {
            Ok(input) => input,
            Err(error) => return Ok(Read::Failed(error)),
        };
        let (send, mut receive) = tokio::sync::oneshot::channel();
        // A blocked read cannot be taken back, so it has a thread of its own, which ends with the process.
        std::thread::spawn(move || {
            let mut line = Zeroizing::new(String::with_capacity(256));
            let read = BufReader::new(input).read_line(&mut line);
            let _ = send.send(read.map(|count| (count > 0).then_some(line)));
        });
        let answer = async {
            // Before the question shows, after which the person may stop the program at once.
            let mut continued = Continued::new();
            self.say(question);
            loop {
                tokio::select! {
                    answer = &mut receive => return answer.ok(),
                    () = continued.next() => {
                        if let Some(hidden) = hidden {
                            hidden.hide();
                        }
                        self.say(question);
                    }
                }
            }
        };
        Ok(match runtime.run_within(limit, answer)? {
            None => Read::Late,
            Some(Some(Ok(Some(line)))) => Read::Line(line),
            Some(Some(Err(error))) => Read::Failed(error),
            Some(Some(Ok(None)) | None) => Read::End,
        })
    }

    /// Throws away what was typed and not read, so that the shell does not get it.
    fn forget(&mut self) {
        self.say("\n");
        #[cfg(unix)]
        let _ = rustix::termios::tcflush(&self.input, rustix::termios::QueueSelector::IFlush);
    }
}

/// How a line was read, or not.
enum Read {
    Line(Text),
    End,
    Late,
    Failed(std::io::Error),
}

/// SIGCONT, after which a person no longer sees what was asked: `fg` after Ctrl-Z.
struct Continued {
    #[cfg(unix)]
    signal: Option<tokio::signal::unix::Signal>,
}

impl Continued {
    #[cfg(unix)]
    fn new() -> Self {
        let kind = tokio::signal::unix::SignalKind::from_raw(rustix::process::Signal::CONT.as_raw());
        Self { signal: tokio::signal::unix::signal(kind).ok() }
    }

    #[cfg(unix)]
    async fn next(&mut self) {
        match &mut self.signal {
            Some(signal) => drop(signal.recv().await),
            None => std::future::pending().await,
        }
    }

    #[cfg(not(unix))]
    fn new() -> Self {
        Self {}
    }

    #[cfg(not(unix))]
    async fn next(&mut self) {
        std::future::pending().await
    }
}

/// Takes away what could move the cursor or colour the terminal, but keeps line ends.
pub fn printable(text: &str) -> String {
    text.chars().map(|c| if c.is_control() && c != '\n' { '\u{fffd}' } else { c }).collect()
}

#[cfg(unix)]
pub mod modes {
    //! What a terminal is set to, brought back whatever happens.

    use std::fs::File;

    use rustix::termios::{LocalModes, OptionalActions, Termios, tcgetattr, tcsetattr};

    /// The modes of a terminal, which are set again on drop.
    pub struct Kept {
        tty: File,
        before: Option<Termios>,
    }

    impl Kept {
        pub fn new(tty: File) -> Self {
            let before = tcgetattr(&tty).ok();
            Self { tty, before }
        }

        /// Keeps them, and shows what is typed no longer.
        pub fn hiding(tty: File) -> Self {
            let kept = Self::new(tty);
            kept.hide();
            kept
        }

        pub fn hide(&self) {
            if let Some(mut modes) = self.before.clone() {
                modes.local_modes.remove(LocalModes::ECHO);
                modes.local_modes.insert(LocalModes::ECHONL);
                let _ = tcsetattr(&self.tty, OptionalActions::Flush, &modes);
            }
        }
    }

    impl Drop for Kept {
        fn drop(&mut self) {
            if let Some(before) = &self.before {
                let _ = tcsetattr(&self.tty, OptionalActions::Now, before);
            }
        }
    }
}

#[cfg(not(unix))]
pub mod modes {
    //! Windows shows what is typed.

    pub struct Kept;

    impl Kept {
        pub fn hide(&self) {}
    }
}
