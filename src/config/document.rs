//! One shared file as a lossless line-based document: the text, where its sections are, and the
//! properties of a section on demand.
//!
//! Grammar: AWS SDKs and Tools Reference Guide, "Format of the config file", as the SDKs' own
//! parser (`aws-runtime`, `env_config`) has it; besides that a UTF-8 BOM, CRLF and quoted names are
//! accepted, because the AWS CLI writes the latter. Only headers are looked for when a file is
//! read, since a process asks for a handful of profiles out of thousands.

use std::borrow::Cow;
use std::fmt;
use std::ops::Range;
use std::path::{Path, PathBuf};

use zeroize::Zeroizing;

const BLANK: [char; 2] = [' ', '\t'];

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

/// A section: its header line and the lines up to the next header, as byte ranges of the text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Section {
    pub header: Header,
    /// The header's line, counted from 1.
    pub line: usize,
    body: Range<usize>,
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
}

impl fmt::Debug for Property {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} (line {})", self.key, self.line)
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
}

pub struct Document {
    pub kind: FileKind,
    pub path: PathBuf,
    text: Zeroizing<String>,
    preamble: Range<usize>,
    pub sections: Vec<Section>,
}

impl fmt::Debug for Document {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Document({}, {} sections)", self.path.display(), self.sections.len())
    }
}

impl Document {
    /// Parses a shared file's text. This never fails: what is wrong is kept where it stands.
    pub fn parse(kind: FileKind, path: &Path, text: Zeroizing<String>) -> Self {
        let begin = if text.starts_with('\u{feff}') { '\u{feff}'.len_utf8() } else { 0 };
        let mut starts: Vec<usize> = memchr::memchr_iter(b'[', text.as_bytes())
            .filter(|&at| at >= begin && (at == begin || text.as_bytes()[at - 1] == b'\n'))
            .collect();
        starts.push(text.len());
        let mut line = 1 + newlines(&text[..starts[0]]);
        let sections = starts
            .windows(2)
            .map(|pair| {
                let (start, end) = (pair[0], pair[1]);
                let body = memchr::memchr(b'\n', &text.as_bytes()[start..end])
                    .map_or(end, |n| start + n + 1);
                let section = Section {
                    header: parse_header(kind, line_text(&text[start..body])),
                    line,
                    body: body..end,
                };
                line += newlines(&text[start..end]);
                section
            })
            .collect();
        let preamble = begin..starts[0];
        Self { kind, path: path.to_owned(), text, preamble, sections }
    }

    /// Parses the properties of a section.
    pub fn body(&self, section: &Section) -> Body {
        parse_body(&self.text[section.body.clone()], section.line + 1)
    }

