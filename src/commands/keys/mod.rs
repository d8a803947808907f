//! `rolecall keys`: the long-lived secrets in the store.

mod mfa;

use clap::Subcommand;

use self::mfa::MfaCommand;
use crate::app::context::Context;
use crate::error::Result;

#[derive(Debug, Subcommand)]
pub enum KeysCommand {
    /// TOTP seeds of virtual MFA devices, so that nobody types their codes
    #[command(subcommand)]
    Mfa(MfaCommand),
}

pub fn run(context: &Context, command: &KeysCommand) -> Result<()> {
    match command {
        KeysCommand::Mfa(command) => mfa::run(context, command),
    }
}
