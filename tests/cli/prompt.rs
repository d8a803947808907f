//! The ladder of asking as a whole: its order, what is said of a rung that is passed over, and the
//! streams that it leaves alone.

use super::support::{BOB_MFA, PROD, Sandbox, code, guarded, guarded_config, until, wrong_code};

pub(super) const QUESTION: &str = "MFA code of";

/// Fakes of all programs, each of which notes that it was run and gives a code.
fn with_everything() -> Sandbox {
    let sandbox = guarded();
    let code = code(&sandbox);
    let ran = |name: &str| format!("echo {name} >> \"$HOME/ran\"");
    let process = sandbox.script("mfa", &format!("{}\necho {code}", ran("process")));
    sandbox.config(&guarded_config(&format!("mfa_process = {process}\nmfa_yubikey_oath = aws\n")));
    sandbox.script("ykman", &format!("{}\necho {code}", ran("ykman")));
    sandbox.script(
        "pinentry",
        &super::pinentry::fake(
            &format!("{}; echo 'D {code}'; echo OK", ran("pinentry")),
            "echo OK",
        ),
    );
    sandbox.script("zenity", &format!("{}\necho {code}", ran("dialog")));
    sandbox.set("DISPLAY", ":99");
    sandbox
}

pub(super) fn ran(sandbox: &Sandbox) -> String {
    std::fs::read_to_string(sandbox.path("ran")).unwrap_or_default().replace('\n', " ")
}

#[test]
fn default_order_is_process_ykman_tty_pinentry_dialog() {
    // Each time one more is not there.
    let order = ["process", "ykman", "pinentry", "dialog"];
    for (absent, first) in order.iter().enumerate() {
        let sandbox = with_everything();
        for rung in &order[..absent] {
            match *rung {
                "process" => drop(sandbox.config(&guarded_config("mfa_yubikey_oath = aws\n"))),
                program => std::fs::remove_file(sandbox.path("bin").join(program)).unwrap(),
            }
        }
        sandbox.command(&["process", "guarded"]).without_terminal().run().ok().silent();
        assert_eq!(ran(&sandbox), format!("{first} "));
    }
    let sandbox = with_everything();
    sandbox.config(&guarded_config(""));
    std::fs::remove_file(sandbox.path("bin/ykman")).unwrap();
    let mut terminal = sandbox.command(&["process", "guarded"]).on_a_terminal();
    terminal.wait_for(QUESTION, 1);
    terminal.enter(&format!("{}\n", code(&sandbox)));
    terminal.finish().ok();
    assert_eq!(ran(&sandbox), "");
}

#[test]
fn variable_or_setting_chooses_order_of_methods() {
    let rows = [
        (Some("dialog,process"), None, "dialog "),
        (Some(" PINENTRY , dialog"), None, "pinentry "),
        (Some("tty,ykman"), None, "ykman "),
        (None, Some("dialog"), "dialog "),
        // The environment goes before the settings.
        (Some("pinentry"), Some("dialog"), "pinentry "),
        (None, None, "process "),
    ];
    for (environment, setting, first) in rows {
        let sandbox = with_everything();
        if let Some(order) = environment {
            sandbox.set("ROLECALL_PROMPT", order);
        }
        if let Some(order) = setting {
            sandbox.file("xdg/config/rolecall/settings.ini", format!("prompt = {order}\n"));
        }
        sandbox.command(&["process", "guarded"]).without_terminal().run().ok().silent();
        assert_eq!(ran(&sandbox), first, "{environment:?} {setting:?}");
    }
    // A code that is there already is always first.
    let sandbox = with_everything();
    sandbox.set("ROLECALL_PROMPT", "dialog");
    sandbox
        .command(&["process", "guarded", "--mfa-token", &code(&sandbox)])
        .without_terminal()
        .run()
        .ok();
    assert_eq!(ran(&sandbox), "");
}

#[test]
fn method_outside_chosen_order_is_not_asked() {
    let sandbox = with_everything();
    sandbox.set("ROLECALL_PROMPT", "tty");
    let run =
        sandbox.command(&["process", "guarded"]).without_terminal().run().fails(4).error_form();
    run.says(&["tty: there is no terminal", "--mfa-token CODE", "`guarded`", BOB_MFA]);
    assert_eq!(ran(&sandbox), "");
    sandbox.no_calls();
}

