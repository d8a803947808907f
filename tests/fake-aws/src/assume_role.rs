//! `AssumeRole`.

use crate::constraints::{self, Checks};
use crate::params::Params;
use crate::policy::{self, Statement};
use crate::rules::{self, CallerKind, Refusal};
use crate::session::{Caller, Session, assumed_role_arn};
use crate::sts::check_mfa;
use crate::trust::{ASSUME, IDENTIFY, TAG, permits};
use crate::world::{Role, World};
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
        let mut checks = Checks::default();
        let wish = Self {
            role: params.get("RoleArn").unwrap_or(""),
            name: params.get("RoleSessionName").unwrap_or(""),
            external_id: params.get("ExternalId"),
            source_identity: params.get("SourceIdentity"),
            policy: params.get("Policy"),
            policy_arns: params.members("PolicyArns", ".arn"),
            tags: keys.into_iter().zip(values).collect(),
            transitive: params.members("TransitiveTagKeys", ""),
            seconds: constraints::duration(&mut checks, params, rules::ROLE_MOST)?,
        };
        constraints::role_arn(&mut checks, params.get("RoleArn"));
        constraints::session_name(&mut checks, params.get("RoleSessionName"));
        constraints::external_id(&mut checks, wish.external_id);
        let (serial, code) = (params.get("SerialNumber"), params.get("TokenCode"));
        constraints::mfa(&mut checks, serial, code);
        constraints::source_identity(&mut checks, wish.source_identity);
        constraints::policies(&mut checks, wish.policy, &wish.policy_arns);
        constraints::tags(&mut checks, &wish.tags, &wish.transitive);
        checks.finish()?;
        check_arn(wish.role)?;
        Ok(wish)
    }
}

/// Refuses what is no role's ARN: in one way what is no whole ARN, in another what is not a role's.
pub fn check_arn(arn: &str) -> Result<(), Refusal> {
    let parts: Vec<&str> = arn.splitn(6, ':').collect();
    let ["arn", partition, service, region, account, resource] = parts[..] else {
        return Err(Refusal::validation(format!("{arn} is invalid")));
    };
    if [partition, service, resource].contains(&"") {
        return Err(Refusal::validation(format!("{arn} is invalid")));
    }
    let right = service == "iam"
        && region.is_empty()
        && account.len() == 12
        && account.bytes().all(|byte| byte.is_ascii_digit())
        && resource.starts_with("role/");
    if right { Ok(()) } else { Err(Refusal::validation("Request ARN is invalid")) }
}

/// Refuses who may not have a role, or not with these tags or this source identity. Passing them on
/// is looked at before assuming.
fn authorize<'a>(
    world: &'a World,
    caller: &Caller,
    wish: &Wish,
    mfa: bool,
) -> Result<&'a Role, Refusal> {
    let inherited = caller.source_identity();
    let tagged = !wish.tags.is_empty() || !caller.inherited_tags().is_empty();
    let identified = wish.source_identity.is_some() || inherited.is_some();
    let role = world.find_role(wish.role);
    for (action, needed) in [(IDENTIFY, identified), (TAG, tagged), (ASSUME, true)] {
        let may = |role| permits(role, caller, action, wish.external_id, mfa);
        if needed && !role.is_some_and(may) {
            return Err(Refusal::unauthorized(&caller.arn, action, wish.role));
        }
    }
    if inherited.is_some() && wish.source_identity.is_some_and(|asked| Some(asked) != inherited) {
        return Err(Refusal::validation(
            "The source identity is already set for this assume role session",
        ));
    }
    role.ok_or_else(|| Refusal::unauthorized(&caller.arn, ASSUME, wish.role))
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
    let role = authorize(world, caller, &wish, mfa)?;
    let inherited = caller.inherited_tags();
    let seconds = rules::assume_role_seconds(wish.seconds, caller.kind, role.max_session_duration)?;
    let tags = rules::session_tags(&wish.tags, &wish.transitive, &inherited)?;
    let policy = session_policy(world, wish.policy, &wish.policy_arns)?;
    let packed = rules::packed_size(wish.policy, &wish.policy_arns, &wish.tags, &inherited)?;
    let mut session = Session::new(role.session_owner(wish.name), now + i64::from(seconds));
    let user = assumed_user(role, wish.name);
    session.chained = caller.kind == CallerKind::RoleSession;
    session.transitive.clone_from(&wish.transitive);
    session.transitive.extend(inherited.into_iter().map(|(key, _)| key));
    session.tags = tags;
    session.source_identity = caller.source_identity().or(wish.source_identity).map(str::to_owned);
    session.policy = policy;
    let mut result = user + &xml::credentials(&session);
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
pub fn assumed_user(role: &Role, name: &str) -> String {
    let inner = xml::element("AssumedRoleId", &format!("{}:{name}", role.id))
        + &xml::element("Arn", &assumed_role_arn(&role.arn, name));
    xml::nest("AssumedRoleUser", &inner)
}

/// Returns the statements of a session policy, when a policy or ARNs of policies were given.
pub fn session_policy(
    world: &World,
    policy: Option<&str>,
    arns: &[String],
) -> Result<Option<Vec<Statement>>, Refusal> {
    let malformed = |message: &str| Refusal::new(400, "MalformedPolicyDocument", message);
    let mut statements = match policy {
        Some(text) => policy::parse(text).map_err(malformed)?,
        None if arns.is_empty() => return Ok(None),
        None => Vec::new(),
    };
    for arn in arns {
        let known = world.managed_policies.get(arn).ok_or_else(|| {
            Refusal::new(
                400,
                "InvalidParameterValue",
                "At least one Policy ARN in the PolicyArns parameter does not match an existing IAM Managed Policy ARN.",
            )
        })?;
        statements.extend(known.iter().cloned());
    }
    Ok(Some(statements))
}
