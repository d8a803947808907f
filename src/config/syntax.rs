//! The lines of a shared file: where a header and a property have their parts, as byte ranges.

use std::ops::Range;

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

    pub fn quoted(&self) -> bool {
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

/// Returns the lines in a range of a text, each with its end.
pub(super) fn lines(bytes: &[u8], range: Range<usize>) -> impl Iterator<Item = Range<usize>> {
    bytes[range.clone()].split_inclusive(|&b| b == b'\n').scan(range.start, |end, line| {
        let start = *end;
        *end += line.len();
        Some(start..*end)
    })
}

/// Cuts a line's end, `\n` or `\r\n`.
pub(super) fn content(bytes: &[u8], line: Range<usize>) -> Range<usize> {
    let text = &bytes[line.clone()];
    let text = text.strip_suffix(b"\n").unwrap_or(text);
    let text = text.strip_suffix(b"\r").unwrap_or(text);
    line.start..line.start + text.len()
}

/// Cuts the blanks at both ends. What has nothing but blanks becomes empty where it begins.
pub(super) fn trim(bytes: &[u8], range: Range<usize>) -> Range<usize> {
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
pub(super) fn is_comment_line(line: &[u8]) -> bool {
    line.first().is_some_and(|&b| is_comment(b))
}

pub(super) fn is_blank(b: u8) -> bool {
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

pub(super) fn decode(bytes: &[u8]) -> String {
    match str::from_utf8(bytes) {
        Ok(text) => text.to_owned(),
        Err(_) => String::from_utf8_lossy(bytes).into_owned(),
    }
}

fn ends_in_white_space(text: &[u8]) -> bool {
    // No character has more bytes.
    let tail = &text[text.len().saturating_sub(4)..];
    String::from_utf8_lossy(tail).chars().next_back().is_some_and(char::is_whitespace)
}
