use super::{ANN, Answer, HOME, NOW, OPEN, OTHER, STS_VERSION, Signer, role, world};
use crate::policy::Statement;
use crate::trust::TrustStatement;
use crate::world::World;

const SHOWN: &str = "arn:aws:sts::222222222222:assumed-role/open/ann";
const TOO_LONG: &str =
    "The requested DurationSeconds exceeds the MaxSessionDuration set for this role.";
const CHAINED: &str = "The requested DurationSeconds exceeds the 1 hour session limit for roles assumed by role chaining.";

fn assume(more: &[(&str, &str)]) -> Answer {
    Signer::ann().assume(&mut world(), OPEN, more)
}

#[test]
fn malformed_duration_is_refused_in_aws_words() {
    for (text, message) in [
        ("", Some("missing value for decimal type")),
        ("soon", Some("")),
        ("900.0", Some("")),
        ("2147483648", Some("")),
        ("+900", None),
        ("0900", None),
    ] {
        let answer = assume(&[("DurationSeconds", text)]);
        match message {
            Some(message) => answer.is(400, "MalformedInput", message),
            None => assert_eq!(answer.status, 200, "{text}: {}", answer.body),
        }
    }
    assume(&[("DurationSeconds", "-1")]).is(
        400,
        "ValidationError",
        "1 validation error detected: Value '-1' at 'durationSeconds' failed to satisfy constraint: Member must have value greater than or equal to 900",
    );
}

#[test]
fn role_maximum_is_checked_before_chaining_limit() {
    let far = role("far").trusts(TrustStatement::account(OTHER));
    let long = role("long").trusts(TrustStatement::account(OTHER)).max_session(7_200);
    let mut world = world().role(far).role(long);
    let session = Signer::ann().assume(&mut world, OPEN, &[]).session();
    let two_hours = [("DurationSeconds", "7200")];
    session.assume(&mut world, &role("far").arn, &two_hours).is(400, "ValidationError", TOO_LONG);
    session.assume(&mut world, &role("long").arn, &two_hours).is(400, "ValidationError", CHAINED);
    assert_eq!(session.assume(&mut world, &role("long").arn, &[]).status, 200);
}

#[test]
fn get_session_token_session_is_limited_to_one_hour() {
    let mut world = world();
    let code = world.users[0].mfa.as_ref().unwrap().code(NOW);
    let with_mfa = [("SerialNumber", "arn:aws:iam::111111111111:mfa/ann"), ("TokenCode", &*code)];
    for more in [&[][..], &with_mfa] {
        let asked = [&[("Action", "GetSessionToken"), STS_VERSION], more].concat();
        let session = Signer::ann().ask(&mut world, &asked).session();
        let over = session.assume(&mut world, OPEN, &[("DurationSeconds", "3601")]);
        over.is(400, "ValidationError", CHAINED);
        assert_eq!(session.assume(&mut world, OPEN, &[("DurationSeconds", "3600")]).status, 200);
    }
}

#[test]
fn malformed_arn_and_arn_of_no_role_are_refused_differently() {
    for arn in [
        "nothing-valid-in-here",
        "arn::b:::something/test-role",
        "arn:a::::something/test-role",
        "arn:a:::something/test-role",
        "arn:a:a::aaaaaaaaaa:",
    ] {
        let answer = Signer::ann().assume(&mut world(), arn, &[]);
        answer.is(400, "ValidationError", &format!("{arn} is invalid"));
    }
    for arn in [
        "arn:aws:iam::222222222222:oidc-provider/example.com",
        "arn:aws:iam::222222222222:user/open",
        "arn:aws:acm:eu-west-1:222222222222:certificate/1",
        "arn:aws:sts::222222222222:assumed-role/open/ann",
    ] {
        let answer = Signer::ann().assume(&mut world(), arn, &[]);
        answer.is(400, "ValidationError", "Request ARN is invalid");
    }
}

#[test]
fn missing_and_untrusting_roles_are_denied_alike() {
    let absent = role("absent").arn;
    let closed = role("closed").trusts(TrustStatement::account("999999999999"));
    let picky = role("picky").trusts(TrustStatement::account(HOME).external_id("right"));
    let mfa = role("mfa").trusts(TrustStatement::account(HOME).mfa());
    let mut world = world().role(closed).role(picky).role(mfa);
    for arn in [&absent, &role("closed").arn, &role("picky").arn, &role("mfa").arn] {
        let answer = Signer::ann().assume(&mut world, arn, &[("ExternalId", "wrong")]);
        answer.is_denied(ANN, "sts:AssumeRole", arn);
    }
}