#[test]
fn unknown_method_is_error_that_names_known_ones() {
    let sandbox = guarded();
    let known = "process, seed, ykman, tty, pinentry, dialog";
    sandbox.set("ROLECALL_PROMPT", "tty,carrier-pigeon");
    sandbox.run(&["process", "guarded"]).fails(3).error_form().says(&[
        "ROLECALL_PROMPT",
        "`carrier-pigeon`",
        known,
    ]);
    sandbox.unset("ROLECALL_PROMPT");
    sandbox.file("xdg/config/rolecall/settings.ini", "prompt = zenity\n");
    sandbox.run(&["process", "guarded"]).fails(3).error_form().says(&[
        "settings.ini",
        "`zenity`",
        known,
    ]);
}

#[test]
fn each_skipped_method_says_why() {
    let sandbox = guarded();
    let run = sandbox.command(&["process", "guarded", "-v"]).without_terminal().run().fails(4);
    run.says(&[
        "not asking by token: ",
        "not asking by process: the profile has no mfa_process",
        "not asking by seed: ",
        "not asking by ykman: ykman is not on PATH",
        "not asking by tty: there is no terminal",
        "not asking by pinentry: pinentry is not on PATH",
        "not asking by dialog: none of zenity, kdialog, powershell.exe is on PATH",
    ]);
    // Without -v the error says it all in one line.
    let run =
        sandbox.command(&["process", "guarded"]).without_terminal().run().fails(4).error_form();
    let cause = run.stderr.lines().find(|line| line.starts_with("cause: ")).unwrap();
    for rung in ["process: ", "ykman: ", "tty: ", "pinentry: ", "dialog: "] {
        assert!(cause.contains(rung), "`{rung}` is not in `{cause}`");
    }
    sandbox.script("zenity", "exit 1");
    sandbox
        .command(&["process", "guarded", "-v"])
        .without_terminal()
        .run()
        .fails(4)
        .says(&["not asking by dialog: there is no display"]);
    sandbox.set("SSH_CONNECTION", "10.0.0.1 1 10.0.0.2 22");
    sandbox
        .command(&["process", "guarded", "-v"])
        .without_terminal()
        .run()
        .fails(4)
        .says(&["there is no display: this is a session of SSH (SSH_CONNECTION is set)"]);
    let run = sandbox
        .command(&["process", "guarded", "-v", "--no-input"])
        .without_terminal()
        .run()
        .fails(4);
    run.says(&[
        "not asking by ykman: input is switched off",
        "not asking by tty: input is switched off",
    ]);
    sandbox.no_calls();
}

/// How SDKs hand their streams on to a `credential_process` (stdout and stderr are pipes with all
/// of them).
const STREAMS: [(&str, &str); 5] = [
    ("botocore, whose stdin is the caller's", "exec \"$0\" \"$@\""),
    ("botocore in a service", "exec \"$0\" \"$@\" </dev/null"),
    ("Go, which closes stdin", "exec \"$0\" \"$@\" <&-"),
    ("Java, whose stdin is a pipe that stays open", "sleep 1 | \"$0\" \"$@\""),
    (
        "JavaScript, whose stdin is a pipe, here with something in it for others",
        "echo 'left alone' | { \"$0\" \"$@\"; code=$?; read -r line; [ \"$line\" = 'left alone' ] || exit 99; exit $code; }",
    ),
];

#[test]
fn terminal_is_asked_with_streams_of_each_sdk() {
    for (who, line) in STREAMS {
        let sandbox = guarded();
        let mut terminal = sandbox.command(&["process", "guarded"]).by_shell(line).on_a_terminal();
        terminal.wait_for(QUESTION, 1);
        terminal.enter(&format!("{}\n", code(&sandbox)));
        let run = terminal.finish();
        assert_eq!((run.code, run.stderr.as_str()), (0, ""), "{who}: {run:#?}");
        assert!(run.key().starts_with("ASIA"));
    }
}

#[test]
fn programs_are_asked_with_streams_of_each_sdk() {
    for rung in ["pinentry", "dialog", "ykman", "process"] {
        for (who, line) in STREAMS {
            let sandbox = with_everything();
            sandbox.set("ROLECALL_PROMPT", rung);
            let command = sandbox.command(&["process", "guarded"]);
            let run = command.by_shell(line).without_terminal().run();
            assert_eq!((run.code, run.stderr.as_str()), (0, ""), "{rung}, {who}: {run:#?}");
            assert!(run.key().starts_with("ASIA"));
            assert_eq!(ran(&sandbox), format!("{rung} "));
        }
    }
}

