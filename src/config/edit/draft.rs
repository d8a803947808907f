//! A file while it is edited. Each section has its own buffer, so that an edit copies one section
//! and not the file.

use std::collections::HashMap;

use zeroize::Zeroizing;

use super::error::EditError;
use super::names::{Key, KeyName, SectionName};
use super::piece::{Piece, concat, lines_of};
use super::value::Value;
use crate::config::document::{Document, FileKind, Header, Property, SectionKind};
use crate::config::syntax::{Spans, is_blank_line, is_identifier};
use crate::error::FileLine;

pub(super) struct Draft<'a> {
    document: &'a Document,
    /// The lines before the first section, then the sections.
    pieces: Vec<Piece>,
    /// The sections of each name, in their order.
    index: HashMap<SectionName, Vec<usize>>,
    end: FileEnd,
}

/// What comes after the last line of a file.
#[derive(Clone, Copy, PartialEq, Eq)]
enum FileEnd {
    /// A line end, or there is no line.
    Complete,
    /// Nothing.
    Missing,
    /// A carriage return, which readers take for a line end.
    CarriageReturn,
}

impl<'a> Draft<'a> {
    pub(super) fn new(document: &'a Document) -> Self {
        let mut pieces = vec![Piece::new(None, 1, document.preamble())];
        let mut index: HashMap<SectionName, Vec<usize>> = HashMap::new();
        for section in &document.sections {
            if let Header::Named { kind, name, .. } = &section.header {
                let name = SectionName { kind: *kind, name: name.clone() };
                index.entry(name).or_default().push(pieces.len());
            }
            let text = &document.bytes()[section.start..section.body.end];
            pieces.push(Piece::new(Some(section.header.clone()), section.line, text));
        }
        let mut draft = Self { document, pieces, index, end: FileEnd::Complete };
        draft.complete();
        draft
    }

    /// Gives the last line an end; `finish` takes it away again.
    fn complete(&mut self) {
        let bytes = self.document.bytes();
        let crlf = memchr::memchr(b'\n', bytes).is_some_and(|at| bytes[..at].ends_with(b"\r"));
        let last = self.last();
        let last = &mut self.pieces[last];
        self.end = match bytes.last().filter(|_| !last.is_empty()) {
            None | Some(b'\n') => FileEnd::Complete,
            Some(b'\r') => FileEnd::CarriageReturn,
            Some(_) => FileEnd::Missing,
        };
        match self.end {
            FileEnd::Complete => {}
            FileEnd::Missing if crlf => last.complete(b"\r\n"),
            FileEnd::Missing | FileEnd::CarriageReturn => last.complete(b"\n"),
        }
    }

    /// Returns the new file.
    pub(super) fn finish(self) -> Zeroizing<Vec<u8>> {
        let mark = self.document.byte_order_mark();
        let texts = self.pieces.iter().flat_map(Piece::texts);
        let mut bytes = concat(&std::iter::once(mark).chain(texts).collect::<Vec<_>>());
        if self.end != FileEnd::Complete && bytes.ends_with(b"\n") {
            bytes.pop();
            if self.end == FileEnd::Missing && bytes.ends_with(b"\r") {
                bytes.pop();
            }
        }
        bytes
    }

    fn place(&self, line: usize) -> FileLine {
        FileLine { path: self.document.path.clone(), line }
    }

    fn place_of(&self, at: usize) -> FileLine {
        self.place(self.pieces[at].line)
    }

    /// Returns where the sections of a name are.
    fn sections(&self, section: &SectionName) -> Result<Vec<usize>, EditError> {
        self.index.get(section).cloned().ok_or_else(|| EditError::MissingSection {
            file: self.document.path.display().to_string(),
            section: header(self.document.kind, section),
        })
    }

    /// Returns whether a section is `[profile default]` and not `[default]`.
    fn is_prefixed(&self, at: usize) -> bool {
        matches!(self.pieces[at].header, Some(Header::Named { prefixed: true, .. }))
    }

    /// Returns those of a name's sections that readers read: not `[default]` beside `[profile
    /// default]`.
    fn read(&self, section: &SectionName, all: &[usize]) -> Vec<usize> {
        let default = self.document.kind == FileKind::Config && *section == default_profile();
        let hides = default && all.iter().any(|&at| self.is_prefixed(at));
        all.iter().copied().filter(|&at| !hides || self.is_prefixed(at)).collect()
    }

    /// Refuses sections that nobody can read.
    fn check(&self, sections: &[usize]) -> Result<(), EditError> {
        let malformed = sections.iter().flat_map(|&at| self.pieces[at].body().malformed).next();
        malformed.map_or(Ok(()), |malformed| {
            let (place, reason) = (self.place(malformed.line), malformed.reason);
            Err(EditError::Malformed { place, reason })
        })
    }

