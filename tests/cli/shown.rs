//! What is shown: no character that moves the cursor, turns text around or cannot be seen, and no
//! secret of a URL or of a key that sounds like one. Only JSON and what a shell evaluates hold the
//! names as they are.

use super::support::{ADMIN, BOB_MFA, Run, Sandbox, code, guarded_config, role};

/// A control, and bidirectional, zero-width and other invisible characters.
const HOSTILE: &str = "a\u{9b}\u{7}\u{202e}b\u{2066}\u{200b}\u{200d}\u{ad}\u{34f}\u{61c}\u{180e}\
                       \u{2060}\u{3164}\u{ffa0}\u{feff}\u{fe0f}\u{e0041}c";

/// Whether a character of `HOSTILE` is in a text.
fn hostile(text: &str) -> Option<char> {
    text.chars().find(|c| (HOSTILE.contains(*c) && !c.is_ascii_alphabetic()) || *c == '\u{2028}')
}

#[track_caller]
fn is_clean(text: &str, what: &str) {
    assert_eq!(hostile(text), None, "{what}: {text:?}");
}

#[track_caller]
fn run_is_clean(run: &Run, what: &str) {
    is_clean(&run.stdout, what);
    is_clean(&run.stderr, what);
}

/// A sandbox whose profile has hostile characters in its name and its description.
fn sandbox() -> Sandbox {
    let sandbox = Sandbox::new();
    sandbox.config(&format!(
        "[profile \"{HOSTILE}\"]\nrole_arn = {ADMIN}\nsource_profile = dev\ndescription = {HOSTILE}\u{2028}x\n\
         x = {HOSTILE}\n{HOSTILE} = x\nnested =\n  a = {HOSTILE}\n\
         [profile guarded]\nrole_arn = {}\nsource_profile = dev\nmfa_serial = {BOB_MFA}\n\
         description = {HOSTILE}\n",
        role("guarded")
    ));
    sandbox
}

#[test]
fn hostile_names_and_values_of_a_profile_are_cleaned_by_every_verb() {
    let sandbox = sandbox();
    sandbox.set("AWS_PROFILE", HOSTILE);
    for args in [
        &["process", HOSTILE, "-vv"][..],
        &["exec", HOSTILE, "-vv", "--", "true"],
        &["whoami", HOSTILE, "-vv"],
        &["explain", HOSTILE, "-vv"],
        &["list", "-vv"],
        &["list", HOSTILE],
        &["prompt"],
        &["sessions", "list", "-vv"],
        &["log"],
        &["login", HOSTILE, "-vv"],
        &["login", "--all", "-vv"],
        &["doctor", HOSTILE, "-vv"],
        &["doctor", "-vv"],
        &["policy", "trust", HOSTILE, "-vv"],
        &["policy", "caller", HOSTILE, "-vv"],
        &["sessions", "clear", HOSTILE, "-vv"],
        &["logout", HOSTILE, "-vv"],
    ] {
        let run = sandbox.run(args);
        assert!([0, 1, 4].contains(&run.code), "{args:?}: {run:#?}");
        run_is_clean(&run, &format!("{args:?}"));
    }
    for args in [
        &["env", HOSTILE, "-vv"][..],
        &["use", HOSTILE, "-vv"],
        &["shell", HOSTILE, "-vv"],
        &["profile", "dump", "--json", "-vv"],
    ] {
        let run = sandbox.run(args);
        is_clean(&run.stderr, &format!("{args:?}"));
    }
    for shell in ["bash", "zsh", "fish", "powershell", "nushell", "elvish"] {
        let run = sandbox.run(&["__complete", shell, "--", "rolecall", "env", ""]);
        run_is_clean(&run, shell);
    }
}

