//! Pinentries: a good one, and all the ways to be a bad one. The real ones are asked in
//! tests/real/prompts.py.

use super::support::{BOB_MFA, PROD, Sandbox, code, guarded, has_ended, until, wrong_code};

/// A pinentry that notes what it is told, and does something for GETPIN and for CONFIRM.
pub fn fake(getpin: &str, confirm: &str) -> String {
    format!(
        "echo 'OK Pleased to meet you'\nwhile IFS= read -r line; do\nprintf '%s\\n' \"$line\" >> \"$HOME/assuan\"\n\
         case $line in\nGETPIN*) {getpin} ;;\nCONFIRM*) {confirm} ;;\n*) echo OK ;;\nesac\ndone"
    )
}

fn with(getpin: &str) -> Sandbox {
    let sandbox = guarded();
    sandbox.script("pinentry", &fake(getpin, "echo OK"));
    sandbox
}

fn told(sandbox: &Sandbox) -> Vec<String> {
    std::fs::read_to_string(sandbox.path("assuan"))
        .unwrap_or_default()
        .lines()
        .map(str::to_owned)
        .collect()
}

#[test]
fn pinentry_gives_code_and_gets_options_and_description() {
    let sandbox = with(
        "echo '# a comment'; echo 'S STATUS of something'; echo \"D $(cat \"$HOME/code\")\"; echo 'OK done'",
    );
    sandbox.file("code", code(&sandbox));
    sandbox.set("DISPLAY", ":42");
    sandbox.set("LANG", "de_DE.UTF-8");
    sandbox.set("GPG_TTY", "/dev/pts/4711");
    sandbox.set("TERM", "vt100");
    sandbox.command(&["process", "guarded"]).without_terminal().run().ok().silent();
    let told = told(&sandbox);
    for line in [
        "OPTION ttyname=/dev/pts/4711",
        "OPTION ttytype=vt100",
        "OPTION lc-ctype=de_DE.UTF-8",
        "OPTION lc-messages=de_DE.UTF-8",
        "OPTION display=:42",
        "SETTITLE rolecall",
        "SETPROMPT MFA code:",
        "GETPIN",
    ] {
        assert!(told.iter().any(|l| l == line), "`{line}` is not in {told:#?}");
    }
    let description = told.iter().find(|line| line.starts_with("SETDESC ")).unwrap();
    for part in ["Profile guarded ", "%0A", BOB_MFA, PROD] {
        assert!(description.contains(part), "`{part}` is not in `{description}`");
    }
    assert!(told.iter().all(|line| !line.starts_with("SETERROR")), "{told:#?}");
}

#[test]
fn pinentry_on_terminal_gets_dev_tty_as_ttyname() {
    let sandbox = with(&format!("echo 'D {}'; echo OK", "000000"));
    sandbox.set("ROLECALL_PROMPT", "pinentry");
    sandbox.set("GPG_TTY", "/dev/pts/4711");
    let terminal = sandbox.command(&["process", "guarded"]).on_a_terminal();
    until("a question", || told(&sandbox).iter().any(|line| line == "GETPIN"));
    assert!(
        told(&sandbox).contains(&"OPTION ttyname=/dev/tty".to_owned()),
        "{:#?}",
        told(&sandbox)
    );
    terminal.finish();
}

#[test]
fn pinentry_environment_holds_no_secret() {
    let sandbox = with("env > \"$HOME/environment\"; echo 'ERR 83886179 cancelled'");
    std::os::unix::fs::symlink("/usr/bin/env", sandbox.path("bin/env")).unwrap();
    sandbox.set("ROLECALL_FILE_PASSPHRASE", "correct horse");
    sandbox.keys_in_environment();
    sandbox.command(&["process", "guarded"]).without_terminal().run().fails(4);
    let environment = std::fs::read_to_string(sandbox.path("environment")).unwrap();
    assert!(environment.contains("HOME="), "{environment}");
    for secret in ["correct horse", &sandbox.secret] {
        assert!(!environment.contains(secret), "{environment}");
    }
}

