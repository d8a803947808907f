//! What the session policies of a chain decide. IAM knows nothing of them, so they are simulated
//! apart: a session may do what both its role and they allow.

use crate::app::service::CredentialsService;
use crate::chain::{Base, Chain, SessionPolicies, Step};
use crate::clients::asked::Asked;
use crate::clients::factory::Target;
use crate::clients::failure::CallError;
use crate::clients::simulation::{Evaluation, Policies, Simulation};
use crate::error::{Error, Kind, Result};

/// What session policies decide.
pub enum SessionDecision {
    /// There are none.
    Unlimited,
    Decided(Vec<Evaluation>),
    /// They could not be simulated, with the reason.
    Unknown(String),
}

/// Simulates the session policies of a chain's last session.
///
/// # Errors
/// The call was interrupted.
pub fn decide(
    service: &CredentialsService,
    target: &Target,
    chain: &Chain,
    simulation: &Simulation,
) -> Result<SessionDecision> {
    let Some(policies) = of_chain(chain) else { return Ok(SessionDecision::Unlimited) };
    let asked = |purpose: &str| Asked { chain, role: None, target, purpose: purpose.to_owned() };
    let mut documents: Vec<String> = policies.inline.iter().cloned().collect();
    for arn in &policies.arns {
        match service.calls().policy_document(target, arn) {
            Ok(document) => documents.push(document),
            Err(error) => return unknown(error, &asked("read a session policy"), arn),
        }
    }
    match service.calls().simulate(target, Policies::Documents(&documents), simulation) {
        Ok(evaluations) => Ok(SessionDecision::Decided(evaluations)),
        Err(error) => unknown(error, &asked("simulate session policies"), "the session policies"),
    }
}

/// Returns what scopes the last session down; `None` where nothing does.
fn of_chain(chain: &Chain) -> Option<&SessionPolicies> {
    let policies = match (chain.plan.steps.last(), &chain.plan.base) {
        (Some(Step::AssumeRole(call)), _) => &call.policies,
        (None, Base::WebIdentity(call)) => &call.policies,
        _ => return None,
    };
    (policies.inline.is_some() || !policies.arns.is_empty()).then_some(policies)
}

fn unknown(error: CallError, asked: &Asked, what: &str) -> Result<SessionDecision> {
    let error: Error = error.explained(asked, format!("{what} could not be simulated"));
    if error.kind() == Kind::Interrupted {
        return Err(error);
    }
    let code = error.code().map_or_else(String::new, |code| format!(": {code}"));
    Ok(SessionDecision::Unknown(format!("{}{code}", error.message())))
}
