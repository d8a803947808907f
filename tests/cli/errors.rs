//! What goes wrong is said with its place, its cause, and what to type next.

use super::support::{ADMIN, DEV, EXTERNAL_ID, PROD, Sandbox, role};

#[test]
fn access_denied_names_caller_and_hints_at_both_policies() {
    let sandbox = Sandbox::new();
    sandbox
        .config(&format!("[profile prod]\nrole_arn = {}\nsource_profile = dev\n", role("closed")));
    let run = sandbox.run(&["process", "prod"]).fails(1).error_form();
    run.says(&[
        "`prod`",
        &role("closed"),
        &format!("arn:aws:iam::{DEV}:user/bob"),
        "hint: ",
        "rolecall policy trust prod",
        "rolecall policy caller prod",
    ]);
}

#[test]
fn access_denied_in_mid_chain_names_profile_and_caller_of_that_role() {
    let sandbox = Sandbox::new();
    sandbox.config(&format!(
        "[profile prod]\nrole_arn = {ADMIN}\nsource_profile = dev\nrole_session_name = one\n\
         [profile middle]\nrole_arn = {}\nsource_profile = prod\n[profile top]\nrole_arn = {}\nsource_profile = middle\n",
        role("closed"),
        role("next")
    ));
    let run = sandbox.run(&["process", "top"]).fails(1).error_form();
    run.says(&[
        "`middle`",
        &format!("arn:aws:sts::{PROD}:assumed-role/admin/one"),
        "rolecall policy trust middle",
    ]);
}

#[test]
fn missing_external_id_or_mfa_hints_at_trust_policy() {
    let sandbox = Sandbox::new();
    for name in ["partner", "guarded"] {
        sandbox
            .config(&format!("[profile prod]\nrole_arn = {}\nsource_profile = dev\n", role(name)));
        sandbox
            .run(&["process", "prod"])
            .fails(1)
            .error_form()
            .says(&["rolecall policy trust prod"]);
    }
    sandbox
        .run(&["process", "prod", "--role-arn", &role("partner"), "--external-id", EXTERNAL_ID])
        .ok();
}

#[test]
fn deleted_keys_or_wrong_secret_give_error_code_of_aws() {
    let sandbox = Sandbox::new();
    sandbox.aws.world(|world| world.users.clear());
    sandbox
        .run(&["process", "prod"])
        .fails(1)
        .error_form()
        .says(&["`prod`", "InvalidClientTokenId"]);
    sandbox.credentials(&format!(
        "[dev]\naws_access_key_id = {}\naws_secret_access_key = wrong-secret-key\n",
        sandbox.access_key_id
    ));
    sandbox.secret("wrong-secret-key");
    let sandbox = Sandbox::new();
    sandbox.credentials(&format!(
        "[dev]\naws_access_key_id = {}\naws_secret_access_key = wrong-secret-key\n",
        sandbox.access_key_id
    ));
    sandbox.run(&["process", "prod"]).fails(1).error_form().says(&["SignatureDoesNotMatch"]);
}

#[test]
fn duration_over_role_maximum_names_max_session_duration() {
    let sandbox = Sandbox::new();
    sandbox.aws.world(|world| {
        for role in &mut world.roles {
            role.max_session_duration = 3_600;
        }
    });
    let run = sandbox.run(&["process", "prod", "--duration", "2h"]).fails(1).error_form();
    run.says(&["MaxSessionDuration"]);
}

#[test]
fn unknown_profile_is_named_with_most_similar_profile() {
    let sandbox = Sandbox::new();
    let run = sandbox.run(&["process", "prd"]).fails(3).error_form();
    run.says(&["`prd`", "`prod`", ".aws/config", ".aws/credentials", "rolecall list"]);
}

