//! Malformed lines, as causes of an error.

use crate::error::Error;

/// How many lines of the shared files an error shows.
pub(super) const SHOWN: usize = 3;
pub(super) const ALL_MALFORMED: &str = "see all malformed lines with: rolecall profile dump --json";

/// Makes malformed lines causes of an error: the first of them, and how many more there are, if
/// any.
pub(super) fn malformed(
    error: Error,
    mut lines: impl ExactSizeIterator<Item = String>,
) -> (Error, bool) {
    let error = lines.by_ref().take(SHOWN).fold(error, Error::cause);
    match lines.len() {
        0 => (error, false),
        more => (error.cause(format!("and {more} more malformed lines")), true),
    }
}
