//! A line while it is typed, as the kernels of Unix edit one. Pure.

use zeroize::Zeroizing;

use crate::system::terminal::MAX_LINE_BYTES;
use crate::system::terminal::keys::KeyPress;
use crate::text::of;

/// What a key led to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Edit {
    Continue,
    /// The line is whole.
    Done,
    /// There will be no line.
    Ended,
}

pub struct LineEditor {
    text: Zeroizing<String>,
    echoes: bool,
}

impl LineEditor {
    /// `echoes` says whether the line shows.
    pub fn new(echoes: bool) -> Self {
        // It never grows, which would leave a copy behind.
        Self { text: Zeroizing::new(String::with_capacity(MAX_LINE_BYTES)), echoes }
    }

    /// Does what a key says. Returns what the terminal has to show for it.
    pub fn press(&mut self, key: KeyPress) -> (Zeroizing<String>, Edit) {
        let mut shown = Zeroizing::new(String::new());
        let edit = match key {
            KeyPress::Text(text) => {
                self.insert(&Zeroizing::new(text), &mut shown);
                Edit::Continue
            }
            KeyPress::DeleteBack => {
                self.delete(1, &mut shown);
                Edit::Continue
            }
            KeyPress::DeleteToStart => {
                self.delete(usize::MAX, &mut shown);
                Edit::Continue
            }
            KeyPress::DeleteWord => {
                let word = self.text.trim_end();
                let start = word.rfind(char::is_whitespace).map_or(0, |at| at + 1);
                self.delete(self.text[start..].chars().count(), &mut shown);
                Edit::Continue
            }
            // Its end shows also where the line does not.
            KeyPress::Enter => {
                shown.push('\n');
                Edit::Done
            }
            KeyPress::Cancel => Edit::Ended,
            // Ctrl-D is the end of the input.
            KeyPress::DeleteForward if self.text.is_empty() => Edit::Ended,
            _ => Edit::Continue,
        };
        (shown, edit)
    }

    fn insert(&mut self, text: &str, shown: &mut String) {
        for c in text.chars().filter(|c| !c.is_control()) {
            if self.text.len() + c.len_utf8() > MAX_LINE_BYTES {
                return;
            }
            self.text.push(c);
            if self.echoes {
                shown.push(c);
            }
        }
    }

    /// Deletes some of the last characters.
    fn delete(&mut self, count: usize, shown: &mut String) {
        for _ in 0..count {
            let Some(c) = self.text.pop() else { return };
            if self.echoes {
                shown.push_str(&"\u{8} \u{8}".repeat(of(c)));
            }
        }
    }

    /// Returns the line.
    pub fn into_text(self) -> Zeroizing<String> {
        self.text
    }
}

#[cfg(test)]
mod tests {
    use super::KeyPress::*;
    use super::*;

    fn text(text: &str) -> KeyPress {
        Text(text.to_owned())
    }

    #[test]
    fn keys_edit_the_line_and_show_what_the_kernel_shows() {
        for (keys, line, shown) in [
            (vec![text("123"), text("456"), Enter], Some("123456"), "123456\n"),
            (vec![Enter], Some(""), "\n"),
            (vec![text("12"), DeleteBack, text("3"), Enter], Some("13"), "12\u{8} \u{8}3\n"),
            (vec![text("日"), DeleteBack, Enter], Some(""), "日\u{8} \u{8}\u{8} \u{8}\n"),
            (vec![DeleteBack, Up, Tab, text("1"), Enter], Some("1"), "1\n"),
            (vec![text("ab"), DeleteToStart, Enter], Some(""), "ab\u{8} \u{8}\u{8} \u{8}\n"),
            (vec![text("a b "), DeleteWord, Enter], Some("a "), "a b \u{8} \u{8}\u{8} \u{8}\n"),
            (vec![text("a\n\u{1b}b"), Enter], Some("ab"), "ab\n"),
            (vec![text("12"), DeleteForward, Enter], Some("12"), "12\n"),
            (vec![DeleteForward], None, ""),
            (vec![text("12"), Cancel], None, "12"),
        ] {
            for echoes in [true, false] {
                let mut editor = LineEditor::new(echoes);
                let (mut all, mut last) = (String::new(), Edit::Continue);
                for key in keys.clone() {
                    assert_eq!(last, Edit::Continue);
                    let (shown, edit) = editor.press(key);
                    all += &shown;
                    last = edit;
                }
                let wanted = if line.is_some() { Edit::Done } else { Edit::Ended };
                assert_eq!(last, wanted, "{keys:?}");
                assert!(line.is_none_or(|line| *editor.into_text() == line), "{keys:?}");
                let end = if line.is_some() { "\n" } else { "" };
                assert_eq!(all, if echoes { shown } else { end }, "{keys:?}");
            }
        }
    }

    #[test]
    fn line_is_bounded() {
        let mut editor = LineEditor::new(false);
        for _ in 0..MAX_LINE_BYTES {
            editor.press(text("日"));
        }
        let line = editor.into_text();
        assert!(line.len() <= MAX_LINE_BYTES && line.chars().all(|c| c == '日'));
    }
}
