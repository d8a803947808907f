use super::{ANN, Answer, NOW, OPEN, STS_VERSION, Signer, role, world};
use crate::trust::TrustStatement;
use crate::world::{User, World};

const REGION: &str = "Credential should be scoped to a valid region. ";
const SERVICE: &str = "Credential should be scoped to correct service: 'sts'. ";
const INVALID: &str = "The security token included in the request is invalid.";
const IDENTITY: [(&str, &str); 2] = [("Action", "GetCallerIdentity"), STS_VERSION];

fn identity(world: &mut World, signer: &Signer) -> Answer {
    signer.ask(world, &IDENTITY)
}

#[test]
fn scope_of_other_region_or_service_is_refused() {
    let mut world = world().sts_region("eu-west-1");
    assert_eq!(identity(&mut world, &Signer::ann()).status, 200);
    for (region, service, message) in [
        ("us-east-1", "sts", REGION.to_owned()),
        ("eu-west-1", "s3", SERVICE.to_owned()),
        ("us-east-1", "s3", format!("{REGION}{SERVICE}")),
    ] {
        let signer = Signer { region, service, ..Signer::ann() };
        identity(&mut world, &signer).is(403, "SignatureDoesNotMatch", &message);
    }
    world.sts_region = None;
    let anywhere = Signer { region: "ap-south-1", ..Signer::ann() };
    assert_eq!(identity(&mut world, &anywhere).status, 200);
    let nowhere = Signer { region: "nowhere", ..Signer::ann() };
    identity(&mut world, &nowhere).is(403, "SignatureDoesNotMatch", REGION);
}

#[test]
fn iam_takes_one_signing_region_per_partition() {
    for (endpoint, signed, accepted) in [
        (None, "us-east-1", true),
        (None, "eu-west-1", false),
        (Some("eu-west-1"), "us-east-1", true),
        (Some("eu-west-1"), "eu-west-1", false),
        (Some("cn-northwest-1"), "cn-north-1", true),
        (Some("cn-northwest-1"), "us-east-1", false),
        (Some("us-gov-east-1"), "us-gov-west-1", true),
    ] {
        let mut world = world();
        world.sts_region = endpoint.map(str::to_owned);
        let signer = Signer { region: signed, ..Signer::ann().for_iam() };
        let asked = [("Action", "ListMFADevices"), ("Version", "2010-05-08")];
        let answer = signer.ask(&mut world, &asked);
        let refused = answer.text("Message") == Some(REGION);
        assert_eq!(refused, !accepted, "{endpoint:?} {signed}: {}", answer.body);
    }
}

#[test]
fn scope_is_checked_before_token() {
    let mut world = world();
    let unknown = Signer { key: "AKIANOBODY".to_owned(), ..Signer::ann() };
    identity(&mut world, &unknown).is(403, "InvalidClientTokenId", INVALID);
    let astray = Signer { service: "s3", ..unknown };
    identity(&mut world, &astray).is(403, "SignatureDoesNotMatch", SERVICE);
}

#[test]
fn inactive_key_is_refused_before_signature_with_any_token() {
    let mut world = World::new().user(User::new("1", "ann", "AKIAANN", "x").inactive());
    for token in [None, Some("token".to_owned())] {
        let signer = Signer { token, ..Signer::ann() };
        identity(&mut world, &signer).is(403, "InvalidClientTokenId", INVALID);
    }
}

#[test]
fn session_is_checked_for_token_then_expiry_then_role_then_signature() {
    let mut world = world();
    let good = Signer::ann().assume(&mut world, OPEN, &[]).session();
    let forged = Signer { secret: "wrong".to_owned(), ..good.clone() };
    let late = Signer { now: NOW + 3_600, ..forged.clone() };
    let without_token = Signer { token: None, ..late.clone() };
    let expired = "The security token included in the request is expired";
    identity(&mut world, &without_token).is(403, "InvalidClientTokenId", INVALID);
    identity(&mut world, &late).is(403, "ExpiredToken", expired);
    let mismatch = "The request signature we calculated does not match the signature you provided. Check your AWS Secret Access Key and signing method. Consult the service documentation for details.";
    identity(&mut world, &forged).is(403, "SignatureDoesNotMatch", mismatch);
    world.roles.clear();
    identity(&mut world, &late).is(403, "ExpiredToken", expired);
    identity(&mut world, &forged).is(403, "InvalidClientTokenId", INVALID);
    identity(&mut world, &good).is(403, "InvalidClientTokenId", INVALID);
}

#[test]
fn recreated_role_does_not_revive_its_sessions() {
    let mut world = world();
    let session = Signer::ann().assume(&mut world, OPEN, &[]).session();
    assert_eq!(identity(&mut world, &session).status, 200);
    world.roles.clear();
    let mut world = world.role(super::world().roles.remove(0));
    identity(&mut world, &session).is(403, "InvalidClientTokenId", INVALID);
}

#[test]
fn changed_trust_policy_leaves_sessions_alive() {
    let mut world = world();
    let session = Signer::ann().assume(&mut world, OPEN, &[]).session();
    world.roles[0].trust.clear();
    assert_eq!(identity(&mut world, &session).status, 200);
    Signer::ann().assume(&mut world, OPEN, &[]).is_denied(ANN, "sts:AssumeRole", OPEN);
    let mut world = world.role(role("next").trusts(TrustStatement::account("222222222222")));
    let next = role("next").arn;
    assert_eq!(session.assume(&mut world, &next, &[]).status, 200);
    // What the role may do counts at once.
    world.roles[0].policies.clear();
    let shown = "arn:aws:sts::222222222222:assumed-role/open/ann";
    session.assume(&mut world, &next, &[]).is_denied(shown, "sts:AssumeRole", &next);
}
