//! Finds the shell that calls.

use crate::app::context::Context;
use crate::output::shells::Shell;
use crate::system::report::Report;

/// Returns the shell that calls: the parent process, else `$SHELL`, else the system's.
pub fn calling_shell(context: &Context) -> Shell {
    let shell = calling_shell_name(context)
        .and_then(|name| Shell::parse(&name))
        .unwrap_or(if cfg!(windows) { Shell::PowerShell } else { Shell::Sh });
    context.ui.decided(&|| format!("printing for the shell {}", shell.name()));
    shell
}

/// Returns the name of the shell that calls, if it is a known one.
pub fn calling_shell_name(context: &Context) -> Option<String> {
    let shell = || {
        context
            .environment
            .get("SHELL")
            .filter(|name| Shell::parse(name).is_some())
            .map(str::to_owned)
    };
    parent_name().filter(|name| Shell::parse(name).is_some()).or_else(shell)
}

#[cfg(target_os = "linux")]
fn parent_name() -> Option<String> {
    let parent = rustix::process::getppid()?;
    let name = std::fs::read_to_string(format!("/proc/{}/comm", parent.as_raw_pid())).ok()?;
    Some(name.trim().to_owned())
}

#[cfg(all(unix, not(target_os = "linux")))]
fn parent_name() -> Option<String> {
    let parent = rustix::process::getppid()?.as_raw_pid().to_string();
    let output =
        std::process::Command::new("ps").args(["-o", "comm=", "-p", &parent]).output().ok()?;
    String::from_utf8(output.stdout).ok().map(|name| name.trim().to_owned())
}

#[cfg(windows)]
fn parent_name() -> Option<String> {
    None
}
