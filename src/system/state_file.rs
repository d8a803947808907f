//! Small JSON files without secrets that every process of the user reads and changes at any moment:
//! the index of sessions, the list of seeds, the history of what was used.
//!
//! A reader waits for nobody and never sees half a file, because a change is a rename. Changes take
//! turns by a lock file beside it. Nothing depends on such a file being whole: what cannot be read
//! counts as empty and is begun anew by the next change.
//!
//! A file of layout 1, the only one so far, is the bare map and names no version. A later layout
//! must put a number under `version` at the top. This program reads such a file as empty and leaves
//! it as it is.

use std::fs::{File, TryLockError};
use std::io;
use std::marker::PhantomData;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

use crate::system::files::{is_at, open_own, read_own, write_own};
use crate::system::flush::Flush;

/// The newest layout that this program reads.
const VERSION: u32 = 1;
/// What no such file comes near: an entry takes some 300 bytes.
const MAX_BYTES: u64 = 16 * 1024 * 1024;
/// How long the changes of others are waited for: each takes milliseconds, and a hundred may come
/// at once.
const LOCK_TIMEOUT: Duration = Duration::from_secs(5);
/// How often a waiter looks.
const LOCK_RETRY_DELAY: Duration = Duration::from_millis(2);

/// A file that holds one map of type `T`, whose values are objects.
pub struct StateFile<T> {
    path: PathBuf,
    content: PhantomData<fn() -> T>,
}

/// The right to change a file, and what has to be in step with it, one process at a time.
pub struct LockedStateFile<'a, T> {
    file: &'a StateFile<T>,
    /// `None` where the lock could not be had: then the file may lose a change, but is never torn.
    _lock: Option<File>,
}

/// What names a later layout.
#[derive(Deserialize)]
struct LaterLayout {
    version: u32,
}

impl<T: Default + DeserializeOwned + Serialize> StateFile<T> {
    pub fn new(path: impl Into<PathBuf>) -> Self {
        Self { path: path.into(), content: PhantomData }
    }

    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Reads the file; one that is missing, broken, of a later layout or no regular file is empty.
    pub fn read(&self) -> T {
        self.load().unwrap_or_default()
    }

    /// Waits at most `LOCK_TIMEOUT` for those who change the file now. A holder that dies frees it,
    /// and one that is stopped is not waited for.
    pub fn lock(&self) -> LockedStateFile<'_, T> {
        LockedStateFile { file: self, _lock: lock(&self.path.with_extension("lock")) }
    }

    /// Changes the file, as `LockedStateFile::update` does.
    ///
    /// # Errors
    /// When the file cannot be written, or is of a later layout.
    pub fn update<R>(&self, change: impl FnOnce(&mut T) -> R) -> io::Result<R> {
        self.lock().update(change)
    }

    /// Fails for a file of a later layout only.
    fn load(&self) -> io::Result<T> {
        read_own(&self.path, MAX_BYTES).map_or_else(|_| Ok(T::default()), |b| Self::parse(&b))
    }

    /// Parses a file's content; what cannot be read counts as empty.
    ///
    /// # Errors
    /// For a later layout.
    pub fn parse(bytes: &[u8]) -> io::Result<T> {
        serde_json::from_slice(bytes).or_else(|_| match serde_json::from_slice(bytes) {
            Ok(LaterLayout { version }) if version > VERSION => {
                Err(io::Error::new(io::ErrorKind::Unsupported, "a newer rolecall wrote it"))
            }
            _ => Ok(T::default()),
        })
    }
}

impl<T: Default + DeserializeOwned + Serialize> LockedStateFile<'_, T> {
    /// Changes the file and returns what `change` returns, which may meanwhile do elsewhere what
    /// has to be in step.
    ///
    /// # Errors
    /// When the file cannot be written, or is of a later layout.
    pub fn update<R>(&self, change: impl FnOnce(&mut T) -> R) -> io::Result<R> {
        let mut content = self.file.load()?;
        let done = change(&mut content);
        write_own(&self.file.path, &serde_json::to_vec(&content)?, Flush::Drive)?;
        Ok(done)
    }
}

