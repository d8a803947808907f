//! Sessions of `aws login`: whose they are, how they are renewed, and files that are none.

use fake_aws::{Owner, Session, World};
use serde_json::{Value, json};

use super::support::{ADMIN, DEV, Fault, Kind, Run, Sandbox, User, iso, make_pipe, tls, until};

const SESSION: &str = "arn:aws:iam::111111111111:user/console";
/// Keys of two logins (SEC 1): the AWS CLI makes one for each.
const KEYS: [(&str, &str); 2] = [
    (
        "bob",
        "MHcCAQEEIBtoH24GItP+YSa+lu0DPuIX7zQyQTwow1YkIemzCl/EoAoGCCqGSM49\n\
         AwEHoUQDQgAEzyOwL7R7WlBxoaXZBoB9iKzxM4bUsDprf0hxbhI+h4RQCXUqSK5W\n\
         NbJObuGres7shW3rJ3CcdMLdETPzk99MZQ==",
    ),
    (
        "eve",
        "MHcCAQEEIAL33QjQfvluHXlhVTnqfXB71fCPauptOjdGiMTgvFLMoAoGCCqGSM49\n\
         AwEHoUQDQgAEVoKTKTlNkH7M/W4wCn+QCzB55z86NfJmCcjRf1R8Fagz1Ii48wqc\n\
         bGGu54W8JefsAchL7yneuNzjMwV/8K6sCQ==",
    ),
];

/// A profile `console` that is logged in to, a role from it, and AWS sign-in behind a proxy.
fn console() -> Sandbox {
    let sandbox = Sandbox::with_world(|world| {
        let eve = User::new(DEV, "eve", "AKIAEVEEVEEVEEVEEVE2", "SecretOfEve");
        world.user(eve.allow("sts:*", "*"))
    });
    sandbox.config(&format!(
        "[profile console]\nlogin_session = {SESSION}\nregion = eu-west-1\n\
         [profile prod]\nrole_arn = {ADMIN}\nsource_profile = console\n"
    ));
    sandbox.set("HTTPS_PROXY", tls::proxy(sandbox.aws.url()));
    sandbox.set("AWS_CA_BUNDLE", tls::authority());
    sandbox.set("AWS_MAX_ATTEMPTS", "1");
    sandbox
}

/// The file of the login in the home.
fn file_name() -> String {
    let sum = ring::digest::digest(&ring::digest::SHA256, SESSION.as_bytes());
    let sum: String = sum.as_ref().iter().map(|byte| format!("{byte:02x}")).collect();
    format!(".aws/login/cache/{sum}.json")
}

fn file(sandbox: &Sandbox) -> Value {
    serde_json::from_slice(&std::fs::read(sandbox.path(&file_name())).unwrap()).unwrap()
}

fn key(who: &str) -> &'static str {
    KEYS.iter().find(|(name, _)| *name == who).unwrap().1
}

fn pem(who: &str) -> String {
    format!("-----BEGIN EC PRIVATE KEY-----\n{}\n-----END EC PRIVATE KEY-----\n", key(who))
}

/// Leaves a login as the AWS CLI does, with some seconds to live; returns its file and its access
/// key.
fn log_in(sandbox: &Sandbox, world: &mut World, who: &str, seconds: i64) -> (Value, String) {
    let end = sandbox.aws.now() + seconds;
    let owner = Owner::User { account: DEV.to_owned(), name: who.to_owned() };
    let session = Session::new(owner, end);
    let refresh = format!("RefreshTokenOf{who}{}", world.sessions.len());
    sandbox.secret(&refresh);
    sandbox.secret(&key(who)[..40]);
    let login = json!({
        "accessToken": {
            "accessKeyId": session.access_key_id, "secretAccessKey": session.secret,
            "sessionToken": session.token, "accountId": DEV, "expiresAt": iso(end),
        },
        "tokenType": "aws_sigv4", "refreshToken": refresh, "idToken": "e30.e30.e30",
        "clientId": "arn:aws:signin:::devtools/same-device",
        "dpopKey": pem(who),
    });
    let id = session.access_key_id.clone();
    *world = std::mem::take(world).login(DEV, who, &refresh);
    world.sessions.push(session);
    sandbox.file(&file_name(), login.to_string());
    (login, id)
}

