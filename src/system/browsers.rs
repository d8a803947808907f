//! Opens a page in the person's browser.

use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::time::Duration;

use tokio::process::Command;

use super::environment::{Environment, SECRETS};
use super::search_path::SearchPath;
use super::wsl;
use crate::platform::Platform;

/// How soon a browser must fail that cannot show a page. One that ends later was closed.
const FAILS_WITHIN: Duration = Duration::from_secs(10);
/// What stands for the address in `BROWSER`.
const ADDRESS: &str = "%s";

/// The programs that can open a page here, the first the first.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Browsers(Vec<Opener>);

/// One program, and what it is given.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Opener {
    program: PathBuf,
    /// In which `%s` stands for the address.
    arguments: Vec<String>,
}

impl Browsers {
    /// Finds the programs: those that `BROWSER` names, and what the system opens pages with.
    pub fn find(environment: &Environment) -> Self {
        let search_path = SearchPath::of(environment);
        let named = environment.get("BROWSER").unwrap_or_default();
        let separator = if cfg!(windows) { ';' } else { ':' };
        let mut openers: Vec<Opener> =
            named.split(separator).filter_map(|line| Opener::of_line(line, &search_path)).collect();
        for (program, arguments) in of_system(environment) {
            if let Some(program) = search_path.find(program) {
                let arguments = arguments.iter().map(|&text| text.to_owned()).collect();
                openers.push(Opener { program, arguments });
            }
        }
        Self(openers)
    }

    /// Returns the program that is tried first.
    pub fn first(&self) -> Option<&Path> {
        self.0.first().map(|opener| opener.program.as_path())
    }

    /// Returns whether there is none.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Opens a page by the first program that can. Waits for no browser that works: this ends when
    /// the program does, or when it has not failed for ten seconds.
    ///
    /// # Errors
    /// Says what each program did, where none of them works, or that the address is none of the web.
    pub async fn open(&self, address: &str) -> Result<(), String> {
        // Servers give addresses too, and a browser opens more than pages.
        if !["https://", "http://"].iter().any(|scheme| address.starts_with(scheme)) {
            return Err("the address is no page of the web".to_owned());
        }
        // PowerShell gets it in quotes.
        let address = address.replace('\'', "%27");
        let mut failures = Vec::new();
        for opener in &self.0 {
            match opener.open(&address).await {
                Ok(()) => return Ok(()),
                Err(what) => failures.push(format!("{} {what}", opener.program.display())),
            }
        }
        Err(failures.join(", "))
    }
}

impl Opener {
    /// Reads one command of `BROWSER`; `None` where its program is not there.
    fn of_line(line: &str, search_path: &SearchPath) -> Option<Self> {
        // A backslash is a part of paths on Windows, where each is a program without arguments.
        let words = if cfg!(windows) { vec![line.to_owned()] } else { shlex::split(line)? };
        let mut words = words.into_iter();
        let program = search_path.find(words.next()?)?;
        let mut arguments: Vec<String> = words.collect();
        if !arguments.iter().any(|argument| argument.contains(ADDRESS)) {
            arguments.push(ADDRESS.to_owned());
        }
        Some(Self { program, arguments })
    }

    async fn open(&self, address: &str) -> Result<(), String> {
        let mut command = Command::new(&self.program);
        command.args(self.arguments.iter().map(|argument| argument.replace(ADDRESS, address)));
        command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
        for name in SECRETS {
            command.env_remove(name);
        }
        // What Ctrl-C ends on the terminal is this program alone.
        #[cfg(unix)]
        command.process_group(0);
        let mut child = command.spawn().map_err(|error| format!("cannot be started: {error}"))?;
        match tokio::time::timeout(FAILS_WITHIN, child.wait()).await {
            Ok(Ok(status)) if !status.success() => Err(format!("failed ({status})")),
            _ => Ok(()),
        }
    }
}

/// Returns what opens pages on this system.
fn of_system(environment: &Environment) -> Vec<(&'static str, &'static [&'static str])> {
    const POWERSHELL: &[&str] =
        &["-NoProfile", "-NonInteractive", "-Command", "Start-Process '%s'"];
    match Platform::HERE {
        Platform::MacOs => vec![("/usr/bin/open", &["%s"])],
        Platform::Windows => vec![("rundll32.exe", &["url.dll,FileProtocolHandler", "%s"])],
        Platform::Linux if wsl::distribution(environment).is_some() => {
            vec![("wslview", &["%s"]), ("powershell.exe", POWERSHELL)]
        }
        Platform::Linux if has_display(environment) => {
            vec![("xdg-open", &["%s"]), ("sensible-browser", &["%s"]), ("x-www-browser", &["%s"])]
        }
        Platform::Linux => Vec::new(),
    }
}

fn has_display(environment: &Environment) -> bool {
    ["DISPLAY", "WAYLAND_DISPLAY"].iter().any(|name| environment.get(name).is_some())
}

#[cfg(all(test, unix))]
mod tests {
    use super::*;

    fn browsers(variables: &[(&str, &str)]) -> Browsers {
        let path = ("PATH".to_owned(), "/usr/bin:/bin".to_owned());
        let variables = variables.iter().map(|&(name, value)| (name.to_owned(), value.to_owned()));
        Browsers::find(&Environment::new(variables.chain([path]), None))
    }

    #[test]
    fn variable_names_browsers_with_or_without_a_place_for_the_address() {
        let found = browsers(&[("BROWSER", "cat -n:no-such-browser %s:env 'a b' --url=%s --new")]);
        let of = |at: usize| {
            let opener: &Opener = &found.0[at];
            (opener.program.file_name().unwrap().to_str().unwrap(), opener.arguments.clone())
        };
        let words = |text: &[&str]| text.iter().map(|&word| word.to_owned()).collect::<Vec<_>>();
        assert_eq!(of(0), ("cat", words(&["-n", "%s"])));
        assert_eq!(of(1), ("env", words(&["a b", "--url=%s", "--new"])));
    }

    #[test]
    fn without_variable_and_display_there_is_none() {
        if cfg!(target_os = "linux") && wsl::distribution(&Environment::default()).is_none() {
            assert!(browsers(&[]).is_empty());
        }
    }

    #[test]
    fn first_program_that_works_opens_page() {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        let folder = tempfile::tempdir().unwrap();
        let note = folder.path().join("note");
        let open = |line: &str, address: &str| {
            runtime.block_on(browsers(&[("BROWSER", line)]).open(address))
        };
        let write = format!("sh -c 'echo \"$1\" >{}' sh %s", note.display());
        open(&format!("false:{write}:rm"), "https://example.com/?a=b&c='d").unwrap();
        let written = std::fs::read_to_string(&note).unwrap();
        assert_eq!(written, "https://example.com/?a=b&c=%27d\n");
        let error = open("false %s:sh -c 'exit 3' %s", "http://localhost/").unwrap_err();
        assert!(error.contains("false failed") && error.contains("exit status: 3"), "{error}");
        assert!(open(&write, "file:///etc/passwd").is_err());
    }
}
