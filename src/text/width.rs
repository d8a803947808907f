//! Text on a terminal's cells: measured, cut and padded.

use std::borrow::Cow;

use unicode_width::{UnicodeWidthChar, UnicodeWidthStr};

/// Returns how many cells a clean text takes.
pub fn width(text: &str) -> usize {
    if text.is_ascii() { text.len() } else { text.chars().map(of).sum() }
}

/// Returns how many cells a character takes; what combines with the one before takes none.
pub fn of(c: char) -> usize {
    // As a string, because that is how the Hangul that combines is known.
    c.width().unwrap_or(0).min(c.encode_utf8(&mut [0; 4]).width())
}

/// Cuts a clean text to a number of cells, ending in `…` where something is left out.
pub fn cut(text: &str, cells: usize) -> Cow<'_, str> {
    if width(text) <= cells {
        return Cow::Borrowed(text);
    }
    let Some(room) = cells.checked_sub(1) else { return Cow::Borrowed("") };
    let mut taken = 0;
    let fits = |c: &char| {
        taken += of(*c);
        taken <= room
    };
    Cow::Owned(text.chars().take_while(fits).chain(['…']).collect())
}

/// Cuts or pads a clean text to exactly a number of cells.
pub fn fit(text: &str, cells: usize) -> String {
    let text = cut(text, cells);
    format!("{text}{}", " ".repeat(cells.saturating_sub(width(&text))))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_is_cut_or_padded_to_given_width() {
        for (text, cells, fitted) in [
            ("prod", 6, "prod  "),
            ("prod", 4, "prod"),
            ("prod", 3, "pr…"),
            ("prod", 1, "…"),
            ("prod", 0, ""),
            ("日本語", 6, "日本語"),
            ("日本語", 5, "日本…"),
            // A wide character that does not fit leaves a blank.
            ("日本語", 4, "日… "),
            ("日本語", 2, "… "),
            ("e\u{301}te\u{301}", 3, "e\u{301}te\u{301}"),
            ("e\u{301}te\u{301}", 2, "e\u{301}…"),
            ("😀", 1, "…"),
            ("", 2, "  "),
        ] {
            assert_eq!(fit(text, cells), fitted, "{text:?} in {cells}");
            assert_eq!(width(&fit(text, cells)), cells);
        }
    }
}
