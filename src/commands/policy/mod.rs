//! `rolecall policy`: the two policies that a role and its caller need, as JSON ready for `aws
//! iam`.

mod caller;
mod statement;
mod trust;

use clap::Subcommand;

use self::caller::PolicyCallerArgs;
use self::trust::PolicyTrustArgs;
use crate::app::service::CredentialsService;
use crate::error::Result;

#[derive(Debug, Subcommand)]
pub enum PolicyCommand {
    Trust(PolicyTrustArgs),
    Caller(PolicyCallerArgs),
}

pub fn run(service: &CredentialsService, command: &PolicyCommand) -> Result<()> {
    match command {
        PolicyCommand::Trust(args) => trust::run(service, args),
        PolicyCommand::Caller(args) => caller::run(service, args),
    }
}
