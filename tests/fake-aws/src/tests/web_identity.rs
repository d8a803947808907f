use super::{Answer, HOME, NOW, STS_VERSION, answer, form, role};
use crate::trust::TrustStatement;
use crate::web_identity::token;
use crate::world::World;

const ISSUER: &str = "https://issuer.example";

fn ask(name: &str, token: &str) -> Answer {
    let of_issuer = |audience: &str| TrustStatement::web_identity(ISSUER).audience(audience);
    let mut world = World::new()
        .role(role("sts").trusts(of_issuer("sts.amazonaws.com")))
        .role(role("other").trusts(of_issuer("other").subject("ann")))
        .role(role("users").trusts(TrustStatement::account(HOME)));
    let arn = role(name).arn;
    let asked = [
        ("Action", "AssumeRoleWithWebIdentity"),
        STS_VERSION,
        ("RoleArn", &arn),
        ("RoleSessionName", "ann"),
        ("WebIdentityToken", token),
    ];
    answer(&mut world, &form(&asked), NOW)
}

#[test]
fn bad_web_identity_token_is_refused_in_aws_words() {
    let good = |issuer: &str, audience: &str| token(issuer, "ann", audience, NOW + 60);
    assert_eq!(ask("sts", &good(ISSUER, "sts.amazonaws.com")).status, 200);
    ask("sts", &good("https://unknown.example", "sts.amazonaws.com")).is(
        400,
        "InvalidIdentityToken",
        "No OpenIDConnect provider found in your account for https://unknown.example",
    );
    ask("sts", &good(ISSUER, "nobody")).is(400, "InvalidIdentityToken", "Incorrect token audience");
    // The provider knows this audience, and the role does not trust it.
    let denied = "Not authorized to perform sts:AssumeRoleWithWebIdentity";
    for (role, audience) in [("sts", "other"), ("users", "other"), ("absent", "other")] {
        ask(role, &good(ISSUER, audience)).is(403, "AccessDenied", denied);
    }
    let stale = token(ISSUER, "ann", "sts.amazonaws.com", NOW);
    ask("sts", &stale).is(
        400,
        "ExpiredTokenException",
        &format!(
            "Token expired: current date/time {NOW} must be before the expiration date/time {NOW}"
        ),
    );
}