    pub(super) fn set(
        &mut self,
        section: &SectionName,
        key: &Key,
        value: &Value,
    ) -> Result<(), EditError> {
        let sections = self.read(section, &self.sections(section)?);
        self.check(&sections)?;
        let top = key.block.as_ref().unwrap_or(&key.name);
        let Some((at, property)) = self.all(&sections, top).pop() else {
            let at = sections.last().copied().unwrap_or_default();
            let style = self.pieces[self.before(at)].style().unwrap_or_default();
            self.pieces[at].append(key, value, &style);
            return Ok(());
        };
        let (place, block) = (self.place(property.line), top.to_string());
        match &key.block {
            None if property.is_block() => return Err(EditError::Block { place, block }),
            None => self.pieces[at].replace(&property, value),
            Some(_) if !property.spans.value.is_empty() => {
                return Err(EditError::NoBlock { place, block });
            }
            Some(_) => self.pieces[at].set_nested(&property, &key.name, value),
        }
        Ok(())
    }

    pub(super) fn unset(&mut self, section: &SectionName, key: &Key) -> Result<(), EditError> {
        let sections = self.sections(section)?;
        self.check(&sections)?;
        let found = self.find(&sections, key);
        if found.is_empty() {
            return Err(self.missing(&sections, key));
        }
        // Of several blocks the last one stays, even empty: readers would read the one before it.
        let is_only = |block| self.all(&sections, block).len() == 1;
        let only = key.block.as_ref().is_none_or(is_only);
        let lines = |found: &Found| -> Vec<_> {
            let empties = only && found.lines.len() == found.property.continuation.len();
            if key.block.is_none() || empties {
                found.property.lines().collect()
            } else {
                found.lines.iter().map(|spans| spans.line.clone()).collect()
            }
        };
        for found in found.chunk_by(|one, next| one.at == next.at) {
            self.pieces[found[0].at].remove(found.iter().flat_map(lines));
        }
        Ok(())
    }

    pub(super) fn rename_key(
        &mut self,
        section: &SectionName,
        key: &Key,
        to: &KeyName,
    ) -> Result<(), EditError> {
        let sections = self.sections(section)?;
        self.check(&sections)?;
        let found = self.find(&sections, key);
        if found.is_empty() {
            return Err(self.missing(&sections, key));
        }
        let target = Key { block: key.block.clone(), name: to.clone() };
        if let Some(other) = self.find(&sections, &target).first().filter(|_| target != *key) {
            let place = self.place(other.property.line);
            return Err(EditError::KeyExists { place, key: target.to_string() });
        }
        for found in found.chunk_by(|one, next| one.at == next.at) {
            let lines = found.iter().flat_map(|found| &found.lines);
            self.pieces[found[0].at].rename(lines.map(|spans| spans.key.clone()), to);
        }
        Ok(())
    }

    pub(super) fn add_section(&mut self, section: &SectionName) -> Result<(), EditError> {
        let file = self.document.kind;
        if file == FileKind::Credentials && section.kind != SectionKind::Profile {
            return Err(EditError::WrongFile);
        }
        self.check_new(section)?;
        let last = self.last();
        let separated = self.is_separated(last);
        let piece = &mut self.pieces[last];
        let end = piece.line_end();
        let mut blank = Zeroizing::default();
        if !piece.is_all_blank() {
            // The blank lines at the end of the file stay there.
            blank = cut_blank(&mut piece.tail);
            if separated || !piece.tail.is_empty() {
                piece.tail = concat(&[&piece.tail, end]);
            }
        }
        let line = piece.line + piece.lines();
        let text = [b"[", header(file, section).as_bytes(), b"]", end].concat();
        self.index.insert(section.clone(), vec![self.pieces.len()]);
        let mut added = Piece::section(file, line, &text);
        added.tail = blank;
        self.pieces.push(added);
        Ok(())
    }

    pub(super) fn rename_section(
        &mut self,
        section: &SectionName,
        to: &str,
    ) -> Result<(), EditError> {
        let sections = self.sections(section)?;
        let target = SectionName { kind: section.kind, name: to.to_owned() };
        if target == *section {
            return Ok(());
        }
        self.check_new(&target)?;
        let read = self.read(section, &sections);
        if let Some(&hidden) = sections.iter().find(|at| !read.contains(at)) {
            let (read, hidden) = (self.place_of(read[0]), self.place_of(hidden));
            return Err(EditError::TwoDefaults { read, hidden });
        }
        for &at in &sections {
            self.rename_header(at, &target);
        }
        self.index.remove(section);
        self.index.insert(target, sections);
        Ok(())
    }

    /// Writes another name into a header. Quotes stay.
    fn rename_header(&mut self, at: usize, to: &SectionName) {
        let file = self.document.kind;
        let bare = !self.is_prefixed(at) || *to == default_profile();
        let piece = &mut self.pieces[at];
        let Some(spans) = piece.header_spans() else { return };
        // `[default]` is the only section of the config file that has no prefix.
        if file == FileKind::Config && bare {
            piece.rename_header(file, spans.inside, &header(file, to));
        } else {
            piece.rename_header(file, spans.name, &to.name);
        }
    }

