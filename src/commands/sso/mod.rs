//! `rolecall sso`: IAM Identity Center.

mod accounts;
mod login;
mod logout;
mod roles;
mod session;
pub mod sync;

use clap::Subcommand;

use self::accounts::SsoAccountsArgs;
use self::login::SsoLoginArgs;
use self::logout::SsoLogoutArgs;
use self::roles::SsoRolesArgs;
use self::sync::SsoSyncArgs;
use crate::app::service::CredentialsService;
use crate::error::{Error, Kind, Result};

#[derive(Debug, Subcommand)]
pub enum SsoCommand {
    Login(SsoLoginArgs),
    Logout(SsoLogoutArgs),
    Accounts(SsoAccountsArgs),
    Roles(SsoRolesArgs),
    Sync(SsoSyncArgs),
}

pub fn run(service: &CredentialsService, command: &SsoCommand) -> Result<()> {
    let context = service.context();
    let (verb, outcome) = match command {
        SsoCommand::Login(args) => ("login", login::run(context, args)),
        SsoCommand::Logout(args) => ("logout", logout::run(context, args)),
        SsoCommand::Accounts(args) => ("accounts", accounts::run(service, args)),
        SsoCommand::Roles(args) => ("roles", roles::run(service, args)),
        SsoCommand::Sync(args) => ("sync", sync::run(service, args)),
    };
    outcome.map_err(|error| with_help(error, verb))
}

/// Points to the help of the verb where nothing else mends a command line.
fn with_help(error: Error, verb: &str) -> Error {
    if error.kind() != Kind::Usage || !error.hints().is_empty() {
        return error;
    }
    error.hint(format!("see what it takes: rolecall sso {verb} --help"))
}
