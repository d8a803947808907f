//! Which of the listed accounts and roles get profiles.

use crate::text::pattern;

/// Patterns: some must match, and some must not.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Only {
    patterns: Vec<String>,
}

impl Only {
    /// Takes patterns; one that begins with `!` must not match.
    ///
    /// # Errors
    /// Says what is wrong with one.
    pub fn of<'a>(patterns: impl IntoIterator<Item = &'a str>) -> Result<Self, String> {
        let patterns = patterns.into_iter().map(|pattern| {
            let bare = pattern.strip_prefix('!').unwrap_or(pattern);
            if bare.is_empty() || pattern.trim() != pattern {
                return Err("a pattern is empty, or has blanks at its ends".to_owned());
            }
            if pattern.contains(',') {
                return Err(format!("`{pattern}` has a comma, for which a pattern has `?`"));
            }
            Ok(pattern.to_owned())
        });
        Ok(Self { patterns: patterns.collect::<Result<_, _>>()? })
    }

    /// Parses what [`Self::text`] returns.
    ///
    /// # Errors
    /// As [`Self::of`].
    pub fn parse(text: &str) -> Result<Self, String> {
        Self::of(text.split(',').map(str::trim))
    }

    /// Returns the patterns as one value of the config file.
    pub fn text(&self) -> String {
        self.patterns.join(",")
    }

    /// Returns whether what has these texts is meant: some text matches a pattern, if there are
    /// any, and none matches one that begins with `!`.
    pub fn matches(&self, texts: &[&str]) -> bool {
        let is_in = |pattern: &str| texts.iter().any(|text| pattern::matches(pattern, text));
        let (not, must): (Vec<_>, Vec<_>) =
            self.patterns.iter().partition(|pattern| pattern.starts_with('!'));
        !not.iter().any(|pattern| is_in(&pattern[1..]))
            && (must.is_empty() || must.iter().any(|pattern| is_in(pattern)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn some_pattern_must_match_and_no_negated_one() {
        let texts = ["Shop", "222222222222", "Admin", "Shop.Admin"];
        for (patterns, expected) in [
            ("shop", true),
            ("sh", false),
            ("222222222222", true),
            ("*.admin", true),
            ("other,Adm*", true),
            ("other", false),
            ("!other", true),
            ("!admin", false),
            ("shop,!admin", false),
            ("shop, !read", true),
        ] {
            let only = Only::parse(patterns).unwrap();
            assert_eq!(only.matches(&texts), expected, "{patterns}");
            assert_eq!(Only::parse(&only.text()), Ok(only));
        }
        assert!(Only::default().matches(&texts));
        for wrong in ["", "!", "a,,b"] {
            assert!(Only::parse(wrong).is_err(), "{wrong}");
        }
        assert!(Only::of(["a,b"]).is_err());
    }
}