#[test]
fn invalid_profile_is_error_that_names_file_and_line() {
    let sandbox = Sandbox::empty();
    for (config, words) in [
        (
            "[profile p]\nregion = x\nrole_arn = {}\n",
            &["config:3", "`p`", "source_profile", "credential_source"][..],
        ),
        (
            "[profile p]\nrole_arn = {}\nsource_profile = q\ncredential_source = Environment\n",
            &["config:2", "`p`", "source_profile", "credential_source"],
        ),
        ("[profile p]\nrole_arn = {}\ncredential_source = Ec2\n", &["config:3", "`p`", "Ec2"]),
        ("[profile p]\nrole_arn = {}\nsource_profile = gone\n", &["config:3", "`p`", "`gone`"]),
        (
            "[profile p]\nrole_arn = admin\nsource_profile = q\n[profile q]\naws_access_key_id = a\naws_secret_access_key = b\n",
            &["config:2", "`p`", "role_arn"],
        ),
        ("[profile p]\naws_access_key_id = AKIA\n", &["config:2", "`p`", "aws_secret_access_key"]),
        ("[profile p]\naws_secret_access_key = s\n", &["config:2", "`p`", "aws_access_key_id"]),
        ("[profile p]\nregion = eu-west-1\n", &["config:1", "`p`"]),
        ("[profile p]\nrole_arn = {}\nsource_profile = p\n", &["config:3", "`p`"]),
        (
            "[profile p]\nrole_arn = {}\nsource_profile = q\n[profile q]\nregion = x\n",
            &["config:4", "`q`"],
        ),
        (
            "[profile p]\nrole_arn = {}\nsource_profile = q\n[profile q]\naws_access_key_id = AKIA\n",
            &["config:5", "`q`"],
        ),
        ("[profile p]\nweb_identity_token_file = /x\n", &["config:1", "`p`", "role_arn"]),
        (
            "[profile p]\naws_access_key_id = a\nnonsense\naws_secret_access_key = b\n",
            &["config:3", "`p`"],
        ),
        ("[profile p\naws_access_key_id = a\n", &["config:1"]),
    ] {
        sandbox.config(&config.replace("{}", ADMIN));
        sandbox.run(&["process", "p"]).fails(3).error_form().says(words);
        sandbox.no_calls();
    }
}

#[test]
fn error_shows_first_of_3000_malformed_lines_and_counts_rest() {
    let sandbox = Sandbox::new();
    let dump = "hint: see all malformed lines with: rolecall profile dump --json";
    sandbox.config(&"[profile broken\n".repeat(3_000));
    sandbox.run(&["process", "gone"]).fails(3).error_form().says(&[
        "config:3: ",
        "cause: and 2997 more",
        dump,
    ]);
    sandbox.config(&format!("[profile prod]\n{}", "broken\n".repeat(3_000)));
    sandbox.run(&["process", "prod"]).fails(3).error_form().says(&[
        "config:4: ",
        "cause: and 2997 more",
        dump,
    ]);
    // Who asks for all of them gets them.
    let run =
        sandbox.run(&["profile", "dump", "--json"]).fails(3).says(&["config:2: ", "config:3001: "]);
    assert!(run.stderr.lines().count() > 3_000);
}

#[test]
fn default_chain_without_credentials_names_invalid_imds_endpoint() {
    let sandbox = Sandbox::empty();
    sandbox.unset("AWS_EC2_METADATA_DISABLED");
    sandbox.set("AWS_EC2_METADATA_SERVICE_ENDPOINT", "not a url");
    sandbox
        .run(&["process"])
        .fails(3)
        .error_form()
        .says(&["AWS_EC2_METADATA_SERVICE_ENDPOINT: the endpoint must be a URL"]);
}

#[test]
fn invalid_endpoint_is_error_that_names_line_or_variable() {
    let sandbox = Sandbox::new();
    sandbox.unset("AWS_ENDPOINT_URL_STS");
    for (line, word) in [
        ("services = gone", "gone"),
        ("endpoint_url = ftp://x", "ftp://x"),
        ("endpoint_url = sts", "sts"),
    ] {
        sandbox
            .config(&format!("[profile prod]\nrole_arn = {ADMIN}\nsource_profile = dev\n{line}\n"));
        sandbox.run(&["process", "prod"]).fails(3).error_form().says(&["config:4", word]);
    }
    for url in [
        "localhost",
        "https://sts.<region>.amazonaws.com",
        "http://[::1",
        "https://{region}",
        "http://localhost:99999",
    ] {
        sandbox.set("AWS_ENDPOINT_URL_STS", url);
        sandbox
            .run(&["process", "prod"])
            .fails(3)
            .error_form()
            .says(&["AWS_ENDPOINT_URL_STS", url]);
    }
    sandbox.set("AWS_ENDPOINT_URL_STS", "http://a@b");
    sandbox.run(&["process", "prod"]).fails(3).says(&["AWS_ENDPOINT_URL_STS", "http://****@b"]);
    for url in ["http://127.0.0.1:1", "http://[::1]:1/path", "http://localhost:1/"] {
        sandbox.set("AWS_ENDPOINT_URL_STS", url);
        sandbox.run(&["explain", "prod"]).ok();
    }
}

