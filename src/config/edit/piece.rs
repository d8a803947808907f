//! The bytes of one section, while they are edited.

use std::ops::Range;

use zeroize::Zeroizing;

use super::names::{KeyName, KeyPath, SectionName};
use super::style::LineStyle;
use super::value::NewValue;
use crate::config::document::{Body, FileKind, Header, ParsedProperty, parse_body, parse_header};
use crate::config::syntax::{HeaderSpans, Spans, is_blank, is_blank_line, lines};

/// A section with its header, or the lines before the first section. Every line has an end.
#[derive(Default)]
pub(super) struct Piece {
    /// `None` for the lines before the first section, and for a removed section.
    pub header: Option<Header>,
    /// The number of the first line in the file, counted from 1.
    pub line: usize,
    pub text: Zeroizing<Vec<u8>>,
}

impl Piece {
    /// Returns the blank lines and comments after the last other line.
    pub(super) fn tail(&self) -> &[u8] {
        &self.text[self.body().end..]
    }

    /// Returns whether there is nothing but blank lines.
    pub(super) fn is_all_blank(&self) -> bool {
        lines_of(&self.text).all(is_blank_line)
    }

    /// Cuts the blank lines off the end, and returns them.
    pub(super) fn cut_blank(&mut self) -> Zeroizing<Vec<u8>> {
        let blank = lines_of(&self.text).rev().take_while(|line| is_blank_line(line));
        let start = self.text.len() - blank.map(<[u8]>::len).sum::<usize>();
        Zeroizing::new(self.text.split_off(start))
    }

    /// Cuts the comment off the end, if a blank line is above it.
    pub(super) fn cut_comment(&mut self) {
        let comment = lines_of(&self.text).rev().take_while(|line| !is_blank_line(line));
        let start = self.text.len() - comment.map(<[u8]>::len).sum::<usize>();
        if start > self.body().end {
            self.text.truncate(start);
        }
    }

