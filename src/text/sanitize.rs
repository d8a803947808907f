//! Untrusted text, cleaned of what would move the cursor or hide what it says.

use std::borrow::Cow;

/// Returns whether a character may not be shown as it is: controls move the cursor, line separators
/// break the line, bidirectional marks turn what follows around, and invisible characters make two
/// names look the same, or terminals disagree about the width. The invisible ones are Unicode's
/// `Default_Ignorable_Code_Point`, interlinear annotations, and blanks of scripts that have none.
pub fn is_hostile(c: char) -> bool {
    c.is_control()
        || matches!(
            c,
            '\u{ad}'
                | '\u{34f}'
                | '\u{61c}'
                | '\u{115f}'..='\u{1160}'
                | '\u{17b4}'..='\u{17b5}'
                | '\u{180b}'..='\u{180f}'
                | '\u{200b}'..='\u{200f}'
                | '\u{2028}'..='\u{202e}'
                | '\u{2060}'..='\u{206f}'
                | '\u{2800}'
                | '\u{3164}'
                | '\u{fe00}'..='\u{fe0f}'
                | '\u{feff}'
                | '\u{ffa0}'
                | '\u{fff0}'..='\u{fffb}'
                | '\u{1bca0}'..='\u{1bca3}'
                | '\u{1d173}'..='\u{1d17a}'
                | '\u{e0000}'..='\u{e0fff}'
        )
}

/// Returns a text that takes as many cells as `width` says, whatever it holds.
pub fn clean(text: &str) -> Cow<'_, str> {
    replaced(text, is_hostile)
}

/// As [`clean`], for a text of several lines.
pub fn clean_lines(text: &str) -> Cow<'_, str> {
    replaced(text, |c| c != '\n' && is_hostile(c))
}

fn replaced(text: &str, is_bad: impl Fn(char) -> bool) -> Cow<'_, str> {
    if text.chars().any(&is_bad) {
        Cow::Owned(text.chars().map(|c| if is_bad(c) { '\u{fffd}' } else { c }).collect())
    } else {
        Cow::Borrowed(text)
    }
}

/// As [`clean`], with blanks in place of line ends and tabs.
pub fn flat(text: &str) -> String {
    let line: String =
        text.chars().map(|c| if matches!(c, '\n' | '\r' | '\t') { ' ' } else { c }).collect();
    clean(line.trim()).into_owned()
}

/// As [`flat`], for what a server or a program sent, of bounded length.
pub fn one_line(text: &str) -> String {
    flat(&text.chars().take(600).collect::<String>())
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
            ("a\u{34f}\u{3164}\u{ffa0}\u{2800}b", "a\u{fffd}\u{fffd}\u{fffd}\u{fffd}b"),
            ("日本 é e\u{301}", "日本 é e\u{301}"),
        ] {
            assert_eq!(clean(text), cleaned, "{text:?}");
        }
    }

    #[test]
    fn line_ends_stay_or_become_blanks() {
        assert_eq!(clean_lines("a\n\u{202e}b\r\n"), "a\n\u{fffd}b\u{fffd}\n");
        assert_eq!(flat(" a\n\tb\u{200b}\u{7}\n"), "a  b\u{fffd}\u{fffd}");
        assert_eq!(one_line(&"x".repeat(900)).len(), 600);
    }
}
