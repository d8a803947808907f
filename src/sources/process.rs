//! `credential_process`: runs the command of a profile and reads the JSON that it prints
//! (AWS SDKs and Tools Reference Guide, "Process credential provider").

use std::fs::File;
use std::io::Write;
use std::process::Stdio;
use std::time::Duration;

use secrecy::{ExposeSecret, SecretString};
use tokio::io::{AsyncRead, AsyncReadExt};
use tokio::process::{Child, Command};
use zeroize::Zeroizing;

use super::Sources;
use crate::aws::process_json::parse;
use crate::aws::{Credentials, Session};
use crate::chain::Chain;
use crate::config::profiles::Place;
use crate::error::{Error, Kind, Result};

/// The most that a process may print, in bytes (the JavaScript SDK takes as much).
const LARGEST_OUTPUT: usize = 1024 * 1024;
/// How long output is waited for after the process has ended, when something else still holds its
/// pipe.
const AFTERMATH: Duration = Duration::from_millis(500);
/// The environment variable that tells a process source which profiles led to it.
pub const TRAIL: &str = "ROLECALL_PROFILE_CHAIN";

/// What a command printed and how it ended.
pub struct Output {
    pub stdout: Zeroizing<Vec<u8>>,
    pub stderr: Vec<u8>,
    pub status: std::process::ExitStatus,
}

impl Sources<'_> {
    pub(super) fn process(
        &self,
        chain: &Chain,
        command: &SecretString,
        place: &Place,
        account_id: Option<&str>,
    ) -> Result<Credentials> {
        let profile = chain.base_profile.as_deref().unwrap_or_else(|| chain.name());
        let fail = |what: String| {
            Error::failed(format!("{place}: the credential_process of profile `{profile}` {what}"))
        };
        let mut command = shell_command(command.expose_secret());
        let mut trail = self.trail.clone();
        // The selected profile too: a wrapper may ask for that one again, and each round would
        // start another process.
        trail.extend(chain.profile.iter().map(|p| p.name.clone()).filter(|name| name != profile));
        trail.push(profile.to_owned());
        command.env(TRAIL, trail.join("\n")).env_remove("ROLECALL_FILE_PASSPHRASE");
        let output = self.runtime.run(run(command, self.process_limit))?;
        let output = output.map_err(|failure| {
            fail(failure).hint(
                "run the command by itself to see what it does; a longer limit: process_timeout in settings.ini, see: rolecall doctor",
            )
        })?;
        if !output.status.success() {
            let mut error = fail(format!("failed ({})", output.status));
            let said = String::from_utf8_lossy(&output.stderr);
            for line in said
                .lines()
                .filter(|line| !line.trim().is_empty())
                .rev()
                .take(4)
                .collect::<Vec<_>>()
                .into_iter()
                .rev()
            {
                error = error.cause(crate::sts::one_line(line));
            }
            // Another rolecall's configuration error, such as a loop, is one here too.
            if output.status.code() == Some(i32::from(Kind::Configuration.exit_code()))
                && error.causes.iter().any(|c| c.contains("leads back"))
            {
                error.kind = Kind::Configuration;
            }
            return Err(error
                .hint(format!("see the command: {}", crate::hint::command("explain", profile))));
        }
        let credentials = parse(&output.stdout, account_id)
            .map_err(|what| fail(what).hint("see what it must print: aws help config-vars"))?;
        match &credentials {
            Credentials::Session(session)
                if session.expires_at.is_some_and(|end| end <= self.clock.now()) =>
            {
                Err(fail("gave credentials that have expired".to_owned()))
            }
            _ => Ok(match credentials {
                Credentials::Session(session) => {
                    Credentials::Session(Session { issued_at: Some(self.clock.now()), ..session })
                }
                keys @ Credentials::LongTerm(_) => keys,
            }),
        }
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
            let mut command = Command::new("/bin/sh");
            command.arg("-c").arg(line);
            command
        }
    }
}

/// On Windows the command interpreter splits the line, as in the SDKs for Rust and Go.
#[cfg(windows)]
pub fn shell_command(line: &str) -> Command {
    let mut command = Command::new("cmd");
    command.arg("/C").raw_arg(line);
    command
}

/// Runs a command with bounded output and time; the error says what it did wrong.
pub async fn run(mut command: Command, limit: Duration) -> Result<Output, String> {
    command.stdin(if std::io::IsTerminal::is_terminal(&std::io::stdin()) {
        Stdio::inherit()
    } else {
        Stdio::null()
    });
    run_beside(command, None, limit).await
}

/// Runs a command, whose stdin is set, as `run` does; its stderr also goes to `terminal` while it
/// runs.
pub async fn run_beside(
    mut command: Command,
    terminal: Option<File>,
    limit: Duration,
) -> Result<Output, String> {
    command.stdout(Stdio::piped()).stderr(Stdio::piped()).kill_on_drop(true);
    let alone = std::fs::File::open(crate::prompt::tty::PATHS.0).is_err();
    #[cfg(unix)]
    if alone {
        command.process_group(0);
    }
    let mut child = command.spawn().map_err(|e| format!("cannot be started: {e}"))?;
    let group = Group(child.id().filter(|_| alone));
    let late = || format!("has not ended after {} s", limit.as_secs());
    let output =
        tokio::time::timeout(limit, collect(&mut child, terminal)).await.map_err(|_| late())?;
    // Once it has ended, what it left behind is its own.
    if output.is_ok() || child.id().is_none() {
        std::mem::forget(group);
    }
    output
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
            (output.map_err(|_| "has ended, but something it started keeps its output open".to_owned())??, status)
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