fn logged_in(sandbox: &Sandbox, who: &str, seconds: i64) -> (Value, String) {
    let mut world = sandbox.aws.world(std::mem::take);
    let login = log_in(sandbox, &mut world, who, seconds);
    sandbox.aws.world(|now| *now = world);
    login
}

fn renewals(sandbox: &Sandbox) -> usize {
    sandbox.aws.count("CreateOAuth2Token")
}

#[test]
fn live_login_gives_its_session_and_calls_nobody() {
    let sandbox = console();
    let (login, id) = logged_in(&sandbox, "bob", 900);
    let json = sandbox.run(&["process", "console"]).ok().silent().json();
    assert_eq!(json["AccessKeyId"], id.as_str());
    assert_eq!(json["AccountId"], DEV);
    assert_eq!(json["Expiration"], login["accessToken"]["expiresAt"]);
    assert_eq!((renewals(&sandbox), file(&sandbox)), (0, login));
}

#[test]
fn role_of_another_login_is_not_shared() {
    let sandbox = console();
    logged_in(&sandbox, "bob", 900);
    let first = sandbox.run(&["process", "prod"]).ok().key();
    logged_in(&sandbox, "eve", 900);
    let second = sandbox.run(&["process", "prod"]).ok().key();
    assert_ne!(second, first);
    // A login that is renewed stays who it is.
    logged_in(&sandbox, "eve", -60);
    assert_eq!(sandbox.run(&["process", "prod"]).ok().key(), second);
    sandbox.run(&["process", "console"]).ok();
    assert_eq!(renewals(&sandbox), 1);
    assert_eq!(sandbox.run(&["process", "prod"]).ok().key(), second);
    logged_in(&sandbox, "bob", 900);
    assert_eq!(sandbox.run(&["process", "prod"]).ok().key(), first);
    assert_eq!(sandbox.assumed(), 2);
    // Without a login there is no session.
    std::fs::remove_file(sandbox.path(&file_name())).unwrap();
    sandbox.run(&["process", "prod"]).fails(4).error_form().says(&["aws login"]);
}

#[test]
fn ended_login_is_renewed_and_written_back() {
    for seconds in [-3_600, 60] {
        let sandbox = console();
        let (before, id) = logged_in(&sandbox, "bob", seconds);
        let json = sandbox.run(&["process", "console"]).ok().silent().json();
        assert_ne!(json["AccessKeyId"], id.as_str());
        let after = file(&sandbox);
        assert_ne!(after["refreshToken"], before["refreshToken"]);
        for kept in ["dpopKey", "clientId", "idToken", "tokenType"] {
            assert_eq!(after[kept], before[kept], "{kept}");
        }
        assert_eq!(after["accessToken"]["accessKeyId"], json["AccessKeyId"]);
        assert_eq!(sandbox.run(&["process", "console"]).ok().key(), json["AccessKeyId"]);
        sandbox.run(&["process", "prod"]).ok();
        assert_eq!(renewals(&sandbox), 1);
    }
}

#[test]
fn processes_that_share_a_login_renew_it_once() {
    for count in [2, 10] {
        let sandbox = console();
        logged_in(&sandbox, "bob", -60);
        let start = |n: usize| {
            // Cron and the desktop have other lock folders.
            sandbox.set("XDG_CACHE_HOME", sandbox.path(&format!("cache{n}")));
            sandbox.command(&["process", "console"]).start()
        };
        let all: Vec<_> = (0..count).map(start).collect();
        let keys: std::collections::BTreeSet<String> =
            all.into_iter().map(|running| running.finish().ok().silent().key()).collect();
        assert_eq!((keys.len(), renewals(&sandbox)), (1, 1));
        let folder = std::fs::read_dir(sandbox.path(".aws/login/cache")).unwrap();
        assert_eq!(folder.count(), 1, "nothing is left beside the login");
    }
}

