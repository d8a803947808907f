//! `rolecall sso`: IAM Identity Center.

mod login;
mod logout;

use clap::Subcommand;

use self::login::SsoLoginArgs;
use self::logout::SsoLogoutArgs;
use crate::app::context::Context;
use crate::error::Result;

#[derive(Debug, Subcommand)]
pub enum SsoCommand {
    Login(SsoLoginArgs),
    Logout(SsoLogoutArgs),
}

pub fn run(context: &Context, command: &SsoCommand) -> Result<()> {
    match command {
        SsoCommand::Login(args) => login::run(context, args),
        SsoCommand::Logout(args) => logout::run(context, args),
    }
}
