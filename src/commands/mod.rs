//! One file per verb: each joins config, chain, executor and output for one purpose.

mod choose;
pub mod complete;
#[cfg(feature = "demo")]
mod demo;
mod doctor;
mod env;
mod exec;
mod explain;
pub mod init;
mod keys_mfa;
mod list;
mod log;
mod login;
mod logout;
pub mod man;
mod policy;
mod process;
mod profile_dump;
mod prompt;
mod sessions;
mod switch;
mod whoami;

use std::process::ExitCode;

use crate::app::context::Context;
use crate::cli::{Command, KeysCommand};
use crate::error::{Kind, Result};

pub fn run(context: &mut Context, command: Command) -> Result<ExitCode> {
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
        #[cfg(feature = "demo")]
        Command::Demo => demo::run(context),
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
