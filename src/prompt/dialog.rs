//! Asks in a window of the desktop, through a program of the system: zenity, kdialog, osascript or
//! PowerShell.

use std::path::PathBuf;
use std::process::Stdio;
use std::time::Duration;

use zeroize::Zeroizing;

use super::environment::{PromptEnvironment, asking_command};
use super::method::{Outcome, Text};
use super::person::{AskPerson, QuestionText, TITLE};
use super::system_programs::DialogProgram;
use crate::error::Result;
use crate::system::child::{Output, run_beside};
use crate::system::runtime::Runtime;
use crate::text::clean_lines;

/// The variable that holds PowerShell's question, which is never a part of its script.
const QUESTION: &str = "ROLECALL_QUESTION";
/// What programs of X and Wayland print when they cannot open the display.
const NO_DISPLAY: [&str; 4] = [
    "cannot open display",
    "Failed to open display",
    "Unable to init server",
    "could not connect to display",
];

/// Finds the programs that can open a window here.
///
/// # Errors
/// Says why there is none.
pub fn find(environment: &PromptEnvironment) -> Result<Vec<(DialogProgram, PathBuf)>, String> {
    let known = environment.system.dialogs();
    let found: Vec<_> = known
        .iter()
        .filter_map(|program| Some((*program, environment.find(program.name())?)))
        .collect();
    if found.is_empty() {
        let names: Vec<&str> = known.iter().map(|program| program.name()).collect();
        return Err(match &names[..] {
            [name] => format!("{name} is not on PATH"),
            names => format!("none of {} is on PATH", names.join(", ")),
        });
    }
    let elsewhere = environment.elsewhere();
    let usable: Vec<_> = found
        .into_iter()
        .filter(|(kind, _)| match kind {
            DialogProgram::Zenity | DialogProgram::Kdialog => environment.has_display(),
            // They would open on the screen of this machine, and the person sits at another one.
            DialogProgram::Osascript | DialogProgram::PowerShell => elsewhere.is_none(),
        })
        .collect();
    if !usable.is_empty() {
        return Ok(usable);
    }
    Err(match elsewhere {
        Some(elsewhere) => format!("there is no display: {elsewhere}"),
        None => "there is no display (DISPLAY, WAYLAND_DISPLAY)".to_owned(),
    })
}

/// What a window asks for.
#[derive(Clone, Copy)]
enum Want<'t> {
    Code(&'t str),
    Yes(&'t str),
}

pub struct Dialog<'a> {
    pub programs: Vec<(DialogProgram, PathBuf)>,
    pub runtime: &'a Runtime,
    pub timeout: Duration,
}

impl Dialog<'_> {
    /// Asks with the first program that can ask.
    fn ask(&mut self, want: Want) -> Result<Outcome<Text>> {
        let mut why = String::new();
        while let Some((kind, program)) = self.programs.first() {
            let mut command = asking_command(program);
            command.args(arguments(*kind, want, self.timeout)).stdin(Stdio::null());
            if let (DialogProgram::PowerShell, Want::Code(text) | Want::Yes(text)) = (kind, want) {
                // WSLENV hands the variable from Linux to Windows.
                command.env(QUESTION, text).env("WSLENV", QUESTION);
            }
            // One second more than the window's own limit.
            let limit = self.timeout + Duration::from_secs(1);
            let Some(ended) =
                self.runtime.run_within(limit, run_beside(command, None, Duration::MAX))?
            else {
                return Ok(Outcome::Silent);
            };
            let outcome = ended.map_or_else(
                |failure| Outcome::Absent(failure.to_string()),
                |output| outcome(*kind, want, &output),
            );
            if !matches!(outcome, Outcome::Had(_)) {
                self.runtime.check_after_a_failure()?;
            }
            let Outcome::Absent(what) = outcome else { return Ok(outcome) };
            why = format!("{} {what}", program.display());
            self.programs.remove(0);
        }
        Ok(Outcome::Absent(why))
    }
}

impl AskPerson for Dialog<'_> {
    fn code(&mut self, question: &QuestionText, complaint: Option<&str>) -> Result<Outcome<Text>> {
        let complaint = complaint.map(|complaint| format!("{complaint}\n\n")).unwrap_or_default();
        let text = format!("{complaint}{}\n\nMFA code:", question.text);
        self.ask(Want::Code(&clean_lines(&text)))
    }

    fn confirm(&mut self, question: &QuestionText) -> Result<Outcome<()>> {
        self.ask(Want::Yes(&clean_lines(&question.text))).map(|outcome| outcome.map(|_| ()))
    }
}

