//! `rolecall use`: what the function of a shell side evaluates.

use std::collections::BTreeMap;

use super::support::{ADMIN, Fault, Kind, Run, Sandbox, until};

const NARROW: &str = r#"{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"s3:Get*","Resource":"*"}]}"#;

/// Runs `use` as the function does, on what an earlier run left in the environment.
fn run_use(sandbox: &Sandbox, args: &[&str]) -> Run {
    sandbox.set("ROLECALL_INIT", "bash 42");
    sandbox.run(&[&["use"], args].concat())
}

/// Runs `use`, takes its lines into the environment as a shell would, and returns them.
#[track_caller]
fn evaluated(sandbox: &Sandbox, args: &[&str]) -> BTreeMap<String, Option<String>> {
    let text = run_use(sandbox, args).ok().silent().stdout;
    let mut lines = text.lines();
    assert_eq!(lines.next(), Some("# rolecall"), "{text}");
    let mut variables = BTreeMap::new();
    for line in lines {
        if let Some(name) = line.strip_prefix("unset ") {
            sandbox.unset(name);
            variables.insert(name.to_owned(), None);
        } else {
            let (name, value) =
                line.strip_prefix("export ").and_then(|line| line.split_once('=')).expect(line);
            let value =
                value.strip_prefix('\'').and_then(|value| value.strip_suffix('\'')).expect(line);
            sandbox.set(name, value);
            assert!(
                variables.insert(name.to_owned(), Some(value.to_owned())).is_none(),
                "{name} twice in {text}"
            );
        }
    }
    variables
}

fn value<'a>(variables: &'a BTreeMap<String, Option<String>>, name: &str) -> Option<&'a str> {
    variables
        .get(name)
        .unwrap_or_else(|| panic!("{name} is neither set nor unset: {variables:?}"))
        .as_deref()
}

/// A profile that SDKs resolve through rolecall.
fn through_rolecall(sandbox: &Sandbox, more: &str) {
    sandbox.config(&format!(
        "[profile prod]\nregion = eu-central-1\ncredential_process = rolecall process prod\nrolecall_role_arn = {ADMIN}\nrolecall_source_profile = dev\n{more}\
         [profile keys]\nrole_arn = {ADMIN}\nsource_profile = dev\n"
    ));
}

#[test]
fn use_without_shell_integration_says_how_to_install_it() {
    let sandbox = Sandbox::new();
    for (shell, line) in [
        (
            "bash",
            "at the end of ~/.bashrc, and start the shell anew: eval \"$(rolecall init bash)\"",
        ),
        ("zsh", "at the end of ~/.zshrc, and start the shell anew: eval \"$(rolecall init zsh)\""),
        ("dash", "bash, zsh, fish, powershell, nushell, elvish: rolecall init --help"),
    ] {
        // The second command keeps the shell from becoming the program.
        let run = sandbox.shell(shell, "rolecall use prod; exit $?").fails(2).error_form();
        run.says(&["not set up", line]);
    }
    sandbox.set("SHELL", "/usr/bin/fish");
    // The first process of a namespace has no ancestors.
    let use_prod = ["--pid", "--fork", "--mount-proc", "rolecall", "use", "prod"];
    let run = sandbox.program("unshare", &use_prod).run();
    run.fails(2).says(&["rolecall init fish | source"]);
    sandbox.set("ROLECALL_INIT", "bash");
    sandbox.run(&["use", "prod"]).fails(2);
    sandbox.no_calls();
}

