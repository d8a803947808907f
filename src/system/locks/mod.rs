//! Kernel file locks, one file per name in a folder that only the user may enter; the kernel frees
//! them when their process dies.

mod beside;
mod holder;

use std::cell::{Cell, OnceCell, RefCell};
use std::fs::{File, TryLockError};
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use chrono::{DateTime, TimeDelta, Utc};

pub use self::beside::lock_beside;
pub use self::holder::DeclinedQuestion;
use self::holder::Holder;
#[cfg(unix)]
pub use self::holder::in_foreground;
use crate::error::{Error, Kind, Result};
use crate::hint::{self, SYSTEM};
use crate::system::clock::{Clock, SystemClock};
use crate::system::files::{LockFile, holder_file, is_at, open_own, try_locking};
use crate::system::report::Report;
use crate::system::runtime::Runtime;

/// How long a wait stays silent.
const SILENCE: Duration = Duration::from_secs(2);
/// How often a waiter looks.
const INTERVAL: Duration = Duration::from_millis(10);
/// How often a lock is taken again whose file was removed in the meantime.
const ATTEMPTS: usize = 8;
/// How many answers a question may take.
const ANSWERS: u32 = 3;
/// Ends the name of a lock's file.
const EXTENSION: &str = "lock";
/// How old a lock's file is that no process comes back to.
const OLD: TimeDelta = TimeDelta::hours(1);
/// How many times the limit for one holder a process waits in all, when holders follow one another.
const ALL_HOLDERS: u32 = 4;

/// Whether the lock of a name was had.
pub enum Attempt {
    /// Free again when the file is dropped, or its process dies.
    Held(File),
    Busy,
    /// Locks cannot be had here; everybody goes on without.
    Unavailable,
}

/// Lets one process at a time walk from the same base.
pub trait Locks {
    /// `purpose` is what those who wait are told.
    fn attempt(&self, name: &str, purpose: &str) -> Attempt;
    /// Waits until the lock was free for a moment, for one holder no longer than `limit`, and for
    /// all of them no longer than four times that. Returns what was left in it.
    ///
    /// # Errors
    /// When that was too long, and after SIGINT.
    fn wait(&self, name: &str, limit: Duration) -> Result<Vec<DeclinedQuestion>>;
    /// Leaves word in a lock that is held, until somebody else holds it.
    fn record(&self, lock: &File, declined: &DeclinedQuestion);

    /// Waits for the lock itself, as long as `wait`; `None` where locks cannot be had.
    ///
    /// # Errors
    /// Those of `wait`.
    fn acquire(&self, name: &str, purpose: &str, limit: Duration) -> Result<Option<File>> {
        loop {
            match self.attempt(name, purpose) {
                Attempt::Held(file) => return Ok(Some(file)),
                Attempt::Unavailable => return Ok(None),
                Attempt::Busy => drop(self.wait(name, limit)?),
            }
        }
    }
}

pub struct FileLocks<'a> {
    folders: Vec<PathBuf>,
    /// The first of the folders that can be used.
    folder: OnceCell<Option<PathBuf>>,
    /// How long one holder is waited for, instead of what the caller says.
    limit: Option<Duration>,
    runtime: Runtime,
    report: &'a dyn Report,
    /// How long this process has waited since it held a lock.
    waited: Cell<Duration>,
    /// What was said last.
    said: RefCell<String>,
    /// Held by the one that speaks for all who wait at its terminal.
    speaker: RefCell<Option<LockFile>>,
}

impl<'a> FileLocks<'a> {
    /// The first of `folders` in which locks can be had is used, so that every process of the user
    /// that has the same folders uses the same one.
    pub fn new(
        folders: Vec<PathBuf>,
        limit: Option<Duration>,
        runtime: Runtime,
        report: &'a dyn Report,
    ) -> Self {
        Self {
            folders,
            folder: OnceCell::new(),
            limit,
            runtime,
            report,
            waited: Cell::default(),
            said: RefCell::default(),
            speaker: RefCell::default(),
        }
    }

    fn open(&self, name: &str) -> Option<(File, PathBuf)> {
        let path = lock_path(self.folder()?, name);
        match open_own(&path) {
            Ok(file) => Some((file, path)),
            Err(error) => {
                self.cannot(&path, &error);
                None
            }
        }
    }

    fn folder(&self) -> Option<&Path> {
        self.folder.get_or_init(|| self.choose_folder().cloned()).as_deref()
    }

