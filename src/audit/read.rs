//! Reading: all files from the oldest line to the newest, over what is torn or no line of ours.

use std::fs::{File, Metadata};
use std::io::{self, ErrorKind, Read, Seek, SeekFrom};
use std::path::Path;

use super::{Entry, OLD_FILES, old};

/// The most of one file that is read, counted from its end. Only a log that could not be moved away
/// grows so long.
const MAX_READ_BYTES: u64 = 64 * 1024 * 1024;
/// How each line begins.
const BEGIN: &str = "{\"time\":";

/// What the log holds, oldest first.
#[derive(Debug, Default)]
pub struct Found {
    /// Each with its line.
    pub entries: Vec<(Entry<'static>, String)>,
    /// How many lines were none of ours, or torn.
    pub skipped: usize,
}

/// Reads the log; one that does not exist is empty.
pub fn read(path: &Path) -> io::Result<Found> {
    // The newest first: what is moved on meanwhile shows twice, which is seen, and not never.
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
    let mut found = Found::default();
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
    // Writers that were overtaken between looking at the clock and writing.
    found.entries.sort_by_key(|(entry, _)| entry.time);
    Ok(found)
}

fn content(path: &Path) -> io::Result<(Metadata, Vec<u8>)> {
    // Anything but a file may have no end, and a pipe not even a beginning.
    if !path.metadata()?.is_file() {
        return Err(io::Error::new(ErrorKind::InvalidInput, "it is not a regular file"));
    }
    let mut file = File::open(path)?;
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

/// Reads a line; the flag says whether there was something else before it: a torn line, whose end
/// the disk had no room for.
pub fn parse(line: &str) -> Option<((Entry<'static>, String), bool)> {
    let entry = |text: &str| Some((serde_json::from_str(text).ok()?, text.to_owned()));
    let line = line.trim();
    entry(line).map(|entry| (entry, false)).or_else(|| {
        let begin = line.rfind(BEGIN).filter(|&begin| begin > 0)?;
        entry(&line[begin..]).map(|entry| (entry, true))
    })
}
