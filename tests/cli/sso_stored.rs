//! `sso_token_store = keyring`: the token of a login in the store, for rolecall alone.

use serde_json::Value;

use super::sso_login::{USER, people, start_url};
use super::support::{Sandbox, iso, sso_token_file as token_file};

const RECORDS: &str = "xdg/state/rolecall/sso.json";

/// Bob, whose tokens go to the store `file`.
fn stored() -> Sandbox {
    let sandbox = people();
    sandbox.settings("sso_token_store = keyring\n");
    sandbox.set("ROLECALL_STORE", "file");
    sandbox.set("ROLECALL_FILE_PASSPHRASE", "correct horse battery staple");
    sandbox.secret("correct horse battery staple");
    sandbox
}

/// Takes away what opens the store.
fn close(sandbox: &Sandbox) {
    sandbox.close_store();
    sandbox.unset("ROLECALL_FILE_PASSPHRASE");
}

fn records(sandbox: &Sandbox) -> Value {
    serde_json::from_slice(&std::fs::read(sandbox.path(RECORDS)).unwrap()).unwrap()
}

/// Leaves a token in the file, as the AWS CLI does.
fn log_in_by_file(sandbox: &Sandbox) {
    let (token, end) = (format!("FileToken{}", sandbox.id), sandbox.aws.now() + 7_200);
    sandbox.aws.world(|world| *world = std::mem::take(world).sso_token(USER, &token, end));
    let file = serde_json::json!({"startUrl": start_url(sandbox), "region": "eu-west-1",
        "accessToken": token, "expiresAt": iso(end)});
    sandbox.file(&token_file("corp"), file.to_string());
}

