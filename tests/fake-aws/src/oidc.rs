//! The `OpenID` Connect service behind logins at IAM Identity Center.

use serde_json::{Map, Value, json};

use crate::encoding::{base64url, identifier, random};
use crate::http::{Request, Response};
use crate::oidc_client::{CODE, Client, DEVICE, REFRESH, register};
use crate::oidc_code::{self, Given};
use crate::sso_data::{Device, Refresh, RefreshToken, Token};
use crate::world::World;

const NAMESPACE: &str = "http://internal.amazon.com/coral/com.amazonaws.sso.oidc/";

/// Returns the operation at a path of the service.
pub fn operation(method: &str, path: &str) -> Option<&'static str> {
    match (method, path) {
        ("POST", "/client/register") => Some("RegisterClient"),
        ("POST", "/device_authorization") => Some("StartDeviceAuthorization"),
        ("POST", "/token") => Some("CreateToken"),
        ("GET", "/authorize") => Some("Authorize"),
        _ => None,
    }
}

/// Returns the fields of a JSON request.
pub fn fields(request: &Request) -> Option<Map<String, Value>> {
    match serde_json::from_slice(&request.body) {
        Ok(Value::Object(fields)) => Some(fields),
        _ => None,
    }
}

/// Returns the OAuth name of an exception: `invalid_grant` of `InvalidGrantException`.
pub fn error_name(exception: &str) -> String {
    let mut name = String::new();
    for letter in exception.trim_end_matches("Exception").chars() {
        if letter.is_ascii_uppercase() && !name.is_empty() {
            name.push('_');
        }
        name.push(letter.to_ascii_lowercase());
    }
    name
}

/// Returns an error of the service.
pub fn problem(status: u16, exception: &str, error: &str, description: &str) -> Response {
    Response::json(status, &json!({"error": error, "error_description": description}))
        .with("x-amzn-ErrorType", &format!("{exception}:{NAMESPACE}"))
}

pub fn invalid_request(description: &str) -> Response {
    problem(400, "InvalidRequestException", "invalid_request", description)
}

pub fn invalid_grant(description: &str) -> Response {
    problem(400, "InvalidGrantException", "invalid_grant", description)
}

/// Answers a request to the service.
pub fn answer(world: &mut World, request: &Request, operation: &str, now: i64) -> Response {
    if operation == "Authorize" {
        return oidc_code::authorize(world, request, now);
    }
    let Some(fields) = fields(request) else {
        return invalid_request("The request is no JSON object");
    };
    let text = |name: &str| fields.get(name).and_then(Value::as_str);
    if operation == "RegisterClient" {
        return register(world, &fields, now);
    }
    let (id, secret) = (text("clientId"), text("clientSecret"));
    let known = |one: &&Client| id == Some(&one.id) && secret == Some(&one.secret);
    let Some(client) = world.sso.clients.iter().find(known).cloned() else {
        return problem(401, "InvalidClientException", "invalid_client", "Invalid client provided");
    };
    if client.expires <= now {
        return problem(401, "InvalidClientException", "invalid_client", "Client expired");
    }
    let grant =
        if operation == "StartDeviceAuthorization" { Some(DEVICE) } else { text("grantType") };
    if [CODE, DEVICE, REFRESH].iter().any(|one| grant == Some(one) && !client.may(one)) {
        return problem(
            400,
            "UnauthorizedClientException",
            "unauthorized_client",
            "The client is not registered for this grant",
        );
    }
    match (operation, grant) {
        ("StartDeviceAuthorization", _) if text("startUrl").is_some() => {
            start(world, request, &client.id, now)
        }
        ("CreateToken", Some(CODE)) => {
            let given = Given {
                code: text("code"),
                verifier: text("codeVerifier"),
                redirect: text("redirectUri"),
            };
            oidc_code::redeem(world, &client, &given, now)
        }
        ("CreateToken", Some(REFRESH)) => match text("refreshToken") {
            Some(token) => refresh(world, &client.id, token, now),
            None => invalid_request("Missing refreshToken"),
        },
        ("CreateToken", Some(DEVICE)) => match text("deviceCode") {
            Some(code) => device(world, &client, code, now),
            None => invalid_request("Missing deviceCode"),
        },
        ("CreateToken", Some(_)) => problem(
            400,
            "UnsupportedGrantTypeException",
            "unsupported_grant_type",
            "Unsupported grant type",
        ),
        _ => invalid_request("A field is missing"),
    }
}

