//! `rolecall env`: lines for shells and files.

use super::support::{ADMIN, Run, Sandbox};

const SET: [&str; 8] = [
    "AWS_ACCESS_KEY_ID",
    "AWS_SECRET_ACCESS_KEY",
    "AWS_SESSION_TOKEN",
    "AWS_CREDENTIAL_EXPIRATION",
    "AWS_REGION",
    "AWS_DEFAULT_REGION",
    "AWS_ACCOUNT_ID",
    "ROLECALL_PROFILE",
];
const UNSET: [&str; 3] = ["AWS_PROFILE", "AWS_DEFAULT_PROFILE", "AWS_SECURITY_TOKEN"];

/// The values that the variables should have, in the order of `SET`.
fn values(sandbox: &Sandbox, profile: &str) -> Vec<String> {
    let json = sandbox.run(&["process", profile]).ok().json();
    let field = |name: &str| json[name].as_str().unwrap_or_default().to_owned();
    let mut values: Vec<String> =
        ["AccessKeyId", "SecretAccessKey", "SessionToken", "Expiration"].map(field).into();
    values.extend(["eu-west-1", "eu-west-1", "222222222222", profile].map(str::to_owned));
    values
}

fn env(sandbox: &Sandbox, args: &[&str]) -> Run {
    sandbox.run(&[&["env", "prod"], args].concat()).ok().silent()
}

#[test]
fn each_shell_gets_set_and_unset_lines_in_its_syntax() {
    let sandbox = Sandbox::new();
    let values = values(&sandbox, "prod");
    for (shells, set, unset) in [
        (&["sh", "bash", "zsh", "dash", "ksh"][..], ("export ", "="), ("unset ", "")),
        (&["fish"], ("set -gx ", " "), ("if set -q", "set -eg ")),
        (&["tcsh"], ("setenv ", " "), ("unsetenv ", "")),
        (&["powershell"], ("$Env:", " = "), ("$Env:", " = $null")),
        (&["cmd"], ("set \"", "="), ("set \"", "=\"")),
    ] {
        for shell in shells {
            let out = env(&sandbox, &["--shell", shell]).stdout;
            let has = |start: &str, name: &str, more: &str| {
                let starts = |line: &&str| {
                    line.to_ascii_lowercase().starts_with(&start.to_ascii_lowercase())
                };
                out.lines().filter(starts).any(|line| line.contains(name) && line.contains(more))
            };
            for (name, value) in SET.iter().zip(&values) {
                assert!(
                    has(set.0, &format!("{name}{}", set.1), value),
                    "{shell}: {name} in\n{out}"
                );
            }
            for name in UNSET {
                assert!(has(unset.0, name, unset.1), "{shell}: {name} in\n{out}");
            }
        }
    }
    for shell in ["nushell", "elvish", "xonsh"] {
        let out = env(&sandbox, &["--shell", shell]).stdout;
        for (name, value) in SET.iter().zip(&values) {
            assert!(
                out.contains(name) && out.contains(value.as_str()),
                "{shell}: {name} in\n{out}"
            );
        }
        for name in UNSET {
            assert!(out.contains(name), "{shell}: {name} in\n{out}");
        }
    }
}

#[test]
fn long_term_keys_unset_stale_session_token() {
    let sandbox = Sandbox::new();
    let out = sandbox.run(&["env", "dev", "--shell", "sh"]).ok().stdout;
    let line = |text: &str| out.lines().any(|line| line.trim_end_matches(';') == text);
    for name in
        ["AWS_SESSION_TOKEN", "AWS_CREDENTIAL_EXPIRATION", "AWS_PROFILE", "AWS_SECURITY_TOKEN"]
    {
        assert!(line(&format!("unset {name}")), "{name} in\n{out}");
    }
    assert!(!out.contains("export AWS_SESSION_TOKEN"));
}

#[test]
fn missing_region_unsets_old_region() {
    let sandbox = Sandbox::new();
    sandbox.unset("AWS_REGION");
    let out = sandbox.run(&["env", "dev", "--shell", "sh"]).ok().stdout;
    assert!(out.contains("unset AWS_REGION") && out.contains("unset AWS_DEFAULT_REGION"), "{out}");
    let out = sandbox.run(&["env", "dev", "--shell", "sh", "--region", "eu-south-1"]).ok().stdout;
    assert!(out.contains("eu-south-1"), "{out}");
}

#[test]
fn json_holds_every_variable_and_no_value_for_unset_ones() {
    let sandbox = Sandbox::new();
    let wanted = values(&sandbox, "prod");
    let json = env(&sandbox, &["--format", "json"]).json();
    for (name, value) in SET.iter().zip(&wanted) {
        assert_eq!(json[name], value.as_str());
    }
    for name in UNSET {
        assert!(json.get(name).is_none_or(serde_json::Value::is_null), "{name}");
    }
}

