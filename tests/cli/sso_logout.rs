//! `rolecall sso logout`: one company's login, or all.

use serde_json::json;

use super::support::{DEV, Fault, Kind, Sandbox, Statement, iso, sso_token_file as token_file};

const USER: &str = "bob@example.com";
const EVE: &str = "eve@example.com";

/// Bob is logged in at `corp`, Eve at `other`; each may be `Developer` in the account `DEV`.
fn people() -> Sandbox {
    let sandbox = Sandbox::with_world(|world| {
        let all = || vec![Statement::allow("*", "*")];
        let world = world.sso_grant(USER, DEV, "Developer", all());
        world.sso_grant(EVE, DEV, "Developer", all())
    });
    let section = |name: &str| {
        format!(
            "[sso-session {name}]\nsso_start_url = https://{name}.awsapps.com/start\nsso_region = eu-west-1\n\
             [profile {name}-dev]\nsso_session = {name}\nsso_account_id = {DEV}\nsso_role_name = Developer\n"
        )
    };
    sandbox.config(&(section("corp") + &section("other")));
    for (name, user) in [("corp", USER), ("other", EVE)] {
        let (token, end) = (format!("Token{name}{}", sandbox.id), sandbox.aws.now() + 7_200);
        sandbox.aws.world(|world| *world = std::mem::take(world).sso_token(user, &token, end));
        let file = json!({"startUrl": format!("https://{name}.awsapps.com/start"),
            "region": "eu-west-1", "accessToken": token, "expiresAt": iso(end)});
        sandbox.file(&token_file(name), file.to_string());
    }
    sandbox.file(".aws/sso/cache/registration.json", r#"{"clientId": "x"}"#);
    sandbox
}

fn exists(sandbox: &Sandbox, name: &str) -> bool {
    sandbox.path(&token_file(name)).exists()
}

#[test]
fn logout_of_one_session_leaves_others_alone() {
    let sandbox = people();
    for profile in ["corp-dev", "other-dev"] {
        sandbox.run(&["process", profile]).ok();
    }
    let run = sandbox.run(&["sso", "logout", "corp", "-v"]).ok();
    run.says(&["1 session is forgotten", "signed out of corp"]);
    assert_eq!((exists(&sandbox, "corp"), exists(&sandbox, "other")), (false, true));
    let left = sandbox.aws.world(|world| world.sso.tokens.len());
    assert_eq!((sandbox.aws.count("Logout"), left), (1, 1), "AWS was told");
    sandbox.run(&["process", "corp-dev"]).fails(4).says(&["rolecall sso login corp"]);
    sandbox.run(&["process", "other-dev"]).ok().silent();
    assert_eq!(sandbox.aws.count("GetRoleCredentials"), 2, "the other one's session is kept");
    assert!(sandbox.path(".aws/sso/cache/registration.json").exists());
    // Once more there is nothing to do.
    sandbox.run(&["sso", "logout", "corp", "-v"]).ok().says(&["nobody was signed in to corp"]);
    // A profile names its session.
    sandbox.run(&["sso", "logout", "other-dev"]).ok();
    assert!(!exists(&sandbox, "other"));
}

#[test]
fn logout_of_all_ends_each_login_and_sessions_of_aws_cli() {
    let sandbox = people();
    sandbox.run(&["process", "corp-dev"]).ok();
    // A tool with a session that no file names.
    let (token, end) = (format!("TokenIde{}", sandbox.id), sandbox.aws.now() + 7_200);
    sandbox.aws.world(|world| *world = std::mem::take(world).sso_token(USER, &token, end));
    let file = json!({"region": "eu-west-1", "accessToken": token, "expiresAt": iso(end)});
    sandbox.file(".aws/sso/cache/0123.json", file.to_string());
    sandbox.file(".aws/cli/cache/one.json", r#"{"ProviderType": "sso", "Credentials": {}}"#);
    sandbox.file(".aws/cli/cache/two.json", r#"{"ProviderType": "assume-role"}"#);
    sandbox.file(".aws/cli/cache/three.json", "torn {");
    let run = sandbox.run(&["sso", "logout", "--all", "-v"]).ok();
    run.says(&["1 session is forgotten", "3 logins are ended"]);
    assert_eq!(sandbox.aws.count("Logout"), 3);
    assert!(sandbox.aws.world(|world| world.sso.tokens.is_empty()));
    let files = |folder: &str| {
        let all = std::fs::read_dir(sandbox.path(folder)).unwrap();
        let mut names: Vec<_> = all.map(|file| file.unwrap().file_name()).collect();
        names.sort();
        names
    };
    assert_eq!(files(".aws/sso/cache"), ["registration.json"]);
    assert_eq!(files(".aws/cli/cache"), ["three.json", "two.json"]);
}

#[test]
fn login_that_aws_does_not_know_is_taken_away_all_the_same() {
    let sandbox = people();
    sandbox.aws.world(|world| world.sso.tokens.clear());
    sandbox.run(&["sso", "logout", "corp"]).ok().silent();
    assert!(!exists(&sandbox, "corp"));
    sandbox.aws.inject(Fault::always("Logout", Kind::Reset));
    let run = sandbox.run(&["sso", "logout", "other"]).ok();
    run.says(&["warning: AWS could not be told"]);
    assert!(!exists(&sandbox, "other"));
}

#[test]
fn session_has_to_be_named_among_several() {
    let sandbox = people();
    sandbox
        .run(&["sso", "logout"])
        .fails(4)
        .error_form()
        .says(&["`corp`, `other`", "rolecall sso logout corp"]);
    sandbox.run(&["sso", "logout", "crop"]).fails(3).error_form();
    sandbox.run(&["sso", "logout", "corp", "--all"]).fails(2);
    assert!(exists(&sandbox, "corp") && exists(&sandbox, "other"));
    sandbox.no_calls();
}
