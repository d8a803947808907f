//! The browser of the person: which program opens a page here, and its start, which nobody waits
//! for.
//!
//! `BROWSER` chooses it, as for xdg-open and Python: commands between `:` (`;` on Windows), the
//! first whose program is here. Without it the system's own opener does.

mod command;

use std::fmt;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use super::environment::Environment;
use super::search_path::SearchPath;
use super::wsl;
use crate::platform::Platform;

pub use command::{BrowserCommand, URL};

/// The variable that chooses the browser.
pub const VARIABLE: &str = "BROWSER";
/// The variables of a session over SSH. sudo and screens leave some of them.
const SSH: [&str; 3] = ["SSH_CONNECTION", "SSH_CLIENT", "SSH_TTY"];
/// The variables of a display.
const DISPLAYS: [&str; 2] = ["WAYLAND_DISPLAY", "DISPLAY"];

/// What opens pages in WSL. Windows programs are found though its folders are not on `PATH`.
const WSL_OPENERS: [&[&str]; 4] = [
    &["wslview", URL],
    &["rundll32.exe", "url.dll,FileProtocolHandler", URL],
    &["/mnt/c/Windows/System32/rundll32.exe", "url.dll,FileProtocolHandler", URL],
    // A URL has no quote that is not encoded, and PowerShell reads nothing else in this one.
    &["powershell.exe", "-NoProfile", "-NonInteractive", "-Command", "Start-Process '{url}'"],
];
const LINUX_OPENERS: [&[&str]; 8] = [
    &["xdg-open", URL],
    &["gio", "open", URL],
    &["sensible-browser", URL],
    &["x-www-browser", URL],
    &["firefox", URL],
    &["google-chrome", URL],
    &["chromium", URL],
    &["chromium-browser", URL],
];
const MAC_OPENERS: [&[&str]; 1] = [&["/usr/bin/open", URL]];
const WINDOWS_OPENERS: [&[&str]; 1] = [&["rundll32.exe", "url.dll,FileProtocolHandler", URL]];

/// A program that opens pages in the person's browser.
#[derive(Debug, Clone)]
pub struct Browser {
    program: PathBuf,
    command: BrowserCommand,
    /// The variables that it does not get.
    hidden: Vec<String>,
}

/// Why no browser opens a page here, as what follows a colon.
#[derive(Debug)]
pub enum NoBrowser {
    /// The person sits at another machine, as this variable tells.
    Remote(&'static str),
    NoDisplay,
    /// None of these programs is here.
    NoProgram(Vec<String>),
    /// A command cannot be read, as what follows it in a sentence.
    Unreadable(String, &'static str),
    NotStarted(PathBuf, std::io::Error),
}

impl fmt::Display for NoBrowser {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Remote(variable) => {
                write!(f, "the person sits at another machine, as {variable} tells")
            }
            Self::NoDisplay => {
                write!(f, "there is no display: neither DISPLAY nor WAYLAND_DISPLAY is set")
            }
            Self::NoProgram(names) => match names.as_slice() {
                [name] => write!(f, "there is no program `{name}`"),
                names => {
                    // Where programs are installed on other systems says nothing here.
                    let is_plain = |name: &&&str| !name.contains(['/', '\\']);
                    let names: Vec<&str> = names.iter().map(String::as_str).collect();
                    let plain: Vec<&str> = names.iter().filter(is_plain).copied().collect();
                    let shown = if plain.is_empty() { names } else { plain };
                    write!(f, "none of these programs is here: {}", shown.join(", "))
                }
            },
            Self::Unreadable(command, what) => write!(f, "the command `{command}` {what}"),
            Self::NotStarted(program, error) => {
                write!(f, "{} cannot be started: {error}", program.display())
            }
        }
    }
}

impl std::error::Error for NoBrowser {}

impl Browser {
    /// Finds what opens pages where the person sits: a command of `BROWSER`, else the system's own
    /// opener. Whoever set `BROWSER` knows that it works, over SSH too.
    ///
    /// # Errors
    /// Where none can be expected to: there is no display, the session comes over SSH, or no
    /// program for it is here.
    pub fn find(environment: &Environment) -> Result<Self, NoBrowser> {
        let surroundings = match Platform::HERE {
            Platform::Linux if wsl::distribution(environment).is_some() => Surroundings::Wsl,
            platform => Surroundings::Desktop(platform),
        };
        Self::found(environment, surroundings)
    }

    /// Returns why no browser can be expected to open where the person sits, where that is known:
    /// they sit elsewhere, or there is no display.
    ///
    /// # Errors
    /// That.
    pub fn expect(environment: &Environment) -> Result<(), NoBrowser> {
        Surroundings::of(environment).expect(environment)
    }

