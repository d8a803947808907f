//! Edits of a shared file, as values: what is to be changed goes in, the file's new bytes come out.
//! Nothing is read or written here (see `system::rewrite`).
//!
//! An edit changes the bytes that it means and no others: comments, blank lines, order, alignment,
//! line ends, a byte order mark, bytes that are not UTF-8 and a missing last line end stay. A new
//! line is written as the section's other lines are. What readers would not read back as it was
//! given is refused.
//!
//! A section may stand in a file more than once, and a key in a section. Readers merge them, and
//! the last one wins, so:
//! - `Set` changes the key that wins; a new key goes into the last section of the name;
//! - `Unset`, `RenameKey`, `RenameSection` and `RemoveSection` change every one;
//! - of `[profile default]` and `[default]` the SDKs read only the first: `Set` changes it, `Unset`,
//!   `RenameKey` and `RemoveSection` change both, and `RenameSection` is refused, because the other
//!   one would come to light.
//!
//! Comments stay where they are, with two exceptions: one at the end of a line that is taken out,
//! and, when a section is taken out, those that stand between its lines, or right above its header
//! and below a blank line.

mod draft;
mod piece;
mod style;

use std::fmt;

use zeroize::Zeroizing;

use self::draft::Draft;
use super::document::{Document, SectionKind, is_identifier};
use super::profiles::Place;
use crate::error::Error;

/// A section of a file, by what readers call it.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct SectionName {
    pub kind: SectionKind,
    pub name: String,
}

/// The name of a key, in lower case, of the characters that AWS accepts.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KeyName(String);

/// A key of a section, or one of a nested block: `region`, `s3.addressing_style`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Key {
    block: Option<KeyName>,
    name: KeyName,
}

/// A value that every reader reads back as it is. It may be a secret, so it is wiped and never
/// shown by `Debug`.
#[derive(Clone, PartialEq, Eq)]
pub struct Value(Zeroizing<String>);

/// One change of a file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Edit {
    /// Gives a key a value, and adds the key, and the block that it is nested in, where they are
    /// missing. The section must be there.
    Set { section: SectionName, key: Key, value: Value },
    /// Takes a key out, with all its lines; with its last key a nested block goes as well.
    Unset { section: SectionName, key: Key },
    /// Renames a key where it stands. Blanks, value and the spelling of a common end stay.
    RenameKey { section: SectionName, key: Key, to: KeyName },
    /// Adds a section without keys at the end of the file.
    AddSection { section: SectionName },
    /// Renames a section where it stands. Blanks, quotes and comments of its header stay.
    RenameSection { section: SectionName, to: String },
    /// Takes a section out, with all its lines.
    RemoveSection { section: SectionName },
}

/// Why an edit is refused.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum EditError {
    #[error("`{0}` cannot be a key: AWS accepts letters, digits and _ - / . % @ : +")]
    KeyName(String),
    #[error("the value cannot be written: {0}")]
    Value(&'static str),
    #[error(
        "`{0}` cannot be written as a section's name: AWS accepts letters, digits and _ - / . % @ : +"
    )]
    SectionName(String),
    #[error("the credentials file holds profiles only")]
    WrongFile,
    #[error("{file} has no section [{section}]")]
    MissingSection { file: String, section: String },
    #[error("{place}: there is a section [{section}] already")]
    SectionExists { place: Place, section: String },
    #[error("[default] at {hidden} would take the place of [profile default] at {read}")]
    TwoDefaults { read: Place, hidden: Place },
    #[error("{place}: the section has no `{key}`")]
    MissingKey { place: Place, key: String },
    #[error("{place}: there is a key `{key}` already")]
    KeyExists { place: Place, key: String },
    #[error("{place}: `{block}` is a block of nested keys, not a value")]
    Block { place: Place, block: String },
    #[error("{place}: `{block}` is a value, not a block of nested keys")]
    NoBlock { place: Place, block: String },
    #[error("{place}: {reason}")]
    Malformed { place: Place, reason: String },
}

impl From<EditError> for Error {
    fn from(error: EditError) -> Self {
        let message = error.to_string();
        match error {
            EditError::KeyName(_)
            | EditError::Value(_)
            | EditError::SectionName(_)
            | EditError::WrongFile => Self::usage(message),
            _ => Self::configuration(message),
        }
    }
}

/// Returns a file's bytes after some edits, one after the other: each sees what those before it
/// have made. Their time grows with the sizes of the file and of the sections that they change.
///
/// # Errors
/// When one of the edits is refused.
pub fn apply(document: &Document, edits: &[Edit]) -> Result<Zeroizing<Vec<u8>>, EditError> {
    let mut draft = Draft::new(document);
    for edit in edits {
        draft.apply(edit)?;
    }
    Ok(draft.finish())
}

impl SectionName {
    pub fn profile(name: impl Into<String>) -> Self {
        Self { kind: SectionKind::Profile, name: name.into() }
    }
}

impl KeyName {
    /// Parses the name of a key.
    ///
    /// # Errors
    /// When it is empty, or AWS does not accept it.
    pub fn parse(text: &str) -> Result<Self, EditError> {
        if text.is_empty() || !is_identifier(text.as_bytes()) {
            return Err(EditError::KeyName(text.to_owned()));
        }
        Ok(Self(text.to_ascii_lowercase()))
    }

    fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for KeyName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl Key {
    /// Parses `region` or `s3.addressing_style`: the first full stop divides block and key.
    ///
    /// # Errors
    /// When a part is empty, or AWS does not accept it.
    pub fn parse(text: &str) -> Result<Self, EditError> {
        let (block, name) = match text.split_once('.') {
            Some((block, name)) => (Some(KeyName::parse(block)?), name),
            None => (None, text),
        };
        Ok(Self { block, name: KeyName::parse(name)? })
    }
}

impl fmt::Display for Key {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(block) = &self.block {
            write!(f, "{block}.")?;
        }
        self.name.fmt(f)
    }
}

impl Value {
    /// Takes a text that a line `key = value` can hold.
    ///
    /// # Errors
    /// When a reader would read something else, or nothing: there is no way to quote a value.
    pub fn new(text: Zeroizing<String>) -> Result<Self, EditError> {
        let breaks =
            |c: char| (c.is_control() && c != '\t') || matches!(c, '\u{2028}' | '\u{2029}');
        let comment = |c: char| matches!(c, '#' | ';');
        let before = std::iter::once(' ').chain(text.chars());
        if text.is_empty() {
            return Err(EditError::Value("it is empty, which counts as unset"));
        }
        if text.contains(breaks) {
            return Err(EditError::Value("it has a line break or another control character"));
        }
        if text.trim().len() != text.len() {
            return Err(EditError::Value("readers take away the white space at its ends"));
        }
        if before.zip(text.chars()).any(|(before, c)| before.is_whitespace() && comment(c)) {
            return Err(EditError::Value(
                "readers take what follows its ` #` or ` ;` for a comment",
            ));
        }
        Ok(Self(text))
    }

    fn as_bytes(&self) -> &[u8] {
        self.0.as_bytes()
    }
}

impl fmt::Debug for Value {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Value(..)")
    }
}
