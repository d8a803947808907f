//! Edits of a shared file, as values: `apply` takes a document and what is to be changed, and
//! returns the file's new bytes. It does no I/O (`system::rewrite` does).
//!
//! An edit changes the bytes that it means and no others: comments, blank lines, order, alignment,
//! line ends, a byte order mark, bytes that are not UTF-8 and a missing last line end stay. A new
//! line takes its blanks from the other lines of its section. An edit is refused if readers would
//! not read back what it wrote.
//!
//! A section may stand in a file more than once, and a key in a section. Readers merge them, and
//! the last one wins, so:
//! - `Set` changes the key that wins; a new key goes into the last section of the name;
//! - `Unset`, `RenameKey`, `RenameSection` and `RemoveSection` change every one;
//! - of `[profile default]` and `[default]` the SDKs read only the first one. `Set`, `Unset` and
//!   `RenameKey` change that one, `RemoveSection` removes both, and `RenameSection` is refused,
//!   because the SDKs would then read the other one.
//!
//! Comments stay, except these: `Unset` removes the comment at the end of a removed line;
//! `RemoveSection` also removes the comments between the section's lines, and the comment right
//! above its header if a blank line is above that comment.
//!
//! The opposite edit gives the same bytes again, except in three cases, in which the new bytes do
//! not tell what was there. `Set` replaces a value of several lines, and a new value has one line.
//! The first key in an empty block looks like one that was added with its block, so `Unset` removes
//! both. `[profile default]` that is renamed and renamed back is `[default]`, and so is `[default ]`.

mod draft;
mod names;
mod piece;
mod style;
mod value;

use zeroize::Zeroizing;

use self::draft::Draft;
pub use self::names::{KeyName, KeyPath, SectionName};
pub use self::value::NewValue;
use super::document::Document;
use crate::error::Result;

/// One change of a file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Edit {
    /// Gives a key a value, and adds the key, and the block that it is nested in, where they are
    /// missing. The section must be there.
    Set { section: SectionName, key: KeyPath, value: NewValue },
    /// Removes a key with all its lines, and a nested block with its last key.
    Unset { section: SectionName, key: KeyPath },
    /// Renames a key where it stands. Blanks, value and the spelling of a common end stay.
    RenameKey { section: SectionName, key: KeyPath, to: KeyName },
    /// Adds a section without keys at the end of the file.
    AddSection { section: SectionName },
    /// Renames a section where it stands. Blanks, quotes and comments of its header stay.
    RenameSection { section: SectionName, to: String },
    /// Removes a section with all its lines.
    RemoveSection { section: SectionName },
}

/// Returns a file's bytes after some edits. Each edit sees the result of those before it. The time
/// grows with the size of the file, and for each edit with the size of its section only.
///
/// # Errors
/// When an edit is refused: it names what the file does not have or has already, it needs a line
/// that is malformed, or readers would not read it back.
pub fn apply(document: &Document, edits: &[Edit]) -> Result<Zeroizing<Vec<u8>>> {
    let mut draft = Draft::new(document);
    for edit in edits {
        match edit {
            Edit::Set { section, key, value } => draft.set(section, key, value)?,
            Edit::Unset { section, key } => draft.unset(section, key)?,
            Edit::RenameKey { section, key, to } => draft.rename_key(section, key, to)?,
            Edit::AddSection { section } => draft.add_section(section)?,
            Edit::RenameSection { section, to } => draft.rename_section(section, to)?,
            Edit::RemoveSection { section } => draft.remove_section(section)?,
        }
    }
    Ok(draft.finish())
}
