//! Commands to end a hint with. What they name comes from files and servers, and people paste them:
//! a shell must read each name as itself, and run nothing else.

use std::borrow::Cow;
use std::path::Path;

use crate::error::Error;
use crate::text::is_hostile;

/// Returns a text as one word of a POSIX shell. What may not reach a terminal is spelled out,
/// because it would be shown as something else.
pub fn word(text: &str) -> Cow<'_, str> {
    match shlex::try_quote(text) {
        Ok(quoted) if !text.chars().any(is_hostile) => quoted,
        _ => Cow::Owned(spelled(text)),
    }
}

/// Spells a text as what `printf` prints.
fn spelled(text: &str) -> String {
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

/// Returns an option with its value, which may begin as an option does.
pub fn option(name: &str, value: &str) -> String {
    if value.starts_with('-') {
        format!("{name}={}", word(value))
    } else {
        format!("{name} {}", word(value))
    }
}

/// Returns a path as one word of a shell.
pub fn path(path: &Path) -> String {
    word(&path.display().to_string()).into_owned()
}

/// Returns a profile as the argument of a verb.
pub fn profile(name: &str) -> Cow<'_, str> {
    if name.starts_with('-') { Cow::Owned(option("--profile", name)) } else { word(name) }
}

/// Returns a verb for a profile: `rolecall explain prod`.
pub fn command(verb: &str, name: &str) -> String {
    format!("rolecall {verb} {}", profile(name))
}

/// What to do where there is no profile at all.
pub const FIRST_STEPS: [&str; 2] = [
    "make the first profile, with a login in the browser: aws configure sso",
    "or with an access key: aws configure",
];

/// Adds the first steps to an error that there is no profile to mend.
pub fn first_steps(error: Error) -> Error {
    FIRST_STEPS.into_iter().fold(error, Error::hint).hint("then see what there is: rolecall list")
}

/// Says what to do about a value of a profile that is wrong.
pub fn correct(name: &str) -> String {
    format!("correct it, then try: {}", command("explain", name))
}

/// Says what to do about a program that a value names and that is not there.
pub fn missing_program(program: &str) -> String {
    format!("install it, or correct the line; look for it: command -v {}", word(program))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn profile_name_becomes_one_shell_word() {
        for (name, argument) in [
            ("prod", "prod"),
            ("team/a.b_c-d:e@f+1", "team/a.b_c-d:e@f+1"),
            ("", "''"),
            ("a b", "'a b'"),
            ("a b; touch /tmp/x", "'a b; touch /tmp/x'"),
            ("$(touch x)`touch y`", "'$(touch x)`touch y`'"),
            ("-x", "--profile=-x"),
            ("-x; y", "--profile='-x; y'"),
            ("a\u{1b}[2J'\\%", r#""$(printf %b 'a\0033[2J\0047\0134%')""#),
            ("\u{202e}dorp", r#""$(printf %b '\0342\0200\0256dorp')""#),
        ] {
            assert_eq!(profile(name), argument, "{name:?}");
        }
        assert_eq!(option("--source-profile", "dev"), "--source-profile dev");
        assert_eq!(option("--source-profile", "a b"), "--source-profile 'a b'");
        assert_eq!(option("--source-profile", "-x"), "--source-profile=-x");
        assert_eq!(command("explain", "a'b"), "rolecall explain \"a'b\"");
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
            let line = format!("printf '%s|' {}", word(name));
            let output =
                std::process::Command::new("/bin/sh").args(["-c", &line]).output().unwrap();
            assert_eq!(String::from_utf8(output.stdout).unwrap(), format!("{name}|"), "{line}");
        }
    }
}
