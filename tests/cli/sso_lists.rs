//! `rolecall sso accounts` and `rolecall sso roles`: what IAM Identity Center lists, how it is asked,
//! and which login is meant.

use fake_aws::Limit;
use serde_json::{Value, json};

use super::support::sso_login::{ANN, CORP, assign, assigned, log_in};
use super::support::{Fault, Kind, Sandbox};

const LEGACY: &str = "[profile old]\nsso_start_url = https://old.awsapps.com/start\nsso_region = eu-west-1\nsso_account_id = 111111111111\nsso_role_name = Admin\n";

#[test]
fn accounts_are_sorted_by_name_and_those_without_come_last() {
    let sandbox = assigned(&[
        "222222222222 Shop Admin",
        "000000000042 - Admin",
        "333333333333 Ärzte_&_Co Admin",
        "111111111111 Shop Admin",
    ]);
    let run = sandbox.run(&["sso", "accounts"]).ok().silent();
    assert_eq!(
        run.stdout,
        "\
ACCOUNT       NAME        EMAIL
111111111111  Shop        111111111111@example.com
222222222222  Shop        222222222222@example.com
333333333333  Ärzte & Co  333333333333@example.com
000000000042  -           -
"
    );
    let json = sandbox.run(&["sso", "accounts", "corp", "--json"]).ok().silent().json();
    let first = json!({"account_id": "111111111111", "account_name": "Shop",
        "email": "111111111111@example.com"});
    assert_eq!(json[0], first);
    let last = json!({"account_id": "000000000042", "account_name": null, "email": null});
    assert_eq!(json[3], last);
}

#[test]
fn roles_are_listed_of_every_account_or_of_one_by_id_or_name() {
    let sandbox = assigned(&["222222222222 Shop Read Admin", "111111111111 Dev Admin"]);
    let all = "\
ACCOUNT       NAME  ROLE
111111111111  Dev   Admin
222222222222  Shop  Admin
222222222222  Shop  Read
";
    assert_eq!(sandbox.run(&["sso", "roles"]).ok().silent().stdout, all);
    let shop = all.replace("111111111111  Dev   Admin\n", "");
    for words in
        [&["corp", "222222222222"][..], &["corp", "Shop"], &["corp", "shop"], &["222222222222"]]
    {
        let run = sandbox.run(&[&["sso", "roles"], words].concat()).ok().silent();
        assert_eq!(run.stdout, shop, "{words:?}");
    }
    let json = sandbox.run(&["sso", "roles", "corp", "Dev", "--json"]).ok().json();
    let only = json!([{"account_id": "111111111111", "account_name": "Dev", "role_name": "Admin"}]);
    assert_eq!(json, only);
}

#[test]
fn name_of_two_accounts_is_error_with_both_ids() {
    let sandbox = assigned(&["222222222222 Shop Read", "111111111111 Shop Admin"]);
    let run = sandbox.run(&["sso", "roles", "corp", "Shop"]).fails(2).error_form();
    run.says(&["111111111111", "222222222222", "rolecall sso accounts corp"]);
    let run = sandbox.run(&["sso", "roles", "corp", "other"]).fails(2).error_form();
    run.says(&["`other`", "rolecall sso accounts corp"]);
    assert_eq!(sandbox.aws.count("ListAccountRoles"), 0);
}

#[test]
fn names_with_hostile_characters_are_shown_clean_and_given_whole_as_json() {
    let sandbox = assigned(&["111111111111 Dev Admin"]);
    let name = "a\u{1b}[2J\n\"b\" \u{202e}c";
    sandbox.aws.world(|world| *world = std::mem::take(world).account("111111111111", name));
    let run = sandbox.run(&["sso", "roles"]).ok();
    assert_eq!(run.stdout.lines().count(), 2);
    assert!(!run.stdout.contains('\u{1b}') && !run.stdout.contains('\u{202e}'), "{run:?}");
    let json = sandbox.run(&["sso", "accounts", "--json"]).ok().json();
    assert_eq!(json[0]["account_name"], name);
}

