//! The commands of browsers: words, of which some have a place for the URL.

use super::NoBrowser;
use crate::platform::Platform;

/// What stands for the URL in a command.
pub const URL: &str = "{url}";
/// What stands for it in `BROWSER`.
const URL_IN_VARIABLE: &str = "%s";

/// A command that opens a page: a program and its arguments.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BrowserCommand {
    program: String,
    arguments: Vec<String>,
}

impl BrowserCommand {
    /// Reads a command: words that are quoted as in a POSIX shell, on Windows by double quotes
    /// alone. No shell runs it.
    ///
    /// # Errors
    /// It is empty, or a quote has no end.
    pub fn parse(line: &str) -> Result<Self, NoBrowser> {
        Self::parse_on(Platform::HERE, line)
    }

    pub(super) fn parse_on(platform: Platform, line: &str) -> Result<Self, NoBrowser> {
        let words = match platform {
            Platform::Windows => windows_words(line),
            Platform::Linux | Platform::MacOs => shlex::split(line),
        };
        let unreadable = |what| NoBrowser::Unreadable(line.to_owned(), what);
        let mut words = words.ok_or_else(|| unreadable("has a quote without its end"))?;
        if words.is_empty() {
            return Err(unreadable("names no program"));
        }
        let program = words.remove(0);
        Ok(Self { program, arguments: words })
    }

    /// Reads `BROWSER`. An empty command is none, and `&` at its end is for shells.
    pub(super) fn list(list: &str, platform: Platform) -> Result<Vec<Self>, NoBrowser> {
        let separator = if platform == Platform::Windows { ';' } else { ':' };
        let lines = list.split(separator).map(|line| line.trim().trim_end_matches('&').trim());
        lines
            .filter(|line| !line.is_empty())
            .map(|line| {
                let mut command = Self::parse_on(platform, line)?;
                for argument in &mut command.arguments {
                    *argument = argument.replace(URL_IN_VARIABLE, URL);
                }
                Ok(command)
            })
            .collect()
    }

    /// Returns the command of a program without arguments.
    pub fn of_program(program: &str) -> Self {
        Self { program: program.to_owned(), arguments: Vec::new() }
    }

    /// Returns the command with more arguments at its end.
    #[must_use]
    pub fn with_arguments(mut self, arguments: &[&str]) -> Self {
        self.arguments.extend(arguments.iter().map(|&word| word.to_owned()));
        self
    }

    pub(super) fn of_words(words: &&[&str]) -> Self {
        let (program, arguments) = words.split_first().unwrap_or((&"", &[]));
        Self::of_program(program).with_arguments(arguments)
    }

    /// Returns the program, as the command names it.
    pub fn program(&self) -> &str {
        &self.program
    }

    /// Returns whether an argument has a place for a value, such as `{url}`.
    pub fn mentions(&self, place: &str) -> bool {
        self.arguments.iter().any(|argument| argument.contains(place))
    }

    /// Returns the arguments that open a page, with more values in their places. The URL comes last
    /// where no argument has a place for it.
    pub(super) fn arguments(&self, url: &str, values: &[(&str, &str)]) -> Vec<String> {
        let values = [&[(URL, url)], values].concat();
        let last = (!self.mentions(URL)).then(|| url.to_owned());
        self.arguments.iter().map(|argument| filled(argument, &values)).chain(last).collect()
    }
}

/// Puts values into their places. A value in which there is a place stays as it is.
fn filled(mut text: &str, values: &[(&str, &str)]) -> String {
    let mut filled = String::new();
    let first = |text: &str| {
        let found =
            values.iter().filter_map(|(place, value)| Some((text.find(place)?, place, value)));
        found.min_by_key(|(at, ..)| *at).map(|(at, place, value)| (at, at + place.len(), *value))
    };
    while let Some((begin, end, value)) = first(text) {
        filled = filled + &text[..begin] + value;
        text = &text[end..];
    }
    filled + text
}

/// Returns the words between blanks; those between double quotes hold blanks. A backslash is one.
fn windows_words(line: &str) -> Option<Vec<String>> {
    let (mut words, mut word, mut is_quoted) = (Vec::new(), None, false);
    for c in line.chars() {
        match c {
            '"' => {
                is_quoted = !is_quoted;
                word.get_or_insert_default();
            }
            c if c.is_whitespace() && !is_quoted => words.extend(word.take()),
            c => word.get_or_insert_with(String::new).push(c),
        }
    }
    words.extend(word);
    (!is_quoted).then_some(words)
}

#[cfg(test)]
mod tests {
    use super::*;

    const PAGE: &str = "https://h/?a=%73&b=%s";

    #[test]
    fn url_stands_at_its_place_or_last() {
        for (line, expected) in [
            ("firefox", &["firefox", PAGE][..]),
            ("firefox --new-tab {url} -x", &["firefox", "--new-tab", PAGE, "-x"]),
            ("a 'b c' \"d\\\"e\" --u={url}", &["a", "b c", "d\"e", &format!("--u={PAGE}")]),
            ("a $(b) ; c", &["a", "$(b)", ";", "c", PAGE]),
            ("a %s", &["a", "%s", PAGE]),
        ] {
            let command = BrowserCommand::parse_on(Platform::Linux, line).unwrap();
            let words = [vec![command.program().to_owned()], command.arguments(PAGE, &[])].concat();
            assert_eq!(words, expected, "{line}");
        }
    }

    #[test]
    fn values_stand_at_their_places_once() {
        let command = BrowserCommand::parse_on(Platform::Linux, "b {a}{url}-{b}/{a} {c}").unwrap();
        let values = [("{a}", "1{url}"), ("{b}", "{a}")];
        assert_eq!(command.arguments("U", &values), ["1{url}U-{a}/1{url}", "{c}"]);
        assert!(command.mentions("{b}") && !command.mentions("{d}"));
    }

    #[test]
    fn backslashes_of_windows_stay() {
        for (line, expected) in [
            (
                r#""C:\Program Files\Mozilla Firefox\firefox.exe" -P "a b" {url}"#,
                &[r"C:\Program Files\Mozilla Firefox\firefox.exe", "-P", "a b", PAGE][..],
            ),
            (r"C:\b.exe", &[r"C:\b.exe", PAGE]),
            (r#"b "" x"#, &["b", "", "x", PAGE]),
        ] {
            let command = BrowserCommand::parse_on(Platform::Windows, line).unwrap();
            let words = [vec![command.program().to_owned()], command.arguments(PAGE, &[])].concat();
            assert_eq!(words, expected, "{line}");
        }
    }

    #[test]
    fn unreadable_command_says_why() {
        for (platform, line, what) in [
            (Platform::Linux, "a 'b", "has a quote without its end"),
            (Platform::Windows, "a \"b", "has a quote without its end"),
            (Platform::Linux, "  ", "names no program"),
        ] {
            let error = BrowserCommand::parse_on(platform, line).unwrap_err().to_string();
            assert_eq!(error, format!("the command `{line}` {what}"));
        }
    }
}
