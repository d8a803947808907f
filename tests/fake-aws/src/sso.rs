//! The portal of IAM Identity Center.

use serde_json::{Value, json};

use crate::http::{Request, Response};
use crate::params::Params;
use crate::session::Session;
use crate::sso_data::reserved_arn;
use crate::world::World;

/// Returns the operation at a path of the portal.
pub fn operation(method: &str, path: &str) -> Option<&'static str> {
    match (method, path) {
        ("GET", "/federation/credentials") => Some("GetRoleCredentials"),
        ("GET", "/assignment/accounts") => Some("ListAccounts"),
        ("GET", "/assignment/roles") => Some("ListAccountRoles"),
        ("POST", "/logout") => Some("Logout"),
        _ => None,
    }
}

/// Returns an error of the portal. Its body alone holds the code.
pub fn problem(status: u16, code: &str, message: &str) -> Response {
    let code = format!("com.amazonaws.switchboard.portal#{code}");
    Response::json(status, &json!({"message": message, "__type": code}))
}

/// Returns the refusal of a call that is one too many.
pub fn too_many() -> Response {
    Response::json(429, &json!({"message": "HTTP 429 Unknown Code"}))
        .with("x-amzn-ErrorType", "TooManyRequestsException")
}

/// Answers a request to the portal.
pub fn answer(world: &mut World, request: &Request, operation: &str, now: i64) -> Response {
    let params = Params(request.query_pairs());
    let given = request.header("x-amz-sso_bearer_token").unwrap_or("");
    let token = world.sso.tokens.iter().find(|one| one.text == given);
    let Some(user) = token.filter(|one| now < one.expires).map(|one| one.user.clone()) else {
        return problem(401, "UnauthorizedException", "Session token not found or invalid");
    };
    if world.sso.limit.as_mut().is_some_and(|limit| !limit.allows()) {
        return too_many();
    }
    match operation {
        "GetRoleCredentials" => credentials(world, &user, &params, now),
        "ListAccounts" => accounts(world, &user, &params),
        "ListAccountRoles" => roles(world, &user, &params),
        _ => {
            world.sso.tokens.retain(|one| one.text != given);
            world.sso.refresh_tokens.retain(|one| one.user != user);
            Response::new(200, "application/json", "")
        }
    }
}

fn credentials(world: &mut World, user: &str, params: &Params, now: i64) -> Response {
    let (Some(account), Some(role)) = (params.get("account_id"), params.get("role_name")) else {
        return problem(400, "InvalidRequestException", "Request is invalid");
    };
    let granted = world
        .sso
        .grants
        .iter()
        .any(|one| one.user == user && one.account == account && one.role_name == role);
    if !granted {
        return problem(403, "ForbiddenException", "No access");
    }
    let owner = world.session_owner(&reserved_arn(account, role), user);
    let session = Session::new(owner, now + world.sso.role_seconds);
    let answer = json!({"roleCredentials": {
        "accessKeyId": session.access_key_id,
        "secretAccessKey": session.secret,
        "sessionToken": session.token,
        "expiration": session.expires * 1000,
    }});
    world.sessions.push(session);
    Response::json(200, &answer)
}

fn accounts(world: &World, user: &str, params: &Params) -> Response {
    let mut ids: Vec<&String> =
        world.sso.grants.iter().filter(|one| one.user == user).map(|one| &one.account).collect();
    ids.sort();
    ids.dedup();
    let list = ids
        .into_iter()
        .map(|id| match world.accounts.get(id) {
            Some(name) => {
                let email = format!("{id}@example.com");
                json!({"accountId": id, "accountName": name, "emailAddress": email})
            }
            // The model demands neither name nor address.
            None => json!({"accountId": id}),
        })
        .collect();
    page("accountList", list, params)
}

fn roles(world: &World, user: &str, params: &Params) -> Response {
    let Some(account) = params.get("account_id").filter(|id| is_account_id(id)) else {
        return problem(400, "InvalidRequestException", "Request is invalid");
    };
    let list: Vec<Value> = world
        .sso
        .grants
        .iter()
        .filter(|one| one.user == user && one.account == account)
        .map(|one| json!({"roleName": one.role_name, "accountId": account}))
        .collect();
    if list.is_empty() {
        return problem(403, "ForbiddenException", "No access");
    }
    page("roleList", list, params)
}

fn is_account_id(text: &str) -> bool {
    text.len() == 12 && text.bytes().all(|b| b.is_ascii_digit())
}

/// Returns one page of a list. Its next token is the index at which the next page begins.
fn page(name: &str, list: Vec<Value>, params: &Params) -> Response {
    let number = |name: &str, default: usize| match params.get(name) {
        None | Some("") => Some(default),
        Some(text) => text.parse().ok(),
    };
    // The model's `MaxResultType` is 1 to 100.
    let size = number("max_result", 100).filter(|size| (1..=100).contains(size));
    let start = number("next_token", 0).filter(|start| *start == 0 || *start < list.len());
    let (Some(size), Some(start)) = (size, start) else {
        return problem(400, "InvalidRequestException", "Request is invalid");
    };
    let next = (start + size < list.len()).then(|| (start + size).to_string());
    let items: Vec<Value> = list.into_iter().skip(start).take(size).collect();
    Response::json(200, &json!({name: items, "nextToken": next}))
}
