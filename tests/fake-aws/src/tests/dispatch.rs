use super::{Signer, answer, form, world};

const FAULT: &str = "xmlns=\"http://webservices.amazon.com/AWSFault/2005-15-09\"";

#[test]
fn unknown_action_or_version_is_refused_before_signature() {
    for (params, message) in [
        (
            vec![("Action", "Nothing"), ("Version", "2011-06-15")],
            "Could not find operation Nothing for version 2011-06-15",
        ),
        (
            vec![("Action", "AssumeRole"), ("Version", "2010-05-08")],
            "Could not find operation AssumeRole for version 2010-05-08",
        ),
        (
            vec![("Action", "AssumeRole")],
            "Could not find operation AssumeRole for version NO_VERSION_SPECIFIED",
        ),
        (
            vec![("Action", "ListMFADevices")],
            "Could not find operation ListMFADevices for version NO_VERSION_SPECIFIED",
        ),
    ] {
        let unsigned = answer(&mut world(), &form(&params), super::NOW);
        unsigned.is(400, "InvalidAction", message);
        assert!(unsigned.body.contains(FAULT), "{}", unsigned.body);
    }
}

#[test]
fn request_without_action_is_redirected() {
    let mut typeless = form(&[("Action", "GetCallerIdentity"), ("Version", "2011-06-15")]);
    typeless.headers.retain(|(name, _)| name != "content-type");
    for request in [form(&[("Version", "2011-06-15")]), typeless] {
        let moved = answer(&mut world(), &request, super::NOW);
        let location = ("Location".to_owned(), "https://aws.amazon.com/iam".to_owned());
        assert_eq!((moved.status, &*moved.body, moved.headers), (302, "", vec![location]));
    }
}

#[test]
fn other_path_is_404_and_long_body_413() {
    let mut elsewhere = form(&[("Action", "GetCallerIdentity"), ("Version", "2011-06-15")]);
    elsewhere.path = "/x".to_owned();
    let unknown = answer(&mut world(), &elsewhere, super::NOW);
    assert_eq!((unknown.status, &*unknown.body), (404, "<UnknownOperationException/>"));
    let mut long = form(&[("Action", "GetCallerIdentity"), ("Version", "2011-06-15")]);
    long.body.push(b'&');
    long.body.resize(10_000_000, b'x');
    assert_eq!(answer(&mut world(), &long, super::NOW).status, 403);
    long.body.push(b'x');
    let refused = answer(&mut world(), &long, super::NOW);
    assert_eq!((refused.status, &*refused.body), (413, ""));
}

#[test]
fn first_of_two_parameters_counts_and_unknown_one_is_ignored() {
    let more =
        [("RoleSessionName", "second"), ("RoleArn", "x"), ("Surprise", "1"), ("Action", "Other")];
    let answer = Signer::ann().assume(&mut world(), super::OPEN, &more);
    assert_eq!(answer.status, 200, "{}", answer.body);
    assert!(answer.body.contains(":assumed-role/open/ann</Arn>"), "{}", answer.body);
}

#[test]
fn answer_has_request_identifiers() {
    let unsigned = answer(&mut world(), &form(&[("Action", "Nothing")]), super::NOW);
    for header in ["x-amzn-RequestId", "x-amz-sts-extended-request-id"] {
        assert!(unsigned.headers.iter().any(|(name, _)| name == header), "{header}");
    }
    assert!(unsigned.text("RequestId").is_some());
}
