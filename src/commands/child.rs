//! Starts a program with credentials in its environment, and without variables of rolecall.

use std::borrow::Cow;
use std::ffi::{OsStr, OsString};
use std::process::Command;

use super::choose::obtain_or_pick;
use crate::app::context::Context;
use crate::app::options::PickOptions;
use crate::app::service::CredentialsService;
use crate::error::{Error, Result};
use crate::hint;
use crate::output::variables::HIDDEN_FROM_CHILDREN;
use crate::system::exit::Exit;
use crate::system::search_path::SearchPath;
#[cfg(windows)]
use crate::system::signals::Caught;

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
    let mut command = Command::new(file(service.context(), program));
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

/// Returns the file of a program. Unix finds it by itself; Windows finds no `cdk.cmd` by the name
/// `cdk`, as people type it.
pub fn file<'a>(context: &Context, program: &'a OsStr) -> Cow<'a, OsStr> {
    if cfg!(unix) {
        return Cow::Borrowed(program);
    }
    let found = SearchPath::of(&context.environment).find(program);
    found.map_or(Cow::Borrowed(program), |path| Cow::Owned(path.into_os_string()))
}

/// Replaces this process by the program, so that it gets the signals and the terminal, and its exit
/// status is the call's. Returns only when the program cannot be started.
#[cfg(unix)]
pub fn start(context: &Context, mut command: Command) -> Exit {
    use std::os::unix::process::CommandExt;
    let error = command.exec();
    not_started(context, &command, &error)
}

/// Waits for the program, and returns its exit code. Ctrl-C goes to all on the console: what it does
/// is for the program to say, which this process outlives.
#[cfg(windows)]
pub fn start(context: &Context, mut command: Command) -> Exit {
    let caught = Caught::ends();
    let status = command.status();
    drop(caught);
    match status {
        Ok(status) => Exit::of(status),
        Err(error) => not_started(context, &command, &error),
    }
}

fn not_started(context: &Context, command: &Command, error: &std::io::Error) -> Exit {
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
    Exit::from(if found { 126 } else { 127 })
}