#[test]
fn mistyped_or_refused_code_is_asked_again_with_error() {
    let sandbox = with("count=$((count + 1)); sed -n \"${count}p\" \"$HOME/codes\"; echo OK");
    std::os::unix::fs::symlink("/usr/bin/sed", sandbox.path("bin/sed")).unwrap();
    sandbox.file("codes", format!("D 12345\nD {}\n", code(&sandbox)));
    sandbox.command(&["process", "guarded"]).without_terminal().run().ok().silent();
    assert!(
        told(&sandbox).contains(&"SETERROR An MFA code has six digits.".to_owned()),
        "{:#?}",
        told(&sandbox)
    );

    // One that AWS refuses: another question, after the call.
    let sandbox = with(
        "if [ -e \"$HOME/asked\" ]; then cat \"$HOME/second\"; else : > \"$HOME/asked\"; cat \"$HOME/first\"; fi; echo OK",
    );
    sandbox.file("first", format!("D {}\n", wrong_code(&sandbox)));
    sandbox.file("second", format!("D {}\n", code(&sandbox)));
    sandbox.command(&["process", "guarded"]).without_terminal().run().ok().silent();
    assert!(
        told(&sandbox).iter().any(|line| line.starts_with("SETERROR AWS did not accept")),
        "{:#?}",
        told(&sandbox)
    );
    assert_eq!(sandbox.aws.count("GetSessionToken"), 2);
}

#[test]
fn pinentry_cancel_without_terminal_or_display_is_not_a_refusal() {
    // As pinentry-tty says it.
    let sandbox = with("echo 'ERR 83886179 Operation cancelled <Pinentry>'");
    let run =
        sandbox.command(&["process", "guarded"]).without_terminal().run().fails(4).error_form();
    run.says(&["pinentry: there is neither a terminal nor a display", "dialog: "]);
}

#[test]
fn three_mistyped_codes_end_run_with_exit_4() {
    for answer in ["D 12", "# nothing"] {
        let sandbox = with(&format!("echo '{answer}'; echo OK"));
        sandbox
            .command(&["process", "guarded"])
            .without_terminal()
            .run()
            .fails(4)
            .error_form()
            .says(&["six digits"]);
        assert_eq!(told(&sandbox).iter().filter(|line| *line == "GETPIN").count(), 3);
        sandbox.no_calls();
    }
}

#[test]
fn closed_window_ends_run_as_declined_without_dialog() {
    for code in
        ["83886179 Operation cancelled <Pinentry>", "83886278 Operation fully cancelled <Pinentry>"]
    {
        let sandbox = with(&format!("echo 'ERR {code}'"));
        sandbox.set("DISPLAY", ":99");
        sandbox.script("zenity", "touch \"$HOME/window\"");
        sandbox
            .command(&["process", "guarded"])
            .without_terminal()
            .run()
            .fails(4)
            .error_form()
            .says(&["declined (pinentry)", "--mfa-token"]);
        assert!(!sandbox.path("window").exists(), "who has said no is not asked again");
        sandbox.no_calls();
    }
}

/// Each way to be no pinentry, as a whole script, and what is said of it.
#[test]
fn broken_pinentry_is_skipped_with_reason() {
    let bad = [
        ("exit 0", "ended without an answer"),
        ("exit 3", "ended without an answer"),
        ("kill -9 $$", "ended without an answer"),
        ("echo hello", "does not speak the protocol"),
        ("cat /dev/urandom", ""),
        ("while :; do echo '# and so on'; done", "does not come to an end"),
        ("seq -s '' 100000; exec sleep 100", "too long"),
        ("echo 'ERR 83886340 No display <Pinentry>'; exec sleep 100", "says: No display"),
        ("echo 'OK'; exec 0<&- 1>&-; exec sleep 100", "ended"),
        ("echo 'D 123456'; exec sleep 100", ""),
        ("printf 'OK'; exec sleep 100", "does not answer"),
        ("exec sleep 100", "does not answer"),
        ("echo OK; exec sleep 100", "does not answer"),
    ];
    for (body, why) in bad {
        let sandbox = guarded();
        sandbox.file("xdg/config/rolecall/settings.ini", "process_timeout = 1\n");
        sandbox.script("pinentry", body);
        // The next rung is asked.
        sandbox.set("DISPLAY", ":99");
        sandbox.script("zenity", &format!("echo {}", code(&sandbox)));
        let run = sandbox.command(&["process", "guarded", "-v"]).without_terminal().run().ok();
        run.says(&["not asking by pinentry: ", why]);
    }
}

