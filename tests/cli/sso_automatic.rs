//! Logins at IAM Identity Center that start by themselves.

use fake_aws::Browser;

use super::sso_login::{USER, browse, people, token};
use super::support::{Run, Sandbox, sso_token_file as token_file, until};

/// Bob, whose browser notes each tab once it came back.
fn sandbox() -> Sandbox {
    let sandbox = people();
    browse(&sandbox, "echo tab >>\"$HOME/tabs\"; curl -sSL \"$1\" >\"$HOME/page\"");
    sandbox
}

fn tabs(sandbox: &Sandbox) -> usize {
    std::fs::read_to_string(sandbox.path("tabs")).map_or(0, |tabs| tabs.lines().count())
}

/// Runs the program where a person sees what it says.
fn attended(sandbox: &Sandbox, args: &[&str]) -> Run {
    sandbox.command(args).redirected("2>/dev/tty").on_a_terminal().finish()
}

fn forget(sandbox: &Sandbox) {
    std::fs::remove_file(sandbox.path(&token_file("corp"))).unwrap();
}

#[test]
fn verb_of_person_at_terminal_logs_in() {
    let sandbox = sandbox();
    let verbs: [&[&str]; 6] = [
        &["whoami", "people"],
        &["whoami", "prod", "--no-cache"],
        &["env", "people", "--shell", "sh"],
        &["exec", "people", "--", "true"],
        &["login", "people"],
        &["sso", "accounts", "corp"],
    ];
    for (done, args) in verbs.iter().enumerate() {
        attended(&sandbox, args).ok();
        assert_eq!(tabs(&sandbox), done + 1, "{args:?}");
        // Now there is a token.
        attended(&sandbox, args).ok();
        assert_eq!(tabs(&sandbox), done + 1, "{args:?}");
        forget(&sandbox);
    }
}

#[test]
fn login_says_why_it_starts() {
    let sandbox = sandbox();
    let command = sandbox.command(&["whoami", "people"]).redirected("2>/dev/tty");
    let terminal = command.on_a_terminal();
    terminal.wait_for("profile `people` needs a login at https://", 1);
    terminal.wait_for("/authorize?", 1);
    terminal.finish().ok();
}

#[test]
fn without_person_there_is_the_command_instead() {
    let sandbox = sandbox();
    let command = "hint: log in: rolecall sso login corp";
    sandbox.run(&["whoami", "people"]).fails(4).error_form().says(&[command]);
    sandbox.run(&["sso", "accounts", "corp"]).fails(4).error_form().says(&[command]);
    let shown = |args: &[&str]| {
        let all = sandbox.command(args).redirected("2>/dev/tty");
        let terminal = all.on_a_terminal();
        terminal.wait_for("log in: rolecall sso login corp", 1);
        terminal.finish().fails(4);
    };
    shown(&["process", "people"]);
    shown(&["whoami", "people", "--no-input"]);
    sandbox.settings("sso_login = never\n");
    shown(&["whoami", "people"]);
    assert_eq!(tabs(&sandbox), 0);
    sandbox.settings("sso_login = sometimes\n");
    let run = sandbox.run(&["whoami", "people"]).fails(3).error_form();
    run.says(&["sso_login must be always, terminal or never, not `sometimes`"]);
}

#[test]
fn sdk_logs_in_where_setting_allows_it_and_a_browser_is_there() {
    let sandbox = sandbox();
    sandbox.settings("sso_login = always\n");
    sandbox.run(&["process", "people"]).ok();
    assert_eq!(tabs(&sandbox), 1);
    forget(&sandbox);
    sandbox.run(&["process", "people", "--no-input"]).fails(4).error_form();
    // Nobody would see the code.
    let config = std::fs::read_to_string(sandbox.path(".aws/config")).unwrap();
    sandbox.config(&config.replace("sso_use_device_code = false", "sso_use_device_code = true"));
    sandbox.run(&["process", "people"]).fails(4).error_form().says(&["rolecall sso login corp"]);
    assert_eq!(tabs(&sandbox), 1);
}

#[test]
fn twenty_that_need_login_open_one_tab() {
    let sandbox = sandbox();
    sandbox.settings("sso_login = always\n");
    let tab = "echo tab >>\"$HOME/tabs\"; sleep 2; curl -sSL \"$1\" >\"$HOME/page\"";
    browse(&sandbox, tab);
    let profile = |n: usize| if n.is_multiple_of(2) { "people" } else { "prod" };
    let all: Vec<_> = (0..20).map(|n| sandbox.command(&["process", profile(n)]).start()).collect();
    for running in all {
        running.finish().ok();
    }
    assert_eq!((tabs(&sandbox), sandbox.aws.count("CreateToken")), (1, 1));
}

#[test]
fn all_profiles_of_session_are_logged_in_once_and_a_refusal_is_not_asked_for_again() {
    let sandbox = sandbox();
    let more = "[profile more]\nsso_session = corp\nsso_account_id = 1\nsso_role_name = x\nregion = eu-west-1\n";
    let config = std::fs::read_to_string(sandbox.path(".aws/config")).unwrap();
    sandbox.config(&format!("{}{more}", config.split("[profile legacy]").next().unwrap()));
    sandbox.aws.world(|world| world.sso.browser = Browser::Refuses("no".to_owned()));
    attended(&sandbox, &["login", "--all"]).fails(4);
    assert_eq!(tabs(&sandbox), 1);
    sandbox.aws.world(|world| world.sso.browser = Browser::Agrees(USER.to_owned()));
    attended(&sandbox, &["login", "people", "prod"]).ok();
    assert_eq!(tabs(&sandbox), 2);
}

#[test]
fn token_that_is_refused_is_replaced_by_login() {
    let sandbox = sandbox();
    for args in [&["whoami", "people", "--no-cache"][..], &["sso", "accounts", "corp"]] {
        sandbox.run(&["sso", "login", "corp"]).ok();
        let (before, old) = (tabs(&sandbox), token(&sandbox, "corp"));
        // Somebody has ended it elsewhere, with its renewal.
        sandbox.aws.world(|world| {
            world.sso.tokens.clear();
            world.sso.refresh_tokens.clear();
        });
        attended(&sandbox, args).ok();
        until("the tab", || tabs(&sandbox) == before + 1);
        assert_ne!(token(&sandbox, "corp")["accessToken"], old["accessToken"], "{args:?}");
    }
}