#[test]
fn denial_names_source_identity_then_tags_then_role() {
    let tags = [("Tags.member.1.Key", "team"), ("Tags.member.1.Value", "core")];
    let identity = [("SourceIdentity", "ann")];
    let mut world = world()
        .role(role("plain").trusts(TrustStatement::account(HOME)))
        .role(role("closed").trusts(TrustStatement::account("999999999999")));
    for name in ["plain", "closed", "absent"] {
        let arn = role(name).arn;
        let ann = Signer::ann();
        ann.assume(&mut world, &arn, &tags).is_denied(ANN, "sts:TagSession", &arn);
        ann.assume(&mut world, &arn, &identity).is_denied(ANN, "sts:SetSourceIdentity", &arn);
    }
    // What is inherited needs permission too.
    let next = role("next").trusts(TrustStatement::account(OTHER));
    let mut world = world.role(next);
    let arn = role("next").arn;
    let transitive = [("TransitiveTagKeys.member.1", "team")];
    let tagged = Signer::ann().assume(&mut world, OPEN, &[&tags[..], &transitive].concat());
    tagged.session().assume(&mut world, &arn, &[]).is_denied(SHOWN, "sts:TagSession", &arn);
    let identified = Signer::ann().assume(&mut world, OPEN, &identity).session();
    identified.assume(&mut world, &arn, &[]).is_denied(SHOWN, "sts:SetSourceIdentity", &arn);
}

#[test]
fn source_identity_is_inherited_and_cannot_change() {
    let mut world = world();
    let longest = "x".repeat(256);
    let session = Signer::ann().assume(&mut world, OPEN, &[("SourceIdentity", &longest)]).session();
    session.assume(&mut world, OPEN, &[("SourceIdentity", "another")]).is(
        400,
        "ValidationError",
        "The source identity is already set for this assume role session",
    );
    for more in [&[][..], &[("SourceIdentity", longest.as_str())]] {
        let answer = session.assume(&mut world, OPEN, more);
        assert_eq!(answer.text("SourceIdentity"), Some(longest.as_str()), "{}", answer.body);
    }
    let answer = assume(&[("SourceIdentity", &"x".repeat(257))]);
    assert!(answer.body.contains("length less than or equal to 256"), "{}", answer.body);
}

#[test]
fn bad_tags_are_refused_in_aws_words() {
    for (more, message) in [
        (
            vec![("TransitiveTagKeys.member.1", "team")],
            "The specified transitive tag key must be included in the requested tags.",
        ),
        (
            vec![
                ("Tags.member.1.Key", "team"),
                ("Tags.member.1.Value", "a"),
                ("Tags.member.2.Key", "TEAM"),
                ("Tags.member.2.Value", "b"),
            ],
            "Duplicate tag keys found. Please note that Tag keys are case insensitive.",
        ),
    ] {
        assume(&more).is(400, "InvalidParameterValue", message);
    }
}

#[test]
fn unknown_managed_policy_is_refused() {
    assume(&[("PolicyArns.member.1.arn", "arn:aws:iam::aws:policy/Nothing")]).is(
        400,
        "InvalidParameterValue",
        "At least one Policy ARN in the PolicyArns parameter does not match an existing IAM Managed Policy ARN.",
    );
}

