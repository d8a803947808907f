use serde_json::{Value, json};

use super::{Answer, NOW, answer};
use crate::faults::{Kind, instead};
use crate::http::Request;
use crate::router;
use crate::world::World;

const CORAL: &str = "http://internal.amazon.com/coral/com.amazonaws.sso.oidc/";

fn portal(token: &str) -> Request {
    Request {
        method: "GET".to_owned(),
        path: "/federation/credentials".to_owned(),
        query: "account_id=111111111111&role_name=Developer".to_owned(),
        headers: vec![("x-amz-sso_bearer_token".to_owned(), token.to_owned())],
        ..Request::default()
    }
}

fn token(fields: &Value) -> Request {
    Request {
        method: "POST".to_owned(),
        path: "/token".to_owned(),
        body: fields.to_string().into_bytes(),
        ..Request::default()
    }
}

fn world() -> World {
    World::new().sso_token("ann", "good", NOW + 60).sso_client("client", "secret", NOW + 60)
}

fn header<'a>(answer: &'a Answer, name: &str) -> Option<&'a str> {
    answer.headers.iter().find(|(known, _)| known == name).map(|(_, value)| value.as_str())
}

#[test]
fn portal_error_has_code_in_body_only() {
    for (token, status, code, message) in [
        ("bad", 401, "UnauthorizedException", "Session token not found or invalid"),
        ("good", 403, "ForbiddenException", "No access"),
    ] {
        let answer = answer(&mut world(), &portal(token), NOW);
        let body: Value = serde_json::from_str(&answer.body).unwrap();
        let code = format!("com.amazonaws.switchboard.portal#{code}");
        assert_eq!((answer.status, body), (status, json!({"message": message, "__type": code})));
        assert_eq!(header(&answer, "x-amzn-ErrorType"), None);
    }
}

