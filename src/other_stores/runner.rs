//! Programs that read the stores: `pass`, and aws-vault itself. They may ask a person on the terminal.

use std::ffi::OsStr;
use std::process::Stdio;

use tokio::process::Command;
use zeroize::Zeroizing;

use super::Access;
use crate::error::{Error, Result};
use crate::hint;
use crate::store::UnlockPolicy;
use crate::system::child::{ChildFailure, run_beside};
use crate::system::search_path::SearchPath;
use crate::system::terminal;

/// A program that is run with arguments.
pub struct Runner<'a> {
    pub access: Access<'a>,
    /// Its name, or the path of its file.
    pub name: String,
}

impl Runner<'_> {
    /// Returns whether it is there.
    pub fn exists(&self) -> bool {
        SearchPath::of(self.access.environment).find(&self.name).is_some()
    }

    /// Runs it and returns what it prints, for as long as the time limit lets it. Its stdin and
    /// stderr are the terminal where a person may be asked.
    ///
    /// # Errors
    /// When it cannot be started, fails, prints more than 1 MiB or does not end; an interruption.
    pub fn run(
        &self,
        arguments: &[&str],
        variable: Option<(&str, &OsStr)>,
    ) -> Result<Zeroizing<Vec<u8>>> {
        let Access { environment, runtime, .. } = self.access;
        let found = SearchPath::of(environment).find(&self.name);
        let mut command = Command::new(found.as_deref().unwrap_or(self.name.as_ref()));
        command.args(arguments).env_remove("ROLECALL_FILE_PASSPHRASE");
        // Within its own subshell aws-vault refuses to work.
        command.env_remove("AWS_VAULT");
        command.envs(variable);
        let terminal = match self.access.unlock {
            UnlockPolicy::Ask => terminal::files(),
            UnlockPolicy::Never => None,
        };
        let (input, output) = terminal.unzip();
        command.stdin(input.map_or_else(Stdio::null, Stdio::from));
        let ended = runtime.run(run_beside(command, output, self.access.limit))?;
        if !ended.as_ref().is_ok_and(|output| output.status.success()) {
            runtime.check_after_a_failure()?;
        }
        let line = format!("{} {}", self.name, arguments.join(" "));
        let output = ended.map_err(|failure| {
            Error::failed(format!("`{line}` {failure}")).hint(match failure {
                ChildFailure::NotStarted { .. } => {
                    format!("look for it: {}", hint::find_program(&self.name))
                }
                ChildFailure::Other(_) => format!("see what it does: {}", self.command(arguments)),
            })
        })?;
        if output.status.success() {
            return Ok(output.stdout);
        }
        let error = Error::failed(format!("`{line}` failed ({})", output.status));
        let error = output.complaint().into_iter().fold(error, Error::cause);
        Err(error.hint(format!("see what it does: {}", self.command(arguments))))
    }

    /// Returns the command as it is typed.
    fn command(&self, arguments: &[&str]) -> String {
        let words = std::iter::once(self.name.as_str()).chain(arguments.iter().copied());
        words.map(|word| hint::word(word).into_owned()).collect::<Vec<_>>().join(" ")
    }
}
