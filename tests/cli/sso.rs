//! IAM Identity Center: tokens that `aws sso login` left, renewed or not.

use fake_aws::World;

use super::support::{
    ADMIN, DEV, Run, Sandbox, Statement, iso, sso_token_file as token_file, until,
};

const USER: &str = "bob@example.com";

/// Bob may be `Developer` in the account `DEV`.
fn people() -> Sandbox {
    let sandbox = Sandbox::with_world(|world| {
        world.sso_grant(USER, DEV, "Developer", vec![Statement::allow("*", "*")])
    });
    let url = start_url(&sandbox);
    sandbox.config(&format!(
        "[sso-session corp]\nsso_start_url = {url}\nsso_region = eu-west-1\nsso_registration_scopes = sso:account:access\n\
         [profile people]\nsso_session = corp\nsso_account_id = {DEV}\nsso_role_name = Developer\n\
         [profile legacy]\nsso_start_url = {url}\nsso_region = eu-west-1\nsso_account_id = {DEV}\nsso_role_name = Developer\n\
         [profile prod]\nrole_arn = {ADMIN}\nsource_profile = people\n\
         [profile ungranted]\nsso_session = corp\nsso_account_id = {DEV}\nsso_role_name = Root\n"
    ));
    sandbox
}

fn start_url(sandbox: &Sandbox) -> String {
    format!("https://d-{}.awsapps.com/start", sandbox.id.to_ascii_lowercase())
}

/// Leaves a token as the AWS CLI does, with some seconds to live.
fn log_in(sandbox: &Sandbox, name: &str, seconds: i64) -> serde_json::Value {
    let (now, id) = (sandbox.aws.now(), &sandbox.id);
    let (token, refresh) = (format!("AccessToken{id}"), format!("RefreshToken{id}"));
    sandbox.aws.world(|world| {
        *world = std::mem::take(world)
            .sso_token(USER, &token, now + seconds)
            .sso_refresh_token(USER, &refresh)
            .sso_client("client-1", &format!("ClientSecret{id}"), now + 86_400);
    });
    let token = serde_json::json!({
        "startUrl": start_url(sandbox), "region": "eu-west-1", "accessToken": token,
        "expiresAt": iso(now + seconds), "clientId": "client-1",
        "clientSecret": format!("ClientSecret{id}"), "registrationExpiresAt": iso(now + 86_400),
        "refreshToken": refresh, "oneOfSomebodyElse": [1, 2],
    });
    sandbox.file(&token_file(name), token.to_string());
    token
}

fn token(sandbox: &Sandbox) -> serde_json::Value {
    let text = std::fs::read(sandbox.path(&token_file("corp"))).unwrap();
    serde_json::from_slice(&text).unwrap()
}

#[test]
fn valid_token_gives_credentials_that_are_cached() {
    let sandbox = people();
    let before = log_in(&sandbox, "corp", 7_200);
    let json = sandbox.run(&["process", "people"]).ok().silent().json();
    assert_eq!(json["AccountId"], DEV);
    assert!(json["Expiration"].is_string() && json["SessionToken"].is_string());
    assert_eq!((sandbox.aws.count("GetRoleCredentials"), sandbox.aws.count("CreateToken")), (1, 0));
    assert_eq!(token(&sandbox), before, "the token's file is left alone");
    sandbox.run(&["process", "people"]).ok();
    assert_eq!(sandbox.aws.count("GetRoleCredentials"), 1);
    // As a source it is shared.
    sandbox.run(&["process", "prod"]).ok();
    assert_eq!((sandbox.aws.count("GetRoleCredentials"), sandbox.assumed()), (1, 1));
}

#[test]
fn log_names_account_and_role_without_role_arn() {
    let sandbox = people();
    log_in(&sandbox, "corp", 7_200);
    for profile in ["people", "prod"] {
        sandbox.run(&["process", profile]).ok();
    }
    let json = sandbox.run(&["log", "--json"]).ok().json();
    let fields = |n: usize| {
        ["profile", "account_id", "role", "role_arn", "origin"].map(|key| json[n][key].as_str())
    };
    assert_eq!(fields(0), [Some("people"), Some(DEV), Some("Developer"), None, Some("new")]);
    assert_eq!(
        fields(1),
        [Some("prod"), Some("222222222222"), Some("admin"), Some(ADMIN), Some("new")]
    );
}

