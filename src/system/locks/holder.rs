//! Who holds a lock and for what, as the file beside it says it and the kernel knows it; and what
//! was declined under it, as the lock's own file says. Both hold untrusted text.

use std::fmt;
use std::fs::File;
use std::io::{Read, Seek, Write};
use std::path::Path;

use chrono::{DateTime, Utc};

use crate::system::files::{holder_file, open_own, read_own};

/// The most that is read of either, in bytes, and shown of a purpose, in characters.
const LONGEST_NOTE: u64 = 4096;
const LONGEST_PURPOSE: usize = 200;

/// The process that wrote itself into a lock file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Holder {
    pub pid: u32,
    /// Its session (setsid(2)), which stands for its terminal: a terminal controls one session, and
    /// a session has one terminal.
    pub session: u32,
    purpose: String,
}

/// A question that a person declined or did not answer in time, as those who waited are told.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DeclinedQuestion {
    pub question: String,
    pub at: DateTime<Utc>,
}

/// The session of this process; 0 where there is no such thing, and in a container that it reaches
/// into (pid_namespaces(7)).
pub fn own_session() -> u32 {
    // On Linux it is not asked of getsid(2), since rustix, like POSIX, knows no session 0.
    #[cfg(target_os = "linux")]
    let session = own_state().map_or(0, |state| state.session);
    #[cfg(all(unix, not(target_os = "linux")))]
    let session = rustix::process::getsid(None).map_or(0, |session| session.as_raw_nonzero().get());
    #[cfg(not(unix))]
    let session = 0;
    u32::try_from(session).unwrap_or(0)
}

/// Whether this process is in the foreground of its terminal, and not stopped when it reads there.
#[cfg(target_os = "linux")]
pub fn in_foreground(_tty: &File) -> bool {
    // Groups outside of a container are all 0 inside.
    own_state().is_some_and(|state| state.group == state.foreground)
}

#[cfg(all(unix, not(target_os = "linux")))]
pub fn in_foreground(tty: &File) -> bool {
    rustix::termios::tcgetpgrp(tty).is_ok_and(|group| group == rustix::process::getpgrp())
}

#[cfg(target_os = "linux")]
fn own_state() -> Option<ProcessState> {
    ProcessState::parse(&std::fs::read_to_string("/proc/self/stat").ok()?)
}

/// Writes beside a lock that this process holds it, for those who wait, and takes away what was left
/// in the lock. Nothing depends on it.
pub fn note(mut lock: &File, path: &Path, purpose: &str) {
    let purpose = clean(purpose);
    let text = format!("{} {} {purpose}\n", std::process::id(), own_session());
    let write = |mut file: File| file.set_len(0).and_then(|()| file.write_all(text.as_bytes()));
    let _ = lock.rewind().and_then(|()| lock.set_len(0));
    let _ = open_own(&holder_file(path)).and_then(write);
}

/// Begins a line about what a person declined; its time, in microseconds, and the question follow.
const DECLINED: &str = "declined";

/// Leaves in a lock what a person declined.
pub fn record(mut file: &File, declined: &DeclinedQuestion) {
    let text = format!("{DECLINED} {} {}\n", declined.at.timestamp_micros(), declined.question);
    let _ = file.write_all(text.as_bytes());
}

/// Reads what was left in a lock. It is only compared, and shown to nobody.
pub fn left(lock: &mut File) -> Vec<DeclinedQuestion> {
    let text = text(lock).unwrap_or_default();
    let whole = text.rsplit_once('\n').map_or("", |(whole, _)| whole);
    let parse = |line: &str| {
        let (time, question) = line.strip_prefix(DECLINED)?.strip_prefix(' ')?.split_once(' ')?;
        Some(DeclinedQuestion {
            question: question.to_owned(),
            at: DateTime::from_timestamp_micros(time.parse().ok()?)?,
        })
    };
    whole.split('\n').filter_map(parse).collect()
}

/// Reads who holds a lock; `None` while that is not written, and where it cannot be read.
pub fn read(lock: &Path) -> Option<Holder> {
    let bytes = read_own(&holder_file(lock), LONGEST_NOTE).ok()?;
    parse(&String::from_utf8_lossy(&bytes))
}

