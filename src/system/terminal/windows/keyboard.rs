//! The keys of a console.

use std::io;
use std::time::Duration;

use super::events::next_event;
use super::key_events::KeyEvents;
use crate::system::terminal::Reads;
use crate::system::terminal::guard::{Changes, TerminalGuard};
use crate::system::terminal::keys::{KeyPress, push};

/// How long a read waits for a key. A signal, a resize and a console that is gone are noticed then.
const READ_TIMEOUT: Duration = Duration::from_millis(100);

/// The keyboard while a person chooses.
pub struct Keyboard {
    events: KeyEvents,
    guard: TerminalGuard,
}

impl Keyboard {
    /// Takes the console, and writes `enter`. On drop the console gets `leave` and its modes.
    /// `Runtime::catch_signals` has to be called before.
    ///
    /// # Errors
    /// There is no console, or none that can be drawn on.
    pub fn take(enter: &str, leave: &str) -> io::Result<Self> {
        let guard = TerminalGuard::new(|before| Changes {
            modes: Some(before.with_keys().with_escapes()),
            enter: enter.to_owned().into(),
            leave: leave.to_owned(),
            ..Changes::default()
        })?;
        Ok(Self { events: KeyEvents::default(), guard })
    }

    /// Returns the keys that were typed.
    ///
    /// # Errors
    /// The console is gone.
    pub fn read(&mut self, reads: Reads) -> io::Result<Vec<KeyPress>> {
        let mut limit = if reads == Reads::Wait { READ_TIMEOUT } else { Duration::ZERO };
        let mut keys = Vec::new();
        while let Some(event) = next_event(limit)? {
            if let Some(key) = self.events.press(&event) {
                push(&mut keys, key);
            }
            limit = Duration::ZERO;
        }
        Ok(keys)
    }

    /// Returns how often the program was stopped, after which the screen is empty.
    pub fn pauses(&self) -> usize {
        self.guard.pauses()
    }
}