#[test]
fn all_pages_are_read_a_hundred_at_a_time() {
    let sandbox = assigned(&[]);
    for n in 0..205 {
        assign(&sandbox, &format!("{n:012} Account{n:03} Admin"));
    }
    for n in 0..101 {
        assign(&sandbox, &format!("000000000000 Account000 Role{n:03}"));
    }
    let json = sandbox.run(&["sso", "accounts", "--json"]).ok().json();
    assert_eq!(json.as_array().unwrap().len(), 205);
    let calls = sandbox.aws.calls();
    let pages: Vec<_> =
        calls.iter().map(|c| (c.param("max_result"), c.param("next_token"))).collect();
    let size = Some("100");
    assert_eq!(pages, [(size, None), (size, Some("100")), (size, Some("200"))]);
    let json = sandbox.run(&["sso", "roles", "000000000000", "--json"]).ok().json();
    assert_eq!(json.as_array().unwrap().len(), 102);
}

#[test]
fn calls_keep_to_rate_of_portal() {
    let sandbox = assigned(&[]);
    for n in 0..45 {
        assign(&sandbox, &format!("{n:012} Account{n:03} Admin"));
    }
    sandbox.aws.world(|world| world.sso.limit = Some(Limit::new(20)));
    let json = sandbox.run(&["sso", "roles", "--json"]).ok().silent().json();
    assert_eq!(json.as_array().unwrap().len(), 45);
    // None was refused, and none made twice.
    assert_eq!(sandbox.aws.count("ListAccountRoles"), 45);
}

#[test]
fn busy_portal_is_asked_again_and_given_up_after_max_attempts() {
    let sandbox = assigned(&["111111111111 Dev Admin", "222222222222 Shop Admin"]);
    sandbox.aws.inject(Fault::times("ListAccounts", 2, Kind::Throttle));
    sandbox.aws.inject(Fault::times("ListAccountRoles", 1, Kind::Status(503, String::new())));
    sandbox.aws.inject(Fault::times("ListAccountRoles", 1, Kind::Reset));
    let json = sandbox.run(&["sso", "roles", "--json"]).ok().silent().json();
    assert_eq!(json.as_array().unwrap().len(), 2);
    assert_eq!((sandbox.aws.count("ListAccounts"), sandbox.aws.count("ListAccountRoles")), (3, 4));
    sandbox.aws.clear_calls();
    sandbox.aws.inject(Fault::always("ListAccountRoles", Kind::Throttle));
    sandbox.set("AWS_MAX_ATTEMPTS", "2");
    let run = sandbox.run(&["sso", "roles", "corp", "Dev"]).fails(1).error_form();
    run.says(&["sso-session `corp`", "111111111111", "2 attempts failed"]);
    assert_eq!(sandbox.aws.count("ListAccountRoles"), 2);
}

#[test]
fn pages_that_lead_in_a_circle_end_in_error() {
    let sandbox = assigned(&["111111111111 Dev Admin"]);
    let page = r#"{"accountList":[{"accountId":"111111111111"}],"nextToken":"again"}"#;
    sandbox.aws.inject(Fault::always("ListAccounts", Kind::Status(200, page.to_owned())));
    sandbox.run(&["sso", "accounts"]).fails(1).error_form().says(&["without an end"]);
    assert_eq!(sandbox.aws.count("ListAccounts"), 2);
}

#[test]
fn refused_token_is_renewed_once_and_listing_goes_on() {
    let sandbox = assigned(&["111111111111 Dev Admin", "222222222222 Shop Admin"]);
    let refusal = || Kind::Refuse(401, "UnauthorizedException".to_owned(), "Gone".to_owned());
    for on in ["ListAccounts", "ListAccountRoles"] {
        sandbox.aws.inject(Fault::once(on, refusal()));
        let json = sandbox.run(&["sso", "roles", "--json"]).ok().silent().json();
        assert_eq!(json.as_array().unwrap().len(), 2, "{on}");
        assert_eq!(sandbox.aws.count("CreateToken"), 1, "{on}");
        sandbox.aws.clear_calls();
    }
    sandbox.aws.inject(Fault::always("ListAccounts", refusal()));
    let run = sandbox.run(&["sso", "accounts"]).fails(4).error_form();
    run.says(&["sso-session `corp` needs a login at https://corp.awsapps.com/start", "log in: "]);
    assert_eq!((sandbox.aws.count("CreateToken"), sandbox.aws.count("ListAccounts")), (1, 2));
}

