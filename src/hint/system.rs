//! Programs of the system that hints name.

use crate::platform::Platform;

/// The commands of a system, which every shell on it takes.
pub struct SystemCommands {
    /// Has the clock set by a time server.
    pub set_clock: &'static str,
    /// Shows how far the clock is off.
    pub show_clock: &'static str,
    /// Lists the processes of rolecall.
    pub processes: &'static str,
    /// Ends the process whose number follows.
    end: &'static str,
    /// Ends the process whose number follows, though it is stopped.
    end_stopped: &'static str,
    /// Opens the address that follows in the browser.
    pub open: &'static str,
    /// Sends a request; PowerShell has another `curl`.
    pub curl: &'static str,
}

/// The commands of this system.
pub const SYSTEM: SystemCommands = SystemCommands::of(Platform::HERE);

impl SystemCommands {
    const fn of(platform: Platform) -> Self {
        match platform {
            Platform::Linux => Self {
                set_clock: "timedatectl set-ntp true",
                show_clock: "timedatectl",
                processes: "ps -f -C rolecall",
                end: "kill",
                end_stopped: "kill -KILL",
                open: "xdg-open",
                curl: "curl",
            },
            Platform::MacOs => Self {
                set_clock: "sudo sntp -sS time.apple.com",
                show_clock: "sntp time.apple.com",
                processes: "pgrep -fl rolecall",
                end: "kill",
                end_stopped: "kill -KILL",
                open: "open",
                curl: "curl",
            },
            Platform::Windows => Self {
                set_clock: "w32tm /resync",
                show_clock: "w32tm /stripchart /computer:time.windows.com /samples:1",
                processes: "tasklist /FI \"imagename eq rolecall.exe\"",
                end: "taskkill /F /PID",
                end_stopped: "taskkill /F /PID",
                open: "explorer",
                curl: "curl.exe",
            },
        }
    }

    /// Ends a process.
    pub fn end(&self, pid: u32) -> String {
        format!("{} {pid}", self.end)
    }

    /// Ends a process that is stopped.
    pub fn end_stopped(&self, pid: u32) -> String {
        format!("{} {pid}", self.end_stopped)
    }
}

/// Lets a process go on that is stopped, which is known on Linux only.
pub fn resume(pid: u32) -> String {
    format!("kill -CONT {pid}")
}
