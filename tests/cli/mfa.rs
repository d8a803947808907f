//! Token codes: by option, by process, on the terminal, or not at all.

use super::support::{
    ADMIN, BOB_MFA, PROD, Sandbox, Terminal, code, guarded_config as config, has_ended, role,
};

const QUESTION: &str = "MFA code";

/// A profile `guarded`, whose role demands MFA.
fn guarded() -> Sandbox {
    let sandbox = Sandbox::new();
    sandbox.config(&config(""));
    sandbox
}

#[test]
fn code_of_mfa_token_option_gives_session_that_is_cached() {
    let sandbox = guarded();
    sandbox.run(&["process", "guarded", "--mfa-token", &code(&sandbox)]).ok();
    assert_eq!(sandbox.sent_to("GetSessionToken", "SerialNumber").as_deref(), Some(BOB_MFA));
    // The session is kept, so that the next call needs no code.
    sandbox.run(&["process", "guarded"]).ok();
    assert_eq!(sandbox.assumed(), 1);
}

#[test]
fn wrong_code_is_error_with_message_of_aws() {
    let sandbox = guarded();
    let right = code(&sandbox);
    let wrong = if right == "000000" { "000001" } else { "000000" };
    let run = sandbox.run(&["process", "guarded", "--mfa-token", wrong]).fails(1).error_form();
    run.says(&["MultiFactorAuthentication", "rolecall"]);
}

#[test]
fn denied_role_named_like_mfa_error_gets_no_hint_about_codes() {
    let name = "MultiFactorAuthentication";
    let sandbox = Sandbox::new();
    sandbox.config(&format!("[profile odd]\nrole_arn = {}\nsource_profile = dev\n", role(name)));
    let run = sandbox.run(&["process", "odd"]).fails(1).error_form();
    let run = run.says(&["AccessDenied", "rolecall policy trust odd"]);
    assert!(!run.stderr.contains("each works once"), "{run:#?}");
}

#[test]
fn code_comes_from_mfa_process_unless_option_gives_one() {
    let sandbox = guarded();
    let script = sandbox.script("code", "echo run >> \"$HOME/runs\"; cat \"$HOME/code\"");
    sandbox.file("code", format!("{}\n", code(&sandbox)));
    sandbox.config(&config(&format!("mfa_process = {script}\n")));
    sandbox.run(&["process", "guarded"]).ok().silent();
    // An option goes before it.
    let typed = code(&sandbox);
    sandbox.run(&["process", "guarded", "--refresh", "--mfa-token", &typed]).ok();
    assert_eq!(std::fs::read_to_string(sandbox.path("runs")).unwrap(), "run\n");
}

#[test]
fn mfa_process_that_prints_no_code_is_error() {
    let sandbox = guarded();
    for body in ["echo 12345", "echo hello", "true", "echo 'no device' >&2; exit 3", "kill -9 $$"] {
        let script = sandbox.script("code", body);
        sandbox.config(&config(&format!("mfa_process = {script}\n")));
        sandbox
            .run(&["process", "guarded"])
            .fails(1)
            .error_form()
            .says(&["mfa_process", "`guarded`"]);
    }
    sandbox.no_calls();
}

#[test]
fn mfa_process_of_source_profile_is_used() {
    let sandbox = guarded();
    let script = sandbox.script("code", &format!("echo {}", code(&sandbox)));
    sandbox.credentials(&format!("[dev]\n{}mfa_process = {script}\n", sandbox.key_lines()));
    sandbox.run(&["process", "guarded"]).ok();
}

#[test]
fn terminal_asks_for_code_and_names_profile_account_and_device() {
    let sandbox = guarded();
    let mut terminal = sandbox.command(&["process", "guarded"]).on_a_terminal();
    terminal.wait_for(QUESTION, 1);
    let shown = terminal.shown();
    for word in ["guarded", PROD, BOB_MFA] {
        assert!(shown.contains(word), "`{word}` is not in `{shown}`");
    }
    terminal.enter(&format!("{}\n", code(&sandbox)));
    let run = terminal.finish().ok().silent();
    assert!(run.key().starts_with("ASIA"));
    assert_eq!(sandbox.assumed(), 1);
}

#[test]
fn a_mistyped_code_is_asked_again_and_not_sent() {
    let sandbox = guarded();
    let mut terminal = sandbox.command(&["process", "guarded"]).on_a_terminal();
    terminal.wait_for(QUESTION, 1);
    terminal.enter("12345\n");
    terminal.wait_for(QUESTION, 2);
    terminal.enter("abcdef\n");
    terminal.wait_for(QUESTION, 3);
    terminal.enter(&format!(" {} \n", code(&sandbox)));
    terminal.finish().ok();
    assert_eq!(sandbox.assumed(), 1);
}

#[test]
fn three_mistyped_codes_end_run_with_exit_4() {
    let sandbox = guarded();
    let mut terminal = sandbox.command(&["process", "guarded"]).on_a_terminal();
    for time in 1..=3 {
        terminal.wait_for(QUESTION, time);
        terminal.enter("12\n");
    }
    terminal.finish().fails(4).error_form().says(&["`guarded`"]);
    sandbox.no_calls();
}

#[test]
fn end_of_input_at_question_ends_run_with_exit_4() {
    let sandbox = guarded();
    let mut terminal = sandbox.command(&["process", "guarded"]).on_a_terminal();
    terminal.wait_for(QUESTION, 1);
    terminal.enter("\u{4}");
    terminal.finish().fails(4).error_form();
}

