//! A file while it is edited. Each section has its own buffer, so that an edit copies one section
//! and not the file.

use std::collections::HashMap;

use zeroize::Zeroizing;

use super::names::{KeyName, KeyPath, SectionName, check_name};
use super::piece::{Piece, concat, line_end, lines_of};
use super::value::NewValue;
use crate::config::document::{
    Document, FileKind, Header, ParsedProperty, SectionKind, parse_header,
};
use crate::config::syntax::{Spans, content, is_blank_line};
use crate::error::{Error, FileLine, Result};

pub(super) struct Draft<'a> {
    document: &'a Document,
    /// The lines before the first section, then the sections.
    pieces: Vec<Piece>,
    /// The sections of each name, in their order.
    index: HashMap<SectionName, Vec<usize>>,
}

/// A property of a section, and the lines of it that have the key in question.
struct FoundKey {
    /// The section's place among the pieces.
    at: usize,
    property: ParsedProperty,
    lines: Vec<Spans>,
}

impl<'a> Draft<'a> {
    /// Splits a file into its sections. Its last line gets an end, which `finish` takes away again
    /// if it was missing.
    pub(super) fn new(document: &'a Document) -> Self {
        let bytes = concat(&[document.bytes(), missing_end(document)]);
        let whole = Document::parse(document.kind, &document.path, bytes);
        let mut pieces = vec![Piece { header: None, line: 1, text: concat(&[whole.preamble()]) }];
        let mut index: HashMap<SectionName, Vec<usize>> = HashMap::new();
        for section in &whole.sections {
            if let Header::Named { kind, name, .. } = &section.header {
                let name = SectionName { kind: *kind, name: name.clone() };
                index.entry(name).or_default().push(pieces.len());
            }
            let text = concat(&[&whole.bytes()[section.start..section.body.end]]);
            pieces.push(Piece { header: Some(section.header.clone()), line: section.line, text });
        }
        Self { document, pieces, index }
    }

    /// Returns the new file.
    pub(super) fn finish(self) -> Zeroizing<Vec<u8>> {
        let mark = self.document.byte_order_mark();
        let texts = self.pieces.iter().map(|piece| &piece.text[..]);
        let mut bytes = concat(&std::iter::once(mark).chain(texts).collect::<Vec<_>>());
        if !missing_end(self.document).is_empty() && bytes.ends_with(b"\n") {
            let ends_in_return = self.document.bytes().ends_with(b"\r");
            let line = content(&bytes, 0..bytes.len());
            let end = if ends_in_return { bytes.len() - 1 } else { line.end };
            bytes.truncate(end);
        }
        bytes
    }

    fn place(&self, line: usize) -> FileLine {
        FileLine { path: self.document.path.clone(), line }
    }

    /// Makes an error about a line.
    fn error(&self, line: usize, what: &str) -> Error {
        let place = self.place(line);
        Error::configuration(format!("{place}: {what}")).at(&place)
    }

    /// Returns where the sections of a name are.
    fn sections(&self, section: &SectionName) -> Result<Vec<usize>> {
        self.index.get(section).cloned().ok_or_else(|| {
            let (file, header) = (self.document.path.display(), section.header(self.document.kind));
            Error::configuration(format!("{file} has no section [{header}]"))
        })
    }

    /// Returns those sections of a name that readers read, which is not `[default]` beside
    /// `[profile default]`.
    ///
    /// # Errors
    /// When there is no such section, or a line of one is malformed.
    fn readable(&self, section: &SectionName) -> Result<Vec<usize>> {
        let mut sections = self.sections(section)?;
        if section.is_default() && sections.iter().any(|&at| self.pieces[at].is_prefixed()) {
            sections.retain(|&at| self.pieces[at].is_prefixed());
        }
        match sections.iter().flat_map(|&at| self.pieces[at].body().malformed).next() {
            Some(malformed) => Err(self.error(malformed.line, &malformed.reason)),
            None => Ok(sections),
        }
    }

    /// Returns every property of a key in some sections; those of a nested key's block, if it is
    /// nested.
    fn properties(&self, sections: &[usize], key: &KeyPath) -> Vec<FoundKey> {
        let of_section = |&at: &usize| {
            let piece = &self.pieces[at];
            piece.properties(key.top()).into_iter().map(move |property| {
                let lines = match key.block {
                    None => vec![property.spans.clone()],
                    Some(_) => piece.nested_of(&property, &key.name),
                };
                FoundKey { at, property, lines }
            })
        };
        sections.iter().flat_map(of_section).collect()
    }