#[test]
fn legacy_profile_uses_token_of_start_url_and_renews_it() {
    let sandbox = people();
    log_in(&sandbox, &start_url(&sandbox), 7_200);
    sandbox.run(&["process", "legacy"]).ok();
    assert_eq!((sandbox.aws.count("GetRoleCredentials"), sandbox.aws.count("CreateToken")), (1, 0));
    log_in(&sandbox, &start_url(&sandbox), -60);
    sandbox.run(&["process", "legacy", "--no-cache"]).ok().silent();
    assert_eq!((sandbox.aws.count("GetRoleCredentials"), sandbox.aws.count("CreateToken")), (2, 1));
}

#[test]
fn expired_token_is_renewed_and_file_keeps_other_fields() {
    let sandbox = people();
    let before = log_in(&sandbox, "corp", -60);
    sandbox.run(&["process", "people"]).ok().silent();
    assert_eq!(sandbox.aws.count("CreateToken"), 1);
    let after = token(&sandbox);
    assert_ne!(after["accessToken"], before["accessToken"]);
    assert_ne!(after["refreshToken"], before["refreshToken"]);
    for kept in [
        "startUrl",
        "region",
        "clientId",
        "clientSecret",
        "registrationExpiresAt",
        "oneOfSomebodyElse",
    ] {
        assert_eq!(after[kept], before[kept], "{kept}");
    }
    let left = super::support::time(after["expiresAt"].as_str().unwrap()) - sandbox.aws.now();
    assert!((28_700..=28_800).contains(&left), "{left}");
    #[cfg(unix)]
    assert_eq!(super::support::mode(&sandbox.path(&token_file("corp"))), 0o600);
}

#[test]
fn a_refresh_token_is_kept_when_the_answer_has_none() {
    let sandbox = people();
    let before = log_in(&sandbox, "corp", -60);
    sandbox.aws.world(|world| world.sso.refresh = fake_aws::Refresh::Silent);
    sandbox.run(&["process", "people"]).ok();
    assert_eq!(token(&sandbox)["refreshToken"], before["refreshToken"]);
}

#[test]
fn token_that_cannot_be_renewed_is_used_until_it_expires() {
    let sandbox = people();
    log_in(&sandbox, "corp", 120);
    sandbox.aws.world(|world| world.sso.refresh_tokens.clear());
    sandbox.run(&["process", "people"]).ok();
    assert_eq!((sandbox.aws.count("CreateToken"), sandbox.aws.count("GetRoleCredentials")), (1, 1));
}

#[test]
fn missing_token_exits_4_and_suggests_login() {
    let sandbox = people();
    let run = sandbox.run(&["process", "people"]).fails(4).error_form();
    run.says(&["`people`", "rolecall sso login corp"]);
    let run = sandbox.run(&["process", "legacy"]).fails(4).error_form();
    run.says(&["rolecall sso login legacy"]);
    sandbox.run(&["process", "prod"]).fails(4).says(&["rolecall sso login corp"]);
    sandbox.no_calls();
}

#[test]
fn expired_or_revoked_token_exits_4_and_suggests_login() {
    let sandbox = people();
    log_in(&sandbox, "corp", -60);
    sandbox.aws.world(|world| world.sso.refresh_tokens.clear());
    let run = sandbox.run(&["process", "people"]).fails(4).error_form();
    run.says(&["rolecall sso login corp"]);
    log_in(&sandbox, &start_url(&sandbox), -60);
    sandbox.aws.world(|world| world.sso.refresh_tokens.clear());
    sandbox.run(&["process", "legacy"]).fails(4).says(&["rolecall sso login legacy"]);
    // A token that was revoked looks good and is not.
    log_in(&sandbox, "corp", 7_200);
    sandbox.aws.world(|world| world.sso.tokens.clear());
    sandbox.run(&["process", "people"]).fails(4).says(&["rolecall sso login corp"]);
}

#[test]
fn role_that_was_not_granted_is_error_with_exit_1() {
    let sandbox = people();
    log_in(&sandbox, "corp", 7_200);
    let run = sandbox.run(&["process", "ungranted"]).fails(1).error_form();
    run.says(&["Root", DEV]);
}

#[test]
fn malformed_token_file_exits_4() {
    let sandbox = people();
    for content in ["", "{\"accessToken\": \"abc", "[]", "\0\0\0"] {
        sandbox.file(&token_file("corp"), content);
        sandbox.run(&["process", "people"]).fails(4).error_form();
    }
}

