//! Untrusted text, cleaned of what would move the cursor or hide what it says.

use std::borrow::Cow;

/// Returns whether a character may not reach a terminal as it is: controls move the cursor, line
/// separators break the line, and the invisible ones turn what follows around (bidirectional marks)
/// or make terminals disagree about the width (joiners, variations).
pub fn is_hostile(c: char) -> bool {
    c.is_control()
        || matches!(
            c,
            '\u{ad}'
                | '\u{61c}'
                | '\u{180e}'
                | '\u{200b}'..='\u{200f}'
                | '\u{2028}'..='\u{202e}'
                | '\u{2060}'..='\u{206f}'
                | '\u{fe00}'..='\u{fe0f}'
                | '\u{feff}'
                | '\u{fff9}'..='\u{fffb}'
                | '\u{e0000}'..='\u{e0fff}'
        )
}

/// Returns a text that takes as many cells as `width` says, whatever it holds.
pub fn clean(text: &str) -> Cow<'_, str> {
    if text.chars().any(is_hostile) {
        Cow::Owned(text.chars().map(|c| if is_hostile(c) { '\u{fffd}' } else { c }).collect())
    } else {
        Cow::Borrowed(text)
    }
}

/// Keeps what a server sent from writing to the terminal: one line, printable, of bounded length.
pub fn one_line(text: &str) -> String {
    let clean: String =
        text.chars().map(|c| if c.is_control() { ' ' } else { c }).take(600).collect();
    clean.trim().to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn control_and_format_characters_are_replaced() {
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
}
