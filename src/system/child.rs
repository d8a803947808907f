//! Other programs, run with bounded output and time, and ended with all that they started.

use std::fmt;
use std::fs::File;
use std::io::{ErrorKind, Write};
use std::process::Stdio;
use std::time::Duration;

use tokio::io::{AsyncRead, AsyncReadExt};
use tokio::process::{Child, Command};
use zeroize::Zeroizing;

use super::terminal::{self, Changes, TerminalGuard};
use crate::text::one_line;

/// The most that a process may print, in bytes (the JavaScript SDK takes as much).
const LARGEST_OUTPUT: usize = 1024 * 1024;
/// How long output is waited for after the process has ended, when something else still holds its
/// pipe.
const AFTERMATH: Duration = Duration::from_millis(500);

/// Runs the lines that need a shell.
const SHELL: &str = "/bin/sh";

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

impl ChildFailure {
    fn not_started(command: &Command, error: std::io::Error) -> Self {
        let program = command.as_std().get_program().to_string_lossy().into_owned();
        Self::NotStarted { program, error }
    }
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

/// Makes a command of a line: a plain one is split as botocore splits it, so that ending it ends
/// the program itself; one that needs a shell gets it, as in the SDKs for Rust, Go, Java and
/// JavaScript.
#[cfg(unix)]
pub fn shell_command(line: &str) -> Command {
    let plain = !line.contains(|c: char| c.is_control() || ";&|(){}<>$`*?[]~#!".contains(c));
    let words = if plain { shlex::split(line) } else { None };
    match words.as_deref() {
        Some([program, arguments @ ..]) if !program.contains('=') => {
            let mut command = Command::new(program);
            command.args(arguments);
            command
        }
        _ => {
            let mut command = Command::new(SHELL);
            command.arg("-c").arg(line);
            command
        }
    }
}

/// Returns the program that a line starts, where that can be told without a shell.
pub fn program(line: &str) -> Option<String> {
    let command = shell_command(line);
    let program = command.as_std().get_program().to_string_lossy();
    (cfg!(unix) && program != SHELL).then(|| program.into_owned())
}

/// On Windows the command interpreter splits the line, as in the SDKs for Rust and Go.
#[cfg(windows)]
pub fn shell_command(line: &str) -> Command {
    let mut command = Command::new("cmd");
    command.arg("/C").raw_arg(line);
    command
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
    let alone = std::fs::File::open(terminal::INPUT).is_err();
    #[cfg(unix)]
    if alone {
        command.process_group(0);
    }
    // A command that is given up may have changed the terminal.
    let modes = TerminalGuard::new(|_| Changes::default()).ok().filter(|_| !alone);
    let mut child = command.spawn().map_err(|error| ChildFailure::not_started(&command, error))?;
    let group = Group(child.id().filter(|_| alone));
    let late = || format!("has not ended after {} s", limit.as_secs());
    let output =
        tokio::time::timeout(limit, collect(&mut child, terminal)).await.map_err(|_| late())?;
    // Once it has ended, what it left behind is its own.
    if output.is_ok() || child.id().is_none() {
        std::mem::forget(group);
        if let Some(modes) = modes {
            modes.release();
        }
    }
    Ok(output?)
}

/// The process group of a command, ended with it when it is given up: a shell's pipeline would
/// outlive the shell. Only where there is no terminal, on which a group of its own would stand in
/// the background and could ask nobody.
struct Group(Option<u32>);

impl Drop for Group {
    fn drop(&mut self) {
        #[cfg(unix)]
        if let Some(pid) =
            self.0.and_then(|id| i32::try_from(id).ok()).and_then(rustix::process::Pid::from_raw)
        {
            let _ = rustix::process::kill_process_group(pid, rustix::process::Signal::KILL);
        }
    }
}

async fn collect(child: &mut Child, terminal: Option<File>) -> Result<Output, String> {
    let (Some(stdout), Some(stderr)) = (child.stdout.take(), child.stderr.take()) else {
        return Err("has no output".to_owned());
    };
    let reading =
        async { tokio::try_join!(read(stdout, "stdout", None), read(stderr, "stderr", terminal)) };
    tokio::pin!(reading);
    let (output, status) = tokio::select! {
        output = &mut reading => (output?, child.wait().await),
        status = child.wait() => {
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
