//! `rolecall console`: which way leads from which credentials into the console, and to which page.

use std::collections::BTreeMap;
use std::io::{Read, Write};
use std::net::TcpStream;

use fake_aws::{Call, User};

use super::support::{
    ADMIN, BOB_MFA, DEV, Fault, Kind, PROD, Role, Run, Sandbox, Statement, TrustStatement, iso,
    role, sso_token_file,
};

const HOME: &str = "https://eu-west-1.console.aws.amazon.com/console/home?region=eu-west-1";
const USER: &str = "bob@example.com";

/// The usual people, whose console's sign-in is the fake's.
fn sandbox() -> Sandbox {
    let sandbox = Sandbox::new();
    sandbox.set("AWS_ENDPOINT_URL_SIGNIN", sandbox.aws.url());
    sandbox
}

/// Undoes percent escapes.
fn decoded(text: &str) -> String {
    let mut bytes = Vec::new();
    let mut rest = text.bytes();
    while let Some(byte) = rest.next() {
        if byte == b'%' {
            let digits = [rest.next().unwrap(), rest.next().unwrap()];
            let digits = std::str::from_utf8(&digits).unwrap().to_owned();
            bytes.push(u8::from_str_radix(&digits, 16).unwrap());
        } else {
            bytes.push(byte);
        }
    }
    String::from_utf8(bytes).unwrap()
}

/// Returns an address without its query, and the query's parameters.
fn parsed(url: &str) -> (String, BTreeMap<String, String>) {
    let (page, query) = url.split_once('?').unwrap_or((url, ""));
    let pairs = query.split('&').filter_map(|pair| pair.split_once('='));
    (page.to_owned(), pairs.map(|(name, value)| (name.to_owned(), decoded(value))).collect())
}

/// Opens an address as a browser does, and returns the status and where it leads.
fn visit(sandbox: &Sandbox, url: &str) -> (u16, Option<String>) {
    let host = sandbox.aws.url().trim_start_matches("http://");
    let path = url.strip_prefix(sandbox.aws.url()).unwrap_or_else(|| panic!("{url}"));
    let mut stream = TcpStream::connect(host).unwrap();
    write!(stream, "GET {path} HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\n\r\n").unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).unwrap();
    let status = answer.split(' ').nth(1).unwrap().parse().unwrap();
    let location = answer.lines().find_map(|line| line.strip_prefix("Location: "));
    (status, location.map(str::to_owned))
}

fn signin(sandbox: &Sandbox) -> Vec<Call> {
    let calls = sandbox.aws.calls().into_iter();
    calls.filter(|call| call.operation == "GetSigninToken").collect()
}

/// Demands an address that signs in and leads to a page.
#[track_caller]
fn leads_to(sandbox: &Sandbox, run: &Run, page: &str) {
    let url = run.stdout.trim_end();
    let (address, parameters) = parsed(url);
    assert_eq!(address, format!("{}/federation", sandbox.aws.url()), "{run:#?}");
    let names: Vec<&str> = parameters.keys().map(String::as_str).collect();
    assert_eq!(names, ["Action", "Destination", "Issuer", "SigninToken"], "{run:#?}");
    assert_eq!(parameters["Destination"], page, "{run:#?}");
    assert_eq!(visit(sandbox, url), (302, Some(page.to_owned())), "{run:#?}");
}

#[test]
fn role_signs_in_by_post_and_prints_only_when_asked() {
    let sandbox = sandbox();
    let run = sandbox.run(&["console", "prod", "--print"]).ok().silent();
    leads_to(&sandbox, &run, HOME);
    let [call] = &signin(&sandbox)[..] else { panic!("{:#?}", sandbox.aws.calls()) };
    assert_eq!(call.param("SessionDuration"), None);
    assert_eq!(call.header("content-type"), Some("application/x-www-form-urlencoded"));
    assert_eq!((sandbox.assumed(), sandbox.aws.count("GetCallerIdentity")), (1, 0));
    let run = sandbox.run(&["console", "prod", "--print", "-vv"]).ok();
    assert_eq!(sandbox.assumed(), 1, "the session is cached");
    assert!(run.stderr.contains("info: "), "{run:#?}");
    let json = sandbox.run(&["log", "--json"]).ok();
    assert_eq!(json.json()[0]["command"], "console");
    for secret in sandbox.secrets() {
        assert!(!json.stdout.contains(&secret), "{json:#?}");
    }
}

