//! The integration with shells: the scripts that `init` prints, one file per shell, and the
//! variables in which a switched shell remembers its selection.

pub mod state;

use std::path::{Path, PathBuf};

use crate::output::shells::Shell;
use crate::system::environment::Environment;

/// A shell that `rolecall init` knows.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum IntegratedShell {
    Bash,
    Zsh,
    Fish,
    PowerShell,
    Nushell,
    Elvish,
}

impl IntegratedShell {
    pub const NAMES: [&str; 6] = ["bash", "zsh", "fish", "powershell", "nushell", "elvish"];

    /// As `parse`, for the command line, whose parser shows the error.
    ///
    /// # Errors
    /// The names that are known, where this is none of them.
    pub fn parse_typed(name: &str) -> Result<Self, String> {
        Self::parse(name).ok_or_else(|| format!("known shells: {}", Self::NAMES.join(", ")))
    }

    /// Reads a shell's name or its process's: `zsh`, `-zsh`, `/usr/bin/fish`, `bash-5.2`, `pwsh`,
    /// `nu`.
    pub fn parse(name: &str) -> Option<Self> {
        Some(match Shell::parse(name)? {
            Shell::Fish => Self::Fish,
            Shell::PowerShell => Self::PowerShell,
            Shell::Nushell => Self::Nushell,
            Shell::Elvish => Self::Elvish,
            Shell::Sh if name.contains("bash") => Self::Bash,
            Shell::Sh if name.contains("zsh") => Self::Zsh,
            _ => return None,
        })
    }

    /// Returns the syntax in which its variables are printed.
    pub fn syntax(self) -> Shell {
        match self {
            Self::Bash | Self::Zsh => Shell::Sh,
            Self::Fish => Shell::Fish,
            Self::PowerShell => Shell::PowerShell,
            Self::Nushell => Shell::Nushell,
            Self::Elvish => Shell::Elvish,
        }
    }

    /// Returns two scripts: the function with its hook, and the part that shows the prompt.
    pub fn scripts(self) -> (&'static str, &'static str) {
        match self {
            Self::Bash => (
                concat!(include_str!("init.bash"), include_str!("init.sh")),
                include_str!("prompt.bash"),
            ),
            Self::Zsh => (
                concat!(include_str!("init.zsh"), include_str!("init.sh")),
                include_str!("prompt.zsh"),
            ),
            Self::Fish => (include_str!("init.fish"), include_str!("prompt.fish")),
            Self::PowerShell => (include_str!("init.ps1"), include_str!("prompt.ps1")),
            Self::Nushell => (include_str!("init.nu"), include_str!("prompt.nu")),
            Self::Elvish => (include_str!("init.elv"), include_str!("prompt.elv")),
        }
    }

    /// Returns the file at whose end that line belongs; `None` where the shell alone knows it, or no
    /// file has a line.
    pub fn startup_file(self, environment: &Environment, home: &Path) -> Option<PathBuf> {
        let folder = |name: &str, default: &str| {
            let set = environment.get(name).map(PathBuf::from).filter(|path| path.is_absolute());
            set.unwrap_or_else(|| home.join(default))
        };
        match self {
            Self::Bash => Some(home.join(".bashrc")),
            Self::Zsh => Some(folder("ZDOTDIR", "").join(".zshrc")),
            Self::Fish => Some(folder("XDG_CONFIG_HOME", ".config").join("fish/config.fish")),
            Self::Elvish => Some(folder("XDG_CONFIG_HOME", ".config").join("elvish/rc.elv")),
            Self::PowerShell | Self::Nushell => None,
        }
    }

    /// Returns whether a line of a start-up file brings the shell side.
    pub fn is_installed_by(line: &str) -> bool {
        let line = line.trim_start();
        let has = |part| line.contains(part);
        !line.starts_with('#') && (has("rolecall init ") || has("/shell/rolecall."))
    }

    /// Returns the place of the line that installs the script, and the line itself.
    pub fn installation(self) -> (&'static str, &'static str) {
        match self {
            Self::Bash => ("at the end of ~/.bashrc", "eval \"$(rolecall init bash)\""),
            Self::Zsh => ("at the end of ~/.zshrc", "eval \"$(rolecall init zsh)\""),
            Self::Fish => ("in ~/.config/fish/config.fish", "rolecall init fish | source"),
            Self::PowerShell => (
                "at the end of $PROFILE",
                "Invoke-Expression (& rolecall init powershell | Out-String)",
            ),
            Self::Nushell => ("once at the prompt", NUSHELL),
            Self::Elvish => {
                ("at the end of ~/.config/elvish/rc.elv", "eval (rolecall init elvish | slurp)")
            }
        }
    }
}

/// Nushell evaluates files only.
const NUSHELL: &str = "mkdir $nu.user-autoload-dirs.0; rolecall init nushell | save -f \
                       ($nu.user-autoload-dirs.0 | path join rolecall.nu)";

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn shell_parses_from_name_of_its_process() {
        for (name, shell) in [
            ("bash", Some(IntegratedShell::Bash)),
            ("-bash", Some(IntegratedShell::Bash)),
            ("rbash", Some(IntegratedShell::Bash)),
            ("/usr/local/bin/zsh-5.9", Some(IntegratedShell::Zsh)),
            ("fish", Some(IntegratedShell::Fish)),
            ("pwsh.exe", Some(IntegratedShell::PowerShell)),
            ("nu", Some(IntegratedShell::Nushell)),
            ("elvish", Some(IntegratedShell::Elvish)),
            ("dash", None),
            ("tcsh", None),
            ("", None),
        ] {
            assert_eq!(IntegratedShell::parse(name), shell, "{name}");
        }
        assert!(IntegratedShell::NAMES.iter().all(|name| IntegratedShell::parse(name).is_some()));
    }
}
