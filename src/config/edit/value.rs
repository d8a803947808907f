//! What is written: values.

use std::fmt;

use zeroize::Zeroizing;

use super::error::EditError;

/// A value that every reader reads back as it is. It may be a secret, so it is wiped and never
/// shown by `Debug`.
#[derive(Clone, PartialEq, Eq)]
pub struct Value(Zeroizing<String>);

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

    pub(super) fn as_bytes(&self) -> &[u8] {
        self.0.as_bytes()
    }
}

impl fmt::Debug for Value {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Value(..)")
    }
}