#[test]
fn login_of_another_person_while_one_is_renewed_is_not_mixed_up() {
    let sandbox = console();
    logged_in(&sandbox, "bob", -60);
    // The fake answers once it has its world back.
    let running = sandbox.aws.world(|world| {
        let running = sandbox.command(&["process", "prod"]).start();
        until("the renewal", || renewals(&sandbox) == 1);
        log_in(&sandbox, world, "eve", 900);
        running
    });
    let key = running.finish().ok().key();
    // Whoever is logged in by then, the role's session is found for nobody else.
    let now = file(&sandbox)["dpopKey"].clone();
    logged_in(&sandbox, if now == json!(pem("bob")) { "eve" } else { "bob" }, 900);
    assert_ne!(sandbox.run(&["process", "prod"]).ok().key(), key);
}

/// Runs a renewal that AWS refuses.
fn refused(status: u16, code: &str, message: &str) -> Run {
    let sandbox = console();
    let (before, _) = logged_in(&sandbox, "bob", -60);
    let kind = Kind::Refuse(status, code.to_owned(), message.to_owned());
    sandbox.aws.inject(Fault::always("CreateOAuth2Token", kind));
    let run = sandbox.run(&["process", "console"]).error_form();
    assert_eq!(file(&sandbox), before, "a refused renewal changes nothing");
    run
}

#[test]
fn refused_renewal_says_what_aws_said_and_what_mends_it() {
    for (status, code, message, exit, said) in [
        (
            400,
            "AccessDeniedException",
            "TOKEN_EXPIRED: The refresh token has expired.",
            4,
            "the login has ended",
        ),
        (
            400,
            "AccessDeniedException",
            "USER_CREDENTIALS_CHANGED: Changed",
            4,
            "the password was changed",
        ),
        (
            403,
            "AccessDeniedException",
            "INSUFFICIENT_PERMISSIONS: No",
            1,
            "signin:CreateOAuth2Token",
        ),
        (400, "AccessDeniedException", "OTHER: No", 4, "the login has ended"),
        (400, "ValidationException", "INVALID_REQUEST: malformed", 4, "a known fault of AWS"),
        (429, "TooManyRequestsError", "Slow down", 1, "AWS is busy"),
        (500, "InternalServerException", "Internal", 1, "AWS is busy"),
    ] {
        let run = refused(status, code, message).fails(exit);
        let sentence = message.split_once(": ").map_or(message, |(_, sentence)| sentence);
        run.says(&["config:2", "`console`", &format!("cause: {code}: {sentence}"), said, "hint: "]);
    }
}

#[test]
fn refresh_token_that_was_used_needs_a_login() {
    let sandbox = console();
    let (login, _) = logged_in(&sandbox, "bob", -60);
    sandbox.run(&["process", "console"]).ok();
    sandbox.file(&file_name(), login.to_string());
    let run = sandbox.run(&["process", "console"]).fails(4).error_form();
    run.says(&["AccessDeniedException: The refresh token has expired.", "aws login"]);
}

#[test]
fn network_that_fails_while_a_login_is_renewed_needs_no_login() {
    let sandbox = console();
    logged_in(&sandbox, "bob", -60);
    for kind in [Kind::Reset, Kind::TruncatedBody, Kind::Status(502, "<html>".to_owned())] {
        sandbox.aws.clear_faults();
        sandbox.aws.inject(Fault::always("CreateOAuth2Token", kind));
        let run = sandbox.run(&["process", "console"]).fails(1).error_form();
        assert!(!run.stderr.contains("aws login"), "{run:#?}");
    }
    sandbox.aws.clear_faults();
    sandbox.set("HTTPS_PROXY", "http://127.0.0.1:9");
    let run = sandbox.run(&["process", "console"]).fails(1).error_form();
    run.says(&["HTTPS_PROXY", "signin.aws.amazon.com"]);
}

