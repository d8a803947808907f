//! A window of the desktop, opened by a program that the system has: zenity, kdialog, osascript,
//! PowerShell.

use std::path::PathBuf;
use std::process::Stdio;
use std::time::Duration;

use zeroize::Zeroizing;

use super::person::{Asker, Request, TITLE};
use super::rungs::{Outcome, Text};
use super::surroundings::{Surroundings, asker};
use super::tty::printable;
use crate::error::Result;
use crate::system::child::{Output, run_beside};
use crate::system::runtime::Runtime;

/// The variable in which PowerShell finds what to ask: never a part of its program.
const QUESTION: &str = "ROLECALL_QUESTION";
/// What zenity and its likes say when the display that is named is not there.
const NO_DISPLAY: [&str; 4] = [
    "cannot open display",
    "Failed to open display",
    "Unable to init server",
    "could not connect to display",
];

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum DialogProgram {
    Zenity,
    Kdialog,
    Osascript,
    PowerShell,
}

impl DialogProgram {
    const ALL: [(Self, &str); 4] = [
        (Self::Zenity, "zenity"),
        (Self::Kdialog, "kdialog"),
        (Self::Osascript, "osascript"),
        (Self::PowerShell, "powershell.exe"),
    ];
}

/// Finds the programs that can open a window here; the error says why there is none.
pub fn find(surroundings: &Surroundings) -> Result<Vec<(DialogProgram, PathBuf)>, String> {
    let found: Vec<_> = DialogProgram::ALL
        .into_iter()
        .filter_map(|(kind, name)| Some((kind, surroundings.find(name)?)))
        .collect();
    if found.is_empty() {
        let names: Vec<&str> = DialogProgram::ALL.into_iter().map(|(_, name)| name).collect();
        return Err(format!("none of {} is on PATH", names.join(", ")));
    }
    let usable: Vec<_> = found
        .into_iter()
        .filter(|(kind, _)| match kind {
            DialogProgram::Zenity | DialogProgram::Kdialog => surroundings.has_display(),
            // They would open on the other machine's screen, where nobody sits.
            DialogProgram::Osascript | DialogProgram::PowerShell => !surroundings.remote,
        })
        .collect();
    if !usable.is_empty() {
        return Ok(usable);
    }
    Err(if surroundings.remote {
        "there is no display in this SSH session"
    } else {
        "there is no display (DISPLAY, WAYLAND_DISPLAY)"
    }
    .to_owned())
}

/// What a window is for.
#[derive(Clone, Copy)]
enum Want<'t> {
    Code(&'t str),
    Yes(&'t str),
}

pub struct Dialog<'a> {
    pub programs: Vec<(DialogProgram, PathBuf)>,
    pub runtime: &'a Runtime,
    pub patience: Duration,
}

impl Dialog<'_> {
    /// Asks with the first program that can.
    fn ask(&mut self, want: Want) -> Result<Outcome<Text>> {
        let mut why = String::new();
        while let Some((kind, program)) = self.programs.first() {
            let mut command = asker(program);
            command.args(arguments(*kind, want, self.patience)).stdin(Stdio::null());
            if let (DialogProgram::PowerShell, Want::Code(text) | Want::Yes(text)) = (kind, want) {
                // Both of Windows and of the Linux inside it.
                command.env(QUESTION, text).env("WSLENV", QUESTION);
            }
            // A moment more than the window's own limit.
            let limit = self.patience + Duration::from_secs(1);
            let Some(ended) =
                self.runtime.run_within(limit, run_beside(command, None, Duration::MAX))?
            else {
                return Ok(Outcome::Silent);
            };
            let outcome =
                ended.map_or_else(Outcome::Absent, |output| outcome(*kind, want, &output));
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

impl Asker for Dialog<'_> {
    fn code(&mut self, request: &Request, complaint: Option<&str>) -> Result<Outcome<Text>> {
        let complaint = complaint.map(|complaint| format!("{complaint}\n\n")).unwrap_or_default();
        self.ask(Want::Code(&printable(&format!("{complaint}{}\n\nMFA code:", request.text))))
    }

    fn confirm(&mut self, request: &Request) -> Result<Outcome<()>> {
        self.ask(Want::Yes(&printable(&request.text))).map(|outcome| outcome.map(|_| ()))
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

/// Reads how a program ended. Closing the window is 1 for zenity, kdialog and osascript, and an
/// empty answer for PowerShell.
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
        // userCanceledErr.
        (DialogProgram::Osascript, Some(1)) if said.contains("-128") => Outcome::Declined,
        _ => {
            let line = crate::text::one_line(said.trim());
            Outcome::Absent(if line.is_empty() {
                format!("failed ({})", output.status)
            } else {
                format!("failed: {line}")
            })
        }
    }
}