/// Returns the options of a program. The text that it shows is never a part of a script.
fn arguments(program: DialogProgram, want: Want, timeout: Duration) -> Vec<String> {
    match program {
        DialogProgram::Zenity => zenity(want, timeout),
        DialogProgram::Kdialog => kdialog(want),
        DialogProgram::Osascript => osascript(want),
        DialogProgram::PowerShell => powershell(want),
    }
}

fn words(words: &[&str]) -> Vec<String> {
    words.iter().map(|&word| word.to_owned()).collect()
}

/// zenity's labels know `\n` and mnemonics.
fn zenity(want: Want, timeout: Duration) -> Vec<String> {
    let (kind, text): (&[&str], _) = match want {
        Want::Code(text) => (&["--entry"], text.replace('\\', "\\\\").replace('_', "__")),
        Want::Yes(text) => {
            (&["--question", "--no-markup", "--default-cancel"], text.replace('\\', "\\\\"))
        }
    };
    let timeout = format!("--timeout={}", timeout.as_secs());
    let text = format!("--text={text}");
    [words(kind), words(&["--title", TITLE, &timeout, &text])].concat()
}

/// kdialog's labels show HTML.
fn kdialog(want: Want) -> Vec<String> {
    let (kind, text) = match want {
        Want::Code(text) => ("--inputbox", text),
        Want::Yes(text) => ("--warningyesno", text),
    };
    words(&["--title", TITLE, kind, &text.replace('<', "\u{2039}")])
}

fn osascript(want: Want) -> Vec<String> {
    let (script, text) = match want {
        Want::Code(text) => {
            let dialog = "display dialog (item 1 of argv) default answer \"\"";
            (format!("text returned of ({dialog} with title \"{TITLE}\")"), text)
        }
        Want::Yes(text) => {
            let buttons = "buttons {\"No\", \"Yes\"} default button \"No\" cancel button \"No\"";
            (format!("display dialog (item 1 of argv) {buttons} with title \"{TITLE}\""), text)
        }
    };
    words(&["-e", "on run argv", "-e", &script, "-e", "end run", "--", text])
}

/// The text is in the variable `QUESTION`.
fn powershell(want: Want) -> Vec<String> {
    let script = match want {
        Want::Code(_) => format!(
            "$c = $Host.UI.PromptForCredential('{TITLE}', $env:{QUESTION}, 'MFA code', ''); \
             if ($c) {{ $c.GetNetworkCredential().Password }}"
        ),
        // Yes and No, a question mark, No by default.
        Want::Yes(_) => format!(
            "if ((New-Object -ComObject WScript.Shell).Popup($env:{QUESTION}, 0, '{TITLE}', \
             4 + 32 + 256) -eq 6) {{ 'yes' }}"
        ),
    };
    words(&["-NoProfile", "-NonInteractive", "-Command", &script])
}

/// Reads how a program ended. When the person closes the window, zenity, kdialog and osascript exit
/// with 1, and PowerShell prints nothing.
fn outcome(program: DialogProgram, want: Want, output: &Output) -> Outcome<Text> {
    let said = String::from_utf8_lossy(&output.stderr);
    let text = Zeroizing::new(String::from_utf8_lossy(&output.stdout).trim().to_owned());
    match (program, output.status.code()) {
        (DialogProgram::PowerShell, Some(0)) if text.is_empty() => Outcome::Declined,
        (_, Some(0)) => Outcome::Had(if let Want::Yes(_) = want { Text::default() } else { text }),
        (DialogProgram::Zenity, Some(5)) => Outcome::Silent,
        (DialogProgram::Zenity | DialogProgram::Kdialog, Some(1))
            if !NO_DISPLAY.iter().any(|words| said.contains(words)) =>
        {
            Outcome::Declined
        }
        // The code of AppleScript's `userCanceledErr`.
        (DialogProgram::Osascript, Some(1)) if said.contains("-128") => Outcome::Declined,
        _ => Outcome::Absent(match output.complaint() {
            Some(line) => format!("failed: {line}"),
            None => format!("failed ({})", output.status),
        }),
    }
}

#[cfg(test)]
#[cfg(unix)]
mod tests {
    use std::os::unix::process::ExitStatusExt;
    use std::process::ExitStatus;

