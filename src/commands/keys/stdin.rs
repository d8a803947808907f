//! Secrets that a program pipes in.

use std::io::{IsTerminal, Read};
use std::time::Duration;

use zeroize::Zeroizing;

use crate::app::context::Context;
use crate::error::{Error, Result};

/// How long stdin is waited for: the program that pipes the secret in may have to ask a person
/// first.
const TIMEOUT: Duration = Duration::from_secs(120);
/// The longest secret that is read.
pub const MAX_BYTES: usize = 4096;

/// Reads stdin when it is no terminal; `None` when there is nothing in it. What is longer than
/// `MAX_BYTES` comes with one byte more than that. `what` is wanted, for an error.
///
/// # Errors
/// When stdin cannot be read, holds no text, or nothing comes within two minutes; an interruption.
pub fn read(context: &Context, what: &str) -> Result<Option<Zeroizing<String>>> {
    if std::io::stdin().is_terminal() {
        return Ok(None);
    }
    let (send, receive) = tokio::sync::oneshot::channel();
    // A blocked read cannot be given up, so it has a thread of its own, which ends with the
    // process.
    std::thread::spawn(move || {
        let mut text = Zeroizing::new(String::with_capacity(2 * MAX_BYTES));
        let read = std::io::stdin().take(MAX_BYTES as u64 + 1).read_to_string(&mut text);
        let _ = send.send(read.map(|_| text));
    });
    let text = match context.runtime.run_within(TIMEOUT, receive)? {
        Some(Ok(Ok(text))) => text,
        Some(Ok(Err(error))) => {
            return Err(Error::usage(format!("{what} cannot be read from stdin: {error}")));
        }
        Some(Err(_)) => return Ok(None),
        None => {
            let what = format!("nothing came on stdin within {} s", TIMEOUT.as_secs());
            return Err(Error::failed(what));
        }
    };
    Ok((!text.trim().is_empty()).then_some(text))
}
