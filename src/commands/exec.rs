//! `rolecall exec`: runs one command with credentials in its environment.

use std::ffi::OsString;
use std::process::ExitCode;

use clap::Args;

use super::child::{child, start};
use crate::app::options::PickOptions;
use crate::app::service::CredentialsService;
use crate::error::{Error, Result};

/// Run a command with credentials
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  rolecall exec prod -- terraform plan
  rolecall exec prod --read-only -- aws s3 ls
  rolecall exec --role-arn arn:aws:iam::222222222222:role/audit --source-profile dev \
-- aws sts get-caller-identity")]
pub struct ExecArgs {
    /// The command and its arguments
    #[arg(last = true, required = true, value_name = "CMD", index = 2)]
    pub command: Vec<OsString>,
    #[command(flatten)]
    pub options: PickOptions,
}

pub fn run(service: &CredentialsService, args: &ExecArgs) -> Result<ExitCode> {
    let (program, arguments) =
        args.command.split_first().ok_or_else(|| Error::usage("no command to run"))?;
    Ok(start(service.context(), child(service, &args.options, program, arguments)?))
}