    use super::*;
    use crate::prompt::pinentry;
    use crate::prompt::system_programs::System;
    use crate::system::directories::Directories;
    use crate::system::environment::Environment;

    fn environment(folder: &std::path::Path, more: &[(&str, &str)]) -> Environment {
        let path = ("PATH".to_owned(), folder.display().to_string());
        let more = more.iter().map(|&(name, value)| (name.to_owned(), value.to_owned()));
        Environment::new(more.chain([path]), None)
    }

    fn on(system: System, variables: &Environment) -> PromptEnvironment<'_> {
        let mut here = PromptEnvironment::read(variables, &Directories::default(), None);
        here.system = system;
        here
    }

    fn install(folder: &std::path::Path, name: &str) {
        use std::os::unix::fs::PermissionsExt;
        let path = folder.join(name);
        std::fs::write(&path, "").unwrap();
        std::fs::set_permissions(&path, PermissionsExt::from_mode(0o755)).unwrap();
    }

    #[test]
    fn programs_are_those_of_system_in_its_order() {
        let folder = tempfile::tempdir().unwrap();
        for name in ["pinentry", "pinentry-mac", "zenity", "kdialog", "osascript", "powershell.exe"]
        {
            install(folder.path(), name);
        }
        let display = ("DISPLAY", ":0");
        let remote = ("SSH_CONNECTION", "x");
        for (system, more, pinentry, dialogs) in [
            (System::Linux, &[display][..], "pinentry", "zenity kdialog powershell.exe"),
            (System::Linux, &[], "pinentry", "powershell.exe"),
            (System::Linux, &[display, remote], "pinentry", "zenity kdialog"),
            (System::Linux, &[remote], "pinentry", ""),
            (System::MacOs, &[display], "pinentry-mac", "osascript"),
            (System::MacOs, &[remote], "pinentry-mac", ""),
            (System::Windows, &[], "pinentry", "powershell.exe"),
            (System::Windows, &[remote], "pinentry", ""),
        ] {
            let variables = environment(folder.path(), more);
            let here = on(system, &variables);
            assert_eq!(pinentry::find(&here), Ok(folder.path().join(pinentry)), "{system:?}");
            let found = find(&here).unwrap_or_default();
            let found: Vec<&str> = found.iter().map(|(program, _)| program.name()).collect();
            assert_eq!(found.join(" "), dialogs, "{system:?} {more:?}");
        }
    }

    #[test]
    fn missing_programs_are_named() {
        let folder = tempfile::tempdir().unwrap();
        let variables = environment(folder.path(), &[]);
        for (system, why) in [
            (System::Linux, "none of zenity, kdialog, powershell.exe is on PATH"),
            (System::MacOs, "osascript is not on PATH"),
            (System::Windows, "powershell.exe is not on PATH"),
        ] {
            let here = on(system, &variables);
            assert_eq!(find(&here), Err(why.to_owned()));
        }
        install(folder.path(), "pinentry");
        let here = on(System::MacOs, &variables);
        assert_eq!(pinentry::find(&here), Ok(folder.path().join("pinentry")));
    }

    #[test]
    fn osascript_gets_question_as_argument_and_tells_a_closed_window() {
        let text = "role \"; do shell script \"x\"";
        for (want, script) in
            [(Want::Code(text), "default answer"), (Want::Yes(text), "cancel button")]
        {
            let words = arguments(DialogProgram::Osascript, want, Duration::ZERO);
            let (last, before) = words.split_last().unwrap();
            assert_eq!((last.as_str(), before.last().unwrap().as_str()), (text, "--"));
            assert!(before.join("\n").contains(script), "{words:?}");
            assert!(!before.join("\n").contains(text), "{words:?}");
        }
        let ended = |code: i32, stdout: &str, stderr: &str| {
            let output = Output {
                stdout: Zeroizing::new(stdout.as_bytes().to_vec()),
                stderr: stderr.as_bytes().to_vec(),
                status: ExitStatus::from_raw(code << 8),
            };
            outcome(DialogProgram::Osascript, Want::Code(""), &output)
        };
        let closed = "execution error: User canceled. (-128)";
        assert!(matches!(ended(0, "123456\n", ""), Outcome::Had(code) if *code == "123456"));
        assert!(matches!(ended(1, "", closed), Outcome::Declined));
        assert!(matches!(ended(1, "", "no user interaction allowed. (-1713)"), Outcome::Absent(_)));
    }
}
