//! The browser of the person: which programs can open a page here, and their start.
//!
//! `BROWSER` chooses them, as for xdg-open and Python: commands between `:` (`;` on Windows).
//! Without it the system's own openers do. They are tried one after another.

mod command;

use std::fmt;
use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::time::Duration;

use tokio::process::Command;

use super::elsewhere::Elsewhere;
use super::environment::Environment;
use super::search_path::SearchPath;
use super::wsl;
use crate::platform::Platform;

pub use command::{BrowserCommand, URL};

/// The variable that chooses the browser.
pub const VARIABLE: &str = "BROWSER";
/// The variables of a display.
const DISPLAYS: [&str; 2] = ["WAYLAND_DISPLAY", "DISPLAY"];
/// How soon a browser must fail that cannot show a page. One that ends later was closed.
const FAILS_WITHIN: Duration = Duration::from_secs(10);

/// What opens pages in WSL. Windows programs are found though its folders are not on `PATH`.
const WSL_OPENERS: [&[&str]; 4] = [
    &["wslview", URL],
    &["rundll32.exe", "url.dll,FileProtocolHandler", URL],
    &["/mnt/c/Windows/System32/rundll32.exe", "url.dll,FileProtocolHandler", URL],
    // The URL has no quote ([`plain`]), and PowerShell reads nothing else in this one.
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

/// The programs that can open pages in the person's browser, the first the first.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Browsers {
    candidates: Vec<Candidate>,
    /// The variables that they do not get.
    hidden: Vec<String>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
struct Candidate {
    program: PathBuf,
    command: BrowserCommand,
}

/// Why no browser opens a page here, as what follows a colon.
#[derive(Debug)]
pub enum NoBrowser {
    /// The person sits at another machine.
    Elsewhere(Elsewhere),
    NoDisplay,
    /// None of these programs is here.
    NoProgram(Vec<String>),
    /// A command cannot be read, as what follows it in a sentence.
    Unreadable(String, &'static str),
    /// The address is none of the web.
    NoPage,
    /// What each program did that was tried.
    Failed(Vec<String>),
}

impl fmt::Display for NoBrowser {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Elsewhere(elsewhere) => elsewhere.fmt(f),
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
            Self::NoPage => write!(f, "the address is no page of the web"),
            Self::Failed(failures) => write!(f, "{}", failures.join(", ")),
        }
    }
}

impl std::error::Error for NoBrowser {}

impl Browsers {
    /// Finds what opens pages where the person sits: the commands of `BROWSER`, else the system's
    /// own openers. Whoever set `BROWSER` knows that it works, over SSH too.
    ///
    /// # Errors
    /// Where none can be expected to: there is no display, the session comes over SSH, or no
    /// program for it is here.
    pub fn find(environment: &Environment) -> Result<Self, NoBrowser> {
        Self::found(environment, Surroundings::of(environment))
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
            return Self::of(environment, commands);
        }
        surroundings.expect(environment)?;
        Self::of(environment, surroundings.openers().iter().map(BrowserCommand::of_words))
    }

    /// Returns those of some commands whose programs are here.
    ///
    /// # Errors
    /// None is.
    pub fn of(
        environment: &Environment,
        commands: impl IntoIterator<Item = BrowserCommand>,
    ) -> Result<Self, NoBrowser> {
        let search_path = SearchPath::of(environment);
        let (mut candidates, mut missing) = (Vec::new(), Vec::new());
        for command in commands {
            match search_path.find(command.program()) {
                Some(program) => candidates.push(Candidate { program, command }),
                None => missing.push(command.program().to_owned()),
            }
        }
        if candidates.is_empty() {
            return Err(NoBrowser::NoProgram(missing));
        }
        Ok(Self { candidates, hidden: hidden(environment) })
    }

    /// Returns whether a command has a place for a value, such as `{profile}`.
    pub fn mentions(&self, place: &str) -> bool {
        self.candidates.iter().any(|candidate| candidate.command.mentions(place))
    }

    /// Returns the programs, the one that is tried first first.
    pub fn programs(&self) -> impl Iterator<Item = &Path> {
        self.candidates.iter().map(|candidate| candidate.program.as_path())
    }

    /// Returns whether there is none.
    pub fn is_empty(&self) -> bool {
        self.candidates.is_empty()
    }

    /// Opens a page whose address came from elsewhere, by the first program that can, and goes on
    /// until that ends or has not failed for ten seconds. A browser that works may end later.
    ///
    /// # Errors
    /// No program works, or the address is none of the web: browsers open more than pages.
    pub async fn open_page(&self, url: &str) -> Result<(), NoBrowser> {
        if !["https://", "http://"].iter().any(|scheme| url.starts_with(scheme)) {
            return Err(NoBrowser::NoPage);
        }
        self.open(url, &[], FAILS_WITHIN).await.map(|_| ())
    }

    /// Opens an address by the first program that does not fail within `patience`, with more values
    /// for the places of its command (`("{name}", value)`), and returns that program.
    ///
    /// The programs have neither the terminal nor anything that AWS's or rolecall's variables say,
    /// and live on when rolecall or its terminal ends. The URL is an argument of theirs, which
    /// others on this machine may see.
    ///
    /// # Errors
    /// None works.
    pub async fn open(
        &self,
        url: &str,
        values: &[(&str, &str)],
        patience: Duration,
    ) -> Result<&Path, NoBrowser> {
        let url = plain(url);
        let mut failures = Vec::new();
        for Candidate { program, command } in &self.candidates {
            let words = command.arguments(&url, values);
            match self.start(program, &words, patience).await {
                Ok(()) => return Ok(program),
                Err(what) => failures.push(format!("{} {what}", program.display())),
            }
        }
        Err(NoBrowser::Failed(failures))
    }

    async fn start(
        &self,
        program: &Path,
        words: &[String],
        patience: Duration,
    ) -> Result<(), String> {
        let mut command = Command::new(program);
        command.args(words);
        command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
        for name in &self.hidden {
            command.env_remove(name);
        }
        detach(&mut command);
        let mut child = command.spawn().map_err(|error| format!("cannot be started: {error}"))?;
        match tokio::time::timeout(patience, child.wait()).await {
            Ok(Ok(status)) if !status.success() => Err(format!("failed ({status})")),
            _ => Ok(()),
        }
    }
}

/// Encodes what no URL has, so that it means nothing to a shell: quotes, blanks, and letters beyond
/// ASCII, of which PowerShell takes some for quotes.
fn plain(url: &str) -> String {
    let is_plain = |byte: u8| byte.is_ascii_graphic() && !b"'\"`\\".contains(&byte);
    let encode = |byte: u8| match byte {
        byte if is_plain(byte) => char::from(byte).to_string(),
        byte => format!("%{byte:02X}"),
    };
    url.bytes().map(encode).collect()
}

/// Takes a program out of the job of this process, so that Ctrl-C does not reach it.
#[cfg(unix)]
fn detach(command: &mut Command) {
    command.process_group(0);
}

/// Takes a program off the console, so that Ctrl-C does not reach it and no window shows it.
#[cfg(windows)]
fn detach(command: &mut Command) {
    /// `CREATE_NO_WINDOW` and `CREATE_NEW_PROCESS_GROUP` of Windows.
    const ALONE: u32 = 0x0800_0000 | 0x0000_0200;
    command.creation_flags(ALONE);
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
        if let Some(elsewhere) = Elsewhere::find(environment) {
            return Err(NoBrowser::Elsewhere(elsewhere));
        }
        let is_set = |name: &&str| environment.get(name).is_some();
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
