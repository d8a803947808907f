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

use super::syntax::{
    HeaderSpans, Spans, content, decode, is_blank, is_blank_line, is_comment_line, is_identifier,
    lines, trim,
};

/// The mark that some editors put before UTF-8 text.
const BYTE_ORDER_MARK: &[u8] = "\u{feff}".as_bytes();

/// Stands for the folder of the shared files where there is no home: it is shown, and never read.
pub(super) const NO_HOME: &str = "~/.aws";

/// Which of the two shared files a text is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum FileKind {
    Config,
    Credentials,
}

impl FileKind {
    /// Both, in the order in which they are read.
    pub const ALL: [Self; 2] = [Self::Config, Self::Credentials];

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

impl SectionKind {
    pub const ALL: [Self; 3] = [Self::Profile, Self::SsoSession, Self::Services];

    /// Returns the word before the name in a header of the config file.
    pub fn prefix(self) -> &'static str {
        match self {
            Self::Profile => "profile",
            Self::SsoSession => "sso-session",
            Self::Services => "services",
        }
    }
}

/// A section header, read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Header {
    /// `prefixed` tells `[profile default]` from `[default]`.
    Named { kind: SectionKind, name: String, prefixed: bool },
    /// A section that the SDKs ignore, with the reason.
    Ignored(String),
    /// A section of the AWS CLI itself, which holds no profile.
    OfCli,
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

/// A `key = value` of a section. The value may be a secret, so it is wiped, and there is no
/// `Debug`.
pub struct ParsedProperty {
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
    /// The numbers of the continuation lines.
    pub continuation_lines: Vec<usize>,
}

impl ParsedProperty {
    /// Returns whether the continuation lines are keys of a nested block.
    pub fn is_block(&self) -> bool {
        self.spans.value.is_empty() && !self.continuation.is_empty()
    }

    /// Returns all lines: the first one, and those that continue it.
    pub fn lines(&self) -> impl Iterator<Item = Range<usize>> {
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
#[derive(Default)]
pub struct Body {
    pub properties: Vec<ParsedProperty>,
    /// The keys whose names AWS does not accept, with their lines.
    pub ignored: Vec<(usize, String)>,
    pub malformed: Vec<Malformed>,
    /// The end of the last line that is neither blank nor a comment; the body's start without one.
    pub end: usize,
}

#[derive(Clone)]
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

    /// Returns the sections of a profile.
    pub fn sections_of<'a>(&'a self, profile: &'a str) -> impl Iterator<Item = &'a Section> {
        self.sections.iter().filter(move |section| {
            matches!(&section.header, Header::Named { kind: SectionKind::Profile, name, .. }
                if name == profile)
        })
    }

    /// Returns the properties of all sections of a profile.
    pub fn properties_of<'a>(
        &'a self,
        profile: &'a str,
    ) -> impl Iterator<Item = ParsedProperty> + 'a {
        self.sections_of(profile).flat_map(|section| self.body(section).properties)
    }

    /// Parses the properties of a section.
    pub fn body(&self, section: &Section) -> Body {
        parse_body(&self.bytes, section.body.clone(), section.line + 1)
    }

    /// Returns the lines of the keys that stand before the first section.
    pub(super) fn keys_before_sections(&self) -> Vec<usize> {
        let before = parse_body(&self.bytes, self.preamble.clone(), 1);
        let keys = before.properties.iter().map(|property| property.line);
        keys.chain(before.ignored.iter().map(|(line, _)| *line)).collect()
    }

    /// Returns every malformed line of the file: what a strict reader would refuse the file for.
    pub fn malformed(&self) -> Vec<Malformed> {
        self.malformed_in(|_| true)
    }

    /// Returns the malformed lines that are in no profile's section.
    pub fn malformed_outside_profiles(&self) -> Vec<Malformed> {
        let of_profile =
            |header: &Header| matches!(header, Header::Named { kind: SectionKind::Profile, .. });
        self.malformed_in(|header| !of_profile(header))
    }

    fn malformed_in(&self, wanted: impl Fn(&Header) -> bool) -> Vec<Malformed> {
        let reason = "a property stands before the first section";
        let lines = self.keys_before_sections().into_iter();
        let mut all: Vec<Malformed> =
            lines.map(|line| Malformed { line, reason: reason.to_owned() }).collect();
        all.extend(parse_body(&self.bytes, self.preamble.clone(), 1).malformed);
        for section in self.sections.iter().filter(|section| wanted(&section.header)) {
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
                Header::OfCli => {}
                Header::Named { .. } | Header::Malformed(_) => {
                    all.extend(self.body(section).ignored.into_iter().map(|(line, key)| {
                        let reason = format!("the key `{key}` is not one that AWS accepts");
                        Malformed { line, reason }
                    }));
                }
            }
        }
        all
    }
}

fn newlines(bytes: &[u8]) -> usize {
    memchr::memchr_iter(b'\n', bytes).count()
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
    let inside = &bytes[spans.inside.clone()];
    if file == FileKind::Credentials && is_name_with_blanks(spans, inside) {
        return Header::Named { kind: SectionKind::Profile, name: decode(inside), prefixed: false };
    }
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
        (FileKind::Config, Some(b"cli" | b"command")) => Header::OfCli,
        (FileKind::Config, Some(other)) => {
            Header::Ignored(format!("sections named `{} …` are not known", decode(other)))
        }
        (FileKind::Config, None) if name == b"default" => named(SectionKind::Profile, false),
        (FileKind::Config, None) if SECTIONS_OF_CLI.contains(&name) => Header::OfCli,
        (FileKind::Config, None) => {
            Header::Ignored(format!("in the config file this must be `[profile {}]`", decode(name)))
        }
        (FileKind::Credentials, None) => named(SectionKind::Profile, false),
        (FileKind::Credentials, Some(_)) => {
            Header::Ignored("in the credentials file a section is the bare profile name".to_owned())
        }
    }
}

/// The sections of the config file that the AWS CLI keeps for itself.
const SECTIONS_OF_CLI: [&[u8]; 4] = [b"plugins", b"preview", b"toplevel", b"cli"];

/// Returns whether a header of the credentials file is a name with blanks, which the AWS CLI writes
/// without quotes there; what belongs into the config file is none.
fn is_name_with_blanks(spans: &HeaderSpans, inside: &[u8]) -> bool {
    let words = inside.split(|&b| is_blank(b)).filter(|word| !word.is_empty());
    let of_config = |word: &[u8]| {
        [&b"profile"[..], b"sso-session", b"services"]
            .iter()
            .any(|prefix| word.eq_ignore_ascii_case(prefix))
    };
    spans.prefix.is_some()
        && !spans.quoted()
        && words.clone().all(is_identifier)
        && !words.take(1).any(of_config)
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
                property.continuation_lines.push(line);
            }
            continue;
        }
        match Spans::of(bytes, span) {
            Ok(spans) => {
                (open, sub) = (true, spans.value.is_empty());
                body.properties.push(ParsedProperty {
                    key: spans.key(bytes),
                    value: Zeroizing::new(decode(&bytes[spans.value.clone()])),
                    line,
                    spans,
                    continuation: Vec::new(),
                    continuation_lines: Vec::new(),
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
    body.ignored.extend(ignored.into_iter().map(|p: ParsedProperty| (p.line, p.key)));
    body
}