#[test]
fn run_without_terminal_exits_4_without_a_call() {
    let sandbox = guarded();
    // A session without a controlling terminal, wherever the tests run.
    let run = sandbox.command(&["process", "guarded"]).without_terminal().run();
    run.fails(4).error_form().says(&["`guarded`", BOB_MFA, "--mfa-token"]);
    sandbox.no_calls();
}

#[test]
fn no_input_asks_nothing_even_on_a_terminal() {
    let sandbox = guarded();
    let terminal = sandbox.command(&["process", "guarded", "--no-input"]).on_a_terminal();
    terminal.finish().fails(4).error_form().says(&["--no-input", BOB_MFA]);
    sandbox.set("ROLECALL_NO_INPUT", "1");
    let terminal = sandbox.command(&["process", "guarded"]).on_a_terminal();
    let shown = terminal.shown();
    terminal.finish().fails(4).says(&["ROLECALL_NO_INPUT"]);
    assert_eq!(shown, "");
    sandbox.unset("ROLECALL_NO_INPUT");
    sandbox.file("xdg/config/rolecall/settings.ini", "no_input = true\n");
    sandbox.command(&["process", "guarded"]).on_a_terminal().finish().fails(4);
    sandbox.no_calls();
}

#[test]
fn interrupt_at_question_restores_terminal_and_leaves_no_lock() {
    let sandbox = guarded();
    let mut terminal = sandbox.command(&["process", "guarded"]).on_a_terminal();
    let before = terminal.modes();
    terminal.wait_for(QUESTION, 1);
    terminal.enter("123");
    terminal.enter("\u{3}");
    super::support::until("the end", || !terminal_runs(&terminal));
    let after = terminal.modes();
    assert_eq!(
        (before.input_modes, before.output_modes, before.control_modes, before.local_modes),
        (after.input_modes, after.output_modes, after.control_modes, after.local_modes)
    );
    terminal.finish().fails(130);
    sandbox.no_calls();
    assert!(!sandbox.path("xdg/state/rolecall/index.json").exists());
    // No lock is left: the next one asks at once.
    let mut terminal = sandbox.command(&["process", "guarded"]).on_a_terminal();
    terminal.wait_for(QUESTION, 1);
    terminal.enter(&format!("{}\n", code(&sandbox)));
    terminal.finish().ok();
}

fn terminal_runs(terminal: &Terminal) -> bool {
    !has_ended(terminal.running.pid())
}

#[test]
fn one_code_serves_five_waiting_processes() {
    let sandbox = guarded();
    let mut terminal = sandbox.command(&["process", "guarded"]).on_a_terminal();
    terminal.wait_for(QUESTION, 1);
    let others: Vec<_> = (0..5).map(|_| sandbox.command(&["process", "guarded"]).start()).collect();
    terminal.enter(&format!("{}\n", code(&sandbox)));
    let key = terminal.finish().ok().key();
    for other in others {
        assert_eq!(other.finish().ok().key(), key);
    }
    assert_eq!(sandbox.assumed(), 1);
}

#[test]
fn rolecall_confirm_asks_for_new_session_and_not_for_cached_one() {
    let sandbox = Sandbox::new();
    sandbox.config(&format!(
        "[profile prod]\nrole_arn = {ADMIN}\nsource_profile = dev\nrolecall_confirm = true\n"
    ));
    sandbox
        .command(&["process", "prod"])
        .without_terminal()
        .run()
        .fails(4)
        .error_form()
        .says(&["`prod`", "rolecall_confirm"]);
    for answer in ["n\n", "\n", "\u{4}"] {
        let mut terminal = sandbox.command(&["process", "prod"]).on_a_terminal();
        terminal.wait_for("[y/N]", 1);
        terminal.enter(answer);
        terminal.finish().fails(4).error_form();
    }
    sandbox.no_calls();
    let mut terminal = sandbox.command(&["process", "prod"]).on_a_terminal();
    terminal.wait_for("prod", 1);
    terminal.enter("y\n");
    terminal.finish().ok();
    // A cached session needs no second answer.
    sandbox.command(&["process", "prod"]).without_terminal().run().ok();
}

#[test]
fn mfa_serial_option_names_device() {
    let sandbox = Sandbox::new();
    let arn = role("guarded");
    let args = ["process", "dev", "--role-arn", &arn, "--mfa-serial", BOB_MFA, "--mfa-token"];
    sandbox.run(&[&args[..], &[&code(&sandbox)]].concat()).ok();
    assert_eq!(sandbox.sent_to("GetSessionToken", "SerialNumber").as_deref(), Some(BOB_MFA));
}

#[test]
fn typed_code_uses_device_that_only_source_profile_names() {
    let sandbox = guarded();
    sandbox.credentials(&format!("[dev]\n{}mfa_serial = {BOB_MFA}\n", sandbox.key_lines()));
    sandbox.config(&format!(
        "[profile guarded]\nrole_arn = {}\nsource_profile = dev\n",
        role("guarded")
    ));
    sandbox.run(&["process", "guarded"]).fails(1).error_form();
    sandbox.run(&["process", "guarded", "--mfa-token", &code(&sandbox)]).ok();
    assert_eq!(sandbox.sent_to("GetSessionToken", "SerialNumber").as_deref(), Some(BOB_MFA));
}