#[test]
fn dotenv_docker_and_systemd_formats_hold_every_variable() {
    let sandbox = Sandbox::new();
    let values = values(&sandbox, "prod");
    for (format, quote) in [("dotenv", "\""), ("docker", ""), ("systemd", "\"")] {
        let out = env(&sandbox, &["--format", format]).stdout;
        let wanted: String = SET
            .iter()
            .zip(&values)
            .map(|(name, value)| format!("{name}={quote}{value}{quote}\n"))
            .collect();
        assert_eq!(out, wanted, "{format}");
    }
}

#[test]
fn github_format_begins_with_masks_of_secrets() {
    let sandbox = Sandbox::new();
    let values = values(&sandbox, "prod");
    let out = env(&sandbox, &["--format", "github"]).stdout;
    let lines: Vec<&str> = out.lines().collect();
    assert_eq!(lines[0], format!("::add-mask::{}", values[1]));
    assert_eq!(lines[1], format!("::add-mask::{}", values[2]));
    let wanted: Vec<String> =
        SET.iter().zip(&values).map(|(name, value)| format!("{name}={value}")).collect();
    assert_eq!(lines[2..], wanted);
}

#[test]
fn github_masks_go_to_stderr_when_stdout_is_github_env() {
    let sandbox = Sandbox::new();
    let values = values(&sandbox, "prod");
    let path = sandbox.file("github_env", "BEFORE=1\n");
    sandbox.set("GITHUB_ENV", &path);
    let file = std::fs::OpenOptions::new().append(true).open(&path).unwrap();
    let run = sandbox.command(&["env", "prod", "--format", "github"]).stdout(file).run().ok();
    let text = std::fs::read_to_string(&path).unwrap();
    assert!(
        text.starts_with("BEFORE=1\nAWS_ACCESS_KEY_ID=") && !text.contains("add-mask"),
        "{text}"
    );
    assert!(run.stderr.contains(&format!("::add-mask::{}", values[1])));
}

#[test]
fn unset_option_unsets_every_variable_without_call_or_config() {
    let sandbox = Sandbox::empty();
    sandbox.config("this is no config file");
    let out = sandbox.run(&["env", "--unset", "--shell", "bash"]).ok().stdout;
    for name in SET.iter().chain(&UNSET) {
        assert!(
            out.lines().any(|line| line.trim_end_matches(';') == format!("unset {name}")),
            "{name} in\n{out}"
        );
    }
    assert!(!out.contains("export"));
    sandbox.no_calls();
}

#[test]
fn wrappers_between_a_shell_and_env_do_not_hide_the_shell() {
    let sandbox = Sandbox::new();
    sandbox.set("SHELL", "/usr/bin/fish");
    for line in [
        "timeout 20 rolecall env dev; true",
        "env timeout 20 timeout 20 rolecall env dev; true",
        "echo env dev | xargs rolecall; true",
    ] {
        let out = sandbox.shell("bash", line).ok().stdout;
        assert!(out.contains("export AWS_ACCESS_KEY_ID="), "{line}: {out}");
    }
    sandbox.set("SHELL", "/bin/bash");
    let out = sandbox.shell("fish", "timeout 20 rolecall env dev; true").ok().stdout;
    assert!(out.contains("set -gx AWS_ACCESS_KEY_ID"), "{out}");
}

#[test]
fn evaluated_output_sets_and_unsets_variables_in_each_shell() {
    let sandbox = Sandbox::new();
    // Fish corrects USER, which the name of the session would be taken from.
    sandbox.config(&format!(
        "[profile prod]\nrole_arn = {ADMIN}\nsource_profile = dev\nrole_session_name = {}\n",
        sandbox.id
    ));
    let values = values(&sandbox, "prod");
    sandbox.set("AWS_PROFILE", "stale");
    sandbox.set("AWS_SECURITY_TOKEN", "stale");
    let show = "echo \"$AWS_ACCESS_KEY_ID|$AWS_SECRET_ACCESS_KEY|$AWS_SESSION_TOKEN|$AWS_CREDENTIAL_EXPIRATION|$AWS_REGION|$AWS_DEFAULT_REGION|$AWS_ACCOUNT_ID|$ROLECALL_PROFILE|$AWS_PROFILE|$AWS_SECURITY_TOKEN|\"";
    for shell in ["bash", "dash", "ksh", "zsh"] {
        let run = sandbox.shell(shell, &format!("eval \"$(rolecall env prod)\"; {show}"));
        assert_eq!(run.ok().stdout.trim_end(), format!("{}|||", values.join("|")), "{shell}");
        let run = sandbox.shell(
            shell,
            &format!("eval \"$(rolecall env prod)\"; eval \"$(rolecall env --unset)\"; {show}"),
        );
        assert_eq!(run.ok().stdout.trim_end(), "||||||||||", "{shell}");
    }
    // The parent decides, whatever SHELL says.
    sandbox.set("SHELL", "/bin/bash");
    let fish = format!("rolecall env prod | source; {show}");
    assert_eq!(
        sandbox.shell("fish", &fish).ok().stdout.trim_end(),
        format!("{}|||", values.join("|"))
    );
    let tcsh = "eval \"`rolecall env prod`\"; echo $AWS_ACCESS_KEY_ID $ROLECALL_PROFILE";
    assert_eq!(sandbox.shell("tcsh", tcsh).ok().stdout.trim_end(), format!("{} prod", values[0]));
}

