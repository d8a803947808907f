//! Asks through a pinentry, the program with which GnuPG asks on a terminal or in a window. Each
//! question starts one, and speaks with it over pipes.

use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::time::{Duration, Instant};

use tokio::io::{AsyncBufReadExt, AsyncWriteExt, BufReader};
use tokio::process::{Child, ChildStdin, ChildStdout};
use zeroize::Zeroizing;

use super::assuan::{AssuanLine, MAX_LINE_BYTES, command, parse};
use super::environment::{PromptEnvironment, asking_command};
use super::method::{NOWHERE, Outcome, Text};
use super::person::{AskPerson, QuestionText, TITLE};
use super::tty::Tty;
use crate::error::Result;
use crate::system::runtime::Runtime;
use crate::system::terminal::{self, Changes, TerminalGuard};
use crate::text::{clean_lines, one_line};

/// How long a pinentry may take to start, and to answer anything but the question itself.
const PREPARATION_TIMEOUT: Duration = Duration::from_secs(10);
/// How long a pinentry may take to exit after the question.
const EXIT_TIMEOUT: Duration = Duration::from_millis(500);
/// The longest answer, in lines.
const MAX_REPLY_LINES: usize = 1000;

/// Finds the pinentry to ask with.
///
/// # Errors
/// Says why there is none.
pub fn find(environment: &PromptEnvironment) -> Result<PathBuf, String> {
    if let Some(chosen) = &environment.pinentry {
        let not_there = || format!("{} is no program", chosen.display());
        return environment.find(chosen).ok_or_else(not_there);
    }
    let mut names = environment.system.pinentries().iter();
    let found = names.find_map(|name| environment.find(name));
    found.ok_or_else(|| "pinentry is not on PATH".to_owned())
}

/// Returns whether a pinentry has neither a terminal nor a display to ask on.
pub fn is_blind(environment: &PromptEnvironment, tty: Option<&Tty>) -> bool {
    cfg!(target_os = "linux")
        && tty.is_none()
        && environment.gpg_tty().is_none()
        && !environment.has_display()
}

pub struct Pinentry<'a> {
    runtime: &'a Runtime,
    timeout: Duration,
    child: Child,
    input: Option<ChildStdin>,
    output: BufReader<ChildStdout>,
    /// Whether a question shows.
    asking: bool,
    /// Whether it knows neither a terminal nor a display.
    blind: bool,
    /// The terminal's modes, which it may change. They are put back after it has ended.
    modes: Option<TerminalGuard>,
}

/// What one exchange gives; the error says what the pinentry did wrong.
type Exchange<T> = Result<T, String>;

impl<'a> Pinentry<'a> {
    /// Starts the pinentry and sends its options. `limit` is how long any program may take.
    pub fn start(
        runtime: &'a Runtime,
        environment: &PromptEnvironment,
        limit: Duration,
        timeout: Duration,
    ) -> Result<Outcome<Self>> {
        let program = match find(environment) {
            Ok(program) => program,
            Err(why) => return Ok(Outcome::Absent(why)),
        };
        let tty = Tty::open();
        let options = options(environment, tty.as_ref(), timeout);
        let started = runtime.run_within(limit.min(PREPARATION_TIMEOUT), async {
            let mut pinentry = Self::spawn(runtime, &program, timeout)?;
            pinentry.blind = is_blind(environment, tty.as_ref());
            pinentry.prepare(&options).await?;
            Ok(pinentry)
        })?;
        let started = started.unwrap_or_else(|| Err("does not answer".to_owned()));
        let absent = |why| Outcome::Absent(format!("{} {why}", program.display()));
        Ok(started.map_or_else(absent, Outcome::Had))
    }

