//! The bytes of one section, while they are edited.

use std::ops::Range;

use zeroize::Zeroizing;

use super::style::Style;
use super::{Key, KeyName, Value};
use crate::config::document::{
    Body, FileKind, Header, HeaderSpans, Property, Spans, is_blank_line, lines, parse_body,
    parse_header,
};

/// A section with its header, or the lines before the first section. Every line has an end.
#[derive(Default)]
pub(super) struct Piece {
    /// `None` for the lines before the first section, and where a section was taken out.
    pub header: Option<Header>,
    /// The number of the first line in the file, counted from 1.
    pub line: usize,
    text: Zeroizing<Vec<u8>>,
}

impl Piece {
    pub(super) fn new(header: Option<Header>, line: usize, text: &[u8]) -> Self {
        Self { header, line, text: Zeroizing::new(text.to_vec()) }
    }

    /// Makes a new section of a header and the lines after it.
    pub(super) fn section(file: FileKind, line: usize, text: &[u8]) -> Self {
        let end = memchr::memchr(b'\n', text).unwrap_or(text.len());
        Self::new(Some(parse_header(file, text, 0..end)), line, text)
    }

    pub(super) fn text(&self) -> &[u8] {
        &self.text
    }

    pub(super) fn is_empty(&self) -> bool {
        self.text.is_empty()
    }

    /// Puts other bytes in the place of some. The old text is wiped.
    fn splice(&mut self, range: Range<usize>, with: &[u8]) {
        let parts = [&self.text[..range.start], with, &self.text[range.end..]];
        self.text = Zeroizing::new(parts.concat());
    }

    pub(super) fn push(&mut self, text: &[u8]) {
        let end = self.text.len();
        self.splice(end..end, text);
    }

    /// Cuts the text off at a place, and returns the rest.
    fn split_off(&mut self, at: usize) -> Zeroizing<Vec<u8>> {
        let rest = Zeroizing::new(self.text[at..].to_vec());
        self.splice(at..self.text.len(), b"");
        rest
    }

