//! Checks the signatures of requests (AWS Signature Version 4).

use std::fmt::Write as _;

use ring::digest::{SHA256, digest};
use ring::hmac::{HMAC_SHA256, Key, sign};

use crate::encoding::{hex, percent, unpercent};
use crate::http::Request;
use crate::rules::{Refusal, invalid_token};
use crate::session::Caller;
use crate::time::{compact, parse_compact};
use crate::world::World;

/// How far the time of a request may be from ours, in seconds.
const SKEW: i64 = 900;

/// What the `Authorization` header says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Authorization {
    pub access_key_id: String,
    pub date: String,
    pub region: String,
    pub service: String,
    pub terminator: String,
    pub signed_headers: Vec<String>,
    pub signature: String,
}

impl Authorization {
    /// Reads the header of a request, when it has a well-formed one.
    pub fn of(request: &Request) -> Option<Self> {
        let header = request.header("authorization")?;
        let fields = header.strip_prefix("AWS4-HMAC-SHA256")?;
        let field = |name: &str| {
            fields.split(',').find_map(|part| part.trim().strip_prefix(name)?.strip_prefix('='))
        };
        let mut scope = field("Credential")?.rsplitn(5, '/');
        let terminator = scope.next()?.to_owned();
        let service = scope.next()?.to_owned();
        let region = scope.next()?.to_owned();
        let date = scope.next()?.to_owned();
        Some(Self {
            access_key_id: scope.next()?.to_owned(),
            date,
            region,
            service,
            terminator,
            signed_headers: field("SignedHeaders")?.split(';').map(str::to_owned).collect(),
            signature: field("Signature")?.to_owned(),
        })
    }

    fn scope(&self) -> String {
        let Self { date, region, service, terminator, .. } = self;
        format!("{date}/{region}/{service}/{terminator}")
    }
}

/// Returns the caller that signed a request for a service.
///
/// # Errors
/// Refuses a signature of which anything is wrong.
pub fn verify(
    world: &World,
    request: &Request,
    service: &str,
    now: i64,
) -> Result<Caller, Refusal> {
    if request.header("authorization").is_none() {
        return Err(Refusal::new(
            403,
            "MissingAuthenticationToken",
            "Request is missing Authentication Token",
        ));
    }
    let authorization = Authorization::of(request).ok_or_else(|| incomplete(request))?;
    let date = request.header("x-amz-date").ok_or_else(|| incomplete(request))?;
    let time = parse_compact(date).ok_or_else(|| incomplete(request))?;
    check_scope(&authorization, world.sts_region.as_deref(), date, service)?;
    let (caller, secret) = identify(world, request, service, &authorization.access_key_id, now)?;
    check_headers(&authorization, request)?;
    check_time(time, now)?;
    let wanted = signature(&authorization, request, date, &secret);
    let hash = hex(digest(&SHA256, &request.body).as_ref());
    let named = request.header("x-amz-content-sha256");
    if wanted != authorization.signature || named.is_some_and(|named| named != hash) {
        return Err(mismatch(
            "The request signature we calculated does not match the signature you provided. Check your AWS Secret Access Key and signing method. Consult the service documentation for details.",
        ));
    }
    Ok(caller)
}

fn mismatch(message: impl Into<String>) -> Refusal {
    Refusal::new(403, "SignatureDoesNotMatch", message)
}

fn incomplete(request: &Request) -> Refusal {
    let header = request.header("authorization").unwrap_or("");
    let mut message = String::new();
    for field in ["Credential", "Signature", "SignedHeaders"] {
        if !header.contains(&format!("{field}=")) {
            let _ = write!(message, "Authorization header requires '{field}' parameter. ");
        }
    }
    if request.header("x-amz-date").and_then(parse_compact).is_none() {
        message += "Authorization header requires existence of either a valid 'X-Amz-Date' or a 'Date' header. ";
    }
    let hash = hex(digest(&SHA256, header.as_bytes()).as_ref());
    let _ = write!(message, "(Hashed with SHA-256 and encoded with Hex) Authorization={hash}");
    Refusal::new(400, "IncompleteSignature", message)
}

/// Returns who signed, and the secret that was to be used. Whose session has expired is told so
/// before the role behind it is looked for.
fn identify(
    world: &World,
    request: &Request,
    service: &str,
    id: &str,
    now: i64,
) -> Result<(Caller, String), Refusal> {
    let unknown = || invalid_token(service);
    let token = request.header("x-amz-security-token");
    let secret = if let Some((_, key)) = world.find_key(id) {
        if !key.is_active || key.known_from > now || token.is_some() {
            return Err(unknown());
        }
        key.secret.clone()
    } else {
        let session = world.find_session(id).ok_or_else(unknown)?;
        // A session ends with the key that asked for it, and sleeps while that is switched off.
        let key = session.access_key.as_deref().map(|id| world.find_key(id));
        if key.is_some_and(|key| key.is_none_or(|(_, key)| !key.is_active)) {
            return Err(unknown());
        }
        if token != Some(session.token.as_str()) {
            return Err(unknown());
        }
        if !session.lives(now) {
            return Err(Refusal::new(
                403,
                "ExpiredToken",
                "The security token included in the request is expired",
            ));
        }
        session.secret.clone()
    };
    let caller = Caller::of(world, id).ok_or_else(unknown)?;
    Ok((caller, secret))
}