#[test]
fn refused_code_is_reported_on_terminal_and_asked_again() {
    let sandbox = guarded();
    let mut terminal = sandbox.command(&["process", "guarded"]).on_a_terminal();
    terminal.wait_for(QUESTION, 1);
    terminal.enter(&format!("{}\n", wrong_code(&sandbox)));
    terminal.wait_for("AWS did not accept this code", 1);
    terminal.wait_for(QUESTION, 2);
    let code = code(&sandbox);
    // As devices show it.
    terminal.enter(&format!("{} {}\n", &code[..3], &code[3..]));
    terminal.finish().ok().silent();
    assert_eq!(sandbox.aws.count("GetSessionToken"), 2);
}

#[test]
fn three_refused_codes_end_run_with_error_of_aws() {
    let sandbox = guarded();
    let mut terminal = sandbox.command(&["process", "guarded"]).on_a_terminal();
    for time in 1..=3 {
        terminal.wait_for(QUESTION, time);
        terminal.enter(&format!("{}\n", wrong_code(&sandbox)));
    }
    terminal.finish().fails(1).error_form().says(&["MultiFactorAuthentication"]);
    assert_eq!(sandbox.aws.count("GetSessionToken"), 3);
}

#[test]
fn refused_code_of_mfa_process_is_not_asked_again() {
    let sandbox = guarded();
    let process =
        sandbox.script("mfa", &format!("echo run >> \"$HOME/ran\"; echo {}", wrong_code(&sandbox)));
    sandbox.config(&guarded_config(&format!("mfa_process = {process}\n")));
    sandbox
        .command(&["process", "guarded"])
        .on_a_terminal()
        .finish()
        .fails(1)
        .says(&["MultiFactorAuthentication"]);
    assert_eq!(ran(&sandbox), "run ");
}

#[test]
fn stderr_of_mfa_process_shows_on_terminal_only() {
    let sandbox = guarded();
    let process =
        sandbox.script("mfa", &format!("echo 'touch the key' >&2; echo {}", code(&sandbox)));
    sandbox.config(&guarded_config(&format!("mfa_process = {process}\n")));
    sandbox.command(&["process", "guarded"]).without_terminal().run().ok().silent();
    let terminal = sandbox.command(&["process", "guarded", "--no-cache"]).on_a_terminal();
    terminal.wait_for("touch the key", 1);
    // The code was used already.
    terminal.finish().fails(1);
    // It may ask the person itself.
    let process = sandbox.script("mfa", "printf 'which? ' >&2; read -r code; echo \"$code\"");
    sandbox.config(&guarded_config(&format!("mfa_process = {process}\n")));
    let mut terminal = sandbox.command(&["process", "guarded", "--no-cache"]).on_a_terminal();
    terminal.wait_for("which? ", 1);
    terminal.enter(&format!("{}\n", wrong_code(&sandbox)));
    terminal.finish().fails(1).says(&["MultiFactorAuthentication"]);
}

#[test]
fn unanswered_question_ends_at_prompt_timeout() {
    let sandbox = guarded();
    sandbox.file("xdg/config/rolecall/settings.ini", "prompt_timeout = 1\n");
    let terminal = sandbox.command(&["process", "guarded"]).on_a_terminal();
    let before = terminal.modes_before().local_modes;
    terminal.wait_for(QUESTION, 1);
    let slave = terminal.another_end();
    terminal.finish().fails(4).error_form().says(&["nobody answered within 1 s"]);
    assert_eq!(rustix::termios::tcgetattr(slave).unwrap().local_modes, before);
    sandbox.no_calls();
}

#[test]
fn timed_out_question_takes_no_answer_of_next_one() {
    let sandbox = guarded();
    let second = format!(
        "[profile second]\nrole_arn = {}\nsource_profile = dev\nmfa_serial = {BOB_MFA}\n",
        super::support::role("guarded")
    );
    sandbox.config(&(guarded_config("") + &second));
    sandbox.file("xdg/config/rolecall/settings.ini", "prompt_timeout = 3\n");
    let mut terminal =
        sandbox.command(&["login", "guarded", "second", "--no-mfa-session"]).on_a_terminal();
    terminal.wait_for("for profile guarded", 1);
    terminal.wait_for("for profile second", 1);
    terminal.enter(&format!("{}\n", code(&sandbox)));
    terminal.finish().fails(4).says(&["nobody answered within 3 s"]);
    assert_eq!(sandbox.assumed(), 1);
}

