//! Text on a terminal's cells: cleaned of what would move the cursor, measured, cut and padded.

use std::borrow::Cow;

use unicode_width::{UnicodeWidthChar, UnicodeWidthStr};

/// Returns whether a character may not reach a terminal as it is: controls move the cursor, line
/// separators break the line, and the invisible ones turn what follows around (bidirectional marks)
/// or make terminals disagree about the width (joiners, variations).
pub fn is_hostile(c: char) -> bool {
    c.is_control()
        || matches!(c, '\u{ad}' | '\u{61c}' | '\u{180e}' | '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{206f}'
            | '\u{fe00}'..='\u{fe0f}' | '\u{feff}' | '\u{fff9}'..='\u{fffb}' | '\u{e0000}'..='\u{e0fff}')
}

/// Returns a text that takes as many cells as `width` says, whatever it holds.
pub fn clean(text: &str) -> Cow<'_, str> {
    if text.chars().any(is_hostile) {
        Cow::Owned(text.chars().map(|c| if is_hostile(c) { '\u{fffd}' } else { c }).collect())
    } else {
        Cow::Borrowed(text)
    }
}

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
    fn nothing_reaches_the_terminal_that_moves_the_cursor() {
        for (text, cleaned) in [
            ("prod", "prod"),
            ("a\u{1b}[2Jb", "a\u{fffd}[2Jb"),
            ("a\nb\rc\td", "a\u{fffd}b\u{fffd}c\u{fffd}d"),
            ("\u{9b}31m\u{7f}", "\u{fffd}31m\u{fffd}"),
            ("\u{202e}dorp", "\u{fffd}dorp"),
            ("a\u{200d}b\u{2028}\u{feff}", "a\u{fffd}b\u{fffd}\u{fffd}"),
            ("日本 é e\u{301}", "日本 é e\u{301}"),
        ] {
            assert_eq!(clean(text), cleaned, "{text:?}");
        }
    }

    #[test]
    fn measures_cuts_and_pads() {
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