#[test]
fn file_that_is_no_login_needs_one() {
    let sandbox = console();
    let (login, _) = logged_in(&sandbox, "bob", 900);
    let without = |part: &str, key: &str| {
        let mut login = login.clone();
        let fields = if part.is_empty() { &mut login } else { &mut login[part] };
        fields.as_object_mut().unwrap().remove(key);
        login.to_string().into_bytes()
    };
    let ending = |end: Value| {
        let mut login = login.clone();
        login["accessToken"]["expiresAt"] = end;
        login.to_string().into_bytes()
    };
    let whole = login.to_string().into_bytes();
    for content in [
        Vec::new(),
        b"{".to_vec(),
        b"[]".to_vec(),
        b"null".to_vec(),
        b"\0\xff\xfe".to_vec(),
        whole[..whole.len() / 2].to_vec(),
        without("", "accessToken"),
        without("", "refreshToken"),
        without("", "dpopKey"),
        without("", "clientId"),
        without("accessToken", "accessKeyId"),
        without("accessToken", "secretAccessKey"),
        without("accessToken", "sessionToken"),
        without("accessToken", "accountId"),
        without("accessToken", "expiresAt"),
        ending(json!("soon")),
        ending(json!("10000-01-01T00:00:00Z")),
        ending(json!(1_893_456_000)),
        ending(json!("")),
        [b" ".repeat(300_000), whole.clone()].concat(),
    ] {
        sandbox.file(&file_name(), &content);
        for profile in ["console", "prod"] {
            let run = sandbox.run(&["process", profile]).fails(4).error_form();
            run.says(&["config:2", "`console`", &file_name(), "aws login --profile console"]);
        }
    }
    let path = sandbox.path(&file_name());
    std::fs::remove_file(&path).unwrap();
    make_pipe(&path);
    sandbox.run(&["process", "console"]).fails(4).error_form().says(&["is a pipe"]);
    std::fs::remove_file(&path).unwrap();
    std::os::unix::fs::symlink("/dev/zero", &path).unwrap();
    sandbox.run(&["process", "prod"]).fails(4).error_form().says(&["not a regular file"]);
    std::fs::remove_file(&path).unwrap();
    std::fs::create_dir(&path).unwrap();
    sandbox.run(&["process", "console"]).fails(4).error_form().says(&["is a folder"]);
    assert_eq!((renewals(&sandbox), sandbox.assumed()), (0, 0));
}

#[test]
fn end_of_a_login_before_1970_is_renewed() {
    for end in ["0000-01-01T00:00:00Z", "0001-01-01T00:00:00Z", "1969-12-31T23:59:59Z"] {
        let sandbox = console();
        let (mut login, id) = logged_in(&sandbox, "bob", 900);
        login["accessToken"]["expiresAt"] = json!(end);
        sandbox.file(&file_name(), login.to_string());
        assert_ne!(sandbox.run(&["process", "console"]).ok().key(), id);
        assert_eq!(renewals(&sandbox), 1);
    }
}

#[test]
fn login_whose_key_is_none_needs_another() {
    let sandbox = console();
    let (mut login, _) = logged_in(&sandbox, "bob", -60);
    login["dpopKey"] =
        json!("-----BEGIN EC PRIVATE KEY-----\nAAAA\n-----END EC PRIVATE KEY-----\n");
    sandbox.file(&file_name(), login.to_string());
    sandbox.run(&["process", "console"]).fails(4).error_form().says(&["aws login"]);
    assert_eq!(renewals(&sandbox), 0);
}
