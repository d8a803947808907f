//! Seeds of MFA devices: kept by `keys mfa`, used when a code is due, shown to nobody.

use std::fs::File;
use std::process::Stdio;

use rustix::process::Signal;
use rustix::termios::LocalModes;
use serde_json::json;

use super::support::{BOB_MFA, DEV, MFA_SEED, Run, Sandbox, has_ended, role, until};

const QUESTION: &str = "Seed of";
pub(super) const OTHER_SEED: &str = "JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP";
const PASSPHRASE: &str = "correct horse battery staple";
pub(super) const ADD: [&str; 4] = ["keys", "mfa", "add", BOB_MFA];

/// A profile `guarded` whose role demands MFA, and the store `file`.
pub(super) fn guarded() -> Sandbox {
    let sandbox = Sandbox::new();
    sandbox.config(&format!(
        "[profile guarded]\nrole_arn = {}\nsource_profile = dev\nmfa_serial = {BOB_MFA}\n",
        role("guarded")
    ));
    sandbox.set("ROLECALL_STORE", "file");
    sandbox.set("ROLECALL_FILE_PASSPHRASE", PASSPHRASE);
    for secret in [MFA_SEED, OTHER_SEED, PASSPHRASE] {
        sandbox.secret(secret);
    }
    sandbox
}

#[track_caller]
pub(super) fn pipe(sandbox: &Sandbox, args: &[&str], stdin: impl AsRef<[u8]>) -> Run {
    let file = sandbox.file("stdin", stdin);
    // Nobody is asked, wherever the tests run.
    let args = [args, &["--no-input"]].concat();
    sandbox.command(&args).stdin(File::open(&file).unwrap()).run()
}

#[track_caller]
pub(super) fn add(sandbox: &Sandbox) {
    pipe(sandbox, &ADD, MFA_SEED).ok();
}

fn seeds_file(sandbox: &Sandbox) -> std::path::PathBuf {
    sandbox.path("xdg/state/rolecall/seeds.json")
}

/// The entries of the file store, without its identity.
pub(super) fn entries(sandbox: &Sandbox) -> Vec<String> {
    let folder = std::fs::read_dir(sandbox.path("xdg/data/rolecall/store"));
    let names =
        folder.map(|all| all.map(|one| one.unwrap().file_name().into_string().unwrap()).collect());
    names
        .unwrap_or_else(|_| Vec::new())
        .into_iter()
        .filter(|name| name.starts_with("mfa-"))
        .collect()
}

/// Demands two codes that follow each other, both taken by AWS now.
#[track_caller]
fn enables(sandbox: &Sandbox, codes: [&str; 2], since: i64) {
    let now = sandbox.aws.now();
    sandbox.aws.world(|world| {
        let device = world.find_user(DEV, "bob").unwrap().mfa.clone().unwrap();
        let consecutive =
            (since..=now).any(|time| codes == [device.code(time - 30), device.code(time)]);
        assert!(consecutive, "{codes:?} do not end with the code of now");
        assert!(
            codes.iter().all(|code| world.use_code(&device, code, now)),
            "{codes:?} are not taken"
        );
    });
}

#[test]
fn seed_from_stdin_is_stored_and_gives_later_codes() {
    let sandbox = guarded();
    let since = sandbox.aws.now();
    let run = pipe(&sandbox, &ADD, format!("{MFA_SEED}\n"))
        .ok()
        .says(&["hint: ", "aws iam enable-mfa-device --user-name bob"]);
    let codes: Vec<&str> = run.stdout.lines().collect();
    enables(&sandbox, codes.clone().try_into().unwrap(), since);
    let hint = format!(
        "--serial-number {BOB_MFA} --authentication-code1 {} --authentication-code2 {}\n",
        codes[0], codes[1]
    );
    assert!(run.stderr.ends_with(&hint), "{run:#?}");
    sandbox.aws.world(|world| world.used_codes.clear());
    sandbox.command(&["process", "guarded"]).without_terminal().run().ok().silent();
    assert_eq!(sandbox.sent_to("GetSessionToken", "SerialNumber").as_deref(), Some(BOB_MFA));
}

