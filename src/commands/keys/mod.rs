//! `rolecall keys`: the long-lived secrets in the store.

pub mod add;
mod checks;
mod export;
pub mod import;
mod input;
mod keep;
mod lines;
mod list;
mod mfa;
mod plan;
mod remove;
mod rotate;
mod signer;
mod stdin;

use clap::Subcommand;

use self::add::KeysAddArgs;
use self::export::KeysExportArgs;
use self::import::KeysImportArgs;
use self::list::KeysListArgs;
use self::mfa::MfaCommand;
use self::remove::KeysRemoveArgs;
use self::rotate::KeysRotateArgs;
use crate::app::service::CredentialsService;
use crate::error::Result;
use crate::system::exit::Exit;

#[derive(Debug, Subcommand)]
pub enum KeysCommand {
    Add(KeysAddArgs),
    Import(KeysImportArgs),
    List(KeysListArgs),
    Rotate(KeysRotateArgs),
    Export(KeysExportArgs),
    Remove(KeysRemoveArgs),
    /// TOTP seeds of virtual MFA devices, so that nobody types their codes
    #[command(subcommand)]
    Mfa(MfaCommand),
}

pub fn run(service: &CredentialsService, command: &KeysCommand) -> Result<Exit> {
    let context = service.context();
    match command {
        KeysCommand::Add(args) => add::run(service, args)?,
        KeysCommand::Import(args) => return import::run(service, args),
        KeysCommand::List(args) => return list::run(service, args),
        KeysCommand::Rotate(args) => return rotate::run(service, args),
        KeysCommand::Export(args) => export::run(service, args)?,
        KeysCommand::Remove(args) => remove::run(service, args)?,
        KeysCommand::Mfa(command) => mfa::run(context, command)?,
    }
    Ok(Exit::SUCCESS)
}
