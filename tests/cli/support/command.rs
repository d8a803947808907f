//! A command in a sandbox, put together part by part: what it runs as, where its streams lead, what
//! starts it.

use std::ffi::OsString;
use std::process::{Command, Stdio};

use super::run::{Printer, Run, Running};
use super::sandbox::Sandbox;

/// The flag of CreateProcess that gives a process no console.
#[cfg(windows)]
const DETACHED_PROCESS: u32 = 8;

/// By default it has no input, its stdout and stderr are read, and it shares the session of the
/// tests.
#[must_use]
pub struct SandboxCommand<'a> {
    pub(super) sandbox: &'a Sandbox,
    /// What starts the program, the program, and its arguments.
    pub(super) words: Vec<OsString>,
    pub(super) variables: Vec<(&'static str, &'static str)>,
    stdin: Stdio,
    stdout: Stdio,
    printer: Printer,
}

impl<'a> SandboxCommand<'a> {
    pub(super) fn new(sandbox: &'a Sandbox, program: &str, args: &[&str]) -> Self {
        Self {
            sandbox,
            words: [program].iter().chain(args).map(OsString::from).collect(),
            variables: Vec::new(),
            stdin: Stdio::null(),
            stdout: Stdio::piped(),
            printer: Printer::of(program, args),
        }
    }

    /// Adds an argument, which may be no text.
    pub fn arg(mut self, arg: impl Into<OsString>) -> Self {
        self.words.push(arg.into());
        self
    }

    pub fn stdin(mut self, stdin: impl Into<Stdio>) -> Self {
        self.stdin = stdin.into();
        self
    }

    /// Sends stdout somewhere else, so that the run has none.
    pub fn stdout(mut self, stdout: impl Into<Stdio>) -> Self {
        self.stdout = stdout.into();
        self
    }

    /// No run of the program itself has a console.
    #[cfg(windows)]
    pub fn without_terminal(self) -> Self {
        self
    }

    pub fn start(self) -> Running<'a> {
        let mut command = Command::new(&self.words[0]);
        command.args(&self.words[1..]).env_clear().envs(self.sandbox.environment());
        command.envs(self.variables).current_dir(self.sandbox.path(""));
        command.stdin(self.stdin).stdout(self.stdout).stderr(Stdio::piped());
        #[cfg(windows)]
        if self.words[0] == super::sandbox::PROGRAM {
            std::os::windows::process::CommandExt::creation_flags(&mut command, DETACHED_PROCESS);
        }
        Running::start(self.sandbox, command, self.printer)
    }

    /// Runs it to its end.
    #[track_caller]
    pub fn run(self) -> Run {
        self.start().finish()
    }
}
