//! rolecall: from an AWS profile to credentials, cached in the OS keyring.

mod app;
mod audit;
mod aws;
mod chain;
mod cli;
mod clients;
mod commands;
mod completion;
mod config;
mod error;
mod executor;
mod hint;
mod output;
mod picker;
mod prompt;
mod settings;
mod shell;
mod sources;
mod store;
mod system;
#[cfg(test)]
mod test_tables;
mod text;
mod ui;

use std::mem::ManuallyDrop;
use std::process::ExitCode;

use clap::error::ErrorKind;
use clap::{CommandFactory, FromArgMatches};

use crate::app::context::Context;
use crate::cli::{Cli, Command};
use crate::ui::Ui;

fn main() -> ExitCode {
    // Other processes of the user must not read this one's memory, and a crash must leave no
    // secrets on disk.
    #[cfg(target_os = "linux")]
    let _ = rustix::process::set_dumpable_behavior(rustix::process::DumpableBehavior::NotDumpable);
    let (cli, command) = match parse() {
        Ok(parsed) => parsed,
        Err(error) => return commands::usage(&error),
    };
    // What needs no settings, and works though they are broken. Every new shell waits for `init`.
    let alone = match &cli.command {
        Command::Complete(args) => Some(Ok(commands::complete::complete(args))),
        Command::Completions(args) => Some(commands::complete::completions(args)),
        Command::Init(args) => Some(commands::init::run(args)),
        Command::Man(args) => Some(commands::man::run(args)),
        _ => None,
    };
    let failed = |error: error::Error| {
        Ui::new(cli.global.verbose, cli.global.quiet, cli.global.color, (true, false))
            .error(&error);
        ExitCode::from(error.kind.exit_code())
    };
    if let Some(result) = alone {
        return result.unwrap_or_else(failed);
    }
    let mut context = match Context::new(&cli.global, command) {
        Ok(context) => context,
        Err(error) => return failed(error),
    };
    commands::run(&mut context, cli.command).unwrap_or_else(|error| {
        context.ui.error(&error);
        ExitCode::from(error.kind.exit_code())
    })
}

/// Parses the command line as `Parser::try_parse` does, and returns the verb's name too, but leaves
/// the parser to the end of the process: taking it apart costs more than looking a session up.
fn parse() -> Result<(Cli, String), clap::Error> {
    if let Some(cli) = cli::process(std::env::args_os().skip(1)) {
        return Ok((cli, "process".to_owned()));
    }
    let mut parser = ManuallyDrop::new(Cli::command());
    let mut matches = match parser.try_get_matches_from_mut(std::env::args_os()) {
        Err(error)
            if matches!(
                error.kind(),
                ErrorKind::DisplayHelp | ErrorKind::DisplayHelpOnMissingArgumentOrSubcommand
            ) =>
        {
            cli::with_examples_first(Cli::command()).try_get_matches_from(std::env::args_os())?
        }
        other => other?,
    };
    let command = matches.subcommand_name().unwrap_or_default().to_owned();
    Cli::from_arg_matches_mut(&mut matches)
        .map(|cli| (cli, command))
        .map_err(|error| error.format(&mut parser))
}
