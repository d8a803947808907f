//! The words of a line that is still being typed, and how a value is written into it.

use std::fmt::Write as _;

/// Returns whether no shell needs quotes for a character.
fn is_plain(c: char) -> bool {
    c.is_ascii_alphanumeric() || "_./:@%+,=-".contains(c) || (!c.is_ascii() && c.is_alphanumeric())
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Syntax {
    /// A backslash escapes outside of quotes, and a backquote is no quote.
    Posix,
    Nushell,
}

/// A line up to the cursor, split as its shell splits it.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct TypedLine<'a> {
    before: Vec<String>,
    /// The value of the word at the cursor.
    pub current: String,
    /// That word as it is typed.
    typed: &'a str,
    text: &'a str,
    /// Where the words begin in the text.
    begins: Vec<usize>,
    /// The quote that is open at the cursor.
    quote: Option<char>,
}

impl<'a> TypedLine<'a> {
    pub fn bash(text: &'a str) -> Self {
        Self::read(text, Syntax::Posix)
    }

    pub fn nushell(text: &'a str) -> Self {
        Self::read(text, Syntax::Nushell)
    }

    /// Returns the words between the command's name and the cursor.
    pub fn words(&self) -> &[String] {
        self.before.get(self.assignments() + 1..).unwrap_or_default()
    }

    /// Returns the number of assignments before the command's name.
    fn assignments(&self) -> usize {
        let is_assignment = |word: &&String| {
            word.split_once('=').is_some_and(|(name, _)| {
                !name.is_empty() && name.chars().all(|c| c.is_ascii_alphanumeric() || c == '_')
            })
        };
        self.before.iter().take_while(is_assignment).count()
    }

    /// Returns the index in `COMP_WORDS` of the word that stands after the command's name and
    /// `before` more words. bash counts otherwise: its words end at `:` and `=` too.
    pub fn comp_word(&self, before: usize, comp_words: &[String]) -> usize {
        let wanted = self.begins.get(self.assignments() + 1 + before).copied();
        let wanted = wanted.unwrap_or(self.text.len());
        let begin = self.begins.first().copied().unwrap_or_default();
        let mut rest = &self.text[begin..];
        let is_before = |word: &&String| {
            rest = rest.trim_start();
            let Some(found) = rest.find(word.as_str()) else { return false };
            let begin = self.text.len() - rest.len() + found;
            rest = &rest[found + word.len()..];
            begin < wanted
        };
        comp_words.iter().take_while(is_before).count()
    }

    fn read(text: &'a str, syntax: Syntax) -> Self {
        let posix = syntax == Syntax::Posix;
        let mut line = Self { typed: text, text, ..Self::default() };
        // Whether the word has begun, perhaps with a quote alone.
        let mut begun = false;
        let mut characters = text.char_indices();
        while let Some((at, c)) = characters.next() {
            if !begun && !c.is_whitespace() {
                (begun, line.typed) = (true, &text[at..]);
                line.begins.push(at);
            }
            match (line.quote, c) {
                (Some(quote), c) if c == quote => line.quote = None,
                (Some('"'), '\\') => match characters.next() {
                    Some((_, c)) if !posix || "$`\"\\\n".contains(c) => line.current.push(c),
                    Some((_, c)) => line.current.extend(['\\', c]),
                    None => {}
                },
                (None, '\\') if posix => line.current.extend(characters.next().map(|(_, c)| c)),
                (None, '\'' | '"') => line.quote = Some(c),
                (None, '`') if !posix => line.quote = Some(c),
                // Another command begins.
                (None, '|' | ';' | '&' | '(' | '\n') => {
                    (line, begun) = (Self { text, ..Self::default() }, false);
                }
                (None, c) if c.is_whitespace() => {
                    if std::mem::take(&mut begun) {
                        line.before.push(std::mem::take(&mut line.current));
                    }
                }
                (_, c) => line.current.push(c),
            }
        }
        if !begun {
            line.typed = "";
        }
        line
    }

    /// Returns the text that bash puts in place of readline's word, so that the word at the cursor
    /// becomes `value`.
    pub fn replacement(&self, readlines_word: &str, value: &str) -> String {
        let kept = self.typed.strip_suffix(readlines_word).unwrap_or(self.typed);
        let kept = Self::read(kept, Syntax::Posix);
        let rest = value.strip_prefix(kept.current.as_str()).unwrap_or(value);
        let mut text = String::new();
        for c in rest.chars() {
            match (kept.quote, c) {
                (Some('\''), '\'') => text.push_str(r"'\''"),
                (Some('"'), '!') => text.push_str("\"'!'\""),
                (Some('"'), '$' | '`' | '"' | '\\') => text.extend(['\\', c]),
                (None, c) if c.is_ascii() && !is_plain(c) => text.extend(['\\', c]),
                (_, c) => text.push(c),
            }
        }
        text
    }
}

/// Quotes a value for PowerShell: in single quotes. Typographic single quotes end them too.
pub fn powershell(value: &str) -> String {
    let bare = value.chars().all(|c| is_plain(c) && !"@,%".contains(c))
        && !value.starts_with(|c: char| c.is_ascii_digit());
    if bare {
        return value.to_owned();
    }
    let doubled = value.chars().flat_map(|c| {
        if "'\u{2018}\u{2019}\u{201a}\u{201b}".contains(c) { vec![c, c] } else { vec![c] }
    });
    format!("'{}'", doubled.collect::<String>())
}

