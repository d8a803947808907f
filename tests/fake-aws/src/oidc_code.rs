//! Logins in the browser by an authorization code with PKCE (RFC 6749, RFC 7636).

use ring::digest::{SHA256, digest};

use crate::encoding::{base64url, percent, random};
use crate::http::{Request, Response};
use crate::oidc::{invalid_grant, invalid_request, issue};
use crate::oidc_client::{CODE, Client};
use crate::params::Params;
use crate::world::World;

/// How long a code is good, in seconds.
const CODE_SECONDS: i64 = 600;

/// Who sits at the browser.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum Browser {
    /// Nobody is signed in: the page stays.
    #[default]
    Nobody,
    /// Somebody who is signed in and agrees.
    Agrees(String),
    /// Somebody who refuses, with what the identity provider says of it.
    Refuses(String),
}

/// A code that a browser carries back.
#[derive(Clone, Debug)]
pub struct Code {
    pub code: String,
    pub client: String,
    pub user: String,
    pub challenge: String,
    pub redirect: String,
    pub expires: i64,
}

/// Answers the browser: it comes back with a code, with an error, or stays.
pub fn authorize(world: &mut World, request: &Request, now: i64) -> Response {
    let params = Params(request.query_pairs());
    let get = |name: &str| params.get(name).unwrap_or_default();
    let page = |status, text: &str| Response::new(status, "text/html", text);
    let known = |one: &&Client| one.id == get("client_id") && now < one.expires;
    let Some(client) = world.sso.clients.iter().find(known).cloned() else {
        return page(400, "invalid_client");
    };
    let redirect = get("redirect_uri").to_owned();
    if !client.redirects_to(&redirect) || !client.may(CODE) {
        return page(400, "invalid_redirect_uri");
    }
    let back = |pairs: &[(&str, &str)]| {
        let state = ("state", get("state"));
        let pairs = pairs.iter().chain([&state]);
        let query: Vec<String> =
            pairs.map(|(name, value)| format!("{name}={}", percent(value, false))).collect();
        Response::empty(302).with("Location", &format!("{redirect}?{}", query.join("&")))
    };
    let is_challenge = |text: &str| text.len() == 43 && !text.contains(['+', '/', '=']);
    if get("response_type") != "code"
        || get("state").is_empty()
        || get("code_challenge_method") != "S256"
        || !is_challenge(get("code_challenge"))
    {
        return back(&[("error", "invalid_request")]);
    }
    let wanted = params.get("scopes").or(params.get("scope")).unwrap_or_default();
    if !wanted.split(' ').all(|scope| client.scopes.iter().any(|known| known == scope)) {
        return back(&[("error", "invalid_scope")]);
    }
    match world.sso.browser.clone() {
        Browser::Nobody => page(200, "Sign in"),
        Browser::Refuses(why) => back(&[("error", "access_denied"), ("error_description", &why)]),
        Browser::Agrees(user) => {
            let code = base64url(&random(48));
            let answer = back(&[("code", &code)]);
            world.sso.codes.push(Code {
                code,
                client: client.id,
                user,
                challenge: get("code_challenge").to_owned(),
                redirect,
                expires: now + CODE_SECONDS,
            });
            answer
        }
    }
}

/// What is given for a token.
pub struct Given<'a> {
    pub code: Option<&'a str>,
    pub verifier: Option<&'a str>,
    pub redirect: Option<&'a str>,
}

/// Gives a token for a code, once.
pub fn redeem(world: &mut World, client: &Client, given: &Given, now: i64) -> Response {
    let (Some(code), Some(verifier), Some(redirect)) = (given.code, given.verifier, given.redirect)
    else {
        return invalid_request("Missing code, codeVerifier or redirectUri");
    };
    let is_plain = |byte: u8| byte.is_ascii_alphanumeric() || b"-._~".contains(&byte);
    if !(43..=128).contains(&verifier.len()) || !verifier.bytes().all(is_plain) {
        return invalid_request("Invalid codeVerifier");
    }
    let known = |one: &Code| one.code == code && one.client == client.id;
    let Some(at) = world.sso.codes.iter().position(known) else {
        return invalid_grant("Invalid authorization code provided");
    };
    // Whatever comes of it, it was used.
    let held = world.sso.codes.remove(at);
    let challenge = base64url(digest(&SHA256, verifier.as_bytes()).as_ref());
    if held.expires <= now || held.challenge != challenge || held.redirect != redirect {
        return invalid_grant("Invalid authorization code provided");
    }
    issue(world, &held.user, client, now)
}
