use super::{ANN, STS_VERSION, Signer, world};
use crate::policy::Statement;

const VERSION: (&str, &str) = ("Version", "2010-05-08");
const DEVICES: [(&str, &str); 2] = [("Action", "ListMFADevices"), VERSION];
const INVALID: &str = "The security token included in the request is invalid";

#[test]
fn denied_list_mfa_devices_names_reason_and_authorization_id() {
    let deny = || Statement::deny("iam:*", "*");
    let managed = "arn:aws:iam::111111111111:policy/OnlyWithMfa";
    for (statement, reason) in [
        (None, "because no identity-based policy allows the iam:ListMFADevices action".to_owned()),
        (Some(deny()), "with an explicit deny in an identity-based policy".to_owned()),
        (
            Some(deny().of_policy(managed)),
            format!("with an explicit deny in an identity-based policy: {managed}"),
        ),
    ] {
        let mut world = world();
        world.users[0].policies.extend(statement);
        let answer = Signer::ann().for_iam().ask(&mut world, &DEVICES);
        let (_, id) = answer.text("Message").unwrap().rsplit_once(": ").unwrap();
        answer.is(
            403,
            "AccessDenied",
            &format!(
                "User: {ANN} is not authorized to perform: iam:ListMFADevices on resource: user ann {reason}. Go to https://us-east-1.console.aws.amazon.com/iam/home?region=us-east-1#/authorization-details/{id} for complete details, or call the GetRequestAuthorizationDetails API with the following authorization id: {id}"
            ),
        );
    }
}

#[test]
fn denied_simulate_names_reason_only() {
    let asked = [("Action", "SimulatePrincipalPolicy"), VERSION, ("PolicySourceArn", ANN)];
    Signer::ann().for_iam().ask(&mut world(), &asked).is(
        403,
        "AccessDenied",
        &format!("User: {ANN} is not authorized to perform: iam:SimulatePrincipalPolicy on resource: {ANN} because no identity-based policy allows the iam:SimulatePrincipalPolicy action"),
    );
}

#[test]
fn unknown_key_and_session_without_mfa_are_refused_without_full_stop() {
    let unknown = Signer { key: "AKIANOBODY".to_owned(), ..Signer::ann() };
    unknown.for_iam().ask(&mut world(), &DEVICES).is(403, "InvalidClientTokenId", INVALID);
    let mut world = world();
    let asked = [("Action", "GetSessionToken"), STS_VERSION];
    let session = Signer::ann().ask(&mut world, &asked).session();
    session.for_iam().ask(&mut world, &DEVICES).is(403, "InvalidClientTokenId", INVALID);
}

#[test]
fn simulate_of_assumed_role_is_refused_before_permission() {
    let arn = "arn:aws:sts::222222222222:assumed-role/open/ann";
    let asked = [("Action", "SimulatePrincipalPolicy"), VERSION, ("PolicySourceArn", arn)];
    let message = format!("Invalid ARN provided in the request: {arn}");
    Signer::ann().for_iam().ask(&mut world(), &asked).is(400, "InvalidInput", &message);
}

#[test]
fn role_must_name_existing_user() {
    let mut world = world();
    world.roles[0].policies.push(Statement::allow("iam:*", "*"));
    let session = Signer::ann().assume(&mut world, super::OPEN, &[]).session().for_iam();
    let message = "Must specify userName when calling with non-User credentials";
    session.ask(&mut world, &DEVICES).is(400, "ValidationError", message);
    let named = [&DEVICES[..], &[("UserName", "eve")]].concat();
    let message = "The user with name eve cannot be found.";
    session.ask(&mut world, &named).is(404, "NoSuchEntity", message);
}

#[test]
fn simulator_has_pages_and_refuses_what_is_no_question() {
    let mut world = world();
    world.users[0].policies.push(Statement::allow("iam:*", "*"));
    world.simulated_at_once = Some(1);
    let mut ask = |more: &[(&str, &str)]| {
        let asked = [("Action", "SimulatePrincipalPolicy"), VERSION, ("PolicySourceArn", ANN)];
        Signer::ann().for_iam().ask(&mut world, &[&asked[..], more].concat())
    };
    let actions =
        [("ActionNames.member.1", "iam:GetUser"), ("ActionNames.member.2", "s3:GetObject")];
    let first = ask(&actions);
    assert_eq!(first.text("EvalDecision"), Some("allowed"));
    let marker = first.text("Marker").unwrap();
    let second = ask(&[&actions[..], &[("Marker", marker)]].concat());
    assert_eq!((second.text("EvalDecision"), second.text("Marker")), (Some("implicitDeny"), None));
    ask(&[("ActionNames.member.1", "s3:*")]).is(400, "InvalidInput", "Invalid action name: s3:*");
    let entry = [
        ("ContextEntries.member.1.ContextKeyName", "aws:SourceIp"),
        ("ContextEntries.member.1.ContextKeyType", "ip"),
        ("ContextEntries.member.1.ContextKeyValues.member.1", "home"),
    ];
    let message = "Invalid context entry: aws:SourceIp ip home";
    ask(&[&actions[..], &entry].concat()).is(400, "InvalidInput", message);
}
