//! Whether somebody wrote more than keys into a section.

use super::document::{Document, ParsedProperty, Section};
use super::syntax::content;

impl Document {
    /// Returns whether a section has nothing but lines `key = value`: no comment, not even right
    /// above its header, no blank line between them, no nested block, nothing malformed.
    pub fn holds_only_keys(&self, section: &Section) -> bool {
        let (bytes, body) = (self.bytes(), self.body(section));
        let text = &bytes[section.body.start..body.end];
        let header = &bytes[section.start..section.body.start];
        let is_bare = |property: &ParsedProperty| {
            let line = content(bytes, property.spans.line.clone());
            let after = &bytes[property.spans.value.end..line.end];
            property.continuation.is_empty() && after.trim_ascii().is_empty()
        };
        text.split_inclusive(|&b| b == b'\n').count() == body.properties.len()
            && body.properties.iter().all(is_bare)
            && !header.iter().any(|b| b"#;".contains(b))
            && !ends_in_comment(&bytes[..section.start])
    }
}

/// Returns whether the last line of a text is a comment.
fn ends_in_comment(text: &[u8]) -> bool {
    let last = text.split_inclusive(|&b| b == b'\n').next_back().unwrap_or_default();
    matches!(last.trim_ascii_start().first(), Some(b'#' | b';'))
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::*;
    use crate::config::document::FileKind;

    #[test]
    fn comment_or_other_text_in_section_is_more_than_keys() {
        for (text, only) in [
            ("[profile a]\nx = 1\ny = 2\n", true),
            ("[profile a]\nx = 1\n\n# of the next one\n", true),
            ("[profile a]", true),
            ("# top\n\n[profile a]\nx = 1", true),
            ("# why\n[profile a]\nx = 1\n", false),
            ("  ; why\n[profile a]\nx = 1\n", false),
            ("[profile a] # why\nx = 1\n", false),
            ("[profile a]\nx = 1 # why\n", false),
            ("[profile a]\nx = 1\n# why\ny = 2\n", false),
            ("[profile a]\nx = 1\n\ny = 2\n", false),
            ("[profile a]\nx =\n  y = 2\n", false),
            ("[profile a]\nnonsense\n", false),
        ] {
            let bytes = text.as_bytes().to_vec().into();
            let document = Document::parse(FileKind::Config, Path::new("config"), bytes);
            assert_eq!(document.holds_only_keys(&document.sections[0]), only, "{text:?}");
        }
    }
}
