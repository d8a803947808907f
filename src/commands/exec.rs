//! `rolecall exec` and `rolecall shell`: a child with credentials in its environment and nothing of
//! rolecall's own.

use std::ffi::{OsStr, OsString};
use std::process::{Command, ExitCode};

use super::choose::obtain_or_pick;
use crate::app::context::Context;
use crate::app::options::{Credentials, Pick};
use crate::cli::{Exec, ShellCommand};
use crate::error::{Error, Result};
use crate::output::variables::{HIDDEN_FROM_CHILDREN, Values};
use crate::system::report::Report;

/// How many shells of rolecall are around this one.
const DEPTH: &str = "ROLECALL_SHELL_DEPTH";

pub fn run(context: &Context, args: &Exec) -> Result<ExitCode> {
    let (program, arguments) =
        args.command.split_first().ok_or_else(|| Error::usage("no command to run"))?;
    Ok(start(context, child(context, &args.credentials, &args.pick, program, arguments)?))
}

pub fn run_shell(context: &Context, args: &ShellCommand) -> Result<ExitCode> {
    let fallback = if cfg!(windows) { "cmd.exe" } else { "/bin/sh" };
    let shell = context
        .environment
        .get("SHELL")
        .or_else(|| context.environment.get("COMSPEC"))
        .unwrap_or(fallback)
        .to_owned();
    let mut command = child(context, &args.credentials, &args.pick, OsStr::new(&shell), &[])?;
    let depth = context.environment.get(DEPTH).and_then(|d| d.parse::<u32>().ok()).unwrap_or(0) + 1;
    command.env(DEPTH, depth.to_string());
    let inside = context.environment.get("ROLECALL_PROFILE").filter(|_| depth > 1);
    let inside = inside
        .map(|outer| format!(", inside the one with `{outer}` (level {depth})"))
        .unwrap_or_default();
    let name =
        command.get_envs().find(|(key, _)| *key == "ROLECALL_PROFILE").and_then(|(_, value)| value);
    let name = name.map_or_else(
        || "the default credentials".into(),
        |n| format!("profile `{}`", n.to_string_lossy()),
    );
    context.ui.note(&format!("a shell with {name}{inside}; leave it with: exit"));
    Ok(start(context, command))
}

fn child(
    context: &Context,
    options: &Credentials,
    pick: &Pick,
    program: &OsStr,
    arguments: &[OsString],
) -> Result<Command> {
    let obtained = obtain_or_pick(context, options, pick)?;
    let profile = obtained.chain.profile.as_ref().map(|p| p.name.as_str());
    let values = Values::new(&obtained.credentials, obtained.chain.region.as_deref(), profile);
    let mut command = Command::new(program);
    command.args(arguments);
    for variable in values.variables() {
        match variable.value {
            Some(value) => command.env(variable.name, value),
            None => command.env_remove(variable.name),
        };
    }
    for name in HIDDEN_FROM_CHILDREN {
        command.env_remove(name);
    }
    Ok(command)
}

/// Becomes the child, so that signals, the terminal and the exit status are its own.
#[cfg(unix)]
fn start(context: &Context, mut command: Command) -> ExitCode {
    use std::os::unix::process::CommandExt;
    let error = command.exec();
    not_started(context, &command, &error)
}

#[cfg(not(unix))]
fn start(context: &Context, mut command: Command) -> ExitCode {
    match command.status() {
        Ok(status) => ExitCode::from(u8::try_from(status.code().unwrap_or(1)).unwrap_or(1)),
        Err(error) => not_started(context, &command, &error),
    }
}

fn not_started(context: &Context, command: &Command, error: &std::io::Error) -> ExitCode {
    let program = command.get_program().to_string_lossy();
    let found = error.kind() != std::io::ErrorKind::NotFound;
    let what = if found {
        format!("`{program}` cannot be run: {error}")
    } else {
        format!("`{program}` was not found")
    };
    context.ui.error(
        &Error::failed(what)
            .hint(format!("look for it: command -v {}", crate::hint::word(&program))),
    );
    ExitCode::from(if found { 126 } else { 127 })
}