#[test]
fn throttled_portal_call_has_code_in_header() {
    let route = router::find(&portal("good"));
    let answer = Answer::of(&instead(&Kind::Throttle, &route).unwrap());
    assert_eq!((answer.status, &*answer.body), (429, r#"{"message":"HTTP 429 Unknown Code"}"#));
    assert_eq!(header(&answer, "x-amzn-ErrorType"), Some("TooManyRequestsException"));
}

#[test]
fn throttled_query_call_is_bad_request() {
    for (action, version, namespace) in [
        ("AssumeRole", "2011-06-15", "https://sts.amazonaws.com/doc/2011-06-15/"),
        ("ListMFADevices", "2010-05-08", "https://iam.amazonaws.com/doc/2010-05-08/"),
    ] {
        let route = router::find(&super::form(&[("Action", action), ("Version", version)]));
        let answer = Answer::of(&instead(&Kind::Throttle, &route).unwrap());
        answer.is(400, "Throttling", "Rate exceeded");
        assert!(answer.body.contains(namespace), "{}", answer.body);
    }
}

#[test]
fn token_endpoint_error_has_name_and_description() {
    let mut world = world();
    let fields = |grant: &str, name: &str, value: &str| json!({"clientId": "client", "clientSecret": "secret", "grantType": grant, name: value});
    let device = "urn:ietf:params:oauth:grant-type:device_code";
    let start = Request {
        path: "/device_authorization".to_owned(),
        ..token(&json!({"clientId": "client", "clientSecret": "secret", "startUrl": "https://x"}))
    };
    let started: Value = serde_json::from_str(&answer(&mut world, &start, NOW).body).unwrap();
    let code = started["deviceCode"].as_str().unwrap();
    for (fields, exception, error, description) in [
        (
            fields("refresh_token", "refreshToken", "spent"),
            "InvalidGrantException",
            "invalid_grant",
            "Invalid refresh token provided",
        ),
        (
            fields(device, "deviceCode", "unknown"),
            "InvalidGrantException",
            "invalid_grant",
            "Invalid grant provided",
        ),
        (
            fields(device, "deviceCode", code),
            "AuthorizationPendingException",
            "authorization_pending",
            "Authorization is still pending",
        ),
    ] {
        let answer = answer(&mut world, &token(&fields), NOW);
        let body: Value = serde_json::from_str(&answer.body).unwrap();
        let expected = json!({"error": error, "error_description": description});
        assert_eq!((answer.status, body), (400, expected));
        let full = format!("{exception}:{CORAL}");
        assert_eq!(header(&answer, "x-amzn-ErrorType"), Some(full.as_str()));
    }
}

fn post(path: &str, fields: &Value) -> Request {
    Request { path: path.to_owned(), ..token(fields) }
}

fn body(answer: &Answer) -> Value {
    serde_json::from_str(&answer.body).unwrap()
}

/// What rolecall registers for the browser.
fn for_browser() -> Value {
    json!({
        "clientName": "c", "clientType": "public", "scopes": ["sso:account:access"],
        "grantTypes": ["authorization_code", "refresh_token"],
        "redirectUris": ["http://127.0.0.1/oauth/callback"], "issuerUrl": "https://x/start",
    })
}

#[test]
fn registration_is_for_one_way_of_logging_in() {
    let with = |name: &str, value: Value| {
        let mut fields = for_browser();
        fields[name] = value;
        fields
    };
    for (fields, error) in [
        (for_browser(), Value::Null),
        (json!({"clientName": "c", "clientType": "public"}), Value::Null),
        (with("clientType", json!("confidential")), json!("invalid_client_metadata")),
        (with("grantTypes", json!(["password"])), json!("unsupported_grant_type")),
        (
            with(
                "grantTypes",
                json!(["authorization_code", "urn:ietf:params:oauth:grant-type:device_code"]),
            ),
            json!("invalid_request"),
        ),
        (with("issuerUrl", Value::Null), json!("invalid_request")),
        (with("redirectUris", json!([])), json!("invalid_request")),
        (with("redirectUris", json!(["http://127.0.0.1:80/x"])), json!("invalid_redirect_uri")),
        (with("redirectUris", json!(["https://evil.example/"])), json!("invalid_redirect_uri")),
        (with("scopes", json!(["openid"])), json!("invalid_scope")),
        (with("unheardOf", json!(1)), json!("invalid_request")),
    ] {
        let answer = answer(&mut World::new(), &post("/client/register", &fields), NOW);
        assert_eq!(body(&answer)["error"], error, "{fields}");
    }
}

#[test]
fn code_is_given_for_its_own_challenge_client_and_address_once() {
    const VERIFIER: &str = "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk";
    const CHALLENGE: &str = "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM";
    let mut world = World::new().sso_browser(crate::Browser::Agrees("ann".to_owned()));
    let client = body(&answer(&mut world, &post("/client/register", &for_browser()), NOW));
    let id = client["clientId"].as_str().unwrap().to_owned();
    let redirect = "http://127.0.0.1:4711/oauth/callback";
    let authorize = |redirect: &str, challenge: &str| Request {
        method: "GET".to_owned(),
        path: "/authorize".to_owned(),
        query: format!(
            "response_type=code&client_id={id}&redirect_uri={redirect}&state=s&\
             code_challenge_method=S256&scopes=sso:account:access&code_challenge={challenge}"
        ),
        ..Request::default()
    };
    for other in
        ["http://127.0.0.1/oauth/callback", "http://127.0.0.1:4711/x", "http://10.0.0.1:1/"]
    {
        let refused = answer(&mut world, &authorize(other, CHALLENGE), NOW);
        assert_eq!((refused.status, header(&refused, "Location")), (400, None), "{other}");
    }
    let short = answer(&mut world, &authorize(redirect, "short"), NOW);
    assert!(header(&short, "Location").unwrap().contains("error=invalid_request"));
    let code = |world: &mut World| {
        let back = answer(world, &authorize(redirect, CHALLENGE), NOW);
        let location = header(&back, "Location").unwrap().to_owned();
        assert!(
            location.starts_with(&format!("{redirect}?code=")) && location.ends_with("&state=s")
        );
        location.split(['=', '&']).nth(1).unwrap().to_owned()
    };
    for (verifier, to, at, error) in [
        (VERIFIER, "http://127.0.0.1:4712/oauth/callback", NOW, json!("invalid_grant")),
        ("dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXl", redirect, NOW, json!("invalid_grant")),
        ("short", redirect, NOW, json!("invalid_request")),
        (VERIFIER, redirect, NOW + 600, json!("invalid_grant")),
        (VERIFIER, redirect, NOW, Value::Null),
    ] {
        let fields = json!({
            "clientId": id, "clientSecret": client["clientSecret"], "grantType": "authorization_code",
            "code": code(&mut world), "codeVerifier": verifier, "redirectUri": to,
        });
        let first = body(&answer(&mut world, &token(&fields), at));
        assert_eq!(first["error"], error, "{fields}");
        if error == Value::Null {
            assert!(first["accessToken"].is_string() && first["refreshToken"].is_string());
            let again = body(&answer(&mut world, &token(&fields), at));
            assert_eq!(again["error"], "invalid_grant", "a code is good once");
        }
    }
    let start = json!({
        "clientId": id, "clientSecret": client["clientSecret"], "startUrl": "https://x/start",
    });
    let refused = body(&answer(&mut world, &post("/device_authorization", &start), NOW));
    assert_eq!(refused["error"], "unauthorized_client");
}

#[test]
fn device_that_is_asked_about_too_often_is_slowed_down() {
    let mut world = World::new().sso_approval("ann", 1);
    let fields = json!({"clientName": "c", "clientType": "public"});
    let client = body(&answer(&mut world, &post("/client/register", &fields), NOW));
    let (id, secret) = (&client["clientId"], &client["clientSecret"]);
    let start = json!({"clientId": id, "clientSecret": secret, "startUrl": "https://x/start"});
    let device = body(&answer(&mut world, &post("/device_authorization", &start), NOW));
    let fields = json!({
        "clientId": id, "clientSecret": secret, "deviceCode": device["deviceCode"],
        "grantType": "urn:ietf:params:oauth:grant-type:device_code",
    });
    let mut poll = |at| body(&answer(&mut world, &token(&fields), at));
    assert_eq!(poll(NOW)["error"], "authorization_pending");
    assert_eq!(poll(NOW)["error"], "slow_down");
    let given = poll(NOW + 1);
    assert!(given["accessToken"].is_string());
    assert_eq!(given["refreshToken"], Value::Null, "without a scope nothing is renewed");
}

#[test]
fn logout_ends_token_and_its_renewal() {
    let mut world = world().sso_refresh_token("ann", "renewal");
    let logout =
        Request { method: "POST".to_owned(), path: "/logout".to_owned(), ..portal("good") };
    assert_eq!(answer(&mut world, &logout, NOW).status, 200);
    assert_eq!(answer(&mut world, &logout, NOW).status, 401);
    let fields = json!({
        "clientId": "client", "clientSecret": "secret", "grantType": "refresh_token",
        "refreshToken": "renewal",
    });
    assert_eq!(body(&answer(&mut world, &token(&fields), NOW))["error"], "invalid_grant");
}

fn list(path: &str, query: &str) -> Request {
    Request { path: path.to_owned(), query: query.to_owned(), ..portal("good") }
}

#[test]
fn lists_come_in_pages_of_at_most_a_hundred() {
    let grant = |world: World, n: usize| {
        world.sso_grant("ann", "111111111111", &format!("Role{n:03}"), Vec::new())
    };
    let mut world = (0..150).fold(world(), grant).sso_grant("ann", "222222222222", "R", Vec::new());
    world = world.account("222222222222", "Two");
    let mut ask = |path: &str, query: &str| {
        let answer = answer(&mut world, &list(path, query), NOW);
        (answer.status, serde_json::from_str::<Value>(&answer.body).unwrap())
    };
    let (_, accounts) = ask("/assignment/accounts", "max_result=100");
    let second = json!({"accountId": "222222222222", "accountName": "Two",
        "emailAddress": "222222222222@example.com"});
    assert_eq!(accounts["accountList"], json!([{"accountId": "111111111111"}, second]));
    assert_eq!(accounts["nextToken"], Value::Null);
    let roles = "account_id=111111111111";
    let (_, first) = ask("/assignment/roles", roles);
    assert_eq!(first["roleList"].as_array().unwrap().len(), 100);
    assert_eq!(first["nextToken"], "100");
    let (_, last) = ask("/assignment/roles", &format!("{roles}&max_result=100&next_token=100"));
    assert_eq!(
        (last["roleList"].as_array().unwrap().len(), &last["nextToken"]),
        (50, &Value::Null)
    );
    for query in [
        "account_id=111111111111&max_result=101",
        "account_id=111111111111&max_result=0",
        "account_id=111111111111&next_token=x",
        "account_id=111111111111&next_token=150",
        "account_id=1",
        "",
    ] {
        assert_eq!(ask("/assignment/roles", query).0, 400, "{query}");
    }
    assert_eq!(ask("/assignment/roles", "account_id=333333333333").0, 403);
}

#[test]
fn calls_beyond_limit_are_refused() {
    let mut world = world().sso_grant("ann", "111111111111", "R", Vec::new());
    world.sso.limit = Some(crate::Limit::new(2));
    let mut ask = || answer(&mut world, &list("/assignment/accounts", ""), NOW).status;
    assert_eq!([ask(), ask(), ask()], [200, 200, 429]);
}