    /// Returns every malformed line of the file: what a strict reader would refuse the file for.
    pub fn malformed(&self) -> Vec<Malformed> {
        let before = parse_body(&self.text[self.preamble.clone()], 1);
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

fn newlines(text: &str) -> usize {
    memchr::memchr_iter(b'\n', text.as_bytes()).count()
}

/// Cuts the line's end, `\n` or `\r\n`.
fn line_text(line: &str) -> &str {
    let line = line.strip_suffix('\n').unwrap_or(line);
    line.strip_suffix('\r').unwrap_or(line)
}

fn is_comment(c: char) -> bool {
    c == '#' || c == ';'
}

/// Returns whether the SDKs accept a name: `[A-Za-z0-9_\-/.%@:+]*`.
fn is_identifier(name: &str) -> bool {
    name.bytes().all(|b| b.is_ascii_alphanumeric() || b"_-/.%@:+".contains(&b))
}

fn parse_header(kind: FileKind, line: &str) -> Header {
    let inside = line.strip_prefix('[').unwrap_or(line);
    if memchr::memchr2(b'"', b'\'', inside.as_bytes()).is_some() {
        let (prefix, rest) = split_prefix(inside);
        let quote = rest.chars().next().filter(|c| matches!(c, '"' | '\''));
        if let Some((name, after)) = quote.and_then(|quote| rest[1..].split_once(quote)) {
            let after = after
                .trim_start_matches(BLANK)
                .strip_prefix(']')
                .map(|end| end.trim_start_matches(BLANK));
            return match after.filter(|end| end.is_empty() || end.starts_with(is_comment)) {
                Some(_) => classify(kind, prefix, name, true),
                None => Header::Malformed("the section header has no `]`".to_owned()),
            };
        }
    }
    let end = memchr::memchr2(b'#', b';', inside.as_bytes()).unwrap_or(inside.len());
    let Some(inside) = inside[..end].trim_end_matches(BLANK).strip_suffix(']') else {
        return Header::Malformed("the section header has no `]`".to_owned());
    };
    let (prefix, name) = split_prefix(inside);
    classify(kind, prefix, name.trim_matches(BLANK), false)
}

/// Splits `profile name` into the prefix and the rest; a lone word has no prefix.
fn split_prefix(inside: &str) -> (Option<&str>, &str) {
    let inside = inside.trim_start_matches(BLANK);
    match inside.trim_end_matches(BLANK).split_once(BLANK) {
        Some((prefix, _)) if !prefix.starts_with(['"', '\'']) => {
            (Some(prefix), inside[prefix.len()..].trim_start_matches(BLANK))
        }
        _ => (None, inside),
    }
}

fn classify(file: FileKind, prefix: Option<&str>, name: &str, quoted: bool) -> Header {
    let named = |kind, prefixed| Header::Named { kind, name: name.to_owned(), prefixed };
    if !quoted && !is_identifier(name) {
        return Header::Ignored(format!("the section name `{name}` is not one that AWS accepts"));
    }
    match (file, prefix) {
        (FileKind::Config, Some("profile")) => named(SectionKind::Profile, true),
        (FileKind::Config, Some("sso-session")) => named(SectionKind::SsoSession, true),
        (FileKind::Config, Some("services")) => named(SectionKind::Services, true),
        (FileKind::Config, Some(other)) => {
            Header::Ignored(format!("sections named `{other} …` are not known"))
        }
        (FileKind::Config, None) if name == "default" => named(SectionKind::Profile, false),
        (FileKind::Config, None) => {
            Header::Ignored(format!("in the config file this must be `[profile {name}]`"))
        }
        (FileKind::Credentials, None) => named(SectionKind::Profile, false),
        (FileKind::Credentials, Some(_)) => {
            Header::Ignored("in the credentials file a section is the bare profile name".to_owned())
        }
    }
}

fn parse_body(text: &str, first_line: usize) -> Body {
    let mut body = Body::default();
    // Whether continuation lines may follow, and whether they are sub-properties.
    let (mut open, mut sub) = (false, false);
    for (offset, raw) in text.split_inclusive('\n').enumerate() {
        let line = first_line + offset;
        let text = line_text(raw);
        if text.trim_matches(BLANK).is_empty() || text.starts_with(is_comment) {
            continue;
        }
        let mut malformed =
            |reason: &str| body.malformed.push(Malformed { line, reason: reason.to_owned() });
        if text.starts_with(BLANK) {
            if !open {
                malformed("a continuation line follows no property");
                continue;
            }
            if sub {
                if let Err(reason) = split_property(text) {
                    malformed(&format!("sub-property: {reason}"));
                    continue;
                }
            }
            if let Some(property) = body.properties.last_mut() {
                property.value.push('\n');
                property.value.push_str(text.trim_matches(BLANK));
            }
            continue;
        }
        match split_property(text) {
            Ok((key, value)) => {
                (open, sub) = (true, value.is_empty());
                body.properties.push(Property {
                    key: key.into_owned(),
                    value: Zeroizing::new(value.to_owned()),
                    line,
                });
            }
            Err(reason) => {
                open = false;
                malformed(reason);
            }
        }
    }
    let (properties, ignored) = body.properties.into_iter().partition(|p| is_identifier(&p.key));
    body.properties = properties;
    body.ignored.extend(ignored.into_iter().map(|p: Property| Malformed {
        line: p.line,
        reason: format!("the key `{}` is not one that AWS accepts", p.key),
    }));
    body
}

/// Splits `key = value # comment`; a comment needs white space before it.
fn split_property(text: &str) -> Result<(Cow<'_, str>, &str), &'static str> {
    let text = text.trim_matches(BLANK);
    let comment = text
        .char_indices()
        .zip(std::iter::once(' ').chain(text.chars()))
        .find(|((at, c), before)| *at > 0 && is_comment(*c) && before.is_whitespace());
    let text = comment.map_or(text, |((at, _), _)| text[..at].trim_end_matches(BLANK));
    let (key, value) = text.split_once('=').ok_or("the line has no `=`")?;
    let key = key.trim_matches(BLANK);
    if key.is_empty() {
        return Err("the line has no key before `=`");
    }
    let lower = if key.bytes().any(|b| b.is_ascii_uppercase()) {
        Cow::Owned(key.to_ascii_lowercase())
    } else {
        Cow::Borrowed(key)
    };
    Ok((lower, value.trim_matches(BLANK)))
}