fn lock(path: &Path) -> Option<File> {
    let begin = Instant::now();
    while begin.elapsed() <= LOCK_TIMEOUT {
        let file = open_own(path).ok()?;
        match file.try_lock() {
            Err(TryLockError::WouldBlock) => std::thread::sleep(LOCK_RETRY_DELAY),
            _ if is_at(&file, path) => return Some(file),
            // The file was removed meanwhile: others lock the next one.
            _ => {}
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;
    use std::io::{BufRead, BufReader, Write};
    use std::process::{Command, Stdio};

    use super::*;

    #[derive(Debug, PartialEq, Serialize, Deserialize)]
    struct Value {
        number: u32,
    }

    type Map = BTreeMap<String, Value>;

    fn file(folder: &tempfile::TempDir) -> StateFile<Map> {
        StateFile::new(folder.path().join("state/map.json"))
    }

    fn add(file: &StateFile<Map>, name: &str) {
        file.update(|map| map.insert(name.to_owned(), Value { number: 1 })).unwrap();
    }

    fn names(file: &StateFile<Map>) -> Vec<String> {
        file.read().into_keys().collect()
    }

    #[test]
    fn missing_file_is_empty_and_made_by_the_first_change() {
        let folder = tempfile::tempdir().unwrap();
        let file = file(&folder);
        assert_eq!(names(&file), [""; 0]);
        assert!(!file.path().exists(), "reading makes nothing");
        add(&file, "a");
        add(&file, "b");
        assert_eq!(names(&file), ["a", "b"]);
        // Layout 1 is the bare map.
        let text = std::fs::read_to_string(file.path()).unwrap();
        assert_eq!(text, r#"{"a":{"number":1},"b":{"number":1}}"#);
    }

    #[test]
    fn garbage_reads_as_empty_and_is_replaced() {
        let folder = tempfile::tempdir().unwrap();
        let file = file(&folder);
        add(&file, "a");
        for garbage in [
            &b""[..],
            b"{",
            b"[]",
            b"null",
            b"\0\xff",
            br#"{"a":1}"#,
            br#"{"a":{"number":1}} x"#,
            br#"{"version":1}"#,
            br#"{"version":-1}"#,
            br#"{"version":"2"}"#,
        ] {
            std::fs::write(file.path(), garbage).unwrap();
            let shown = String::from_utf8_lossy(garbage);
            assert_eq!(names(&file), [""; 0], "{shown}");
            add(&file, "b");
            assert_eq!(names(&file), ["b"], "{shown}");
        }
    }

    #[test]
    fn file_of_a_later_layout_is_left_as_it_is() {
        let folder = tempfile::tempdir().unwrap();
        let file = file(&folder);
        add(&file, "a");
        let later = r#"{"version":2,"entries":{"a":{"number":1}}}"#;
        std::fs::write(file.path(), later).unwrap();
        assert_eq!(names(&file), [""; 0]);
        let error = file.update(BTreeMap::clear).unwrap_err();
        assert_eq!(error.to_string(), "a newer rolecall wrote it");
        assert_eq!(std::fs::read_to_string(file.path()).unwrap(), later);
    }

    #[test]
    fn entry_named_version_is_an_entry() {
        let folder = tempfile::tempdir().unwrap();
        let file = file(&folder);
        add(&file, "version");
        assert_eq!(names(&file), ["version"]);
    }

    #[test]
    fn too_large_file_reads_as_empty_and_is_replaced() {
        let folder = tempfile::tempdir().unwrap();
        let file = file(&folder);
        add(&file, "a");
        File::options().append(true).open(file.path()).unwrap().set_len(MAX_BYTES + 1).unwrap();
        assert_eq!(names(&file), [""; 0]);
        add(&file, "b");
        assert_eq!(names(&file), ["b"]);
    }

    #[cfg(unix)]
    #[test]
    fn pipe_or_link_reads_as_empty_and_is_replaced() {
        let folder = tempfile::tempdir().unwrap();
        let file = file(&folder);
        add(&file, "a");
        let target = folder.path().join("target");
        std::fs::rename(file.path(), &target).unwrap();
        let before = std::fs::read(&target).unwrap();
        std::os::unix::fs::symlink(&target, file.path()).unwrap();
        assert_eq!(names(&file), [""; 0], "a link");
        add(&file, "b");
        assert_eq!(names(&file), ["b"]);
        assert_eq!(std::fs::read(&target).unwrap(), before, "the link's target");
        std::fs::remove_file(file.path()).unwrap();
        // Without a writer, who opens a pipe to read it waits for ever.
        assert!(Command::new("mkfifo").arg(file.path()).status().unwrap().success());
        assert_eq!(names(&file), [""; 0], "a pipe");
        add(&file, "c");
        assert_eq!(names(&file), ["c"]);
    }

    #[cfg(unix)]
    #[test]
    fn lock_file_that_is_a_link_makes_no_file_elsewhere() {
        let folder = tempfile::tempdir().unwrap();
        let file = file(&folder);
        add(&file, "a");
        let lock = file.path().with_extension("lock");
        std::fs::remove_file(&lock).unwrap();
        let target = folder.path().join("target");
        std::os::unix::fs::symlink(&target, &lock).unwrap();
        add(&file, "b");
        assert_eq!(names(&file), ["a", "b"]);
        assert!(!target.exists());
    }

    #[test]
    fn concurrent_writers_lose_no_change() {
        let folder = tempfile::tempdir().unwrap();
        let file = file(&folder);
        std::thread::scope(|scope| {
            for writer in 0..8 {
                let file = &file;
                scope.spawn(move || (0..10).for_each(|n| add(file, &format!("{writer}-{n}"))));
            }
        });
        assert_eq!(names(&file).len(), 80);
    }

    /// Changes the file whose path comes on stdin until it is killed. Only the next test runs it
    /// so.
    #[test]
    #[ignore = "a process of another test"]
    fn writer() {
        let mut path = String::new();
        std::io::stdin().read_line(&mut path).unwrap();
        let Some(path) = path.strip_suffix('\n') else { return };
        let file = StateFile::new(path);
        for number in 0.. {
            add(&file, &format!("entry {}", number % 500));
            if number == 0 {
                writeln!(std::io::stdout(), "writing").unwrap();
            }
        }
    }

    #[test]
    fn killed_writer_leaves_a_whole_file_and_no_lock() {
        let folder = tempfile::tempdir().unwrap();
        let file = file(&folder);
        for round in 0..5 {
            let mut child = Command::new(std::env::current_exe().unwrap())
                .args(["--ignored", "--exact", "--nocapture", "system::state_file::tests::writer"])
                .stdin(Stdio::piped())
                .stdout(Stdio::piped())
                .spawn()
                .unwrap();
            writeln!(child.stdin.take().unwrap(), "{}", file.path().display()).unwrap();
            let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
            assert!(lines.any(|line| line.unwrap() == "writing"));
            std::thread::sleep(Duration::from_millis(7 * round));
            child.kill().unwrap();
            child.wait().unwrap();
            assert!(names(&file).iter().any(|name| name == "entry 0"));
            let begin = Instant::now();
            add(&file, &format!("round {round}"));
            assert!(begin.elapsed() < LOCK_TIMEOUT, "a dead process holds the lock");
        }
        let rounds = names(&file).into_iter().filter(|name| name.starts_with("round"));
        assert_eq!(rounds.count(), 5);
    }
}
