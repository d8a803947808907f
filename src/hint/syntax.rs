//! How a shell reads the commands of hints: its quotes and its variables.

use std::borrow::Cow;
use std::sync::OnceLock;

use crate::platform::Platform;
use crate::platform::ancestors::ancestors;
use crate::text::is_hostile;

/// How a shell reads a line.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Syntax {
    Posix,
    PowerShell,
    /// The command interpreter of Windows.
    Cmd,
}

impl Syntax {
    /// Returns the syntax of the shell that hints are pasted into. On Windows the processes above
    /// this one are looked at, once.
    pub fn here() -> Self {
        static FOUND: OnceLock<Syntax> = OnceLock::new();
        match Platform::HERE {
            Platform::Linux | Platform::MacOs => Self::Posix,
            Platform::Windows => *FOUND.get_or_init(|| {
                let names = ancestors().into_iter().filter_map(|ancestor| ancestor.name);
                Self::of_windows(names)
            }),
        }
    }

    /// Returns the syntax of the shell that a person uses on Windows, by the names of the processes
    /// from the parent upwards. SDKs start their processes by cmd.exe, so that another shell above
    /// it counts more.
    fn of_windows(names: impl IntoIterator<Item = String>) -> Self {
        let shells: Vec<Self> = names.into_iter().filter_map(|name| Self::of(&name)).collect();
        let person = shells.iter().find(|shell| **shell != Self::Cmd).or(shells.first());
        person.copied().unwrap_or(Self::PowerShell)
    }

    /// Returns the syntax of a shell by the name of its program.
    fn of(program: &str) -> Option<Self> {
        let name = program.to_ascii_lowercase();
        match name.strip_suffix(".exe").unwrap_or(&name) {
            "cmd" => Some(Self::Cmd),
            "bash" | "sh" | "zsh" | "fish" | "dash" | "ksh" | "busybox" => Some(Self::Posix),
            name if name.starts_with("pwsh") || name.starts_with("powershell") => {
                Some(Self::PowerShell)
            }
            _ => None,
        }
    }

    /// Returns a text as one word, which the shell reads as this text and nothing else. What may
    /// not reach a terminal is spelled out, because it would be shown as something else; cmd.exe
    /// cannot spell, so that its word has a replacement character there.
    pub fn word(self, text: &str) -> Cow<'_, str> {
        match self {
            Self::Posix => posix_word(text),
            Self::PowerShell | Self::Cmd if is_plain(text) => Cow::Borrowed(text),
            Self::PowerShell => Cow::Owned(powershell_word(text)),
            Self::Cmd => Cow::Owned(cmd_word(text)),
        }
    }

    /// Returns the command that sets a variable; `value` holds nothing that has to be quoted.
    pub fn set(self, name: &str, value: &str) -> String {
        match self {
            Self::Posix => format!("export {name}={value}"),
            Self::PowerShell => format!("$env:{name} = '{value}'"),
            Self::Cmd => format!("set \"{name}={value}\""),
        }
    }

    /// Returns the command that sets a variable to a secret, which no history may keep.
    pub fn ask_for(self, name: &str) -> String {
        match self {
            Self::Posix => format!("export {name}"),
            Self::PowerShell => format!("$env:{name} = Read-Host"),
            Self::Cmd => format!("set /p {name}="),
        }
    }

    /// Returns the command that lists the variables whose names hold one of some parts, in any case.
    pub fn list_variables(self, parts: &[&str]) -> String {
        let each = |before: &str, after: &str| {
            parts.iter().map(|part| format!("{before}{part}{after}")).collect::<Vec<_>>()
        };
        match self {
            Self::Posix => format!("env | grep -i {}", each("-e ", "").join(" ")),
            Self::PowerShell => format!("Get-ChildItem {}", each("Env:*", "*").join(", ")),
            Self::Cmd => format!("set | findstr /i \"{}\"", parts.join(" ")),
        }
    }

    /// Returns the command that puts the credentials of a profile into the shell.
    pub fn evaluate_env(self) -> &'static str {
        match self {
            Self::Posix => "eval \"$(rolecall env PROFILE)\"",
            Self::PowerShell => "rolecall env PROFILE | Out-String | Invoke-Expression",
            Self::Cmd => "for /f \"delims=\" %i in ('rolecall env PROFILE') do @%i",
        }
    }

    /// Returns the command that takes variables away.
    pub fn unset(self, names: &[&str]) -> String {
        let each = |before: &str, after: &str, between: &str| {
            let all = names.iter().map(|name| format!("{before}{name}{after}"));
            all.collect::<Vec<_>>().join(between)
        };
        match self {
            Self::Posix => format!("unset {}", names.join(" ")),
            Self::PowerShell => each("$env:", " = ", "") + "$null",
            Self::Cmd => each("set \"", "=\"", " & "),
        }
    }
}

