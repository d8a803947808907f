//! The parts of both policies.

use serde_json::{Value, json};

use crate::app::options::Selected;
use crate::app::requests;
use crate::app::service::CredentialsService;
use crate::chain::{AssumeRole, Base, Chain, RoleOptions, Step};
use crate::error::{Error, Result};
use crate::output::print_line;

/// The examples in the help of both verbs.
pub const EXAMPLES: &str = "\
Examples:
  rolecall policy trust prod > trust.json
  aws iam update-assume-role-policy --role-name admin --policy-document file://trust.json
  rolecall policy caller prod > caller.json";

/// Prints the policy that has this statement alone.
pub fn print_policy(statement: &Value) -> Result<()> {
    let policy = json!({"Version": "2012-10-17", "Statement": [statement]});
    let text = serde_json::to_string_pretty(&policy)
        .map_err(|e| Error::failed(format!("the policy cannot be written: {e}")))?;
    print_line(text)
}

/// Resolves what was typed, and takes the last hop off the chain.
///
/// # Errors
/// The chain cannot be resolved, or it assumes no role whose policy could be written.
pub fn resolve(
    service: &CredentialsService,
    selected: &Selected,
    role: &RoleOptions,
) -> Result<(Chain, AssumeRole)> {
    let context = service.context();
    let request = requests::of_role(context, selected, role)?;
    let mut chain = service.resolve(&context.profiles()?, &request)?;
    match (chain.plan.steps.pop(), &chain.plan.base) {
        (Some(Step::AssumeRole(call)), _) => Ok((chain, *call)),
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

/// Returns the actions that the call needs.
pub fn actions(call: &AssumeRole) -> Value {
    let mut actions = vec!["sts:AssumeRole"];
    if !call.tags.all.is_empty() {
        actions.push("sts:TagSession");
    }
    if call.source_identity.is_some() {
        actions.push("sts:SetSourceIdentity");
    }
    if let [one] = actions[..] { json!(one) } else { json!(actions) }
}
