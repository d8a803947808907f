//! `rolecall policy`: the two policies that a role and its caller need, as JSON ready for `aws
//! iam`.

use std::process::ExitCode;

use serde_json::{Map, Value, json};

use crate::app::context::Context;
use crate::app::credentials::{FOR_PEOPLE, aws_calls, chain, walk};
use crate::app::options::Role;
use crate::aws::arn::Arn;
use crate::chain::{AssumeRole, Base, Chain, Step};
use crate::cli::{PolicyCommand, PolicyOf};
use crate::clients::factory::Target;
use crate::error::{Error, Result};
use crate::output::print;

pub fn run(context: &Context, command: &PolicyCommand) -> Result<ExitCode> {
    let document = match command {
        PolicyCommand::Trust(of) => trust(context, of)?,
        PolicyCommand::Caller(of) => caller(context, of)?,
    };
    let text = serde_json::to_string_pretty(&document)
        .map_err(|e| Error::failed(format!("the policy cannot be written: {e}")))?;
    print(&format!("{text}\n"))?;
    Ok(ExitCode::SUCCESS)
}

fn policy(statement: &Value) -> Value {
    json!({"Version": "2012-10-17", "Statement": [statement]})
}

/// Returns the last hop, or why there is none to write a policy for.
fn last_hop(chain: &mut Chain) -> Result<AssumeRole> {
    match (chain.steps.pop(), &chain.base) {
        (Some(Step::AssumeRole(call)), _) => Ok(*call),
        (_, base) => {
            let why = match base {
                Base::WebIdentity(call) => {
                    format!(
                        "{} is assumed with a web identity, which needs no permission of a caller",
                        call.role_arn
                    )
                }
                other => {
                    format!("its credentials come from {} and no role is assumed", other.kind())
                }
            };
            Err(Error::usage(format!("{}: {why}", chain.name())).hint(
                "name a role: rolecall policy trust --role-arn arn:aws:iam::ACCOUNT:role/NAME",
            ))
        }
    }
}

/// What the call asks of STS beside the role itself.
fn actions(call: &AssumeRole) -> Value {
    let mut actions = vec!["sts:AssumeRole"];
    if !call.tags.is_empty() {
        actions.push("sts:TagSession");
    }
    if call.source_identity.is_some() {
        actions.push("sts:SetSourceIdentity");
    }
    if let [one] = actions[..] { json!(one) } else { json!(actions) }
}

/// The role lets this caller in, with the external ID and the MFA that the profile has.
fn trust(context: &Context, of: &PolicyOf) -> Result<Value> {
    // Only asks who the caller is, which needs no MFA.
    let role = Role { no_mfa_session: true, ..of.credentials.role.clone() };
    let mut chain = chain(context, &of.credentials.selected, &role)?;
    let call = last_hop(&mut chain)?;
    let principal = match chain.steps.last() {
        Some(Step::AssumeRole(previous)) => previous.role_arn.clone(),
        _ => caller_arn(context, of, &chain, &call)?,
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
    Ok(policy(&statement))
}

/// Asks STS who the base's credentials belong to.
fn caller_arn(
    context: &Context,
    of: &PolicyOf,
    chain: &Chain,
    call: &AssumeRole,
) -> Result<String> {
    let credentials = walk(context, &of.credentials, FOR_PEOPLE, chain)?.credentials;
    let endpoint =
        call.endpoint.as_ref().ok_or_else(|| Error::failed("the call has no endpoint"))?;
    let target = Target::sts(&chain.network, endpoint).signed_by(&credentials);
    let identity = aws_calls(context).get_caller_identity(&target).map_err(|error| {
        error.into_error(format!("{}: AWS does not say who the caller is", call.who()))
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

/// The caller may assume the role.
fn caller(context: &Context, of: &PolicyOf) -> Result<Value> {
    let mut chain = chain(context, &of.credentials.selected, &of.credentials.role)?;
    let call = last_hop(&mut chain)?;
    Ok(policy(&json!({"Effect": "Allow", "Action": actions(&call), "Resource": call.role_arn})))
}
