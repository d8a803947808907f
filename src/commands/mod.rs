//! The verbs, one file each: its arguments, then `run`, which joins config, chain, executor and
//! output for one purpose. A group of verbs is a folder.

mod calling_shell;
mod can;
mod child;
mod choose;
pub mod cli;
mod complete;
mod completions;
mod console;
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
mod setup;
mod shell;
mod sso;
mod use_;
mod whoami;
mod write;

use std::borrow::Cow;
use std::io::Write;

use clap::CommandFactory;

use self::cli::{Cli, Command};
use crate::app::context::Context;
use crate::app::options::Global;
use crate::app::service::CredentialsService;
use crate::error::{Kind, Result};
pub use crate::system::exit::Exit;
use crate::text::clean_lines;
use crate::text::color::ColorChoice;
use crate::ui::{Ui, UiOptions};

/// Runs the verb that was typed and returns its exit code. An error is shown on stderr.
pub fn run(cli: &Cli, verb: String) -> Exit {
    let call = VerbCall { global: &cli.global, verb };
    match &cli.command {
        Command::Process(args) => call.with_service(|service| process::run(service, args)),
        Command::Env(args) => call.with_service(|service| env::run(service, args)),
        Command::Exec(args) => call.with_service(|service| exec::run(service, args)),
        Command::Shell(args) => call.with_service(|service| shell::run(service, args)),
        Command::Use(args) => call.own_context(|context| use_::run(context, args)),
        Command::Init(args) => call.alone(init::run(args)),
        Command::Prompt(args) => call.with_context(|context| prompt::run(context, args)),
        Command::Whoami(args) => call.with_service(|service| whoami::run(service, args)),
        Command::Can(args) => call.with_service(|service| can::run(service, args)),
        Command::Console(args) => call.with_service(|service| console::run(service, args)),
        Command::Write(args) => call.with_service(|service| write::run(service, args)),
        Command::Explain(args) => call.with_service(|service| explain::run(service, args)),
        Command::List(args) => call.with_context(|context| list::run(context, args)),
        Command::Log(args) => call.with_context(|context| log::run(context, args)),
        Command::Sessions(args) => call.with_context(|context| sessions::run(context, args)),
        Command::Login(args) => call.with_service(|service| login::run(service, args)),
        Command::Logout(args) => call.with_context(|context| logout::run(context, args)),
        Command::Keys(command) => call.with_service(|service| keys::run(service, command)),
        Command::Sso(command) => call.with_service(|service| sso::run(service, command)),
        Command::Profile(command) => call.with_context(|context| profile::run(context, command)),
        Command::Setup(args) => call.with_service(|service| setup::run(service, args)),
        Command::Doctor(args) => call.with_service(|service| doctor::run(service, args)),
        Command::Policy(command) => call.with_service(|service| policy::run(service, command)),
        Command::Completions(args) => call.alone(completions::run(args)),
        Command::Man(args) => call.alone(man::run(args, Cli::command())),
        Command::Complete(args) => complete::run(args, Cli::command()),
    }
}

/// One call of a verb.
struct VerbCall<'a> {
    global: &'a Global,
    verb: String,
}

impl VerbCall<'_> {
    fn own_context(&self, run: impl FnOnce(Context) -> Exit) -> Exit {
        match Context::new(self.global, self.verb.clone()) {
            Ok(context) => run(context),
            Err(error) => self.alone(Err(error)),
        }
    }

    fn with_context<T: Into<Exit>>(&self, run: impl FnOnce(&Context) -> Result<T>) -> Exit {
        self.own_context(|context| context.conclude(run(&context)))
    }

    fn with_service<T: Into<Exit>>(
        &self,
        run: impl FnOnce(&CredentialsService) -> Result<T>,
    ) -> Exit {
        self.own_context(|context| {
            let service = CredentialsService::new(context);
            service.context().conclude(run(&service))
        })
    }

    /// For what needs no settings, and works though they are broken. Every new shell waits for
    /// `init`.
    fn alone(&self, result: Result<()>) -> Exit {
        let Global { verbose, quiet, color, .. } = *self.global;
        // Only --color brings colours, because the environment was not read.
        let colors = Some(color == ColorChoice::Always);
        Ui::new(UiOptions { verbose, quiet, colors }).conclude(result)
    }
}

/// Shows what clap says. Arguments that it quotes may hold anything.
fn show(error: &clap::Error) -> std::io::Result<()> {
    let text = error.render().to_string();
    match clean_lines(&text) {
        Cow::Owned(clean) if error.use_stderr() => std::io::stderr().write_all(clean.as_bytes()),
        _ => error.print(),
    }
}

/// Shows help or the version on stdout, and what is wrong with the command line on stderr.
pub fn usage(error: &clap::Error) -> Exit {
    let shown = show(error).is_ok();
    match (error.use_stderr(), shown) {
        (true, _) => Exit::from(Kind::Usage.exit_code()),
        (false, true) => Exit::SUCCESS,
        (false, false) => Exit::from(Kind::Failed.exit_code()),
    }
}
