//! A command in a sandbox, put together part by part: what it runs as, where its streams lead, what
//! starts it.

use std::ffi::OsString;
use std::process::{Command, Stdio};

use super::run::{Printer, Run, Running};
use super::sandbox::{PROGRAM, Sandbox};
use super::terminal::Terminal;

/// Who nobody is.
const NOBODY: u32 = 65_534;

/// By default it has no input, its stdout and stderr are read, and it shares the session of the
/// tests.
#[must_use]
pub struct SandboxCommand<'a> {
    sandbox: &'a Sandbox,
    /// What starts the program, the program, and its arguments.
    words: Vec<OsString>,
    variables: Vec<(&'static str, &'static str)>,
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

    /// Closes or redirects streams as a shell does, for example by `2>&-`.
    pub fn redirected(self, redirections: &str) -> Self {
        self.by_shell(&format!("exec \"$0\" \"$@\" {redirections}"))
    }

    /// Lets a line of shell start it, to which it is `"$0" "$@"`.
    pub fn by_shell(self, line: &str) -> Self {
        self.started_by(&["/bin/sh", "-c", line])
    }

    /// Gives it a session without a controlling terminal, wherever the tests themselves run.
    pub fn without_terminal(self) -> Self {
        self.started_by(&["setsid", "--wait"])
    }

    /// Lets a user run it who is not root.
    pub fn by_nobody(self) -> Self {
        self.by_user(NOBODY)
    }

    pub(super) fn by_user(mut self, user: u32) -> Self {
        let copy = self.sandbox.program_for_all();
        for word in self.words.iter_mut().filter(|word| *word == PROGRAM) {
            *word = copy.clone().into();
        }
        let (user, group) = (format!("--reuid={user}"), format!("--regid={user}"));
        self.started_by(&["setpriv", &user, &group, "--clear-groups"])
    }

    /// Gives it a name of the machine of its own, which it may change.
    pub fn in_its_own_machine(self) -> Self {
        self.started_by(&["unshare", "--uts"])
    }

    /// Gives it a clock that is off by some seconds.
    pub fn clock_off_by(mut self, seconds: i64) -> Self {
        self.variables.push(("FAKETIME_DONT_FAKE_MONOTONIC", "1"));
        self.started_by(&["faketime", "-f", &format!("{seconds:+}s")])
    }

    fn started_by(mut self, words: &[&str]) -> Self {
        self.words.splice(0..0, words.iter().map(OsString::from));
        self
    }

    /// Starts it on a terminal, as an SDK does whose user sits at one: the terminal is the only way
    /// to ask, and stdin is closed unless `by_shell` says otherwise.
    pub fn on_a_terminal(self) -> Terminal<'a> {
        self.on_a_terminal_of(0, 0)
    }

    /// The same on a terminal of so many columns and rows.
    pub fn on_a_terminal_of(self, columns: u16, rows: u16) -> Terminal<'a> {
        let by_shell = self.words[0] == "/bin/sh";
        let command = if by_shell { self } else { self.redirected("<&-") };
        // `--ctty` makes stdin the controlling terminal.
        Terminal::start(command.started_by(&["setsid", "--ctty"]), columns, rows)
    }

    /// Starts it on a terminal under a shell with job control, which brings a stopped program back
    /// once the file `go` is there.
    pub fn on_a_terminal_as_a_job(self) -> Terminal<'a> {
        let wait = "touch stopped; until [ -e go ]; do sleep 0.05; done; fg >/dev/null";
        self.by_shell(&format!("set -m; \"$0\" \"$@\" <&-; {wait}")).on_a_terminal()
    }

    pub fn start(self) -> Running<'a> {
        let mut command = Command::new(&self.words[0]);
        command.args(&self.words[1..]).env_clear().envs(self.sandbox.environment());
        command.envs(self.variables).current_dir(self.sandbox.path(""));
        command.stdin(self.stdin).stdout(self.stdout).stderr(Stdio::piped());
        Running::start(self.sandbox, command, self.printer)
    }

    /// Runs it to its end.
    #[track_caller]
    pub fn run(self) -> Run {
        self.start().finish()
    }
}
