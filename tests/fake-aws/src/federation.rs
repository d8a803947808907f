//! Sign-in to the console by federation: sign-in tokens for temporary credentials, and the address
//! that signs in with one (IAM User Guide, "Enable custom identity broker access to the AWS
//! console").

use serde_json::{Value, json};

use crate::encoding::{base64url, random};
use crate::http::{Request, Response};
use crate::params::Params;
use crate::rules::{self, CallerKind};
use crate::session::Caller;
use crate::world::World;

/// What a sign-in token lives, in seconds.
const SECONDS: i64 = 900;
/// The hosts of the console in each partition.
const CONSOLES: [&str; 4] = [
    "console.aws.amazon.com",
    "console.amazonaws.cn",
    "console.amazonaws-us-gov.com",
    "console.amazonaws-eusc.eu",
];

/// A sign-in token that was given out.
#[derive(Clone, Debug)]
pub struct SigninToken {
    pub text: String,
    pub expires: i64,
    /// The key of the session that it was given for.
    pub access_key_id: String,
}

/// Returns the operation at a path of the service. Secrets in an address are an error here, though
/// AWS takes them.
pub fn operation(method: &str, path: &str, action: Option<&str>) -> Option<&'static str> {
    match (method, path, action) {
        ("POST", "/federation", Some("getSigninToken")) => Some("GetSigninToken"),
        ("GET", "/federation", Some("login")) => Some("ConsoleLogin"),
        ("GET", "/oauth", Some("logout")) => Some("ConsoleLogout"),
        _ => None,
    }
}

/// Answers a request to the service.
pub fn answer(
    world: &mut World,
    request: &Request,
    operation: &str,
    params: &Params,
    now: i64,
) -> Response {
    let result = match operation {
        "GetSigninToken" => token(world, request, params, now),
        "ConsoleLogin" => login(world, params, now),
        _ => redirect(params.get("redirect_uri")),
    };
    result.unwrap_or_else(|what| {
        let body = format!("<html><body><h1>Bad Request</h1><p>{what}</p></body></html>");
        Response::new(400, "text/html", body)
    })
}

fn token(
    world: &mut World,
    request: &Request,
    params: &Params,
    now: i64,
) -> Result<Response, &'static str> {
    if !request.query.is_empty() {
        return Err("Secrets belong into the body");
    }
    let session = params.get("Session").and_then(|text| serde_json::from_str::<Value>(text).ok());
    let session = session.as_ref().and_then(Value::as_object).ok_or("No session")?;
    let part = |name| session.get(name).and_then(Value::as_str);
    let (Some(id), Some(key), Some(token), 3) =
        (part("sessionId"), part("sessionKey"), part("sessionToken"), session.len())
    else {
        return Err("The session is not whole");
    };
    let known = world.find_session(id);
    let known = known.filter(|one| one.secret == key && one.token == token && one.lives(now));
    let is_chained = known.ok_or("The session is not valid")?.chained;
    let kind = Caller::of(world, id).map(|caller| caller.kind);
    let may_have_duration = match kind {
        Some(CallerKind::RoleSession) => !is_chained,
        Some(CallerKind::FederatedUser) => false,
        _ => return Err("The session is not federated"),
    };
    let asked = params.get("SessionDuration").map(str::parse::<u32>);
    match asked {
        None => {}
        Some(Ok(rules::LEAST..=rules::ROLE_MOST)) if may_have_duration => {}
        Some(_) => return Err("SessionDuration"),
    }
    let text = base64url(&random(900));
    world.signin_tokens.push(SigninToken {
        text: text.clone(),
        expires: now + SECONDS,
        access_key_id: id.to_owned(),
    });
    Ok(Response::json(200, &json!({"SigninToken": text})))
}

fn login(world: &mut World, params: &Params, now: i64) -> Result<Response, &'static str> {
    let given = params.get("SigninToken").unwrap_or_default();
    let known = world.signin_tokens.iter().position(|one| one.text == given && now < one.expires);
    let place = known.ok_or("The token is not valid")?;
    if params.get("Issuer").unwrap_or_default().is_empty() {
        return Err("No issuer");
    }
    let destination = params.get("Destination").unwrap_or_default();
    let rest = destination.strip_prefix("https://").ok_or("No destination")?;
    let host = rest.split(['/', '?', '#']).next().unwrap_or_default();
    let is_console = |console: &str| {
        host.strip_suffix(console).is_some_and(|rest| rest.is_empty() || rest.ends_with('.'))
    };
    if !CONSOLES.iter().any(|console| is_console(console)) {
        return Err("The destination is no console");
    }
    world.signin_tokens.remove(place);
    redirect(Some(destination))
}

fn redirect(to: Option<&str>) -> Result<Response, &'static str> {
    Ok(Response::empty(302).with("Location", to.ok_or("No address")?))
}
