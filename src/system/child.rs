//! Other programs, run with bounded output and time, and ended with all that they started.

use std::fmt;
use std::fs::File;
use std::io::{ErrorKind, Write};
use std::process::Stdio;
use std::time::Duration;

use tokio::io::{AsyncRead, AsyncReadExt};
use tokio::process::Command;
use zeroize::Zeroizing;

use super::process_tree::ProcessTree;
use super::terminal::{Changes, TerminalGuard};
use crate::text::one_line;

/// The most that a process may print, in bytes (the JavaScript SDK takes as much).
const LARGEST_OUTPUT: usize = 1024 * 1024;
/// How long output is waited for after the process has ended, when something else still holds its
/// pipe.
const AFTERMATH: Duration = Duration::from_millis(500);

/// What a command printed and how it ended.
pub struct Output {
    pub stdout: Zeroizing<Vec<u8>>,
    pub stderr: Vec<u8>,
    pub status: std::process::ExitStatus,
}

impl Output {
    /// Returns what was written to stderr, in one line.
    pub fn complaint(&self) -> Option<String> {
        let line = one_line(String::from_utf8_lossy(&self.stderr).trim());
        (!line.is_empty()).then_some(line)
    }
}

/// What a command did wrong, as what follows its name in a sentence.
#[derive(Debug)]
pub enum ChildFailure {
    NotStarted {
        program: String,
        error: std::io::Error,
    },
    /// It started, and did something else than end well in time.
    Other(String),
}

impl fmt::Display for ChildFailure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NotStarted { program, error } if error.kind() == ErrorKind::NotFound => {
                let on_path = if program.contains(['/', '\\']) { "" } else { " on PATH" };
                write!(f, "cannot be started: there is no program `{program}`{on_path}")
            }
            Self::NotStarted { program, error } => {
                write!(f, "cannot be started: `{program}`: {error}")
            }
            Self::Other(what) => f.write_str(what),
        }
    }
}

impl From<String> for ChildFailure {
    fn from(what: String) -> Self {
        Self::Other(what)
    }
}

/// Runs a command with bounded output, for at most `limit`.
///
/// # Errors
/// Says what it did wrong: it cannot be started, prints more than 1 MiB, or does not end.
pub async fn run(mut command: Command, limit: Duration) -> Result<Output, ChildFailure> {
    command.stdin(if std::io::IsTerminal::is_terminal(&std::io::stdin()) {
        Stdio::inherit()
    } else {
        Stdio::null()
    });
    run_beside(command, None, limit).await
}

/// Runs a command, whose stdin is set, as `run` does; its stderr also goes to `terminal` while it
/// runs.
///
/// # Errors
/// Those of `run`.
pub async fn run_beside(
    mut command: Command,
    terminal: Option<File>,
    limit: Duration,
) -> Result<Output, ChildFailure> {
    command.stdout(Stdio::piped()).stderr(Stdio::piped()).kill_on_drop(true);
    // A command that is given up may have changed the terminal.
    let modes = TerminalGuard::new(|_| Changes::default()).ok();
    let program = command.as_std().get_program().to_string_lossy().into_owned();
    let mut tree =
        ProcessTree::spawn(command).map_err(|error| ChildFailure::NotStarted { program, error })?;
    let late = || format!("has not ended after {} s", limit.as_secs());
    let output =
        tokio::time::timeout(limit, collect(&mut tree, terminal)).await.map_err(|_| late())?;
    // Once it has ended, what it left behind is its own.
    if output.is_ok() || tree.has_ended() {
        tree.release();
        if let Some(modes) = modes {
            modes.release();
        }
    }
    Ok(output?)
}

async fn collect(tree: &mut ProcessTree, terminal: Option<File>) -> Result<Output, String> {
    let Some((stdout, stderr)) = tree.outputs() else {
        return Err("has no output".to_owned());
    };
    let reading =
        async { tokio::try_join!(read(stdout, "stdout", None), read(stderr, "stderr", terminal)) };
    tokio::pin!(reading);
    let (output, status) = tokio::select! {
        output = &mut reading => (output?, tree.wait().await),
        status = tree.wait() => {
            let output = tokio::time::timeout(AFTERMATH, &mut reading).await;
            let open = "has ended, but something it started keeps its output open";
            (output.map_err(|_| open.to_owned())??, status)
        }
    };
    let status = status.map_err(|e| format!("cannot be waited for: {e}"))?;
    Ok(Output { stdout: output.0, stderr: output.1.to_vec(), status })
}

async fn read(
    mut from: impl AsyncRead + Unpin,
    name: &str,
    mut shown_on: Option<File>,
) -> Result<Zeroizing<Vec<u8>>, String> {
    let mut bytes = Zeroizing::new(Vec::new());
    let mut piece = Zeroizing::new([0; 4096]);
    loop {
        let count = from
            .read(&mut piece[..])
            .await
            .map_err(|e| format!("has {name} that cannot be read: {e}"))?;
        if count == 0 {
            return Ok(bytes);
        }
        if let Some(terminal) = &mut shown_on {
            let _ = terminal.write_all(&piece[..count]);
        }
        bytes.extend_from_slice(&piece[..count]);
        if bytes.len() > LARGEST_OUTPUT {
            return Err(format!("prints more than {} MiB on {name}", LARGEST_OUTPUT / 1024 / 1024));
        }
    }
}
