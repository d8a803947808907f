//! `login`: sessions fetched ahead of time.

use serde_json::{Value, json};

use super::support::{BOB_MFA, DEV, Fault, Kind, Sandbox, role, time, until};

/// A profile of a role that demands MFA, with a session name of its own.
fn guarded(name: &str) -> String {
    format!(
        "[profile {name}]\nrole_arn = {}\nsource_profile = dev\nmfa_serial = {BOB_MFA}\nrole_session_name = name-{name}\n",
        role("guarded")
    )
}

fn plain(name: &str) -> String {
    format!(
        "[profile {name}]\nrole_arn = {}\nsource_profile = dev\nrole_session_name = name-{name}\n",
        role("other")
    )
}

fn closed(name: &str) -> String {
    format!("[profile {name}]\nrole_arn = {}\nsource_profile = dev\n", role("closed"))
}

fn code(sandbox: &Sandbox) -> String {
    sandbox.aws.mfa_code(DEV, "bob")
}

const SIX: [&str; 6] = ["p0", "p1", "p2", "p3", "p4", "p5"];

fn six() -> Sandbox {
    let sandbox = Sandbox::new();
    sandbox.config(&SIX.map(guarded).concat());
    sandbox
}

/// How often each call was made: sessions with MFA, and roles.
fn calls(sandbox: &Sandbox) -> (usize, usize) {
    (sandbox.aws.count("GetSessionToken"), sandbox.assumed())
}

#[test]
fn one_code_fetches_six_profiles() {
    let sandbox = six();
    let code = code(&sandbox);
    let run = sandbox.run(&[&["login"], &SIX[..], &["--mfa-token", &code]].concat()).ok().silent();
    assert_eq!(run.stdout, "");
    assert_eq!(calls(&sandbox), (1, 6));
    for name in SIX {
        sandbox.command(&["process", name]).without_terminal().run().ok().silent();
    }
    assert_eq!(calls(&sandbox), (1, 6));
}

#[test]
fn json_lists_result_of_each_profile_in_typed_order() {
    let sandbox = Sandbox::new();
    sandbox.config(&(plain("b") + &guarded("a") + &plain("c")));
    sandbox.run(&["process", "c"]).ok();
    let run = sandbox
        .run(&["login", "b", "a", "c", "b", "dev", "--json", "--mfa-token", &code(&sandbox)])
        .ok()
        .silent();
    let all = run.json();
    let of =
        |at: usize| [&all[at]["profile"], &all[at]["origin"], &all[at]["error"]].map(Value::clone);
    assert_eq!(of(0), [json!("b"), json!("new"), Value::Null]);
    assert_eq!(of(1), [json!("a"), json!("new"), Value::Null]);
    assert_eq!(of(2), [json!("c"), json!("cached"), Value::Null]);
    assert_eq!(of(3), [json!("dev"), json!("source"), Value::Null]);
    assert_eq!(all.as_array().unwrap().len(), 4);
    assert_eq!(all[3]["expiration"], Value::Null);
    let left = time(all[0]["expiration"].as_str().unwrap()) - sandbox.aws.now();
    assert!((3_500..=3_600).contains(&left), "{left}");
    for secret in sandbox.secrets() {
        assert!(!run.stdout.contains(&secret), "{run:#?}");
    }
}

#[test]
fn failed_profile_does_not_stop_others() {
    let sandbox = Sandbox::new();
    sandbox.config(
        &(plain("a")
            + &closed("shut")
            + "[profile wrong]\nrole_arn = nonsense\nsource_profile = dev\n"
            + &plain("z")),
    );
    let names = ["a", "shut", "wrong", "nobody", "z"];
    let run = sandbox.run(&[&["login"], &names[..]].concat()).fails(1);
    assert_eq!(run.stdout, "");
    run.says(&["error: ", "`shut`", "cause: ", "`wrong`", "role_arn", "`nobody`"]);
    assert_eq!(sandbox.assumed(), 3);
    let run = sandbox.run(&[&["login", "--json"], &names[..]].concat()).fails(1);
    let all = run.json();
    let origins: Vec<&Value> = all.as_array().unwrap().iter().map(|one| &one["origin"]).collect();
    assert_eq!(
        origins,
        [&json!("cached"), &Value::Null, &Value::Null, &Value::Null, &json!("cached")]
    );
    assert!(all[1]["error"].as_str().unwrap().contains("AccessDenied"), "{all:#}");
    // The first in the order of the names says the code.
    sandbox.run(&["login", "a", "wrong", "shut"]).fails(3);
    sandbox.run(&["login", "nobody"]).fails(3).error_form();
}