#[test]
fn missing_or_conflicting_sso_property_is_error_that_names_line() {
    let sandbox = people();
    let session =
        "[sso-session corp]\nsso_start_url = https://a.example/start\nsso_region = eu-west-1\n";
    for (config, words) in [
        ("[profile p]\nsso_session = corp\nsso_account_id = 1\n".to_owned(), ["config:2", "corp"]),
        (format!("{session}[profile p]\nsso_session = corp\nsso_account_id = 111111111111\n"), ["config:4", "sso_role_name"]),
        (format!("{session}[profile p]\nsso_session = corp\nsso_role_name = R\n"), ["config:4", "sso_account_id"]),
        (
            "[sso-session corp]\nsso_region = eu-west-1\n[profile p]\nsso_session = corp\nsso_account_id = 1\nsso_role_name = R\n"
                .to_owned(),
            ["config:1", "sso_start_url"],
        ),
        (
            format!("{session}[profile p]\nsso_session = corp\nsso_region = us-east-1\nsso_account_id = 1\nsso_role_name = R\n"),
            ["config:6", "sso_region"],
        ),
        (format!("{session}[profile p]\nsso_session = corp\n"), ["config:4", "sso_account_id"]),
        ("[profile p]\nsso_region = eu-west-1\nsso_account_id = 1\nsso_role_name = R\n".to_owned(), ["config:1", "sso_start_url"]),
    ] {
        sandbox.config(&config);
        sandbox.run(&["process", "p"]).fails(3).error_form().says(&words);
    }
    sandbox.no_calls();
}

#[test]
fn twenty_processes_renew_token_once() {
    let sandbox = people();
    log_in(&sandbox, "corp", -60);
    let all: Vec<_> = (0..20).map(|_| sandbox.command(&["process", "people"]).start()).collect();
    for running in all {
        running.finish().ok();
    }
    assert_eq!(sandbox.aws.count("CreateToken"), 1);
    assert_eq!(sandbox.aws.count("GetRoleCredentials"), 1);
}

/// Profiles of one login that share no session: each has a role of its own.
fn many_roles(count: usize) -> Sandbox {
    let roles: Vec<String> = (0..count).map(|n| format!("Role{n}")).collect();
    let sandbox = Sandbox::with_world(|world| {
        let grant = |world: World, role: &String| {
            world.sso_grant(USER, DEV, role, vec![Statement::allow("*", "*")])
        };
        roles.iter().fold(world, grant)
    });
    let session = format!(
        "[sso-session corp]\nsso_start_url = {}\nsso_region = eu-west-1\n",
        start_url(&sandbox)
    );
    let profiles = roles.iter().map(|role| {
        format!(
            "[profile {role}]\nsso_session = corp\nsso_account_id = {DEV}\nsso_role_name = {role}\n"
        )
    });
    sandbox.config(&(session + &profiles.collect::<String>()));
    sandbox
}

#[test]
fn processes_that_share_a_token_alone_renew_it_once() {
    for count in [2, 10] {
        let sandbox = many_roles(count);
        log_in(&sandbox, "corp", -60);
        let start = |n: usize| {
            // Cron and the desktop have other lock folders.
            sandbox.set("XDG_CACHE_HOME", sandbox.path(&format!("cache{n}")));
            sandbox.command(&["process", &format!("Role{n}")]).start()
        };
        let all: Vec<_> = (0..count).map(start).collect();
        for running in all {
            running.finish().ok().silent();
        }
        assert_eq!(sandbox.aws.count("CreateToken"), 1);
        assert_eq!(sandbox.aws.count("GetRoleCredentials"), count);
        let renewed = token(&sandbox);
        let good = sandbox.aws.world(|world| world.sso.tokens.last().unwrap().text.clone());
        assert_eq!(renewed["accessToken"], good.as_str());
        let folder = std::fs::read_dir(sandbox.path(".aws/sso/cache")).unwrap();
        let files: Vec<_> = folder.map(|file| file.unwrap().file_name()).collect();
        assert_eq!(files.len(), 1, "nothing is left beside the token: {files:?}");
    }
}

/// Runs a process that renews the token, while something else happens before AWS answers.
fn during_renewal(sandbox: &Sandbox, meanwhile: impl FnOnce(&mut World)) -> Run {
    // The fake answers once it has its world back.
    let running = sandbox.aws.world(|world| {
        let running = sandbox.command(&["process", "people"]).start();
        until("the renewal", || sandbox.aws.count("CreateToken") == 1);
        meanwhile(world);
        running
    });
    running.finish()
}

/// Writes a token over the one that is there, as a program does that knows nothing of our locks.
fn replace_token(
    sandbox: &Sandbox,
    world: &mut World,
    user: &str,
    mark: Option<&str>,
) -> serde_json::Value {
    let (now, text) = (sandbox.aws.now(), format!("TokenOf{user}{}", sandbox.id));
    *world = std::mem::take(world).sso_token(user, &text, now + 7_200);
    let mut file = serde_json::json!({"startUrl": start_url(sandbox), "region": "eu-west-1",
        "accessToken": text, "expiresAt": iso(now + 7_200)});
    if let Some(mark) = mark {
        file["rolecallFirstToken"] = mark.into();
    }
    sandbox.file(&token_file("corp"), file.to_string());
    file
}

