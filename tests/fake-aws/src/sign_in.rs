//! AWS sign-in, which renews the sessions of `aws login`. A refresh token works once, and only with
//! the key that it was given to (RFC 9449, DPoP).

use ring::signature::{ECDSA_P256_SHA256_FIXED, UnparsedPublicKey};
use serde_json::{Value, json};

use crate::encoding::{base64url, from_base64url, random};
use crate::http::{Request, Response};
use crate::oidc;
use crate::session::{Owner, Session};
use crate::world::World;

/// What proofs may differ from the server's time, in seconds.
const PROOF_SKEW: i64 = 300;
/// What the session of a login lives, in seconds.
const SECONDS: i64 = 900;

/// A login of a user.
#[derive(Clone, Debug)]
pub struct Login {
    pub refresh_token: String,
    pub account: String,
    pub user: String,
    /// The public key of its proofs, from the first one on.
    pub key: Option<Vec<u8>>,
}

impl World {
    /// Accepts a refresh token of a login.
    #[must_use]
    pub fn login(mut self, account: &str, user: &str, refresh_token: &str) -> Self {
        self.logins.push(Login {
            refresh_token: refresh_token.to_owned(),
            account: account.to_owned(),
            user: user.to_owned(),
            key: None,
        });
        self
    }
}

/// Returns the operation at a path of the service.
pub fn operation(method: &str, path: &str) -> Option<&'static str> {
    (method == "POST" && path == "/v1/token").then_some("CreateOAuth2Token")
}

/// Returns an error of the service; the sentence begins with the error's name where it has one.
pub fn problem(status: u16, exception: &str, message: &str) -> Response {
    let (error, message) = message.split_once(": ").unwrap_or(("INVALID_REQUEST", message));
    Response::json(status, &json!({"error": error, "message": message}))
        .with("x-amzn-ErrorType", exception)
}

fn invalid(message: &str) -> Response {
    problem(400, "ValidationException", &format!("INVALID_REQUEST: {message}"))
}

/// Answers a request to the service.
pub fn answer(world: &mut World, request: &Request, now: i64) -> Response {
    let Some(fields) = oidc::fields(request) else { return invalid("The request is no JSON") };
    let text = |name: &str| fields.get(name).and_then(Value::as_str);
    if text("grantType") != Some("refresh_token")
        || !text("clientId").is_some_and(|id| id.starts_with("arn:aws:signin:::devtools/"))
    {
        return invalid("Invalid client or grant type");
    }
    let Some(key) = proof(request, now) else { return invalid("Invalid DPoP proof") };
    let given = text("refreshToken").unwrap_or("");
    let known = |login: &&mut Login| {
        login.refresh_token == given && login.key.as_ref().is_none_or(|own| *own == key)
    };
    let Some(login) = world.logins.iter_mut().find(known) else {
        let message = "TOKEN_EXPIRED: The refresh token has expired.";
        return problem(400, "AccessDeniedException", message);
    };
    login.key = Some(key);
    login.refresh_token = base64url(&random(200));
    let refresh_token = login.refresh_token.clone();
    let owner = Owner::User { account: login.account.clone(), name: login.user.clone() };
    let session = Session::new(owner, now + SECONDS);
    let answer = json!({
        "accessToken": {
            "accessKeyId": session.access_key_id,
            "secretAccessKey": session.secret,
            "sessionToken": session.token,
        },
        "tokenType": "urn:aws:params:oauth:token-type:access_token_sigv4",
        "expiresIn": SECONDS,
        "refreshToken": refresh_token,
    });
    world.sessions.push(session);
    Response::json(200, &answer)
}

/// Returns the public key of a request's proof, if it is good.
fn proof(request: &Request, now: i64) -> Option<Vec<u8>> {
    let (signed, signature) = request.header("dpop")?.rsplit_once('.')?;
    let (head, claims) = signed.split_once('.')?;
    let read = |part: &str| serde_json::from_slice::<Value>(&from_base64url(part)?).ok();
    let (head, claims) = (read(head)?, read(claims)?);
    let jwk = &head["jwk"];
    let coordinate = |name: &str| from_base64url(jwk[name].as_str()?).filter(|c| c.len() == 32);
    let point = [vec![4], coordinate("x")?, coordinate("y")?].concat();
    let url = format!("https://{}{}", request.header("host")?, request.path);
    let is_good = head["typ"] == "dpop+jwt"
        && head["alg"] == "ES256"
        && jwk["kty"] == "EC"
        && jwk["crv"] == "P-256"
        && claims["htm"] == "POST"
        && claims["htu"] == url.as_str()
        && claims["jti"].is_string()
        && (claims["iat"].as_i64()? - now).abs() <= PROOF_SKEW;
    let key = UnparsedPublicKey::new(&ECDSA_P256_SHA256_FIXED, &point);
    let is_signed = key.verify(signed.as_bytes(), &from_base64url(signature)?).is_ok();
    (is_good && is_signed).then_some(point)
}