#[test]
fn page_follows_service_address_arn_and_region() {
    let sandbox = sandbox();
    for (args, page) in [
        (
            &["--service", "S3"][..],
            "https://eu-west-1.console.aws.amazon.com/s3/home?region=eu-west-1",
        ),
        (&["--service", "iam"], "https://console.aws.amazon.com/iam/home"),
        (
            &["--service", "https://console.aws.amazon.com/billing/home?a=b%20c#/x&y"],
            "https://console.aws.amazon.com/billing/home?a=b%20c#/x&y",
        ),
        (
            &["--service", "arn:aws:lambda:us-west-2:222222222222:function:resize"],
            "https://us-west-2.console.aws.amazon.com/lambda/home?region=us-west-2\
             #/functions/resize",
        ),
    ] {
        let run = sandbox.run(&[&["console", "prod", "--print"], args].concat()).ok().silent();
        leads_to(&sandbox, &run, page);
    }
    let arn = "arn:aws:lambda:eu-west-1:333333333333:function:resize";
    let run = sandbox.run(&["console", "prod", "--print", "--service", arn]).ok();
    run.says(&["warning: the resource is of account 333333333333 and the session of 222222222222"]);
    let sandbox = sandbox.in_any_region();
    let run = sandbox.run(&["console", "prod", "--print", "--region", "us-east-1"]).ok();
    leads_to(
        &sandbox,
        &run,
        "https://us-east-1.console.aws.amazon.com/console/home?region=us-east-1",
    );
}

#[test]
fn each_partition_has_its_console() {
    for (partition, region, page) in [
        ("aws", "eu-west-1", HOME),
        (
            "aws-cn",
            "cn-northwest-1",
            "https://cn-northwest-1.console.amazonaws.cn/console/home?region=cn-northwest-1",
        ),
        (
            "aws-us-gov",
            "us-gov-west-1",
            "https://us-gov-west-1.console.amazonaws-us-gov.com/console/home?region=us-gov-west-1",
        ),
        (
            "aws-eusc",
            "eusc-de-east-1",
            "https://eusc-de-east-1.console.amazonaws-eusc.eu/console/home?region=eusc-de-east-1",
        ),
    ] {
        let sandbox = sandbox().in_any_region();
        let reader = format!("arn:{partition}:iam::{PROD}:role/reader");
        sandbox.aws.world(|world| {
            world.users[0].partition = partition.to_owned();
            world.roles.push(Role::new(&reader).trusts(TrustStatement::account(DEV)));
        });
        sandbox.config(&format!(
            "[profile reader]\nregion = {region}\nrole_arn = {reader}\nsource_profile = dev\n\
             [profile dev]\nregion = {region}\n"
        ));
        sandbox.unset("AWS_REGION");
        for profile in ["reader", "dev"] {
            let run = sandbox.run(&["console", profile, "--print"]).ok();
            leads_to(&sandbox, &run, page);
        }
    }
    let sandbox = sandbox().in_any_region();
    let run = sandbox.run(&["console", "dev", "--print", "--region", "us-iso-east-1"]).fails(1);
    run.error_form().says(&["partition aws-iso"]);
    sandbox.no_calls();
}

