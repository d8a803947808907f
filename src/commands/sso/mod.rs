//! `rolecall sso`: IAM Identity Center.

mod login;

use clap::Subcommand;

use self::login::SsoLoginArgs;
use crate::app::context::Context;
use crate::error::Result;

#[derive(Debug, Subcommand)]
pub enum SsoCommand {
    Login(SsoLoginArgs),
}

pub fn run(context: &Context, command: &SsoCommand) -> Result<()> {
    match command {
        SsoCommand::Login(args) => login::run(context, args),
    }
}
