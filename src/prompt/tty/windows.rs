//! The console of Windows, which shows what is typed and has no pauses.

use std::fs::OpenOptions;
use std::io::{self, BufRead, BufReader, Read};

use tokio::sync::oneshot::{Receiver, channel};
use zeroize::Zeroizing;

use super::line::{Bytes, MAX_LINE_BYTES};
use crate::system::terminal;

/// A line of the console. Its read cannot be given up, so it has a thread of its own, which ends
/// with the process.
pub struct Input(Receiver<io::Result<Option<Bytes>>>);

impl Input {
    pub fn open() -> io::Result<Self> {
        let console = OpenOptions::new().read(true).write(true).open(terminal::INPUT)?;
        let (send, receive) = channel();
        std::thread::spawn(move || {
            let mut line = Zeroizing::new(Vec::with_capacity(MAX_LINE_BYTES));
            let read =
                BufReader::new(console.take(MAX_LINE_BYTES as u64)).read_until(b'\n', &mut line);
            let _ = send.send(read.map(|count| (count > 0).then_some(line)));
        });
        Ok(Self(receive))
    }

    pub async fn line(&mut self) -> io::Result<Option<Bytes>> {
        (&mut self.0).await.unwrap_or(Ok(None))
    }
}

/// The signal after a pause, which never comes.
pub struct Continued;

impl Continued {
    pub fn new() -> Self {
        Self
    }

    pub async fn next(&mut self) {
        std::future::pending().await
    }
}