#[test]
fn mfa_token_without_mfa_session_serves_one_profile_only() {
    // Without the session that serves all, the code is good for one call.
    let sandbox = six();
    let args =
        ["login", "p0", "p1", "--no-mfa-session", "--no-input", "--mfa-token", &code(&sandbox)];
    let run = sandbox.run(&args).fails(4);
    run.says(&["`p1`", BOB_MFA, "hint: "]);
    assert_eq!(calls(&sandbox), (0, 1));
}

#[test]
fn login_without_terminal_exits_4_and_names_each_profile() {
    let sandbox = six();
    let run = sandbox.command(&["login", "p0", "dev", "p1"]).without_terminal().run().fails(4);
    assert_eq!(run.stderr.matches("error: ").count(), 2, "{run:#?}");
    run.says(&["`p0`", "`p1`", "--mfa-token"]);
    sandbox.no_calls();
}

#[test]
fn terminal_asks_once_and_shows_progress_of_each_profile() {
    let sandbox = six();
    let mut terminal = sandbox
        .command(&[&["login"], &SIX[..]].concat())
        .by_shell("exec \"$0\" \"$@\" 2>/dev/tty <&-")
        .on_a_terminal();
    terminal.wait_for("waiting for p0", 1);
    terminal.wait_for("MFA code", 1);
    terminal.enter(&format!("{}\n", code(&sandbox)));
    terminal.wait_for("p5: ok, 59m left", 1);
    let shown = terminal.shown();
    assert_eq!(shown.matches("MFA code").count(), 1, "{shown}");
    for name in SIX {
        assert!(shown.contains(&format!("{name}: ok")), "{shown}");
    }
    let run = terminal.finish().ok();
    assert_eq!(run.stdout, "");
    assert_eq!(calls(&sandbox), (1, 6));
}

#[test]
fn interrupt_at_question_ends_login_with_exit_130() {
    let sandbox = six();
    let mut terminal = sandbox.command(&["login", "p0", "p1", "--json"]).on_a_terminal();
    terminal.wait_for("MFA code", 1);
    terminal.enter("\u{3}");
    let run = terminal.finish().fails(130);
    assert_eq!(run.stdout, "");
    sandbox.no_calls();
}

#[test]
fn interrupt_during_call_prints_no_result_and_keeps_cached_session() {
    let sandbox = Sandbox::new();
    sandbox.config(&(plain("a") + &plain("b") + &plain("c")));
    sandbox.run(&["process", "a"]).ok();
    sandbox.aws.inject(Fault::once("AssumeRole", Kind::Hang));
    let running = sandbox.command(&["login", "a", "b", "c", "--json"]).start();
    until("the call", || sandbox.assumed() == 2);
    running.signal(rustix::process::Signal::INT);
    let run = running.finish().fails(130);
    assert_eq!((run.stdout.as_str(), run.stderr.as_str()), ("", "error: interrupted\n"));
    assert_eq!(sandbox.run(&["login", "a", "b", "--json"]).ok().json()[0]["origin"], "cached");
}

#[test]
fn profiles_that_share_mfa_session_are_fetched_first() {
    let sandbox = Sandbox::new();
    // The call of `own` would use the code up for itself alone.
    let own = format!(
        "[profile own]\nrole_arn = {}\nsource_profile = dev\nmfa_serial = {BOB_MFA}\nrolecall_mfa_session_duration = 0\n",
        role("guarded")
    );
    sandbox.config(&(own + &guarded("a") + &guarded("b")));
    let run = sandbox
        .run(&["login", "own", "a", "b", "--json", "--no-input", "--mfa-token", &code(&sandbox)])
        .fails(4);
    let all = run.json();
    let origins: Vec<&Value> = all.as_array().unwrap().iter().map(|one| &one["origin"]).collect();
    assert_eq!(origins, [&Value::Null, &json!("new"), &json!("new")]);
}

