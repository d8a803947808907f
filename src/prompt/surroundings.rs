//! What the ladder must know of the environment, and where programs are.

use std::path::{Path, PathBuf};

use tokio::process::Command;

use crate::system::directories::Directories;
use crate::system::environment::Environment;

/// Plain data, read only when somebody is asked.
#[derive(Debug, Clone, Default)]
pub struct Surroundings {
    /// `PATH`.
    pub path: Option<String>,
    /// `DISPLAY` of X, `WAYLAND_DISPLAY`.
    pub display: Option<String>,
    pub wayland_display: Option<String>,
    /// Whether the person sits at another machine (`SSH_CONNECTION`).
    pub remote: bool,
    /// `GPG_TTY`: the terminal, when this process has none of its own.
    pub gpg_tty: Option<String>,
    /// `TERM`.
    pub term: Option<String>,
    /// `LC_ALL`, else `LC_CTYPE`, else `LANG`; and the same for messages.
    pub lc_ctype: Option<String>,
    pub lc_messages: Option<String>,
    /// The pinentry that was chosen: `PINENTRY_PROGRAM`, else the setting.
    pub pinentry: Option<PathBuf>,
}

impl Surroundings {
    /// Reads them; `pinentry` is the one that is set.
    pub fn read(
        environment: &Environment,
        directories: &Directories,
        pinentry: Option<&str>,
    ) -> Self {
        let get =
            |names: &[&str]| names.iter().find_map(|name| environment.get(name)).map(str::to_owned);
        let pinentry = environment.get("PINENTRY_PROGRAM").or(pinentry);
        Self {
            path: get(&["PATH", "Path"]),
            display: get(&["DISPLAY"]),
            wayland_display: get(&["WAYLAND_DISPLAY"]),
            remote: get(&["SSH_CONNECTION"]).is_some(),
            gpg_tty: get(&["GPG_TTY"]),
            term: get(&["TERM"]),
            lc_ctype: get(&["LC_ALL", "LC_CTYPE", "LANG"]),
            lc_messages: get(&["LC_ALL", "LC_MESSAGES", "LANG"]),
            pinentry: pinentry.map(|program| directories.expand(program)),
        }
    }

    /// Finds a program by its path or on `PATH`.
    pub fn find(&self, program: impl AsRef<Path>) -> Option<PathBuf> {
        let program = program.as_ref();
        if program.components().count() > 1 {
            return is_program(program).then(|| program.to_owned());
        }
        std::env::split_paths(self.path.as_deref()?).filter(|folder| folder.is_absolute()).find_map(
            |folder| {
                let path = folder.join(program);
                if is_program(&path) {
                    return Some(path);
                }
                let exe = path.with_extension("exe");
                (cfg!(windows) && is_program(&exe)).then_some(exe)
            },
        )
    }

    /// Finds a program on `PATH`; the error says that it is not there.
    pub fn program(&self, name: &str) -> Result<PathBuf, String> {
        self.find(name).ok_or_else(|| format!("{name} is not on PATH"))
    }

    pub fn has_display(&self) -> bool {
        self.display.is_some() || self.wayland_display.is_some()
    }
}

#[cfg(unix)]
fn is_program(path: &Path) -> bool {
    use std::os::unix::fs::PermissionsExt;
    std::fs::metadata(path).is_ok_and(|m| m.is_file() && m.permissions().mode() & 0o111 != 0)
}

#[cfg(not(unix))]
fn is_program(path: &Path) -> bool {
    path.is_file()
}

/// Makes a command for a program that only asks: what it does not need to know is kept from it.
pub fn asker(program: &Path) -> Command {
    let mut command = Command::new(program);
    for name in [
        "ROLECALL_FILE_PASSPHRASE",
        "AWS_SECRET_ACCESS_KEY",
        "AWS_SESSION_TOKEN",
        "AWS_SECURITY_TOKEN",
    ] {
        command.env_remove(name);
    }
    command.kill_on_drop(true);
    command
}