fn text(file: &mut File) -> Option<String> {
    let mut bytes = Vec::new();
    file.rewind().ok()?;
    file.take(LONGEST_NOTE).read_to_end(&mut bytes).ok()?;
    Some(String::from_utf8_lossy(&bytes).into_owned())
}

fn parse(text: &str) -> Option<Holder> {
    let (line, _) = text.split_once('\n')?;
    let mut words = line.splitn(3, ' ');
    let mut number = || words.next()?.parse::<u32>().ok();
    let (pid, session) = (number().filter(|pid| *pid > 0)?, number()?);
    Some(Holder { pid, session, purpose: clean(words.next()?) })
}

/// Takes away what could move the cursor, hide or turn text around, and what is too long to read.
fn clean(text: &str) -> String {
    // A character that Rust would print as it is.
    let printable = |c: char| matches!(c, '"' | '\'' | '\\') || c.escape_debug().len() == 1;
    let mut clean: String = text
        .chars()
        .take(LONGEST_PURPOSE)
        .map(|c| if printable(c) { c } else { '\u{fffd}' })
        .collect();
    if text.chars().nth(LONGEST_PURPOSE).is_some() {
        clean.push('…');
    }
    clean
}

impl Holder {
    /// Asks the kernel about the process (proc(5)); `None` where it does not tell, or has another
    /// one under this number.
    pub fn state(&self) -> Option<ProcessState> {
        if !cfg!(target_os = "linux") {
            return None;
        }
        let line = std::fs::read_to_string(format!("/proc/{}/stat", self.pid)).ok()?;
        ProcessState::parse(&line).filter(|state| state.session == i64::from(self.session))
    }
}

impl fmt::Display for Holder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "process {}", self.pid)?;
        if let Some(terminal) = self.state().and_then(|state| state.terminal_name()) {
            write!(f, " on {terminal}")?;
        }
        write!(f, ", which gets credentials for {}", self.purpose)
    }
}

/// What the kernel says of a process now: what counts here of a line of `/proc/PID/stat`, `PID
/// (name) state ppid pgrp session tty_nr tpgid …` (proc(5)).
#[derive(Debug, PartialEq, Eq)]
pub struct ProcessState {
    /// Stopped by Ctrl-Z, or because it asks from the background.
    pub stopped: bool,
    group: i64,
    session: i64,
    terminal: i64,
    foreground: i64,
}

impl ProcessState {
    /// The name may hold anything.
    fn parse(line: &str) -> Option<Self> {
        let mut words = line.get(line.rfind(')')? + 1..)?.split_ascii_whitespace();
        let stopped = matches!(words.next()?, "T" | "t");
        let numbers: Vec<i64> = words.take(5).map_while(|word| word.parse().ok()).collect();
        let [_parent, group, session, terminal, foreground] = numbers[..] else { return None };
        Some(Self { stopped, group, session, terminal, foreground })
    }
    /// Names the terminal by its device number (Linux, `Documentation/admin-guide/devices.txt`); 0
    /// is none.
    pub fn terminal_name(&self) -> Option<String> {
        let device = self.terminal;
        let (major, minor) = ((device >> 8) & 0xfff, (device & 0xff) | ((device >> 12) & 0xf_ff00));
        match major {
            _ if device == 0 => None,
            4 if minor < 64 => Some(format!("tty{minor}")),
            136..=143 => Some(format!("pts/{}", (major - 136) * 256 + minor)),
            _ => Some("another terminal".to_owned()),
        }
    }
}

#[cfg(test)]
mod tests {
    use std::path::PathBuf;

    use super::*;

    fn lock() -> (tempfile::TempDir, PathBuf, File) {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("a.lock");
        let file = open_own(&path).unwrap();
        (folder, path, file)
    }

    #[test]
    fn noted_holder_is_read_back() {
        let (_folder, path, file) = lock();
        assert_eq!(read(&path), None);
        for purpose in ["profile `prod` (arn:aws:iam::222222222222:role/admin)", "größer", ""] {
            note(&file, &path, purpose);
            let holder = read(&path).unwrap();
            assert_eq!(
                (holder.pid, holder.session, holder.purpose.as_str()),
                (std::process::id(), own_session(), purpose)
            );
        }
    }