fn check_scope(
    authorization: &Authorization,
    sts_region: Option<&str>,
    date: &str,
    service: &str,
) -> Result<(), Refusal> {
    let day = &date[..8];
    if authorization.terminator != "aws4_request" {
        return Err(mismatch(format!(
            "Credential should be scoped with a valid terminator: 'aws4_request', not '{}'.",
            authorization.terminator
        )));
    }
    let mut message = String::new();
    let region = authorization.region.as_str();
    let right_region = match service {
        "iam" => region == iam_region(sts_region.unwrap_or(region)),
        _ => sts_region.map_or_else(|| is_region(region), |of_endpoint| region == of_endpoint),
    };
    if !right_region {
        message += "Credential should be scoped to a valid region. ";
    }
    if authorization.service != service {
        let _ = write!(message, "Credential should be scoped to correct service: '{service}'. ");
    }
    if !message.is_empty() {
        return Err(mismatch(message));
    }
    if authorization.date != day {
        return Err(mismatch(format!(
            "Date in Credential scope does not match YYYYMMDD from ISO-8601 version of date from HTTP: '{}' != '{day}', from '{date}'.",
            authorization.date
        )));
    }
    Ok(())
}

/// Returns the one region that signs for IAM in the partition of a region.
fn iam_region(region: &str) -> &'static str {
    match region.split('-').collect::<Vec<_>>()[..] {
        ["cn", ..] => "cn-north-1",
        ["us", "gov", ..] => "us-gov-west-1",
        _ => "us-east-1",
    }
}

/// Returns whether a text looks like `eu-west-1` or `us-gov-east-1`.
fn is_region(text: &str) -> bool {
    let parts: Vec<&str> = text.split('-').collect();
    let (number, words) = parts.split_last().unwrap_or((&"", &[]));
    let digits = number.bytes().all(|byte| byte.is_ascii_digit());
    let letters = |word: &&str| word.bytes().all(|byte| byte.is_ascii_lowercase());
    words.len() >= 2 && digits && words.iter().all(letters) && !parts.contains(&"")
}

fn check_headers(authorization: &Authorization, request: &Request) -> Result<(), Refusal> {
    let signed = |name: &str| authorization.signed_headers.iter().any(|one| one == name);
    if !signed("host") {
        return Err(mismatch(
            "'Host' or ':authority' must be a 'SignedHeader' in the AWS Authorization.",
        ));
    }
    for name in ["x-amz-date", "x-amz-security-token", "x-amz-content-sha256"] {
        if request.header(name).is_some() && !signed(name) {
            return Err(mismatch(format!(
                "'{name}' must be a 'SignedHeader' in the AWS Authorization."
            )));
        }
    }
    if !authorization.signed_headers.is_sorted() {
        return Err(mismatch("'SignedHeaders' must be sorted in the AWS Authorization."));
    }
    Ok(())
}

fn check_time(signed: i64, now: i64) -> Result<(), Refusal> {
    let (signed_text, now_text) = (compact(signed), compact(now));
    if signed < now - SKEW {
        return Err(mismatch(format!(
            "Signature expired: {signed_text} is now earlier than {} ({now_text} - 15 min.)",
            compact(now - SKEW)
        )));
    }
    if signed > now + SKEW {
        return Err(mismatch(format!(
            "Signature not yet current: {signed_text} is still later than {} ({now_text} + 15 min.)",
            compact(now + SKEW)
        )));
    }
    Ok(())
}

fn hmac(key: &[u8], text: &str) -> Vec<u8> {
    let key = Key::new(HMAC_SHA256, key);
    sign(&key, text.as_bytes()).as_ref().to_vec()
}

/// Returns the signature that a request should bear.
pub fn signature(
    authorization: &Authorization,
    request: &Request,
    date: &str,
    secret: &str,
) -> String {
    let canonical = canonical_request(authorization, request);
    let hash = hex(digest(&SHA256, canonical.as_bytes()).as_ref());
    let text = format!("AWS4-HMAC-SHA256\n{date}\n{}\n{hash}", authorization.scope());
    let key = [
        authorization.date.as_str(),
        &authorization.region,
        &authorization.service,
        &authorization.terminator,
    ]
    .iter()
    .fold(format!("AWS4{secret}").into_bytes(), |key, part| hmac(&key, part));
    hex(&hmac(&key, &text))
}

fn canonical_request(authorization: &Authorization, request: &Request) -> String {
    let mut query: Vec<String> = request
        .query
        .split('&')
        .filter(|pair| !pair.is_empty())
        .map(|pair| {
            let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
            let escape = |text| percent(&unpercent(text, false), false);
            format!("{}={}", escape(name), escape(value))
        })
        .collect();
    query.sort();
    let headers = authorization.signed_headers.iter().fold(String::new(), |mut text, name| {
        let _ = writeln!(text, "{name}:{}", canonical_header(request, name));
        text
    });
    format!(
        "{}\n{}\n{}\n{headers}\n{}\n{}",
        request.method,
        percent(&request.path, true),
        query.join("&"),
        authorization.signed_headers.join(";"),
        hex(digest(&SHA256, &request.body).as_ref())
    )
}

fn canonical_header(request: &Request, name: &str) -> String {
    let values: Vec<String> = request
        .headers
        .iter()
        .filter(|(known, _)| known == name)
        .map(|(_, value)| value.split_ascii_whitespace().collect::<Vec<_>>().join(" "))
        .collect();
    values.join(",")
}

#[cfg(test)]
mod tests;
