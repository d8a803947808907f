//! What the prompt methods must know of the environment, and where programs are.

use std::path::{Path, PathBuf};

use tokio::process::Command;

use super::system_programs::System;
use crate::system::directories::Directories;
use crate::system::elsewhere::Elsewhere;
use crate::system::environment::{Environment, SECRETS};
use crate::system::search_path::SearchPath;

/// The environment, as the prompt methods read it.
pub struct PromptEnvironment<'a> {
    variables: &'a Environment,
    pub system: System,
    /// The pinentry that was chosen: `PINENTRY_PROGRAM`, else the setting.
    pub pinentry: Option<PathBuf>,
}

impl<'a> PromptEnvironment<'a> {
    /// `pinentry` is the setting.
    pub fn read(
        variables: &'a Environment,
        directories: &Directories,
        pinentry: Option<&str>,
    ) -> Self {
        let pinentry = variables.get("PINENTRY_PROGRAM").or(pinentry);
        let pinentry = pinentry.and_then(|program| directories.expand(program).ok());
        Self { variables, system: System::HERE, pinentry }
    }

    /// Returns the first of some variables that is set.
    pub fn first(&self, names: &[&str]) -> Option<&'a str> {
        names.iter().find_map(|name| self.variables.get(name))
    }

    /// Returns the terminal to use when this process has none of its own.
    pub fn gpg_tty(&self) -> Option<&'a str> {
        self.variables.get("GPG_TTY")
    }

    /// Returns what tells that the person sits at another machine.
    pub fn elsewhere(&self) -> Option<Elsewhere> {
        Elsewhere::find(self.variables)
    }

    /// Returns whether there is a display of X or Wayland.
    pub fn has_display(&self) -> bool {
        self.first(&["DISPLAY", "WAYLAND_DISPLAY"]).is_some()
    }

    /// Returns where programs are looked for.
    pub fn search_path(&self) -> SearchPath {
        SearchPath::of(self.variables)
    }

    /// Finds a program by its path or on `PATH`.
    pub fn find(&self, program: impl AsRef<Path>) -> Option<PathBuf> {
        self.search_path().find(program)
    }

    /// Finds a program on `PATH`.
    ///
    /// # Errors
    /// Says that it is not there.
    pub fn program(&self, name: &str) -> Result<PathBuf, String> {
        self.find(name).ok_or_else(|| format!("{name} is not on PATH"))
    }
}

/// Returns a command for a program that asks a person. It does not get rolecall's and AWS's
/// secrets.
pub fn asking_command(program: &Path) -> Command {
    let mut command = Command::new(program);
    for name in SECRETS {
        command.env_remove(name);
    }
    command.kill_on_drop(true);
    command
}