/// The SDK's own error quotes the request, and with it tokens and codes.
#[test]
fn error_for_invalid_endpoint_shows_no_token_or_mfa_code() {
    let sandbox = Sandbox::new();
    let token = sandbox.file("token", "TheWebIdentityToken").display().to_string();
    sandbox.secret("TheWebIdentityToken");
    sandbox.secret("123456");
    sandbox.config(&format!(
        "[profile web]\nrole_arn = {ADMIN}\nweb_identity_token_file = {token}\n[profile mfa]\nrole_arn = {ADMIN}\nsource_profile = dev\nmfa_serial = {}\n",
        super::support::BOB_MFA
    ));
    for url in ["https://sts.<region>.amazonaws.com", "http://[::1", "https://a b"] {
        sandbox.set("AWS_ENDPOINT_URL_STS", url);
        sandbox.run(&["process", "web", "-vv"]).fails(3);
        sandbox.run(&["process", "mfa", "--mfa-token", "123456", "-vv"]).fails(3);
    }
}

#[cfg(unix)]
#[test]
fn keys_with_control_characters_are_error_without_a_call() {
    let sandbox = Sandbox::new();
    for (file, words) in [
        (
            "aws_access_key_id = AKIA\u{7}\naws_secret_access_key = s\n",
            &["config:2", "aws_access_key_id"][..],
        ),
        (
            "aws_access_key_id = AKIA\naws_secret_access_key = s\naws_session_token = a\n b\n",
            &["config:4", "aws_session_token"],
        ),
    ] {
        sandbox.config(&format!(
            "[profile odd]\n{file}[profile role]\nrole_arn = {ADMIN}\nsource_profile = odd\n"
        ));
        for args in [["whoami", "odd"], ["process", "role"]] {
            sandbox.run(&args).fails(3).error_form().says(words);
        }
    }
    let script = sandbox.script(
        "tool",
        r#"printf '{"Version":1,"AccessKeyId":"AK\\u001b[31mX","SecretAccessKey":"s"}'"#,
    );
    sandbox.config(&format!(
        "[profile tool]\ncredential_process = {script}\n[profile role]\nrole_arn = {ADMIN}\nsource_profile = tool\n\
         [profile environment]\nrole_arn = {ADMIN}\ncredential_source = Environment\n"
    ));
    sandbox.run(&["process", "role"]).fails(1).error_form().says(&["access key ID"]);
    sandbox.set("AWS_ACCESS_KEY_ID", "A\u{1}B");
    sandbox.set("AWS_SECRET_ACCESS_KEY", "s");
    sandbox.run(&["process", "environment"]).fails(1).error_form().says(&["access key ID"]);
    sandbox.no_calls();
}

#[cfg(unix)]
#[test]
fn variable_of_aws_or_rolecall_that_is_not_utf_8_is_error() {
    use std::os::unix::ffi::OsStringExt;
    let sandbox = Sandbox::new();
    for name in ["AWS_CONFIG_FILE", "AWS_PROFILE", "ROLECALL_STORE"] {
        sandbox.set(name, std::ffi::OsString::from_vec(b"a\xff".to_vec()));
        sandbox.run(&["process", "prod"]).fails(3).error_form().says(&[name, "UTF-8"]);
        sandbox.unset(name);
    }
    sandbox.set("ROLECALL_STORE", "keyutils");
    sandbox.set("OTHER", std::ffi::OsString::from_vec(b"a\xff".to_vec()));
    sandbox.run(&["process", "prod"]).ok();
}

#[test]
fn malformed_section_fails_its_own_profile_only() {
    let sandbox = Sandbox::new();
    sandbox.config(&format!(
        "[profile broken]\nthis is no property\n\n[profile prod]\nrole_arn = {ADMIN}\nsource_profile = dev\n\n[profile worse]\n = x\n"
    ));
    sandbox.run(&["process", "prod"]).ok().silent();
    sandbox.run(&["process", "broken"]).fails(3).error_form().says(&["config:2", "`broken`"]);
    sandbox.run(&["process", "worse"]).fails(3).error_form().says(&["config:9", "`worse`"]);
}

#[test]
fn access_key_variable_without_its_pair_is_error_that_names_both() {
    let sandbox = Sandbox::empty();
    for (set, missing) in [
        ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"),
        ("AWS_SECRET_ACCESS_KEY", "AWS_ACCESS_KEY_ID"),
    ] {
        sandbox.unset(missing);
        sandbox.set(set, "HalfAPair");
        sandbox.run(&["process"]).fails(3).error_form().says(&[set, missing]);
    }
}

