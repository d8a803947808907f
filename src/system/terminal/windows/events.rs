//! The events of the console.

use std::io;
use std::time::Duration;

use crossterm::event::{Event, poll, read};

/// How long the next event is waited for when events come in a row, as those of a paste do. Some are
/// no events of crossterm's, and only a wait passes over them.
const BURST: Duration = Duration::from_millis(1);

/// Returns the next event; `None` where none comes within `limit`, or within a moment.
///
/// # Errors
/// The console is gone.
pub fn next_event(limit: Duration) -> io::Result<Option<Event>> {
    if poll(limit.max(BURST))? { read().map(Some) } else { Ok(None) }
}

/// Throws away what was typed and not read.
pub fn forget_events() {
    while let Ok(Some(_)) = next_event(Duration::ZERO) {}
}