/// Commands about files and programs.
impl Syntax {
    /// Shows whose a file or folder is and who may use it, or that it is not there.
    pub fn look_at(self, path: &str) -> String {
        let program = match self {
            Self::Posix => "ls -ld",
            Self::PowerShell | Self::Cmd => "icacls",
        };
        format!("{program} {}", self.word(path))
    }

    /// Shows how a file begins.
    pub fn show(self, path: &str) -> String {
        let program = match self {
            Self::Posix => "head",
            Self::PowerShell | Self::Cmd => "more",
        };
        format!("{program} {}", self.word(path))
    }

    /// Shows where a program is that is found by its name.
    pub fn find_program(self, name: &str) -> String {
        let program = match self {
            Self::Posix => "command -v",
            // PowerShell has another `where`.
            Self::PowerShell | Self::Cmd => "where.exe",
        };
        format!("{program} {}", self.word(name))
    }

    /// Lets a file's owner write to it.
    pub fn make_writable(self, path: &str) -> String {
        let program = match self {
            Self::Posix => "chmod u+w",
            Self::PowerShell | Self::Cmd => "attrib -r",
        };
        format!("{program} {}", self.word(path))
    }

    /// Gives a file another place.
    pub fn rename(self, from: &str, to: &str) -> String {
        let program = match self {
            Self::Posix => "mv",
            Self::PowerShell | Self::Cmd => "move",
        };
        format!("{program} {} {}", self.word(from), self.word(to))
    }

    /// Converts a file to UTF-8, which its owner keeps to himself. `from` is the encoding as `iconv`
    /// calls it.
    pub fn convert_to_utf_8(self, from: &str, path: &str) -> String {
        let powershell = || {
            let from = if from == "UTF-16BE" { "BigEndianUnicode" } else { "Unicode" };
            let path = Self::PowerShell.word(path);
            format!("(Get-Content -Encoding {from} {path}) | Set-Content -Encoding UTF8 {path}")
        };
        match self {
            Self::Posix => {
                let new = format!("{path}.utf-8");
                let (new, path) = (self.word(&new), self.word(path));
                format!(
                    "iconv -f {from} -t UTF-8 {path} > {new} && chmod 600 {new} && mv {new} {path}"
                )
            }
            Self::PowerShell => powershell(),
            Self::Cmd => format!("powershell -Command {}", self.word(&powershell())),
        }
    }
}

/// Returns whether PowerShell and cmd.exe read a text as itself.
fn is_plain(text: &str) -> bool {
    let is_plain = |c: char| c.is_ascii_alphanumeric() || r"_-.:/\+@".contains(c);
    text.chars().all(is_plain) && !text.is_empty() && !text.starts_with('@')
}

fn posix_word(text: &str) -> Cow<'_, str> {
    match shlex::try_quote(text) {
        Ok(quoted) if !text.chars().any(is_hostile) => quoted,
        _ => Cow::Owned(posix_spelled(text)),
    }
}

/// Spells a text as what `printf` prints.
fn posix_spelled(text: &str) -> String {
    let mut word = "\"$(printf %b '".to_owned();
    for c in text.chars() {
        if is_hostile(c) || matches!(c, '\'' | '\\') {
            c.encode_utf8(&mut [0; 4]).bytes().for_each(|byte| word += &format!("\\0{byte:03o}"));
        } else {
            word.push(c);
        }
    }
    word + "')\""
}

