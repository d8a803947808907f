//! Federated users, and sign-in to the console.

use super::{Answer, HOME, NOW, OPEN, STS_VERSION, Signer, answer, world};
use crate::encoding::percent;
use crate::http::Request;
use crate::world::World;

const ALL: &str =
    r#"{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"*","Resource":"*"}]}"#;

fn federate(signer: &Signer, world: &mut World, more: &[(&str, &str)]) -> Answer {
    let needed = [("Action", "GetFederationToken"), STS_VERSION];
    signer.ask(world, &[&needed, more].concat())
}

/// Asks for a sign-in token with a session, and returns the answer's status and body.
fn signin(world: &mut World, signer: &Signer, more: &[(&str, &str)]) -> (u16, String) {
    let token = signer.token.as_deref().unwrap_or_default();
    let session = serde_json::json!({
        "sessionId": signer.key, "sessionKey": signer.secret, "sessionToken": token,
    });
    let session = session.to_string();
    let needed = [("Action", "getSigninToken"), ("Session", session.as_str())];
    let request =
        Request { path: "/federation".to_owned(), ..super::form(&[&needed, more].concat()) };
    let answer = answer(world, &request, NOW);
    (answer.status, answer.body)
}

#[test]
fn federated_user_needs_long_term_keys_and_a_name() {
    let mut world = world();
    let ann = Signer::ann();
    let bob = federate(&ann, &mut world, &[("Name", "bob"), ("Policy", ALL)]);
    assert_eq!(bob.text("FederatedUserId"), Some("111111111111:bob"));
    let bob = bob.session();
    let arn = "arn:aws:sts::111111111111:federated-user/bob";
    let identity = bob.ask(&mut world, &[("Action", "GetCallerIdentity"), STS_VERSION]);
    assert_eq!(identity.text("Arn"), Some(arn));
    bob.assume(&mut world, OPEN, &[]).is_denied(arn, "sts:AssumeRole", OPEN);
    federate(&bob, &mut world, &[("Name", "bob")]).is(
        403,
        "AccessDenied",
        "Cannot call GetFederationToken with session credentials",
    );
    federate(&ann, &mut world, &[("Name", &"x".repeat(33))]).is(
        400,
        "ValidationError",
        &format!(
            "1 validation error detected: Value '{}' at 'name' failed to satisfy constraint: \
             Member must have length less than or equal to 32",
            "x".repeat(33)
        ),
    );
    let too_long = federate(&ann, &mut world, &[("Name", "bob"), ("DurationSeconds", "129601")]);
    assert_eq!((too_long.status, too_long.text("Code")), (400, Some("ValidationError")));
    world.users[0].policies.clear();
    federate(&ann, &mut world, &[("Name", "bob")]).is_denied(
        &format!("arn:aws:iam::{HOME}:user/ann"),
        "sts:GetFederationToken",
        arn,
    );
}

#[test]
fn console_takes_roles_and_federated_users_and_durations_of_unchained_roles_only() {
    let mut world = world();
    let ann = Signer::ann();
    let role = ann.assume(&mut world, OPEN, &[]).session();
    let chained = role.assume(&mut world, OPEN, &[]).session();
    let federated = federate(&ann, &mut world, &[("Name", "bob"), ("Policy", ALL)]).session();
    let session = ann.ask(&mut world, &[("Action", "GetSessionToken"), STS_VERSION]).session();
    let hour = [("SessionDuration", "3600")];
    for (signer, more, status) in [
        (&role, &[][..], 200),
        (&role, &hour, 200),
        (&role, &[("SessionDuration", "899")], 400),
        (&role, &[("SessionDuration", "43201")], 400),
        (&chained, &[], 200),
        (&chained, &hour, 400),
        (&federated, &[], 200),
        (&federated, &hour, 400),
        (&session, &[], 400),
        (&ann, &[], 400),
        (&Signer { secret: "wrong".to_owned(), ..role.clone() }, &[], 400),
    ] {
        assert_eq!(signin(&mut world, signer, more).0, status, "{} {more:?}", signer.key);
    }
}

#[test]
fn sign_in_token_works_once_for_a_page_of_the_console() {
    let mut world = world();
    let role = Signer::ann().assume(&mut world, OPEN, &[]).session();
    let (_, body) = signin(&mut world, &role, &[]);
    let token = serde_json::from_str::<serde_json::Value>(&body).unwrap();
    let token = token["SigninToken"].as_str().unwrap();
    let mut login = |destination: &str, token: &str| {
        let query = format!(
            "Action=login&Issuer=x&Destination={}&SigninToken={token}",
            percent(destination, false)
        );
        let (method, path) = ("GET".to_owned(), "/federation".to_owned());
        answer(&mut world, &Request { method, path, query, ..Request::default() }, NOW).status
    };
    let page = "https://eu-west-1.console.aws.amazon.com/s3/home";
    for (destination, token, status) in [
        ("https://evil.example/console.aws.amazon.com", token, 400),
        ("https://evilconsole.aws.amazon.com/", token, 400),
        (page, "other", 400),
        (page, token, 302),
        (page, token, 400),
    ] {
        assert_eq!(login(destination, token), status, "{destination}");
    }
}
