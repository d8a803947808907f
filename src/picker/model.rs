//! The state of the picker: the query, the profiles that it finds, and the chosen one. A key
//! changes it. Pure.

use super::search::{Fields, Query, Search};
use crate::system::terminal::KeyPress;

/// What a key led to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum KeyOutcome {
    Continue,
    /// The number of a profile.
    Chosen(usize),
    Cancelled,
}

/// The extra score of a name that is the whole query: more than any other match has.
const EXACT_NAME_BONUS: u32 = 10_000;
/// The longest query, in characters: longer than any ARN.
const MAX_QUERY_CHARACTERS: usize = 1_000;

#[derive(Default)]
pub struct Model {
    names: Vec<String>,
    /// How much each profile was used.
    weights: Vec<f64>,
    /// What each profile is found by, for the profiles read so far. An empty query needs none.
    fields: Vec<Fields>,
    search: Search,
    query: Query,
    /// The query as typed, and the cursor in it, in characters.
    typed: Vec<char>,
    cursor: usize,
    /// The profiles found, the best first.
    found: Vec<usize>,
    /// The places in `found` of the chosen profile and of the first one on the screen.
    selected: usize,
    top: usize,
    /// The number of rows that the screen has for profiles.
    rows: usize,
    /// Whether the person asked for the preview or closed it; `None` when the room decides.
    pub preview: Option<bool>,
}

impl Model {
    /// Makes a model of names, each with how much it was used.
    pub fn new(profiles: Vec<(String, f64)>) -> Self {
        let (names, weights): (Vec<_>, Vec<_>) = profiles.into_iter().unzip();
        let mut model = Self { names, weights, rows: 1, ..Self::default() };
        model.find();
        model
    }

    pub fn names(&self) -> &[String] {
        &self.names
    }

    /// Returns the number of profiles that have their fields. They are the first ones.
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

    /// Sets the number of rows that the screen has for profiles.
    pub fn set_rows(&mut self, rows: usize) {
        self.rows = rows.max(1);
        self.scroll();
    }

    /// Changes the state as a key says. A changed query searches anew, and needs all fields.
    pub fn press(&mut self, key: &KeyPress) -> KeyOutcome {
        let page = self.rows.saturating_sub(1).max(1);
        match key {
            KeyPress::Enter => {
                return self.selected().map_or(KeyOutcome::Continue, KeyOutcome::Chosen);
            }
            KeyPress::Cancel => return KeyOutcome::Cancelled,
            KeyPress::Up => self.select(self.selected.saturating_sub(1)),
            KeyPress::Down => self.select(self.selected + 1),
            KeyPress::PageUp => self.select(self.selected.saturating_sub(page)),
            KeyPress::PageDown => self.select(self.selected + page),
            // Without a query these keys move through the list.
            KeyPress::Home if self.typed.is_empty() => self.select(0),
            KeyPress::End if self.typed.is_empty() => self.select(usize::MAX),
            KeyPress::Home | KeyPress::LineStart => self.cursor = 0,
            KeyPress::End | KeyPress::LineEnd => self.cursor = self.typed.len(),
            KeyPress::Left => self.cursor = self.cursor.saturating_sub(1),
            KeyPress::Right => self.cursor = self.typed.len().min(self.cursor + 1),
            KeyPress::Text(text) => self.insert(text),
            KeyPress::DeleteBack => self.delete(self.cursor.saturating_sub(1), self.cursor),
            KeyPress::DeleteForward => self.delete(self.cursor, self.cursor + 1),
            KeyPress::DeleteWord => self.delete(self.word_start(), self.cursor),
            KeyPress::DeleteToStart => self.delete(0, self.cursor),
            // The caller has changed `preview`, because only it knows the layout.
            KeyPress::Tab => {}
        }
        KeyOutcome::Continue
    }

    fn insert(&mut self, text: &str) {
        // A line break in pasted text becomes a blank, and chooses nothing.
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