#[test]
fn hostile_arguments_are_cleaned_in_errors() {
    let sandbox = sandbox();
    for args in [
        &["process", "none\u{202e}"][..],
        &["explain", "none", "--role-arn", HOSTILE],
        &["process", "guarded", "--role-session-name", HOSTILE],
        &["process", "guarded", "--region", HOSTILE],
        &["process", "guarded", "--external-id", HOSTILE],
        &["process", "guarded", "--source-profile", HOSTILE, "--role-arn", ADMIN, "--no-input"],
        &["process", "guarded", "--mfa-serial", HOSTILE],
        &["process", "guarded", "--duration", HOSTILE],
        &["process", "guarded", "--store", HOSTILE],
        &["keys", "mfa", "add", HOSTILE],
        &["keys", "mfa", "remove", HOSTILE],
        &["exec", "guarded", "--no-input", "--", HOSTILE],
        &["exec", HOSTILE, "--", HOSTILE],
        &[HOSTILE],
        &["process", "--", "a", HOSTILE],
    ] {
        let run = sandbox.run(args);
        assert_ne!(run.code, 0, "{args:?}: {run:#?}");
        run_is_clean(&run, &format!("{args:?}"));
    }
}

#[test]
fn hostile_values_of_single_keys_are_cleaned_in_errors() {
    for key in [
        "region",
        "role_session_name",
        "external_id",
        "duration_seconds",
        "mfa_serial",
        "source_profile",
        "credential_source",
        "services",
        "endpoint_url",
        "sso_session",
        "ca_bundle",
        "max_attempts",
        "source_identity",
        "session_tags",
        "policy_arns",
        "role_arn",
    ] {
        let sandbox = Sandbox::new();
        sandbox.unset("AWS_ENDPOINT_URL_STS");
        sandbox.config(&format!(
            "[profile p]\nrole_arn = {ADMIN}\nsource_profile = dev\n{key} = {HOSTILE}\n"
        ));
        sandbox.set("AWS_MAX_ATTEMPTS", "1");
        sandbox.set("AWS_ENDPOINT_URL", "http://127.0.0.1:9");
        for args in [
            &["process", "p", "--no-input", "-vv"][..],
            &["explain", "p", "-vv"],
            &["list", "-vv"],
            &["doctor", "p", "-vv"],
        ] {
            run_is_clean(&sandbox.run(args), &format!("{key}: {args:?}"));
        }
    }
}

#[test]
fn hostile_names_are_cleaned_in_questions() {
    let name = HOSTILE;
    let config = guarded_config("").replace("guarded]", &format!("\"{name}\"]"));
    // On the terminal, and in the picker.
    let sandbox = Sandbox::new();
    sandbox.config(&format!("{config}description = {name}\n"));
    sandbox.set("ROLECALL_PROMPT", "tty");
    sandbox.set("TERM", "xterm-256color");
    let line = "exec \"$0\" \"$@\" 2>/dev/tty";
    let mut terminal = sandbox.command(&["process", name]).by_shell(line).on_a_terminal();
    terminal.wait_for("MFA code of", 1);
    terminal.enter(&format!("{}\n", code(&sandbox)));
    let shown = |text: String| text.replace(['\u{7}', '\r', '\n'], "");
    is_clean(&shown(terminal.shown()), "question");
    terminal.finish().ok();
    let mut terminal = sandbox.command(&["env"]).by_shell(line).on_a_terminal();
    terminal.wait_for("esc leave", 1);
    is_clean(&shown(terminal.shown()), "picker");
    terminal.enter("\u{3}");
    terminal.finish().fails(130);
    // In a pinentry and in a window.
    let sandbox = Sandbox::new();
    sandbox.config(&config);
    let answer = "echo \"D $(cat \"$HOME/code\")\"; echo OK";
    let pinentry = sandbox.script("pinentry", &super::pinentry::fake(answer, "echo OK"));
    sandbox.set("PINENTRY_PROGRAM", pinentry);
    sandbox.set("DISPLAY", ":1");
    sandbox.file("code", code(&sandbox));
    sandbox.set("ROLECALL_PROMPT", "pinentry");
    sandbox.command(&["process", name, "--no-cache"]).without_terminal().run().ok();
    is_clean(&std::fs::read_to_string(sandbox.path("assuan")).unwrap(), "pinentry");
    let sandbox = Sandbox::new();
    sandbox.config(&config);
    sandbox.set("DISPLAY", ":1");
    sandbox.set("ROLECALL_PROMPT", "dialog");
    sandbox.script("zenity", "printf '%s' \"$*\" >\"$HOME/asked\"; cat \"$HOME/code\"");
    sandbox.file("code", code(&sandbox));
    let path = format!("{}:/usr/bin:/bin", sandbox.path("bin").display());
    sandbox.set("PATH", path);
    sandbox.command(&["process", name, "--no-cache"]).without_terminal().run().ok();
    is_clean(&std::fs::read_to_string(sandbox.path("asked")).unwrap(), "window");
}

