//! Finds the shell that calls, and the one that a person uses.

use crate::app::context::Context;
use crate::output::shells::Shell;
use crate::platform::Platform;
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

/// Returns the program of the person's shell: `$SHELL` on Unix, on Windows the one that calls.
pub fn shell_program(context: &Context) -> String {
    let variable = |name| context.environment.get(name);
    match Platform::HERE {
        Platform::Linux | Platform::MacOs => variable("SHELL").unwrap_or("/bin/sh").to_owned(),
        Platform::Windows => {
            let calling = calling_shell_name(context);
            windows_shell(calling.as_deref(), variable("SHELL"), variable("COMSPEC")).to_owned()
        }
    }
}

/// Chooses the shell on Windows. Only Git Bash and its like keep in `SHELL` where they are.
fn windows_shell<'a>(
    calling: Option<&'a str>,
    shell: Option<&'a str>,
    interpreter: Option<&'a str>,
) -> &'a str {
    let is_posix = calling.is_some_and(|name| Shell::parse(name) == Some(Shell::Sh));
    let posix = shell.filter(|_| is_posix);
    posix.or(calling).or(interpreter).unwrap_or("cmd.exe")
}

#[cfg(test)]
mod tests {
    use super::windows_shell;

    #[test]
    fn calling_shell_is_that_of_a_person_on_windows() {
        let bash = r"C:\Program Files\Git\usr\bin\bash.exe";
        let cmd = r"C:\Windows\system32\cmd.exe";
        for (calling, shell, interpreter, chosen) in [
            (Some("pwsh.exe"), None, Some(cmd), "pwsh.exe"),
            (Some("pwsh.exe"), Some(bash), Some(cmd), "pwsh.exe"),
            (Some("cmd.exe"), Some(bash), Some(cmd), "cmd.exe"),
            (Some("bash.exe"), Some(bash), Some(cmd), bash),
            (Some("bash.exe"), None, Some(cmd), "bash.exe"),
            (None, Some(bash), Some(cmd), cmd),
            (None, None, None, "cmd.exe"),
        ] {
            assert_eq!(windows_shell(calling, shell, interpreter), chosen, "{calling:?}");
        }
    }
}