fn ring(length: usize) -> String {
    let section = |n: usize| {
        format!(
            "[profile p{n}]\nrole_arn = {}\nsource_profile = p{}\n",
            role("other"),
            (n + 1) % length
        )
    };
    (0..length).map(section).collect()
}

#[test]
fn loop_of_source_profiles_is_error_that_lists_profiles() {
    let sandbox = Sandbox::empty();
    sandbox.config(&ring(2));
    let run = sandbox.run(&["process", "p0"]).fails(3).error_form();
    run.says(&["`p0` → `p1` → `p0`", "config:6"]);
    sandbox.config(&ring(50));
    let run = sandbox.run(&["process", "p0"]).fails(3).error_form();
    run.says(&["`p0`", "`p49`"]);
    sandbox
        .config(&format!("{}[profile tail]\nrole_arn = {ADMIN}\nsource_profile = p1\n", ring(3)));
    sandbox.run(&["process", "tail"]).fails(3).error_form().says(&["`p1` → `p2` → `p0` → `p1`"]);
    sandbox.no_calls();
}

#[test]
fn loop_is_error_although_one_of_its_profiles_has_keys() {
    let sandbox = Sandbox::new();
    sandbox.config(&format!(
        "[profile dev]\nrole_arn = {ADMIN}\nsource_profile = prod\n[profile prod]\nrole_arn = {ADMIN}\nsource_profile = dev\n"
    ));
    // `dev` holds keys, and yet it is where the walk began.
    sandbox.run(&["process", "dev"]).fails(3).error_form().says(&["`dev` → `prod` → `dev`"]);
}

#[cfg(unix)]
#[test]
fn loop_of_credential_processes_is_error_that_names_profiles() {
    let sandbox = Sandbox::new();
    for (config, names) in [
        ("[profile a]\ncredential_process = rolecall process a\n", &["`a`"][..]),
        (
            "[profile a]\ncredential_process = rolecall process b\n[profile b]\ncredential_process = rolecall process a\n",
            &["`a`", "`b`"],
        ),
        ("[profile a]\ncredential_process = /usr/bin/env rolecall process a\n", &["`a`"]),
        (
            "[profile a]\ncredential_process = sh -c 'exec rolecall process --profile b'\n[profile b]\ncredential_process = rolecall process -p c\n[profile c]\ncredential_process = sh -c 'rolecall process a'\n",
            &["`a`", "`b`", "`c`"],
        ),
        ("[profile a]\ncredential_process = rolecall exec dev -- rolecall process a\n", &["`a`"]),
        (
            "[profile a]\nrole_arn = {}\nsource_profile = b\n[profile b]\ncredential_process = rolecall process a\n",
            &["`a`", "`b`"],
        ),
    ] {
        sandbox.config(&config.replace("{}", ADMIN));
        let run = sandbox.run(&["process", "a"]).fails(3);
        run.says(&["leads back"]).says(names);
    }
    sandbox.no_calls();
}

#[test]
fn chain_of_5000_credential_processes_resolves_and_its_loop_is_error() {
    let sandbox = Sandbox::empty();
    let config = |length: usize, end: &str| {
        let next = |n: usize| {
            if n + 1 == length {
                end.to_owned()
            } else {
                format!("credential_process = rolecall process p{}\n", n + 1)
            }
        };
        (0..length).map(|n| format!("[profile p{n}]\n{}", next(n))).collect::<String>()
    };
    sandbox.config(&config(5_000, "aws_access_key_id = a\naws_secret_access_key = b\n"));
    assert_eq!(sandbox.run(&["explain", "p0", "--json"]).ok().json()["base"]["kind"], "process");
    sandbox.config(&config(5_000, "credential_process = rolecall process p2500\n"));
    let run = sandbox.run(&["explain", "p0"]).fails(3).error_form();
    assert!(run.stderr.len() < 1_000, "{run:#?}");
    run.says(&["leads back", "`p0`", "`p4999` → `p2500`"]);
}