#[test]
fn pinentry_that_fails_at_getpin_is_skipped() {
    let bad = [
        "exit 1",
        "echo 'ERR 83918950 Inappropriate ioctl for device <Pinentry>'",
        "echo nonsense",
        "echo 'D %zz'; echo OK",
        "printf 'D \\377\\376\\n'; echo OK",
        "seq -s '' 100000",
        "echo 'ERR'",
    ];
    for getpin in bad {
        let sandbox = with(getpin);
        sandbox.set("DISPLAY", ":99");
        sandbox.script("zenity", &format!("echo {}", code(&sandbox)));
        sandbox.command(&["process", "guarded"]).without_terminal().run().ok().silent();
    }
}

#[test]
fn unanswered_pinentry_ends_at_prompt_timeout() {
    for getpin in
        ["exec sleep 100", "echo 'ERR 83886142 Timeout <Pinentry>'", "trap '' INT TERM; sleep 100"]
    {
        let sandbox = with(getpin);
        sandbox.file("xdg/config/rolecall/settings.ini", "prompt_timeout = 1\n");
        let run =
            sandbox.command(&["process", "guarded"]).without_terminal().run().fails(4).error_form();
        run.says(&["nobody answered within 1 s (pinentry)"]);
        sandbox.no_calls();
    }
}

#[test]
fn interrupt_ends_pinentry_and_restores_terminal() {
    // It hides what is typed, and does not clean up.
    let sandbox = with(
        "echo $$ > \"$HOME/pid\"; until [ -e \"$HOME/go\" ]; do sleep 0.02; done; \
         stty -echo < /dev/tty; touch \"$HOME/hidden\"; exec sleep 100",
    );
    std::os::unix::fs::symlink("/usr/bin/stty", sandbox.path("bin/stty")).unwrap();
    sandbox.set("ROLECALL_PROMPT", "pinentry");
    let mut terminal = sandbox.command(&["process", "guarded"]).on_a_terminal();
    let before = terminal.modes_before().local_modes;
    sandbox.file("go", "");
    until("a hidden answer", || sandbox.path("hidden").exists());
    assert_ne!(terminal.modes().local_modes, before);
    let slave = terminal.another_end();
    terminal.enter("\u{3}");
    terminal.finish().fails(130);
    assert_eq!(rustix::termios::tcgetattr(slave).unwrap().local_modes, before);
    let pid = std::fs::read_to_string(sandbox.path("pid")).unwrap();
    until("the end of the pinentry", || has_ended(pid.trim()));
    sandbox.no_calls();
}

#[test]
fn pinentry_program_comes_from_variable_or_setting() {
    let sandbox = with("echo 'ERR 1 the wrong one'");
    let good = fake(&format!("echo 'D {}'; echo OK", code(&sandbox)), "echo OK");
    let chosen = sandbox.script("other/my-pinentry", &good);
    sandbox.file("xdg/config/rolecall/settings.ini", "pinentry = ~/bin/other/my-pinentry\n");
    sandbox.command(&["process", "guarded"]).without_terminal().run().ok();
    // By name, on PATH; and the environment goes before the settings.
    sandbox.set("DISPLAY", ":99");
    sandbox.script("named-pinentry", &fake("echo 'ERR 83886179 cancelled'", "echo OK"));
    sandbox.set("PINENTRY_PROGRAM", "named-pinentry");
    sandbox
        .command(&["process", "guarded", "--no-cache"])
        .without_terminal()
        .run()
        .fails(4)
        .says(&["declined (pinentry)"]);
    sandbox.set("PINENTRY_PROGRAM", "/nowhere/pinentry");
    sandbox
        .command(&["process", "guarded", "--no-cache"])
        .without_terminal()
        .run()
        .fails(4)
        .says(&["/nowhere/pinentry is no program"]);
    std::fs::set_permissions(&chosen, std::os::unix::fs::PermissionsExt::from_mode(0o644)).unwrap();
    sandbox.unset("PINENTRY_PROGRAM");
    sandbox
        .command(&["process", "guarded", "--no-cache"])
        .without_terminal()
        .run()
        .fails(4)
        .says(&["my-pinentry is no program"]);
}