#[test]
fn use_sets_keys_and_renewal_variables_and_off_restores_old_ones() {
    let sandbox = Sandbox::new();
    sandbox.set("AWS_PROFILE", "own");
    let held = evaluated(&sandbox, &["prod"]);
    let json = sandbox.run(&["process", "prod"]).ok().json();
    assert_eq!(value(&held, "AWS_ACCESS_KEY_ID"), json["AccessKeyId"].as_str());
    assert_eq!(value(&held, "AWS_SECRET_ACCESS_KEY"), json["SecretAccessKey"].as_str());
    assert_eq!(
        (value(&held, "ROLECALL_PROFILE"), value(&held, "AWS_PROFILE")),
        (Some("prod"), None)
    );
    assert_eq!(
        (value(&held, "ROLECALL_SHELL"), value(&held, "ROLECALL_PREVIOUS")),
        (Some("42"), None)
    );
    assert_eq!(value(&held, "ROLECALL_USE"), Some(r#"{"profile":"prod"}"#));
    let end = super::support::time(value(&held, "AWS_CREDENTIAL_EXPIRATION").unwrap());
    assert_eq!(value(&held, "ROLECALL_RENEW_AT").unwrap().parse::<i64>().unwrap(), end - 300 + 1);
    assert!(value(&held, "ROLECALL_BEFORE").unwrap().contains(r#""AWS_PROFILE":"own""#));
    let off = evaluated(&sandbox, &["--off"]);
    assert_eq!(
        (value(&off, "AWS_PROFILE"), value(&off, "AWS_REGION")),
        (Some("own"), Some("eu-west-1"))
    );
    for name in [
        "AWS_ACCESS_KEY_ID",
        "AWS_SESSION_TOKEN",
        "ROLECALL_PROFILE",
        "ROLECALL_USE",
        "ROLECALL_SHELL",
        "ROLECALL_RENEW_AT",
    ] {
        assert_eq!(value(&off, name), None);
    }
}

#[test]
fn profile_with_credential_process_is_set_as_aws_profile() {
    let sandbox = Sandbox::new().in_any_region();
    sandbox.unset("AWS_REGION");
    through_rolecall(&sandbox, "");
    evaluated(&sandbox, &["keys", "--region", "us-east-1"]);
    let held = evaluated(&sandbox, &["prod"]);
    assert_eq!(
        (value(&held, "AWS_PROFILE"), value(&held, "ROLECALL_PROFILE")),
        (Some("prod"), Some("prod"))
    );
    // Its own region, not that of the profile before.
    assert_eq!(
        (value(&held, "AWS_REGION"), value(&held, "AWS_DEFAULT_REGION")),
        (Some("eu-central-1"), Some("eu-central-1"))
    );
    for name in [
        "AWS_ACCESS_KEY_ID",
        "AWS_SECRET_ACCESS_KEY",
        "AWS_SESSION_TOKEN",
        "AWS_CREDENTIAL_EXPIRATION",
        "ROLECALL_RENEW_AT",
    ] {
        assert_eq!(value(&held, name), None);
    }
    // The SDK's call finds the session that was made now.
    let calls = sandbox.assumed();
    sandbox.run(&["process", "prod"]).ok();
    assert_eq!(sandbox.assumed(), calls);
}

#[test]
fn use_sets_keys_when_sdks_would_resolve_profile_differently() {
    let sandbox = Sandbox::new();
    through_rolecall(&sandbox, "");
    for args in [
        &["prod", "--policy", NARROW][..],
        &["prod", "--duration", "20m"],
        &["prod", "--no-cache"],
        &["prod", "--store", "none"],
    ] {
        let held = evaluated(&sandbox, args);
        assert!(
            value(&held, "AWS_PROFILE").is_none() && value(&held, "AWS_ACCESS_KEY_ID").is_some(),
            "{args:?}"
        );
    }
    // An SDK would look at these before the process.
    for more in [
        "role_arn = arn:aws:iam::222222222222:role/admin\nsource_profile = dev\n",
        "aws_access_key_id = AKIA1\naws_secret_access_key = x\n",
    ] {
        through_rolecall(&sandbox, more);
        assert_eq!(value(&evaluated(&sandbox, &["prod"]), "AWS_PROFILE"), None, "{more}");
    }
    through_rolecall(&sandbox, "");
    sandbox.set("AWS_WEB_IDENTITY_TOKEN_FILE", "/token");
    assert_eq!(value(&evaluated(&sandbox, &["prod"]), "AWS_PROFILE"), None);
}

#[test]
fn use_dash_returns_to_previous_profile() {
    let sandbox = Sandbox::new();
    sandbox.unset("AWS_PROFILE");
    run_use(&sandbox, &["-"]).fails(2).error_form().says(&["nothing to go back to"]);
    evaluated(&sandbox, &["prod"]);
    evaluated(&sandbox, &["dev"]);
    assert_eq!(value(&evaluated(&sandbox, &["-"]), "ROLECALL_PROFILE"), Some("prod"));
    assert_eq!(value(&evaluated(&sandbox, &["-"]), "ROLECALL_PROFILE"), Some("dev"));
    // The same again is no step.
    evaluated(&sandbox, &["dev"]);
    assert_eq!(value(&evaluated(&sandbox, &["-"]), "ROLECALL_PROFILE"), Some("prod"));
    assert_eq!(value(&evaluated(&sandbox, &["--off"]), "ROLECALL_PROFILE"), None);
    assert_eq!(value(&evaluated(&sandbox, &["-"]), "ROLECALL_PROFILE"), Some("prod"));
    assert_eq!(value(&evaluated(&sandbox, &["-"]), "ROLECALL_PROFILE"), None);
}

/// Going back, or renewing, must never give more than was asked for.
#[test]
fn return_and_renewal_keep_session_policy() {
    let sandbox = Sandbox::new();
    let policy = sandbox.file("narrow.json", NARROW).display().to_string();
    evaluated(&sandbox, &["prod", "--policy", &policy, "--no-cache"]);
    assert_eq!(sandbox.sent("Policy").as_deref(), Some(NARROW));
    std::fs::remove_file(&policy).unwrap();
    evaluated(&sandbox, &["dev"]);
    sandbox.run(&["process", "prod", "--refresh"]).ok();
    assert_eq!(sandbox.sent("Policy"), None);
    evaluated(&sandbox, &["-"]);
    assert_eq!(sandbox.sent("Policy").as_deref(), Some(NARROW));
    sandbox.run(&["process", "prod", "--refresh"]).ok();
    evaluated(&sandbox, &["--renew"]);
    assert_eq!(sandbox.sent("Policy").as_deref(), Some(NARROW));
    run_use(&sandbox, &["-", "--duration", "1h"]).fails(2).says(&["with the options that it had"]);
    // What another version remembered and this one cannot read is not guessed at.
    sandbox.set("ROLECALL_PREVIOUS", r#"{"profile":"prod","narrow":true}"#);
    evaluated(&sandbox, &["--off"]);
    sandbox.set("ROLECALL_PREVIOUS", r#"{"profile":"prod","narrow":true}"#);
    run_use(&sandbox, &["-"]).fails(2);
}

#[test]
fn failed_use_prints_nothing_to_evaluate() {
    let sandbox = Sandbox::new();
    run_use(&sandbox, &["nobody"]).fails(3).error_form().says(&["`nobody`", "rolecall list"]);
    run_use(&sandbox, &[]).fails(4).error_form().says(&["no profile is named", "rolecall list"]);
    run_use(&sandbox, &["prod", "--off"]).fails(2);
    sandbox.aws.world(|world| world.users.clear());
    run_use(&sandbox, &["prod"]).fails(1).error_form();
}

#[test]
fn use_asks_for_mfa_code_on_terminal() {
    let sandbox = Sandbox::new();
    let serial = super::support::BOB_MFA;
    sandbox.config(&format!(
        "[profile guarded]\nrole_arn = {ADMIN}\nsource_profile = dev\nmfa_serial = {serial}\n"
    ));
    sandbox.set("ROLECALL_INIT", "zsh 42");
    run_use(&sandbox, &["guarded", "--no-input"]).fails(4).error_form();
    let mut terminal = sandbox.command(&["use", "guarded"]).on_a_terminal();
    terminal.wait_for("code", 1);
    terminal.enter("\u{3}");
    terminal.finish().fails(130);
}

#[test]
fn failed_renewal_keeps_keys_silently_until_session_expires() {
    let sandbox = Sandbox::new();
    let first = evaluated(&sandbox, &["prod", "--no-cache"]);
    let second = evaluated(&sandbox, &["--renew"]);
    assert_ne!(value(&first, "AWS_ACCESS_KEY_ID"), value(&second, "AWS_ACCESS_KEY_ID"));
    assert!(
        !second.contains_key("ROLECALL_PREVIOUS") && !second.contains_key("ROLECALL_SHELL"),
        "it touches what is not its own: {second:?}"
    );
    // It fails: the keys stay, and it is tried again in a while.
    sandbox.aws.world(|world| world.users.clear());
    let third = evaluated(&sandbox, &["--renew"]);
    assert_eq!(third.keys().collect::<Vec<_>>(), ["ROLECALL_RENEW_AT"]);
    assert!(
        value(&third, "ROLECALL_RENEW_AT").unwrap().parse::<i64>().unwrap()
            > sandbox.aws.now() + 60
    );
    // The session is over: that is said once.
    sandbox.set("AWS_CREDENTIAL_EXPIRATION", "2001-01-01T00:00:00Z");
    let run = run_use(&sandbox, &["--renew"]).ok().says(&["`prod` has ended", "rolecall use prod"]);
    assert_eq!(run.stdout, "# rolecall\nunset ROLECALL_RENEW_AT\n");
}

/// The keys may have been replaced since by `env`, or taken away.
#[test]
fn renewal_ends_when_rolecall_profile_changes() {
    let sandbox = Sandbox::new();
    evaluated(&sandbox, &["prod"]);
    for name in ["dev", ""] {
        sandbox.set("ROLECALL_PROFILE", name);
        let run = run_use(&sandbox, &["--renew"]).ok().silent();
        assert_eq!(run.stdout, "# rolecall\nunset ROLECALL_RENEW_AT\n");
    }
}

#[test]
fn setting_shell_renew_false_sets_no_renewal_time() {
    let sandbox = Sandbox::new();
    sandbox.file("xdg/config/rolecall/settings.ini", "shell_renew = false\n");
    let held = evaluated(&sandbox, &["prod"]);
    assert!(
        value(&held, "AWS_ACCESS_KEY_ID").is_some() && value(&held, "ROLECALL_RENEW_AT").is_none()
    );
    // Long-term keys have no end.
    assert_eq!(value(&evaluated(&sandbox, &["dev"]), "ROLECALL_RENEW_AT"), None);
}

#[test]
fn keep_option_sets_rolecall_shell_to_keep() {
    let sandbox = Sandbox::new();
    assert_eq!(value(&evaluated(&sandbox, &["prod", "--keep"]), "ROLECALL_SHELL"), Some("keep"));
    evaluated(&sandbox, &["dev"]);
    assert_eq!(value(&evaluated(&sandbox, &["-"]), "ROLECALL_SHELL"), Some("keep"));
    // A child of `exec` gets none of it: what it was given stays, and is not renewed behind its
    // back.
    let run = sandbox.run(&["exec", "prod", "--", "env"]).ok();
    let own: Vec<&str> = run
        .stdout
        .lines()
        .filter(|line| line.starts_with("ROLECALL_") && !line.starts_with("ROLECALL_STORE"))
        .collect();
    assert_eq!(own, ["ROLECALL_PROFILE=prod"]);
}

#[test]
fn each_shell_gets_lines_in_its_syntax() {
    let sandbox = Sandbox::new();
    for (shell, begin, line) in [
        ("bash", "# rolecall\n", "export ROLECALL_PROFILE='prod'"),
        ("zsh", "# rolecall\n", "export ROLECALL_PROFILE='prod'"),
        ("fish", "# rolecall\n", "set -gx ROLECALL_PROFILE 'prod';"),
        ("powershell", "# rolecall\n", "$env:ROLECALL_PROFILE = 'prod'"),
        ("elvish", "# rolecall\n", "set-env ROLECALL_PROFILE 'prod'"),
        ("nushell", "{\n", "\"ROLECALL_PROFILE\": \"prod\""),
    ] {
        sandbox.set("ROLECALL_INIT", format!("{shell} 42"));
        let run = sandbox.run(&["use", "prod"]).ok().silent();
        assert!(run.stdout.starts_with(begin) && run.stdout.contains(line), "{shell}: {run:#?}");
    }
}

/// The prompt of a shell waits for it.
#[test]
fn renewal_waits_neither_for_lock_nor_for_aws() {
    let sandbox = Sandbox::new();
    evaluated(&sandbox, &["prod", "--no-cache"]);
    let failed = |sandbox: &Sandbox| {
        let run = run_use(sandbox, &["--renew"]).ok().silent();
        assert!(
            run.stdout.starts_with("# rolecall\nexport ROLECALL_RENEW_AT='")
                && run.stdout.lines().count() == 2,
            "{run:?}"
        );
    };
    sandbox.aws.inject(Fault::once("AssumeRole", Kind::Hang));
    let mut holder = sandbox.command(&["process", "prod", "--refresh"]).start();
    until("the call", || sandbox.assumed() == 2);
    // `--no-cache` knows no lock.
    sandbox.set("ROLECALL_USE", r#"{"profile":"prod"}"#);
    failed(&sandbox);
    assert!(holder.is_running());
    holder.signal(rustix::process::Signal::KILL);
    holder.finish();
    // Nor for AWS, whose answer may take minutes.
    sandbox.aws.inject(Fault::always("AssumeRole", Kind::Hang));
    failed(&sandbox);
}

/// The profile is the same, but it was narrowed by `env`, or given up for another one by name.
#[test]
fn renewal_does_not_replace_keys_set_by_others() {
    let sandbox = Sandbox::new();
    evaluated(&sandbox, &["prod"]);
    let narrow = sandbox.run(&["env", "prod", "--format", "json", "--policy", NARROW]).ok().json();
    let (own, other) = (
        sandbox.run(&["process", "prod"]).ok().key(),
        narrow["AWS_ACCESS_KEY_ID"].as_str().unwrap().to_owned(),
    );
    assert_ne!(own, other);
    sandbox.set("AWS_ACCESS_KEY_ID", other);
    assert_eq!(
        run_use(&sandbox, &["--renew"]).ok().silent().stdout,
        "# rolecall\nunset ROLECALL_RENEW_AT\n"
    );
    sandbox.set("AWS_ACCESS_KEY_ID", own);
    sandbox.set("AWS_PROFILE", "another");
    assert_eq!(
        run_use(&sandbox, &["--renew"]).ok().silent().stdout,
        "# rolecall\nunset ROLECALL_RENEW_AT\n"
    );
}

#[test]
fn use_sets_keys_when_credential_process_gives_other_credentials() {
    let sandbox = Sandbox::new();
    let role = format!(
        "region = eu-central-1\nrolecall_role_arn = {ADMIN}\nrolecall_source_profile = dev\n"
    );
    for (process, by_name) in [
        ("prod", true),
        ("-p prod -q", true),
        ("dev", false),
        ("prod --read-only", false),
        ("prod --duration 15m", false),
    ] {
        sandbox.config(&format!(
            "[profile prod]\ncredential_process = rolecall process {process}\n{role}"
        ));
        let variables = evaluated(&sandbox, &["prod"]);
        assert_eq!(value(&variables, "AWS_PROFILE"), by_name.then_some("prod"), "{process}");
        assert_eq!(value(&variables, "AWS_ACCESS_KEY_ID").is_none(), by_name, "{process}");
        let strays = sandbox
            .run(&["doctor", "prod"])
            .stdout
            .contains("config:2: SDKs get the credentials of `dev` for `prod`");
        assert_eq!(strays, process == "dev", "{process}");
        evaluated(&sandbox, &["--off"]);
    }
    // Without a role of its own the command is how rolecall goes too.
    sandbox.config(
        "[profile prod]\nregion = eu-central-1\ncredential_process = rolecall process dev\n",
    );
    assert_eq!(value(&evaluated(&sandbox, &["prod"]), "AWS_PROFILE"), Some("prod"));
}

#[test]
fn yes_option_confirms_use_only_with_setting_allow_yes() {
    let sandbox = Sandbox::new();
    sandbox.config(&format!(
        "[profile prod]\nrole_arn = {ADMIN}\nsource_profile = dev\nrolecall_confirm = true\n"
    ));
    run_use(&sandbox, &["prod", "--yes"]).fails(2).says(&["allow_yes"]);
    sandbox.file("xdg/config/rolecall/settings.ini", "allow_yes = true\n");
    evaluated(&sandbox, &["prod", "--yes"]);
    run_use(&sandbox, &["-", "--min-ttl", "2h"]).fails(2).says(&["with the options that it had"]);
}
