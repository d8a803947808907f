//! `rolecall profile edit`: opens the person's editor where a section stands.

use std::ffi::OsString;
use std::path::Path;
use std::process::Command;

use clap::Args;

use super::section::{SectionArgs, check_known, first_line};
use crate::app::context::Context;
use crate::commands::child::{file, start};
use crate::error::{Error, FileLine, Result};
use crate::hint;
use crate::output::variables::HIDDEN_FROM_CHILDREN;
use crate::system::exit::Exit;

/// The editor where none is chosen.
const FALLBACK: &str = if cfg!(windows) { "notepad" } else { "vi" };

/// Open your editor ($VISUAL or $EDITOR) where a profile stands
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  rolecall profile edit prod
  EDITOR='code --wait' rolecall profile edit --sso-session corp")]
pub struct ProfileEditArgs {
    #[command(flatten)]
    pub section: SectionArgs,
}

/// Replaces this process by the editor, whose exit status is then the call's.
pub fn run(context: &Context, args: &ProfileEditArgs) -> Result<Exit> {
    let (section, _) = args.section.split(&[])?;
    if context.settings.no_input() {
        return Err(Error::needs_person("an editor is for a person, and input is switched off")
            .hint("change values without one: rolecall profile set --help"));
    }
    let profiles = context.profiles()?;
    check_known(&profiles, &section)?;
    let place = first_line(&profiles, &section);
    let words = editor(context);
    let (program, options) = words.split_first().ok_or_else(|| {
        Error::usage("VISUAL and EDITOR name no program")
            .hint(format!("name one: {}", hint::set("EDITOR", "nano")))
    })?;
    let mut command = Command::new(file(context, program.as_ref()));
    command.args(options).args(open_at(program, &place));
    for name in HIDDEN_FROM_CHILDREN {
        command.env_remove(name);
    }
    Ok(start(context, command))
}

/// Returns the words of the editor's command.
fn editor(context: &Context) -> Vec<String> {
    let variable = |name| context.environment.get(name).filter(|value| !value.trim().is_empty());
    let line = variable("VISUAL").or_else(|| variable("EDITOR")).unwrap_or(FALLBACK);
    // A path may hold blanks, and that of Windows is full of backslashes.
    if Path::new(line).is_file() {
        return vec![line.to_owned()];
    }
    if cfg!(windows) {
        return line.split_whitespace().map(str::to_owned).collect();
    }
    shlex::split(line).unwrap_or_default()
}

/// Returns the arguments by which an editor opens a file at a line; the file alone for an editor
/// that is not known.
fn open_at(editor: &str, FileLine { path, line }: &FileLine) -> Vec<OsString> {
    let stem = Path::new(editor).file_stem().unwrap_or_default();
    let path_and_line = || {
        let mut word = path.clone().into_os_string();
        word.push(format!(":{line}"));
        word
    };
    match stem.to_str().unwrap_or_default() {
        "vi" | "vim" | "nvim" | "gvim" | "nano" | "emacs" | "emacsclient" | "kak" | "micro"
        | "joe" | "jed" | "mg" | "mcedit" | "gedit" => vec![format!("+{line}").into(), path.into()],
        "code" | "code-insiders" | "codium" | "cursor" => {
            vec!["--goto".into(), path_and_line()]
        }
        "subl" | "hx" | "helix" | "zed" => vec![path_and_line()],
        "notepad++" => vec![format!("-n{line}").into(), path.into()],
        _ => vec![path.into()],
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_editor_opens_the_file_at_the_line() {
        let place = FileLine { path: "/a b/config".into(), line: 7 };
        for (editor, arguments) in [
            ("vi", &["+7", "/a b/config"][..]),
            ("/usr/bin/nvim", &["+7", "/a b/config"]),
            ("code", &["--goto", "/a b/config:7"]),
            ("hx", &["/a b/config:7"]),
            ("my-editor", &["/a b/config"]),
        ] {
            assert_eq!(open_at(editor, &place), arguments, "{editor}");
        }
    }
}