#[test]
fn typed_seed_is_read_without_echo() {
    let sandbox = guarded();
    let mut terminal = sandbox.command(&ADD).on_a_terminal();
    terminal.wait_for(QUESTION, 1);
    until("a hidden answer", || !terminal.modes().local_modes.contains(LocalModes::ECHO));
    terminal.enter("gezd gnbv gy3t qojq GEZD-GNBV-GY3T-QOJQ====\n");
    until("the echo", || {
        terminal.modes().local_modes.contains(LocalModes::ECHO) || !entries(&sandbox).is_empty()
    });
    let shown = terminal.shown();
    terminal.finish().ok();
    assert!(
        shown.contains(BOB_MFA) && !shown.to_uppercase().contains("GEZD") && !shown.contains('█'),
        "{shown}"
    );
    sandbox.command(&["process", "guarded", "--no-input"]).without_terminal().run().ok();
}

#[test]
fn terminal_shows_qr_code_and_erases_it() {
    let sandbox = guarded();
    for (rows, fits) in [(60, true), (10, false)] {
        let line = "exec \"$0\" \"$@\" <&- 2>/dev/tty";
        let mut terminal = sandbox.command(&ADD).by_shell(line).on_a_terminal_of(80, rows);
        terminal.wait_for(QUESTION, 1);
        until("a hidden answer", || !terminal.modes().local_modes.contains(LocalModes::ECHO));
        terminal.enter(&format!("{MFA_SEED}\n"));
        terminal.wait_for("Press Enter", 1);
        if fits {
            // Nothing is written before the answer, so that Ctrl-C here means none.
            assert_eq!(entries(&sandbox).len(), 0);
        }
        terminal.enter("\n");
        terminal.wait_for("enable-mfa-device", 1);
        let shown = terminal.shown();
        let run = terminal.finish().ok();
        assert_eq!(run.stdout.lines().count(), 2, "{run:#?}");
        let drawn = shown.lines().filter(|line| line.contains("\u{1b}[30;107m")).count();
        assert!(drawn > 20 && !shown.contains(MFA_SEED), "{shown}");
        assert!(shown.contains(&format!("\u{1b}[A\r\u{1b}[{}A\u{1b}[J", drawn + 1)), "{shown}");
        assert_eq!(shown.contains("clear its scrollback"), !fits, "{shown}");
    }
    // It would only be a mess of lines, or is not wanted.
    for (option, columns, says) in [("--no-qr", 80, ""), ("--json", 20, "columns")] {
        let mut args = ADD.to_vec();
        args.push(option);
        let mut terminal = sandbox
            .command(&args)
            .by_shell("exec \"$0\" \"$@\" <&- 2>/dev/tty")
            .on_a_terminal_of(columns, 60);
        terminal.wait_for(QUESTION, 1);
        until("a hidden answer", || !terminal.modes().local_modes.contains(LocalModes::ECHO));
        terminal.enter(&format!("{MFA_SEED}\n"));
        terminal.wait_for("enable-mfa-device", 1);
        let shown = terminal.shown();
        terminal.finish().ok();
        assert!(shown.contains(says) && !shown.contains("30;107m"), "{shown}");
    }
}