    fn found(environment: &Environment, surroundings: Surroundings) -> Result<Self, NoBrowser> {
        let list = environment.get(VARIABLE).unwrap_or_default();
        let commands = BrowserCommand::list(list, surroundings.platform())?;
        if !commands.is_empty() {
            return Self::first(environment, commands);
        }
        surroundings.expect(environment)?;
        Self::first(environment, surroundings.openers().iter().map(BrowserCommand::of_words))
    }

    /// Finds the first command whose program is here.
    ///
    /// # Errors
    /// None is.
    pub fn first(
        environment: &Environment,
        commands: impl IntoIterator<Item = BrowserCommand>,
    ) -> Result<Self, NoBrowser> {
        let search_path = SearchPath::of(environment);
        let mut missing = Vec::new();
        for command in commands {
            if let Some(program) = search_path.find(command.program()) {
                return Ok(Self { program, command, hidden: hidden(environment) });
            }
            missing.push(command.program().to_owned());
        }
        Err(NoBrowser::NoProgram(missing))
    }

    /// Returns whether the command has a place for a value, such as `{profile}`.
    pub fn mentions(&self, place: &str) -> bool {
        self.command.mentions(place)
    }

    /// Returns the program that opens the page.
    pub fn program(&self) -> &Path {
        &self.program
    }

    /// Opens a page, and does not wait for it. The program has neither the terminal nor anything
    /// that AWS's or rolecall's variables say, and lives on when rolecall or its terminal ends. The
    /// URL is an argument of it, which others on this machine may see.
    ///
    /// # Errors
    /// The program cannot be started.
    pub fn open(&self, url: &str) -> Result<(), NoBrowser> {
        self.open_with(url, &[])
    }

    /// As [`Self::open`], with more values for the places of the command: `("{name}", value)`.
    ///
    /// # Errors
    /// The program cannot be started.
    pub fn open_with(&self, url: &str, values: &[(&str, &str)]) -> Result<(), NoBrowser> {
        let mut command = Command::new(&self.program);
        command.args(self.command.arguments(url, values));
        command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
        for name in &self.hidden {
            command.env_remove(name);
        }
        detach(&mut command);
        command.spawn().map_err(|e| NoBrowser::NotStarted(self.program.clone(), e))?;
        Ok(())
    }
}

/// Takes a program out of the job of this process, so that Ctrl-C does not reach it.
#[cfg(unix)]
fn detach(command: &mut Command) {
    std::os::unix::process::CommandExt::process_group(command, 0);
}

/// Takes a program off the console, so that Ctrl-C does not reach it and no window shows it.
#[cfg(windows)]
fn detach(command: &mut Command) {
    /// `CREATE_NO_WINDOW` and `CREATE_NEW_PROCESS_GROUP` of Windows.
    const ALONE: u32 = 0x0800_0000 | 0x0000_0200;
    std::os::windows::process::CommandExt::creation_flags(command, ALONE);
}

/// Returns the variables that may hold secrets or tell of them.
fn hidden(environment: &Environment) -> Vec<String> {
    let is_ours = |name: &&str| name.starts_with("AWS_") || name.starts_with("ROLECALL_");
    environment.names().filter(is_ours).map(str::to_owned).collect()
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Surroundings {
    Desktop(Platform),
    /// Linux that Windows runs.
    Wsl,
}

impl Surroundings {
    fn of(environment: &Environment) -> Self {
        match Platform::HERE {
            Platform::Linux if wsl::distribution(environment).is_some() => Self::Wsl,
            platform => Self::Desktop(platform),
        }
    }

    fn expect(self, environment: &Environment) -> Result<(), NoBrowser> {
        let is_set = |name: &&str| environment.get(name).is_some();
        if let Some(variable) = SSH.into_iter().find(is_set) {
            return Err(NoBrowser::Remote(variable));
        }
        if self == Self::Desktop(Platform::Linux) && !DISPLAYS.iter().any(is_set) {
            return Err(NoBrowser::NoDisplay);
        }
        Ok(())
    }

    fn platform(self) -> Platform {
        match self {
            Self::Desktop(platform) => platform,
            Self::Wsl => Platform::Linux,
        }
    }

    fn openers(self) -> &'static [&'static [&'static str]] {
        match self {
            Self::Wsl => &WSL_OPENERS,
            Self::Desktop(Platform::Linux) => &LINUX_OPENERS,
            Self::Desktop(Platform::MacOs) => &MAC_OPENERS,
            Self::Desktop(Platform::Windows) => &WINDOWS_OPENERS,
        }
    }
}

#[cfg(test)]
#[cfg(unix)]
mod tests;
