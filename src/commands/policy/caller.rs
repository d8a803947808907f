//! `rolecall policy caller`: the policy of the caller.

use clap::Args;
use serde_json::json;

use super::statement::{EXAMPLES, actions, print_policy, resolve};
use crate::app::options::CredentialOptions;
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
    let CredentialOptions { selected, role, .. } = &args.credentials;
    let (_, call) = resolve(service, selected, role)?;
    print_policy(&json!({
        "Effect": "Allow",
        "Action": actions(&call),
        "Resource": call.role_arn,
    }))
}