    /// Replaces bytes. The changes must be in their order.
    fn splice<'a>(&mut self, changes: impl IntoIterator<Item = (Range<usize>, &'a [u8])>) {
        let mut parts = Vec::new();
        let mut from = 0;
        for (range, with) in changes {
            parts.extend([&self.text[from..range.start], with]);
            from = range.end;
        }
        parts.push(&self.text[from..]);
        self.text = concat(&parts);
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

    /// Returns the properties of a key; readers take the last one.
    pub(super) fn properties(&self, key: &KeyName) -> Vec<ParsedProperty> {
        let mut properties = self.body().properties;
        properties.retain(|property| *key == *property.key);
        properties
    }

    /// Returns the lines of a nested block.
    fn nested(&self, block: &ParsedProperty) -> Vec<Spans> {
        let lines = block.continuation.iter().filter(|_| block.is_block()).cloned();
        lines.filter_map(|line| Spans::of_nested(&self.text, line).ok()).collect()
    }

    /// Returns the lines of a nested block that have a key.
    pub(super) fn nested_of(&self, block: &ParsedProperty, key: &KeyName) -> Vec<Spans> {
        let mut all = self.nested(block);
        all.retain(|spans| *key == *spans.key(&self.text));
        all
    }

    /// Returns how this section writes its properties: those with values, if there are any, because
    /// few people align the line that begins a block.
    pub(super) fn style(&self) -> Option<LineStyle> {
        let (blocks, valued): (Vec<_>, Vec<_>) =
            self.body().properties.into_iter().partition(ParsedProperty::is_block);
        let lines = if valued.is_empty() { blocks } else { valued };
        let lines: Vec<Spans> = lines.into_iter().map(|p| p.spans).collect();
        LineStyle::of(&self.text, &lines)
    }

    /// Returns how this section writes the keys of nested blocks.
    fn nested_style(&self) -> Option<LineStyle> {
        let blocks = self.body().properties.into_iter().filter(ParsedProperty::is_block);
        LineStyle::of(&self.text, &blocks.flat_map(|block| self.nested(&block)).collect::<Vec<_>>())
    }

    /// Replaces the value of a line.
    fn put(&mut self, spans: &Spans, value: &NewValue, style: &LineStyle) {
        // The white space before a comment is part of the value if it is neither space nor tab.
        let comment = matches!(self.text.get(spans.value.end), Some(b'#' | b';'));
        let text = if spans.value.is_empty() {
            concat(&[style.after(), value.as_bytes()])
        } else {
            concat(&[value.as_bytes(), if comment { b" " } else { b"" }])
        };
        self.splice([(spans.value.clone(), &text[..])]);
    }

    /// Replaces the value of a property that is not a block.
    pub(super) fn replace(&mut self, property: &ParsedProperty, value: &NewValue) {
        self.remove(property.continuation.iter().cloned());
        let style = self.style().unwrap_or_default();
        self.put(&property.spans, value, &style);
    }

    /// Writes a line `key = value` where another one begins.
    fn insert(&mut self, at: usize, key: &KeyName, value: &[u8], style: &LineStyle) {
        let line = style.line(key, value, line_end(&self.text[..at]));
        self.splice([(at..at, &line[..])]);
    }

    /// Adds a property, or a nested block with one key, after the last line. A section without
    /// properties takes another one's style.
    pub(super) fn append(&mut self, key: &KeyPath, value: &NewValue, style: &LineStyle) {
        let style = self.style().unwrap_or_else(|| style.clone());
        let mut last = style.clone();
        if let Some(block) = &key.block {
            last = self.nested_style().unwrap_or_else(|| style.clone().nested());
            self.insert(self.body().end, block, b"", &style);
        }
        self.insert(self.body().end, &key.name, value.as_bytes(), &last);
    }

    /// Gives a key of a nested block a value. The block may be empty.
    pub(super) fn set_nested(&mut self, block: &ParsedProperty, key: &KeyName, value: &NewValue) {
        let own = LineStyle::of(&self.text, &self.nested(block)).or_else(|| self.nested_style());
        let style = own.unwrap_or_else(|| self.style().unwrap_or_default().nested());
        if let Some(spans) = self.nested_of(block, key).last() {
            self.put(spans, value, &style);
        } else {
            let last = block.continuation.last().unwrap_or(&block.spans.line);
            self.insert(last.end, key, value.as_bytes(), &style);
        }
    }

    /// Removes lines, which must be in their order.
    pub(super) fn remove(&mut self, lines: impl IntoIterator<Item = Range<usize>>) {
        self.splice(lines.into_iter().map(|line| (line, &[][..])));
    }

    /// Renames keys, which must be in their order. The end that both names share stays as it is
    /// spelled, so that adding a prefix and removing it again gives the same bytes.
    pub(super) fn rename(&mut self, keys: impl IntoIterator<Item = Range<usize>>, to: &KeyName) {
        let (text, to) = (self.text.clone(), to.as_bytes());
        self.splice(keys.into_iter().map(|key| {
            let both = text[key.clone()].iter().rev().zip(to.iter().rev());
            let common = both.take_while(|(old, new)| old.eq_ignore_ascii_case(new)).count();
            (key.start..key.end - common, &to[..to.len() - common])
        }));
    }

    /// Returns whether the header has a prefix, as `[profile default]` has and `[default]` has not.
    pub(super) fn is_prefixed(&self) -> bool {
        matches!(self.header, Some(Header::Named { prefixed: true, .. }))
    }

    /// Writes another name into the header. Quotes and blanks stay, but not the blanks behind
    /// `[default`, which botocore would take for a part of the name.
    pub(super) fn rename_header(&mut self, file: FileKind, to: &SectionName) {
        let Ok(spans) = HeaderSpans::of(&self.text, self.header_line()) else { return };
        let bare = match file {
            // `[default]` is the only section that has no prefix.
            FileKind::Config => !self.is_prefixed() || to.is_default(),
            // A name with blanks has none, though it looks as if it had one.
            FileKind::Credentials => !spans.quoted(),
        };
        let (mut part, text) =
            if bare { (spans.inside, to.header(file)) } else { (spans.name, to.name.clone()) };
        if file == FileKind::Config && to.is_default() && self.text[..part.start].ends_with(b"[") {
            let blanks = self.text[part.end..].iter().take_while(|&&b| is_blank(b));
            part.end += blanks.count();
        }
        self.splice([(part, text.as_bytes())]);
        self.header = Some(parse_header(file, &self.text, self.header_line()));
    }
}

/// Joins texts in a buffer of the right size: a buffer that grows would leave copies unwiped.
pub(super) fn concat(texts: &[&[u8]]) -> Zeroizing<Vec<u8>> {
    Zeroizing::new(texts.concat())
}

/// Returns the lines of a text, each with its end.
pub(super) fn lines_of(text: &[u8]) -> impl DoubleEndedIterator<Item = &[u8]> {
    text.split_inclusive(|&b| b == b'\n')
}

/// Returns how the last line of a text ends.
pub(super) fn line_end(text: &[u8]) -> &'static [u8] {
    if text.ends_with(b"\r\n") { b"\r\n" } else { b"\n" }
}
