//! A pinentry: the program that GnuPG asks with, on a terminal or in a window. Started for one
//! question, over pipes.

use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::time::{Duration, Instant};

use tokio::io::{AsyncBufReadExt, AsyncWriteExt, BufReader};
use tokio::process::{Child, ChildStdin, ChildStdout};
use zeroize::Zeroizing;

use super::assuan::{AssuanLine, MAX_LINE_BYTES, command, parse};
use super::person::{Asker, Request};
use super::rungs::{Outcome, Text};
use super::surroundings::{Surroundings, asker};
use super::tty;
use crate::error::Result;
use crate::system::runtime::Runtime;
use crate::system::terminal;

/// How long a pinentry may take to start, and to answer anything but the question itself.
const PREPARATION_TIMEOUT: Duration = Duration::from_secs(10);
/// How long a pinentry may take to exit after the question.
const EXIT_TIMEOUT: Duration = Duration::from_millis(500);
/// The longest answer, in lines.
const MAX_REPLY_LINES: usize = 1000;
/// What is looked for on `PATH`, where none was chosen.
const PROGRAMS: [&str; 2] = ["pinentry", "pinentry-mac"];

/// Finds the pinentry to ask with; the error says why there is none.
pub fn find(surroundings: &Surroundings) -> Result<PathBuf, String> {
    match &surroundings.pinentry {
        Some(chosen) => {
            surroundings.find(chosen).ok_or_else(|| format!("{} is no program", chosen.display()))
        }
        None => PROGRAMS
            .iter()
            .find_map(|name| surroundings.find(name))
            .ok_or_else(|| "pinentry is not on PATH".to_owned()),
    }
}

/// Returns whether a pinentry has neither a terminal nor a display to ask on.
pub fn is_blind(surroundings: &Surroundings, terminal: bool) -> bool {
    cfg!(target_os = "linux")
        && !terminal
        && surroundings.gpg_tty.is_none()
        && !surroundings.has_display()
}

pub struct Pinentry<'a> {
    runtime: &'a Runtime,
    patience: Duration,
    child: Child,
    input: Option<ChildStdin>,
    output: BufReader<ChildStdout>,
    /// Whether it is in the middle of a question.
    asking: bool,
    /// Whether it was told of no place where it could show one.
    blind: bool,
    /// The terminal's modes, which it may change, until it has ended.
    #[cfg(unix)]
    modes: Option<tty::SavedModes>,
}

/// An answer that is not the protocol's: why it cannot be used.
type Exchange<T> = Result<T, String>;

/// A whole answer.
enum Reply {
    Ok(Text),
    Cancelled,
    Timeout,
    Failed(String),
}

impl<'a> Pinentry<'a> {
    /// Starts it and says what it must know.
    /// `limit`: how long a program may take at all.
    pub fn start(
        runtime: &'a Runtime,
        surroundings: &Surroundings,
        limit: Duration,
        patience: Duration,
    ) -> Result<Outcome<Self>> {
        let program = match find(surroundings) {
            Ok(program) => program,
            Err(why) => return Ok(Outcome::Absent(why)),
        };
        let limit = limit.min(PREPARATION_TIMEOUT);
        let started = runtime.run(async { Self::spawn(runtime, &program, patience) })?;
        let mut pinentry = match started {
            Ok(pinentry) => pinentry,
            Err(why) => return Ok(Outcome::Absent(format!("{} {why}", program.display()))),
        };
        let terminal = tty::Tty::open().is_some();
        pinentry.blind = is_blind(surroundings, terminal);
        let options = options(surroundings, terminal, patience);
        let prepared = runtime.run_within(limit, pinentry.prepare(&options))?;
        Ok(match prepared {
            Some(Ok(())) => Outcome::Had(pinentry),
            Some(Err(why)) => Outcome::Absent(format!("{} {why}", program.display())),
            None => Outcome::Absent(format!("{} does not answer", program.display())),
        })
    }

