//! The values that a shell offers.

use crate::text::is_hostile;

/// One value that may stand at the cursor.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Candidate {
    pub value: String,
    pub description: String,
}

impl Candidate {
    /// Returns the candidate; `None` for a value that a terminal would not show as it is. The
    /// description is cut to 100 characters, on one line.
    pub fn new(value: &str, description: &str) -> Option<Self> {
        let words = description
            .split(|c: char| is_hostile(c) || c.is_whitespace())
            .filter(|word| !word.is_empty());
        let description = words.collect::<Vec<_>>().join(" ").chars().take(100).collect();
        (!value.is_empty() && !value.chars().any(is_hostile))
            .then(|| Self { value: value.to_owned(), description })
    }
}

/// Which values match the text that is typed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Matching {
    /// Those that begin with it.
    Prefix,
    /// Those that begin with it; when there is none, those that contain it in any case, for shells
    /// that complete so.
    Loose,
}

impl Matching {
    /// Returns the candidates that match.
    pub fn candidates(self, all: Vec<Candidate>, typed: &str) -> Vec<Candidate> {
        self.choose(all, typed, |candidate| &candidate.value)
    }

    /// Returns those of `all` whose `text` matches.
    pub fn choose<T>(self, all: Vec<T>, typed: &str, text: impl Fn(&T) -> &str) -> Vec<T> {
        if self == Self::Loose && !all.iter().any(|one| text(one).starts_with(typed)) {
            let typed = typed.to_lowercase();
            return all
                .into_iter()
                .filter(|one| text(one).to_lowercase().contains(&typed))
                .collect();
        }
        all.into_iter().filter(|one| text(one).starts_with(typed)).collect()
    }
}
