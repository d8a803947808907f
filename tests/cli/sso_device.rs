//! `rolecall sso login` by a device code: where there is no browser, or where it is asked for.

use super::sso_login::{USER, curl, people, start_url, token, waiting};
use super::support::{Fault, Kind, sso_token_file as token_file};

#[test]
fn device_code_is_asked_about_until_approved() {
    let sandbox = people();
    sandbox.aws.world(|world| world.sso.approval = Some((USER.to_owned(), 2)));
    let run = sandbox.run(&["sso", "login", "corp", "--use-device-code", "--no-browser"]).ok();
    run.says(&["/device?user_code=", "shows the code"]);
    assert_eq!(sandbox.aws.count("CreateToken"), 3);
    assert_eq!(
        sandbox.sent_to("StartDeviceAuthorization", "startUrl").as_deref(),
        Some(start_url(&sandbox).as_str())
    );
    assert!(token(&sandbox, "corp")["refreshToken"].is_string());
    sandbox.run(&["process", "people"]).ok().silent();
    // A client that is approved already needs no person.
    sandbox.aws.world(|world| world.sso.approval = Some((USER.to_owned(), 0)));
    sandbox.run(&["sso", "login", "corp", "--use-device-code", "--no-browser"]).ok().silent();
}

#[test]
fn poll_that_fails_or_is_too_fast_is_made_again() {
    let sandbox = people();
    sandbox.aws.world(|world| world.sso.approval = Some((USER.to_owned(), 2)));
    sandbox.aws.inject(Fault::times("CreateToken", 6, Kind::Reset));
    let slow = Kind::Refuse(400, "SlowDownException".to_owned(), "slow down".to_owned());
    sandbox.aws.inject(Fault::once("CreateToken", slow));
    sandbox.run(&["sso", "login", "corp", "--use-device-code", "--no-browser"]).ok();
    token(&sandbox, "corp");
}

#[test]
fn device_code_that_is_denied_or_expired_is_an_error() {
    let sandbox = people();
    sandbox.aws.world(|world| world.sso.denies = true);
    let run = sandbox.run(&["sso", "login", "corp", "--use-device-code", "--no-browser"]);
    run.fails(4).says(&["AccessDeniedException", "refused the login"]);
    sandbox.aws.world(|world| world.sso.denies = false);
    let expired = Kind::Refuse(400, "ExpiredTokenException".to_owned(), "expired".to_owned());
    sandbox.aws.inject(Fault::once("CreateToken", expired));
    let run = sandbox.run(&["sso", "login", "corp", "--use-device-code", "--no-browser"]);
    run.fails(4).says(&["ExpiredTokenException", "took too long"]);
    assert!(!sandbox.path(&token_file("corp")).exists());
}

#[test]
fn place_without_browser_takes_device_code_and_says_why() {
    let sandbox = people();
    sandbox.aws.world(|world| world.sso.approval = Some((USER.to_owned(), 1)));
    let config = std::fs::read_to_string(sandbox.path(".aws/config")).unwrap();
    let plain = config.replace("sso_use_device_code = false\n", "");
    for (config, variable, why) in [
        (
            config.replace("device_code = false", "device_code = true"),
            None,
            "sso_use_device_code = true (",
        ),
        (plain.clone(), Some(("SSH_CONNECTION", "1 2 3 4")), "SSH (SSH_CONNECTION is set)"),
        (plain.clone(), Some(("SSH_TTY", "/dev/pts/1")), "SSH (SSH_TTY is set)"),
        (plain.clone(), Some(("CI", "true")), "CI (CI is set)"),
        (plain.clone(), Some(("CODESPACES", "true")), "codespace (CODESPACES is set)"),
    ] {
        sandbox.config(&config);
        if let Some((name, value)) = variable {
            sandbox.set(name, value);
        }
        sandbox.run(&["sso", "login", "corp"]).ok().says(&[why, "/device?user_code="]);
        if let Some((name, _)) = variable {
            sandbox.unset(name);
        }
    }
    // A port that is forwarded is for the browser.
    sandbox.set("SSH_CONNECTION", "1 2 3 4");
    let (terminal, address, _) = waiting(&sandbox, &["--port", "0"]);
    curl(&sandbox, &address);
    terminal.finish().ok();
    sandbox.config(&plain.replace(
        "sso_region = eu-west-1\n",
        "sso_region = eu-west-1\nsso_use_device_code = maybe\n",
    ));
    sandbox
        .run(&["sso", "login", "corp"])
        .fails(3)
        .error_form()
        .says(&["sso_use_device_code", "maybe"]);
}

#[test]
fn terminal_shows_qr_code_and_gets_address_for_clipboard() {
    let sandbox = people();
    sandbox.aws.world(|world| world.sso.approval = Some((USER.to_owned(), 1)));
    let command = sandbox.command(&["sso", "login", "corp", "--use-device-code", "--no-browser"]);
    let command = command.by_shell("exec \"$0\" \"$@\" 2>/dev/tty");
    let terminal = command.on_a_terminal_of(100, 60);
    terminal.wait_for("\u{2588}", 1);
    terminal.wait_for("\x1b]52;c;aHR0cDov", 1);
    terminal.wait_for("signed in to corp", 1);
    terminal.finish().ok();
}
