//! `rolecall process`: what every SDK runs.

use std::process::ExitCode;

use clap::Args;

use crate::app::context::Context;
use crate::app::credentials::{FOR_SDKS, obtain};
use crate::app::options::Credentials;
use crate::error::Result;
use crate::output::{credential_process, print};

/// Print credentials as JSON for `credential_process`
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  credential_process = rolecall process prod          in ~/.aws/config, under [profile prod]
  rolecall process prod --no-input < /dev/null        what an SDK would get")]
pub struct ProcessArgs {
    #[command(flatten)]
    pub credentials: Credentials,
}

pub fn run(context: &Context, args: &ProcessArgs) -> Result<ExitCode> {
    let obtained = obtain(context, &args.credentials, FOR_SDKS)?;
    print(&credential_process::render(&obtained.credentials))?;
    Ok(ExitCode::SUCCESS)
}