#[test]
fn interrupt_stores_no_seed() {
    let sandbox = guarded();
    for at in [QUESTION, "Press Enter"] {
        let mut terminal = sandbox
            .command(&ADD)
            .by_shell("exec \"$0\" \"$@\" <&- 2>/dev/tty")
            .on_a_terminal_of(80, 60);
        let before = terminal.modes_before().local_modes;
        terminal.wait_for(QUESTION, 1);
        until("a hidden answer", || !terminal.modes().local_modes.contains(LocalModes::ECHO));
        if at != QUESTION {
            terminal.enter(&format!("{MFA_SEED}\n"));
            terminal.wait_for(at, 1);
        }
        terminal.enter("\u{3}");
        until("the end", || has_ended(terminal.running.pid()));
        assert_eq!(terminal.modes().local_modes, before);
        if at != QUESTION {
            terminal.wait_for("\u{1b}[J", 1);
        }
        terminal.finish().fails(130);
        assert_eq!(entries(&sandbox).len(), 0);
        assert!(!seeds_file(&sandbox).exists());
    }
}

#[test]
fn stopped_question_restores_echo_and_asks_again_when_continued() {
    let sandbox = guarded();
    let mut terminal = sandbox.command(&ADD).on_a_terminal_as_a_job();
    terminal.wait_for(QUESTION, 1);
    until("a hidden answer", || !terminal.echoes());
    terminal.enter("half a seed\u{1a}");
    until("a stop", || sandbox.path("stopped").exists());
    assert!(terminal.echoes());
    sandbox.file("go", "");
    terminal.wait_for(QUESTION, 2);
    until("a hidden answer", || !terminal.echoes());
    terminal.enter(&format!("{MFA_SEED}\n"));
    terminal.finish().ok();
    sandbox.command(&["process", "guarded", "--no-input"]).without_terminal().run().ok();
}

#[test]
fn unanswered_question_ends_at_prompt_timeout() {
    let sandbox = guarded();
    sandbox.file("xdg/config/rolecall/settings.ini", "prompt_timeout = 1\n");
    let terminal = sandbox.command(&ADD).on_a_terminal();
    let before = terminal.modes_before().local_modes;
    terminal.wait_for(QUESTION, 1);
    let end = terminal.another_end();
    terminal.finish().fails(4).error_form().says(&[BOB_MFA]);
    assert_eq!(rustix::termios::tcgetattr(end).unwrap().local_modes, before);
}

#[test]
fn seed_that_is_not_utf_8_is_refused() {
    let sandbox = guarded();
    let mut terminal = sandbox.command(&ADD).on_a_terminal();
    terminal.wait_for(QUESTION, 1);
    until("a hidden answer", || !terminal.echoes());
    terminal.enter_bytes(b"GEZD\xe9\n");
    terminal.finish().fails(1).error_form().says(&["UTF-8"]);
}

#[test]
fn seed_is_read_from_otpauth_uri() {
    let sandbox = guarded();
    let uri = format!(
        "otpauth://totp/Amazon%20Web%20Services:bob@111111111111?secret={MFA_SEED}&issuer=Amazon%20Web%20Services&digits=6&period=30"
    );
    let since = sandbox.aws.now();
    let run = pipe(&sandbox, &[&ADD[..], &["--json"]].concat(), uri).ok();
    assert_eq!((run.field("serial").as_str(), run.field("store").as_str()), (BOB_MFA, "file"));
    enables(
        &sandbox,
        [&run.field("authentication_code1"), &run.field("authentication_code2")],
        since,
    );
}

#[test]
fn invalid_seed_is_refused_with_reason() {
    let sandbox = guarded();
    for (text, says) in [
        ("123456", "base32"),
        ("GEZDGNBVGY3TQOJQ1", "base32"),
        ("GEZDGNBVGY3TQOJQA", "length"),
        ("GEZDGNBV", "short"),
        (&format!("otpauth://hotp/x?secret={MFA_SEED}&counter=1"), "time-based"),
        (&format!("otpauth://totp/x?secret={MFA_SEED}&digits=8"), "6 digits"),
        (&format!("otpauth://totp/x?secret={MFA_SEED}&algorithm=MD5"), "SHA1"),
        (&format!("{MFA_SEED}\n{OTHER_SEED}\n"), "one line"),
        (&"A".repeat(100_000), "one line"),
    ] {
        sandbox.secret(text);
        pipe(&sandbox, &ADD, text).fails(2).error_form().says(&[says]);
    }
    pipe(&sandbox, &ADD, b"\xff\xfe").fails(2).error_form().says(&["stdin"]);
    assert_eq!(entries(&sandbox).len(), 0);
}