/// Quotes a text for PowerShell, where curly quotes are quotes too (about_Quoting_Rules).
fn powershell_word(text: &str) -> String {
    if !text.chars().any(is_hostile) {
        let is_quote = |c| matches!(c, '\'' | '\u{2018}'..='\u{201b}');
        let doubled =
            text.chars().flat_map(|c| [c, c].into_iter().take(1 + usize::from(is_quote(c))));
        return format!("'{}'", doubled.collect::<String>());
    }
    let mut word = "\"".to_owned();
    for c in text.chars() {
        match c {
            c if is_hostile(c) => {
                word += &format!("$([char]::ConvertFromUtf32({}))", u32::from(c));
            }
            '"' | '$' | '`' | '\u{201c}'..='\u{201e}' => word.extend(['`', c]),
            c => word.push(c),
        }
    }
    word + "\""
}

/// Quotes a text for cmd.exe and for the C library of the program that gets it: a backslash escapes
/// where a quote follows ("Parsing C++ command-line arguments"). Where cmd.exe would find a variable
/// or the end of a quote, each of its special characters is escaped instead, the quotes as well.
fn cmd_word(text: &str) -> String {
    let text = crate::text::clean(text);
    let (mut word, mut backslashes) = ("\"".to_owned(), 0);
    for c in text.chars() {
        if c == '"' {
            word += &r"\".repeat(backslashes + 1);
        }
        backslashes = if c == '\\' { backslashes + 1 } else { 0 };
        word.push(c);
    }
    word += &r"\".repeat(backslashes);
    word.push('"');
    if !text.contains(['"', '%']) {
        return word;
    }
    let mut escaped = String::new();
    for c in word.chars() {
        if "()%!^\"<>&|".contains(c) {
            escaped.push('^');
        }
        escaped.push(c);
    }
    escaped
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn word_is_quoted_where_the_shell_needs_it() {
        for (text, posix, powershell, cmd) in [
            ("prod", "prod", "prod", "prod"),
            (
                "team/a.b_c-d:e@f+1",
                "team/a.b_c-d:e@f+1",
                "team/a.b_c-d:e@f+1",
                "team/a.b_c-d:e@f+1",
            ),
            (r"C:\a\b", r#""C:\\a\\b""#, r"C:\a\b", r"C:\a\b"),
            (r"C:\a b\", r#""C:\\a b\\""#, r"'C:\a b\'", r#""C:\a b\\""#),
            ("", "''", "''", "\"\""),
            ("@a", "@a", "'@a'", "\"@a\""),
            ("a b & c", "'a b & c'", "'a b & c'", "\"a b & c\""),
            ("it's", "\"it's\"", "'it''s'", "\"it's\""),
            ("a\u{2019}b", "'a\u{2019}b'", "'a\u{2019}\u{2019}b'", "\"a\u{2019}b\""),
            ("$(x)`y`", "'$(x)`y`'", "'$(x)`y`'", "\"$(x)`y`\""),
            ("%PATH% x", "'%PATH% x'", "'%PATH% x'", "^\"^%PATH^% x^\""),
            (r#"a\"b|c"#, r#""a\\\"b|c""#, r#"'a\"b|c'"#, r#"^"a\\\^"b^|c^""#),
            (
                "a\u{1b}[2J'\\%",
                r#""$(printf %b 'a\0033[2J\0047\0134%')""#,
                r#""a$([char]::ConvertFromUtf32(27))[2J'\%""#,
                "^\"a\u{fffd}[2J'\\^%^\"",
            ),
            (
                "\u{202e}$d",
                r#""$(printf %b '\0342\0200\0256$d')""#,
                r#""$([char]::ConvertFromUtf32(8238))`$d""#,
                "\"\u{fffd}$d\"",
            ),
        ] {
            assert_eq!(Syntax::Posix.word(text), posix, "{text:?}");
            assert_eq!(Syntax::PowerShell.word(text), powershell, "{text:?}");
            assert_eq!(Syntax::Cmd.word(text), cmd, "{text:?}");
        }
    }

    #[test]
    fn variables_are_set_taken_away_and_listed() {
        for (syntax, set, unset, list) in [
            (Syntax::Posix, "export A=x", "unset A B", "env | grep -i -e A -e B"),
            (
                Syntax::PowerShell,
                "$env:A = 'x'",
                "$env:A = $env:B = $null",
                "Get-ChildItem Env:*A*, Env:*B*",
            ),
            (Syntax::Cmd, "set \"A=x\"", "set \"A=\" & set \"B=\"", "set | findstr /i \"A B\""),
        ] {
            assert_eq!(syntax.set("A", "x"), set);
            assert_eq!(syntax.unset(&["A", "B"]), unset);
            assert_eq!(syntax.list_variables(&["A", "B"]), list);
        }
    }

    #[test]
    fn commands_are_those_of_the_shell() {
        for (syntax, commands) in [
            (Syntax::Posix, ["ls -ld 'a b'", "command -v x", "chmod u+w x", "mv x 'y z'"]),
            (Syntax::PowerShell, ["icacls 'a b'", "where.exe x", "attrib -r x", "move x 'y z'"]),
            (Syntax::Cmd, ["icacls \"a b\"", "where.exe x", "attrib -r x", "move x \"y z\""]),
        ] {
            let found = [
                syntax.look_at("a b"),
                syntax.find_program("x"),
                syntax.make_writable("x"),
                syntax.rename("x", "y z"),
            ];
            assert_eq!(found, commands);
        }
        for (syntax, command) in [
            (
                Syntax::Posix,
                "iconv -f UTF-16BE -t UTF-8 'a b' > 'a b.utf-8' && chmod 600 'a b.utf-8' && \
                 mv 'a b.utf-8' 'a b'",
            ),
            (
                Syntax::PowerShell,
                "(Get-Content -Encoding BigEndianUnicode 'a b') | Set-Content -Encoding UTF8 'a b'",
            ),
            (
                Syntax::Cmd,
                "powershell -Command \"(Get-Content -Encoding BigEndianUnicode 'a b') | \
                 Set-Content -Encoding UTF8 'a b'\"",
            ),
        ] {
            assert_eq!(syntax.convert_to_utf_8("UTF-16BE", "a b"), command);
        }
    }

    #[test]
    fn shell_of_a_person_counts_more_than_that_of_an_sdk() {
        for (names, syntax) in [
            (&["pwsh.exe", "WindowsTerminal.exe"][..], Syntax::PowerShell),
            (&["cmd.exe", "explorer.exe"], Syntax::Cmd),
            (&["CMD.EXE", "python.exe", "PowerShell.exe"], Syntax::PowerShell),
            (&["cmd.exe", "terraform.exe", "bash.exe", "mintty.exe"], Syntax::Posix),
            (&["Code.exe"], Syntax::PowerShell),
            (&[], Syntax::PowerShell),
        ] {
            let found = Syntax::of_windows(names.iter().map(|name| (*name).to_owned()));
            assert_eq!(found, syntax, "{names:?}");
        }
    }

    #[cfg(unix)]
    #[test]
    fn a_shell_reads_each_name_as_itself() {
        for name in [
            "a b",
            "a'b",
            "'",
            "\\",
            "\\0101",
            "%s",
            "!x",
            "a\"b$c",
            "~",
            "#a",
            "*",
            "\u{1b}[31m",
            "日本",
            "a\u{200d}b\u{7}1",
            "-x\u{9b}",
            "--",
        ] {
            let line = format!("printf '%s|' {}", Syntax::Posix.word(name));
            let output =
                std::process::Command::new("/bin/sh").args(["-c", &line]).output().unwrap();
            assert_eq!(String::from_utf8(output.stdout).unwrap(), format!("{name}|"), "{line}");
        }
    }
}
