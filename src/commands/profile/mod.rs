//! `rolecall profile`: the shared files.

mod dump;

use clap::Subcommand;

use self::dump::ProfileDumpArgs;
use crate::app::context::Context;
use crate::error::Result;

#[derive(Debug, Subcommand)]
pub enum ProfileCommand {
    Dump(ProfileDumpArgs),
}

pub fn run(context: &Context, command: &ProfileCommand) -> Result<()> {
    match command {
        ProfileCommand::Dump(_) => dump::run(context),
    }
}
