//! The lines of a console. It has a reader of its own for them, which can neither be given up nor
//! asked for anything but the code page of the system, so they are made of keys here.

use std::io;
use std::time::Duration;

use zeroize::Zeroizing;

use super::events::next_event;
use super::key_events::KeyEvents;
use super::line_editor::{Edit, LineEditor};
use super::output::Output;
use crate::system::terminal::guard::{Changes, TerminalGuard};
use crate::system::terminal::{Line, Writes};

/// How often the console is looked at for typed keys.
const POLL_INTERVAL: Duration = Duration::from_millis(20);

/// Lines of the console, which show while they are typed where it says so.
pub struct Lines {
    output: Output,
    echoes: bool,
    events: KeyEvents,
    _guard: TerminalGuard,
}

impl Lines {
    /// # Errors
    /// There is no console.
    pub fn open() -> io::Result<Self> {
        let output = Output::open(Writes::Wait)?;
        let echoes = output.modes()?.echoes();
        let guard = TerminalGuard::new(|before| Changes {
            modes: Some(before.with_keys()),
            ..Changes::default()
        })?;
        Ok(Self { output, echoes, events: KeyEvents::default(), _guard: guard })
    }

    /// Reads a line; `None` when the person ends the input.
    ///
    /// # Errors
    /// The console is gone.
    pub async fn line(&mut self) -> io::Result<Option<Line>> {
        let mut editor = LineEditor::new(self.echoes);
        loop {
            let Some(event) = next_event(Duration::ZERO)? else {
                tokio::time::sleep(POLL_INTERVAL).await;
                continue;
            };
            let Some(key) = self.events.press(&event) else { continue };
            let (shown, edit) = editor.press(key);
            self.output.write(&shown)?;
            match edit {
                Edit::Continue => {}
                Edit::Done => {
                    return Ok(Some(Zeroizing::new(editor.into_text().as_bytes().to_vec())));
                }
                Edit::Ended => return Ok(None),
            }
        }
    }
}

/// The signal after a stop, which never comes.
pub struct Continued;

impl Continued {
    pub fn new() -> Self {
        Self
    }

    /// Waits for the signal.
    pub async fn next(&mut self) {
        std::future::pending::<()>().await;
    }
}