    fn spawn(runtime: &'a Runtime, program: &Path, timeout: Duration) -> Exchange<Self> {
        let modes = TerminalGuard::new(|_| Changes::default()).ok();
        let mut command = asking_command(program);
        command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::null());
        let mut child = command.spawn().map_err(|e| format!("cannot be started: {e}"))?;
        let (Some(input), Some(output)) = (child.stdin.take(), child.stdout.take()) else {
            return Err("has no pipes".to_owned());
        };
        Ok(Self {
            runtime,
            timeout,
            child,
            input: Some(input),
            output: BufReader::new(output),
            asking: false,
            blind: false,
            modes,
        })
    }

    async fn prepare(&mut self, options: &[String]) -> Exchange<()> {
        self.done().await?;
        for option in options {
            self.send(option).await?;
            // Not every pinentry knows every option.
            self.reply().await?;
        }
        Ok(())
    }

    /// Sends the texts, then the question, and waits for the person.
    fn ask(&mut self, texts: &[String], question: &str) -> Result<Outcome<Text>> {
        let runtime = self.runtime;
        let prepared = runtime.run_within(PREPARATION_TIMEOUT, async {
            for text in texts {
                self.send(text).await?;
                self.reply().await?;
            }
            self.send(question).await
        })?;
        match prepared {
            Some(Ok(())) => {}
            Some(Err(why)) => return Ok(Outcome::Absent(format!("pinentry {why}"))),
            None => return Ok(Outcome::absent("pinentry does not answer")),
        }
        self.asking = true;
        let reply = runtime.run_within(self.timeout, self.reply())?;
        let Some(reply) = reply else { return Ok(Outcome::Silent) };
        self.asking = false;
        if !matches!(reply, Ok(Outcome::Had(_))) {
            runtime.check_after_a_failure()?;
        }
        Ok(match reply {
            // pinentry-tty says so where it finds no terminal.
            Ok(Outcome::Declined) if self.blind => Outcome::absent(NOWHERE),
            Ok(Outcome::Absent(why)) | Err(why) => Outcome::Absent(format!("pinentry {why}")),
            Ok(outcome) => outcome,
        })
    }

    async fn send(&mut self, line: &str) -> Exchange<()> {
        let Some(input) = &mut self.input else { return Err("has ended".to_owned()) };
        input.write_all(line.as_bytes()).await.map_err(|_| "has ended".to_owned())
    }

    /// Reads an answer that must be `OK`.
    async fn done(&mut self) -> Exchange<()> {
        match self.reply().await? {
            Outcome::Had(_) => Ok(()),
            Outcome::Absent(why) => Err(why),
            _ => Err("does not want to".to_owned()),
        }
    }

    /// Reads a whole answer to a command.
    async fn reply(&mut self) -> Exchange<Outcome<Text>> {
        let mut data = Zeroizing::new(Vec::new());
        for _ in 0..MAX_REPLY_LINES {
            match parse(&self.line().await?) {
                AssuanLine::Ok => {
                    let text = std::str::from_utf8(&data)
                        .map_err(|_| "gave an answer that is no text".to_owned())?;
                    return Ok(Outcome::Had(Zeroizing::new(text.to_owned())));
                }
                AssuanLine::Data(more) => data.extend_from_slice(&more),
                AssuanLine::Inquire => self.send("END\n").await?,
                AssuanLine::Aside => {}
                AssuanLine::Cancelled => return Ok(Outcome::Declined),
                AssuanLine::Timeout => return Ok(Outcome::Silent),
                AssuanLine::Failed(what) => {
                    return Ok(Outcome::Absent(format!("says: {}", one_line(&what))));
                }
                AssuanLine::Garbage => {
                    return Err("does not speak the protocol of pinentries".to_owned());
                }
            }
        }
        Err("does not come to an end".to_owned())
    }

    /// Reads a line, without its end.
    async fn line(&mut self) -> Exchange<Zeroizing<Vec<u8>>> {
        let mut line = Zeroizing::new(Vec::with_capacity(MAX_LINE_BYTES));
        loop {
            let piece = self.output.fill_buf().await.map_err(|e| format!("cannot be read: {e}"))?;
            if piece.is_empty() {
                return Err("ended without an answer".to_owned());
            }
            let end = piece.iter().position(|b| *b == b'\n');
            let count = end.unwrap_or(piece.len());
            if line.len() + count > MAX_LINE_BYTES {
                return Err("gives a line that is too long".to_owned());
            }
            line.extend_from_slice(&piece[..count]);
            self.output.consume(end.map_or(count, |end| end + 1));
            if end.is_some() {
                return Ok(line);
            }
        }
    }
}

impl AskPerson for Pinentry<'_> {
    fn code(&mut self, question: &QuestionText, complaint: Option<&str>) -> Result<Outcome<Text>> {
        let mut texts = question.texts();
        texts.push(command("SETPROMPT", "MFA code:"));
        texts.extend(complaint.map(|complaint| command("SETERROR", complaint)));
        self.ask(&texts, "GETPIN\n")
    }

    fn confirm(&mut self, question: &QuestionText) -> Result<Outcome<()>> {
        self.ask(&question.texts(), "CONFIRM\n").map(|outcome| outcome.map(|_| ()))
    }
}

impl QuestionText {
    fn texts(&self) -> Vec<String> {
        vec![command("SETTITLE", TITLE), command("SETDESC", &clean_lines(&self.text))]
    }
}

/// Ends the pinentry, and lets it clean up first: it may draw on the terminal.
impl Drop for Pinentry<'_> {
    fn drop(&mut self) {
        self.input = None;
        #[cfg(unix)]
        if let (true, Some(pid)) = (
            self.asking,
            self.child.id().and_then(|id| rustix::process::Pid::from_raw(i32::try_from(id).ok()?)),
        ) {
            let _ = rustix::process::kill_process(pid, rustix::process::Signal::INT);
        }
        let begin = Instant::now();
        while matches!(self.child.try_wait(), Ok(None)) && begin.elapsed() < EXIT_TIMEOUT {
            std::thread::sleep(Duration::from_millis(5));
        }
        // The modes are put back after it was killed, so that it cannot change them again.
        let _ = self.child.start_kill();
        drop(self.modes.take());
    }
}

/// Returns the options with which a pinentry finds the person.
fn options(environment: &PromptEnvironment, tty: Option<&Tty>, timeout: Duration) -> Vec<String> {
    let name = tty.map(|_| terminal::INPUT).or(environment.gpg_tty());
    let known = [
        ("ttyname", name),
        ("ttytype", environment.first(&["TERM"]).filter(|_| name.is_some())),
        ("lc-ctype", environment.first(&["LC_ALL", "LC_CTYPE", "LANG"])),
        ("lc-messages", environment.first(&["LC_ALL", "LC_MESSAGES", "LANG"])),
        ("display", environment.first(&["DISPLAY"])),
    ];
    let mut lines: Vec<String> = known
        .iter()
        .filter_map(|(name, value)| Some(command("OPTION", &format!("{name}={}", (*value)?))))
        .collect();
    lines.push(command("SETTIMEOUT", &timeout.as_secs().to_string()));
    lines
}
