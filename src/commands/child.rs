//! A child with credentials in its environment and nothing of rolecall's own.

use std::ffi::{OsStr, OsString};
use std::process::{Command, ExitCode};

use super::choose::obtain_or_pick;
use crate::app::context::Context;
use crate::app::options::{CredentialOptions, Pick};
use crate::app::service::CredentialsService;
use crate::config::ProfileName;
use crate::error::{Error, Result};
use crate::output::variables::{HIDDEN_FROM_CHILDREN, Values};

/// Prepares a program with the credentials that the options lead to.
pub fn child(
    service: &CredentialsService,
    options: &CredentialOptions,
    pick: &Pick,
    program: &OsStr,
    arguments: &[OsString],
) -> Result<Command> {
    let obtained = obtain_or_pick(service, options, pick)?;
    let profile = obtained.chain.subject.profile_name().map(ProfileName::as_str);
    let values = Values::new(&obtained.credentials, obtained.chain.plan.region.as_deref(), profile);
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
    context.ui.error(
        &Error::failed(what)
            .hint(format!("look for it: command -v {}", crate::hint::word(&program))),
    );
    ExitCode::from(if found { 126 } else { 127 })
}
