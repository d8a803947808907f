//! Starts a program with credentials in its environment, and without variables of rolecall.

use std::ffi::{OsStr, OsString};
use std::process::{Command, ExitCode};

use super::choose::obtain_or_pick;
use crate::app::context::Context;
use crate::app::options::PickOptions;
use crate::app::service::CredentialsService;
use crate::error::{Error, Result};
use crate::hint;
use crate::output::variables::HIDDEN_FROM_CHILDREN;

/// Returns the command that starts a program with the credentials of a call.
///
/// # Errors
/// As [`obtain_or_pick`].
pub fn child(
    service: &CredentialsService,
    options: &PickOptions,
    program: &OsStr,
    arguments: &[OsString],
) -> Result<Command> {
    let values = obtain_or_pick(service, options)?.values();
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

/// Replaces this process by the program, so that it gets the signals and the terminal, and its exit
/// status is the call's. Returns only when the program cannot be started.
#[cfg(unix)]
pub fn start(context: &Context, mut command: Command) -> ExitCode {
    use std::os::unix::process::CommandExt;
    let error = command.exec();
    not_started(context, &command, &error)
}

#[cfg(not(unix))]
pub fn start(context: &Context, mut command: Command) -> ExitCode {
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
    context
        .ui
        .error(&Error::failed(what).hint(format!("look for it: {}", hint::find_program(&program))));
    ExitCode::from(if found { 126 } else { 127 })
}