#[test]
fn missing_seed_with_nobody_to_ask_exits_4() {
    let sandbox = guarded();
    pipe(&sandbox, &ADD, "\n").fails(4).error_form().says(&[BOB_MFA, "rolecall keys mfa add"]);
    sandbox.command(&ADD).without_terminal().run().fails(4).error_form();
    sandbox
        .command(&[&ADD[..], &["--no-input"]].concat())
        .on_a_terminal()
        .finish()
        .fails(4)
        .error_form();
}

#[test]
fn interrupt_ends_wait_for_seed_on_stdin() {
    let sandbox = guarded();
    let mut running = sandbox.command(&ADD).stdin(Stdio::piped()).start();
    // The handler of the signal is there once the stores were asked.
    until("the handler", || {
        let status = std::fs::read_to_string(format!("/proc/{}/status", running.pid())).unwrap();
        let caught =
            status.lines().find_map(|line| line.strip_prefix("SigCgt:\t")).unwrap().to_owned();
        u64::from_str_radix(&caught, 16).unwrap() & 2 != 0
    });
    assert!(running.is_running());
    running.signal(Signal::INT);
    running.finish().fails(130);
}

#[test]
fn a_seed_on_the_command_line_is_refused_and_not_repeated() {
    let sandbox = guarded();
    let uri = format!("otpauth://totp/x?secret={MFA_SEED}");
    for args in [
        &[BOB_MFA, MFA_SEED][..],
        &[MFA_SEED],
        &[&uri],
        &[BOB_MFA, &uri],
        &[&MFA_SEED.to_lowercase()],
    ] {
        sandbox
            .run(&[&ADD[..3], args].concat())
            .fails(2)
            .error_form()
            .says(&["command line", "rolecall keys mfa add"]);
    }
    for serial in ["short", "arn:aws:iam::1:mfa/b b", &"x".repeat(257)] {
        sandbox.run(&["keys", "mfa", "add", serial]).fails(2).error_form().says(&["SERIAL"]);
        sandbox.run(&["keys", "mfa", "remove", serial]).fails(2).error_form().says(&["SERIAL"]);
    }
}

#[test]
fn different_seed_replaces_stored_one_only_with_force() {
    let sandbox = guarded();
    add(&sandbox);
    add(&sandbox);
    pipe(&sandbox, &ADD, OTHER_SEED).fails(1).error_form().says(&[BOB_MFA, "--force"]);
    sandbox.command(&["process", "guarded"]).without_terminal().run().ok();
    pipe(&sandbox, &[&ADD[..], &["--force"]].concat(), OTHER_SEED).ok();
    assert_eq!(entries(&sandbox).len(), 1);
    pipe(&sandbox, &ADD, MFA_SEED).fails(1);
}

#[test]
fn seeds_are_listed_and_removed() {
    let sandbox = guarded();
    assert_eq!(sandbox.run(&["keys", "mfa", "list", "--json"]).ok().json(), json!([]));
    sandbox
        .run(&["keys", "mfa", "remove", BOB_MFA])
        .fails(1)
        .error_form()
        .says(&[BOB_MFA, "rolecall keys mfa list"]);
    add(&sandbox);
    pipe(&sandbox, &["keys", "mfa", "add", "GAHT12345678"], OTHER_SEED).ok();
    let run = sandbox.run(&["keys", "mfa", "list"]).ok().silent();
    assert!(
        run.stdout.starts_with("SERIAL")
            && run.stdout.contains(BOB_MFA)
            && run.stdout.contains("GAHT12345678"),
        "{run:#?}"
    );
    let all = sandbox.run(&["keys", "mfa", "list", "--json"]).ok().json();
    assert_eq!((&all[1]["serial"], &all[1]["store"]), (&json!(BOB_MFA), &json!("file")));
    assert!(super::support::time(all[1]["added_at"].as_str().unwrap()) <= sandbox.aws.now());
    assert_eq!(entries(&sandbox).len(), 2);
    sandbox.run(&["keys", "mfa", "remove", BOB_MFA]).ok();
    assert_eq!(entries(&sandbox).len(), 1);
    assert_eq!(
        sandbox.run(&["keys", "mfa", "list", "--json"]).ok().json().as_array().unwrap().len(),
        1
    );
    sandbox
        .command(&["process", "guarded", "-v"])
        .without_terminal()
        .run()
        .fails(4)
        .says(&["no MFA seed of"]);
}

