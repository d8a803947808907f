//! Reading the log: all files, from the oldest line to the newest. Lines that are torn or foreign
//! are skipped.

use std::fs::Metadata;
use std::io::{self, ErrorKind, Read, Seek, SeekFrom};
use std::path::Path;

use super::{LogEntry, OLD_FILES, old};
use crate::system::files::open_own_to_read;

/// The most of one file that is read, counted from its end. Only a log that could not be moved away
/// grows so long.
const MAX_READ_BYTES: u64 = 64 * 1024 * 1024;
/// The beginning of each line.
const BEGIN: &str = "{\"time\":";

/// The lines of the log, the oldest first.
#[derive(Debug, Default)]
pub struct LogContents {
    /// Each entry with its line.
    pub entries: Vec<(LogEntry<'static>, String)>,
    /// The number of lines that are torn or foreign.
    pub skipped: usize,
}

/// Reads the log, without a lock. A log that does not exist is empty.
///
/// # Errors
/// A file of the log cannot be read.
pub fn read(path: &Path) -> io::Result<LogContents> {
    // From the newest file on: a file that is renamed meanwhile is read twice, which `is_same`
    // finds, rather than not at all.
    let mut files: Vec<(Metadata, Vec<u8>)> = Vec::new();
    for n in 0..=OLD_FILES {
        let path = if n == 0 { path.to_path_buf() } else { old(path, n) };
        match content(&path) {
            Ok((metadata, _)) if files.iter().any(|(seen, _)| is_same(seen, &metadata)) => {}
            Ok(file) => files.push(file),
            Err(error) if error.kind() == ErrorKind::NotFound => {}
            Err(error) => {
                return Err(io::Error::new(error.kind(), format!("{}: {error}", path.display())));
            }
        }
    }
    let mut found = LogContents::default();
    for (_, bytes) in files.iter().rev() {
        for line in bytes.split(|&b| b == b'\n').filter(|line| !line.trim_ascii().is_empty()) {
            match parse(&String::from_utf8_lossy(line)) {
                Some((entry, rest)) => {
                    found.skipped += usize::from(rest);
                    found.entries.push(entry);
                }
                None => found.skipped += 1,
            }
        }
    }
    // A writer may be overtaken between reading the clock and writing.
    found.entries.sort_by_key(|(entry, _)| entry.time);
    Ok(found)
}

fn content(path: &Path) -> io::Result<(Metadata, Vec<u8>)> {
    let mut file = open_own_to_read(path)?;
    let metadata = file.metadata()?;
    file.seek(SeekFrom::Start(metadata.len().saturating_sub(MAX_READ_BYTES)))?;
    let mut bytes = Vec::new();
    file.take(MAX_READ_BYTES).read_to_end(&mut bytes)?;
    Ok((metadata, bytes))
}

#[cfg(unix)]
fn is_same(one: &Metadata, other: &Metadata) -> bool {
    use std::os::unix::fs::MetadataExt;
    (one.dev(), one.ino()) == (other.dev(), other.ino())
}

#[cfg(not(unix))]
fn is_same(_: &Metadata, _: &Metadata) -> bool {
    false
}

/// Parses a line. The flag says whether the rest of a torn line stood before the entry: a full disk
/// had no room for its end.
pub fn parse(line: &str) -> Option<((LogEntry<'static>, String), bool)> {
    let entry = |text: &str| Some((serde_json::from_str(text).ok()?, text.to_owned()));
    let line = line.trim();
    entry(line).map(|entry| (entry, false)).or_else(|| {
        let begin = line.rfind(BEGIN).filter(|&begin| begin > 0)?;
        entry(&line[begin..]).map(|entry| (entry, true))
    })
}