#[test]
fn length_of_console_session_is_sent_where_aws_takes_one() {
    let sandbox = sandbox();
    sandbox.config(&format!(
        "[profile prod]\nrole_arn = {ADMIN}\nsource_profile = dev\n\
         [profile long]\nrole_arn = {ADMIN}\nsource_profile = dev\nduration_seconds = 7200\n\
         [profile next]\nrole_arn = {}\nsource_profile = prod\nduration_seconds = 1800\n",
        role("next")
    ));
    for (args, seconds) in [
        (&["prod"][..], None),
        (&["prod", "--duration", "2h"], Some("7200")),
        (&["long"], Some("7200")),
        (&["long", "--duration", "15m"], Some("900")),
        // Chained.
        (&["next"], None),
        (&["next", "--duration", "1h"], None),
        // Federated.
        (&["dev", "--duration", "1h"], None),
    ] {
        let run = sandbox.run(&[&["console", "--print"], args].concat()).ok().silent();
        leads_to(&sandbox, &run, HOME);
        let calls = signin(&sandbox);
        assert_eq!(calls.last().unwrap().param("SessionDuration"), seconds, "{args:?}");
    }
    assert_eq!(sandbox.sent_to("GetFederationToken", "DurationSeconds").as_deref(), Some("3600"));
    sandbox.run(&["console", "dev", "--print", "--duration", "13h"]).fails(2).error_form();
}

#[test]
fn length_that_aws_does_not_take_is_left_out_and_said() {
    let sandbox = sandbox();
    sandbox.aws.inject(Fault::once("GetSigninToken", Kind::Status(400, String::new())));
    let run = sandbox.run(&["console", "prod", "--print", "--duration", "2h"]).ok();
    leads_to(&sandbox, &run, HOME);
    run.says(&["warning: profile `prod`: AWS takes no length for this session", "HTTP-400"]);
    let calls = signin(&sandbox);
    let sent: Vec<_> = calls.iter().map(|call| call.param("SessionDuration")).collect();
    assert_eq!(sent, [Some("7200"), None]);
    // Without a length there is nothing to leave out.
    sandbox.aws.inject(Fault::once("GetSigninToken", Kind::Status(400, String::new())));
    sandbox.run(&["console", "prod", "--print"]).fails(1).error_form();
    assert_eq!(signin(&sandbox).len(), 3);
}

#[test]
fn keys_of_a_user_become_a_federated_user() {
    let sandbox = sandbox();
    let run = sandbox.run(&["console", "dev", "--print", "-v"]).ok();
    leads_to(&sandbox, &run, HOME);
    run.says(&["GetFederationToken makes the session"]);
    let sent = |name: &str| sandbox.sent_to("GetFederationToken", name);
    assert_eq!(sent("Name").as_deref(), Some("bob"));
    let policy: serde_json::Value = serde_json::from_str(&sent("Policy").unwrap()).unwrap();
    assert_eq!(policy["Statement"][0]["Action"], "*");
    let run = sandbox.run(&["console", "dev", "--print", "--read-only"]).ok().silent();
    leads_to(&sandbox, &run, HOME);
    assert_eq!(sent("Policy"), None);
    let read_only = "arn:aws:iam::aws:policy/ReadOnlyAccess";
    assert_eq!(sent("PolicyArns.member.1.arn").as_deref(), Some(read_only));
    let own = r#"{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"s3:*","Resource":"*"}]}"#;
    sandbox.run(&["console", "dev", "--print", "--policy", own]).ok();
    assert_eq!(sent("Policy").as_deref(), Some(own));
    // Names are cut to what AWS takes.
    let long = "a-very-long-name-of-a-user@example.com";
    let user = User::new(DEV, long, "AKIALONG", "SecretOfTheLongName").allow("sts:*", "*");
    sandbox.aws.world(|world| world.users.push(user));
    sandbox.credentials(
        "[long]\naws_access_key_id = AKIALONG\naws_secret_access_key = SecretOfTheLongName\n",
    );
    sandbox.run(&["console", "long", "--print"]).ok();
    assert_eq!(sent("Name").as_deref(), Some(&long[..32]));
}

