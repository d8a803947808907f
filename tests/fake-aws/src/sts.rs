//! The Security Token Service.

use crate::access_keys;
use crate::assume_role;
use crate::constraints::{self, Checks};
use crate::http::{Request, Response};
use crate::params::{self, Params};
use crate::policy::Decision;
use crate::rules::{self, CallerKind, Refusal};
use crate::session::{Caller, Owner, Session, federated_user_arn};
use crate::sigv4::{self, Authorization};
use crate::web_identity;
use crate::world::{World, partition_of};
use crate::xml;

/// The actions that the service knows.
pub const ACTIONS: [&str; 5] = [
    "AssumeRole",
    "AssumeRoleWithWebIdentity",
    "GetCallerIdentity",
    "GetFederationToken",
    "GetSessionToken",
];

const VERSION: &str = "2011-06-15";

/// Answers a request for an action of STS.
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
    let result = if action == "AssumeRoleWithWebIdentity" {
        web_identity::assume(world, params, now)
    } else {
        signed(world, request, action, params, now)
    };
    match result {
        Ok(result) => xml::answer(xml::STS, action, &result),
        Err(refusal) => xml::error(xml::STS, &refusal),
    }
}

fn signed(
    world: &mut World,
    request: &Request,
    action: &str,
    params: &Params,
    now: i64,
) -> Result<String, Refusal> {
    let caller = sigv4::verify(world, request, "sts", now)?;
    access_keys::note_use(world, &caller, "sts", now);
    if let Some(authorization) = Authorization::of(request)
        && world.disabled_regions.contains(&authorization.region)
    {
        return Err(Refusal::new(
            403,
            "RegionDisabledException",
            format!(
                "STS is not activated in this region for account:{}. Your account administrator can activate STS in this region using the IAM Console.",
                caller.account
            ),
        ));
    }
    match action {
        "GetCallerIdentity" => Ok(caller_identity(&caller)),
        "GetFederationToken" => federation_token(world, &caller, params, now),
        "GetSessionToken" => session_token(world, &caller, params, now),
        // The only other call of a federated user.
        _ if caller.kind == CallerKind::FederatedUser => {
            let role = params.get("RoleArn").unwrap_or_default();
            Err(Refusal::unauthorized(&caller.arn, "sts:AssumeRole", role))
        }
        _ => assume_role::assume(world, &caller, params, now),
    }
}

fn caller_identity(caller: &Caller) -> String {
    xml::element("Arn", &caller.arn)
        + &xml::element("UserId", &caller.user_id)
        + &xml::element("Account", &caller.account)
}

fn session_token(
    world: &mut World,
    caller: &Caller,
    params: &Params,
    now: i64,
) -> Result<String, Refusal> {
    let mut checks = Checks::default();
    let asked = constraints::duration(&mut checks, params, rules::TOKEN_MOST)?;
    constraints::mfa(&mut checks, params.get("SerialNumber"), params.get("TokenCode"));
    checks.finish()?;
    rules::may_get_session_token(caller.kind)?;
    let mfa = check_mfa(world, caller, params, now)?;
    let seconds = rules::session_token_seconds(asked)?;
    let owner = Owner::User {
        account: caller.account.clone(),
        name: caller.user_name().unwrap_or_default().to_owned(),
    };
    let mut session = Session::new(owner, now + i64::from(seconds));
    session.mfa = mfa;
    session.access_key = Some(caller.access_key_id.clone());
    let result = xml::credentials(&session);
    world.sessions.push(session);
    Ok(result)
}

fn federation_token(
    world: &mut World,
    caller: &Caller,
    params: &Params,
    now: i64,
) -> Result<String, Refusal> {
    let mut checks = Checks::default();
    let asked = constraints::duration(&mut checks, params, rules::TOKEN_MOST)?;
    let (policy, arns) = (params.get("Policy"), params.members("PolicyArns", ".arn"));
    constraints::federated_name(&mut checks, params.get("Name"));
    constraints::policies(&mut checks, policy, &arns);
    checks.finish()?;
    rules::may_get_federation_token(caller.kind)?;
    let name = params.get("Name").unwrap_or_default().to_owned();
    let user = caller.user_name().unwrap_or_default().to_owned();
    let arn = federated_user_arn(partition_of(&caller.arn), &caller.account, &name);
    if caller.decide("sts:GetFederationToken", &arn, false) != Decision::Allowed {
        return Err(Refusal::unauthorized(&caller.arn, "sts:GetFederationToken", &arn));
    }
    let seconds = rules::session_token_seconds(asked)?;
    // Without a policy the session may do nothing.
    let statements = assume_role::session_policy(world, policy, &arns)?.unwrap_or_default();
    let packed = rules::packed_size(policy, &arns, &[], &[])?;
    let id = format!("{}:{name}", caller.account);
    let owner = Owner::Federated { account: caller.account.clone(), user, name };
    let mut session = Session::new(owner, now + i64::from(seconds));
    session.policy = Some(statements);
    let user = xml::element("FederatedUserId", &id) + &xml::element("Arn", &arn);
    let mut result = xml::nest("FederatedUser", &user) + &xml::credentials(&session);
    if let Some(percent) = packed {
        result += &xml::element("PackedPolicySize", &percent.to_string());
    }
    world.sessions.push(session);
    Ok(result)
}

/// Returns whether a request brought a right code of the caller's own device.
///
/// # Errors
/// Refuses a wrong code.
pub fn check_mfa(
    world: &mut World,
    caller: &Caller,
    params: &Params,
    now: i64,
) -> Result<bool, Refusal> {
    let (serial, code) = (params.get("SerialNumber"), params.get("TokenCode"));
    let (serial, code) = match (serial, code) {
        (None, None) => return Ok(false),
        (Some(serial), Some(code)) => (serial, code),
        _ => {
            return Err(Refusal::denied(
                "MultiFactorAuthentication failed, must provide both MFA serial number and one time pass code.",
            ));
        }
    };
    rules::may_present_code(caller.kind)?;
    let device = caller
        .user_name()
        .and_then(|name| world.find_user(&caller.account, name))
        .and_then(|user| user.mfa.clone())
        .filter(|device| device.serial == serial)
        .ok_or_else(rules::unknown_device)?;
    if world.use_code(&device, code, now) {
        Ok(true)
    } else {
        Err(Refusal::denied(
            "MultiFactorAuthentication failed with invalid MFA one time pass code. ",
        ))
    }
}