#[test]
fn answer_that_is_not_utf_8_or_too_long_is_asked_again() {
    let sandbox = guarded();
    let mut terminal = sandbox.command(&["process", "guarded"]).on_a_terminal();
    terminal.wait_for(QUESTION, 1);
    terminal.enter_bytes(b"12\xe9456\n");
    terminal.wait_for("six digits", 1);
    terminal.wait_for(QUESTION, 2);
    // As much as a line can hold.
    terminal.enter(&("1".repeat(4_000) + "\n"));
    terminal.wait_for(QUESTION, 3);
    terminal.enter(&format!("{}\n", code(&sandbox)));
    terminal.finish().ok().silent();
}

#[test]
fn question_shows_again_after_stop_and_continue() {
    let sandbox = guarded();
    // A shell without job control would not notice that it stops; `exec` leaves this process to the
    // test.
    let mut terminal = sandbox.command(&["process", "guarded"]).on_a_terminal();
    let before = terminal.modes_before().local_modes;
    terminal.wait_for(QUESTION, 1);
    let pid = terminal.running.pid();
    let state = || {
        let text = std::fs::read_to_string(format!("/proc/{pid}/stat")).unwrap_or_default();
        text.rsplit(") ").next().unwrap_or_default().chars().next()
    };
    // As the shell gets to know of Ctrl-Z: an orphaned group is not stopped by the key itself.
    terminal.running.signal(rustix::process::Signal::STOP);
    until("a stop", || state() == Some('T'));
    assert_eq!(terminal.modes().local_modes, before);
    terminal.running.signal(rustix::process::Signal::CONT);
    terminal.wait_for(QUESTION, 2);
    terminal.enter(&format!("{}\n", code(&sandbox)));
    terminal.finish().ok();
}

#[test]
fn background_question_stops_until_fg() {
    let sandbox = guarded();
    let line = "set -m; \"$0\" \"$@\" <&- & echo $! >pid; until [ -e go ]; do sleep 0.05; done; fg >/dev/null";
    let mut terminal = sandbox.command(&["process", "guarded"]).by_shell(line).on_a_terminal();
    let state = || {
        let pid = std::fs::read_to_string(sandbox.path("pid")).unwrap_or_default();
        std::fs::read_to_string(format!("/proc/{}/stat", pid.trim())).unwrap_or_default()
    };
    until("a stop", || state().contains(") T "));
    let asked = terminal.shown().matches(QUESTION).count();
    sandbox.file("go", "");
    terminal.wait_for(QUESTION, asked + 1);
    terminal.enter(&format!("{}\n", code(&sandbox)));
    assert!(terminal.finish().ok().stdout.contains("AccessKeyId"));
}

#[test]
fn the_question_names_profile_role_account_and_device() {
    let sandbox = guarded();
    let mut terminal = sandbox.command(&["process", "guarded"]).on_a_terminal();
    terminal.wait_for(QUESTION, 1);
    terminal.wait_for(
        &format!("MFA code of {BOB_MFA} for profile guarded (role guarded in account {PROD}): "),
        1,
    );
    terminal.enter("\u{3}");
    terminal.finish().fails(130);
}

#[test]
fn interrupt_during_mfa_process_exits_130_without_a_call() {
    let sandbox = guarded();
    let process = sandbox.script("mfa", "touch \"$HOME/started\"; exec sleep 100");
    sandbox.config(&guarded_config(&format!("mfa_process = {process}\n")));
    let mut terminal = sandbox.command(&["process", "guarded"]).on_a_terminal();
    until("a process", || sandbox.path("started").exists());
    terminal.enter("\u{3}");
    terminal.finish().fails(130);
    sandbox.no_calls();
}

#[test]
fn doctor_lists_available_prompt_methods() {
    let sandbox = with_everything();
    let prompts = |sandbox: &Sandbox| {
        let run = sandbox.command(&["doctor"]).without_terminal().run();
        run.stdout
            .lines()
            .find(|line| line.split_whitespace().nth(1) == Some("prompts"))
            .unwrap()
            .to_owned()
    };
    let line = prompts(&sandbox);
    assert!(line.starts_with("ok"), "{line}");
    for part in
        ["process", "ykman (", "pinentry (", "dialog (", "not here: tty (there is no terminal)"]
    {
        assert!(line.contains(part), "`{part}` is not in `{line}`");
    }
    sandbox.set("ROLECALL_PROMPT", "process,tty");
    let line = prompts(&sandbox);
    assert!(line.starts_with("warning") && !line.contains("pinentry"), "{line}");
    sandbox.set("ROLECALL_PROMPT", "pinentry,dialog");
    sandbox.unset("DISPLAY");
    let line = prompts(&sandbox);
    assert!(
        line.starts_with("warning")
            && line.contains("pinentry (there is neither a terminal nor a display)"),
        "{line}"
    );
}