#[test]
fn login_goes_to_store_serves_all_verbs_and_leaves_no_file() {
    let sandbox = stored();
    let run = sandbox.run(&["sso", "login", "corp", "-v"]).ok();
    run.says(&["signed in to corp", "kept in the store file, for rolecall alone"]);
    assert!(!sandbox.path(&token_file("corp")).exists());
    let token = sandbox.aws.world(|world| world.sso.tokens[0].text.clone());
    let text = records(&sandbox).to_string();
    assert!(text.contains(r#""store":"file""#) && !text.contains(&token), "{text}");
    sandbox.run(&["process", "people"]).ok().silent();
    sandbox.run(&["process", "prod"]).ok().silent();
    assert_eq!(sandbox.aws.count("GetRoleCredentials"), 1, "its session is cached");
    sandbox.run(&["sso", "accounts", "corp"]).ok().silent();
    // The legacy form has no name but its start URL.
    sandbox.run(&["sso", "login", "legacy"]).ok();
    sandbox.run(&["process", "legacy"]).ok().silent();
    assert_eq!(records(&sandbox).as_object().unwrap().len(), 2);
}

#[test]
fn what_shows_profiles_opens_no_store() {
    let sandbox = stored();
    sandbox.run(&["sso", "login", "corp"]).ok();
    close(&sandbox);
    sandbox.run(&["explain", "people"]).ok().silent();
    sandbox.run(&["list"]).ok().silent();
    sandbox.run(&["prompt"]).ok();
    let run = sandbox.run(&["doctor", "people"]);
    assert!(run.stdout.contains("token in the store file: 7h"), "{run:#?}");
}

#[test]
fn token_is_renewed_in_its_store_and_sessions_stay() {
    let sandbox = stored();
    sandbox.aws.world(|world| world.sso.token_seconds = 60);
    sandbox.run(&["sso", "login", "corp"]).ok();
    let before = records(&sandbox)["corp"].clone();
    sandbox.aws.world(|world| world.sso.token_seconds = 28_800);
    sandbox.run(&["process", "people"]).ok().silent();
    assert_eq!(sandbox.aws.count("CreateToken"), 2);
    let after = records(&sandbox)["corp"].clone();
    assert_eq!(after["login"], before["login"], "it is the same login");
    assert_ne!(after["expires_at"], before["expires_at"]);
    sandbox.run(&["process", "people"]).ok();
    sandbox.run(&["process", "people", "--no-cache"]).ok();
    assert_eq!(sandbox.aws.count("CreateToken"), 2, "the renewed one was kept");
    assert_eq!(sandbox.aws.count("GetRoleCredentials"), 2);
    // A new login has sessions of its own.
    sandbox.run(&["sso", "login", "corp"]).ok();
    sandbox.run(&["process", "people"]).ok();
    assert_eq!(sandbox.aws.count("GetRoleCredentials"), 3);
}

#[test]
fn many_processes_renew_a_stored_token_once() {
    let sandbox = stored();
    sandbox.aws.world(|world| world.sso.token_seconds = 60);
    sandbox.run(&["sso", "login", "corp"]).ok();
    sandbox.aws.world(|world| world.sso.token_seconds = 28_800);
    let args = ["process", "people", "--no-cache"];
    let running: Vec<_> = (0..6).map(|_| sandbox.command(&args).start()).collect();
    for run in running {
        run.finish().ok();
    }
    assert_eq!(sandbox.aws.count("CreateToken"), 2);
}

#[test]
fn closed_store_is_an_error_of_the_store_and_process_asks_nobody() {
    let sandbox = stored();
    sandbox.run(&["sso", "login", "corp"]).ok();
    close(&sandbox);
    let run = sandbox.run(&["process", "people", "--no-cache"]).fails(5).error_form();
    run.says(&["settings.ini:1", "the token of the login at corp", "ROLECALL_FILE_PASSPHRASE"]);
    assert_eq!(sandbox.aws.count("GetRoleCredentials"), 0);
    // Nobody signs in for a token that cannot be kept.
    let run = sandbox.run(&["sso", "login", "corp"]).fails(5).error_form();
    run.says(&["settings.ini:1"]);
    assert_eq!(sandbox.aws.count("Authorize"), 1);
}

#[test]
fn absent_keyring_is_an_error_before_anybody_signs_in() {
    let sandbox = stored();
    sandbox.set("ROLECALL_STORE", "keyring");
    let run = sandbox.run(&["sso", "login", "corp"]).fails(5).error_form();
    run.says(&["the store keyring", "ROLECALL_STORE=file"]);
    let run = sandbox.run(&["process", "people", "--no-cache"]).fails(5).error_form();
    run.says(&["the store keyring", "rolecall doctor --store keyring"]);
    sandbox.no_calls();
}

#[test]
fn logout_ends_stored_login_and_that_of_the_file() {
    let sandbox = stored();
    sandbox.run(&["sso", "login", "corp"]).ok();
    sandbox.run(&["process", "people"]).ok();
    log_in_by_file(&sandbox);
    let run = sandbox.run(&["sso", "logout", "corp", "-v"]).ok();
    run.says(&["1 session is forgotten", "signed out of corp"]);
    assert_eq!(sandbox.aws.count("Logout"), 2);
    assert!(sandbox.aws.world(|world| world.sso.tokens.is_empty()));
    assert!(!sandbox.path(&token_file("corp")).exists());
    assert_eq!(records(&sandbox).as_object().unwrap().len(), 0);
    sandbox.run(&["process", "people"]).fails(4).says(&["rolecall sso login corp"]);
    sandbox.run(&["sso", "logout", "corp", "-v"]).ok().says(&["nobody was signed in to corp"]);
    // All of them, whichever store is chosen by now.
    for name in ["corp", "legacy"] {
        sandbox.run(&["sso", "login", name]).ok();
    }
    log_in_by_file(&sandbox);
    sandbox.set("ROLECALL_STORE", "none");
    sandbox.settings("");
    sandbox.run(&["sso", "logout", "--all", "-v"]).ok().says(&["3 logins are ended"]);
    assert!(sandbox.aws.world(|world| world.sso.tokens.is_empty()));
}

#[test]
fn setting_says_where_a_token_is_looked_for() {
    let sandbox = stored();
    log_in_by_file(&sandbox);
    sandbox.run(&["process", "people"]).fails(4).says(&["there is no token of a login"]);
    sandbox.run(&["sso", "login", "corp"]).ok();
    let run = sandbox.run(&["doctor", "people"]);
    let both = "another token lies in ~/.aws/sso/cache";
    assert!(
        run.stdout.contains(both) && run.stdout.contains("rolecall sso logout corp"),
        "{run:#?}"
    );
    sandbox.settings("sso_token_store = cache\n");
    let run = sandbox.run(&["doctor", "people"]);
    assert!(run.stdout.contains("another token lies in the store"), "{run:#?}");
    sandbox.run(&["process", "people", "--no-cache"]).ok();
}

#[test]
fn login_into_another_store_needs_no_old_one() {
    let sandbox = stored();
    sandbox.run(&["sso", "login", "corp"]).ok();
    let moved = records(&sandbox).to_string().replace(r#""file""#, r#""keyring""#);
    sandbox.file(RECORDS, moved);
    let run = sandbox.run(&["sso", "login", "corp"]).ok();
    run.says(&["warning: the token of the login at corp that was kept before"]);
    assert_eq!(records(&sandbox)["corp"]["store"], "file");
    sandbox.run(&["process", "people"]).ok().silent();
}

#[test]
fn lost_record_is_found_again_in_the_store() {
    let sandbox = stored();
    sandbox.run(&["sso", "login", "corp"]).ok();
    let before = records(&sandbox);
    std::fs::remove_file(sandbox.path(RECORDS)).unwrap();
    sandbox.run(&["process", "people"]).ok();
    assert_eq!(records(&sandbox)["corp"]["login"], before["corp"]["login"]);
    sandbox.run(&["process", "people"]).ok();
    sandbox.run(&["process", "people"]).ok();
    assert_eq!(sandbox.aws.count("GetRoleCredentials"), 2, "then sessions are cached again");
}
