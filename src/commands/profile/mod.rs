//! `rolecall profile`: the shared files, shown and edited so that no other byte changes.

mod dump;
mod section;
mod set;
mod show;
mod unset;

use clap::Subcommand;

use self::dump::ProfileDumpArgs;
use self::set::ProfileSetArgs;
use self::show::ProfileShowArgs;
use self::unset::ProfileUnsetArgs;
use crate::app::context::Context;
use crate::error::{Error, Kind, Result};

#[derive(Debug, Subcommand)]
pub enum ProfileCommand {
    Show(ProfileShowArgs),
    Set(ProfileSetArgs),
    Unset(ProfileUnsetArgs),
    Dump(ProfileDumpArgs),
}

pub fn run(context: &Context, command: &ProfileCommand) -> Result<()> {
    let (verb, outcome) = match command {
        ProfileCommand::Show(args) => ("show", show::run(context, args)),
        ProfileCommand::Set(args) => ("set", set::run(context, args)),
        ProfileCommand::Unset(args) => ("unset", unset::run(context, args)),
        ProfileCommand::Dump(_) => ("dump", dump::run(context)),
    };
    outcome.map_err(|error| with_help(error, verb))
}

/// Points to the help of the verb where nothing else mends a command line.
fn with_help(error: Error, verb: &str) -> Error {
    if error.kind() != Kind::Usage || !error.hints().is_empty() {
        return error;
    }
    error.hint(format!("see what it takes: rolecall profile {verb} --help"))
}
