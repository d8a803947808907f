//! Clients of the `OpenID` Connect service: what may be registered, and what each may ask for.

use serde_json::{Map, Value, json};

use crate::encoding::{base64url, random};
use crate::http::Response;
use crate::oidc::{invalid_request, problem};
use crate::world::World;

/// The grant that registers a client for the browser.
pub const CODE: &str = "authorization_code";
pub const REFRESH: &str = "refresh_token";
pub const DEVICE: &str = "urn:ietf:params:oauth:grant-type:device_code";

const MEMBERS: [&str; 8] = [
    "clientName",
    "clientType",
    "scopes",
    "redirectUris",
    "grantTypes",
    "issuerUrl",
    "entitledApplicationArn",
    "authorizationEndpoint",
];

/// A registered client.
#[derive(Clone, Debug)]
pub struct Client {
    pub id: String,
    pub secret: String,
    pub expires: i64,
    /// What it may ask for; `None` for one that was always there, which may ask for all.
    pub grants: Option<Vec<String>>,
    pub redirects: Vec<String>,
    pub scopes: Vec<String>,
    /// The start URL that it was registered for.
    pub issuer: Option<String>,
}

impl Client {
    /// Returns whether it may ask for a grant. One that was registered without grants is for device
    /// codes.
    pub fn may(&self, grant: &str) -> bool {
        match &self.grants {
            None => true,
            Some(grants) if grants.is_empty() => [DEVICE, REFRESH].contains(&grant),
            Some(grants) => grants.iter().any(|known| known == grant),
        }
    }

    /// Returns whether a login comes back to a registered address: the port of loopback ones does
    /// not count (RFC 8252, section 7.3).
    pub fn redirects_to(&self, uri: &str) -> bool {
        let without_port = |uri: &str| {
            let rest = uri.strip_prefix("http://127.0.0.1:")?;
            let (port, path) = rest.split_once('/')?;
            port.parse::<u16>().ok().filter(|port| *port > 0)?;
            Some(format!("http://127.0.0.1/{path}"))
        };
        without_port(uri).is_some_and(|uri| self.redirects.contains(&uri))
    }
}

fn list(fields: &Map<String, Value>, name: &str) -> Option<Vec<String>> {
    match fields.get(name) {
        None | Some(Value::Null) => Some(Vec::new()),
        Some(value) => {
            let texts = value.as_array()?.iter().map(|one| one.as_str().map(str::to_owned));
            texts.collect()
        }
    }
}

/// Registers a client.
pub fn register(world: &mut World, fields: &Map<String, Value>, now: i64) -> Response {
    let text = |name: &str| fields.get(name).and_then(Value::as_str).filter(|s| !s.is_empty());
    let metadata = |what: &str| {
        problem(400, "InvalidClientMetadataException", "invalid_client_metadata", what)
    };
    if text("clientName").is_none() || text("clientType") != Some("public") {
        return metadata("Invalid client metadata provided");
    }
    if let Some(unknown) = fields.keys().find(|name| !MEMBERS.contains(&name.as_str())) {
        return invalid_request(&format!("Unknown member {unknown}"));
    }
    let (Some(grants), Some(redirects), Some(scopes)) =
        (list(fields, "grantTypes"), list(fields, "redirectUris"), list(fields, "scopes"))
    else {
        return invalid_request("A member is no list of texts");
    };
    if grants.iter().any(|grant| ![CODE, REFRESH, DEVICE].contains(&grant.as_str())) {
        return problem(
            400,
            "UnsupportedGrantTypeException",
            "unsupported_grant_type",
            "Unsupported grant type",
        );
    }
    let has = |grant: &str| grants.iter().any(|known| known == grant);
    if has(CODE) && has(DEVICE) {
        return invalid_request("Only one of authorization_code and device_code may be registered");
    }
    if has(CODE) && (text("issuerUrl").is_none() || redirects.is_empty()) {
        return invalid_request("authorization_code needs issuerUrl and redirectUris");
    }
    let plain = |uri: &String| {
        uri == "http://127.0.0.1" || uri.starts_with("http://127.0.0.1/") && !uri.contains('#')
    };
    if !redirects.iter().all(plain) {
        return problem(
            400,
            "InvalidRedirectUriException",
            "invalid_redirect_uri",
            "Invalid redirect URI provided",
        );
    }
    if scopes.iter().any(|scope| !scope.starts_with("sso:") && !scope.starts_with("codewhisperer:"))
    {
        return problem(400, "InvalidScopeException", "invalid_scope", "Invalid scope provided");
    }
    let client = Client {
        id: base64url(&random(24)),
        secret: base64url(&random(400)),
        expires: now + 90 * 86_400,
        grants: Some(grants),
        redirects,
        scopes,
        issuer: text("issuerUrl").map(str::to_owned),
    };
    let answer = json!({
        "clientId": client.id,
        "clientSecret": client.secret,
        "clientIdIssuedAt": now,
        "clientSecretExpiresAt": client.expires,
    });
    world.sso.clients.push(client);
    Response::json(200, &answer)
}