#[test]
fn missing_or_malformed_seed_list_is_rebuilt_when_seed_is_used() {
    let sandbox = guarded();
    for text in [None, Some("garbage"), Some("{\"x\": 1}")] {
        add(&sandbox);
        match text {
            None => std::fs::remove_file(seeds_file(&sandbox)).unwrap(),
            Some(text) => std::fs::write(seeds_file(&sandbox), text).unwrap(),
        }
        sandbox.aws.world(|world| world.used_codes.clear());
        sandbox
            .command(&["process", "guarded", "--refresh"])
            .without_terminal()
            .run()
            .ok()
            .silent();
        // Who found it wrote it down again.
        assert_eq!(
            sandbox.run(&["keys", "mfa", "list", "--json"]).ok().json()[0]["serial"],
            BOB_MFA
        );
        std::fs::remove_file(seeds_file(&sandbox)).unwrap();
        sandbox.unset("ROLECALL_FILE_PASSPHRASE");
        sandbox.command(&["keys", "mfa", "remove", BOB_MFA]).without_terminal().run().ok();
        sandbox.set("ROLECALL_FILE_PASSPHRASE", PASSPHRASE);
        assert_eq!(entries(&sandbox).len(), 0);
    }
}

#[test]
fn store_keyutils_or_none_is_refused_for_seeds() {
    let sandbox = guarded();
    for store in ["keyutils", "none"] {
        for args in [&ADD[..], &["keys", "mfa", "remove", BOB_MFA]] {
            let run = pipe(&sandbox, &[args, &["--store", store]].concat(), MFA_SEED)
                .fails(2)
                .error_form();
            run.says(&[store, "--store file"]);
        }
        sandbox.set("ROLECALL_STORE", store);
        pipe(&sandbox, &ADD, MFA_SEED).fails(2).error_form().says(&[store, "--store file"]);
        sandbox.set("ROLECALL_STORE", "file");
    }
}

#[test]
fn failing_store_exits_5() {
    let sandbox = guarded();
    // There is no bus and so no keyring.
    sandbox.unset("ROLECALL_STORE");
    pipe(&sandbox, &ADD, MFA_SEED).fails(5).error_form().says(&["keyring", "--store file"]);
    sandbox.set("ROLECALL_STORE", "file");
    sandbox.unset("ROLECALL_FILE_PASSPHRASE");
    pipe(&sandbox, &ADD, MFA_SEED).fails(5).error_form().says(&["ROLECALL_FILE_PASSPHRASE"]);
    sandbox.set("ROLECALL_FILE_PASSPHRASE", PASSPHRASE);
    sandbox.set("XDG_DATA_HOME", sandbox.file("closed", ""));
    pipe(&sandbox, &ADD, MFA_SEED).fails(5).error_form();
    sandbox.run(&["keys", "mfa", "remove", BOB_MFA]).fails(5).error_form();
    // A list that cannot be written costs the list.
    sandbox.set("XDG_DATA_HOME", sandbox.path("xdg/data"));
    sandbox.set("XDG_STATE_HOME", sandbox.path("closed"));
    add(&sandbox);
    sandbox.command(&["process", "guarded"]).without_terminal().run().ok();
}
