//! The controlling terminal, opened by itself because stdin and stdout are the SDK's (`/dev/tty`,
//! `CONIN$` on Windows).

use std::fs::{File, OpenOptions};
use std::io::{self, Write};
use std::time::Duration;

use zeroize::Zeroizing;

use super::rungs::{Outcome, Text};
use crate::error::{Error, Result};
use crate::system::runtime::Runtime;

/// What a person types, as it came: a terminal may be set to anything but UTF-8.
type Bytes = Zeroizing<Vec<u8>>;

/// The most that is taken for one line, in bytes.
const LONGEST: usize = 4096;
/// How long after a stop SIGCONT may come, counted from when the process runs again.
const AFTER_A_STOP: Duration = Duration::from_millis(100);

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

    /// Writes text that may move the cursor or colour the terminal: only what this program made
    /// itself.
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

    /// Asks for one line, for as long as `limit`. SIGINT ends the question and what was typed is
    /// thrown away by the terminal.
    pub fn ask_within(
        &mut self,
        runtime: &Runtime,
        question: &str,
        limit: Duration,
    ) -> Result<Outcome<Text>> {
        match self.read(runtime, question, limit, None)? {
            // What is no text is no answer either, which the person is told like any other mistake.
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

    /// Asks for a line that is not shown while it is typed; `None` at end of input, and after
    /// `limit`.
    pub fn ask_hidden(
        &mut self,
        runtime: &Runtime,
        question: &str,
        limit: Duration,
    ) -> Result<Option<Text>> {
        #[cfg(unix)]
        let hidden = self.input.try_clone().ok().map(modes::Kept::hiding);
        #[cfg(not(unix))]
        let hidden: Option<modes::Kept> = None;
        let answer = self.read(runtime, question, limit, hidden.as_ref());
        if let Ok(Read::Late) = answer {
            self.forget();
        }
        drop(hidden);
        let failed = |error: &dyn std::fmt::Display| {
            Error::failed(format!("the terminal cannot be read: {error}"))
        };
        match answer? {
            // A secret with some letters replaced would be another one.
            Read::Line(line) => std::str::from_utf8(&line)
                .map(|text| Some(Zeroizing::new(text.to_owned())))
                .map_err(|_| failed(&"it does not send UTF-8")),
            Read::End | Read::Late => Ok(None),
            Read::Failed(error) => Err(failed(&error)),
        }
    }

    /// Shows a question, and again after a pause, until there is a line.
    fn read(
        &mut self,
        runtime: &Runtime,
        question: &str,
        limit: Duration,
        hidden: Option<&modes::Kept>,
    ) -> Result<Read> {
        let stop_key = hidden.and_then(modes::Kept::stop_key);
        let answer = async {
            // Before the question shows, after which the person may stop the program at once.
            let mut continued = Continued::new();
            let mut input = Input::open(stop_key)?;
            self.say(question);
            loop {
                tokio::select! {
                    line = input.line() => match (line?, hidden) {
                        (Some(line), Some(hidden)) if stop_key.is_some() && line.last().copied() == stop_key => {
                            hidden.stop();
                            continued.soon().await;
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

    /// Throws away what was typed and not read, so that the shell does not get it.
    fn forget(&mut self) {
        self.say("\n");
        #[cfg(unix)]
        let _ = rustix::termios::tcflush(&self.input, rustix::termios::QueueSelector::IFlush);
    }
}

/// How a line was read, or not.
enum Read {
    Line(Bytes),
    End,
    Late,
    Failed(io::Error),
}

#[cfg(unix)]
use input::Input;

#[cfg(unix)]
mod input {
    //! Lines of the terminal that can be given up: a read that waits on after its question would
    //! take the answer to the next one.

    use std::fs::{File, OpenOptions};
    use std::io::{self, ErrorKind, Read};
    use std::os::unix::fs::OpenOptionsExt;
    use std::time::Duration;

    use rustix::fs::OFlags;
    use zeroize::Zeroizing;

    use super::{Bytes, LONGEST, PATHS};

    /// How often it is looked for what was typed. A poll(2) does not stop a process in the
    /// background, and macOS has none for terminals.
    const INTERVAL: Duration = Duration::from_millis(20);

    pub struct Input {
        tty: File,
        stop_key: Option<u8>,
    }

    impl Input {
        /// Opens the terminal once more, since a read that does not wait is a matter of all who
        /// share an open file. `stop_key`: ends a line too.
        pub fn open(stop_key: Option<u8>) -> io::Result<Self> {
            let flags = OFlags::NONBLOCK.union(OFlags::NOCTTY).bits().cast_signed();
            let tty = OpenOptions::new().read(true).custom_flags(flags).open(PATHS.0)?;
            Ok(Self { tty, stop_key })
        }

        /// Reads a line; `None` at end of input.
        pub async fn line(&mut self) -> io::Result<Option<Bytes>> {
            let mut bytes = Zeroizing::new(vec![0; LONGEST]);
            let mut length = 0;
            while length < LONGEST {
                match self.tty.read(&mut bytes[length..]) {
                    Ok(0) => break,
                    Ok(count) => {
                        let end =
                            bytes[length..length + count].iter().position(|byte| *byte == b'\n');
                        length += end.map_or(count, |end| end + 1);
                        if end.is_some()
                            || self.stop_key.is_some_and(|key| bytes[length - 1] == key)
                        {
                            break;
                        }
                    }
                    Err(error) if error.kind() == ErrorKind::WouldBlock => {
                        tokio::time::sleep(INTERVAL).await;
                    }
                    Err(error) if error.kind() == ErrorKind::Interrupted => {}
                    Err(error) => return Err(error),
                }
            }
            bytes.truncate(length);
            Ok((length > 0).then_some(bytes))
        }
    }
}

/// A line of the console. Its read cannot be taken back, so it has a thread of its own, which ends
/// with the process.
#[cfg(not(unix))]
struct Input(tokio::sync::oneshot::Receiver<io::Result<Option<Bytes>>>);

#[cfg(not(unix))]
impl Input {
    fn open(_stop_key: Option<u8>) -> io::Result<Self> {
        use std::io::{BufRead, BufReader, Read};
        let console = OpenOptions::new().read(true).write(true).open(PATHS.0)?;
        let (send, receive) = tokio::sync::oneshot::channel();
        std::thread::spawn(move || {
            let mut line = Zeroizing::new(Vec::with_capacity(LONGEST));
            let read = BufReader::new(console.take(LONGEST as u64)).read_until(b'\n', &mut line);
            let _ = send.send(read.map(|count| (count > 0).then_some(line)));
        });
        Ok(Self(receive))
    }

    async fn line(&mut self) -> io::Result<Option<Bytes>> {
        (&mut self.0).await.unwrap_or(Ok(None))
    }
}

/// SIGCONT, after which a person no longer sees what was asked: `fg` after Ctrl-Z.
struct Continued {
    #[cfg(unix)]
    signal: Option<tokio::signal::unix::Signal>,
}

impl Continued {
    #[cfg(unix)]
    fn new() -> Self {
        let kind =
            tokio::signal::unix::SignalKind::from_raw(rustix::process::Signal::CONT.as_raw());
        Self { signal: tokio::signal::unix::signal(kind).ok() }
    }

    #[cfg(unix)]
    async fn next(&mut self) {
        match &mut self.signal {
            Some(signal) => drop(signal.recv().await),
            None => std::future::pending().await,
        }
    }

    /// Waits for it after a stop, which does not happen where nobody could bring the process back
    /// (POSIX, "Orphaned Process Group").
    async fn soon(&mut self) {
        let _ = tokio::time::timeout(AFTER_A_STOP, self.next()).await;
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

    use rustix::termios::{
        LocalModes, OptionalActions, SpecialCodeIndex, Termios, tcgetattr, tcsetattr,
    };

    /// A key that is none (`_POSIX_VDISABLE`).
    const DISABLED: u8 = if cfg!(target_os = "linux") { 0 } else { 0xff };

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

        /// Keeps them and hides.
        pub fn hiding(tty: File) -> Self {
            let kept = Self::new(tty);
            kept.hide();
            kept
        }

        /// Shows no longer what is typed. Ctrl-Z only ends the line, so that the modes can be put
        /// back before anything stops.
        pub fn hide(&self) {
            if let Some(mut modes) = self.before.clone() {
                modes.local_modes.remove(LocalModes::ECHO);
                modes.local_modes.insert(LocalModes::ECHONL);
                if let Some(key) = self.stop_key() {
                    modes.special_codes[SpecialCodeIndex::VSUSP] = DISABLED;
                    modes.special_codes[SpecialCodeIndex::VEOL] = key;
                }
                let _ = tcsetattr(&self.tty, OptionalActions::Flush, &modes);
            }
        }

        /// Returns the key that stops a program, usually Ctrl-Z.
        pub fn stop_key(&self) -> Option<u8> {
            let modes = self.before.as_ref().filter(|modes| {
                modes.local_modes.contains(LocalModes::ISIG | LocalModes::ICANON)
            })?;
            Some(modes.special_codes[SpecialCodeIndex::VSUSP]).filter(|key| *key != DISABLED)
        }

        /// Does what that key does: puts the modes back and stops all that run beside this process
        /// in the foreground.
        pub fn stop(&self) {
            self.put_back();
            let _ = rustix::process::kill_current_process_group(rustix::process::Signal::TSTP);
        }

        fn put_back(&self) {
            if let Some(before) = &self.before {
                let _ = tcsetattr(&self.tty, OptionalActions::Now, before);
            }
        }
    }

    impl Drop for Kept {
        fn drop(&mut self) {
            self.put_back();
        }
    }
}

#[cfg(not(unix))]
pub mod modes {
    //! Windows shows what is typed.

    pub struct Kept;

    impl Kept {
        pub fn hide(&self) {}

        pub fn stop_key(&self) -> Option<u8> {
            None
        }

        pub fn stop(&self) {}
    }
}
