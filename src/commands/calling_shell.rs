//! Finds the shell that calls.

use crate::app::context::Context;
use crate::output::shells::Shell;
use crate::platform::ancestors::ancestors;
use crate::system::report::Report;

/// Returns the shell that calls: the nearest ancestor that is one, else `$SHELL`, else the
/// system's.
pub fn calling_shell(context: &Context) -> Shell {
    let shell = calling_shell_name(context)
        .and_then(|name| Shell::parse(&name))
        .unwrap_or(if cfg!(windows) { Shell::PowerShell } else { Shell::Sh });
    context.ui.decided(&|| format!("printing for the shell {}", shell.name()));
    shell
}

/// Returns the name of the shell that calls, if it is a known one. Between it and this process may
/// stand wrappers, as `timeout`, `sudo`, `xargs` or `make`.
pub fn calling_shell_name(context: &Context) -> Option<String> {
    let ancestors = ancestors().into_iter().filter_map(|ancestor| ancestor.name);
    let variable = context.environment.get("SHELL").map(str::to_owned);
    ancestors.chain(variable).find(|name| Shell::parse(name).is_some())
}
