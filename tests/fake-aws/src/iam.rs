//! The actions of IAM that rolecall calls.

use crate::access_keys;
use crate::encoding;
use crate::http::{Request, Response};
use crate::params::{self, Params};
use crate::policy::{self, Decision, Statement};
use crate::rules::{self, Refusal};
use crate::session::Caller;
use crate::sigv4;
use crate::simulate;
use crate::world::{self, World};
use crate::xml;

/// The actions that belong to IAM rather than STS.
pub const ACTIONS: [&str; 11] = [
    "CreateAccessKey",
    "DeleteAccessKey",
    "GetAccessKeyLastUsed",
    "GetPolicy",
    "GetPolicyVersion",
    "GetRole",
    "ListAccessKeys",
    "ListMFADevices",
    "SimulateCustomPolicy",
    "SimulatePrincipalPolicy",
    "UpdateAccessKey",
];

const VERSION: &str = "2010-05-08";
/// The actions whose refusals say where more about them can be read.
const DETAILED: [&str; 1] = ["iam:ListMFADevices"];

/// Answers a request for an action of IAM.
pub fn answer(
    world: &mut World,
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
        access_keys::note_use(world, &caller, "iam", now);
        match action {
            "ListAccessKeys" => access_keys::list(world, &caller, params),
            "CreateAccessKey" => access_keys::create(world, &caller, params, now),
            "UpdateAccessKey" => access_keys::update(world, &caller, params),
            "DeleteAccessKey" => access_keys::delete(world, &caller, params),
            "GetAccessKeyLastUsed" => access_keys::last_used(world, &caller, params),
            "ListMFADevices" => mfa_devices(world, &caller, params),
            "GetRole" => role(world, &caller, params),
            "GetPolicy" => managed_policy(world, &caller, params),
            "GetPolicyVersion" => managed_policy_version(world, &caller, params),
            "SimulateCustomPolicy" => simulate::custom(world, &caller, params),
            _ => simulate::principal(world, &caller, params),
        }
    });
    match result {
        Ok(result) => xml::answer(xml::IAM, action, &result),
        Err(refusal) => xml::error(xml::IAM, &refusal),
    }
}

/// Refuses what the caller's policies do not allow.
pub(crate) fn authorize(
    caller: &Caller,
    action: &str,
    arn: &str,
    shown: &str,
) -> Result<(), Refusal> {
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
    let partition = world::partition_of(&caller.arn);
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

fn role(world: &World, caller: &Caller, params: &Params) -> Result<String, Refusal> {
    let name = params.get("RoleName").unwrap_or_default();
    let found = world
        .roles
        .iter()
        .find(|role| role.account() == caller.account && world::role_name(&role.arn) == name);
    let partition = world::partition_of(&caller.arn);
    let arn = found.map_or_else(
        || format!("arn:{partition}:iam::{}:role/{name}", caller.account),
        |role| role.arn.clone(),
    );
    authorize(caller, "iam:GetRole", &arn, &format!("role {name}"))?;
    let role = found.ok_or_else(|| no_role(name))?;
    let (_, path) = role.arn.split_once(":role").unwrap_or_default();
    let inner = xml::element("Path", path.strip_suffix(name).unwrap_or("/"))
        + &xml::element("RoleName", name)
        + &xml::element("RoleId", &role.id)
        + &xml::element("Arn", &role.arn)
        + &xml::element("CreateDate", "2024-01-01T00:00:00Z");
    Ok(xml::nest("Role", &inner))
}

/// Returns the refusal of a role that there is not.
pub(crate) fn no_role(name: &str) -> Refusal {
    Refusal::new(404, "NoSuchEntity", format!("The role with name {name} cannot be found."))
}

fn find_policy<'a>(
    world: &'a World,
    caller: &Caller,
    action: &str,
    arn: &str,
) -> Result<&'a [Statement], Refusal> {
    authorize(caller, action, arn, &format!("policy {arn}"))?;
    world.managed_policies.get(arn).map(Vec::as_slice).ok_or_else(|| {
        let message = format!("Policy {arn} was not found.");
        Refusal::new(404, "NoSuchEntity", message)
    })
}

fn managed_policy(world: &World, caller: &Caller, params: &Params) -> Result<String, Refusal> {
    let arn = params.get("PolicyArn").unwrap_or_default();
    find_policy(world, caller, "iam:GetPolicy", arn)?;
    let inner = xml::element("PolicyName", world::role_name(arn))
        + &xml::element("Arn", arn)
        + &xml::element("DefaultVersionId", "v1");
    Ok(xml::nest("Policy", &inner))
}

fn managed_policy_version(
    world: &World,
    caller: &Caller,
    params: &Params,
) -> Result<String, Refusal> {
    let arn = params.get("PolicyArn").unwrap_or_default();
    let statements = find_policy(world, caller, "iam:GetPolicyVersion", arn)?;
    if params.get("VersionId") != Some("v1") {
        let message = format!("Policy {arn} version was not found.");
        return Err(Refusal::new(404, "NoSuchEntity", message));
    }
    // IAM encodes everything that RFC 3986 reserves.
    let document = encoding::percent(&policy::document(statements), false);
    let inner = xml::element("Document", &document)
        + &xml::element("VersionId", "v1")
        + &xml::element("IsDefaultVersion", "true");
    Ok(xml::nest("PolicyVersion", &inner))
}
