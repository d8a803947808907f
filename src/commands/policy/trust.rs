//! `rolecall policy trust`: the policy of the role.

use clap::Args;
use serde_json::{Map, Value, json};

use super::statement::{EXAMPLES, actions, print_policy, resolve};
use crate::app::call::{Call, Caller};
use crate::app::iam_principal::iam_principal;
use crate::app::options::CredentialOptions;
use crate::app::service::CredentialsService;
use crate::chain::{AssumeRole, Chain, RoleOptions, Step};
use crate::clients::asked::Asked;
use crate::clients::factory::Target;
use crate::error::{Error, Result};

/// The role's trust policy, which lets the caller in
#[derive(Debug, Args)]
#[command(after_help = EXAMPLES)]
pub struct PolicyTrustArgs {
    #[command(flatten)]
    pub credentials: CredentialOptions,
}

/// Prints the policy that lets this caller in, with the external ID and the MFA of the profile.
pub fn run(service: &CredentialsService, args: &PolicyTrustArgs) -> Result<()> {
    // STS is only asked who the caller is, which needs no MFA.
    let role = RoleOptions { no_mfa_session: true, ..args.credentials.role.clone() };
    let (chain, call) = resolve(service, &args.credentials.selected, &role)?;
    let principal = match chain.plan.steps.last() {
        Some(Step::AssumeRole(previous)) => previous.role_arn.to_string(),
        _ => caller_arn(service, args, &chain, &call)?,
    };
    let mut statement =
        json!({"Effect": "Allow", "Principal": {"AWS": principal}, "Action": actions(&call)});
    let condition = condition(&call);
    if !condition.is_empty() {
        statement["Condition"] = Value::Object(condition);
    }
    print_policy(&statement)
}

/// Returns what the role demands of a call.
fn condition(call: &AssumeRole) -> Map<String, Value> {
    let mut condition = Map::new();
    if let Some(external_id) = &call.external_id {
        condition.insert("StringEquals".to_owned(), json!({"sts:ExternalId": external_id}));
    }
    if call.mfa.code().is_some() {
        condition.insert("Bool".to_owned(), json!({"aws:MultiFactorAuthPresent": "true"}));
    }
    condition
}

/// Asks STS who the base's credentials belong to.
fn caller_arn(
    service: &CredentialsService,
    args: &PolicyTrustArgs,
    chain: &Chain,
    call: &AssumeRole,
) -> Result<String> {
    let may = Call::typed(&args.credentials, Caller::Person);
    let credentials = service.acquire(chain, &may)?.credentials;
    let target = Target::sts(&chain.plan.network, &call.endpoint).signed_by(&credentials);
    let identity = service.calls().get_caller_identity(&target).map_err(|error| {
        let purpose = "ask who the caller is".to_owned();
        let refused = format!("{}: AWS does not say who the caller is", call.who());
        error.explained(&Asked { chain, role: None, target: &target, purpose }, refused)
    })?;
    iam_principal(chain, &identity.arn)
        .ok_or_else(|| Error::failed("AWS answered with an ARN that cannot be read"))
}