#[test]
fn all_option_fetches_every_valid_profile_with_a_role() {
    let sandbox = Sandbox::new();
    let broken = "[profile broken]\nrole_arn = nonsense\nsource_profile = dev\n";
    sandbox
        .config(&(plain("a") + "[profile settings]\nregion = eu-west-1\n" + broken + &plain("b")));
    let run = sandbox.run(&["login", "--all", "--json"]).ok().says(&["warning: ", "`broken`"]);
    let names: Vec<Value> =
        run.json().as_array().unwrap().iter().map(|one| one["profile"].clone()).collect();
    assert_eq!(names, ["a", "b"]);
    assert_eq!(sandbox.assumed(), 2);
    sandbox.run(&["login", "--all", "a"]).fails(2);
    sandbox.config("");
    assert_eq!(sandbox.run(&["login", "--all", "--json"]).ok().stdout, "[]\n");
}

#[test]
fn login_without_name_uses_default_chain() {
    let sandbox = Sandbox::new();
    sandbox.set("AWS_PROFILE", "prod");
    let all = sandbox.run(&["login", "--json"]).ok().json();
    assert_eq!((&all[0]["profile"], &all[0]["origin"]), (&json!("prod"), &json!("new")));
    sandbox.unset("AWS_PROFILE");
    sandbox.keys_in_environment();
    sandbox.run(&["login", "-v"]).ok().says(&["long-term keys, there is nothing to fetch"]);
    let all = sandbox.run(&["login", "--json"]).ok().json();
    assert_eq!((&all[0]["profile"], &all[0]["origin"]), (&Value::Null, &json!("source")));
}

#[test]
fn refresh_and_min_ttl_decide_what_is_fetched_anew() {
    let sandbox = Sandbox::new();
    let key = sandbox.run(&["process", "prod"]).ok().key();
    sandbox.run(&["login", "prod"]).ok();
    assert_eq!(sandbox.run(&["process", "prod"]).ok().key(), key);
    sandbox.run(&["login", "prod", "--refresh"]).ok();
    let fresh = sandbox.run(&["process", "prod"]).ok().key();
    assert_ne!(fresh, key);
    sandbox.run(&["login", "prod", "--min-ttl", "2h"]).ok();
    assert_ne!(sandbox.run(&["process", "prod"]).ok().key(), fresh);
    assert_eq!(sandbox.assumed(), 3);
    sandbox.run(&["login", "prod", "--duration", "2h"]).ok();
    sandbox.run(&["process", "prod", "--duration", "2h"]).ok();
    assert_eq!(sandbox.assumed(), 4);
    assert_eq!(sandbox.sent("DurationSeconds").as_deref(), Some("7200"));
}

#[test]
fn missing_sso_token_gives_same_error_as_process() {
    let sandbox = Sandbox::new();
    let sso = "[sso-session corp]\nsso_start_url = https://corp.awsapps.com/start\nsso_region = eu-west-1\n\
               [profile people]\nsso_session = corp\nsso_account_id = 111111111111\nsso_role_name = Developer\n";
    sandbox.config(&(sso.to_owned() + &plain("a")));
    let run = sandbox
        .run(&["login", "people", "a", "--json"])
        .fails(4)
        .says(&["rolecall sso login corp"]);
    assert_eq!(run.json()[1]["origin"], "new");
    assert_eq!(sandbox.run(&["process", "people"]).fails(4).stderr, run.stderr);
}

#[test]
fn output_that_cannot_be_written_is_an_error() {
    let sandbox = Sandbox::new();
    for args in [&["login", "prod", "--json"][..], &["sessions", "--json"], &["sessions"]] {
        let full = std::fs::File::options().write(true).open("/dev/full").unwrap();
        sandbox.command(args).stdout(full).run().fails(1).error_form();
    }
}

#[test]
fn store_none_gives_warning() {
    let sandbox = Sandbox::new();
    sandbox
        .run(&["login", "prod", "--store", "none"])
        .ok()
        .says(&["warning: ", "the store none keeps nothing"]);
}