    fn choose_folder(&self) -> Option<&PathBuf> {
        for folder in &self.folders {
            match try_locking(folder) {
                Ok(()) => {
                    remove_old(folder);
                    return Some(folder);
                }
                Err(error) => {
                    self.report.decided(&|| format!("no lock in {}: {error}", folder.display()));
                }
            }
        }
        self.report.decided(&|| "going on without locks: there is no folder for them".to_owned());
        None
    }

    fn cannot(&self, path: &Path, error: &std::io::Error) {
        self.report.decided(&|| format!("going on without the lock {}: {error}", path.display()));
    }

    /// Waits until no other process asks this session's person: two questions on one terminal read
    /// each other's answers. Not for one that was stopped at its question; for each other one no
    /// longer than three times `limit`, which is how long a person has for one answer. What is
    /// waited for can be read on the terminal. `None` where turns cannot be taken.
    ///
    /// # Errors
    /// When that was too long, and after SIGINT.
    pub fn turn_to_ask(&self, purpose: &str, limit: Duration) -> Result<Option<LockFile>> {
        let session = holder::own_session();
        let Some(folder) = self.folder().filter(|_| session != 0) else { return Ok(None) };
        let name = format!("asks-{session}");
        let (mut since, mut before) = (Instant::now(), None);
        let mut said = false;
        loop {
            match self.attempt(&name, purpose) {
                Attempt::Held(file) => {
                    return Ok(Some(LockFile { path: lock_path(folder, &name), file }));
                }
                Attempt::Unavailable => return Ok(None),
                Attempt::Busy => {}
            }
            let holder = holder::read(&lock_path(folder, &name));
            let stopped =
                holder.as_ref().and_then(Holder::state).is_some_and(|state| state.stopped);
            if stopped {
                return Ok(None);
            }
            if holder != before {
                (since, before) = (Instant::now(), holder);
            } else if since.elapsed() >= limit * ANSWERS {
                return Err(another_question(before.as_ref()));
            }
            self.runtime.run(async {
                if !said {
                    let what = || "waiting for another question on this terminal".to_owned();
                    self.report.decided(&what);
                    said = true;
                }
                tokio::time::sleep(INTERVAL).await;
            })?;
        }
    }

    /// Says on the terminal who is waited for, unless another one has said it there.
    fn speak(&self, holder: Option<&Holder>) {
        let session = holder::own_session();
        if self.speaker.borrow().is_none() && session != 0 {
            let Some((file, path)) = self.open(&format!("terminal-{session}")) else { return };
            if file.try_lock().is_err() || !is_at(&file, &path) {
                return;
            }
            self.speaker.replace(Some(LockFile { path, file }));
        }
        let text = waiting_for(holder);
        if self.said.replace(text.clone()) == text {
            return;
        }
        self.report.note(&text);
        // A question on this very terminal is seen already.
        if holder.is_none_or(|holder| session == 0 || holder.session != session) {
            self.report.notify_terminal(&text);
        }
    }
}

/// What those who wait are told.
fn waiting_for(holder: Option<&Holder>) -> String {
    let Some(holder) = holder else {
        return "waiting for another process, which gets credentials from the same base".to_owned();
    };
    let advice = match holder.state() {
        Some(state) if state.stopped => {
            format!("; it is stopped, let it go on by: {}", hint::resume(holder.pid))
        }
        Some(state)
            if state.terminal_name().is_some() && holder.session != holder::own_session() =>
        {
            "; if it asks for an MFA code, answer it there".to_owned()
        }
        _ => String::new(),
    };
    format!("waiting for {holder}{advice}")
}

/// What who never got its turn to ask is told.
fn another_question(holder: Option<&Holder>) -> Error {
    let who = holder.map_or_else(|| "another process".to_owned(), ToString::to_string);
    let error = Error::new(Kind::Declined, "nobody can be asked: another question waits here")
        .cause(format!("it is that of {who}"));
    match holder {
        Some(Holder { pid, .. }) => {
            error.hint(format!("answer it, or end it: {}", SYSTEM.end(*pid)))
        }
        None => error.hint(format!("see what it is, or end it: {}", SYSTEM.processes)),
    }
}

