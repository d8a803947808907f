//! `AssumeRoleWithWebIdentity`.

use serde_json::{Value, json};

use crate::assume_role::{assumed_user, check_arn, session_policy};
use crate::constraints::{self, Checks};
use crate::encoding::{base64url, from_base64url};
use crate::params::Params;
use crate::rules::{self, Refusal};
use crate::session::Session;
use crate::trust::{Principal, TrustStatement, permits_web_identity};
use crate::world::World;
use crate::xml;

struct Claims {
    issuer: String,
    subject: String,
    audiences: Vec<String>,
    expires: i64,
}

/// Returns a token of the right form. Its signature means nothing, and the fake checks none.
pub fn token(issuer: &str, subject: &str, audience: &str, expires: i64) -> String {
    let head = json!({"alg": "RS256", "typ": "JWT", "kid": "fake"});
    let claims = json!({"iss": issuer, "sub": subject, "aud": audience, "exp": expires, "iat": expires - 3600});
    [head.to_string(), claims.to_string(), "signature".to_owned()]
        .map(|part| base64url(part.as_bytes()))
        .join(".")
}

fn claims(token: &str) -> Option<Claims> {
    let parts: Vec<&str> = token.split('.').collect();
    let [head, body, signature] = parts.as_slice() else {
        return None;
    };
    let read = |part: &str| serde_json::from_slice::<Value>(&from_base64url(part)?).ok();
    read(head)?.get("alg")?;
    from_base64url(signature)?;
    let body = read(body)?;
    let text = |name: &str| Some(body.get(name)?.as_str()?.to_owned());
    let audiences = match body.get("aud")? {
        Value::String(one) => vec![one.clone()],
        Value::Array(list) => {
            list.iter().filter_map(|one| one.as_str().map(str::to_owned)).collect()
        }
        _ => return None,
    };
    Some(Claims {
        issuer: text("iss")?,
        subject: text("sub")?,
        audiences,
        expires: body.get("exp")?.as_i64()?,
    })
}

fn invalid(message: impl Into<String>) -> Refusal {
    Refusal::new(400, "InvalidIdentityToken", message)
}

/// Refuses a token that has expired, or whose issuer or audience no trust policy knows.
fn check_provider(world: &World, claims: &Claims, now: i64) -> Result<(), Refusal> {
    let Claims { issuer, audiences, expires, .. } = claims;
    if *expires <= now {
        return Err(Refusal::new(
            400,
            "ExpiredTokenException",
            format!(
                "Token expired: current date/time {now} must be before the expiration date/time {expires}"
            ),
        ));
    }
    let known = Principal::WebIdentity(issuer.clone());
    let mut provider: Vec<&TrustStatement> =
        world.roles.iter().flat_map(|role| &role.trust).collect();
    provider.retain(|statement| statement.principal == known);
    if provider.is_empty() {
        return Err(invalid(format!(
            "No OpenIDConnect provider found in your account for {issuer}"
        )));
    }
    let lists = |statement: &&TrustStatement| {
        statement.audience.as_ref().is_none_or(|audience| audiences.contains(audience))
    };
    if !provider.iter().any(lists) {
        return Err(invalid("Incorrect token audience"));
    }
    Ok(())
}

/// Issues a session of a role for an issuer's token.
pub fn assume(world: &mut World, params: &Params, now: i64) -> Result<String, Refusal> {
    let (arn, name) = (params.get("RoleArn"), params.get("RoleSessionName"));
    let (policy, token) = (params.get("Policy"), params.get("WebIdentityToken"));
    let arns = params.members("PolicyArns", ".arn");
    let mut checks = Checks::default();
    let asked = constraints::duration(&mut checks, params, rules::ROLE_MOST)?;
    constraints::role_arn(&mut checks, arn);
    constraints::session_name(&mut checks, name);
    checks.required("webIdentityToken", token);
    checks.length("webIdentityToken", token, 4, 20_000);
    constraints::policies(&mut checks, policy, &arns);
    checks.finish()?;
    let (arn, name) = (arn.unwrap_or(""), name.unwrap_or(""));
    check_arn(arn)?;
    let claims = claims(token.unwrap_or(""))
        .ok_or_else(|| invalid("The ID Token provided is not a valid JWT. (You may see this error if you sent an Access Token)"))?;
    check_provider(world, &claims, now)?;
    let action = "sts:AssumeRoleWithWebIdentity";
    let role = world
        .find_role(arn)
        .filter(|role| {
            let (issuer, subject) = (&claims.issuer, &claims.subject);
            permits_web_identity(role, action, issuer, &claims.audiences, subject)
        })
        .ok_or_else(|| Refusal::denied(format!("Not authorized to perform {action}")))?;
    let seconds = rules::web_identity_seconds(asked, role.max_session_duration)?;
    let mut session = Session::new(role.session_owner(name), now + i64::from(seconds));
    let user = assumed_user(role, name);
    session.policy = session_policy(world, policy, &arns)?;
    let audience = claims.audiences.first().map_or("", String::as_str);
    let mut result = xml::element("SubjectFromWebIdentityToken", &claims.subject)
        + &xml::element("Audience", audience)
        + &xml::element("Provider", &claims.issuer)
        + &xml::credentials(&session)
        + &user;
    if let Some(percent) = rules::packed_size(policy, &arns, &[], &[])? {
        result += &xml::element("PackedPolicySize", &percent.to_string());
    }
    world.sessions.push(session);
    Ok(result)
}

#[cfg(test)]
mod tests {
    use super::{claims, token};

    #[test]
    fn tokens_are_read_back() {
        let text = token("https://i", "s", "a", 7_200);
        let read = claims(&text).unwrap();
        assert_eq!((read.issuer.as_str(), read.expires), ("https://i", 7_200));
        assert_eq!((read.subject, read.audiences), ("s".into(), vec!["a".into()]));
        assert!(claims("a.b").is_none());
        assert!(claims("a.b.c").is_none());
    }
}