#[test]
fn shell_variable_decides_syntax_without_parent_shell() {
    let sandbox = Sandbox::new();
    for (shell, start) in [
        ("/usr/bin/fish", "set -gx "),
        ("/bin/bash", "export "),
        ("/opt/pwsh", "$Env:"),
        ("/opt/strange", "export "),
    ] {
        sandbox.set("SHELL", shell);
        // The first process of a namespace has no ancestors.
        let unshare = ["--pid", "--fork", "--mount-proc", "rolecall", "env", "prod"];
        let out = sandbox.program("unshare", &unshare).run().ok().stdout;
        assert!(
            out.starts_with(start) || out.to_lowercase().starts_with(&start.to_lowercase()),
            "{shell}:\n{out}"
        );
    }
}

#[test]
fn shell_does_not_execute_hostile_profile_name() {
    let sandbox = Sandbox::empty();
    for name in [
        "$(touch ran)",
        "`touch ran`",
        "'; touch ran; '",
        "\"; touch ran; \"",
        "a b",
        "\\'; touch ran #",
        "!!",
        "%PATH%",
    ] {
        sandbox.config(&format!("[profile {}]\n{}", quoted(name), sandbox.key_lines()));
        for shell in ["bash", "dash", "zsh", "ksh"] {
            sandbox.set("NAME", name);
            let run = sandbox.shell(
                shell,
                "eval \"$(rolecall env --profile \"$NAME\")\"; printf %s \"$ROLECALL_PROFILE\"",
            );
            if run.stderr.is_empty() {
                assert_eq!(run.clone().ok().stdout, name, "{shell}");
            }
            assert!(!sandbox.path("ran").exists(), "{shell} ran `{name}`");
        }
    }
}

/// A section's name as the AWS CLI writes it.
fn quoted(name: &str) -> String {
    if name.contains('\'') { format!("\"{name}\"") } else { format!("'{name}'") }
}

#[test]
fn profile_name_with_any_printable_character_is_kept_or_refused() {
    let sandbox = Sandbox::empty();
    for c in (b'!'..=b'~').map(char::from) {
        let name = format!("a{c}b");
        let quote = if c == '\'' { '"' } else { '\'' };
        sandbox.config(&format!("[profile {quote}{name}{quote}]\n{}", sandbox.key_lines()));
        sandbox.set("NAME", &name);
        let run = sandbox.run(&["process", "--profile", &name]);
        if run.code == 0 {
            let run = sandbox.shell(
                "bash",
                "eval \"$(rolecall env --profile \"$NAME\")\"; printf %s \"$ROLECALL_PROFILE\"",
            );
            assert_eq!(run.ok().stdout, name);
        } else {
            run.fails(3).error_form();
        }
        // What the SDKs take for a name must work without quotes.
        if c.is_ascii_alphanumeric() || "_-/.%@:+".contains(c) {
            sandbox.config(&format!("[profile {name}]\n{}", sandbox.key_lines()));
            sandbox.run(&["process", &name]).ok();
        }
    }
}

#[test]
fn failed_env_prints_nothing_on_stdout() {
    let sandbox = Sandbox::empty();
    let run = sandbox.shell("bash", "out=\"$(rolecall env nobody)\"; echo \"$? [$out]\"");
    assert_eq!(run.ok().stdout, "3 []\n");
}

#[test]
fn ad_hoc_role_unsets_rolecall_profile() {
    let sandbox = Sandbox::new();
    let out = sandbox
        .run(&["env", "--shell", "sh", "--role-arn", ADMIN, "--source-profile", "dev"])
        .ok()
        .stdout;
    assert!(out.contains("unset ROLECALL_PROFILE"), "{out}");
}
