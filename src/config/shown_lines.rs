//! The lines of a shared file as people may see them: as they stand, with `****` in place of
//! secrets. Also a comment may hold a secret, and a line that is malformed.

use std::borrow::Cow;
use std::ops::Range;

use super::document::{Document, Section, parse_body};
use super::profiles::{is_secret, shown};
use super::syntax::{
    Spans, content, decode, is_blank, is_blank_line, is_comment_line, lines, trim,
};
use crate::text::without_url_secrets;

/// What stands for what is not shown.
const MASK: &str = "****";
/// How long AWS's secret access keys are. A malformed word of this length may be one.
const SECRET_LENGTH: usize = 40;

impl Document {
    /// Returns every line of the file, without line ends.
    pub fn shown_lines(&self) -> Vec<String> {
        let bytes = self.bytes();
        let mut masked = Masked::default();
        lines(bytes, 0..bytes.len()).map(|line| masked.line(bytes, line)).collect()
    }

    /// Returns the lines of a section from its header to its last line that is neither blank nor a
    /// comment, each with its number.
    pub fn shown_section(&self, section: &Section) -> Vec<(usize, String)> {
        let bytes = self.bytes();
        let end = parse_body(bytes, section.body.clone(), section.line + 1).end;
        let mut masked = Masked::default();
        let texts = lines(bytes, section.start..end).map(|line| masked.line(bytes, line));
        (section.line..).zip(texts).collect()
    }
}

/// What the lines above say about the next one.
#[derive(Default)]
struct Masked {
    above: Above,
}

#[derive(Default)]
enum Above {
    /// No property that a line may continue.
    #[default]
    Nothing,
    /// A secret, which the next line may continue.
    Secret,
    /// A nested block.
    Block,
    /// Any other value.
    Text,
}

impl Masked {
    fn line(&mut self, bytes: &[u8], line: Range<usize>) -> String {
        let whole = &bytes[line.clone()];
        let text = decode(&bytes[content(bytes, line.clone())]);
        if is_blank_line(whole) || is_comment_line(whole) {
            return comment(&text).into_owned();
        }
        if whole[0] == b'[' || whole.starts_with("\u{feff}[".as_bytes()) {
            self.above = Above::Nothing;
            return text;
        }
        if is_blank(whole[0]) {
            return self.continuation(bytes, line);
        }
        let Ok(spans) = Spans::of(bytes, line.clone()) else {
            self.above = Above::Nothing;
            return malformed(&text).into_owned();
        };
        self.above = match (is_secret(&spans.key(bytes)), spans.value.is_empty()) {
            (true, _) => Above::Secret,
            (false, true) => Above::Block,
            (false, false) => Above::Text,
        };
        property(bytes, line, &spans)
    }

    /// Renders an indented line.
    fn continuation(&self, bytes: &[u8], line: Range<usize>) -> String {
        let content = content(bytes, line.clone());
        let text = trim(bytes, content.clone());
        let indent = decode(&bytes[content.start..text.start]);
        match (&self.above, Spans::of_nested(bytes, line.clone())) {
            (Above::Secret, _) => format!("{indent}{MASK}"),
            (Above::Block, Ok(spans)) => property(bytes, line, &spans),
            // Readers take it for text, but it may be a key that somebody has indented.
            (_, Ok(spans)) if is_secret(&spans.key(bytes)) => property(bytes, line, &spans),
            _ => format!("{indent}{}", malformed(&decode(&bytes[text]))),
        }
    }
}

/// Renders a line `key = value`. What follows a secret on its line is not shown either.
fn property(bytes: &[u8], line: Range<usize>, spans: &Spans) -> String {
    let part = |range: Range<usize>| decode(&bytes[range]);
    let (key, value) = (spans.key(bytes), part(spans.value.clone()));
    let before = part(line.start..spans.value.start);
    let value = match shown(&key, &value) {
        Cow::Borrowed(MASK) => return before + MASK,
        value => value.into_owned(),
    };
    let after = part(spans.value.end..content(bytes, line).end);
    format!("{before}{value}{}", comment(&after))
}

/// Renders a comment, which may hold a key that was taken out of use.
fn comment(text: &str) -> Cow<'_, str> {
    let Some((before, _)) = text.split_once('=') else { return malformed(text) };
    let key = before.trim_start_matches(|c: char| c.is_whitespace() || matches!(c, '#' | ';'));
    if is_secret(key) {
        let blank = if text[before.len() + 1..].starts_with([' ', '\t']) { " " } else { "" };
        return Cow::Owned(format!("{before}={blank}{MASK}"));
    }
    without_url_secrets(text)
}

