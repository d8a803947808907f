//! `rolecall process`: what every SDK runs.

use std::process::ExitCode;

use crate::app::context::Context;
use crate::app::credentials::{FOR_SDKS, obtain};
use crate::cli::Process;
use crate::error::Result;
use crate::output::{credential_process, print};

pub fn run(context: &Context, args: &Process) -> Result<ExitCode> {
    let obtained = obtain(context, &args.credentials, FOR_SDKS)?;
    print(&credential_process::render(&obtained.credentials))?;
    Ok(ExitCode::SUCCESS)
}
