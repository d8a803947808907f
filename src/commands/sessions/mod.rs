//! `rolecall sessions`: the sessions in the stores.

pub mod chains;
pub mod clear;
mod list;
mod reach;

use clap::{Args, Subcommand};

use self::clear::SessionsClearArgs;
use self::list::SessionsListArgs;
use crate::app::context::Context;
use crate::error::Result;

/// Show or forget the sessions that are kept
#[derive(Debug, Args)]
#[command(
    args_conflicts_with_subcommands = true,
    after_help = "\
Examples:
  rolecall sessions                     what is kept, for whom, until when and where
  rolecall sessions clear prod          forget the session of prod
  rolecall sessions clear               forget all sessions, in every store"
)]
pub struct SessionsArgs {
    #[command(subcommand)]
    pub command: Option<SessionsCommand>,
    #[command(flatten)]
    pub list: SessionsListArgs,
}

#[derive(Debug, Subcommand)]
pub enum SessionsCommand {
    /// Show the sessions that are kept, without a secret (what `sessions` alone does)
    #[command(after_help = "Examples:\n  rolecall sessions list --json")]
    List(SessionsListArgs),
    Clear(SessionsClearArgs),
}

pub fn run(context: &Context, args: &SessionsArgs) -> Result<()> {
    match &args.command {
        Some(SessionsCommand::Clear(args)) => clear::run(context, args),
        Some(SessionsCommand::List(args)) => list::run(context, args),
        None => list::run(context, &args.list),
    }
}