#[test]
fn keys_in_the_store_and_with_a_device_sign_for_themselves() {
    let sandbox = sandbox();
    sandbox.config(&format!("[profile dev]\nmfa_serial = {BOB_MFA}\n"));
    let run = sandbox.run(&["console", "dev", "--print"]).ok();
    leads_to(&sandbox, &run, HOME);
    run.says(&["warning: a user's session of the console counts as made without MFA"]);
    assert_eq!(sandbox.aws.count("GetSessionToken"), 0);
    let run = sandbox.run(&["console", "dev", "--print", "--mfa-token", "123456"]).fails(2);
    run.error_form().says(&["--mfa-token cannot be used"]);
}

#[test]
fn sessions_of_unknown_kind_are_asked_about() {
    let sandbox = sandbox();
    let session = |sandbox: &Sandbox, args: &[&str]| {
        let json = sandbox.run(&[&["process"], args].concat()).ok().json();
        for (variable, member) in [
            ("AWS_ACCESS_KEY_ID", "AccessKeyId"),
            ("AWS_SECRET_ACCESS_KEY", "SecretAccessKey"),
            ("AWS_SESSION_TOKEN", "SessionToken"),
        ] {
            sandbox.set(variable, json[member].as_str().unwrap());
        }
    };
    session(&sandbox, &["prod"]);
    let run = sandbox.run(&["console", "--print", "-v"]).ok();
    leads_to(&sandbox, &run, HOME);
    run.says(&["assumed-role/admin", "a role's session, which signs in as it is"]);
    assert_eq!(sandbox.aws.count("GetCallerIdentity"), 1);
    // A program may print anything.
    let tool = sandbox.script(
        "tool",
        &format!(
            "echo '{{\"Version\":1,\"AccessKeyId\":\"{}\",\"SecretAccessKey\":\"{}\"}}'",
            sandbox.access_key_id, sandbox.secret
        ),
    );
    sandbox.config(&format!(
        "[profile tool]\ncredential_process = {tool}\n[profile dev]\nmfa_serial = {BOB_MFA}\n"
    ));
    let run = sandbox.run(&["console", "tool", "--print"]).ok().silent();
    leads_to(&sandbox, &run, HOME);
    assert_eq!(sandbox.aws.count("GetFederationToken"), 1);
    // A user's session opens none, with MFA or without.
    for name in ["AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN"] {
        sandbox.unset(name);
    }
    let code = sandbox.aws.mfa_code(DEV, "bob");
    session(&sandbox, &["dev", "--mfa-token", &code]);
    let run = sandbox.run(&["console", "--print"]).fails(1).error_form();
    run.says(&["AWS opens no console for a session of arn:aws:iam::111111111111:user/bob"]);
}

#[test]
fn root_user_is_refused() {
    let sandbox = sandbox();
    let root = "<GetCallerIdentityResponse xmlns=\"https://sts.amazonaws.com/doc/2011-06-15/\">\
                <GetCallerIdentityResult><Arn>arn:aws:iam::111111111111:root</Arn>\
                <UserId>111111111111</UserId><Account>111111111111</Account>\
                </GetCallerIdentityResult></GetCallerIdentityResponse>";
    sandbox.aws.inject(Fault::always("GetCallerIdentity", Kind::Status(200, root.to_owned())));
    let run = sandbox.run(&["console", "dev", "--print"]).fails(1).error_form();
    run.says(&["profile `dev`: these are the root user's keys"]);
    assert_eq!(sandbox.aws.count("GetFederationToken"), 0);
}

/// A profile of IAM Identity Center whose login lives.
fn people() -> Sandbox {
    let sandbox = Sandbox::with_world(|world| {
        world.sso_grant(USER, DEV, "Developer", vec![Statement::allow("*", "*")])
    });
    sandbox.set("AWS_ENDPOINT_URL_SIGNIN", sandbox.aws.url());
    sandbox.config(&format!(
        "[sso-session corp]\nsso_start_url = https://corp.awsapps.com/start/\n\
         sso_region = eu-west-1\n\
         [profile people]\nsso_session = corp\nsso_account_id = {DEV}\n\
         sso_role_name = Developer\n\
         [profile careful]\nsso_session = corp\nsso_account_id = {DEV}\n\
         sso_role_name = Developer\nrolecall_confirm = true\n\
         [profile admin]\nrole_arn = {ADMIN}\nsource_profile = people\n"
    ));
    sandbox
}

