//! The shell side: the scripts that `init` prints, one real file per shell, and what a switched
//! shell remembers in its environment.

pub mod state;

use crate::output::shells::Shell;

/// A shell that has a shell side.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Side {
    Bash,
    Zsh,
    Fish,
    PowerShell,
    Nushell,
    Elvish,
}

impl Side {
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

    /// Returns the dialect in which its variables are printed.
    pub fn dialect(self) -> Shell {
        match self {
            Self::Bash | Self::Zsh => Shell::Sh,
            Self::Fish => Shell::Fish,
            Self::PowerShell => Shell::PowerShell,
            Self::Nushell => Shell::Nushell,
            Self::Elvish => Shell::Elvish,
        }
    }

    /// Returns the function and the hook, and the part that shows the prompt.
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

    /// Returns where the line that installs it belongs, and the line itself.
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
const NUSHELL: &str = "mkdir $nu.user-autoload-dirs.0; rolecall init nushell | save -f ($nu.user-autoload-dirs.0 | path join rolecall.nu)";

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn shells_are_known_by_the_names_of_their_processes() {
        for (name, side) in [
            ("bash", Some(Side::Bash)),
            ("-bash", Some(Side::Bash)),
            ("rbash", Some(Side::Bash)),
            ("/usr/local/bin/zsh-5.9", Some(Side::Zsh)),
            ("fish", Some(Side::Fish)),
            ("pwsh.exe", Some(Side::PowerShell)),
            ("nu", Some(Side::Nushell)),
            ("elvish", Some(Side::Elvish)),
            ("dash", None),
            ("tcsh", None),
            ("", None),
        ] {
            assert_eq!(Side::parse(name), side, "{name}");
        }
        assert!(Side::NAMES.iter().all(|name| Side::parse(name).is_some()));
    }
}
