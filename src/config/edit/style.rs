//! How lines `key = value` are written, learned from those that are there.

use zeroize::Zeroizing;

use crate::config::syntax::Spans;

/// The indentation of a nested key where none is there to learn from: that of the AWS CLI.
const INDENT: &[u8] = b"    ";

/// The blanks of a line `key = value`.
#[derive(Debug, Clone)]
pub(super) struct LineStyle {
    indent: Vec<u8>,
    /// Where the `=` stands, in bytes from the start of the line, when the lines are aligned.
    column: Option<usize>,
    before: Vec<u8>,
    after: Vec<u8>,
}

impl Default for LineStyle {
    fn default() -> Self {
        Self { indent: Vec::new(), column: None, before: b" ".to_vec(), after: b" ".to_vec() }
    }
}

impl LineStyle {
    /// Learns from all lines whether they are aligned, and everything else from the last one.
    /// Returns `None` if there are no lines.
    pub(super) fn of(text: &[u8], lines: &[Spans]) -> Option<Self> {
        let last = lines.last()?;
        let column = |spans: &Spans| spans.equals - spans.line.start;
        let before = |spans: &Spans| text[spans.key.end..spans.equals].to_vec();
        let wide = before(last).len() > 1;
        let padded = wide || lines.iter().any(|line| before(line) != before(last));
        let aligned = padded && lines.iter().all(|line| column(line) == column(last));
        let valued = lines.iter().rev().find(|line| !line.value.is_empty());
        let after = match valued {
            Some(line) => text[line.equals + 1..line.value.start].to_vec(),
            None => before(last).into_iter().take(1).collect(),
        };
        Some(Self {
            indent: text[last.line.start..last.key.start].to_vec(),
            column: aligned.then(|| column(last)),
            before: if wide { b" ".to_vec() } else { before(last) },
            after,
        })
    }

    /// Returns the style for the first key of a nested block.
    pub(super) fn nested(self) -> Self {
        Self { indent: INDENT.to_vec(), column: None, ..self }
    }

    /// Returns the blanks between `=` and value.
    pub(super) fn after(&self) -> &[u8] {
        &self.after
    }

    /// Writes a line `key = value`, or `key =`.
    pub(super) fn line(&self, key: &str, value: &[u8], end: &[u8]) -> Zeroizing<Vec<u8>> {
        let before = match self.column {
            Some(column) => {
                let width = self.indent.len() + key.len();
                vec![b' '; column.saturating_sub(width).max(1)]
            }
            None => self.before.clone(),
        };
        let after = if value.is_empty() { &[][..] } else { &self.after };
        Zeroizing::new([&self.indent, key.as_bytes(), &before, b"=", after, value, end].concat())
    }
}