fn log_in(sandbox: &Sandbox) {
    let (now, token) = (sandbox.aws.now(), format!("AccessToken{}", sandbox.id));
    sandbox.aws.world(|world| {
        *world = std::mem::take(world).sso_token(USER, &token, now + 3_600);
    });
    let token = serde_json::json!({
        "startUrl": "https://corp.awsapps.com/start/", "region": "eu-west-1",
        "accessToken": token, "expiresAt": iso(now + 3_600),
    });
    sandbox.file(&sso_token_file("corp"), token.to_string());
}

#[test]
fn identity_center_opens_the_console_by_its_portal_without_credentials() {
    let sandbox = people();
    let portal = "https://corp.awsapps.com/start/#/console?account_id=111111111111\
                  &role_name=Developer";
    let run = sandbox.run(&["console", "people", "--print"]).ok().silent();
    assert_eq!(run.stdout, format!("{portal}\n"));
    let run = sandbox.run(&["console", "people", "--print", "--service", "s3", "-v"]).ok();
    let page = "https%3A%2F%2Feu-west-1.console.aws.amazon.com%2Fs3%2Fhome%3Fregion%3Deu-west-1";
    assert_eq!(run.stdout, format!("{portal}&destination={page}\n"));
    run.says(&["the access portal opens role Developer of account 111111111111"]);
    sandbox.no_calls();
    // A wish that only a session of its own can fulfil.
    log_in(&sandbox);
    for (args, seconds, why) in [
        (&["--duration", "2h"][..], Some("7200"), "--duration"),
        (&["--refresh"], None, "--refresh"),
    ] {
        let args = [&["console", "people", "--print", "-v"], args].concat();
        let run = sandbox.run(&args).ok();
        leads_to(&sandbox, &run, HOME);
        run.says(&[&format!("sign-in by federation, not by the access portal: {why}")]);
        assert_eq!(signin(&sandbox).last().unwrap().param("SessionDuration"), seconds);
    }
    let run = sandbox.run(&["console", "people", "--print", "--read-only"]).fails(2);
    run.error_form().says(&["--read-only needs a role"]);
    // A role after it is a role.
    let run = sandbox.run(&["console", "admin", "--print"]).ok().silent();
    leads_to(&sandbox, &run, HOME);
    assert_eq!(sandbox.assumed(), 1);
}

#[test]
fn portal_passes_over_nobody_who_wants_to_be_asked() {
    let sandbox = people();
    log_in(&sandbox);
    let run = sandbox.run(&["console", "careful", "--print", "--no-input", "-v"]).fails(4);
    run.says(&["not by the access portal: rolecall_confirm asks before each session"]);
    assert_eq!(sandbox.aws.count("GetRoleCredentials"), 0);
}

#[test]
fn new_session_ends_the_one_of_the_browser_first() {
    let sandbox = people();
    log_in(&sandbox);
    let run = sandbox.run(&["console", "people", "--print", "--new-session"]).ok().silent();
    let url = run.stdout.trim_end();
    let (address, parameters) = parsed(url);
    assert_eq!(address, format!("{}/oauth", sandbox.aws.url()));
    assert_eq!(parameters["Action"], "logout");
    let (status, login) = visit(&sandbox, url);
    assert_eq!((status, login.as_ref()), (302, Some(&parameters["redirect_uri"])));
    let login = Run { stdout: format!("{}\n", login.unwrap()), ..run };
    leads_to(&sandbox, &login, HOME);
}

#[test]
fn services_are_completed_with_their_other_names() {
    let sandbox = sandbox();
    let run = sandbox.run(&["__complete", "zsh", "--", "rolecall", "console", "--service", "step"]);
    assert_eq!(run.ok().stdout, "values\nstepfunctions\tstep-functions, sfn, states\n");
}