/// A policy of as many characters, without a blank.
fn policy(length: usize) -> String {
    let around = r#"{"Statement":[{"Effect":"Allow","Resource":"*","Action":""}]}"#.len();
    let action = "x".repeat(length - around);
    format!(r#"{{"Statement":[{{"Effect":"Allow","Resource":"*","Action":"{action}"}}]}}"#)
}

fn tags(world: &mut World, signer: &Signer, lengths: &[usize], more: &[(&str, &str)]) -> Answer {
    let tags: Vec<(String, String)> = lengths
        .iter()
        .enumerate()
        .flat_map(|(place, length)| {
            let name = |part: &str| format!("Tags.member.{}.{part}", place + 1);
            [(name("Key"), format!("k{place}")), (name("Value"), "x".repeat(length - 2))]
        })
        .collect();
    let mut params: Vec<(&str, &str)> =
        tags.iter().map(|(n, v)| (n.as_str(), v.as_str())).collect();
    params.extend(more);
    signer.assume(world, OPEN, &params)
}

#[test]
fn packed_size_is_as_observed() {
    let mut world = world();
    let ann = Signer::ann();
    assume(&[("Policy", &policy(1_413))]).is(
        400,
        "PackedPolicyTooLarge",
        "Packed policy consumes 157% of allotted space, please use smaller policy.",
    );
    let six = tags(&mut world, &ann, &[64, 64, 64, 36, 36, 34], &[]);
    assert_eq!(six.text("PackedPolicySize"), Some("74"), "{}", six.body);
    let more = tags(&mut world, &ann, &[64, 64, 64, 36, 36, 34, 150], &[]);
    more.is(
        400,
        "PackedPolicyTooLarge",
        "Packed size of session tags consumes 112% of allotted space.",
    );
    let both = tags(&mut world, &ann, &[20, 20, 20], &[("Policy", &policy(600))]);
    assert_eq!(both.text("PackedPolicySize"), Some("81"), "{}", both.body);
    assert_eq!(assume(&[]).text("PackedPolicySize"), None);
    assert_eq!(assume(&[("Policy", &policy(62))]).text("PackedPolicySize"), Some("6"));
}

#[test]
fn inherited_tags_count_towards_packed_size() {
    let mut world = world();
    let transitive = [("TransitiveTagKeys.member.1", "k0")];
    let session = tags(&mut world, &Signer::ann(), &[240], &transitive).session();
    session.assume(&mut world, OPEN, &[("Policy", &policy(500))]).is(
        400,
        "PackedPolicyTooLarge",
        "Serialized token too large for session",
    );
}

#[test]
fn answer_names_role_first_and_without_path() {
    let answer = assume(&[("SourceIdentity", "ann")]);
    assert_eq!(answer.text("Arn"), Some(SHOWN));
    let places = ["<AssumedRoleUser>", "<Credentials>", "<SourceIdentity>"]
        .map(|element| answer.body.find(element).unwrap());
    assert!(places.is_sorted(), "{}", answer.body);
    assert_eq!(answer.text("Expiration"), Some(crate::time::iso(NOW + 3_600)).as_deref());
}

#[test]
fn explicit_deny_is_worded_like_implicit_deny() {
    let mut world = world();
    world.users[0].policies.push(Statement::deny("sts:AssumeRole", "*"));
    Signer::ann().assume(&mut world, OPEN, &[]).is_denied(ANN, "sts:AssumeRole", OPEN);
}

#[test]
fn bad_mfa_code_is_refused_in_aws_words() {
    let serial = ("SerialNumber", "arn:aws:iam::111111111111:mfa/ann");
    let other = ("SerialNumber", "arn:aws:iam::111111111111:user/ann");
    let invalid = "MultiFactorAuthentication failed with invalid MFA one time pass code. ";
    let unknown = "MultiFactorAuthentication failed, unable to validate MFA code.  Please verify your MFA serial number is valid and associated with this user.";
    let code = world().users[0].mfa.as_ref().unwrap().code(NOW);
    let wrong = if code == "000000" { "000001" } else { "000000" };
    assume(&[serial, ("TokenCode", wrong)]).is(403, "AccessDenied", invalid);
    assume(&[other, ("TokenCode", &code)]).is(403, "AccessDenied", unknown);
    let mut world = world();
    let right = [serial, ("TokenCode", &*code)];
    assert_eq!(Signer::ann().assume(&mut world, OPEN, &right).status, 200);
    Signer::ann().assume(&mut world, OPEN, &right).is(403, "AccessDenied", invalid);
    assume(&[serial, ("TokenCode", "")]).is(
        400,
        "ValidationError",
        "1 validation error detected: Value '' at 'tokenCode' failed to satisfy constraint: Member must have length greater than or equal to 6",
    );
    let session = Signer::ann().assume(&mut world, OPEN, &[]).session();
    session.ask(&mut world, &[("Action", "GetSessionToken"), STS_VERSION]).is(
        403,
        "AccessDenied",
        "Cannot call GetSessionToken with session credentials",
    );
}
