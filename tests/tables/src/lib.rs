//! Reads the tables of cases under `tests/data`. A file holds cases, a case holds blocks:
//! ```text
//! === name of the case
//! --- block
//! text
//! --- block escaped
//! text with \t, \r, \\, \u{feff}, the byte \xE9, and a trailing \ that takes the line's end away
//! ```
//! What stands before the first case is for the reader, and so is one blank line before each other.

#![allow(clippy::unwrap_used, clippy::missing_panics_doc, reason = "a wrong table must end a test")]

use std::path::{Path, PathBuf};

pub struct Case {
    /// `file.txt: name of the case`.
    pub name: String,
    blocks: Vec<(String, Vec<u8>)>,
}

impl Case {
    /// Returns a block's text, empty where the case does not have it.
    pub fn block(&self, name: &str) -> &str {
        self.optional(name).unwrap_or_default()
    }

    pub fn optional(&self, name: &str) -> Option<&str> {
        let text = |bytes| str::from_utf8(bytes).unwrap_or_else(|e| panic!("{}: {e}", self.name));
        self.bytes(name).map(text)
    }

    pub fn bytes(&self, name: &str) -> Option<&[u8]> {
        self.blocks.iter().find(|(n, _)| n == name).map(|(_, bytes)| bytes.as_slice())
    }

    pub fn json(&self, name: &str) -> serde_json::Value {
        serde_json::from_str(self.block(name))
            .unwrap_or_else(|e| panic!("{}: {name}: {e}", self.name))
    }
}

/// The path of a file or folder of `tests/data`.
pub fn path(relative: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap().join("data").join(relative)
}

/// Reads all cases of a folder; a block whose name is not in `blocks` is a typing error.
pub fn read(folder: &str, blocks: &[&str]) -> Vec<Case> {
    let mut files: Vec<_> =
        std::fs::read_dir(path(folder)).unwrap().map(|entry| entry.unwrap().path()).collect();
    files.sort();
    let mut cases: Vec<Case> = Vec::new();
    for path in files {
        let file = path.file_name().unwrap().to_string_lossy().into_owned();
        let mut escaped = false;
        let mut in_case = false;
        let mut blank = false;
        for line in std::fs::read_to_string(&path).unwrap().split_inclusive('\n') {
            if let Some(name) = line.strip_prefix("=== ") {
                let last = cases.last_mut().and_then(|case| case.blocks.last_mut());
                last.filter(|_| blank).map(|(_, bytes)| bytes.pop());
                let name = format!("{file}: {}", name.trim());
                assert!(cases.iter().all(|c| c.name != name), "{name}: twice");
                cases.push(Case { name, blocks: Vec::new() });
                in_case = true;
            } else if !in_case {
            } else if let Some(name) = line.strip_prefix("--- ") {
                let case = cases.last_mut().unwrap();
                let name = name.trim();
                escaped = name.ends_with(" escaped");
                let name = name.trim_end_matches(" escaped");
                assert!(blocks.contains(&name), "{}: no block is named `{name}`", case.name);
                case.blocks.push((name.to_owned(), Vec::new()));
            } else if let Some((_, bytes)) = cases.last_mut().unwrap().blocks.last_mut() {
                if escaped {
                    bytes.extend(unescape(line));
                } else {
                    bytes.extend(line.as_bytes());
                }
            }
            blank = in_case && line == "\n";
        }
    }
    cases
}

fn unescape(line: &str) -> Vec<u8> {
    let mut bytes = Vec::new();
    let mut rest = line.chars();
    while let Some(c) = rest.next() {
        let c = match c {
            '\\' => match rest.next().unwrap() {
                't' => '\t',
                'r' => '\r',
                '\\' => '\\',
                '\n' => continue,
                'u' => {
                    let hex: String = rest.by_ref().skip(1).take_while(|c| *c != '}').collect();
                    char::from_u32(u32::from_str_radix(&hex, 16).unwrap()).unwrap()
                }
                'x' => {
                    let hex: String = rest.by_ref().take(2).collect();
                    bytes.push(u8::from_str_radix(&hex, 16).unwrap());
                    continue;
                }
                other => panic!("no escape: \\{other} in {line}"),
            },
            c => c,
        };
        bytes.extend(c.encode_utf8(&mut [0; 4]).as_bytes());
    }
    bytes
}
