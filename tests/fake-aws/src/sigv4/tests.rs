use ring::digest::{SHA256, digest};

use super::{Authorization, canonical_request, check_time, verify};
use crate::encoding::hex;
use crate::http::Request;
use crate::time::parse_compact;
use crate::world::{User, World};

const KEY: &str = "AKIDEXAMPLE";
const SECRET: &str = "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY";
const DATE: &str = "20150830T123600Z";

/// The example in AWS's description of Signature Version 4.
fn example() -> Request {
    let header = |name: &str, value: &str| (name.to_owned(), value.to_owned());
    Request {
        method: "GET".to_owned(),
        path: "/".to_owned(),
        query: "Action=ListUsers&Version=2010-05-08".to_owned(),
        headers: vec![
            header("host", "iam.amazonaws.com"),
            header("content-type", "application/x-www-form-urlencoded; charset=utf-8"),
            header("x-amz-date", DATE),
            header(
                "authorization",
                "AWS4-HMAC-SHA256 Credential=AKIDEXAMPLE/20150830/us-east-1/iam/aws4_request, SignedHeaders=content-type;host;x-amz-date, Signature=5d672d79c15b13162d9279b0855cfba6789a8edb4c82c400e06b5924a6f2b5d7",
            ),
        ],
        ..Request::default()
    }
}

fn code(world: &World, request: &Request, service: &str, offset: i64) -> String {
    let now = parse_compact(DATE).unwrap() + offset;
    verify(world, request, service, now).map_or_else(|no| no.code.into_owned(), |caller| caller.arn)
}

#[test]
fn published_example_of_aws_verifies() {
    let request = example();
    let authorization = Authorization::of(&request).unwrap();
    let canonical = canonical_request(&authorization, &request);
    assert_eq!(
        hex(digest(&SHA256, canonical.as_bytes()).as_ref()),
        "f536975d06c0309214f805bb90ccff089219ecd68b2577efef23edd43b7e1a59"
    );
    let user = User::new("123456789012", "ann", KEY, SECRET);
    let world = World::new().user(user.clone());
    let arn = "arn:aws:iam::123456789012:user/ann";
    assert_eq!(code(&world, &request, "iam", 0), arn);
    assert_eq!(code(&world, &request, "iam", 900), arn);
    assert_eq!(code(&world, &request, "iam", 901), "SignatureDoesNotMatch");
    assert_eq!(code(&world, &request, "iam", -901), "SignatureDoesNotMatch");
    assert_eq!(code(&world, &request, "sts", 0), "SignatureDoesNotMatch");
    let off = World::new().user(user.inactive());
    assert_eq!(code(&off, &request, "iam", 0), "InvalidClientTokenId");
    assert_eq!(code(&World::new(), &request, "iam", 0), "InvalidClientTokenId");
    let other = World::new().user(User::new("1", "ann", KEY, "wrong"));
    assert_eq!(code(&other, &request, "iam", 0), "SignatureDoesNotMatch");
}

#[test]
fn changed_request_fails_verification() {
    let world = World::new().user(User::new("1", "ann", KEY, SECRET));
    let changes: [fn(&mut Request); 6] = [
        |r| r.body.push(b'x'),
        |r| r.query.push_str("&X=1"),
        |r| r.method = "POST".to_owned(),
        |r| r.path = "/x".to_owned(),
        |r| r.headers[0].1 = "sts.amazonaws.com".to_owned(),
        |r| r.headers[2].1 = "20150830T123601Z".to_owned(),
    ];
    for change in changes {
        let mut request = example();
        change(&mut request);
        assert_eq!(code(&world, &request, "iam", 0), "SignatureDoesNotMatch");
    }
    let mut request = example();
    request.headers.push(("x-amz-security-token".into(), "x".into()));
    assert_eq!(code(&world, &request, "iam", 0), "InvalidClientTokenId");
    let mut request = example();
    request.headers.pop();
    assert_eq!(code(&world, &request, "iam", 0), "MissingAuthenticationToken");
    request.headers.push(("authorization".into(), "AWS4-HMAC-SHA256 x".into()));
    assert_eq!(code(&world, &request, "iam", 0), "IncompleteSignature");
}

#[test]
fn skewed_clock_gives_message_of_aws() {
    let now = parse_compact(DATE).unwrap();
    assert_eq!(
        check_time(now - 960, now).unwrap_err().message,
        "Signature expired: 20150830T122000Z is now earlier than 20150830T122100Z (20150830T123600Z - 15 min.)"
    );
    assert_eq!(
        check_time(now + 960, now).unwrap_err().message,
        "Signature not yet current: 20150830T125200Z is still later than 20150830T125100Z (20150830T123600Z + 15 min.)"
    );
}
