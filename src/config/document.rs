//! One shared file as a lossless line-based document: its bytes, where its sections are, and the
//! properties of a section on demand, each with the bytes that it stands in.
//!
//! Grammar: AWS SDKs and Tools Reference Guide, "Format of the config file", as the SDKs' own
//! parser (`aws-runtime`, `env_config`) has it; besides that a UTF-8 BOM, CRLF and quoted names are
//! accepted, because the AWS CLI writes the latter. Only headers are looked for when a file is
//! read, since a process asks for a handful of profiles out of thousands.
//!
//! Bytes that are not UTF-8 stay as they are. Names, keys and values are text, in which such bytes
//! become U+FFFD; so they break their own line only.

use std::fmt;
use std::ops::Range;
use std::path::{Path, PathBuf};

use zeroize::Zeroizing;

/// The mark that some editors put before UTF-8 text.
const BYTE_ORDER_MARK: &[u8] = "\u{feff}".as_bytes();

/// Which of the two shared files a text is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum FileKind {
    Config,
    Credentials,
}

impl FileKind {
    pub fn name(self) -> &'static str {
        match self {
            Self::Config => "config",
            Self::Credentials => "credentials",
        }
    }
}

/// What a section holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum SectionKind {
    Profile,
    SsoSession,
    Services,
}

/// A section header, read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Header {
    /// `prefixed` tells `[profile default]` from `[default]`.
    Named { kind: SectionKind, name: String, prefixed: bool },
    /// A section that the SDKs ignore, with the reason.
    Ignored(String),
    /// A header that cannot be read, with the reason.
    Malformed(String),
}

/// A section: its header line and the lines up to the next header, as byte ranges of the file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Section {
    pub header: Header,
    /// The header's line, counted from 1.
    pub line: usize,
    /// Where the header's line begins.
    pub start: usize,
    /// The lines after the header's.
    pub body: Range<usize>,
}

/// Where a line `key = value` has its parts, as byte ranges of the text that it is a line of.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Spans {
    /// The whole line with its end.
    pub line: Range<usize>,
    pub key: Range<usize>,
    /// The place of the `=`.
    pub equals: usize,
    /// The value without blanks and comment; where there is none, an empty range after the `=`.
    pub value: Range<usize>,
}

/// A `key = value` of a section. The value may be a secret, so it is wiped and never shown by
/// `Debug`.
#[derive(Clone, PartialEq, Eq)]
pub struct Property {
    /// Lower-cased.
    pub key: String,
    /// Verbatim, continuation lines joined by `\n`.
    pub value: Zeroizing<String>,
    /// Counted from 1.
    pub line: usize,
    /// The parts of the first line.
    pub spans: Spans,
    /// The continuation lines with their ends; blank lines and comments may stand between them.
    pub continuation: Vec<Range<usize>>,
}

impl fmt::Debug for Property {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} (line {})", self.key, self.line)
    }
}

impl Property {
    /// Returns whether the continuation lines are keys of a nested block.
    pub fn is_block(&self) -> bool {
        self.spans.value.is_empty() && !self.continuation.is_empty()
    }

    /// Returns all lines: the first one, and those that continue it.
    pub fn lines(&self) -> impl DoubleEndedIterator<Item = Range<usize>> {
        std::iter::once(&self.spans.line).chain(&self.continuation).cloned()
    }
}

/// A line that the grammar does not allow, counted from 1.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Malformed {
    pub line: usize,
    pub reason: String,
}

/// The properties of a section in their order, what was ignored, and what is malformed.
#[derive(Debug, Default)]
pub struct Body {
    pub properties: Vec<Property>,
    pub ignored: Vec<Malformed>,
    pub malformed: Vec<Malformed>,
    /// The end of the last line that is neither blank nor a comment; the body's start without one.
    pub end: usize,
}

pub struct Document {
    pub kind: FileKind,
    pub path: PathBuf,
    bytes: Zeroizing<Vec<u8>>,
    /// The lines before the first section, without the byte order mark.
    preamble: Range<usize>,
    pub sections: Vec<Section>,
}

impl fmt::Debug for Document {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Document({}, {} sections)", self.path.display(), self.sections.len())
    }
}

