//! `AssumeRole`.

use crate::constraints::{self, Checks};
use crate::params::Params;
use crate::policy::{self, Statement};
use crate::rules::{self, CallerKind, Refusal};
use crate::session::{Caller, Owner, Session, assumed_role_arn, unique_id};
use crate::sts::check_mfa;
use crate::trust::{ASSUME, IDENTIFY, TAG, permits};
use crate::world::World;
use crate::xml;

/// What a caller asks of `AssumeRole`.
struct Wish<'a> {
    role: &'a str,
    name: &'a str,
    external_id: Option<&'a str>,
    source_identity: Option<&'a str>,
    policy: Option<&'a str>,
    policy_arns: Vec<String>,
    tags: Vec<(String, String)>,
    transitive: Vec<String>,
    seconds: Option<u32>,
}

impl<'a> Wish<'a> {
    fn read(params: &'a Params) -> Result<Self, Refusal> {
        let values = params.members("Tags", ".Value");
        let keys = params.members("Tags", ".Key");
        let wish = Self {
            role: params.get("RoleArn").unwrap_or(""),
            name: params.get("RoleSessionName").unwrap_or(""),
            external_id: params.get("ExternalId"),
            source_identity: params.get("SourceIdentity"),
            policy: params.get("Policy"),
            policy_arns: params.members("PolicyArns", ".arn"),
            tags: keys.into_iter().zip(values).collect(),
            transitive: params.members("TransitiveTagKeys", ""),
            seconds: params.number("DurationSeconds")?,
        };
        let mut checks = Checks::default();
        constraints::role_arn(&mut checks, params.get("RoleArn"));
        constraints::session_name(&mut checks, params.get("RoleSessionName"));
        constraints::external_id(&mut checks, wish.external_id);
        let (serial, code) = (params.get("SerialNumber"), params.get("TokenCode"));
        constraints::mfa(&mut checks, serial, code);
        constraints::source_identity(&mut checks, wish.source_identity);
        constraints::policies(&mut checks, wish.policy, &wish.policy_arns);
        constraints::tags(&mut checks, &wish.tags, &wish.transitive);
        checks.range("durationSeconds", wish.seconds, rules::LEAST, rules::ROLE_MOST);
        checks.finish()?;
        check_arn(wish.role)?;
        Ok(wish)
    }
}

/// Refuses what is no role's ARN.
pub fn check_arn(arn: &str) -> Result<(), Refusal> {
    if !arn.starts_with("arn:") {
        return Err(Refusal::validation(format!("{arn} is invalid")));
    }
    let parts: Vec<&str> = arn.splitn(6, ':').collect();
    let right = parts.len() == 6
        && parts[2] == "iam"
        && parts[4].len() == 12
        && parts[4].bytes().all(|byte| byte.is_ascii_digit())
        && parts[5].starts_with("role/");
    if right { Ok(()) } else { Err(Refusal::validation("Request ARN is invalid")) }
}

/// Issues a session of a role, where trust policy and caller's policies allow it.
pub fn assume(
    world: &mut World,
    caller: &Caller,
    params: &Params,
    now: i64,
) -> Result<String, Refusal> {
    let wish = Wish::read(params)?;
    let accepted = check_mfa(world, caller, params, now)?;
    let mfa = rules::mfa_present(caller.kind, accepted);
    let refused = |action: &str| Refusal::unauthorized(&caller.arn, action, wish.role);
    let Some(role) = world.find_role(wish.role) else {
        return Err(refused(ASSUME));
    };
    let may = |action: &str| permits(role, caller, action, wish.external_id, mfa);
    if !may(ASSUME) {
        return Err(refused(ASSUME));
    }
    let inherited = caller.inherited_tags();
    let tagged = !wish.tags.is_empty() || !inherited.is_empty();
    if tagged && !may(TAG) {
        return Err(refused(TAG));
    }
    let source_identity = caller.source_identity().or(wish.source_identity);
    let other = wish.source_identity.is_some() && wish.source_identity != source_identity;
    if other || (source_identity.is_some() && !may(IDENTIFY)) {
        return Err(refused(IDENTIFY));
    }
    let seconds = rules::assume_role_seconds(wish.seconds, caller.kind, role.max_session_duration)?;
    let tags = rules::session_tags(&wish.tags, &wish.transitive, &inherited)?;
    let policy = session_policy(world, wish.policy, &wish.policy_arns)?;
    let packed = packed(wish.policy, &wish.policy_arns, &wish.tags)?;
    let owner = Owner::Role { arn: wish.role.to_owned(), name: wish.name.to_owned() };
    let mut session = Session::new(owner, now + i64::from(seconds));
    session.chained = caller.kind == CallerKind::RoleSession;
    session.transitive.clone_from(&wish.transitive);
    session.transitive.extend(inherited.into_iter().map(|(key, _)| key));
    session.tags = tags;
    session.source_identity = source_identity.map(str::to_owned);
    session.policy = policy;
    let mut result = xml::credentials(&session) + &assumed_user(wish.role, wish.name);
    if let Some(percent) = packed {
        result += &xml::element("PackedPolicySize", &percent.to_string());
    }
    if let Some(identity) = &session.source_identity {
        result += &xml::element("SourceIdentity", identity);
    }
    world.sessions.push(session);
    Ok(result)
}

/// Returns the `AssumedRoleUser` element.
pub fn assumed_user(role_arn: &str, name: &str) -> String {
    let id = format!("{}:{name}", unique_id("AROA", role_arn));
    let inner = xml::element("AssumedRoleId", &id)
        + &xml::element("Arn", &assumed_role_arn(role_arn, name));
    xml::nest("AssumedRoleUser", &inner)
}

/// Returns the statements of a session policy, when a policy or ARNs of policies were given.
pub fn session_policy(
    world: &World,
    policy: Option<&str>,
    arns: &[String],
) -> Result<Option<Vec<Statement>>, Refusal> {
    let malformed = |message: String| Refusal::new(400, "MalformedPolicyDocument", message);
    let mut statements = match policy {
        Some(text) => policy::parse(text).map_err(|message| malformed(message.to_owned()))?,
        None if arns.is_empty() => return Ok(None),
        None => Vec::new(),
    };
    for arn in arns {
        let known = world.managed_policies.get(arn);
        let known = known.ok_or_else(|| malformed(format!("Policy {arn} does not exist")))?;
        statements.extend(known.iter().cloned());
    }
    Ok(Some(statements))
}

/// Returns how many per cent of the allowed size policies and tags take, when there are any.
pub fn packed(
    policy: Option<&str>,
    arns: &[String],
    tags: &[(String, String)],
) -> Result<Option<usize>, Refusal> {
    if policy.is_none() && arns.is_empty() && tags.is_empty() {
        return Ok(None);
    }
    let percent = rules::packed_percent(policy.unwrap_or(""), arns, tags);
    if percent > 100 {
        return Err(Refusal::new(
            400,
            "PackedPolicyTooLarge",
            format!(
                "Packed policy consumes {percent}% of allotted space, please use smaller policy."
            ),
        ));
    }
    Ok(Some(percent.max(1)))
}
