//! A run of the program: started, limited in time, and what came of it.

use std::collections::BTreeSet;
use std::io::Read;
use std::process::{Child, Command, ExitStatus};
use std::sync::mpsc::{Receiver, channel};
use std::time::{Duration, Instant};

use serde_json::Value;

use super::sandbox::{PROGRAM, Sandbox};

/// No run may take longer.
pub const LIMIT: Duration = Duration::from_secs(30);
/// How long output may stay open after the end, for what the program left behind.
const AFTERMATH: Duration = Duration::from_secs(5);

/// What a run came to.
#[derive(Debug, Clone)]
pub struct Run {
    /// The exit code, or 128 and the signal, as shells say it.
    pub code: i32,
    pub stdout: String,
    pub stderr: String,
}

impl Run {
    #[track_caller]
    pub fn ok(self) -> Self {
        assert_eq!(self.code, 0, "it should have worked: {self:#?}");
        self
    }

    #[track_caller]
    pub fn fails(self, code: i32) -> Self {
        assert_eq!(self.code, code, "the wrong exit code: {self:#?}");
        self
    }

    /// Demands texts on stderr. Paths in them are written as Unix writes them.
    #[track_caller]
    pub fn says(self, texts: &[&str]) -> Self {
        let unix = |text: &str| {
            if cfg!(windows) { text.replace('\\', "/") } else { text.to_owned() }
        };
        let said = unix(&self.stderr);
        for text in texts {
            assert!(said.contains(&unix(text)), "`{text}` is not in {self:#?}");
        }
        self
    }

    /// Demands that nothing was said.
    #[track_caller]
    pub fn silent(self) -> Self {
        assert_eq!(self.stderr, "", "it should have said nothing: {self:#?}");
        self
    }

    /// Demands the form that errors have: `error:`, `cause:`, `hint:` lines, few, with nothing
    /// else.
    #[track_caller]
    pub fn error_form(self) -> Self {
        let lines: Vec<&str> = self.stderr.lines().collect();
        let rank = |line: &str| {
            let words = ["info: ", "warning: ", "error: ", "cause: ", "hint: "];
            words.iter().position(|word| line.starts_with(word))
        };
        let ranks: Vec<Option<usize>> = lines.iter().map(|line| rank(line)).collect();
        assert!(ranks.iter().all(Option::is_some), "not an error's lines: {self:#?}");
        assert!(ranks.is_sorted(), "lines in the wrong order: {self:#?}");
        let errors = ranks.iter().filter(|rank| **rank == Some(2)).count();
        assert_eq!(errors, 1, "there should be one error: {self:#?}");
        assert!(lines.len() <= 12, "too many lines: {self:#?}");
        self
    }

    #[track_caller]
    pub fn json(&self) -> Value {
        let value = serde_json::from_str(&self.stdout);
        value.unwrap_or_else(|e| panic!("stdout is not JSON ({e}): {self:#?}"))
    }

    /// A text field of the JSON on stdout.
    #[track_caller]
    pub fn field(&self, name: &str) -> String {
        let value = self.json();
        let text = value[name].as_str();
        text.unwrap_or_else(|| panic!("no text `{name}` in {self:#?}")).to_owned()
    }

    /// The access key that was handed out.
    #[track_caller]
    pub fn key(&self) -> String {
        self.field("AccessKeyId")
    }
}

/// A run that goes on.
pub struct Running<'a> {
    sandbox: &'a Sandbox,
    pub child: Child,
    printer: Printer,
    stdout: Option<Receiver<Vec<u8>>>,
    stderr: Option<Receiver<Vec<u8>>>,
    begin: Instant,
}

fn drain(mut from: impl Read + Send + 'static) -> Receiver<Vec<u8>> {
    let (send, receive) = channel();
    std::thread::spawn(move || {
        let mut bytes = Vec::new();
        let _ = from.read_to_end(&mut bytes);
        let _ = send.send(bytes);
    });
    receive
}

fn text(from: Option<Receiver<Vec<u8>>>) -> String {
    let bytes = from.map(|from| from.recv_timeout(AFTERMATH).expect("its output stays open"));
    String::from_utf8_lossy(&bytes.unwrap_or_default()).into_owned()
}

impl<'a> Running<'a> {
    pub(super) fn start(sandbox: &'a Sandbox, mut command: Command, printer: Printer) -> Self {
        let mut child = command.spawn().unwrap_or_else(|e| panic!("{command:?}: {e}"));
        Self {
            sandbox,
            stdout: child.stdout.take().map(drain),
            stderr: child.stderr.take().map(drain),
            child,
            printer,
            begin: Instant::now(),
        }
    }

    pub fn pid(&self) -> u32 {
        self.child.id()
    }

    pub fn is_running(&mut self) -> bool {
        self.child.try_wait().unwrap().is_none()
    }

    /// Waits for the end, and checks what holds for every run.
    #[track_caller]
    pub fn finish(mut self) -> Run {
        let status = loop {
            if let Some(status) = self.child.try_wait().unwrap() {
                break status;
            }
            if self.begin.elapsed() > LIMIT {
                let _ = self.child.kill();
                let _ = self.child.wait();
                panic!("it hangs; so far: {}", text(self.stderr.take()));
            }
            std::thread::sleep(Duration::from_millis(2));
        };
        let run = Run {
            code: code(status),
            stdout: text(self.stdout.take()),
            stderr: text(self.stderr.take()),
        };
        self.sandbox.check(self.printer, &run);
        run
    }
}

/// The exit code, or 128 and the signal.
#[cfg(unix)]
fn code(status: ExitStatus) -> i32 {
    use std::os::unix::process::ExitStatusExt;
    status.code().unwrap_or_else(|| 128 + status.signal().unwrap_or(0))
}

#[cfg(windows)]
fn code(status: ExitStatus) -> i32 {
    status.code().unwrap()
}

/// What stdout may hold when a command fails.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Printer {
    /// Nothing: it is the command's result.
    Result,
    /// Anything: a child's output, a report of problems, or what came of each of many profiles.
    Anything,
}

impl Printer {
    pub(super) fn of(program: &str, args: &[&str]) -> Self {
        let has = |arg| args.contains(&arg);
        let anything = program != PROGRAM
            || ["exec", "shell", "doctor", "import", "can", "rotate", "--check"]
                .into_iter()
                .any(has)
            || (has("login") && has("--json"));
        if anything { Self::Anything } else { Self::Result }
    }
}

/// Demands that no secret shows.
#[track_caller]
pub fn no_secret(secrets: &BTreeSet<String>, text: &str, run: &Run) {
    for secret in secrets {
        assert!(!text.contains(secret.as_str()), "the secret `{secret}` shows in {run:#?}");
    }
}
