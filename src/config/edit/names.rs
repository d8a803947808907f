//! What is edited: the names of sections and keys.

use std::fmt;

use crate::config::document::{FileKind, SectionKind};
use crate::config::syntax::is_identifier;
use crate::error::{Error, Result};
use crate::text::text_type;

/// A section of a file, by what readers call it.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct SectionName {
    pub kind: SectionKind,
    pub name: String,
}

impl SectionName {
    pub fn profile(name: impl Into<String>) -> Self {
        Self { kind: SectionKind::Profile, name: name.into() }
    }

    /// Returns whether a section can be written under this name without quotes.
    pub fn is_legal(&self) -> bool {
        check_name(&self.name, "").is_ok()
    }

    pub(super) fn is_default(&self) -> bool {
        self.kind == SectionKind::Profile && self.name == "default"
    }

    /// Returns what the header has between its brackets.
    pub fn header(&self, file: FileKind) -> String {
        let prefix = match self.kind {
            SectionKind::Profile if file == FileKind::Credentials || self.is_default() => "",
            SectionKind::Profile => "profile ",
            SectionKind::SsoSession => "sso-session ",
            SectionKind::Services => "services ",
        };
        format!("{prefix}{}", self.name)
    }
}

text_type! {
    /// The name of a key, in lower case, of the characters that AWS accepts.
    KeyName
}

impl KeyName {
    /// Parses the name of a key.
    ///
    /// # Errors
    /// When it is empty, or AWS does not accept it.
    pub fn parse(text: &str) -> Result<Self> {
        check_name(text, "be a key")?;
        Ok(Self(text.to_ascii_lowercase()))
    }
}

/// A key of a section, or one of a nested block: `region`, `s3.addressing_style`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KeyPath {
    pub(super) block: Option<KeyName>,
    pub(super) name: KeyName,
}

impl KeyPath {
    /// Parses `region` or `s3.addressing_style`: the first full stop divides block and key.
    ///
    /// # Errors
    /// When a part is empty, or AWS does not accept it.
    pub fn parse(text: &str) -> Result<Self> {
        let (block, name) = match text.split_once('.') {
            Some((block, name)) => (Some(KeyName::parse(block)?), name),
            None => (None, text),
        };
        Ok(Self { block, name: KeyName::parse(name)? })
    }

    /// Returns the last part: of a nested key the one inside its block.
    pub fn name(&self) -> &KeyName {
        &self.name
    }

    pub fn is_nested(&self) -> bool {
        self.block.is_some()
    }

    /// Returns the key of the section: the block's for a nested key.
    pub fn top(&self) -> &KeyName {
        self.block.as_ref().unwrap_or(&self.name)
    }
}

impl fmt::Display for KeyPath {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(block) = &self.block {
            write!(f, "{block}.")?;
        }
        self.name.fmt(f)
    }
}

/// Refuses a name that is empty, or that AWS accepts in quotes only.
pub(super) fn check_name(name: &str, what: &str) -> Result<()> {
    if !name.is_empty() && is_identifier(name.as_bytes()) {
        return Ok(());
    }
    let rule = "AWS accepts letters, digits and _ - / . % @ : +";
    Err(Error::usage(format!("`{name}` cannot {what}: {rule}")))
}
