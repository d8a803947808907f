//! The controlling terminal on Unix: its lines, its modes, and the signal after a pause.

use std::fs::{File, OpenOptions};
use std::io::{self, ErrorKind, Read};
use std::os::unix::fs::OpenOptionsExt;
use std::time::Duration;

use rustix::fs::OFlags;
use rustix::termios::{
    LocalModes, OptionalActions, SpecialCodeIndex, Termios, tcgetattr, tcsetattr,
};
use tokio::signal::unix::{Signal, SignalKind, signal};
use zeroize::Zeroizing;

use super::line::{Bytes, MAX_LINE_BYTES};
use crate::system::terminal;

/// How long after a stop SIGCONT may come, counted from when the process runs again.
const CONTINUE_TIMEOUT: Duration = Duration::from_millis(100);
/// How often the terminal is looked at for typed bytes. A poll(2) does not stop a process in the
/// background, and macOS has none for terminals.
const POLL_INTERVAL: Duration = Duration::from_millis(20);
/// A key that is none (`_POSIX_VDISABLE`).
const DISABLED: u8 = if cfg!(target_os = "linux") { 0 } else { 0xff };

/// Lines of the terminal. A question can give up its read: one that waited on would take the answer
/// to the next question.
pub struct Input {
    tty: File,
    stop_key: Option<u8>,
}

impl Input {
    /// Opens the terminal once more, because whether a read waits is a property of the open file,
    /// which others share. `stop_key` ends a line too.
    pub fn open(stop_key: Option<u8>) -> io::Result<Self> {
        let flags = OFlags::NONBLOCK.union(OFlags::NOCTTY).bits().cast_signed();
        let tty = OpenOptions::new().read(true).custom_flags(flags).open(terminal::INPUT)?;
        Ok(Self { tty, stop_key })
    }

    /// Reads a line; `None` at end of input.
    pub async fn line(&mut self) -> io::Result<Option<Bytes>> {
        let mut bytes = Zeroizing::new(vec![0; MAX_LINE_BYTES]);
        let mut length = 0;
        while length < MAX_LINE_BYTES {
            match self.tty.read(&mut bytes[length..]) {
                Ok(0) => break,
                Ok(count) => {
                    let end = bytes[length..length + count].iter().position(|byte| *byte == b'\n');
                    length += end.map_or(count, |end| end + 1);
                    if end.is_some() || self.stop_key.is_some_and(|key| bytes[length - 1] == key) {
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

/// SIGCONT, after which the person no longer sees the question: `fg` after Ctrl-Z.
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

    /// Waits for the signal after a stop. A stop does not happen where nobody could bring the
    /// process back (POSIX, "Orphaned Process Group").
    pub async fn next_after_stop(&mut self) {
        let _ = tokio::time::timeout(CONTINUE_TIMEOUT, self.next()).await;
    }
}

/// The modes of a terminal, which are put back on drop.
pub struct SavedModes {
    tty: File,
    before: Option<Termios>,
}

impl SavedModes {
    pub fn new(tty: File) -> Self {
        let before = tcgetattr(&tty).ok();
        Self { tty, before }
    }

    /// Saves the modes and hides what is typed.
    pub fn hiding(tty: File) -> Self {
        let saved = Self::new(tty);
        saved.hide();
        saved
    }

    /// Hides what is typed. Ctrl-Z only ends the line, so that the modes can be put back before
    /// anything stops.
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
        let modes = self
            .before
            .as_ref()
            .filter(|modes| modes.local_modes.contains(LocalModes::ISIG | LocalModes::ICANON))?;
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

impl Drop for SavedModes {
    fn drop(&mut self) {
        self.put_back();
    }
}