    pub(super) fn remove_section(&mut self, section: &SectionName) -> Result<(), EditError> {
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
        let Piece { tail, .. } = std::mem::take(&mut self.pieces[at]);
        let blank: Vec<usize> =
            lines_of(&tail).take_while(|line| is_blank_line(line)).map(<[u8]>::len).collect();
        let ends_file = blank.len() == lines_of(&tail).count()
            && self.pieces[at + 1..].iter().all(Piece::is_empty);
        let before = self.before(at);
        let before = &mut self.pieces[before];
        cut_comment(&mut before.tail);
        let superfluous = match (ends_file, before.is_all_blank()) {
            (true, true) => 0,
            (true, false) => {
                cut_blank(&mut before.tail);
                0
            }
            (false, true) => blank.len(),
            (false, false) => {
                let lines = lines_of(&before.tail).rev();
                lines.take_while(|line| is_blank_line(line)).count().min(blank.len())
            }
        };
        let from = blank[..superfluous].iter().sum();
        before.tail = concat(&[&before.tail, &tail[from..]]);
    }

    /// Refuses a section that is there already, and a name that AWS accepts in quotes only.
    fn check_new(&self, section: &SectionName) -> Result<(), EditError> {
        if section.name.is_empty() || !is_identifier(section.name.as_bytes()) {
            return Err(EditError::SectionName(section.name.clone()));
        }
        match self.index.get(section).and_then(|all| all.first()) {
            None => Ok(()),
            Some(&at) => {
                let section = header(self.document.kind, section);
                Err(EditError::SectionExists { place: self.place_of(at), section })
            }
        }
    }

    fn missing(&self, sections: &[usize], key: &Key) -> EditError {
        let at = sections.last().copied().unwrap_or_default();
        EditError::MissingKey { place: self.place_of(at), key: key.to_string() }
    }

    /// Returns every property of a key in some sections, each with its section.
    fn all(&self, sections: &[usize], key: &KeyName) -> Vec<(usize, Property)> {
        let of = |&at: &usize| self.pieces[at].all(key).into_iter().map(move |p| (at, p));
        sections.iter().flat_map(of).collect()
    }

    /// Returns where a key is, nested or not.
    fn find(&self, sections: &[usize], key: &Key) -> Vec<Found> {
        let all = self.all(sections, key.block.as_ref().unwrap_or(&key.name)).into_iter();
        let found = all.map(|(at, property)| {
            let lines = match &key.block {
                None => vec![property.spans.clone()],
                Some(_) => self.pieces[at].nested_of(&property, &key.name),
            };
            Found { at, property, lines }
        });
        found.filter(|found| !found.lines.is_empty()).collect()
    }

    /// Returns the last section that was not removed, or the lines before the first section.
    fn last(&self) -> usize {
        self.before(self.pieces.len())
    }

    /// Returns the section before another one, or the lines before the first section.
    fn before(&self, at: usize) -> usize {
        (0..at).rev().find(|&at| !self.pieces[at].is_empty()).unwrap_or(0)
    }

    /// Returns whether the file has blank lines between its sections, judged by the last two.
    fn is_separated(&self, last: usize) -> bool {
        let before = &self.pieces[self.before(last)];
        before.header.is_none() || lines_of(&before.tail).any(is_blank_line)
    }
}

/// A property in one of the pieces, and the lines of it that have the key in question.
struct Found {
    at: usize,
    property: Property,
    lines: Vec<Spans>,
}

/// Cuts the blank lines off the end of a text, and returns them.
fn cut_blank(text: &mut Zeroizing<Vec<u8>>) -> Zeroizing<Vec<u8>> {
    let blank = lines_of(text).rev().take_while(|line| is_blank_line(line));
    split_off(text, blank.map(<[u8]>::len).sum())
}

/// Cuts the comment off the end of a text, if a blank line is above it.
fn cut_comment(text: &mut Zeroizing<Vec<u8>>) {
    let comment = lines_of(text).rev().take_while(|line| !is_blank_line(line));
    let length = comment.map(<[u8]>::len).sum();
    if length < text.len() {
        split_off(text, length);
    }
}

/// Cuts bytes off the end of a text, and returns them.
fn split_off(text: &mut Zeroizing<Vec<u8>>, length: usize) -> Zeroizing<Vec<u8>> {
    let (start, end) = text.split_at(text.len() - length);
    let (start, end) = (concat(&[start]), concat(&[end]));
    *text = start;
    end
}

fn default_profile() -> SectionName {
    SectionName::profile("default")
}

/// Returns what a section's header has between its brackets.
fn header(file: FileKind, section: &SectionName) -> String {
    let name = &section.name;
    match section.kind {
        SectionKind::Profile if file == FileKind::Credentials || name == "default" => name.clone(),
        SectionKind::Profile => format!("profile {name}"),
        SectionKind::SsoSession => format!("sso-session {name}"),
        SectionKind::Services => format!("services {name}"),
    }
}
