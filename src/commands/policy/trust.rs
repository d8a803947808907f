//! `rolecall policy trust`: the role's side.

use std::process::ExitCode;

use clap::Args;
use serde_json::{Map, Value, json};

use super::statement::{EXAMPLES, actions, last_hop, print_policy};
use crate::app::context::Context;
use crate::app::credentials::{FOR_PEOPLE, chain, sts, walk};
use crate::app::options::{Credentials, Role};
use crate::aws::arn::Arn;
use crate::chain::{AssumeRole, Base, Chain, Step};
use crate::error::{Error, Result};

/// The role's trust policy, which lets the caller in
#[derive(Debug, Args)]
#[command(after_help = EXAMPLES)]
pub struct PolicyTrustArgs {
    #[command(flatten)]
    pub credentials: Credentials,
}

/// The role lets this caller in, with the external ID and the MFA that the profile has.
pub fn run(context: &Context, args: &PolicyTrustArgs) -> Result<ExitCode> {
    // Only asks who the caller is, which needs no MFA.
    let role = Role { no_mfa_session: true, ..args.credentials.role.clone() };
    let mut chain = chain(context, &args.credentials.selected, &role)?;
    let call = last_hop(&mut chain)?;
    let principal = match chain.steps.last() {
        Some(Step::AssumeRole(previous)) => previous.role_arn.clone(),
        _ => caller_arn(context, args, &chain, &call)?,
    };
    let mut condition = Map::new();
    if let Some(external_id) = &call.external_id {
        condition.insert("StringEquals".to_owned(), json!({"sts:ExternalId": external_id}));
    }
    if call.mfa.code().is_some() {
        condition.insert("Bool".to_owned(), json!({"aws:MultiFactorAuthPresent": "true"}));
    }
    let mut statement =
        json!({"Effect": "Allow", "Principal": {"AWS": principal}, "Action": actions(&call)});
    if !condition.is_empty() {
        statement["Condition"] = Value::Object(condition);
    }
    print_policy(&statement)
}

/// Asks STS who the base's credentials belong to.
fn caller_arn(
    context: &Context,
    args: &PolicyTrustArgs,
    chain: &Chain,
    call: &AssumeRole,
) -> Result<String> {
    let credentials = walk(context, &args.credentials, FOR_PEOPLE, chain)?.credentials;
    let endpoint =
        call.endpoint.as_ref().ok_or_else(|| Error::failed("the call has no endpoint"))?;
    let identity = sts(context)
        .get_caller_identity(&chain.network, endpoint, &credentials)?
        .map_err(|failure| {
            failure.into_error(format!("{}: AWS does not say who the caller is", call.who()))
        })?;
    // STS leaves out a role's path, and IAM Identity Center's roles have one.
    if let (Base::Sso(sso), Some(arn)) = (&chain.base, Arn::parse(&identity.arn)) {
        if let ["assumed-role", role, _] = arn.resource.split('/').collect::<Vec<_>>()[..] {
            let region =
                if sso.region == "us-east-1" { String::new() } else { format!("{}/", sso.region) };
            return Ok(format!(
                "arn:{}:iam::{}:role/aws-reserved/sso.amazonaws.com/{region}{role}",
                arn.partition, arn.account
            ));
        }
    }
    Arn::parse(&identity.arn)
        .map(|arn| arn.principal())
        .ok_or_else(|| Error::failed("AWS answered with an ARN that cannot be read"))
}