    #[test]
    fn malformed_lock_text_is_none_and_hostile_text_is_cleaned() {
        for text in [
            "",
            "1",
            "1 2",
            "1 2 x",
            "x 2 y\n",
            "0 2 y\n",
            "-1 2 y\n",
            "99999999999 2 y\n",
            "1 y\n",
            "\n",
            "1  2 y\n",
            "1 2\n",
        ] {
            assert_eq!(parse(text), None, "{text:?}");
        }
        let hostile = "7 1 \u{1b}[2Jprofile\r\u{202e}\u{200b}\u{7}`x`\t\u{9b}\nmore\n";
        let holder = parse(hostile).unwrap();
        assert_eq!(
            holder.purpose,
            "\u{fffd}[2Jprofile\u{fffd}\u{fffd}\u{fffd}\u{fffd}`x`\u{fffd}\u{fffd}"
        );
        let long = parse(&format!("7 1 {}\n", "x".repeat(900))).unwrap();
        assert_eq!(long.purpose.chars().count(), LONGEST_PURPOSE + 1);
        let (_folder, path, _) = lock();
        std::fs::write(holder_file(&path), [0xff; 5000]).unwrap();
        assert_eq!(read(&path), None);
    }

    #[test]
    fn declined_questions_are_read_until_next_holder_is_noted() {
        let (_folder, path, mut file) = lock();
        assert_eq!(left(&mut file), []);
        note(&file, &path, "a test");
        let declined = |question: &str, at| DeclinedQuestion {
            question: question.to_owned(),
            at: DateTime::from_timestamp_micros(at).unwrap(),
        };
        let two = [
            declined("code of arn:aws:iam::111111111111:mfa/bob", 1),
            declined("confirmation of größer ", i64::from(u32::MAX)),
        ];
        for one in &two {
            record(&file, one);
        }
        assert_eq!(left(&mut file), two);
        assert_eq!(read(&path).unwrap().purpose, "a test");
        note(&file, &path, "another");
        assert_eq!(left(&mut file), []);
        let hostile = "declined 1 first\ndeclined\ndeclined x y\n\
                       declined 99999999999999999999 y\ndeclined 1\n\n\
                       declined 2 \ndeclined 3 torn";
        file.write_all(hostile.as_bytes()).unwrap();
        assert_eq!(left(&mut file), [declined("first", 1), declined("", 2)]);
    }

    #[test]
    fn stat_line_gives_stopped_state_and_terminal() {
        let state = |stopped, terminal: Option<&str>| Some((stopped, terminal.map(str::to_owned)));
        let parse = |line: &str, session| {
            let state = ProcessState::parse(line).filter(|state| state.session == session)?;
            Some((state.stopped, state.terminal_name()))
        };
        for (stat, expected) in [
            ("9 (rolecall) S 1 9 5 34819 9 4194560 0", state(false, Some("pts/3"))),
            ("9 (rolecall) T 1 9 5 34819 9", state(true, Some("pts/3"))),
            ("9 (a) b) R 1 9 5 1025 9", state(false, Some("tty1"))),
            ("9 (x) S 1 9 5 0 -1", state(false, None)),
            ("9 (x) S 1 9 5 35072 9", state(false, Some("pts/256"))),
            ("9 (x) S 1 9 5 1088 9", state(false, Some("another terminal"))),
            // Another process under the same number.
            ("9 (x) S 1 9 6 34819 9", None),
            ("9 (x) S 1 9 5", None),
            ("9 (x", None),
            ("", None),
        ] {
            assert_eq!(parse(stat, 5), expected, "{stat}");
        }
        // A session, and a terminal's foreground, that are outside of this container.
        assert_eq!(parse("9 (x) S 0 0 0 34819 0", 0), state(false, Some("pts/3")));
    }

    #[test]
    #[cfg(target_os = "linux")]
    fn state_of_own_process_is_read() {
        let (_folder, path, file) = lock();
        note(&file, &path, "a test");
        let holder = read(&path).unwrap();
        assert!(!holder.state().unwrap().stopped);
        assert_eq!(Holder { session: u32::MAX, ..holder }.state(), None);
    }
}