#[test]
fn invalid_role_option_is_usage_error_that_names_option() {
    let sandbox = Sandbox::new();
    sandbox.config(&format!(
        "[profile prod]\nrole_arn = {ADMIN}\nsource_profile = dev\n[profile web]\nrole_arn = {ADMIN}\nweb_identity_token_file = /token\n"
    ));
    let tag = format!("k={}", "v".repeat(300));
    for (profile, option, value) in [
        ("prod", "--policy-arn", "nonsense"),
        ("prod", "--tag", &tag),
        ("prod", "--external-id", "a b"),
        ("web", "--role-session-name", "x"),
        ("web", "--policy-arn", "nonsense"),
    ] {
        sandbox
            .run(&["explain", profile, option, value])
            .fails(2)
            .error_form()
            .says(&[&format!("error: {option}")]);
    }
}

#[test]
fn invalid_setting_is_configuration_error_that_names_file() {
    let sandbox = Sandbox::new();
    for (settings, word) in [
        ("store = safe\n", "store"),
        ("min_ttl = soon\n", "min_ttl"),
        ("colour = always\n", "colour"),
        ("color = mauve\n", "color"),
        ("no_input = maybe\n", "no_input"),
        ("process_timeout = -1\n", "process_timeout"),
        ("lock_timeout = soon\n", "lock_timeout"),
        ("[section]\nstore = none\n", "section"),
    ] {
        let path = sandbox.settings(settings);
        sandbox
            .run(&["process", "prod"])
            .fails(3)
            .error_form()
            .says(&[word, path.to_str().unwrap()]);
    }
    let other = sandbox.file("my-settings", "store = none\n");
    sandbox.set("ROLECALL_CONFIG", other);
    sandbox.run(&["process", "prod"]).ok();
    sandbox.set("ROLECALL_STORE", "safe");
    sandbox.run(&["process", "prod"]).fails(3).error_form().says(&["ROLECALL_STORE"]);
}

#[test]
fn quiet_hides_hints_and_keeps_errors() {
    let sandbox = Sandbox::new();
    for flag in ["-q", "--quiet"] {
        let run = sandbox.run(&["process", "nobody", flag]).fails(3).error_form();
        assert!(!run.stderr.contains("hint: "), "{run:#?}");
    }
    let run = sandbox.run(&["process", "nobody"]).fails(3);
    assert!(run.stderr.contains("hint: "));
}

#[test]
fn every_hint_ends_in_a_command() {
    let sandbox = Sandbox::new();
    sandbox.config(&format!(
        "[profile closed]\nrole_arn = {}\nsource_profile = dev\n[profile none]\nregion = x\n[profile half]\naws_access_key_id = a\n\
         [profile both]\nrole_arn = {ADMIN}\nsource_profile = dev\ncredential_source = Environment\n\
         [profile neither]\nrole_arn = {ADMIN}\n[profile guarded]\nrole_arn = {ADMIN}\nsource_profile = dev\nmfa_serial = 123456789\n\
         [profile sso]\nsso_start_url = https://x\nsso_region = eu-west-1\nsso_account_id = 1\nsso_role_name = r\n\
         [profile tool]\ncredential_process = false\n[profile ring]\nrole_arn = {ADMIN}\nsource_profile = ring\n",
        role("closed")
    ));
    let commands = [
        "rolecall ",
        "aws ",
        "unset ",
        "export ",
        "ls ",
        "command -v ",
        "timedatectl ",
        "ps ",
        "where.exe ",
        "$env:",
        "Get-",
    ];
    for profile in
        ["closed", "none", "half", "both", "neither", "guarded", "sso", "tool", "ring", "nobody"]
    {
        let run = sandbox.command(&["process", profile]).without_terminal().run();
        let hints: Vec<&str> =
            run.stderr.lines().filter_map(|line| line.strip_prefix("hint: ")).collect();
        assert!(!hints.is_empty(), "{profile}: {run:#?}");
        for hint in hints {
            let (_, command) = hint.rsplit_once(": ").unwrap_or(("", hint));
            assert!(
                commands.iter().any(|start| command.contains(start)),
                "{profile}: `{hint}` does not end in a command"
            );
        }
    }
}

#[cfg(unix)]
#[test]
fn wrapper_script_that_runs_rolecall_for_same_role_is_loop_error() {
    let sandbox = Sandbox::new();
    let wrapper =
        sandbox.script("wrapper", &format!("exec {} process top", env!("CARGO_BIN_EXE_rolecall")));
    sandbox.config(&format!(
        "[profile top]\nrole_arn = arn:aws:iam::222222222222:role/top\nsource_profile = low\nregion = eu-west-1\n\
         [profile low]\ncredential_process = {wrapper}\n"
    ));
    sandbox.run(&["process", "top"]).fails(3).says(&["leads back", "`top`", "`low`"]);
    sandbox.no_calls();
}