    /// Returns the end of the line before a place.
    pub(super) fn line_end(&self, at: usize) -> &'static [u8] {
        if self.text[..at].ends_with(b"\r\n") { b"\r\n" } else { b"\n" }
    }

    /// Returns the header's line; an empty range where there is no header.
    fn header_line(&self) -> Range<usize> {
        match self.header {
            Some(_) => lines(&self.text, 0..self.text.len()).next().unwrap_or(0..0),
            None => 0..0,
        }
    }

    pub(super) fn body(&self) -> Body {
        let header = usize::from(self.header.is_some());
        parse_body(&self.text, self.header_line().end..self.text.len(), self.line + header)
    }

    /// Returns the blank lines and comments that come after everything else.
    pub(super) fn tail(&self) -> Vec<Range<usize>> {
        lines(&self.text, self.body().end..self.text.len()).collect()
    }

    pub(super) fn is_blank(&self, line: &Range<usize>) -> bool {
        is_blank_line(&self.text, line.clone())
    }

    /// Returns whether there are only blank lines.
    pub(super) fn is_all_blank(&self) -> bool {
        lines(&self.text, 0..self.text.len()).all(|line| self.is_blank(&line))
    }

    /// Returns how many blank lines end it.
    pub(super) fn blank_lines(&self) -> usize {
        self.tail().iter().rev().take_while(|line| self.is_blank(line)).count()
    }

    /// Cuts off the blank lines at the end, and returns them.
    pub(super) fn cut_blank_end(&mut self) -> Zeroizing<Vec<u8>> {
        let tail = self.tail();
        let blank = tail.get(tail.len() - self.blank_lines());
        self.split_off(blank.map_or(self.text.len(), |line| line.start))
    }

    /// Returns whether a comment comes last, but for blank lines.
    pub(super) fn ends_in_comment(&self) -> bool {
        self.tail().len() > self.blank_lines()
    }

    /// Cuts off the comment that stands below a blank line at the end.
    pub(super) fn cut_comment(&mut self) {
        let tail = self.tail();
        let comment = tail.iter().rev().take_while(|line| !self.is_blank(line)).count();
        if 0 < comment && comment < tail.len() {
            self.split_off(tail[tail.len() - comment].start);
        }
    }

    /// Returns the properties of a key; readers take the last one.
    pub(super) fn all(&self, key: &KeyName) -> Vec<Property> {
        let mut properties = self.body().properties;
        properties.retain(|property| property.key == key.as_str());
        properties
    }

    /// Returns the lines of a nested block.
    fn nested(&self, block: &Property) -> Vec<Spans> {
        let lines = block.continuation.iter().filter(|_| block.is_block()).cloned();
        lines.filter_map(|line| Spans::of_nested(&self.text, line).ok()).collect()
    }

    /// Returns the lines of a nested block that have a key.
    pub(super) fn nested_of(&self, block: &Property, key: &KeyName) -> Vec<Spans> {
        let mut all = self.nested(block);
        all.retain(|spans| spans.key(&self.text) == key.as_str());
        all
    }

    /// Returns how this section writes its properties.
    pub(super) fn style(&self) -> Option<Style> {
        let lines: Vec<Spans> = self.body().properties.into_iter().map(|p| p.spans).collect();
        Style::of(&self.text, &lines)
    }

    /// Returns how this section writes the keys of nested blocks.
    fn nested_style(&self) -> Option<Style> {
        let blocks = self.body().properties.into_iter().filter(Property::is_block);
        Style::of(&self.text, &blocks.flat_map(|block| self.nested(&block)).collect::<Vec<_>>())
    }

    /// Puts a value in the place of that of a line.
    fn put(&mut self, spans: &Spans, value: &Value, style: &Style) {
        if spans.value.is_empty() {
            let after = spans.equals + 1;
            let text = Zeroizing::new([style.after(), value.as_bytes()].concat());
            return self.splice(after..after, &text);
        }
        self.splice(spans.value.clone(), value.as_bytes());
        // What kept a comment from the value, and is neither space nor tab, was part of the value.
        let end = spans.value.start + value.as_bytes().len();
        if matches!(self.text.get(end), Some(b'#' | b';')) {
            self.splice(end..end, b" ");
        }
    }

    /// Puts a value in the place of that of a property, which is not a block.
    pub(super) fn replace(&mut self, property: &Property, value: &Value) {
        self.remove(property.continuation.iter().cloned());
        let style = self.style().unwrap_or_default();
        self.put(&property.spans, value, &style);
    }

    /// Writes a line `key = value` where another one begins.
    fn insert(&mut self, at: usize, key: &KeyName, value: &[u8], style: &Style) {
        let line = style.line(key.as_str(), value, self.line_end(at));
        self.splice(at..at, &line);
    }

    /// Adds a property, or a nested block with one key, after the last line. A section without
    /// properties takes another one's style.
    pub(super) fn append(&mut self, key: &Key, value: &Value, style: &Style) {
        let style = self.style().unwrap_or_else(|| style.clone());
        let mut last = style.clone();
        if let Some(block) = &key.block {
            last = self.nested_style().unwrap_or_else(|| style.clone().nested());
            self.insert(self.body().end, block, b"", &style);
        }
        self.insert(self.body().end, &key.name, value.as_bytes(), &last);
    }

    /// Gives a key of a nested block a value. The block may be empty.
    pub(super) fn set_nested(&mut self, block: &Property, key: &KeyName, value: &Value) {
        let own = Style::of(&self.text, &self.nested(block)).or_else(|| self.nested_style());
        let style = own.unwrap_or_else(|| self.style().unwrap_or_default().nested());
        if let Some(spans) = self.nested_of(block, key).last() {
            self.put(spans, value, &style);
        } else {
            let last = block.continuation.last().unwrap_or(&block.spans.line);
            self.insert(last.end, key, value.as_bytes(), &style);
        }
    }

    /// Takes lines out, which stand in their order.
    pub(super) fn remove(&mut self, lines: impl DoubleEndedIterator<Item = Range<usize>>) {
        lines.rev().for_each(|line| self.splice(line, b""));
    }

    /// Puts another name in the place of a key. What the names have in common at their ends stays
    /// as it is spelled, so that a prefix comes and goes without a trace.
    pub(super) fn rename(&mut self, key: Range<usize>, to: &KeyName) {
        let to = to.as_str().as_bytes();
        let both = self.text[key.clone()].iter().rev().zip(to.iter().rev());
        let common = both.take_while(|(old, new)| old.eq_ignore_ascii_case(new)).count();
        self.splice(key.start..key.end - common, &to[..to.len() - common]);
    }

    /// Returns where the header has its parts.
    pub(super) fn header_spans(&self) -> Option<HeaderSpans> {
        HeaderSpans::of(&self.text, self.header_line()).ok()
    }

    /// Puts another text in the place of a part of the header.
    pub(super) fn rename_header(&mut self, file: FileKind, part: Range<usize>, text: &str) {
        self.splice(part, text.as_bytes());
        self.header = Some(parse_header(file, &self.text, self.header_line()));
    }
}
