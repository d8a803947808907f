//! `rolecall whoami`.

use super::support::{DEV, PROD, Sandbox, time};

#[test]
fn whoami_shows_account_arn_user_and_expiration() {
    let sandbox = Sandbox::new();
    let name = format!("bob-{}", &sandbox.id[..8]);
    let arn = format!("arn:aws:sts::{PROD}:assumed-role/admin/{name}");
    let run = sandbox.run(&["whoami", "prod"]).ok().silent();
    for text in [PROD, &arn, "left"] {
        assert!(run.stdout.contains(text), "{run:#?}");
    }
    let json = sandbox.run(&["whoami", "prod", "--json"]).ok().silent().json();
    assert_eq!(json["account"], PROD);
    assert_eq!(json["arn"], arn.as_str());
    assert!(json["user_id"].as_str().unwrap().ends_with(&format!(":{name}")));
    assert!(time(json["expiration"].as_str().unwrap()) > sandbox.aws.now());
    assert_eq!((sandbox.assumed(), sandbox.aws.count("GetCallerIdentity")), (1, 2));
}

#[test]
fn long_term_keys_have_no_expiration() {
    let sandbox = Sandbox::new();
    let json = sandbox.run(&["whoami", "dev", "--json"]).ok().json();
    assert_eq!(json["arn"], format!("arn:aws:iam::{DEV}:user/bob"));
    assert!(json["expiration"].is_null());
}

#[test]
fn unknown_long_term_keys_are_error_without_refresh_hint() {
    let sandbox = Sandbox::new();
    sandbox.aws.world(|world| world.users.clear());
    let run = sandbox.run(&["whoami", "dev"]).fails(1).error_form();
    let run = run.says(&[
        "`dev`",
        "InvalidClientTokenId",
        "hint: see where they come from: rolecall explain dev",
    ]);
    assert!(!run.stderr.contains("--refresh"), "a file's keys stay as they are: {run:#?}");
    sandbox.keys_in_environment();
    let run = sandbox.run(&["whoami"]).fails(1).error_form();
    assert!(!run.stderr.contains("--refresh"), "{run:#?}");
}

#[test]
fn unknown_session_is_error_that_suggests_refresh() {
    let sandbox = Sandbox::new();
    sandbox.run(&["whoami", "prod"]).ok();
    sandbox.aws.world(|world| world.sessions.clear());
    let run = sandbox.run(&["whoami", "prod"]).fails(1).error_form();
    run.says(&["`prod`", "hint: fetch new ones: rolecall whoami prod --refresh"]);
    sandbox.run(&["whoami", "prod", "--refresh"]).ok();
}

#[test]
fn control_characters_in_arn_are_cleaned_in_text_and_kept_in_json() {
    let sandbox = Sandbox::new();
    let name = "bob\u{9b}2J\u{202e}";
    sandbox.aws.world(|world| world.users[0].name = name.to_owned());
    let run = sandbox.run(&["whoami", "dev"]).ok();
    assert!(run.stdout.contains("user/bob\u{fffd}2J\u{fffd}\n"), "{run:#?}");
    // Programs get it as it is.
    assert!(sandbox.run(&["whoami", "dev", "--json"]).ok().field("arn").ends_with(name));
}

#[test]
fn whoami_shows_no_secret() {
    let sandbox = Sandbox::new();
    for args in [&["whoami", "prod"][..], &["whoami", "prod", "--json"], &["whoami", "prod", "-vv"]]
    {
        let run = sandbox.run(args).ok();
        for secret in sandbox.secrets() {
            assert!(!run.stdout.contains(&secret), "{run:#?}");
        }
    }
}

#[test]
fn color_follows_option_then_no_color_then_clicolor_force() {
    let sandbox = Sandbox::new();
    let escapes = |args: &[&str]| sandbox.run(args).fails(3).stderr.contains('\u{1b}');
    assert!(!escapes(&["whoami", "nobody"]));
    assert!(escapes(&["whoami", "nobody", "--color", "always"]));
    sandbox.set("CLICOLOR_FORCE", "1");
    assert!(escapes(&["whoami", "nobody"]));
    sandbox.set("NO_COLOR", "1");
    assert!(!escapes(&["whoami", "nobody"]));
    assert!(escapes(&["whoami", "nobody", "--color", "always"]));
    sandbox.unset("NO_COLOR");
    assert!(!escapes(&["whoami", "nobody", "--color", "never"]));
}
