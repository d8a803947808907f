//! `rolecall keys mfa`: seeds of virtual MFA devices in the store.

mod add;
mod checks;
mod list;
mod remove;

use clap::Subcommand;

use self::add::MfaAddArgs;
use self::list::MfaListArgs;
use self::remove::MfaRemoveArgs;
use crate::app::context::Context;
use crate::error::Result;

#[derive(Debug, Subcommand)]
pub enum MfaCommand {
    Add(MfaAddArgs),
    List(MfaListArgs),
    Remove(MfaRemoveArgs),
}

pub fn run(context: &Context, command: &MfaCommand) -> Result<()> {
    match command {
        MfaCommand::Add(args) => add::run(context, args),
        MfaCommand::List(args) => list::run(context, args),
        MfaCommand::Remove(args) => remove::run(context, args),
    }
}