impl Document {
    /// Parses a shared file's bytes. This never fails: what is wrong is kept where it stands.
    pub fn parse(kind: FileKind, path: &Path, bytes: Zeroizing<Vec<u8>>) -> Self {
        let begin = if bytes.starts_with(BYTE_ORDER_MARK) { BYTE_ORDER_MARK.len() } else { 0 };
        let mut starts: Vec<usize> = memchr::memchr_iter(b'[', &bytes)
            .filter(|&at| at >= begin && (at == begin || bytes[at - 1] == b'\n'))
            .collect();
        starts.push(bytes.len());
        let mut line = 1 + newlines(&bytes[..starts[0]]);
        let sections = starts
            .windows(2)
            .map(|pair| {
                let (start, end) = (pair[0], pair[1]);
                let body = memchr::memchr(b'\n', &bytes[start..end]).map_or(end, |n| start + n + 1);
                let section = Section {
                    header: parse_header(kind, &bytes, start..body),
                    line,
                    start,
                    body: body..end,
                };
                line += newlines(&bytes[start..end]);
                section
            })
            .collect();
        let preamble = begin..starts[0];
        Self { kind, path: path.to_owned(), bytes, preamble, sections }
    }

    /// Returns the file as it is.
    pub fn bytes(&self) -> &[u8] {
        &self.bytes
    }

    /// Returns the lines before the first section, without a byte order mark.
    pub(super) fn preamble(&self) -> &[u8] {
        &self.bytes[self.preamble.clone()]
    }

    /// Returns the byte order mark, if there is one.
    pub(super) fn byte_order_mark(&self) -> &[u8] {
        &self.bytes[..self.preamble.start]
    }

    /// Parses the properties of a section.
    pub fn body(&self, section: &Section) -> Body {
        parse_body(&self.bytes, section.body.clone(), section.line + 1)
    }

    /// Returns every malformed line of the file: what a strict reader would refuse the file for.
    pub fn malformed(&self) -> Vec<Malformed> {
        let before = parse_body(&self.bytes, self.preamble.clone(), 1);
        let reason = "a property stands before the first section";
        let lines =
            before.properties.iter().map(|p| p.line).chain(before.ignored.iter().map(|i| i.line));
        let mut all: Vec<Malformed> =
            lines.map(|line| Malformed { line, reason: reason.to_owned() }).collect();
        all.extend(before.malformed);
        for section in &self.sections {
            if let Header::Malformed(reason) = &section.header {
                all.push(Malformed { line: section.line, reason: reason.clone() });
            }
            all.extend(self.body(section).malformed);
        }
        all.sort_by_key(|m| m.line);
        all
    }

    /// Returns what the SDKs skip with a warning: sections and keys whose names they do not accept.
    pub fn ignored(&self) -> Vec<Malformed> {
        let mut all = Vec::new();
        for section in &self.sections {
            match &section.header {
                Header::Ignored(reason) => {
                    all.push(Malformed { line: section.line, reason: reason.clone() });
                }
                _ => all.extend(self.body(section).ignored),
            }
        }
        all
    }
}

fn newlines(bytes: &[u8]) -> usize {
    memchr::memchr_iter(b'\n', bytes).count()
}

/// Returns the lines in a range of a text, each with its end.
pub(super) fn lines(bytes: &[u8], range: Range<usize>) -> impl Iterator<Item = Range<usize>> {
    bytes[range.clone()].split_inclusive(|&b| b == b'\n').scan(range.start, |end, line| {
        let start = *end;
        *end += line.len();
        Some(start..*end)
    })
}

/// Cuts a line's end, `\n` or `\r\n`.
fn content(bytes: &[u8], line: Range<usize>) -> Range<usize> {
    let text = &bytes[line.clone()];
    let text = text.strip_suffix(b"\n").unwrap_or(text);
    let text = text.strip_suffix(b"\r").unwrap_or(text);
    line.start..line.start + text.len()
}

/// Cuts the blanks at both ends. What has nothing but blanks becomes empty where it begins.
fn trim(bytes: &[u8], range: Range<usize>) -> Range<usize> {
    let Range { mut start, mut end } = range;
    while start < end && is_blank(bytes[end - 1]) {
        end -= 1;
    }
    while start < end && is_blank(bytes[start]) {
        start += 1;
    }
    start..end
}

/// Returns whether a line holds nothing, or nothing but blanks.
pub(super) fn is_blank_line(line: &[u8]) -> bool {
    trim(line, content(line, 0..line.len())).is_empty()
}

/// Returns whether a line that does not end a value is a comment.
fn is_comment_line(line: &[u8]) -> bool {
    line.first().is_some_and(|&b| is_comment(b))
}

fn is_blank(b: u8) -> bool {
    matches!(b, b' ' | b'\t')
}

fn is_comment(b: u8) -> bool {
    matches!(b, b'#' | b';')
}

fn is_quote(b: u8) -> bool {
    matches!(b, b'"' | b'\'')
}

