//! Colours of the terminal, and when they are used.

use std::fmt;

/// A colour of the terminal.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Color {
    /// One of the terminal's 256; the first 16 are those that its theme decides.
    Indexed(u8),
    /// Red, green, blue.
    Rgb(u8, u8, u8),
}

const NAMES: [&str; 8] = ["black", "red", "green", "yellow", "blue", "magenta", "cyan", "white"];

impl Color {
    pub const RULE: &str = "a colour: black, red, green, yellow, blue, magenta, cyan, white, \
                            bright-red, …, 0 to 255, or #rrggbb";

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

    /// Returns it as CSS writes it. The first 16 are those of xterm.
    pub fn css(self) -> String {
        const BASIC: [u32; 16] = [
            0x00_0000, 0xcd_0000, 0x00_cd00, 0xcd_cd00, 0x00_00ee, 0xcd_00cd, 0x00_cdcd, 0xe5_e5e5,
            0x7f_7f7f, 0xff_0000, 0x00_ff00, 0xff_ff00, 0x5c_5cff, 0xff_00ff, 0x00_ffff, 0xff_ffff,
        ];
        const LEVELS: [u8; 6] = [0, 95, 135, 175, 215, 255];
        let rgb = |red: u8, green: u8, blue: u8| format!("#{red:02x}{green:02x}{blue:02x}");
        match self {
            Self::Rgb(red, green, blue) => rgb(red, green, blue),
            Self::Indexed(index @ 0..16) => format!("#{:06x}", BASIC[usize::from(index)]),
            Self::Indexed(index @ 16..232) => {
                let level = |divisor: u8| LEVELS[usize::from((index - 16) / divisor % 6)];
                rgb(level(36), level(6), level(1))
            }
            Self::Indexed(index) => {
                let level = 8 + (index - 232) * 10;
                rgb(level, level, level)
            }
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
impl fmt::Display for Color {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match *self {
            Self::Indexed(index @ 0..8) => f.write_str(NAMES[usize::from(index)]),
            Self::Indexed(index @ 8..16) => write!(f, "bright-{}", NAMES[usize::from(index - 8)]),
            Self::Indexed(index) => write!(f, "{index}"),
            Self::Rgb(red, green, blue) => write!(f, "#{red:02x}{green:02x}{blue:02x}"),
        }
    }
}

/// When colours are used, as `--color` and the setting `color` say it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, clap::ValueEnum)]
pub enum ColorChoice {
    #[default]
    Auto,
    Always,
    Never,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn color_parses_from_name_number_or_hex() {
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
            let color = Color::parse(text);
            assert_eq!(color.map(Color::sgr).as_deref(), sgr, "{text}");
            assert!(color.is_none_or(|c| Color::parse(&c.to_string()) == color), "{text}");
        }
    }

    #[test]
    fn css_has_colors_of_the_terminal() {
        for (text, css) in [
            ("red", "#cd0000"),
            ("bright-white", "#ffffff"),
            ("16", "#000000"),
            ("208", "#ff8700"),
            ("231", "#ffffff"),
            ("232", "#080808"),
            ("255", "#eeeeee"),
            ("#0a0b0c", "#0a0b0c"),
        ] {
            assert_eq!(Color::parse(text).map(Color::css).as_deref(), Some(css), "{text}");
        }
    }
}
