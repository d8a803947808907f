//! `rolecall policy caller`: the caller's side.

use std::process::ExitCode;

use clap::Args;
use serde_json::json;

use super::statement::{EXAMPLES, actions, last_hop, print_policy};
use crate::app::context::Context;
use crate::app::credentials::chain;
use crate::app::options::Credentials;
use crate::error::Result;

/// The caller's permission policy, which lets it assume the role
#[derive(Debug, Args)]
#[command(after_help = EXAMPLES)]
pub struct PolicyCallerArgs {
    #[command(flatten)]
    pub credentials: Credentials,
}

/// The caller may assume the role.
pub fn run(context: &Context, args: &PolicyCallerArgs) -> Result<ExitCode> {
    let mut chain = chain(context, &args.credentials.selected, &args.credentials.role)?;
    let call = last_hop(&mut chain)?;
    print_policy(&json!({
        "Effect": "Allow",
        "Action": actions(&call),
        "Resource": call.role_arn,
    }))
}
