//! What only Unix has: shells, terminals, other users, and programs that start a program in some way.

use std::ffi::OsString;
use std::os::unix::fs::{PermissionsExt, chown, symlink};
use std::path::Path;
use std::process::Command;

use rustix::process::{Pid, Signal, kill_process};

use super::command::SandboxCommand;
use super::people::guarded_config;
use super::run::{Run, Running};
use super::sandbox::{PROGRAM, Sandbox};
use super::terminal::Terminal;

/// Who nobody is.
const NOBODY: u32 = 65_534;

/// Lets other users pass a folder, for the tests that run as one.
pub(super) fn let_others_pass(folder: &Path) {
    std::fs::set_permissions(folder, PermissionsExt::from_mode(0o755)).unwrap();
}

/// A sandbox with a profile `guarded`, whose role demands MFA, and with no programs but those that
/// its tests need.
pub fn guarded() -> Sandbox {
    let sandbox = Sandbox::new();
    sandbox.config(&guarded_config(""));
    for program in
        ["setsid", "sh", "cat", "sleep", "touch", "seq", "python3", "id", "ls", "stat", "tty"]
    {
        let found = ["/usr/bin", "/bin", "/usr/local/bin"]
            .iter()
            .map(|folder| Path::new(folder).join(program))
            .find(|path| path.exists());
        std::fs::create_dir_all(sandbox.path("bin")).unwrap();
        symlink(
            found.unwrap_or_else(|| panic!("{program} is not there")),
            sandbox.path("bin").join(program),
        )
        .unwrap();
    }
    sandbox.set("PATH", sandbox.path("bin"));
    sandbox
}

/// The permissions of a file.
pub fn mode(path: &Path) -> u32 {
    std::fs::metadata(path).unwrap().permissions().mode() & 0o777
}

/// Makes a named pipe.
pub fn make_pipe(path: &Path) {
    let made = Command::new("mkfifo").arg(path).status();
    assert!(made.unwrap().success(), "{}", path.display());
}

/// Returns whether a process has ended, also one that nobody has waited for (proc(5), state `Z`).
pub fn has_ended(pid: impl std::fmt::Display) -> bool {
    std::fs::read_to_string(format!("/proc/{pid}/stat")).map_or(true, |text| text.contains(") Z "))
}

/// Whether the tests run in a container whose users are the host's: there the kernel keyring is no
/// store that is taken without being chosen (`linux/proc_ns.h` has the numbers of the first
/// namespaces).
pub fn shares_users_with_host() -> bool {
    let is_first = |name: &str, number: u32| {
        std::fs::read_link(format!("/proc/self/ns/{name}"))
            .is_ok_and(|link| link == Path::new(&format!("{name}:[{number}]")))
    };
    let machine = is_first("pid", 4_026_531_836) && is_first("cgroup", 4_026_531_835);
    is_first("user", 4_026_531_837) && !machine && !Path::new("/run/WSL").is_dir()
}

impl Sandbox {
    /// The sandbox of a user whom nobody else is, and who therefore shares no kernel keyring with
    /// other tests.
    pub fn alone() -> Self {
        let mut sandbox = Self::new();
        let number = sandbox
            .id
            .bytes()
            .fold(0_u32, |sum, byte| sum.wrapping_mul(31).wrapping_add(byte.into()));
        let user = 1_000_000 + number % 1_000_000_000;
        let mut folders = vec![sandbox.path("")];
        while let Some(folder) = folders.pop() {
            chown(&folder, Some(user), Some(user)).unwrap();
            let inside = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
            folders.extend(inside.filter(|path| path.is_dir()));
        }
        sandbox.program_for_all();
        sandbox.user = Some(user);
        sandbox
    }

    /// Writes an executable shell script and returns its path.
    pub fn script(&self, name: &str, body: &str) -> String {
        let path = self.file(&format!("bin/{name}"), format!("#!/bin/sh\n{body}\n"));
        std::fs::set_permissions(&path, PermissionsExt::from_mode(0o755)).unwrap();
        path.display().to_string()
    }

    /// Runs a line of shell.
    #[track_caller]
    pub fn shell(&self, shell: &str, line: &str) -> Run {
        self.program(shell, &["-c", line]).run()
    }

    /// A copy of the program that every user may run.
    pub(super) fn program_for_all(&self) -> String {
        let copy = self.path("rolecall-for-all");
        if !copy.exists() {
            // A link needs no room, and nobody who starts a process meanwhile holds it open for
            // writing.
            std::fs::hard_link(PROGRAM, &copy)
                .or_else(|_| std::fs::copy(PROGRAM, &copy).map(drop))
                .unwrap();
            std::fs::set_permissions(&copy, PermissionsExt::from_mode(0o755)).unwrap();
        }
        copy.display().to_string()
    }
}

impl<'a> SandboxCommand<'a> {
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
}

impl Running<'_> {
    /// Sends a signal by its number.
    pub fn signal(&self, signal: Signal) {
        let pid = i32::try_from(self.pid()).ok().and_then(Pid::from_raw);
        kill_process(pid.unwrap(), signal).unwrap();
    }
}
