//! The lines of `credential_process` and `mfa_process`. A plain one starts its program itself, as in
//! botocore: ending it ends the program, and one that is not there is named. One that needs a shell
//! gets it, as in the SDKs for Rust, Go, Java and JavaScript.

use tokio::process::Command;

use super::search_path::SearchPath;

/// Makes a command of a line.
#[cfg(unix)]
pub fn command(line: &str, _: &SearchPath) -> Command {
    if let Some([program, arguments @ ..]) = posix::words(line).as_deref() {
        let mut command = Command::new(program);
        command.args(arguments);
        command
    } else {
        let mut command = Command::new("/bin/sh");
        command.arg("-c").arg(line);
        command
    }
}

/// Returns the program that a line starts, where that can be told without a shell.
#[cfg(unix)]
pub fn program(line: &str) -> Option<String> {
    posix::words(line)?.into_iter().next()
}

/// Makes a command of a line.
#[cfg(windows)]
pub fn command(line: &str, search_path: &SearchPath) -> Command {
    if let Some((program, arguments)) = windows::start(line, |name| search_path.find(name)) {
        let mut command = Command::new(program);
        command.raw_arg(arguments);
        command
    } else {
        let mut command = Command::new("cmd.exe");
        // The quotes around the line are taken away, and no others (cmd /?).
        command.args(["/D", "/S", "/C"]).raw_arg(format!("\"{line}\""));
        command
    }
}

/// Returns the program that a line starts, where that can be told without a shell.
#[cfg(windows)]
pub fn program(line: &str) -> Option<String> {
    let (program, _) = windows::split(line)?;
    (!windows::is_built_in(program)).then(|| program.to_owned())
}

#[cfg(any(unix, test))]
mod posix {
    /// Returns the words of a plain line.
    pub fn words(line: &str) -> Option<Vec<String>> {
        let is_plain = |c: char| !c.is_control() && !";&|(){}<>$`*?[]~#!".contains(c);
        let words = line.chars().all(is_plain).then(|| shlex::split(line)).flatten()?;
        // A first word with `=` sets a variable.
        words.first().is_some_and(|program| !program.contains('=')).then_some(words)
    }
}

#[cfg(any(windows, test))]
mod windows {
    use std::path::{Path, PathBuf};

    /// The commands of cmd.exe itself (`help`).
    const BUILT_IN: &str = "assoc break call cd chdir cls color copy date del dir dpath echo \
        endlocal erase exit for ftype goto if keys md mkdir mklink move path pause popd prompt \
        pushd rd rem ren rename rmdir set setlocal shift start time title type ver verify vol";

    /// Returns the program to start for a line, and its arguments as they stand: programs on Windows
    /// split them themselves. `None` where cmd.exe has to run the line: it has a meaning for cmd.exe,
    /// or its program is a batch file, whose arguments cmd.exe reads as well.
    pub fn start(line: &str, find: impl Fn(&str) -> Option<PathBuf>) -> Option<(PathBuf, &str)> {
        let (program, arguments) = split(line)?;
        match find(program) {
            Some(file) if is_batch(&file) => None,
            Some(file) => Some((file, arguments)),
            None if is_built_in(program) => None,
            None => Some((program.into(), arguments)),
        }
    }

    /// Splits a plain line into its program and the rest. Quotes are those of cmd.exe: each one
    /// opens or closes, and a variable is filled in between them too.
    pub fn split(line: &str) -> Option<(&str, &str)> {
        let mut is_quoted = false;
        for c in line.chars() {
            is_quoted ^= c == '"';
            if c.is_control() || c == '%' || (!is_quoted && "&|<>^()".contains(c)) {
                return None;
            }
        }
        let line = line.trim();
        let (program, rest) = match line.strip_prefix('"') {
            Some(rest) => rest.split_once('"')?,
            None => line.split_at(line.find([' ', '"']).unwrap_or(line.len())),
        };
        // cmd.exe takes more than a blank for the end of a name, and `@` for a switch.
        let is_plain = !program.is_empty() && !program.contains([',', ';', '=', '@', '"']);
        let ends = rest.is_empty() || rest.starts_with(' ');
        (is_plain && ends && !is_quoted).then(|| (program, rest.trim_start()))
    }

    /// Returns whether cmd.exe has a command itself; `echo.` is `echo`.
    pub fn is_built_in(program: &str) -> bool {
        let name = program.split(['.', ':', '/', '\\']).next().unwrap_or_default();
        BUILT_IN.split(' ').any(|command| command.eq_ignore_ascii_case(name))
    }

    fn is_batch(file: &Path) -> bool {
        let extension = file.extension().unwrap_or_default();
        ["bat", "cmd"].iter().any(|batch| extension.eq_ignore_ascii_case(batch))
    }
}

#[cfg(test)]
mod tests {
    use std::path::PathBuf;

    use super::{posix, windows};

    #[test]
    fn plain_line_is_split_and_one_for_a_shell_is_not() {
        for (line, words) in [
            ("tool --profile prod", Some(&["tool", "--profile", "prod"][..])),
            ("'/opt/my tool' \"a b\"", Some(&["/opt/my tool", "a b"])),
            ("tool | jq .", None),
            ("tool $HOME", None),
            ("A=1 tool", None),
            ("tool 'a", None),
            ("tool a\nb", None),
            ("", None),
        ] {
            let words = words.map(|words| words.iter().map(ToString::to_string).collect());
            assert_eq!(posix::words(line), words, "{line}");
        }
    }

    #[test]
    fn program_of_plain_line_on_windows_is_started_itself() {
        let quoted = r#""C:\Program Files (x86)\a b\tool.exe" --name "x y" z"#;
        for (line, start) in [
            ("aws-vault exec prod", Some((r"P:\aws-vault.exe", "exec prod"))),
            (quoted, Some((r"C:\Program Files (x86)\a b\tool.exe", r#"--name "x y" z"#))),
            (r"C:\tools\tool.exe  a", Some((r"C:\tools\tool.exe", "a"))),
            ("C:/tools/tool.exe", Some(("C:/tools/tool.exe", ""))),
            (r#"aws-vault "a & b" "c|d""#, Some((r"P:\aws-vault.exe", r#""a & b" "c|d""#))),
            (r#"aws-vault a="b c""#, Some((r"P:\aws-vault.exe", r#"a="b c""#))),
            ("missing a", Some(("missing", "a"))),
            // For cmd.exe.
            ("cdk creds", None),
            (r#""cdk" "a b""#, None),
            ("echo {}", None),
            ("echo.", None),
            ("Type C:\\creds.json", None),
            ("aws-vault a & b", None),
            ("aws-vault a > b", None),
            ("aws-vault %USERNAME%", None),
            (r#"aws-vault "%USERNAME%""#, None),
            ("(aws-vault)", None),
            ("@aws-vault", None),
            ("aws-vault;a", None),
            (r#"aws-vault" a"#, None),
            (r#""C:\a b"c d"#, None),
            (r#""C:\a b"#, None),
            ("a\r\nb", None),
            ("", None),
            ("  ", None),
        ] {
            let find = |name: &str| match name {
                "aws-vault" => Some(PathBuf::from(r"P:\aws-vault.exe")),
                "cdk" => Some(PathBuf::from(r"P:\cdk.CMD")),
                name if name.contains(['/', '\\']) => Some(PathBuf::from(name)),
                _ => None,
            };
            let found = windows::start(line, find);
            let expected = start.map(|(program, arguments)| (PathBuf::from(program), arguments));
            assert_eq!(found, expected, "{line}");
        }
    }
}