    /// Returns the properties of a key in the sections that readers read.
    ///
    /// # Errors
    /// When no line has the key.
    fn find(&self, section: &SectionName, key: &KeyPath) -> Result<Vec<FoundKey>> {
        let sections = self.readable(section)?;
        let found = self.properties(&sections, key);
        if found.iter().all(|found| found.lines.is_empty()) {
            let line = sections.last().map_or(1, |&at| self.pieces[at].line);
            return Err(self.error(line, &format!("the section has no `{key}`")));
        }
        Ok(found)
    }

    pub(super) fn set(
        &mut self,
        section: &SectionName,
        key: &KeyPath,
        value: &NewValue,
    ) -> Result<()> {
        let sections = self.readable(section)?;
        let Some(FoundKey { at, property, .. }) = self.properties(&sections, key).pop() else {
            let at = sections.last().copied().unwrap_or_default();
            let style = self.pieces[self.before(at)].style().unwrap_or_default();
            self.pieces[at].append(key, value, &style);
            return Ok(());
        };
        let nested = key.block.is_some();
        if nested && !property.spans.value.is_empty() || !nested && property.is_block() {
            let block = "a block of nested keys";
            let (is, not) = if nested { ("a value", block) } else { (block, "a value") };
            let what = format!("`{}` is {is}, not {not}", key.top());
            return Err(self.error(property.line, &what));
        }
        if nested {
            self.pieces[at].set_nested(&property, &key.name, value);
        } else {
            self.pieces[at].replace(&property, value);
        }
        Ok(())
    }

    pub(super) fn unset(&mut self, section: &SectionName, key: &KeyPath) -> Result<()> {
        let all = self.find(section, key)?;
        // Of several blocks the last one stays, even empty: readers would read the one before it.
        let goes_when_empty = all.len() == 1;
        let lines = |found: &FoundKey| -> Vec<_> {
            let empties = goes_when_empty && found.lines.len() == found.property.continuation.len();
            if key.block.is_none() || empties {
                found.property.lines().collect()
            } else {
                found.lines.iter().map(|spans| spans.line.clone()).collect()
            }
        };
        for found in all.chunk_by(|one, next| one.at == next.at) {
            self.pieces[found[0].at].remove(found.iter().flat_map(lines));
        }
        Ok(())
    }

    pub(super) fn rename_key(
        &mut self,
        section: &SectionName,
        key: &KeyPath,
        to: &KeyName,
    ) -> Result<()> {
        let all = self.find(section, key)?;
        let target = KeyPath { block: key.block.clone(), name: to.clone() };
        if target != *key {
            if let Ok(others) = self.find(section, &target) {
                let line = others.iter().find(|other| !other.lines.is_empty());
                let line = line.map_or(1, |other| other.property.line);
                return Err(self.error(line, &format!("there is a key `{target}` already")));
            }
        }
        for found in all.chunk_by(|one, next| one.at == next.at) {
            let lines = found.iter().flat_map(|found| &found.lines);
            self.pieces[found[0].at].rename(lines.map(|spans| spans.key.clone()), to);
        }
        Ok(())
    }

    pub(super) fn add_section(&mut self, section: &SectionName) -> Result<()> {
        let file = self.document.kind;
        if file == FileKind::Credentials && section.kind != SectionKind::Profile {
            return Err(Error::usage("the credentials file holds profiles only"));
        }
        self.check_new(section)?;
        let last = self.before(self.pieces.len());
        let separated = self.is_separated(last);
        let piece = &mut self.pieces[last];
        let end = line_end(&piece.text);
        let mut blank = Zeroizing::default();
        if !piece.is_all_blank() {
            // The blank lines at the end of the file stay there.
            blank = piece.cut_blank();
            if separated || !piece.tail().is_empty() {
                piece.text = concat(&[&piece.text, end]);
            }
        }
        let line = piece.line + lines_of(&piece.text).count();
        let header = [b"[", section.header(file).as_bytes(), b"]", end].concat();
        let parsed = parse_header(file, &header, 0..header.len());
        self.index.insert(section.clone(), vec![self.pieces.len()]);
        let text = concat(&[&header, &blank]);
        self.pieces.push(Piece { header: Some(parsed), line, text });
        Ok(())
    }

