//! The calls about access keys.

use super::{ANN, STS_VERSION, Signer, world};
use crate::policy::Statement;
use crate::world::World;

const VERSION: (&str, &str) = ("Version", "2010-05-08");
const USER: (&str, &str) = ("UserName", "ann");
const INVALID: &str = "The security token included in the request is invalid";

/// Ann may do everything with her keys.
fn allowed() -> World {
    let mut world = world();
    world.users[0].policies.push(Statement::allow("iam:*", "*"));
    world
}

fn ask(world: &mut World, signer: Signer, action: &str, more: &[(&str, &str)]) -> super::Answer {
    signer.for_iam().ask(world, &[&[("Action", action), VERSION], more].concat())
}

#[test]
fn third_key_is_refused_though_one_is_inactive() {
    let mut world = allowed();
    let made = ask(&mut world, Signer::ann(), "CreateAccessKey", &[]);
    assert_eq!((made.status, made.text("Status")), (200, Some("Active")));
    let id = made.text("AccessKeyId").unwrap().to_owned();
    let off = [USER, ("AccessKeyId", &*id), ("Status", "Inactive")];
    assert_eq!(ask(&mut world, Signer::ann(), "UpdateAccessKey", &off).status, 200);
    ask(&mut world, Signer::ann(), "CreateAccessKey", &[USER]).is(
        409,
        "LimitExceeded",
        "Cannot exceed quota for AccessKeysPerUser: 2",
    );
    let (key, secret) = (id.clone(), made.text("SecretAccessKey").unwrap().to_owned());
    let new = Signer { key, secret, ..Signer::ann() };
    ask(&mut world, new, "ListAccessKeys", &[USER]).is(403, "InvalidClientTokenId", INVALID);
    assert_eq!(
        ask(&mut world, Signer::ann(), "DeleteAccessKey", &[USER, ("AccessKeyId", &id)]).status,
        200
    );
    let gone = format!("The Access Key with id {id} cannot be found.");
    ask(&mut world, Signer::ann(), "DeleteAccessKey", &[USER, ("AccessKeyId", &id)]).is(
        404,
        "NoSuchEntity",
        &gone,
    );
}

#[test]
fn session_has_to_name_the_user() {
    let mut world = world();
    world.users[0].policies.push(Statement::allow("iam:*", ANN));
    let code = world.users[0].mfa.as_ref().unwrap().code(super::NOW);
    let device = world.users[0].mfa.as_ref().unwrap().serial.clone();
    let asked = [
        ("Action", "GetSessionToken"),
        STS_VERSION,
        ("SerialNumber", &*device),
        ("TokenCode", &*code),
    ];
    let session = || Signer::ann();
    let with_mfa = session().ask(&mut world, &asked).session();
    let unnamed = with_mfa.for_iam().ask(&mut world, &[("Action", "CreateAccessKey"), VERSION]);
    unnamed.is(
        403,
        "AccessDenied",
        &format!("User: {ANN} is not authorized to perform: iam:CreateAccessKey on resource: user null because no identity-based policy allows the iam:CreateAccessKey action"),
    );
    let nobody = [USER.0, "nobody"];
    ask(&mut world, Signer::ann(), "ListAccessKeys", &[(nobody[0], nobody[1])]).is(
        403,
        "AccessDenied",
        &format!("User: {ANN} is not authorized to perform: iam:ListAccessKeys on resource: user nobody because no identity-based policy allows the iam:ListAccessKeys action"),
    );
}

#[test]
fn session_sleeps_while_its_key_is_switched_off() {
    let mut world = allowed();
    let asked = [("Action", "GetSessionToken"), STS_VERSION];
    let identity = [("Action", "GetCallerIdentity"), STS_VERSION];
    let session = Signer::ann().ask(&mut world, &asked).session();
    assert_eq!(session.ask(&mut world, &identity).status, 200);
    world.users[0].keys[0].is_active = false;
    session.ask(&mut world, &identity).is(403, "InvalidClientTokenId", &format!("{INVALID}."));
    world.users[0].keys[0].is_active = true;
    assert_eq!(session.ask(&mut world, &identity).status, 200);
    world.users[0].keys.clear();
    session.ask(&mut world, &identity).is(403, "InvalidClientTokenId", &format!("{INVALID}."));
}

#[test]
fn keys_are_listed_in_pages_with_their_last_use() {
    let mut world = allowed();
    world.keys_at_once = Some(1);
    let id = ask(&mut world, Signer::ann(), "CreateAccessKey", &[]);
    let id = id.text("AccessKeyId").unwrap().to_owned();
    let first = ask(&mut world, Signer::ann(), "ListAccessKeys", &[]);
    assert_eq!(first.text("IsTruncated"), Some("true"));
    let marker = first.text("Marker").unwrap().to_owned();
    let second = ask(&mut world, Signer::ann(), "ListAccessKeys", &[("Marker", &marker)]);
    let answered = (second.text("IsTruncated"), second.text("AccessKeyId"));
    assert_eq!(answered, (Some("false"), Some(&*id)));
    let used = ask(&mut world, Signer::ann(), "GetAccessKeyLastUsed", &[("AccessKeyId", &id)]);
    assert_eq!((used.text("ServiceName"), used.text("LastUsedDate")), (Some("N/A"), None));
    ask(&mut world, Signer::ann(), "GetAccessKeyLastUsed", &[("AccessKeyId", "AKIANOBODY")]).is(
        403,
        "AccessDenied",
        &format!("User: {ANN} is not authorized to perform: iam:GetAccessKeyLastUsed on resource: access key AKIANOBODY"),
    );
}

#[test]
fn new_key_is_unknown_until_it_has_propagated() {
    let mut world = allowed();
    world.propagation_seconds = 10;
    let made = ask(&mut world, Signer::ann(), "CreateAccessKey", &[]);
    let new = |now: i64| Signer {
        key: made.text("AccessKeyId").unwrap().to_owned(),
        secret: made.text("SecretAccessKey").unwrap().to_owned(),
        now,
        ..Signer::ann()
    };
    let identity = [("Action", "GetCallerIdentity"), STS_VERSION];
    let refused = format!("{INVALID}.");
    new(super::NOW + 9).ask(&mut world, &identity).is(403, "InvalidClientTokenId", &refused);
    assert_eq!(new(super::NOW + 10).ask(&mut world, &identity).status, 200);
}