#[test]
fn role_that_vanishes_meanwhile_is_warning() {
    let sandbox = assigned(&["111111111111 Dev Admin", "222222222222 Shop Admin"]);
    let gone = Kind::Refuse(403, "ForbiddenException".to_owned(), "No access".to_owned());
    sandbox.aws.inject(Fault::once("ListAccountRoles", gone));
    let run = sandbox.run(&["sso", "roles", "--json"]).ok();
    assert_eq!(run.json().as_array().unwrap().len(), 1);
    run.says(&["warning: ", "are not listed", "ForbiddenException"]);
}

#[test]
fn without_token_nobody_is_asked_and_exit_is_4() {
    let sandbox = Sandbox::empty();
    sandbox.config(CORP);
    for verb in ["accounts", "roles"] {
        let run = sandbox.run(&["sso", verb]).fails(4).error_form();
        run.says(&["sso-session `corp` needs a login", "config:2", "there is no token"]);
    }
    log_in(&sandbox, "corp", -60);
    sandbox.aws.world(|world| world.sso.refresh_tokens.clear());
    let run = sandbox.run(&["sso", "accounts"]).fails(4).error_form();
    run.says(&["sso-session `corp` needs a login", "InvalidGrantException"]);
}

/// What the fake hands out of the accounts that a command lists.
fn lists(sandbox: &Sandbox, words: &[&str]) -> bool {
    let run = sandbox.run(&[&["sso", "accounts", "--json"], words].concat());
    run.code == 0 && run.json() != Value::Null
}

#[test]
fn login_is_that_of_session_or_profile_or_selected_profile_or_only_one() {
    let sandbox = assigned(&["111111111111 Dev Admin"]);
    log_in(&sandbox, "https://old.awsapps.com/start", 7_200);
    sandbox.config(&format!("{CORP}{LEGACY}[profile dev]\nsso_session = corp\n"));
    for words in [&["corp"][..], &["dev"], &["old"], &[]] {
        assert!(lists(&sandbox, words), "{words:?}");
    }
    let two = format!(
        "{CORP}[sso-session other]\nsso_start_url = https://x.example\nsso_region = eu-west-1\n{LEGACY}[profile dev]\nsso_session = corp\n[profile plain]\nregion = eu-west-1\n[profile lost]\nsso_session = gone\n"
    );
    sandbox.config(&two);
    let run = sandbox.run(&["sso", "accounts"]).fails(4).error_form();
    run.says(&["`corp`, `other`", "rolecall sso accounts corp"]);
    sandbox.set("AWS_PROFILE", "dev");
    assert!(lists(&sandbox, &[]));
    sandbox.set("AWS_PROFILE", "old");
    assert!(lists(&sandbox, &[]));
    sandbox.run(&["sso", "accounts", "plain"]).fails(3).says(&["config:14", "has no login"]);
    sandbox.run(&["sso", "accounts", "lost"]).fails(3).says(&["config:17", "[sso-session gone]"]);
    sandbox.run(&["sso", "accounts", "nobody"]).fails(3).says(&["neither an sso-session `nobody`"]);
    sandbox.unset("AWS_PROFILE");
    sandbox.config("[default]\nregion = eu-west-1\n");
    let run = sandbox.run(&["sso", "accounts"]).fails(3).error_form();
    run.says(&["[sso-session …]", "rolecall profile add --sso-session"]);
}

#[test]
fn endpoint_of_services_section_of_profile_is_called() {
    let sandbox = assigned(&["111111111111 Dev Admin"]);
    sandbox.unset("AWS_ENDPOINT_URL_SSO");
    let url = sandbox.aws.url();
    sandbox.config(&format!(
        "{CORP}[services local]\nsso =\n  endpoint_url = {url}\n[profile dev]\nsso_session = corp\nservices = local\n"
    ));
    assert!(lists(&sandbox, &["dev"]));
    let (ann, call) = (ANN, sandbox.aws.calls().remove(0));
    let token = call.header("x-amz-sso_bearer_token").unwrap().to_owned();
    let owner = sandbox.aws.world(|world| world.sso.tokens[0].clone());
    assert_eq!((owner.user.as_str(), owner.text), (ann, token));
}
