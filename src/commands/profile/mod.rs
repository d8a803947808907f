//! `rolecall profile`: the shared files, shown and edited so that no other byte changes.

pub mod add;
mod adopt;
mod dump;
mod edit;
mod remove;
mod rename;
mod section;
mod set;
mod show;
mod unset;

use clap::Subcommand;

use self::add::ProfileAddArgs;
use self::adopt::{ProfileAdoptArgs, ProfileReleaseArgs};
use self::dump::ProfileDumpArgs;
use self::edit::ProfileEditArgs;
use self::remove::ProfileRemoveArgs;
use self::rename::ProfileRenameArgs;
use self::set::ProfileSetArgs;
use self::show::ProfileShowArgs;
use self::unset::ProfileUnsetArgs;
use crate::app::context::Context;
use crate::error::{Error, Kind, Result};
use crate::system::exit::Exit;

#[derive(Debug, Subcommand)]
pub enum ProfileCommand {
    Show(ProfileShowArgs),
    Add(ProfileAddArgs),
    Set(ProfileSetArgs),
    Unset(ProfileUnsetArgs),
    Rename(ProfileRenameArgs),
    Remove(ProfileRemoveArgs),
    Edit(ProfileEditArgs),
    Adopt(ProfileAdoptArgs),
    Release(ProfileReleaseArgs),
    Dump(ProfileDumpArgs),
}

pub fn run(context: &Context, command: &ProfileCommand) -> Result<Exit> {
    let done = |outcome: Result<()>| outcome.map(|()| Exit::SUCCESS);
    let (verb, outcome) = match command {
        ProfileCommand::Show(args) => ("show", done(show::run(context, args))),
        ProfileCommand::Add(args) => ("add", done(add::run(context, args))),
        ProfileCommand::Set(args) => ("set", done(set::run(context, args))),
        ProfileCommand::Unset(args) => ("unset", done(unset::run(context, args))),
        ProfileCommand::Rename(args) => ("rename", done(rename::run(context, args))),
        ProfileCommand::Remove(args) => ("remove", done(remove::run(context, args))),
        ProfileCommand::Edit(args) => ("edit", edit::run(context, args)),
        ProfileCommand::Adopt(args) => ("adopt", done(adopt::run_adopt(context, args))),
        ProfileCommand::Release(args) => ("release", done(adopt::run_release(context, args))),
        ProfileCommand::Dump(_) => ("dump", done(dump::run(context))),
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
