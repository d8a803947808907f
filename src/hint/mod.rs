//! Commands to end a hint with, in the words of the system and of the shell there. What they name
//! comes from files and servers, and people paste them: a shell must read each name as itself, and
//! run nothing else.

mod syntax;
mod system;

use std::borrow::Cow;
use std::path::Path;

use self::syntax::Syntax;
pub use self::system::{SYSTEM, resume};
use crate::error::Error;
use crate::platform::Platform;

/// Returns a text as one word of the shell that the hint is pasted into.
pub fn word(text: &str) -> Cow<'_, str> {
    Syntax::here().word(text)
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

/// Sets a variable; `value` holds nothing that has to be quoted.
pub fn set(name: &str, value: &str) -> String {
    Syntax::here().set(name, value)
}

/// Takes variables away.
pub fn unset(names: &[&str]) -> String {
    Syntax::here().unset(names)
}

/// Lists the variables whose names hold one of some parts, in any case.
pub fn list_variables(parts: &[&str]) -> String {
    Syntax::here().list_variables(parts)
}

/// Puts the credentials of a profile into the shell.
pub fn evaluate_env() -> &'static str {
    Syntax::here().evaluate_env()
}

/// What to do where there is no home folder.
pub fn set_home() -> String {
    let folder = match Platform::HERE {
        Platform::Linux | Platform::MacOs => "/path",
        Platform::Windows => r"C:\path",
    };
    format!("set it: {}", set("HOME", folder))
}

/// Shows whose a file or folder is and who may use it, or that it is not there.
pub fn look_at(path: &Path) -> String {
    Syntax::here().look_at(&path.display().to_string())
}

/// Shows how a file begins.
pub fn show(path: &Path) -> String {
    Syntax::here().show(&path.display().to_string())
}

/// Shows where a program is that is found by its name.
pub fn find_program(name: &str) -> String {
    Syntax::here().find_program(name)
}

/// Lets a file's owner write to it.
pub fn make_writable(path: &Path) -> String {
    Syntax::here().make_writable(&path.display().to_string())
}

/// Gives a file another place.
pub fn rename(from: &Path, to: &Path) -> String {
    Syntax::here().rename(&from.display().to_string(), &to.display().to_string())
}

/// Says how others are kept from writing to a file or folder. Only on Unix is it known that they may.
pub fn close_to_others(path: &Path) -> String {
    format!("close it to others: chmod go-w {}", self::path(path))
}

/// Says how others are kept from reading a file. Only on Unix is it known that they may.
pub fn keep_to_yourself(path: &Path) -> String {
    format!("keep it to yourself: chmod 600 {}", self::path(path))
}

/// Says how a file or folder of another user becomes one's own. Only on Unix is it known whose it is.
pub fn make_yours(path: &Path) -> String {
    format!("make it yours: sudo chown \"$(id -u)\" {}", self::path(path))
}

/// Says how a passphrase is given to the store `file`.
pub fn give_passphrase() -> String {
    give_passphrase_in("ROLECALL_FILE_PASSPHRASE")
}

/// Says how a passphrase is given by a variable.
pub fn give_passphrase_in(variable: &str) -> String {
    format!("give the passphrase: {}", Syntax::here().ask_for(variable))
}

/// Converts a file to UTF-8. `from` is its encoding as `iconv` calls it.
pub fn convert_to_utf_8(from: &str, path: &Path) -> String {
    Syntax::here().convert_to_utf_8(from, &path.display().to_string())
}

/// Returns a profile as the argument of a verb.
pub fn profile(name: &str) -> Cow<'_, str> {
    if name.starts_with('-') { Cow::Owned(option("--profile", name)) } else { word(name) }
}

/// Returns a verb for a profile: `rolecall explain prod`.
pub fn command(verb: &str, name: &str) -> String {
    format!("rolecall {verb} {}", profile(name))
}

/// Returns a verb for a session of IAM Identity Center: `rolecall sso login corp`.
pub fn session(verb: &str, name: &str) -> String {
    let separator = if name.starts_with('-') { "-- " } else { "" };
    format!("rolecall {verb} {separator}{}", word(name))
}

/// What to do where there is no profile at all.
pub const FIRST_STEPS: &str = "make the first profile, step by step: rolecall setup";

/// Adds the first steps to an error that there is no profile to mend.
pub fn first_steps(error: Error) -> Error {
    error.hint(FIRST_STEPS)
}

/// Says what to do about a value of a profile that is wrong.
pub fn correct(name: &str) -> String {
    format!("correct it, then try: {}", command("explain", name))
}

/// Says what to do about a program that a value names and that is not there.
pub fn missing_program(program: &str) -> String {
    format!("install it, or correct the line; look for it: {}", find_program(program))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[cfg(unix)]
    #[test]
    fn profile_name_becomes_one_shell_word() {
        for (name, argument) in [
            ("prod", "prod"),
            ("", "''"),
            ("a b", "'a b'"),
            ("a b; touch /tmp/x", "'a b; touch /tmp/x'"),
            ("$(touch x)`touch y`", "'$(touch x)`touch y`'"),
            ("-x", "--profile=-x"),
            ("-x; y", "--profile='-x; y'"),
        ] {
            assert_eq!(profile(name), argument, "{name:?}");
        }
        assert_eq!(option("--source-profile", "dev"), "--source-profile dev");
        assert_eq!(option("--source-profile", "a b"), "--source-profile 'a b'");
        assert_eq!(option("--source-profile", "-x"), "--source-profile=-x");
        assert_eq!(command("explain", "a'b"), "rolecall explain \"a'b\"");
    }

    /// Commands that not every system has, as a hint ends in them.
    const OF_ONE_SYSTEM: [&str; 14] = [
        ": unset ",
        ": export ",
        ": command -v ",
        ": chmod ",
        ": ls ",
        ": lsof ",
        ": kill ",
        ": ps ",
        ": env ",
        ": eval ",
        ": curl ",
        ": cat ",
        "timedatectl",
        "taskkill",
    ];

    fn check(folder: &Path) {
        for entry in std::fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            let name = path.file_name().unwrap().to_str().unwrap();
            let is_checked = path.extension() == Some("rs".as_ref()) || name == "meanings.txt";
            if path.is_dir() && name != "hint" {
                check(&path);
            } else if is_checked && name != "tests.rs" {
                let text = std::fs::read_to_string(&path).unwrap();
                let code = text.split("#[cfg(test)]").next().unwrap();
                let found = code
                    .lines()
                    .filter(|line| !line.trim_start().starts_with("//"))
                    .find(|line| OF_ONE_SYSTEM.iter().any(|command| line.contains(command)));
                assert_eq!(found, None, "{} names a command itself", path.display());
            }
        }
    }

    #[test]
    fn commands_of_a_system_are_named_by_this_module_only() {
        check(&Path::new(env!("CARGO_MANIFEST_DIR")).join("src"));
    }
}
