//! The controlling terminal on Unix: its lines, its modes, and the signal after a pause.

use std::fs::{File, OpenOptions};
use std::io::{self, ErrorKind, Read};
use std::os::unix::fs::OpenOptionsExt;
use std::time::Duration;

use rustix::fs::OFlags;
use rustix::termios::LocalModes;
use tokio::signal::unix::{Signal, SignalKind, signal};
use zeroize::Zeroizing;

use super::line::{Bytes, MAX_LINE_BYTES};
use crate::system::terminal::{self, Changes, TerminalGuard};

/// How often the terminal is looked at for typed bytes. A poll(2) does not stop a process in the
/// background, and macOS has none for terminals.
const POLL_INTERVAL: Duration = Duration::from_millis(20);

/// Lines of the terminal. A question can give up its read: one that waited on would take the answer
/// to the next question.
pub struct Input(File);

impl Input {
    /// Opens the terminal once more, because whether a read waits is a property of the open file,
    /// which others share.
    pub fn open() -> io::Result<Self> {
        let flags = OFlags::NONBLOCK.union(OFlags::NOCTTY).bits().cast_signed();
        let tty = OpenOptions::new().read(true).custom_flags(flags).open(terminal::INPUT)?;
        Ok(Self(tty))
    }

    /// Reads a line; `None` at end of input.
    pub async fn line(&mut self) -> io::Result<Option<Bytes>> {
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

/// Hides what is typed until it is dropped.
pub fn hide() -> io::Result<TerminalGuard> {
    TerminalGuard::new(|before| {
        let mut modes = before.clone();
        modes.local_modes.remove(LocalModes::ECHO);
        modes.local_modes.insert(LocalModes::ECHONL);
        Changes { modes: Some(modes), ..Changes::default() }
    })
}

/// Draws something until it is dropped, when `leave` is written.
pub fn draw(drawing: Zeroizing<String>, leave: String) -> io::Result<TerminalGuard> {
    TerminalGuard::new(|_| Changes { modes: None, enter: drawing, leave })
}
