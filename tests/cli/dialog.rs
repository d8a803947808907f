//! Windows of the desktop and YubiKeys, by fakes of the programs. The real zenity is asked in
//! tests/real/prompts.py.

use super::support::{BOB_MFA, Sandbox, code, guarded, guarded_config, wrong_code};

fn desktop() -> Sandbox {
    let sandbox = guarded();
    sandbox.set("WAYLAND_DISPLAY", "wayland-0");
    sandbox
}

fn asked(sandbox: &Sandbox) -> String {
    std::fs::read_to_string(sandbox.path("asked")).unwrap_or_default()
}

/// Returns the rows whose program this system asks with.
fn programs<'a>(rows: &'a [(&'a str, &'a str)]) -> impl Iterator<Item = (&'a str, &'a str)> {
    let is_here = |program: &str| (program == "osascript") == cfg!(target_os = "macos");
    rows.iter().copied().filter(move |(program, _)| is_here(program))
}

#[test]
fn each_dialog_program_gives_code() {
    for (program, option) in programs(&[
        ("zenity", "--entry"),
        ("kdialog", "--inputbox"),
        ("osascript", "display dialog"),
        ("powershell.exe", "PromptForCredential"),
    ]) {
        let sandbox = desktop();
        sandbox.script(
            program,
            &format!("echo \"$* $ROLECALL_QUESTION\" > \"$HOME/asked\"; echo {}", code(&sandbox)),
        );
        sandbox.command(&["process", "guarded"]).without_terminal().run().ok().silent();
        let asked = asked(&sandbox);
        for part in [option, "guarded", BOB_MFA, "role guarded in account 222222222222"] {
            assert!(asked.contains(part), "{program}: `{part}` is not in `{asked}`");
        }
    }
}

#[test]
fn closed_window_ends_run_as_declined() {
    for (program, body) in programs(&[
        ("zenity", "exit 1"),
        ("zenity", "echo 'Gtk-Message: some noise' >&2; exit 1"),
        ("kdialog", "exit 1"),
        ("osascript", "echo 'execution error: User canceled. (-128)' >&2; exit 1"),
        ("powershell.exe", "exit 0"),
    ]) {
        let sandbox = desktop();
        sandbox.script(program, body);
        let run =
            sandbox.command(&["process", "guarded"]).without_terminal().run().fails(4).error_form();
        run.says(&["declined (dialog)", "--mfa-token"]);
        sandbox.no_calls();
    }
}

#[test]
fn dialog_program_that_opens_no_window_is_skipped() {
    for body in [
        "echo 'Unable to init server: Gtk-WARNING **: cannot open display: :99' >&2; exit 1",
        "exit 127",
        "kill -9 $$",
        "echo noise; exit 255",
    ] {
        let sandbox = desktop();
        sandbox.script("zenity", body);
        sandbox
            .command(&["process", "guarded", "-v"])
            .without_terminal()
            .run()
            .fails(4)
            .says(&["not asking by dialog: ", "zenity"]);
        sandbox.script("kdialog", &format!("echo {}", code(&sandbox)));
        sandbox.command(&["process", "guarded"]).without_terminal().run().ok().silent();
    }
}

#[test]
fn a_mistyped_or_refused_code_is_asked_again() {
    let sandbox = desktop();
    let script = "echo \"$*\" >> \"$HOME/asked\"; echo x >> \"$HOME/count\"\n\
                  case $(cat \"$HOME/count\" | tr -d '\\n') in x) echo abc ;; xx) cat \"$HOME/wrong\" ;; *) cat \"$HOME/right\" ;; esac";
    std::os::unix::fs::symlink("/usr/bin/tr", sandbox.path("bin/tr")).unwrap();
    sandbox.script("zenity", script);
    sandbox.file("wrong", wrong_code(&sandbox));
    sandbox.file("right", code(&sandbox));
    sandbox.command(&["process", "guarded"]).without_terminal().run().ok().silent();
    let asked = asked(&sandbox);
    assert!(
        asked.contains("An MFA code has six digits.")
            && asked.contains("AWS did not accept this code"),
        "{asked}"
    );
    assert_eq!(sandbox.aws.count("GetSessionToken"), 2);
}

#[test]
fn unanswered_window_ends_at_prompt_timeout() {
    for body in ["sleep 100", "exec sleep 100", "exit 5"] {
        let sandbox = desktop();
        sandbox.file("xdg/config/rolecall/settings.ini", "prompt_timeout = 1\n");
        sandbox.script("zenity", body);
        let run =
            sandbox.command(&["process", "guarded"]).without_terminal().run().fails(4).error_form();
        run.says(&["nobody answered within 1 s (dialog)"]);
    }
}