/// Quotes a value for nushell. A value that could be a number, a size or a constant is quoted, so
/// that it stays as it is written.
pub fn nushell(value: &str) -> String {
    let constant = matches!(value, "true" | "false" | "null")
        || value.starts_with(|c: char| c.is_ascii_digit() || ".+".contains(c));
    if value.chars().all(|c| is_plain(c) && c != '%') && !constant {
        return value.to_owned();
    }
    if !value.contains('\'') {
        return format!("'{value}'");
    }
    value.chars().fold("\"".to_owned(), |mut text, c| {
        let _ = if matches!(c, '"' | '\\') { write!(text, "\\{c}") } else { write!(text, "{c}") };
        text
    }) + "\""
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn line_splits_into_words_as_its_shell_does() {
        let read = |line: &TypedLine| (line.words().to_vec(), line.current.clone());
        for (text, words, current) in [
            ("rolecall env pr", vec!["env"], "pr"),
            ("rolecall env ", vec!["env"], ""),
            ("A=1 B='x y' rolecall env a\\ b", vec!["env"], "a b"),
            ("echo x; rolecall env \"a b\" 'c d' \"e$\\\"", vec!["env", "a b", "c d"], "e$\""),
            ("rolecall env ''x\"y\"'z", vec!["env"], "xyz"),
            ("rolecall env '' a", vec!["env", ""], "a"),
            ("rolecall exec prod -- a|b && rolecall x", vec![], "x"),
            ("rolecall env a\\", vec!["env"], "a"),
            ("rolecall env \"\\a\\", vec!["env"], "\\a"),
        ] {
            assert_eq!(
                read(&TypedLine::bash(text)),
                (words.iter().map(|&w| w.to_owned()).collect(), current.to_owned()),
                "{text}"
            );
        }
        for (text, words, current) in [
            ("rolecall env a\\b", vec!["env"], "a\\b"),
            ("ls | rolecall env `a b` \"c\\\"d", vec!["env", "a b"], "c\"d"),
        ] {
            assert_eq!(
                read(&TypedLine::nushell(text)),
                (words.iter().map(|&w| w.to_owned()).collect(), current.to_owned()),
                "{text}"
            );
        }
    }

    #[test]
    fn command_is_found_in_words_of_bash() {
        for (text, comp_words, before, index) in [
            ("rolecall exec prod aws", "rolecall exec prod aws", 2, 3),
            ("rolecall exec prod ", "rolecall exec prod ", 2, 3),
            ("rolecall exec prod -- aws s3 ls", "rolecall exec prod -- aws s3 ls", 3, 4),
            ("rolecall exec --tag k=v p aws", "rolecall exec --tag k = v p aws", 4, 7),
            ("A=1 rolecall exec a:b aws s3", "rolecall exec a : b aws s3", 2, 5),
            ("ls; rolecall exec a a a", "rolecall exec a a a", 2, 3),
            ("rolecall exec p", "other", 1, 0),
        ] {
            let comp_words: Vec<String> = comp_words.split(' ').map(str::to_owned).collect();
            assert_eq!(TypedLine::bash(text).comp_word(before, &comp_words), index, "{text}");
        }
    }

    /// bash itself reads the replaced word back as the value.
    #[cfg(unix)]
    #[test]
    fn inserted_text_reads_back_as_value() {
        let hostile = "a'b \"$(id)` !x;|&~#*?[]{}\\ é\u{a0}=:@%^<>";
        for (typed, word) in [
            ("", ""),
            ("a", "a"),
            ("\"", ""),
            ("'", ""),
            ("'a", "a"),
            ("\"a'", "a'"),
            ("a\\'b\\ ", "a\\'b\\ "),
            ("--x=a", "a"),
            ("--x=", ""),
        ] {
            let before = format!("rolecall {typed}");
            let line = TypedLine::bash(&before);
            let value = if typed.starts_with("--x=") {
                format!("--x={hostile}")
            } else {
                hostile.to_owned()
            };
            let replaced =
                before.strip_suffix(word).unwrap().to_owned() + &line.replacement(word, &value);
            let open = line.quote.map(String::from).unwrap_or_default();
            let read = std::process::Command::new("bash")
                .args([
                    "-c",
                    &format!(
                        "printf %s {}",
                        replaced.strip_prefix("rolecall ").unwrap().to_owned() + &open
                    ),
                ])
                .output()
                .unwrap();
            assert_eq!(String::from_utf8_lossy(&read.stdout), value, "{typed}: {replaced}");
        }
    }

    #[test]
    fn values_are_quoted_for_powershell_and_nushell() {
        for (value, written) in [
            ("prod", "prod"),
            ("a b", "'a b'"),
            ("a'b", "'a''b'"),
            ("$(x)", "'$(x)'"),
            ("a\u{2019};x", "'a\u{2019}\u{2019};x'"),
            ("1kb", "'1kb'"),
            ("a,b", "'a,b'"),
        ] {
            assert_eq!(powershell(value), written);
        }
        for (value, written) in [
            ("prod", "prod"),
            ("a b", "'a b'"),
            ("a'b\"c\\d", "\"a'b\\\"c\\\\d\""),
            ("$(x)", "'$(x)'"),
            ("true", "'true'"),
            ("12", "'12'"),
            ("--x=y", "--x=y"),
        ] {
            assert_eq!(nushell(value), written);
        }
    }
}
