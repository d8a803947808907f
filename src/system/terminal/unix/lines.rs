//! The lines of a terminal, and the signal after a stop.

use std::fs::{File, OpenOptions};
use std::io::{self, ErrorKind, Read};
use std::os::unix::fs::OpenOptionsExt;
use std::time::Duration;

use rustix::fs::OFlags;
use tokio::signal::unix::{Signal, SignalKind, signal};
use zeroize::Zeroizing;

use crate::system::terminal::{INPUT, Line, MAX_LINE_BYTES};

/// How often the terminal is looked at for typed bytes. A poll(2) does not stop a process in the
/// background, and macOS has none for terminals.
const POLL_INTERVAL: Duration = Duration::from_millis(20);

/// Lines of the terminal. A question can give up its read: one that waited on would take the answer
/// to the next question.
pub struct Lines(File);

impl Lines {
    /// Opens the terminal once more, because whether a read waits is a property of the open file,
    /// which others share.
    ///
    /// # Errors
    /// There is no terminal.
    pub fn open() -> io::Result<Self> {
        let flags = OFlags::NONBLOCK.union(OFlags::NOCTTY).bits().cast_signed();
        let tty = OpenOptions::new().read(true).custom_flags(flags).open(INPUT)?;
        Ok(Self(tty))
    }

    /// Reads a line; `None` at end of input.
    ///
    /// # Errors
    /// The terminal is gone.
    pub async fn line(&mut self) -> io::Result<Option<Line>> {
        let mut bytes = Zeroizing::new(vec![0; MAX_LINE_BYTES]);
        let mut length = 0;
        while length < MAX_LINE_BYTES {
            match self.0.read(&mut bytes[length..]) {
                Ok(0) => break,
                Ok(count) => {
                    let end = bytes[length..length + count].iter().position(|byte| *byte == b'\n');
                    length += end.map_or(count, |end| end + 1);
                    if end.is_some() {
                        break;
                    }
                }
                Err(error) if error.kind() == ErrorKind::WouldBlock => {
                    tokio::time::sleep(POLL_INTERVAL).await;
                }
                Err(error) if error.kind() == ErrorKind::Interrupted => {}
                Err(error) => return Err(error),
            }
        }
        bytes.truncate(length);
        Ok((length > 0).then_some(bytes))
    }
}

/// SIGCONT, which comes with `fg` after Ctrl-Z. The person no longer sees the question then.
pub struct Continued {
    signal: Option<Signal>,
}

impl Continued {
    pub fn new() -> Self {
        let kind = SignalKind::from_raw(rustix::process::Signal::CONT.as_raw());
        Self { signal: signal(kind).ok() }
    }

    /// Waits for the signal.
    pub async fn next(&mut self) {
        match &mut self.signal {
            Some(signal) => drop(signal.recv().await),
            None => std::future::pending().await,
        }
    }
}
