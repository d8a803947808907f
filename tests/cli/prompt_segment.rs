//! `rolecall prompt`: one line, from the environment and the index alone.

use super::support::{INDEX, PROD, Sandbox};

/// An end that is far enough for the line to be the same for a while.
fn in_an_hour_and_a_half(sandbox: &Sandbox) -> String {
    chrono::DateTime::from_timestamp(sandbox.aws.now() + 5_430, 0).unwrap().to_rfc3339()
}

fn with_settings(text: &str) -> Sandbox {
    let sandbox = Sandbox::new();
    sandbox.settings(text);
    sandbox
}

#[test]
fn prompt_is_empty_without_active_profile() {
    let sandbox = Sandbox::new();
    sandbox.unset("AWS_PROFILE");
    assert_eq!(sandbox.run(&["prompt"]).ok().silent().stdout, "");
    assert_eq!(sandbox.run(&["prompt", "--json"]).ok().silent().stdout, "null\n");
    sandbox.no_calls();
}

#[test]
fn prompt_shows_profile_account_and_time_left() {
    let sandbox = with_settings("");
    sandbox.set("ROLECALL_PROFILE", "prod");
    sandbox.set("AWS_CREDENTIAL_EXPIRATION", in_an_hour_and_a_half(&sandbox));
    assert_eq!(sandbox.run(&["prompt"]).ok().silent().stdout, "prod 1h 30m\n");
    // What was fetched once is known by the index.
    sandbox.run(&["process", "prod"]).ok();
    assert_eq!(sandbox.run(&["prompt"]).ok().silent().stdout, format!("prod {PROD} 1h 30m\n"));
    sandbox.set("AWS_CREDENTIAL_EXPIRATION", "2001-01-01T00:00:00Z");
    assert_eq!(sandbox.run(&["prompt"]).ok().silent().stdout, format!("prod {PROD} expired\n"));
    sandbox.set("AWS_CREDENTIAL_EXPIRATION", "soon");
    assert_eq!(sandbox.run(&["prompt"]).ok().silent().stdout, format!("prod {PROD} 59m\n"));
}

#[test]
fn prompt_shows_profile_named_by_aws_profile() {
    let sandbox = with_settings(&format!("[accounts]\n{PROD} = Production\n"));
    sandbox.set("AWS_PROFILE", "prod");
    assert_eq!(sandbox.run(&["prompt"]).ok().silent().stdout, "prod\n");
    sandbox.run(&["process", "prod"]).ok();
    assert_eq!(sandbox.run(&["prompt"]).ok().silent().stdout, "prod Production 59m\n");
}

#[test]
fn json_holds_profile_account_color_text_and_expiration() {
    let sandbox =
        with_settings(&format!("[colors]\n*prod* = bright-red\n[accounts]\n{PROD} = Production\n"));
    sandbox.run(&["process", "prod"]).ok();
    sandbox.set("AWS_PROFILE", "prod");
    let json = sandbox.run(&["prompt", "--json"]).ok().silent().json();
    assert_eq!((json["profile"].as_str(), json["account"].as_str()), (Some("prod"), Some(PROD)));
    assert_eq!(
        (json["account_name"].as_str(), json["left"].as_str()),
        (Some("Production"), Some("59m"))
    );
    assert_eq!(
        (json["color"].as_str(), json["text"].as_str()),
        (Some("bright-red"), Some("prod Production 59m"))
    );
    assert!(json["expiration"].as_str().is_some_and(|end| end.ends_with('Z')));
}

#[test]
fn matching_pattern_colors_prompt_unless_color_is_off() {
    let sandbox = with_settings("[colors]\n*prod* = red\n");
    sandbox.set("ROLECALL_PROFILE", "my-prod");
    let shown = |args: &[&str]| sandbox.run(&[&["prompt"], args].concat()).ok().silent().stdout;
    assert_eq!(shown(&[]), "\u{1b}[31mmy-prod\u{1b}[0m\n");
    assert_eq!(shown(&["--shell", "zsh"]), "%{\u{1b}[31m%}my-prod%{\u{1b}[0m%}\n");
    assert_eq!(shown(&["--shell", "bash"]), "\u{1}\u{1b}[31m\u{2}my-prod\u{1}\u{1b}[0m\u{2}\n");
    assert_eq!(shown(&["--color", "never"]), "my-prod\n");
    sandbox.set("NO_COLOR", "1");
    assert_eq!(shown(&[]), "my-prod\n");
    assert_eq!(shown(&["--color", "always"]), "\u{1b}[31mmy-prod\u{1b}[0m\n");
}

/// It is drawn before every command: whatever is broken, it says what it knows.
#[test]
fn prompt_opens_neither_store_nor_shared_files() {
    let sandbox = with_settings("");
    sandbox.config("[nonsense\n");
    sandbox.set("ROLECALL_STORE", "keyring");
    sandbox.set("DBUS_SESSION_BUS_ADDRESS", "unix:path=/nonsense");
    sandbox.file(INDEX, "{ nonsense");
    sandbox.set("ROLECALL_PROFILE", "prod");
    assert_eq!(sandbox.run(&["prompt", "-v"]).ok().silent().stdout, "prod\n");
    sandbox.no_calls();
}
