//! `rolecall exec`: runs one command with credentials in its environment.

use std::ffi::OsString;

use clap::Args;

use super::child::{child, start};
use crate::app::context::Context;
use crate::app::options::PickOptions;
use crate::app::service::CredentialsService;
use crate::error::{Error, Result};
use crate::hint;
use crate::system::exit::Exit;
use crate::system::search_path::SearchPath;

/// Run a command with credentials
#[derive(Debug, Args)]
#[command(
    override_usage = "rolecall exec [OPTIONS] [PROFILE] [--] <CMD>...",
    after_help = "\
Examples:
  rolecall exec prod terraform plan
  rolecall exec prod --read-only aws s3 ls --recursive
  rolecall exec --role-arn arn:aws:iam::222222222222:role/audit --source-profile dev \
-- aws sts get-caller-identity

The first word after PROFILE that is no option begins the command. What follows is the command's \
own. Where no profile is named, a `--` stands before the command."
)]
pub struct ExecArgs {
    /// The command and its arguments
    #[arg(last = true, required = true, value_name = "CMD", index = 2)]
    pub command: Vec<OsString>,
    #[command(flatten)]
    pub options: PickOptions,
}

pub fn run(service: &CredentialsService, args: &ExecArgs) -> Result<Exit> {
    let (program, arguments) =
        args.command.split_first().ok_or_else(|| Error::usage("no command to run"))?;
    let command = child(service, &args.options, program, arguments)
        .map_err(|error| about_missing_separator(service.context(), args, error))?;
    Ok(start(service.context(), command))
}

/// The mark before a command, as it reaches rolecall from the system's shells: the function that
/// `init` defines in PowerShell does not get a bare one.
pub const SEPARATOR: &str = if cfg!(windows) { "\"--\"" } else { "--" };

/// Adds how to run a command without a profile to the error that its name is no profile.
fn about_missing_separator(context: &Context, args: &ExecArgs, error: Error) -> Error {
    let PickOptions { pick: false, credentials } = &args.options else { return error };
    let Some(name) = &credentials.selected.positional else { return error };
    let is_profile = context.profiles().is_ok_and(|all| !matches!(all.profile(name), Ok(None)));
    if is_profile || SearchPath::of(&context.environment).find(name).is_none() {
        return error;
    }
    let words = args.command.iter().map(|word| word.to_string_lossy());
    let line = words
        .fold(hint::word(name).into_owned(), |line, word| format!("{line} {}", hint::word(&word)));
    error.hint(format!(
        "`{name}` is a program; to run it where no profile is named: \
         rolecall exec {SEPARATOR} {line}"
    ))
}