/// Renders text that is no property: what stands behind a word that sounds like a secret may be
/// one, and so may a long word that stands alone.
fn malformed(text: &str) -> Cow<'_, str> {
    let start = text.len() - text.trim_start_matches(['#', ';', ' ', '\t']).len();
    let (mark, words) = text.split_at(start);
    let ends_word = |c: char| c.is_whitespace() || c == ':';
    let end = words.find(ends_word).unwrap_or(words.len());
    let (first, rest) = words.split_at(end);
    if is_secret(first) && !rest.trim_matches([':', ' ', '\t']).is_empty() {
        return Cow::Owned(format!("{mark}{first} {MASK}"));
    }
    let may_be_secret = |word: &str| {
        let of_secret = |b: u8| b.is_ascii_alphanumeric() || matches!(b, b'/' | b'+' | b'=');
        word.len() >= SECRET_LENGTH && word.bytes().all(of_secret)
    };
    if rest.trim().is_empty() && may_be_secret(first) {
        return Cow::Owned(format!("{mark}{MASK}"));
    }
    without_url_secrets(text)
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::*;
    use crate::config::document::FileKind;

    fn document(text: &str) -> Document {
        let bytes = text.as_bytes().to_vec().into();
        Document::parse(FileKind::Config, Path::new("/aws/config"), bytes)
    }

    #[test]
    fn lines_stay_as_they_are_but_for_secrets() {
        let long = "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY";
        for (text, expected) in [
            ("[profile a] # c\r", "[profile a] # c"),
            ("region\t=  eu-west-1  # home ", "region\t=  eu-west-1  # home "),
            ("Aws_Secret_Access_Key=HIDDEN # HIDDEN", "Aws_Secret_Access_Key=****"),
            ("aws_secret_access_key = HIDDEN\r", "aws_secret_access_key = ****"),
            ("aws_secret_access_key =", "aws_secret_access_key ="),
            ("aws_session_token =\n  HIDDEN\n\tHIDDEN", "aws_session_token =\n  ****\n\t****"),
            ("aws secret key = HIDDEN", "aws secret key = ****"),
            ("a = b\n  aws_secret_access_key = HIDDEN", "a = b\n  aws_secret_access_key = ****"),
            ("s3 =\n  password = HIDDEN\n  a = 1", "s3 =\n  password = ****\n  a = 1"),
            ("#aws_secret_access_key = HIDDEN", "#aws_secret_access_key = ****"),
            ("; aws_session_token=HIDDEN", "; aws_session_token=****"),
            (
                "region = x # aws_secret_access_key = HIDDEN",
                "region = x # aws_secret_access_key = ****",
            ),
            ("aws_secret_access_key HIDDEN", "aws_secret_access_key ****"),
            ("aws_secret_access_key: HIDDEN", "aws_secret_access_key ****"),
            ("# the token is elsewhere", "# the token is elsewhere"),
            ("# secret: HIDDEN", "# secret ****"),
            (long, MASK),
            (&format!("# {long}"), "# ****"),
            (&format!("aws_access_key_id = {long}"), "aws_access_key_id = ****"),
            (
                "aws_access_key_id = AKIAIOSFODNN7EXAMPLE",
                "aws_access_key_id = AKIAIOSFODNN7EXAMPLE",
            ),
            ("a = https://bob:HIDDEN@host/ # c", "a = https://****@host/ # c"),
            (
                "sso_start_url = https://a.awsapps.com/start",
                "sso_start_url = https://a.awsapps.com/start",
            ),
            ("no equals sign", "no equals sign"),
            ("", ""),
        ] {
            let shown = document(&format!("{text}\n")).shown_lines().join("\n");
            assert_eq!(shown, expected, "{text:?}");
        }
    }

    #[test]
    fn section_is_shown_from_its_header_to_its_last_property() {
        let text = "# top\n[profile a]\n\n# c\nk = v\n  w\n\n# about the next\n[profile b]\n";
        let document = document(text);
        let shown = document.shown_section(&document.sections[0]);
        let expected = ["[profile a]", "", "# c", "k = v", "  w"];
        let expected = expected.iter().enumerate().map(|(n, text)| (n + 2, (*text).to_owned()));
        assert_eq!(shown, expected.collect::<Vec<_>>());
        assert_eq!(document.shown_section(&document.sections[1]), [(9, "[profile b]".to_owned())]);
    }
}
