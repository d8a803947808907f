//! Unified diffs of the shared files, for people: what is to change, with secrets masked.

use std::ops::Range;

use similar::{Algorithm, DiffOp, DiffTag, capture_diff_slices, group_diff_ops};

use crate::config::document::Document;
use crate::text::is_hostile;

/// The number of lines that stay around each change.
const CONTEXT: usize = 3;

const BOLD: &str = "1";
const RED: &str = "31";
const GREEN: &str = "32";
const CYAN: &str = "36";

/// Whether a text is coloured.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Colored {
    Yes,
    No,
}

impl Colored {
    pub fn when(is: bool) -> Self {
        if is { Self::Yes } else { Self::No }
    }
}

/// A file before and after.
pub struct FileDiff<'a> {
    old: &'a Document,
    new: &'a Document,
    colored: Colored,
}

/// The lines of a file: as they are compared, and as they are shown.
struct Lines<'a> {
    bytes: Vec<&'a [u8]>,
    shown: Vec<String>,
}

impl<'a> Lines<'a> {
    fn of(document: &'a Document) -> Self {
        let bytes = document.bytes().split_inclusive(|&b| b == b'\n').collect();
        Self { bytes, shown: document.shown_lines() }
    }
}

impl<'a> FileDiff<'a> {
    /// Compares two states of one file. The time grows with the number of lines.
    pub fn new(old: &'a Document, new: &'a Document, colored: Colored) -> Self {
        Self { old, new, colored }
    }

    /// Renders the unified diff; an empty text where nothing differs. Lines are cleaned of what
    /// would move the cursor, and of secrets.
    pub fn render(&self) -> String {
        let (old, new) = (Lines::of(self.old), Lines::of(self.new));
        // Headers and ARNs stand in a file once, so that it is divided by them in linear time.
        let changes = capture_diff_slices(Algorithm::Patience, &old.bytes, &new.bytes);
        let hunks = group_diff_ops(changes, CONTEXT);
        let mut text = String::new();
        if !hunks.is_empty() {
            let path = self.old.path.display().to_string();
            for mark in ["---", "+++"] {
                text += &self.line(BOLD, &format!("{mark} {path}"));
            }
        }
        for hunk in &hunks {
            text += &self.hunk(hunk, &old, &new);
        }
        text
    }

    fn hunk(&self, hunk: &[DiffOp], old: &Lines, new: &Lines) -> String {
        let (Some(first), Some(last)) = (hunk.first(), hunk.last()) else { return String::new() };
        let olds = first.old_range().start..last.old_range().end;
        let news = first.new_range().start..last.new_range().end;
        let head = format!("@@ -{} +{} @@{}", numbers(&olds), numbers(&news), self.section(&olds));
        let mut text = self.line(CYAN, &head);
        for change in hunk {
            let (removed, added) = (change.old_range(), change.new_range());
            if change.tag() == DiffTag::Equal {
                text += &self.lines(' ', old, removed);
            } else {
                text += &self.lines('-', old, removed);
                text += &self.lines('+', new, added);
            }
        }
        text
    }

    /// Returns the header of the section that a hunk begins in, unless the hunk shows it.
    fn section(&self, olds: &Range<usize>) -> String {
        let sections = &self.old.sections;
        let above = sections.partition_point(|section| section.line <= olds.start);
        let above = above.checked_sub(1).map(|at| self.old.shown_section(&sections[at]));
        let header = above.and_then(|lines| lines.into_iter().next());
        header.map(|(_, header)| format!(" {header}")).unwrap_or_default()
    }

    fn lines(&self, mark: char, lines: &Lines, range: Range<usize>) -> String {
        let style = match mark {
            '-' => RED,
            '+' => GREEN,
            _ => "",
        };
        let mut text = String::new();
        for at in range {
            text += &self.line(style, &format!("{mark}{}", lines.shown[at]));
            if !lines.bytes[at].ends_with(b"\n") {
                text += &self.line("", "\\ No newline at end of file");
            }
        }
        text
    }

    fn line(&self, style: &str, text: &str) -> String {
        let text = shown(text);
        if style.is_empty() || self.colored == Colored::No {
            return text + "\n";
        }
        format!("\u{1b}[{style}m{text}\u{1b}[0m\n")
    }
}

/// Returns a line of a file without what would move the cursor; tabs stay.
pub fn shown(line: &str) -> String {
    line.chars().map(|c| if c != '\t' && is_hostile(c) { '\u{fffd}' } else { c }).collect()
}

/// Renders the lines of a hunk as `diff` does: the first and how many; an empty range by the line
/// before it.
fn numbers(range: &Range<usize>) -> String {
    match range.len() {
        0 => format!("{},0", range.start),
        1 => format!("{}", range.start + 1),
        length => format!("{},{length}", range.start + 1),
    }
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::*;
    use crate::config::document::FileKind;

    fn diff(old: &str, new: &str, colored: Colored) -> String {
        let document = |text: &str| {
            let bytes = text.as_bytes().to_vec().into();
            Document::parse(FileKind::Config, Path::new("/aws/config"), bytes)
        };
        FileDiff::new(&document(old), &document(new), colored).render()
    }

    #[test]
    fn diff_shows_each_change_with_three_lines_around() {
        let lines = |from: usize, to: usize| (from..=to).map(|n| format!("k{n} = v\n"));
        let old: String = ["[profile a]\n".to_owned()].into_iter().chain(lines(2, 20)).collect();
        let new = old.replace("k6 = v\n", "k6 = w\n").replace("k18 = v\n", "");
        assert_eq!(
            diff(&old, &new, Colored::No),
            "\
--- /aws/config
+++ /aws/config
@@ -3,7 +3,7 @@ [profile a]
 k3 = v
 k4 = v
 k5 = v
-k6 = v
+k6 = w
 k7 = v
 k8 = v
 k9 = v
@@ -15,6 +15,5 @@ [profile a]
 k15 = v
 k16 = v
 k17 = v
-k18 = v
 k19 = v
 k20 = v
"
        );
        assert_eq!(diff(&old, &old, Colored::Yes), "");
    }

    #[test]
    fn file_that_begins_or_ends_is_shown_as_diff_does() {
        assert_eq!(
            diff("", "[default]\nregion = x\n", Colored::No),
            "--- /aws/config\n+++ /aws/config\n@@ -0,0 +1,2 @@\n+[default]\n+region = x\n"
        );
        assert_eq!(
            diff("[default]", "[default]\na = b", Colored::No),
            "--- /aws/config\n+++ /aws/config\n@@ -1 +1,2 @@\n-[default]\n\\ No newline at end of \
             file\n+[default]\n+a = b\n\\ No newline at end of file\n"
        );
    }

    #[test]
    fn colors_mark_lines_and_secrets_and_controls_are_not_shown() {
        let text = diff(
            "[default]\naws_secret_access_key = HIDDEN\n",
            "[default]\na = \u{1b}[2J\naws_secret_access_key = OTHER\n",
            Colored::Yes,
        );
        assert!(text.contains("\u{1b}[31m-aws_secret_access_key = ****\u{1b}[0m\n"), "{text}");
        assert!(text.contains("\u{1b}[32m+a = \u{fffd}[2J\u{1b}[0m\n"), "{text}");
        assert!(!text.contains("HIDDEN") && !text.contains("OTHER"), "{text}");
    }
}