#[test]
fn token_that_another_program_renewed_first_is_used() {
    // The AWS CLI leaves no mark of ours; another rolecall does.
    for marked in [false, true] {
        let sandbox = people();
        let old = log_in(&sandbox, "corp", -60);
        let first = sha256(old["accessToken"].as_str().unwrap());
        let mut written = serde_json::Value::Null;
        let run = during_renewal(&sandbox, |world| {
            world.sso.refresh_tokens.clear();
            written = replace_token(&sandbox, world, USER, marked.then_some(&first));
        });
        run.ok().silent();
        assert_eq!(sandbox.aws.count("CreateToken"), 1);
        assert_eq!(token(&sandbox), written);
    }
}

fn sha256(text: &str) -> String {
    let digest = ring::digest::digest(&ring::digest::SHA256, text.as_bytes());
    digest.as_ref().iter().map(|byte| format!("{byte:02x}")).collect()
}

#[test]
fn refused_renewal_without_a_new_token_needs_a_login() {
    let sandbox = people();
    log_in(&sandbox, "corp", -60);
    sandbox.aws.world(|world| world.sso.refresh_tokens.clear());
    let all: Vec<_> = (0..4).map(|_| sandbox.command(&["process", "people"]).start()).collect();
    for running in all {
        running.finish().fails(4).says(&["InvalidGrantException", "rolecall sso login"]);
    }
}

#[test]
fn logout_while_a_token_is_renewed_is_not_undone() {
    let sandbox = people();
    log_in(&sandbox, "corp", -60);
    let file = sandbox.path(&token_file("corp"));
    let run = during_renewal(&sandbox, |_| std::fs::remove_file(&file).unwrap());
    run.fails(4).error_form().says(&["rolecall sso login"]);
    assert!(!file.exists());
}

#[test]
fn login_of_another_person_while_a_token_is_renewed_stays() {
    const EVE: &str = "eve@example.com";
    let sandbox = people();
    log_in(&sandbox, "corp", -60);
    let mut of_eve = serde_json::Value::Null;
    let run = during_renewal(&sandbox, |world| {
        let all = vec![Statement::allow("*", "*")];
        *world = std::mem::take(world).sso_grant(EVE, DEV, "Developer", all);
        of_eve = replace_token(&sandbox, world, EVE, None);
    });
    let key = run.ok().key();
    assert_eq!(token(&sandbox), of_eve);
    let owner = sandbox.aws.world(|world| {
        let session = world.sessions.iter().find(|session| session.access_key_id == key).unwrap();
        format!("{:?}", session.owner)
    });
    assert!(owner.contains(EVE), "{owner}");
}

#[test]
fn endpoint_of_oidc_that_is_no_url_stops_renewals_alone() {
    let sandbox = people();
    sandbox.set("AWS_ENDPOINT_URL_SSO_OIDC", "localhost:4566");
    log_in(&sandbox, "corp", 7_200);
    let key = sandbox.run(&["process", "people"]).ok().silent().key();
    sandbox.run(&["process", "people", "-v"]).ok().says(&["AWS_ENDPOINT_URL_SSO_OIDC"]);
    sandbox.run(&["process", "prod"]).ok().silent();
    sandbox.run(&["whoami", "people"]).ok().silent();
    sandbox.run(&["explain", "people"]).ok();
    let doctor = sandbox.run(&["doctor", "people"]);
    let line = doctor.stdout.lines().find(|line| line.contains("AWS_ENDPOINT_URL_SSO_OIDC"));
    assert!(line.is_some_and(|line| line.contains("warning")), "{doctor:#?}");
    // The end of the token is near: it is used once more, or renewed, which needs the endpoint.
    log_in(&sandbox, "corp", 120);
    assert_eq!(sandbox.run(&["process", "people"]).ok().key(), key, "it is cached");
    sandbox.run(&["process", "people", "--no-cache"]).ok().silent();
    log_in(&sandbox, "corp", -60);
    let run = sandbox.run(&["process", "people", "--no-cache"]).fails(3).error_form();
    run.says(&["AWS_ENDPOINT_URL_SSO_OIDC", "localhost:4566"]);
    assert_eq!(sandbox.aws.count("CreateToken"), 0);
}
