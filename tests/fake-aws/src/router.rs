//! Which service and operation a request is meant for.

use serde_json::Value;

use crate::http::{Request, Response};
use crate::params::Params;
use crate::rules::Refusal;
use crate::sigv4::Authorization;
use crate::world::World;
use crate::{encoding, federation, iam, metadata, oidc, sign_in, sso, sts, xml};

/// The longest body that a service reads, in bytes.
const BODY_MOST: usize = 10_000_000;

/// The service and operation that a request is for.
pub struct Route {
    pub service: &'static str,
    pub operation: String,
    pub params: Params,
}

impl Route {
    /// Returns whether errors are XML of the query protocol.
    pub fn query_protocol(&self) -> bool {
        matches!(self.service, "sts" | "iam")
    }
}

fn route(service: &'static str, operation: &str, params: Vec<(String, String)>) -> Route {
    Route { service, operation: operation.to_owned(), params: Params(params) }
}

/// Finds out what a request wants.
pub fn find(request: &Request) -> Route {
    let (method, path) = (request.method.as_str(), request.path.as_str());
    if let Some(operation) = sso::operation(method, path) {
        return route("sso", operation, request.query_pairs());
    }
    if let Some(operation) = oidc::operation(method, path) {
        let params = if method == "GET" { request.query_pairs() } else { json_params(request) };
        return route("sso-oidc", operation, params);
    }
    if let Some(operation) = sign_in::operation(method, path) {
        return route("sign-in", operation, json_params(request));
    }
    if path.starts_with("/v2/credentials/") {
        return route("container", "ContainerCredentials", Vec::new());
    }
    if path.starts_with("/latest/") {
        return route("imds", metadata::operation(method, path), Vec::new());
    }
    let mut pairs = request.query_pairs();
    if method == "POST" && is_form(request) {
        pairs.extend(encoding::form(&request.text()));
    }
    let action = pairs.iter().find(|(name, _)| name == "Action").cloned();
    let asked = action.as_ref().map(|(_, action)| action.as_str());
    if let Some(operation) = federation::operation(method, path, asked) {
        return route("federation", operation, pairs);
    }
    match action {
        Some((_, action)) if path == "/" => {
            let signed = Authorization::of(request).map(|one| one.service);
            let iam = iam::ACTIONS.contains(&action.as_str())
                || (!sts::ACTIONS.contains(&action.as_str()) && signed.as_deref() == Some("iam"));
            route(if iam { "iam" } else { "sts" }, &action, pairs)
        }
        _ => route("none", "Unknown", pairs),
    }
}

fn is_form(request: &Request) -> bool {
    let content_type = request.header("content-type").unwrap_or("");
    content_type.starts_with("application/x-www-form-urlencoded")
}

fn json_params(request: &Request) -> Vec<(String, String)> {
    let fields = oidc::fields(request).unwrap_or_default();
    fields
        .into_iter()
        .map(|(name, value)| match value {
            Value::String(text) => (name, text),
            other => (name, other.to_string()),
        })
        .collect()
}

/// Lets the service refuse, whatever was asked.
pub fn refuse(route: &Route, status: u16, code: &str, message: &str) -> Response {
    let refusal = || Refusal::new(status, code.to_owned(), message);
    match route.service {
        "sts" => xml::error(xml::STS, &refusal()),
        "iam" => xml::error(xml::IAM, &refusal()),
        "sso" => sso::problem(status, code, message),
        "sign-in" => sign_in::problem(status, code, message),
        "sso-oidc" => oidc::problem(status, code, &oidc::error_name(code), message),
        _ => Response::text(status, message),
    }
}

/// Lets the service answer.
pub fn answer(world: &mut World, request: &Request, route: &Route, now: i64) -> Response {
    let Route { operation, params, .. } = route;
    if request.body.len() > BODY_MOST {
        return Response::empty(413);
    }
    match route.service {
        "sts" => sts::answer(world, request, operation, params, now),
        "iam" => iam::answer(world, request, operation, params, now),
        "sso" => sso::answer(world, request, operation, now),
        "sso-oidc" => oidc::answer(world, request, operation, now),
        "sign-in" => sign_in::answer(world, request, now),
        "federation" => federation::answer(world, request, operation, params, now),
        "imds" => metadata::instance(world, request, now),
        "container" => metadata::container(world, request, now),
        _ if request.path == "/" => {
            Response::empty(302).with("Location", "https://aws.amazon.com/iam")
        }
        _ => Response::new(404, "text/xml", "<UnknownOperationException/>"),
    }
}
