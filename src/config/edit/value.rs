//! What is written: values.

use std::fmt;

use zeroize::Zeroizing;

use crate::error::{Error, Result};

/// A value that every reader reads back as it is. It may be a secret, so it is wiped and never
/// shown by `Debug`.
#[derive(Clone, PartialEq, Eq)]
pub struct NewValue(Zeroizing<String>);

impl NewValue {
    /// Takes a text that a line `key = value` can hold.
    ///
    /// # Errors
    /// When a reader would read something else, or nothing: there is no way to quote a value.
    pub fn new(text: Zeroizing<String>) -> Result<Self> {
        let breaks =
            |c: char| (c.is_control() && c != '\t') || matches!(c, '\u{2028}' | '\u{2029}');
        let before = std::iter::once(' ').chain(text.chars());
        let mut pairs = before.zip(text.chars());
        let fault = if text.is_empty() {
            "it is empty, which counts as unset"
        } else if text.contains(breaks) {
            "it has a line break or another control character"
        } else if text.trim().len() != text.len() {
            "readers take away the white space at its ends"
        } else if pairs.any(|(before, c)| before.is_whitespace() && matches!(c, '#' | ';')) {
            "readers take what follows its ` #` or ` ;` for a comment"
        } else {
            return Ok(Self(text));
        };
        Err(Error::usage(format!("the value cannot be written: {fault}")))
    }

    pub(super) fn as_bytes(&self) -> &[u8] {
        self.0.as_bytes()
    }
}

impl fmt::Debug for NewValue {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("NewValue(..)")
    }
}
