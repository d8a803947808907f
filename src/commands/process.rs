//! `rolecall process`: what every SDK runs.

use std::process::ExitCode;

use super::credentials::{FOR_SDKS, obtain};
use crate::cli::Process;
use crate::context::Context;
use crate::error::Result;
use crate::output::{credential_process, print};

pub fn run(context: &Context, args: &Process) -> Result<ExitCode> {
    let obtained = obtain(context, &args.credentials, FOR_SDKS)?;
    print(&credential_process::render(&obtained.credentials))?;
    Ok(ExitCode::SUCCESS)
}