#[test]
fn markup_in_role_arn_is_shown_as_text() {
    let sandbox = desktop();
    // The path of a role's ARN may hold all of this.
    let arn = "arn:aws:iam::222222222222:role/<b>_x\\n&amp;";
    for (program, shown) in [
        ("zenity", "role <b>__x\\\\n&amp; in account"),
        ("kdialog", "role \u{2039}b>_x\\n&amp; in account"),
    ] {
        sandbox.script(
            program,
            "for word; do printf '[%s]\\n' \"$word\"; done > \"$HOME/asked\"; exit 1",
        );
        let args = [
            "process",
            "--source-profile",
            "dev",
            "--role-arn",
            arn,
            "--mfa-serial",
            BOB_MFA,
            "dev",
        ];
        sandbox.command(&args).without_terminal().run().fails(4);
        let asked = asked(&sandbox);
        assert!(asked.contains(shown), "{program}: {asked}");
        std::fs::remove_file(sandbox.path("bin").join(program)).unwrap();
    }
}

/// A `ykman` that knows some accounts.
fn yubikey(sandbox: &Sandbox, accounts: &str, code: &str) {
    let body = format!(
        "echo \"$*\" >> \"$HOME/asked\"\ncase \"$*\" in\n'oath accounts list') printf '%s' '{accounts}' ;;\n\
         'oath accounts code -s '*) {code} ;;\n*) echo \"Error: No such option: $*\" >&2; exit 2 ;;\nesac"
    );
    sandbox.script("ykman", &body);
}

#[test]
fn ykman_gives_code_of_account_in_mfa_yubikey_oath() {
    let sandbox = guarded();
    sandbox.config(&guarded_config("mfa_yubikey_oath = Amazon: bob\n"));
    yubikey(&sandbox, "", &format!("echo {}", code(&sandbox)));
    sandbox.command(&["process", "guarded"]).without_terminal().run().ok().silent();
    assert_eq!(asked(&sandbox), "oath accounts code -s Amazon: bob\n");
}

#[test]
fn yubikey_account_comes_from_source_profile_or_mfa_serial() {
    let sandbox = guarded();
    yubikey(&sandbox, "", &format!("echo {}", code(&sandbox)));
    sandbox.credentials(&format!("[dev]\n{}mfa_yubikey_oath = of-dev\n", sandbox.key_lines()));
    sandbox.command(&["process", "guarded"]).without_terminal().run().ok();
    assert_eq!(asked(&sandbox), "oath accounts code -s of-dev\n");
    for account in [BOB_MFA, "Amazon Web Services:bob@111111111111"] {
        let sandbox = guarded();
        yubikey(
            &sandbox,
            &format!("GitHub:bob\\n{account}\\n").replace("\\n", "\n"),
            &format!("echo {}", code(&sandbox)),
        );
        sandbox.command(&["process", "guarded"]).without_terminal().run().ok().silent();
        assert_eq!(
            asked(&sandbox),
            format!("oath accounts list\noath accounts code -s {account}\n")
        );
    }
}

#[test]
fn yubikey_that_gives_no_code_is_skipped_with_reason() {
    for (accounts, body, why) in [
        ("GitHub:bob", "echo 123456", "no account of this device"),
        (BOB_MFA, "echo 'Failed connecting to a YubiKey' >&2; exit 1", "Failed connecting"),
        (BOB_MFA, "exec sleep 100", "has not ended after 1 s"),
        (BOB_MFA, "echo two; echo lines", "six digits"),
    ] {
        let sandbox = guarded();
        sandbox.file("xdg/config/rolecall/settings.ini", "process_timeout = 1\n");
        yubikey(&sandbox, accounts, body);
        sandbox
            .command(&["process", "guarded", "-v"])
            .without_terminal()
            .run()
            .fails(4)
            .says(&["not asking by ykman: ", why]);
        let mut terminal = sandbox.command(&["process", "guarded"]).on_a_terminal();
        terminal.wait_for("MFA code of", 1);
        terminal.enter(&format!("{}\n", code(&sandbox)));
        terminal.finish().ok();
    }
}

#[test]
fn touch_request_of_ykman_shows_on_terminal() {
    let sandbox = guarded();
    yubikey(
        &sandbox,
        BOB_MFA,
        &format!("echo 'Touch your YubiKey...' >&2; echo {}", code(&sandbox)),
    );
    let terminal = sandbox.command(&["process", "guarded"]).on_a_terminal();
    terminal.wait_for("Touch your YubiKey...", 1);
    terminal.finish().ok().silent();
}

#[test]
fn refused_yubikey_code_is_followed_by_code_of_next_window() {
    let sandbox = guarded();
    std::os::unix::fs::symlink("/usr/bin/faketime", sandbox.path("bin/faketime")).unwrap();
    let once = "if [ -e \"$HOME/once\" ]; then cat \"$HOME/right\"; else : > \"$HOME/once\"; cat \"$HOME/wrong\"; fi";
    yubikey(&sandbox, BOB_MFA, once);
    sandbox.file("wrong", wrong_code(&sandbox));
    sandbox.file("right", code(&sandbox));
    // A clock by which a window of half a minute is about to end.
    let now = std::time::UNIX_EPOCH.elapsed().unwrap().as_secs();
    let offset = 28 - i64::try_from(now % 30).unwrap();
    sandbox.command(&["process", "guarded"]).clock_off_by(offset).run().ok();
    assert_eq!(sandbox.aws.count("GetSessionToken"), 2);
    assert_eq!(asked(&sandbox).matches("code -s").count(), 2);
}