/// Returns whether the SDKs accept a name: `[A-Za-z0-9_\-/.%@:+]*`.
pub(super) fn is_identifier(name: &[u8]) -> bool {
    let punctuation = |b| matches!(b, b'_' | b'-' | b'/' | b'.' | b'%' | b'@' | b':' | b'+');
    name.iter().all(|&b| b.is_ascii_alphanumeric() || punctuation(b))
}

fn decode(bytes: &[u8]) -> String {
    match str::from_utf8(bytes) {
        Ok(text) => text.to_owned(),
        Err(_) => String::from_utf8_lossy(bytes).into_owned(),
    }
}

/// Where a section header has its parts, as byte ranges of the text that it is a line of.
pub(super) struct HeaderSpans {
    pub prefix: Option<Range<usize>>,
    /// The name without its quotes.
    pub name: Range<usize>,
    /// Prefix, name and quotes.
    pub inside: Range<usize>,
}

impl HeaderSpans {
    /// Splits `[prefix name] # comment`.
    ///
    /// # Errors
    /// When the line is not a header.
    pub fn of(bytes: &[u8], line: Range<usize>) -> Result<Self, &'static str> {
        let line = content(bytes, line);
        let start = line.start + usize::from(bytes[line.clone()].starts_with(b"["));
        if memchr::memchr2(b'"', b'\'', &bytes[start..line.end]).is_some() {
            if let Some(quoted) = Self::of_quoted(bytes, start..line.end) {
                return quoted;
            }
        }
        let end = memchr::memchr2(b'#', b';', &bytes[start..line.end]);
        let text = trim(bytes, start..end.map_or(line.end, |end| start + end));
        if text.is_empty() || bytes[text.end - 1] != b']' {
            return Err(NO_BRACKET);
        }
        let inside = trim(bytes, text.start..text.end - 1);
        let (prefix, name) = split_prefix(bytes, inside.clone());
        Ok(Self { prefix, name, inside })
    }

    /// Splits a header with a quoted name, in which anything may stand; `None` where the quote does
    /// not begin the name or does not end.
    fn of_quoted(bytes: &[u8], inside: Range<usize>) -> Option<Result<Self, &'static str>> {
        let (prefix, rest) = split_prefix(bytes, trim(bytes, inside));
        let quote = bytes[rest.clone()].first().copied().filter(|&b| is_quote(b))?;
        let name = rest.start + 1..rest.end;
        let name = name.start..name.start + memchr::memchr(quote, &bytes[name])?;
        let after = trim(bytes, name.end + 1..rest.end);
        let inside = prefix.as_ref().map_or(rest.start, |prefix| prefix.start)..name.end + 1;
        if !bytes[after.clone()].starts_with(b"]") {
            return Some(Err(NO_BRACKET));
        }
        let end = trim(bytes, after.start + 1..after.end);
        Some(match bytes[end].first() {
            Some(&b) if !is_comment(b) => Err(NO_BRACKET),
            _ => Ok(Self { prefix, name, inside }),
        })
    }

    fn quoted(&self) -> bool {
        self.name.end < self.inside.end
    }
}

const NO_BRACKET: &str = "the section header has no `]`";

/// Splits `profile name` into the prefix and the rest; a lone word has no prefix.
fn split_prefix(bytes: &[u8], inside: Range<usize>) -> (Option<Range<usize>>, Range<usize>) {
    let text = &bytes[inside.clone()];
    match text.iter().position(|&b| is_blank(b)) {
        Some(length) if !is_quote(text[0]) => {
            let end = inside.start + length;
            (Some(inside.start..end), trim(bytes, end..inside.end))
        }
        _ => (None, inside),
    }
}

pub(super) fn parse_header(file: FileKind, bytes: &[u8], line: Range<usize>) -> Header {
    match HeaderSpans::of(bytes, line) {
        Ok(spans) => classify(file, bytes, &spans),
        Err(reason) => Header::Malformed(reason.to_owned()),
    }
}

fn classify(file: FileKind, bytes: &[u8], spans: &HeaderSpans) -> Header {
    let name = &bytes[spans.name.clone()];
    let named = |kind, prefixed| Header::Named { kind, name: decode(name), prefixed };
    if !spans.quoted() && !is_identifier(name) {
        return Header::Ignored(format!(
            "the section name `{}` is not one that AWS accepts",
            decode(name)
        ));
    }
    match (file, spans.prefix.clone().map(|prefix| &bytes[prefix])) {
        (FileKind::Config, Some(b"profile")) => named(SectionKind::Profile, true),
        (FileKind::Config, Some(b"sso-session")) => named(SectionKind::SsoSession, true),
        (FileKind::Config, Some(b"services")) => named(SectionKind::Services, true),
        (FileKind::Config, Some(other)) => {
            Header::Ignored(format!("sections named `{} …` are not known", decode(other)))
        }
        (FileKind::Config, None) if name == b"default" => named(SectionKind::Profile, false),
        (FileKind::Config, None) => {
            Header::Ignored(format!("in the config file this must be `[profile {}]`", decode(name)))
        }
        (FileKind::Credentials, None) => named(SectionKind::Profile, false),
        (FileKind::Credentials, Some(_)) => {
            Header::Ignored("in the credentials file a section is the bare profile name".to_owned())
        }
    }
}