    fn spawn(runtime: &'a Runtime, program: &Path, patience: Duration) -> Exchange<Self> {
        #[cfg(unix)]
        let modes = tty::Tty::open().map(|tty| tty::SavedModes::new(tty.into_ends().0));
        let mut command = asker(program);
        command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::null());
        let mut child = command.spawn().map_err(|e| format!("cannot be started: {e}"))?;
        let (Some(input), Some(output)) = (child.stdin.take(), child.stdout.take()) else {
            return Err("has no pipes".to_owned());
        };
        Ok(Self {
            runtime,
            patience,
            child,
            input: Some(input),
            output: BufReader::new(output),
            asking: false,
            blind: false,
            #[cfg(unix)]
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

    /// Sends texts, then asks for as long as the person may take.
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
        let reply = runtime.run_within(self.patience, self.reply())?;
        let Some(reply) = reply else { return Ok(Outcome::Silent) };
        self.asking = false;
        if !matches!(reply, Ok(Reply::Ok(_))) {
            runtime.check_after_a_failure()?;
        }
        Ok(match reply {
            Ok(Reply::Ok(text)) => Outcome::Had(text),
            // What pinentry-tty says where it finds no terminal.
            Ok(Reply::Cancelled) if self.blind => Outcome::absent(super::NOWHERE),
            Ok(Reply::Cancelled) => Outcome::Declined,
            Ok(Reply::Timeout) => Outcome::Silent,
            Ok(Reply::Failed(what)) => {
                Outcome::Absent(format!("pinentry says: {}", tty::printable(&what)))
            }
            Err(why) => Outcome::Absent(format!("pinentry {why}")),
        })
    }

    async fn send(&mut self, line: &str) -> Exchange<()> {
        let Some(input) = &mut self.input else { return Err("has ended".to_owned()) };
        input.write_all(line.as_bytes()).await.map_err(|_| "has ended".to_owned())
    }

    /// Reads an answer that has to be `OK`.
    async fn done(&mut self) -> Exchange<()> {
        match self.reply().await? {
            Reply::Ok(_) => Ok(()),
            Reply::Cancelled | Reply::Timeout => Err("does not want to".to_owned()),
            Reply::Failed(what) => Err(format!("says: {}", tty::printable(&what))),
        }
    }

    async fn reply(&mut self) -> Exchange<Reply> {
        let mut data = Zeroizing::new(Vec::new());
        for _ in 0..MAX_REPLY_LINES {
            match parse(&self.line().await?) {
                AssuanLine::Ok => {
                    let text = std::str::from_utf8(&data)
                        .map_err(|_| "gave an answer that is no text".to_owned())?;
                    return Ok(Reply::Ok(Zeroizing::new(text.to_owned())));
                }
                AssuanLine::Data(more) => data.extend_from_slice(&more),
                AssuanLine::Inquire => self.send("END\n").await?,
                AssuanLine::Aside => {}
                AssuanLine::Cancelled => return Ok(Reply::Cancelled),
                AssuanLine::Timeout => return Ok(Reply::Timeout),
                AssuanLine::Failed(what) => return Ok(Reply::Failed(what)),
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

impl Asker for Pinentry<'_> {
    fn code(&mut self, request: &Request, complaint: Option<&str>) -> Result<Outcome<Text>> {
        let mut texts = request.texts();
        texts.push(command("SETPROMPT", "MFA code:"));
        texts.extend(complaint.map(|complaint| command("SETERROR", complaint)));
        self.ask(&texts, "GETPIN\n")
    }

    fn confirm(&mut self, request: &Request) -> Result<Outcome<()>> {
        self.ask(&request.texts(), "CONFIRM\n").map(|outcome| outcome.map(|_| ()))
    }
}

impl Request {
    fn texts(&self) -> Vec<String> {
        vec![
            command("SETTITLE", super::person::TITLE),
            command("SETDESC", &tty::printable(&self.text)),
        ]
    }
}

/// Ends it as gently as it lets itself be ended: one that draws on the terminal has to clean up.
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
        // Killed where it still runs, when the child is dropped; the terminal's modes come after
        // that.
        let _ = self.child.start_kill();
        #[cfg(unix)]
        drop(self.modes.take());
    }
}

/// What a pinentry needs to know to find the person.
fn options(surroundings: &Surroundings, terminal: bool, patience: Duration) -> Vec<String> {
    let tty = if terminal { Some(terminal::INPUT) } else { surroundings.gpg_tty.as_deref() };
    let known = [
        ("ttyname", tty),
        ("ttytype", surroundings.term.as_deref().filter(|_| tty.is_some())),
        ("lc-ctype", surroundings.lc_ctype.as_deref()),
        ("lc-messages", surroundings.lc_messages.as_deref()),
        ("display", surroundings.display.as_deref()),
    ];
    let mut lines: Vec<String> = known
        .iter()
        .filter_map(|(name, value)| Some(command("OPTION", &format!("{name}={}", (*value)?))))
        .collect();
    lines.push(command("SETTIMEOUT", &patience.as_secs().to_string()));
    lines
}
