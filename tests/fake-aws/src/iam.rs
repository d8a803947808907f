//! The actions of IAM that rolecall calls.

use crate::http::{Request, Response};
use crate::params::{self, Params};
use crate::policy::{self, Decision, decide};
use crate::rules::{self, Refusal};
use crate::session::Caller;
use crate::sigv4;
use crate::world::World;
use crate::xml;

/// The actions that belong to IAM rather than STS.
pub const ACTIONS: [&str; 2] = ["ListMFADevices", "SimulatePrincipalPolicy"];

const VERSION: &str = "2010-05-08";
/// The actions whose refusals say where more about them can be read.
const DETAILED: [&str; 1] = ["iam:ListMFADevices"];

/// Answers a request for an action of IAM.
pub fn answer(
    world: &World,
    request: &Request,
    action: &str,
    params: &Params,
    now: i64,
) -> Response {
    if let Err(refusal) = params::check_action(action, params, &ACTIONS, VERSION) {
        return xml::error(xml::FAULT, &refusal);
    }
    let result = sigv4::verify(world, request, "iam", now).and_then(|caller| {
        rules::may_call_iam(caller.kind)?;
        match action {
            "ListMFADevices" => mfa_devices(world, &caller, params),
            _ => simulate(world, &caller, params),
        }
    });
    match result {
        Ok(result) => xml::answer(xml::IAM, action, &result),
        Err(refusal) => xml::error(xml::IAM, &refusal),
    }
}

fn authorize(caller: &Caller, action: &str, arn: &str, shown: &str) -> Result<(), Refusal> {
    let mfa = rules::mfa_present(caller.kind, false);
    let mut refusal = Refusal::unauthorized(&caller.arn, action, shown);
    refusal.message += &match caller.decide(action, arn, mfa) {
        Decision::Allowed => return Ok(()),
        Decision::ImplicitDeny => {
            format!(" because no identity-based policy allows the {action} action")
        }
        Decision::ExplicitDeny => {
            let policy = policy::denying(&caller.policies, action, arn, mfa)
                .and_then(|statement| statement.policy.as_ref())
                .map_or_else(String::new, |policy| format!(": {policy}"));
            format!(" with an explicit deny in an identity-based policy{policy}")
        }
    };
    if DETAILED.contains(&action) {
        let id = xml::request_id();
        refusal.message += &format!(
            ". Go to https://us-east-1.console.aws.amazon.com/iam/home?region=us-east-1#/authorization-details/{id} for complete details, or call the GetRequestAuthorizationDetails API with the following authorization id: {id}"
        );
    }
    Err(refusal)
}

fn mfa_devices(world: &World, caller: &Caller, params: &Params) -> Result<String, Refusal> {
    let name = params.get("UserName").or(caller.user_name()).ok_or_else(|| {
        Refusal::validation("Must specify userName when calling with non-User credentials")
    })?;
    let partition = crate::world::partition_of(&caller.arn);
    let arn = format!("arn:{partition}:iam::{}:user/{name}", caller.account);
    authorize(caller, "iam:ListMFADevices", &arn, &format!("user {name}"))?;
    let user = world.find_user(&caller.account, name).ok_or_else(|| {
        let message = format!("The user with name {name} cannot be found.");
        Refusal::new(404, "NoSuchEntity", message)
    })?;
    let members = user.mfa.as_ref().map_or_else(String::new, |device| {
        let inner = xml::element("UserName", name)
            + &xml::element("SerialNumber", &device.serial)
            + &xml::element("EnableDate", "2024-01-01T00:00:00Z");
        xml::nest("member", &inner)
    });
    Ok(xml::element("IsTruncated", "false") + &xml::nest("MFADevices", &members))
}

fn simulate(world: &World, caller: &Caller, params: &Params) -> Result<String, Refusal> {
    let source = params.get("PolicySourceArn").unwrap_or("");
    if source.split(':').nth(2) == Some("sts") {
        let message = format!("Invalid ARN provided in the request: {source}");
        return Err(Refusal::new(400, "InvalidInput", message));
    }
    authorize(caller, "iam:SimulatePrincipalPolicy", source, source)?;
    let role = world.find_role(source).map(|role| &role.policies);
    let user = world.users.iter().find(|user| user.arn() == source);
    let policies = role.or(user.map(|user| &user.policies)).ok_or_else(|| {
        let message = format!("The entity {source} cannot be found.");
        Refusal::new(404, "NoSuchEntity", message)
    })?;
    let mut resources = params.members("ResourceArns", "");
    if resources.is_empty() {
        resources.push("*".to_owned());
    }
    let mfa = params
        .members("ContextEntries", ".ContextKeyName")
        .iter()
        .position(|key| key.eq_ignore_ascii_case("aws:MultiFactorAuthPresent"))
        .map(|place| format!("ContextEntries.member.{}.ContextKeyValues.member.1", place + 1))
        .is_some_and(|name| params.get(&name) == Some("true"));
    let mut members = String::new();
    for action in params.members("ActionNames", "") {
        for resource in &resources {
            let decision = match decide(policies, &action, resource, mfa) {
                Decision::Allowed => "allowed",
                Decision::ImplicitDeny => "implicitDeny",
                Decision::ExplicitDeny => "explicitDeny",
            };
            let inner = xml::element("EvalActionName", &action)
                + &xml::element("EvalResourceName", resource)
                + &xml::element("EvalDecision", decision)
                + &xml::nest("MatchedStatements", "")
                + &xml::nest("MissingContextValues", "");
            members += &xml::nest("member", &inner);
        }
    }
    Ok(xml::element("IsTruncated", "false") + &xml::nest("EvaluationResults", &members))
}