#[test]
fn user_info_and_query_of_urls_are_never_shown() {
    const HIDDEN: &str = "hunter2";
    let url = "http://bob:hunter2@127.0.0.1:9/?key=hunter2";
    let role = format!("[profile p]\nrole_arn = {ADMIN}\nsource_profile = dev\n");
    let sso = "sso_account_id = 111111111111\nsso_role_name = r\nsso_region = eu-west-1\n";
    for (config, variables) in [
        (format!("{role}endpoint_url = {url}\n"), &[][..]),
        (format!("{role}services = s\n[services s]\nsts =\n  endpoint_url = {url}\n"), &[]),
        (role.clone(), &["AWS_ENDPOINT_URL_STS"]),
        (role.clone(), &["AWS_ENDPOINT_URL"]),
        (role.clone(), &["HTTPS_PROXY", "https_proxy", "ALL_PROXY"]),
        (role.clone(), &["HTTP_PROXY", "http_proxy"]),
        (format!("[profile p]\nsso_start_url = {url}\n{sso}"), &[]),
        (
            "[profile p]\ncredential_source = EcsContainer\n\
             role_arn = arn:aws:iam::222222222222:role/admin\n"
                .to_owned(),
            &["AWS_CONTAINER_CREDENTIALS_FULL_URI"],
        ),
        (
            "[profile p]\ncredential_source = Ec2InstanceMetadata\n\
             role_arn = arn:aws:iam::222222222222:role/admin\n"
                .to_owned(),
            &["AWS_EC2_METADATA_SERVICE_ENDPOINT"],
        ),
    ] {
        let sandbox = Sandbox::new();
        sandbox.secret(HIDDEN);
        sandbox.config(&config);
        sandbox.unset("AWS_ENDPOINT_URL_STS");
        sandbox.unset("AWS_EC2_METADATA_DISABLED");
        sandbox.set("AWS_MAX_ATTEMPTS", "1");
        for name in variables {
            sandbox.set(name, url);
        }
        if variables.iter().any(|name| name.to_lowercase().contains("proxy")) {
            sandbox.set("AWS_ENDPOINT_URL_STS", "http://sts.example.invalid");
        }
        for args in [
            &["process", "p", "--no-input", "-vv"][..],
            &["explain", "p", "-vv"],
            &["explain", "p", "--json"],
            &["list", "--json"],
            &["list"],
            &["doctor", "p", "-vv"],
            &["doctor", "p", "--json"],
            &["login", "p", "--json"],
            &["profile", "dump", "--json"],
            &["whoami", "p", "--no-input"],
        ] {
            let run = sandbox.run(args);
            for text in [&run.stdout, &run.stderr] {
                assert!(!text.contains(HIDDEN), "{config}{variables:?} {args:?}: {run:#?}");
            }
        }
    }
}

#[test]
fn values_of_keys_that_sound_like_secrets_are_masked() {
    let sandbox = Sandbox::new();
    sandbox.secret("hunter2");
    let keys =
        ["secret", "token", "api_token", "aws_secret_access_key_old", "mfa_seed", "X_Password"];
    let lines: String = keys.iter().map(|key| format!("{key} = hunter2\n")).collect();
    sandbox.config(&format!(
        "[profile prod]\nrole_arn = {ADMIN}\nsource_profile = dev\n{lines}nested =\n  my_token = hunter2\n\
         x_token_expires = later\ntoken_url = here\n\
         [services s]\nsts =\n  a_passphrase = hunter2\n[sso-session s]\nprivate_key_pem = hunter2\n"
    ));
    for args in [
        &["explain", "prod"][..],
        &["explain", "prod", "--json"],
        &["profile", "dump", "--json"],
        &["process", "prod", "-vv"],
        &["doctor", "prod", "-vv"],
    ] {
        let run = sandbox.run(args);
        assert!(!run.stdout.contains("hunter2"), "{args:?}: {run:#?}");
        if args[0] == "explain" {
            assert!(run.stdout.contains("later") && run.stdout.contains("here"), "{run:#?}");
        }
    }
}