/// What who waited too long is told.
fn too_long(holder: Option<&Holder>, waited: Duration) -> Error {
    let who = holder.map_or_else(
        || "another process, which gets credentials from the same base,".to_owned(),
        ToString::to_string,
    );
    let error = Error::failed(format!("waited {} s for {who}", waited.as_secs()));
    let error = match holder.and_then(|holder| Some((holder.pid, holder.state()?))) {
        Some((pid, state)) if state.stopped => error
            .cause("it is stopped")
            .hint(format!("let it go on: {}", hint::resume(pid)))
            .hint(format!("or end it: {}", SYSTEM.end_stopped(pid))),
        Some((pid, state)) => {
            let place = state.terminal_name().map(|name| format!(" on {name}")).unwrap_or_default();
            error
                .cause(format!("it may wait for an answer{place}"))
                .hint(format!("answer it there, or end it: {}", SYSTEM.end(pid)))
        }
        None => error.hint(format!("see what it does, or end it: {}", SYSTEM.processes)),
    };
    error.hint("to wait longer, set lock_timeout in settings.ini; see: rolecall --help")
}

/// Returns where the lock of a name is. A name's beginning tells it apart from all others: it is a
/// hash, or has a prefix of ours.
fn lock_path(folder: &Path, name: &str) -> PathBuf {
    folder.join(format!("{}.{EXTENSION}", name.get(..32).unwrap_or(name)))
}

/// Removes the locks that nobody has held for an hour.
fn remove_old(folder: &Path) {
    let is_old = |path: &Path| {
        let time = path.metadata().and_then(|metadata| metadata.modified());
        time.is_ok_and(|time| SystemClock.now() - DateTime::<Utc>::from(time) > OLD)
    };
    for entry in std::fs::read_dir(folder).into_iter().flatten().flatten() {
        let (path, holder) = (entry.path(), holder_file(&entry.path()));
        if path.extension().is_some_and(|extension| extension == EXTENSION)
            && is_old(if holder.exists() { &holder } else { &path })
            && let Ok(file) = open_own(&path)
            && file.try_lock().is_ok()
        {
            drop(LockFile { path, file });
        }
    }
}

impl Locks for FileLocks<'_> {
    fn attempt(&self, name: &str, purpose: &str) -> Attempt {
        for _ in 0..ATTEMPTS {
            let Some((file, path)) = self.open(name) else { return Attempt::Unavailable };
            match file.try_lock() {
                // Who cleans the folder up takes the name away from a lock; whoever comes next
                // makes another file of that name.
                Ok(()) if !is_at(&file, &path) => {}
                Ok(()) => {
                    holder::note(&file, &path, purpose);
                    self.waited.set(Duration::ZERO);
                    return Attempt::Held(file);
                }
                Err(TryLockError::WouldBlock) => return Attempt::Busy,
                Err(TryLockError::Error(error)) => {
                    self.cannot(&path, &error);
                    return Attempt::Unavailable;
                }
            }
        }
        self.report.decided(&|| {
            "going on without the lock: its file is removed again and again".to_owned()
        });
        Attempt::Unavailable
    }

    fn record(&self, lock: &File, declined: &DeclinedQuestion) {
        holder::record(lock, declined);
    }

    fn wait(&self, name: &str, limit: Duration) -> Result<Vec<DeclinedQuestion>> {
        let Some((mut file, path)) = self.open(name) else { return Ok(Vec::new()) };
        let limit = self.limit.unwrap_or(limit);
        let begin = Instant::now();
        let mut holder = holder::read(&path);
        let mut since = begin;
        let mut silent = true;
        let free = self.runtime.run(async {
            // Inside, where Ctrl-C is an error already.
            self.report.decided(&|| {
                let text = waiting_for(holder.as_ref());
                self.said.replace(text.clone());
                text
            });
            // Shared, so that all who wait go on together. A lock that cannot be asked about is
            // none.
            while let Err(TryLockError::WouldBlock) = file.try_lock_shared() {
                let late = since.elapsed() >= limit
                    || self.waited.get() + begin.elapsed() >= limit * ALL_HOLDERS;
                if late || (silent && since.elapsed() >= SILENCE) {
                    let now = holder::read(&path);
                    let another =
                        now.as_ref().map(|one| one.pid) != holder.as_ref().map(|one| one.pid);
                    holder = now;
                    if another && self.waited.get() + begin.elapsed() < limit * ALL_HOLDERS {
                        since = Instant::now();
                    } else if late {
                        return false;
                    } else {
                        silent = false;
                        self.speak(holder.as_ref());
                    }
                }
                tokio::time::sleep(INTERVAL).await;
            }
            true
        })?;
        self.waited.set(self.waited.get() + begin.elapsed());
        if free {
            Ok(holder::left(&mut file))
        } else {
            Err(too_long(holder.as_ref(), begin.elapsed()))
        }
    }
}
