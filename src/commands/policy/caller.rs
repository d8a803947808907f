//! `rolecall policy caller`: the policy of the caller.

use clap::Args;
use serde_json::json;

use super::statement::{EXAMPLES, actions, last_hop, print_policy};
use crate::app::options::CredentialOptions;
use crate::app::requests;
use crate::app::service::CredentialsService;
use crate::error::Result;

/// The caller's permission policy, which lets it assume the role
#[derive(Debug, Args)]
#[command(after_help = EXAMPLES)]
pub struct PolicyCallerArgs {
    #[command(flatten)]
    pub credentials: CredentialOptions,
}

/// Prints the policy that lets the caller assume the role.
pub fn run(service: &CredentialsService, args: &PolicyCallerArgs) -> Result<()> {
    let context = service.context();
    let CredentialOptions { selected, role, .. } = &args.credentials;
    let request = requests::of_role(context, selected, role)?;
    let mut chain = service.resolve(&context.profiles()?, &request)?;
    let call = last_hop(&mut chain)?;
    print_policy(&json!({
        "Effect": "Allow",
        "Action": actions(&call),
        "Resource": call.role_arn,
    }))
}
