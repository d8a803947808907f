//! Colours for profiles by patterns of their names.

use std::fmt;

/// A colour of the terminal.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Paint {
    /// One of the terminal's 256; the first 16 are those that its theme decides.
    Indexed(u8),
    /// Red, green, blue.
    Rgb(u8, u8, u8),
}

const NAMES: [&str; 8] = ["black", "red", "green", "yellow", "blue", "magenta", "cyan", "white"];

impl Paint {
    pub const RULE: &str = "a colour: black, red, green, yellow, blue, magenta, cyan, white, bright-red, …, 0 to 255, or #rrggbb";

    /// Reads `red`, `bright-red`, `208` or `#ff8700`.
    pub fn parse(text: &str) -> Option<Self> {
        let text = text.trim().to_ascii_lowercase();
        if let Some(hex) = text
            .strip_prefix('#')
            .filter(|hex| hex.len() == 6 && hex.bytes().all(|b| b.is_ascii_hexdigit()))
        {
            let [_, red, green, blue] = u32::from_str_radix(hex, 16).ok()?.to_be_bytes();
            return Some(Self::Rgb(red, green, blue));
        }
        let (name, first) =
            text.strip_prefix("bright-").map_or((text.as_str(), 0), |name| (name, 8));
        match (0..8u8).zip(NAMES).find(|(_, known)| *known == name) {
            Some((index, _)) => Some(Self::Indexed(first + index)),
            None => text.parse().ok().map(Self::Indexed),
        }
    }

    /// Returns the parameters of the escape sequence that sets it as the text's colour (ECMA-48,
    /// SGR).
    pub fn sgr(self) -> String {
        match self {
            Self::Indexed(index @ 0..8) => format!("{}", 30 + index),
            Self::Indexed(index @ 8..16) => format!("{}", 82 + index),
            Self::Indexed(index) => format!("38;5;{index}"),
            Self::Rgb(red, green, blue) => format!("38;2;{red};{green};{blue}"),
        }
    }
}

/// As it is written in the settings.
impl fmt::Display for Paint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match *self {
            Self::Indexed(index @ 0..8) => f.write_str(NAMES[usize::from(index)]),
            Self::Indexed(index @ 8..16) => write!(f, "bright-{}", NAMES[usize::from(index - 8)]),
            Self::Indexed(index) => write!(f, "{index}"),
            Self::Rgb(red, green, blue) => write!(f, "#{red:02x}{green:02x}{blue:02x}"),
        }
    }
}

/// Returns whether a pattern matches a whole name: `*` any text, `?` any one character, capital
/// letters or not.
pub fn matches(pattern: &str, name: &str) -> bool {
    let pattern: Vec<char> = pattern.to_lowercase().chars().collect();
    let name: Vec<char> = name.to_lowercase().chars().collect();
    // Where the last star stands, and where the text that it takes ends: on a mismatch it takes one
    // character more.
    let (mut p, mut n, mut star) = (0, 0, None);
    while n < name.len() {
        match pattern.get(p) {
            Some('*') => {
                star = Some((p, n));
                p += 1;
            }
            Some(&c) if c == '?' || c == name[n] => (p, n) = (p + 1, n + 1),
            _ => match star {
                Some((at, taken)) => {
                    star = Some((at, taken + 1));
                    (p, n) = (at + 1, taken + 1);
                }
                None => return false,
            },
        }
    }
    pattern[p..].iter().all(|c| *c == '*')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn patterns_match_whole_names() {
        for (pattern, name, wanted) in [
            ("*prod*", "prod", true),
            ("*prod*", "a-prod-b", true),
            ("*prod*", "Production", true),
            ("*prod*", "pro", false),
            ("prod", "prod", true),
            ("prod", "prod2", false),
            ("prod?", "prod2", true),
            ("prod?", "prod", false),
            ("*", "", true),
            ("", "", true),
            ("", "x", false),
            ("**a*b*", "xxaxxbxa", true),
            ("*é", "café", true),
            ("a*a*a*a*a*a*b", "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa", false),
        ] {
            assert_eq!(matches(pattern, name), wanted, "{pattern} {name}");
        }
    }

    #[test]
    fn colours_are_named_numbered_or_mixed() {
        for (text, sgr) in [
            ("red", Some("31")),
            (" Bright-White ", Some("97")),
            ("9", Some("91")),
            ("208", Some("38;5;208")),
            ("#ff8700", Some("38;2;255;135;0")),
            ("256", None),
            ("#ff870", None),
            ("#ff870g", None),
            ("#€uro", None),
            ("", None),
            ("bright-", None),
        ] {
            let paint = Paint::parse(text);
            assert_eq!(paint.map(Paint::sgr).as_deref(), sgr, "{text}");
            assert!(paint.is_none_or(|p| Paint::parse(&p.to_string()) == paint), "{text}");
        }
    }
}
