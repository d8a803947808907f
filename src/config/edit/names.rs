//! What is edited: the names of sections and keys.

use std::fmt;

use super::error::EditError;
use crate::config::document::SectionKind;
use crate::config::syntax::is_identifier;

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
    pub(super) block: Option<KeyName>,
    pub(super) name: KeyName,
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

    pub(super) fn as_str(&self) -> &str {
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
