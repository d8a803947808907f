//! What the picker knows and what a key does to it: the query, what it finds, and what is chosen.
//! Pure.

use super::search::{Fields, Query, Search};

/// A key that means something here.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Key {
    Text(String),
    Up,
    Down,
    PageUp,
    PageDown,
    Home,
    End,
    LineStart,
    LineEnd,
    Left,
    Right,
    DeleteBack,
    DeleteForward,
    /// The word before the cursor.
    DeleteWord,
    /// All before the cursor.
    DeleteToStart,
    Preview,
    Enter,
    Cancel,
}

/// What a key led to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum KeyOutcome {
    Continue,
    /// A profile, by its number.
    Chosen(usize),
    Cancelled,
}

/// What a name that is the whole query scores beyond any other match.
const EXACT_NAME_BONUS: u32 = 10_000;
/// The longest query, in characters: longer than any ARN.
const MAX_QUERY_CHARACTERS: usize = 1_000;

pub struct Model {
    names: Vec<String>,
    /// How much each was used.
    weights: Vec<f64>,
    /// What each is found by, as far as it was read. An empty query needs none of it.
    fields: Vec<Fields>,
    search: Search,
    query: Query,
    /// The query as typed, and the cursor in it, in characters.
    typed: Vec<char>,
    cursor: usize,
    /// The profiles found, the best first.
    found: Vec<usize>,
    /// Of those: which is chosen, and which is the first on the screen.
    selected: usize,
    top: usize,
    /// How many rows the screen has for them.
    rows: usize,
    /// Whether the preview was asked for or sent away; else the room decides.
    pub preview: Option<bool>,
}

impl Model {
    /// `profiles` are names with how much each was used.
    pub fn new(profiles: Vec<(String, f64)>) -> Self {
        let (names, weights): (Vec<_>, Vec<_>) = profiles.into_iter().unzip();
        let mut model = Self {
            names,
            weights,
            fields: Vec::new(),
            search: Search::default(),
            query: Query::Everything,
            typed: Vec::new(),
            cursor: 0,
            found: Vec::new(),
            selected: 0,
            top: 0,
            rows: 1,
            preview: None,
        };
        model.find();
        model
    }

    pub fn names(&self) -> &[String] {
        &self.names
    }

    /// Returns how many profiles have their fields, which are the first ones.
    pub fn filled(&self) -> usize {
        self.fields.len()
    }

    /// Adds the fields of the next profile.
    pub fn fill(&mut self, fields: Fields) {
        self.fields.push(fields);
    }

    /// Returns the query and where the cursor stands in it, in characters.
    pub fn query(&self) -> (String, usize) {
        (self.typed.iter().collect(), self.cursor)
    }

    pub fn found(&self) -> usize {
        self.found.len()
    }

    /// Returns the profiles on the screen, and which of these rows is chosen.
    pub fn visible(&self) -> (&[usize], usize) {
        let end = self.found.len().min(self.top + self.rows);
        (&self.found[self.top.min(end)..end], self.selected - self.top)
    }

    pub fn selected(&self) -> Option<usize> {
        self.found.get(self.selected).copied()
    }

    pub fn highlights(&mut self, profile: usize) -> Vec<usize> {
        self.search.highlights(&self.query, &self.names[profile])
    }

    /// Says how many rows the screen has.
    pub fn set_rows(&mut self, rows: usize) {
        self.rows = rows.max(1);
        self.scroll();
    }

    /// Does what a key means. A changed query finds anew, for which all fields must be there.
    pub fn press(&mut self, key: &Key) -> KeyOutcome {
        let page = self.rows.saturating_sub(1).max(1);
        match key {
            Key::Enter => return self.selected().map_or(KeyOutcome::Continue, KeyOutcome::Chosen),
            Key::Cancel => return KeyOutcome::Cancelled,
            Key::Up => self.select(self.selected.saturating_sub(1)),
            Key::Down => self.select(self.selected + 1),
            Key::PageUp => self.select(self.selected.saturating_sub(page)),
            Key::PageDown => self.select(self.selected + page),
            // Without a query there is no line to go to the ends of.
            Key::Home if self.typed.is_empty() => self.select(0),
            Key::End if self.typed.is_empty() => self.select(usize::MAX),
            Key::Home | Key::LineStart => self.cursor = 0,
            Key::End | Key::LineEnd => self.cursor = self.typed.len(),
            Key::Left => self.cursor = self.cursor.saturating_sub(1),
            Key::Right => self.cursor = self.typed.len().min(self.cursor + 1),
            Key::Text(text) => self.insert(text),
            Key::DeleteBack => self.delete(self.cursor.saturating_sub(1), self.cursor),
            Key::DeleteForward => self.delete(self.cursor, self.cursor + 1),
            Key::DeleteWord => self.delete(self.word_start(), self.cursor),
            Key::DeleteToStart => self.delete(0, self.cursor),
            // `view` knows whether it shows now.
            Key::Preview => {}
        }
        KeyOutcome::Continue
    }

    fn insert(&mut self, text: &str) {
        // A line break in what was pasted is a blank, and chooses nothing.
        let typed: Vec<char> = text
            .trim_matches(['\r', '\n'])
            .chars()
            .map(|c| if c.is_control() { ' ' } else { c })
            .collect();
        let room = MAX_QUERY_CHARACTERS.saturating_sub(self.typed.len());
        let added = typed.len().min(room);
        self.typed.splice(self.cursor..self.cursor, typed.into_iter().take(added));
        self.cursor += added;
        self.changed();
    }

    fn delete(&mut self, from: usize, to: usize) {
        let to = to.min(self.typed.len());
        if from < to {
            self.typed.drain(from..to);
            self.cursor = from;
            self.changed();
        }
    }

    fn word_start(&self) -> usize {
        let before = &self.typed[..self.cursor];
        let end = before.iter().rposition(|c| !c.is_whitespace()).map_or(0, |at| at + 1);
        before[..end].iter().rposition(|c| c.is_whitespace()).map_or(0, |at| at + 1)
    }

    fn changed(&mut self) {
        self.query = Query::parse(&self.query().0);
        self.find();
        (self.selected, self.top) = (0, 0);
    }

    fn find(&mut self) {
        let none = Fields::default();
        let mut scored = Vec::with_capacity(self.names.len());
        let typed = self.query().0;
        let exact = typed.trim();
        for (number, name) in self.names.iter().enumerate() {
            let fields = self.fields.get(number).unwrap_or(&none);
            if let Some(score) = self.search.score(&self.query, name, fields) {
                let bonus = if name.eq_ignore_ascii_case(exact) { EXACT_NAME_BONUS } else { 0 };
                scored.push((score + bonus, number));
            }
        }
        let weight = |number: usize| self.weights[number];
        scored.sort_by(|(a, first), (b, second)| {
            b.cmp(a)
                .then_with(|| weight(*second).total_cmp(&weight(*first)))
                .then(first.cmp(second))
        });
        self.found = scored.into_iter().map(|(_, number)| number).collect();
    }

    fn select(&mut self, wanted: usize) {
        self.selected = wanted.min(self.found.len().saturating_sub(1));
        self.scroll();
    }

    fn scroll(&mut self) {
        let last_top = self.found.len().saturating_sub(self.rows);
        let lowest = (self.selected + 1).saturating_sub(self.rows);
        self.top = self.top.clamp(lowest, self.selected.max(lowest)).min(last_top);
    }
}

#[cfg(test)]
mod tests;
