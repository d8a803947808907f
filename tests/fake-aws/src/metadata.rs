//! The metadata service of instances (version 2) and the credentials endpoint of containers.

use serde_json::json;

use crate::encoding::{base64url, random};
use crate::http::{Request, Response};
use crate::session::{Owner, Session};
use crate::time;
use crate::world::{World, role_name};

const CREDENTIALS: &str = "/latest/meta-data/iam/security-credentials";
const FRESH: i64 = 900;

/// What an instance's metadata service holds.
#[derive(Clone, Debug)]
pub struct Metadata {
    pub enabled: bool,
    pub role: Option<String>,
    pub region: String,
    pub instance: String,
    /// The seconds that its credentials live.
    pub seconds: i64,
    pub tokens: Vec<(String, i64)>,
}

impl Default for Metadata {
    fn default() -> Self {
        Self {
            enabled: true,
            role: None,
            region: "eu-west-1".to_owned(),
            instance: "i-0123456789abcdef0".to_owned(),
            seconds: 21_600,
            tokens: Vec::new(),
        }
    }
}

/// What a container may fetch.
#[derive(Clone, Debug)]
pub struct Container {
    pub id: String,
    pub role_arn: String,
    pub authorization: Option<String>,
    pub seconds: i64,
}

/// Returns the name under which calls for a path are recorded.
pub fn operation(method: &str, path: &str) -> &'static str {
    let rest = path.strip_prefix(CREDENTIALS).map(|rest| rest.trim_matches('/'));
    match (method, path, rest) {
        ("PUT", "/latest/api/token", _) => "ImdsToken",
        (_, _, Some("")) => "ImdsRole",
        (_, _, Some(_)) => "ImdsCredentials",
        (_, "/latest/meta-data/placement/region", _) => "ImdsRegion",
        (_, "/latest/meta-data/placement/availability-zone", _) => "ImdsZone",
        _ => "ImdsOther",
    }
}

/// Answers a request to the instance metadata service.
pub fn instance(world: &mut World, request: &Request, now: i64) -> Response {
    if !world.metadata.enabled || request.header("x-forwarded-for").is_some() {
        return Response::text(403, "");
    }
    if request.path == "/latest/api/token" {
        return match request.method.as_str() {
            "PUT" => token(world, request, now),
            _ => Response::text(405, ""),
        };
    }
    let given = request.header("x-aws-ec2-metadata-token").unwrap_or("");
    let lives = |(token, expires): &(String, i64)| token == given && now < *expires;
    if !world.metadata.tokens.iter().any(lives) {
        return Response::text(401, "");
    }
    if request.method != "GET" {
        return Response::text(405, "");
    }
    let path = request.path.as_str();
    let role = world.metadata.role.clone();
    let name = role.as_deref().map_or("", role_name);
    match (operation("GET", path), path.strip_prefix(CREDENTIALS)) {
        ("ImdsRole", _) if role.is_some() => Response::text(200, name),
        ("ImdsCredentials", Some(rest)) if rest.trim_matches('/') == name && role.is_some() => {
            let role = role.unwrap_or_default();
            let seconds = world.metadata.seconds;
            let owner = world.session_owner(&role, &world.metadata.instance);
            let session = current(world, &owner, seconds, now);
            Response::json(
                200,
                &json!({
                    "Code": "Success",
                    "LastUpdated": time::iso(now),
                    "Type": "AWS-HMAC",
                    "AccessKeyId": session.access_key_id,
                    "SecretAccessKey": session.secret,
                    "Token": session.token,
                    "Expiration": time::iso(session.expires),
                }),
            )
        }
        ("ImdsRegion", _) => Response::text(200, &world.metadata.region),
        ("ImdsZone", _) => Response::text(200, &format!("{}a", world.metadata.region)),
        _ if path == "/latest/meta-data/instance-id" => {
            Response::text(200, &world.metadata.instance)
        }
        _ => Response::text(404, "404 - Not Found"),
    }
}

fn token(world: &mut World, request: &Request, now: i64) -> Response {
    let ttl = request
        .header("x-aws-ec2-metadata-token-ttl-seconds")
        .and_then(|text| text.trim().parse::<i64>().ok())
        .filter(|ttl| (1..=21_600).contains(ttl));
    let Some(ttl) = ttl else {
        return Response::text(400, "400 - Bad Request");
    };
    let token = format!("{}==", base64url(&random(40)));
    world.metadata.tokens.push((token.clone(), now + ttl));
    Response::text(200, &token).with("X-Aws-Ec2-Metadata-Token-Ttl-Seconds", &ttl.to_string())
}

/// Returns a session of the owner that has time left, or else a new one.
fn current(world: &mut World, owner: &Owner, seconds: i64, now: i64) -> Session {
    let fresh = now + FRESH.min(seconds / 2);
    let known = world.sessions.iter().rev();
    if let Some(session) = known.filter(|one| one.owner == *owner).find(|one| one.expires > fresh) {
        return session.clone();
    }
    let session = Session::new(owner.clone(), now + seconds);
    world.sessions.push(session.clone());
    session
}

/// Answers a request to the container endpoint.
pub fn container(world: &mut World, request: &Request, now: i64) -> Response {
    let id = request.path.trim_start_matches("/v2/credentials/");
    let Some(container) = world.containers.iter().find(|one| one.id == id).cloned() else {
        return problem(404, "InvalidIdentifier", "Credentials not found");
    };
    if container.authorization.is_some()
        && container.authorization.as_deref() != request.header("authorization")
    {
        return problem(401, "AccessDenied", "The Authorization header is not right");
    }
    if request.method != "GET" {
        return problem(405, "MethodNotAllowed", "Only GET is allowed");
    }
    let owner = world.session_owner(&container.role_arn, &format!("task-{id}"));
    let session = current(world, &owner, container.seconds, now);
    Response::json(
        200,
        &json!({
            "RoleArn": container.role_arn,
            "AccessKeyId": session.access_key_id,
            "SecretAccessKey": session.secret,
            "Token": session.token,
            "Expiration": time::iso(session.expires),
        }),
    )
}

fn problem(status: u16, code: &str, message: &str) -> Response {
    Response::json(status, &json!({"code": code, "message": message}))
}