fn start(world: &mut World, request: &Request, client: &str, now: i64) -> Response {
    let letters = identifier("", &random(8));
    let user_code = format!("{}-{}", &letters[..4], &letters[4..]);
    let host = request.header("host").unwrap_or("127.0.0.1");
    let address = format!("http://{host}/device");
    let device = Device {
        code: base64url(&random(48)),
        user_code: user_code.clone(),
        client: client.to_owned(),
        expires: now + 600,
        polls: 0,
        asked: None,
    };
    let answer = json!({
        "deviceCode": device.code,
        "userCode": user_code,
        "verificationUri": address,
        "verificationUriComplete": format!("{address}?user_code={user_code}"),
        "expiresIn": 600,
        "interval": world.sso.interval,
    });
    world.sso.devices.push(device);
    Response::json(200, &answer)
}

fn device(world: &mut World, client: &Client, code: &str, now: i64) -> Response {
    let approval = world.sso.approval.clone();
    let denies = world.sso.denies;
    let interval = i64::from(world.sso.interval);
    let known = |one: &&mut Device| one.code == code && one.client == client.id;
    let Some(device) = world.sso.devices.iter_mut().find(known) else {
        return invalid_grant("Invalid grant provided");
    };
    if device.expires <= now {
        return problem(400, "ExpiredTokenException", "expired_token", "Device code expired");
    }
    if denies {
        return problem(
            400,
            "AccessDeniedException",
            "access_denied",
            "The user denied the request",
        );
    }
    let before = device.asked.replace(now);
    if before.is_some_and(|before| now - before < interval) {
        return problem(400, "SlowDownException", "slow_down", "Polled too often");
    }
    device.polls += 1;
    match approval {
        Some((user, polls)) if device.polls > polls => {
            world.sso.devices.retain(|one| one.code != code);
            issue(world, &user, client, now)
        }
        _ => problem(
            400,
            "AuthorizationPendingException",
            "authorization_pending",
            "Authorization is still pending",
        ),
    }
}

/// Gives what a login gives. Only one with a scope can be renewed.
pub fn issue(world: &mut World, user: &str, client: &Client, now: i64) -> Response {
    let is_renewable = client.grants.is_none() || !client.scopes.is_empty();
    let fresh = is_renewable.then(|| new_refresh(world, user, &client.id));
    tokens(world, user, fresh, now)
}

fn refresh(world: &mut World, client: &str, token: &str, now: i64) -> Response {
    let rotate = world.sso.refresh == Refresh::Rotate;
    let known = |one: &&mut RefreshToken| {
        one.token == token && one.client.as_ref().is_none_or(|owner| owner == client)
    };
    let found = world.sso.refresh_tokens.iter_mut().find(known).filter(|found| !found.used);
    let Some(found) = found else {
        return invalid_grant("Invalid refresh token provided");
    };
    found.used = rotate;
    let user = found.user.clone();
    let next = match world.sso.refresh {
        Refresh::Rotate => Some(new_refresh(world, &user, client)),
        Refresh::Keep => Some(token.to_owned()),
        Refresh::Silent => None,
    };
    tokens(world, &user, next, now)
}

fn new_refresh(world: &mut World, user: &str, client: &str) -> String {
    let token = format!("aorAAAAAG{}", base64url(&random(200)));
    world.sso.refresh_tokens.push(RefreshToken {
        token: token.clone(),
        user: user.to_owned(),
        client: Some(client.to_owned()),
        used: false,
    });
    token
}

fn tokens(world: &mut World, user: &str, refresh: Option<String>, now: i64) -> Response {
    let token = format!("aoaAAAAAG{}", base64url(&random(200)));
    let seconds = world.sso.token_seconds;
    let mut answer = json!({"accessToken": token, "expiresIn": seconds, "tokenType": "Bearer"});
    if let Some(refresh) = refresh {
        answer["refreshToken"] = Value::String(refresh);
    }
    world.sso.tokens.push(Token { text: token, user: user.to_owned(), expires: now + seconds });
    Response::json(200, &answer)
}
