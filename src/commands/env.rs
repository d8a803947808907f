//! `rolecall env`: credentials as lines for a shell or a file.

use std::process::ExitCode;

use zeroize::Zeroizing;

use super::choose::obtain_or_pick;
use crate::app::context::Context;
use crate::cli::Env;
use crate::error::{Error, Result};
use crate::output::formats::{Format, github_masks, render_format};
use crate::output::print;
use crate::output::shells::{Shell, Variable, render_shell};
use crate::output::variables::Values;
use crate::system::report::Report;

pub fn run(context: &Context, args: &Env) -> Result<ExitCode> {
    let values = if args.unset {
        Values::none()
    } else {
        let obtained = obtain_or_pick(context, &args.credentials, &args.pick)?;
        let profile = obtained.chain.profile.as_ref().map(|p| p.name.as_str());
        Values::new(&obtained.credentials, obtained.chain.region.as_deref(), profile)
    };
    let variables = values.variables();
    let text = match args.format {
        Some(Format::Github) => github(context, &variables)?,
        Some(format) => {
            render_format(format, &variables).map_err(|e| unprintable(&e.to_string()))?
        }
        None => render_shell(args.shell.unwrap_or_else(|| calling_shell(context)), &variables)
            .map_err(|e| unprintable(&e.to_string()))?,
    };
    print(&Zeroizing::new(text))?;
    Ok(ExitCode::SUCCESS)
}

fn unprintable(what: &str) -> Error {
    Error::failed(format!("the variables cannot be written in this form: {what}"))
        .hint("choose another: rolecall env --format json")
}

/// The masks come first, so that the runner's log never shows a secret. When stdout is
/// `$GITHUB_ENV` itself, which takes no masks, they go to stderr, where the runner reads them too.
fn github(context: &Context, variables: &[Variable]) -> Result<String> {
    let lines =
        render_format(Format::Github, variables).map_err(|e| unprintable(&e.to_string()))?;
    let masks = Zeroizing::new(github_masks(variables));
    if context.environment.get("GITHUB_ENV").is_some_and(is_stdout) {
        use std::io::Write;
        let _ = std::io::stderr().write_all(masks.as_bytes());
        return Ok(lines);
    }
    Ok(format!("{}{lines}", *masks))
}

#[cfg(unix)]
fn is_stdout(path: &str) -> bool {
    let (Ok(stdout), Ok(file)) = (rustix::fs::fstat(std::io::stdout()), rustix::fs::stat(path))
    else {
        return false;
    };
    (stdout.st_dev, stdout.st_ino) == (file.st_dev, file.st_ino)
}

#[cfg(not(unix))]
fn is_stdout(_: &str) -> bool {
    false
}

/// Finds the shell that calls: the parent process, else `$SHELL`, else the system's.
fn calling_shell(context: &Context) -> Shell {
    let shell = calling_shell_name(context)
        .and_then(|name| Shell::parse(&name))
        .unwrap_or(if cfg!(windows) { Shell::PowerShell } else { Shell::Sh });
    context.ui.decided(&|| format!("printing for the shell {}", shell.name()));
    shell
}

/// Returns the name of the shell that calls, in which its kind can be recognised.
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
