//! The programs that ask a person on each system, the best first.

/// A system, as far as its programs are concerned.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum System {
    /// Linux and the systems that have the same desktops.
    Linux,
    MacOs,
    Windows,
}

impl System {
    pub const HERE: Self = if cfg!(target_os = "macos") {
        Self::MacOs
    } else if cfg!(windows) {
        Self::Windows
    } else {
        Self::Linux
    };

    /// Returns the names of the pinentries to look for. On macOS `pinentry` asks on a terminal, and
    /// `pinentry-mac` in a window.
    pub fn pinentries(self) -> &'static [&'static str] {
        match self {
            Self::MacOs => &["pinentry-mac", "pinentry"],
            Self::Linux | Self::Windows => &["pinentry"],
        }
    }

    /// Returns the programs that open a window. In WSL there is the PowerShell of Windows too.
    pub fn dialogs(self) -> &'static [DialogProgram] {
        match self {
            Self::Linux => {
                &[DialogProgram::Zenity, DialogProgram::Kdialog, DialogProgram::PowerShell]
            }
            Self::MacOs => &[DialogProgram::Osascript],
            Self::Windows => &[DialogProgram::PowerShell],
        }
    }
}

/// A program that opens a window of the desktop.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum DialogProgram {
    Zenity,
    Kdialog,
    Osascript,
    PowerShell,
}

impl DialogProgram {
    pub fn name(self) -> &'static str {
        match self {
            Self::Zenity => "zenity",
            Self::Kdialog => "kdialog",
            Self::Osascript => "osascript",
            Self::PowerShell => "powershell.exe",
        }
    }
}
