//! A file while it is edited, section by section, so that an edit costs what its section costs.

use std::collections::HashMap;

use zeroize::Zeroizing;

use super::piece::Piece;
use super::{Edit, EditError, Key, KeyName, SectionName, Value};
use crate::config::document::{
    Document, FileKind, Header, Property, SectionKind, Spans, is_identifier,
};
use crate::config::profiles::Place;

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
        let last = self.last();
        let crlf = memchr::memchr(b'\n', bytes).is_some_and(|at| bytes[..at].ends_with(b"\r"));
        let text = self.pieces[last].text();
        self.end = match text.last() {
            None | Some(b'\n') => FileEnd::Complete,
            Some(b'\r') => FileEnd::CarriageReturn,
            Some(_) => FileEnd::Missing,
        };
        match self.end {
            FileEnd::Complete => {}
            FileEnd::Missing if crlf => self.pieces[last].push(b"\r\n"),
            FileEnd::Missing | FileEnd::CarriageReturn => self.pieces[last].push(b"\n"),
        }
    }

    /// Returns the new file.
    pub(super) fn finish(self) -> Zeroizing<Vec<u8>> {
        let mark = self.document.byte_order_mark();
        let texts = std::iter::once(mark).chain(self.pieces.iter().map(Piece::text));
        let mut bytes = Zeroizing::new(texts.collect::<Vec<_>>().concat());
        if self.end != FileEnd::Complete && bytes.ends_with(b"\n") {
            bytes.pop();
            if self.end == FileEnd::Missing && bytes.ends_with(b"\r") {
                bytes.pop();
            }
        }
        bytes
    }

    pub(super) fn apply(&mut self, edit: &Edit) -> Result<(), EditError> {
        match edit {
            Edit::Set { section, key, value } => self.set(section, key, value),
            Edit::Unset { section, key } => self.unset(section, key),
            Edit::RenameKey { section, key, to } => self.rename_key(section, key, to),
            Edit::AddSection { section } => self.add_section(section),
            Edit::RenameSection { section, to } => self.rename_section(section, to),
            Edit::RemoveSection { section } => self.remove_section(section),
        }
    }

    fn place(&self, line: usize) -> Place {
        Place { file: self.document.kind, path: self.document.path.clone(), line }
    }

    fn place_of(&self, at: usize) -> Place {
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

    /// Takes those out that readers do not read: `[default]` beside `[profile default]`.
    fn retain_read(&self, section: &SectionName, all: &mut Vec<usize>) {
        let default = self.document.kind == FileKind::Config && *section == default_profile();
        if default && all.iter().any(|&at| self.is_prefixed(at)) {
            all.retain(|&at| self.is_prefixed(at));
        }
    }

    /// Refuses sections that nobody can read.
    fn check(&self, sections: &[usize]) -> Result<(), EditError> {
        let malformed = sections.iter().flat_map(|&at| self.pieces[at].body().malformed).next();
        malformed.map_or(Ok(()), |malformed| {
            let (place, reason) = (self.place(malformed.line), malformed.reason);
            Err(EditError::Malformed { place, reason })
        })
    }

    fn set(&mut self, section: &SectionName, key: &Key, value: &Value) -> Result<(), EditError> {
        let mut sections = self.sections(section)?;
        self.retain_read(section, &mut sections);
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

    fn unset(&mut self, section: &SectionName, key: &Key) -> Result<(), EditError> {
        let sections = self.sections(section)?;
        self.check(&sections)?;
        let found = self.find(&sections, key);
        if found.is_empty() {
            return Err(self.missing(&sections, key));
        }
        // Where there are more of them, an empty one keeps those before it from coming to light.
        let is_only = |block| self.all(&sections, block).len() == 1;
        let only = key.block.as_ref().is_none_or(is_only);
        for Found { at, property, lines } in found.into_iter().rev() {
            let empties = only && lines.len() == property.continuation.len();
            if key.block.is_none() || empties {
                self.pieces[at].remove(property.lines());
            } else {
                self.pieces[at].remove(lines.into_iter().map(|spans| spans.line));
            }
        }
        Ok(())
    }

    fn rename_key(
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
        for Found { at, lines, .. } in found.into_iter().rev() {
            for spans in lines.into_iter().rev() {
                self.pieces[at].rename(spans.key, to);
            }
        }
        Ok(())
    }

    fn add_section(&mut self, section: &SectionName) -> Result<(), EditError> {
        let file = self.document.kind;
        if file == FileKind::Credentials && section.kind != SectionKind::Profile {
            return Err(EditError::WrongFile);
        }
        self.check_new(section)?;
        let last = self.last();
        let separated = self.is_separated(last);
        let piece = &mut self.pieces[last];
        let end = piece.line_end(piece.text().len());
        let mut blank = Zeroizing::default();
        if !piece.is_all_blank() {
            // The blank lines that end the file go on to end it.
            blank = piece.cut_blank_end();
            if separated || piece.ends_in_comment() {
                piece.push(end);
            }
        }
        let line = piece.line + memchr::memchr_iter(b'\n', piece.text()).count();
        let text = [b"[", header(file, section).as_bytes(), b"]", end, &blank].concat();
        self.index.insert(section.clone(), vec![self.pieces.len()]);
        self.pieces.push(Piece::section(file, line, &text));
        Ok(())
    }

    fn rename_section(&mut self, section: &SectionName, to: &str) -> Result<(), EditError> {
        let sections = self.sections(section)?;
        let target = SectionName { kind: section.kind, name: to.to_owned() };
        if target == *section {
            return Ok(());
        }
        self.check_new(&target)?;
        let mut read = sections.clone();
        self.retain_read(section, &mut read);
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

    /// Writes another name into a header: between the quotes of the old one, if it has any.
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

    fn remove_section(&mut self, section: &SectionName) -> Result<(), EditError> {
        for at in self.sections(section)?.into_iter().rev() {
            self.take_out(at);
        }
        self.index.remove(section);
        Ok(())
    }

    /// Takes a section out; comments after its last line stay. Of the blank lines before and after
    /// it the more stay, but at the begin of the file those before, and at the end those after.
    fn take_out(&mut self, at: usize) {
        let piece = std::mem::take(&mut self.pieces[at]);
        let tail = piece.tail();
        let blank_after = tail.iter().take_while(|line| piece.is_blank(line)).count();
        let ends_file =
            blank_after == tail.len() && self.pieces[at + 1..].iter().all(Piece::is_empty);
        let before = self.before(at);
        let before = &mut self.pieces[before];
        before.cut_comment();
        let superfluous = match (ends_file, before.is_all_blank()) {
            (false, false) => before.blank_lines().min(blank_after),
            (false, true) => blank_after,
            (true, true) => 0,
            (true, false) => {
                before.cut_blank_end();
                0
            }
        };
        let from = tail.get(superfluous).map_or(piece.text().len(), |line| line.start);
        before.push(&piece.text()[from..]);
    }

    /// Refuses a section that is there, or whose name can only be written in quotes.
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

    /// Returns the last section that is not taken out, or the lines before the first.
    fn last(&self) -> usize {
        self.before(self.pieces.len())
    }

    /// Returns the section before one, or the lines before the first.
    fn before(&self, at: usize) -> usize {
        (0..at).rev().find(|&at| !self.pieces[at].is_empty()).unwrap_or(0)
    }

    /// Returns whether blank lines stand between sections, as far as the last two tell.
    fn is_separated(&self, last: usize) -> bool {
        let before = &self.pieces[self.before(last)];
        before.header.is_none() || before.tail().iter().any(|line| before.is_blank(line))
    }
}

/// A property in one of the pieces, and the lines of it that have the key in question.
struct Found {
    at: usize,
    property: Property,
    lines: Vec<Spans>,
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