    pub(super) fn rename_section(&mut self, section: &SectionName, to: &str) -> Result<()> {
        let sections = self.sections(section)?;
        let target = SectionName { kind: section.kind, name: to.to_owned() };
        if target == *section {
            return Ok(());
        }
        self.check_new(&target)?;
        self.check_only_default(section, &sections)?;
        for &at in &sections {
            self.pieces[at].rename_header(self.document.kind, &target);
        }
        self.index.remove(section);
        self.index.insert(target, sections);
        Ok(())
    }

    /// Refuses to rename `[profile default]` where readers would read `[default]` afterwards.
    fn check_only_default(&self, section: &SectionName, sections: &[usize]) -> Result<()> {
        let first = |prefixed| {
            let at = sections.iter().find(|&&at| self.pieces[at].is_prefixed() == prefixed)?;
            Some(self.place(self.pieces[*at].line))
        };
        if let (true, Some(read), Some(hidden)) = (section.is_default(), first(true), first(false))
        {
            let what = "would take the place of [profile default] at";
            let message = format!("[default] at {hidden} {what} {read}");
            return Err(Error::configuration(message).at(&read));
        }
        Ok(())
    }

    pub(super) fn remove_section(&mut self, section: &SectionName) -> Result<()> {
        for at in self.sections(section)?.into_iter().rev() {
            self.take_out(at);
        }
        self.index.remove(section);
        Ok(())
    }

    /// Removes a section, but not the comments after its last line. Of the blank lines before and
    /// after it, the greater number stays; at the start of the file those before it stay, and at
    /// the end of the file those after it.
    fn take_out(&mut self, at: usize) {
        let removed = std::mem::take(&mut self.pieces[at]);
        let tail = removed.tail();
        let blank: Vec<usize> =
            lines_of(tail).take_while(|line| is_blank_line(line)).map(<[u8]>::len).collect();
        let ends_file = blank.iter().sum::<usize>() == tail.len()
            && self.pieces[at + 1..].iter().all(|piece| piece.text.is_empty());
        let before = self.before(at);
        let before = &mut self.pieces[before];
        before.cut_comment();
        let starts_file = before.is_all_blank();
        if ends_file && !starts_file {
            before.cut_blank();
        }
        let superfluous = match (ends_file, starts_file) {
            (true, _) => 0,
            (false, true) => blank.len(),
            (false, false) => {
                let above = lines_of(&before.text).rev().take_while(|line| is_blank_line(line));
                above.count().min(blank.len())
            }
        };
        let from = blank[..superfluous].iter().sum();
        before.text = concat(&[&before.text, &tail[from..]]);
    }

    /// Refuses a section that is there already, and a name that AWS accepts in quotes only.
    fn check_new(&self, section: &SectionName) -> Result<()> {
        check_name(&section.name, "name a section")?;
        match self.index.get(section).and_then(|all| all.first()) {
            None => Ok(()),
            Some(&at) => {
                let header = section.header(self.document.kind);
                let what = format!("there is a section [{header}] already");
                Err(self.error(self.pieces[at].line, &what))
            }
        }
    }

    /// Returns the last section before a place that was not removed, or the lines before the first
    /// section.
    fn before(&self, at: usize) -> usize {
        (0..at).rev().find(|&at| !self.pieces[at].text.is_empty()).unwrap_or(0)
    }

    /// Returns whether the file has blank lines between its sections, judged by the last two.
    fn is_separated(&self, last: usize) -> bool {
        let before = &self.pieces[self.before(last)];
        before.header.is_none() || lines_of(before.tail()).any(is_blank_line)
    }
}

/// Returns the end that a file's last line does not have, in the form of the first line's end. The
/// carriage return that a file may end with is a part of it.
fn missing_end(document: &Document) -> &'static [u8] {
    let bytes = document.bytes();
    let crlf = memchr::memchr(b'\n', bytes).is_some_and(|at| bytes[..at].ends_with(b"\r"));
    match bytes.last() {
        None | Some(b'\n') => b"",
        _ if bytes == document.byte_order_mark() => b"",
        Some(b'\r') => b"\n",
        Some(_) if crlf => b"\r\n",
        Some(_) => b"\n",
    }
}