/// Parses the lines in a range of a text; the number of the first is given.
pub(super) fn parse_body(bytes: &[u8], range: Range<usize>, first_line: usize) -> Body {
    let mut body = Body { end: range.start, ..Body::default() };
    // Whether continuation lines may follow, and whether they are sub-properties.
    let (mut open, mut sub) = (false, false);
    for (offset, span) in lines(bytes, range).enumerate() {
        let line = first_line + offset;
        let text = &bytes[span.clone()];
        if is_comment_line(text) || is_blank_line(text) {
            continue;
        }
        body.end = span.end;
        let mut malformed =
            |reason: &str| body.malformed.push(Malformed { line, reason: reason.to_owned() });
        if is_blank(bytes[span.start]) {
            if !open {
                malformed("a continuation line follows no property");
                continue;
            }
            if sub {
                if let Err(reason) = Spans::of_nested(bytes, span.clone()) {
                    malformed(&format!("sub-property: {reason}"));
                    continue;
                }
            }
            if let Some(property) = body.properties.last_mut() {
                property.value.push('\n');
                let text = trim(bytes, content(bytes, span.clone()));
                property.value.push_str(&String::from_utf8_lossy(&bytes[text]));
                property.continuation.push(span);
            }
            continue;
        }
        match Spans::of(bytes, span) {
            Ok(spans) => {
                (open, sub) = (true, spans.value.is_empty());
                body.properties.push(Property {
                    key: spans.key(bytes),
                    value: Zeroizing::new(decode(&bytes[spans.value.clone()])),
                    line,
                    spans,
                    continuation: Vec::new(),
                });
            }
            Err(reason) => {
                open = false;
                malformed(reason);
            }
        }
    }
    let (properties, ignored) =
        body.properties.into_iter().partition(|p| is_identifier(p.key.as_bytes()));
    body.properties = properties;
    body.ignored.extend(ignored.into_iter().map(|p: Property| Malformed {
        line: p.line,
        reason: format!("the key `{}` is not one that AWS accepts", p.key),
    }));
    body
}

impl Spans {
    /// Splits `key = value # comment`; a comment needs white space before it.
    ///
    /// # Errors
    /// When there is no key or no `=`.
    pub fn of(bytes: &[u8], line: Range<usize>) -> Result<Self, &'static str> {
        let text = trim(bytes, content(bytes, line.clone()));
        let comment = memchr::memchr2_iter(b'#', b';', &bytes[text.clone()])
            .map(|at| text.start + at)
            .find(|&at| ends_in_white_space(&bytes[text.start..at]));
        let text = text.start..comment.unwrap_or(text.end);
        let equals = memchr::memchr(b'=', &bytes[text.clone()]).ok_or("the line has no `=`")?;
        let equals = text.start + equals;
        let key = trim(bytes, text.start..equals);
        if key.is_empty() {
            return Err("the line has no key before `=`");
        }
        let value = trim(bytes, equals + 1..text.end);
        Ok(Self { line, key, equals, value })
    }

    /// Splits the `key = value` of a nested block, in which there are no comments.
    ///
    /// # Errors
    /// When there is no key or no `=`.
    pub fn of_nested(bytes: &[u8], line: Range<usize>) -> Result<Self, &'static str> {
        let spans = Self::of(bytes, line)?;
        let end = content(bytes, spans.line.clone()).end;
        Ok(Self { value: trim(bytes, spans.equals + 1..end), ..spans })
    }

    /// Returns the key, lower-cased, of the text that these are spans of.
    pub fn key(&self, bytes: &[u8]) -> String {
        let mut key = decode(&bytes[self.key.clone()]);
        key.make_ascii_lowercase();
        key
    }
}

fn ends_in_white_space(text: &[u8]) -> bool {
    // No character has more bytes.
    let tail = &text[text.len().saturating_sub(4)..];
    String::from_utf8_lossy(tail).chars().next_back().is_some_and(char::is_whitespace)
}
