//! The verbs, one file each: its arguments, then `run`, which joins config, chain, executor and
//! output for one purpose. A group of verbs is a folder.

mod calling_shell;
mod child;
mod choose;
pub mod cli;
mod complete;
mod completions;
mod doctor;
mod env;
mod exec;
mod explain;
mod init;
mod keys;
mod list;
mod log;
mod login;
mod logout;
mod man;
mod policy;
mod process;
mod profile;
mod prompt;
mod reference;
mod sessions;
mod shell;
mod use_;
mod whoami;

use std::process::ExitCode;

use clap::CommandFactory;

use self::cli::{Cli, Command};
use crate::app::context::Context;
use crate::app::options::Global;
use crate::error::{Kind, Result};
use crate::ui::Ui;

/// Runs the verb that was typed and returns its exit code. An error is shown on stderr.
pub fn run(cli: &Cli, verb: String) -> ExitCode {
    let call = Call { global: &cli.global, verb };
    match &cli.command {
        Command::Process(args) => call.with_context(|context| process::run(context, args)),
        Command::Env(args) => call.with_context(|context| env::run(context, args)),
        Command::Exec(args) => call.with_context(|context| exec::run(context, args)),
        Command::Shell(args) => call.with_context(|context| shell::run(context, args)),
        Command::Use(args) => call.with_context(|context| use_::run(context, args)),
        Command::Init(args) => call.alone(init::run(args)),
        Command::Prompt(args) => call.with_context(|context| prompt::run(context, args)),
        Command::Whoami(args) => call.with_context(|context| whoami::run(context, args)),
        Command::Explain(args) => call.with_context(|context| explain::run(context, args)),
        Command::List(args) => call.with_context(|context| list::run(context, args)),
        Command::Log(args) => call.with_context(|context| log::run(context, args)),
        Command::Sessions(args) => call.with_context(|context| sessions::run(context, args)),
        Command::Login(args) => call.with_context(|context| login::run(context, args)),
        Command::Logout(args) => call.with_context(|context| logout::run(context, args)),
        Command::Keys(command) => call.with_context(|context| keys::run(context, command)),
        Command::Profile(command) => call.with_context(|context| profile::run(context, command)),
        Command::Doctor(args) => call.with_context(|context| doctor::run(context, args)),
        Command::Policy(command) => call.with_context(|context| policy::run(context, command)),
        Command::Completions(args) => call.alone(completions::run(args)),
        Command::Man(args) => call.alone(man::run(args, Cli::command())),
        Command::Complete(args) => complete::run(args, Cli::command()),
    }
}

/// One call of a verb.
struct Call<'a> {
    global: &'a Global,
    verb: String,
}

impl Call<'_> {
    fn with_context(&self, run: impl FnOnce(&mut Context) -> Result<ExitCode>) -> ExitCode {
        match Context::new(self.global, self.verb.clone()) {
            Ok(mut context) => {
                let result = run(&mut context);
                exit_code(result, &context.ui)
            }
            Err(error) => self.alone(Err(error)),
        }
    }

    /// For what needs no settings, and works though they are broken. Every new shell waits for
    /// `init`.
    fn alone(&self, result: Result<ExitCode>) -> ExitCode {
        let Global { verbose, quiet, color, .. } = *self.global;
        exit_code(result, &Ui::new(verbose, quiet, color, (true, false)))
    }
}

fn exit_code(result: Result<ExitCode>, ui: &Ui) -> ExitCode {
    result.unwrap_or_else(|error| {
        ui.error(&error);
        ExitCode::from(error.kind.exit_code())
    })
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
