//! One file per verb: each joins config, chain, executor and output for one purpose.

mod choose;
mod complete;
mod doctor;
mod env;
mod exec;
mod explain;
mod init;
mod keys_mfa;
mod list;
mod log;
mod login;
mod logout;
mod man;
mod policy;
mod process;
mod profile_dump;
mod prompt;
mod sessions;
mod switch;
mod whoami;

use std::process::ExitCode;

use crate::app::context::Context;
use crate::cli::{Cli, Command, KeysCommand};
use crate::error::{Error, Kind, Result};
use crate::ui::Ui;

/// Runs the verb that was typed and returns its exit code. An error is shown on stderr.
pub fn run(cli: Cli, verb: String) -> ExitCode {
    // What needs no settings, and works though they are broken. Every new shell waits for `init`.
    let alone = match &cli.command {
        Command::Complete(args) => Some(Ok(complete::complete(args))),
        Command::Completions(args) => Some(complete::completions(args)),
        Command::Init(args) => Some(init::run(args)),
        Command::Man(args) => Some(man::run(args)),
        _ => None,
    };
    let failed = |error: Error| {
        Ui::new(cli.global.verbose, cli.global.quiet, cli.global.color, (true, false))
            .error(&error);
        ExitCode::from(error.kind.exit_code())
    };
    if let Some(result) = alone {
        return result.unwrap_or_else(failed);
    }
    let mut context = match Context::new(&cli.global, verb) {
        Ok(context) => context,
        Err(error) => return failed(error),
    };
    dispatch(&mut context, cli.command).unwrap_or_else(|error| {
        context.ui.error(&error);
        ExitCode::from(error.kind.exit_code())
    })
}

fn dispatch(context: &mut Context, command: Command) -> Result<ExitCode> {
    match command {
        Command::Process(args) => process::run(context, &args),
        Command::Env(args) => env::run(context, &args),
        Command::Exec(args) => exec::run(context, &args),
        Command::Shell(args) => exec::run_shell(context, &args),
        Command::Use(args) => switch::run(context, &args),
        Command::Init(args) => init::run(&args),
        Command::Prompt(args) => prompt::run(context, &args),
        Command::Whoami(args) => whoami::run(context, &args),
        Command::Explain(args) => explain::run(context, &args),
        Command::List(args) => list::run(context, &args),
        Command::Log(args) => log::run(context, &args),
        Command::Sessions(args) => sessions::run(context, &args),
        Command::Login(args) => login::run(context, &args),
        Command::Logout(args) => logout::run(context, &args),
        Command::Keys(KeysCommand::Mfa(args)) => keys_mfa::run(context, &args),
        Command::Profile(args) => profile_dump::run(context, &args),
        Command::Doctor(args) => doctor::run(context, &args),
        Command::Policy(args) => policy::run(context, &args),
        Command::Completions(args) => complete::completions(&args),
        Command::Man(args) => man::run(&args),
        Command::Complete(args) => Ok(complete::complete(&args)),
    }
}

/// Shows help or the version on stdout, and what is wrong with the command line on stderr.
pub fn usage(error: &clap::Error) -> ExitCode {
    let shown = error.print().is_ok();
    match (error.use_stderr(), shown) {
        (true, _) => ExitCode::from(Kind::Usage.exit_code()),
        (false, true) => ExitCode::SUCCESS,
        (false, false) => ExitCode::from(Kind::Failed.exit_code()),
    }
}
