//! Options that shape a role: ad-hoc roles, overrides of the last hop, bounds that are checked
//! before any call.

use super::support::{ADMIN, EXTERNAL_ID, Sandbox, role, time};

const READ_ONLY: &str = "arn:aws:iam::aws:policy/ReadOnlyAccess";

#[test]
fn role_arn_option_assumes_role_from_source_profile_option() {
    let sandbox = Sandbox::new();
    sandbox.run(&["process", "--role-arn", ADMIN, "--source-profile", "dev"]).ok();
    assert_eq!(sandbox.sent("RoleArn").as_deref(), Some(ADMIN));
    assert_eq!(sandbox.aws.calls()[0].access_key_id.as_ref(), Some(&sandbox.access_key_id));
    // From a role profile it is one more hop.
    let next = role("next");
    sandbox.run(&["process", "--role-arn", &next, "--source-profile", "prod"]).ok();
    assert_eq!(sandbox.sent("RoleArn"), Some(next));
}

#[test]
fn role_arn_option_assumes_role_from_keys_of_profile_or_environment() {
    let sandbox = Sandbox::new();
    sandbox.run(&["process", "dev", "--role-arn", ADMIN]).ok();
    assert_eq!(sandbox.sent("RoleArn").as_deref(), Some(ADMIN));
    sandbox.keys_in_environment();
    sandbox.run(&["process", "--role-arn", &role("other")]).ok();
    assert_eq!(sandbox.sent("RoleArn"), Some(role("other")));
}

#[test]
fn a_source_profile_without_a_role_is_a_usage_error() {
    let sandbox = Sandbox::new();
    let run = sandbox.run(&["process", "dev", "--source-profile", "prod"]);
    run.fails(2).says(&["--role-arn"]);
    sandbox.keys_in_environment();
    sandbox.run(&["process", "--source-profile", "dev"]).fails(2).says(&["--role-arn"]);
    sandbox.no_calls();
}

#[test]
fn each_role_option_overrides_last_role_of_chain() {
    let sandbox = Sandbox::new().in_any_region();
    sandbox.config(&format!(
        "[profile prod]\nrole_arn = {}\nsource_profile = nobody\nexternal_id = wrong\nrole_session_name = profile\nduration_seconds = 900\nsource_identity = someone\nsession_tags = team=a, keep=1\n",
        role("closed")
    ));
    let policy = r#"{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"s3:*","Resource":"*"}]}"#;
    sandbox
        .run(&[
            "process",
            "prod",
            "--role-arn",
            ADMIN,
            "--source-profile",
            "dev",
            "--external-id",
            EXTERNAL_ID,
            "--role-session-name",
            "typed",
            "--duration",
            "2h",
            "--source-identity",
            "bob",
            "--tag",
            "team=b",
            "--tag",
            "extra=x=y",
            "--transitive-tag",
            "team",
            "--region",
            "us-west-1",
            "--policy",
            policy,
            "--policy-arn",
            "arn:aws:iam::aws:policy/job-function/ViewOnlyAccess",
            "--read-only",
        ])
        .ok();
    for (name, value) in [
        ("RoleArn", ADMIN),
        ("ExternalId", EXTERNAL_ID),
        ("RoleSessionName", "typed"),
        ("DurationSeconds", "7200"),
        ("SourceIdentity", "bob"),
        ("Policy", policy),
        ("TransitiveTagKeys.member.1", "team"),
        ("PolicyArns.member.1.arn", "arn:aws:iam::aws:policy/job-function/ViewOnlyAccess"),
        ("PolicyArns.member.2.arn", READ_ONLY),
    ] {
        assert_eq!(sandbox.sent(name).as_deref(), Some(value), "{name}");
    }
    let session = sandbox.aws.world(|world| world.sessions[0].clone());
    let tags: std::collections::BTreeMap<_, _> = session.tags.into_iter().collect();
    let wanted =
        [("team", "b"), ("keep", "1"), ("extra", "x=y")].map(|(k, v)| (k.to_owned(), v.to_owned()));
    assert_eq!(tags, wanted.into());
    assert_eq!(sandbox.aws.calls()[0].region.as_deref(), Some("us-west-1"));
}

#[test]
fn role_options_do_not_change_earlier_roles_of_chain() {
    let sandbox = Sandbox::new();
    sandbox.config(&format!(
        "[profile prod]\nrole_arn = {ADMIN}\nsource_profile = dev\nrole_session_name = first\n\
         [profile far]\nrole_arn = {}\nsource_profile = prod\n",
        role("next")
    ));
    sandbox.run(&["process", "far", "--role-session-name", "last", "--duration", "20m"]).ok();
    let calls = sandbox.aws.calls();
    let of = |call: usize, name: &str| calls[call].param(name).map(str::to_owned);
    assert_eq!(
        (of(0, "RoleSessionName").as_deref(), of(0, "DurationSeconds")),
        (Some("first"), None)
    );
    assert_eq!(of(1, "RoleSessionName").as_deref(), Some("last"));
    assert_eq!(of(1, "DurationSeconds").as_deref(), Some("1200"));
}

#[test]
fn policy_option_reads_file_and_rejects_invalid_one() {
    let sandbox = Sandbox::new();
    let json = "{\n \"Version\": \"2012-10-17\",\n \"Statement\": [{\"Effect\": \"Allow\", \"Action\": \"s3:*\", \"Resource\": \"*\"}]\n}";
    let file = sandbox.file("scope.json", format!("{json}\n"));
    sandbox.run(&["process", "prod", "--policy", file.to_str().unwrap()]).ok();
    assert_eq!(sandbox.sent("Policy").as_deref(), Some(json));
    sandbox.aws.clear_calls();
    let garbage = sandbox.file("garbage.json", "Version: 2012");
    let folder = sandbox.path("");
    for wrong in [garbage.to_str().unwrap(), folder.to_str().unwrap(), "/no/such/file", "{broken"] {
        sandbox.run(&["process", "prod", "--policy", wrong]).fails(2).says(&["--policy"]);
    }
    sandbox.no_calls();
}

#[test]
fn invalid_duration_option_is_usage_error_without_a_call() {
    let sandbox = Sandbox::new();
    sandbox.config(&format!(
        "[profile prod]\nrole_arn = {ADMIN}\nsource_profile = dev\n\
         [profile far]\nrole_arn = {}\nsource_profile = prod\n",
        role("next")
    ));
    for (profile, duration) in [
        ("prod", "899"),
        ("prod", "14m"),
        ("prod", "43201"),
        ("prod", "13h"),
        ("prod", "0"),
        ("far", "3601"),
        ("far", "61m"),
        ("prod", "ten"),
        ("prod", "-5"),
        ("prod", ""),
        ("prod", "1h30"),
        ("prod", "99999999999999999999"),
        ("dev", "1d"),
    ] {
        let run = sandbox.run(&["process", profile, &format!("--duration={duration}")]);
        run.fails(2).says(&["--duration"]);
    }
    sandbox.no_calls();
    for (duration, seconds) in [("900", 900), ("15m", 900), ("1h30m", 5_400), ("12h", 43_200)] {
        let run = sandbox.run(&["process", "prod", "--duration", duration]).ok();
        let left = time(&run.field("Expiration")) - sandbox.aws.now();
        assert!((seconds - 60..=seconds).contains(&left), "{duration}: {left}");
    }
    sandbox.run(&["process", "far", "--duration", "1h"]).ok();
}

#[test]
fn invalid_duration_of_profile_is_error_without_a_call() {
    let sandbox = Sandbox::new();
    for duration in ["899", "43201", "1h", "x", "-1", "3600.5", "99999999999"] {
        sandbox.config(&format!("[profile prod]\nrole_arn = {ADMIN}\nsource_profile = dev\nduration_seconds = {duration}\n"));
        let run = sandbox.run(&["process", "prod"]).fails(3).error_form();
        run.says(&["config:4", "duration_seconds"]);
    }
    sandbox.config(&format!(
        "[profile prod]\nrole_arn = {ADMIN}\nsource_profile = dev\n[profile far]\nrole_arn = {}\nsource_profile = prod\nduration_seconds = 7200\n",
        role("next")
    ));
    let run = sandbox.run(&["process", "far"]).fails(3).error_form();
    run.says(&["config:7", "duration_seconds", "3600"]);
    sandbox.no_calls();
}

#[test]
fn values_out_of_bounds_are_usage_errors_without_a_call() {
    let sandbox = Sandbox::new();
    let long = "x".repeat(65);
    for (option, value) in [
        ("--role-arn", "admin"),
        ("--role-arn", "arn:aws:iam::222222222222:user/bob"),
        ("--role-arn", ""),
        ("--role-session-name", "a"),
        ("--role-session-name", "a b"),
        ("--role-session-name", &long),
        ("--external-id", "x"),
        ("--external-id", "a b"),
        ("--mfa-serial", "short"),
        ("--source-identity", "a b"),
        ("--tag", "novalue"),
        ("--tag", "=x"),
        ("--mfa-token", "12345"),
        ("--mfa-token", "1234567"),
        ("--mfa-token", "12345a"),
        ("--min-ttl", "soon"),
        ("--store", "safe"),
        ("--color", "mauve"),
    ] {
        sandbox.run(&["process", "prod", &format!("{option}={value}")]).fails(2).says(&[option]);
    }
    sandbox.no_calls();
}

#[test]
fn role_options_without_a_role_are_usage_errors() {
    let sandbox = Sandbox::new();
    for option in [
        "--external-id=abc",
        "--role-session-name=abc",
        "--mfa-serial=123456789",
        "--source-identity=abc",
        "--tag=a=b",
        "--read-only",
        "--duration=1h",
    ] {
        let run = sandbox.run(&["process", "dev", option]).fails(2);
        run.says(&[option.split('=').next().unwrap(), "`dev`"]);
    }
    sandbox.no_calls();
}

#[test]
fn read_only_narrows_the_session_and_has_its_own_cache() {
    let sandbox = Sandbox::new();
    let full = sandbox.run(&["process", "prod"]).ok().key();
    let narrow = sandbox.run(&["process", "prod", "--read-only"]).ok().key();
    assert_ne!(full, narrow);
    assert_eq!(sandbox.sent("PolicyArns.member.1.arn").as_deref(), Some(READ_ONLY));
    assert!(sandbox.aws.world(|world| world.sessions[1].policy.is_some()));
    assert_eq!(sandbox.run(&["process", "prod"]).ok().key(), full);
    assert_eq!(sandbox.run(&["process", "prod", "--read-only"]).ok().key(), narrow);
    assert_eq!(sandbox.assumed(), 2);
}

#[test]
fn invalid_command_line_is_error_on_stderr_with_exit_2() {
    let sandbox = Sandbox::new();
    for args in [
        &["process", "--no-such-option"][..],
        &["proces"],
        &["process", "a", "b"],
        &["process", "dev", "--profile", "dev"],
        &["exec", "dev"],
        &["env", "dev", "--shell", "basic"],
        &["env", "dev", "--format", "yaml"],
        &["process", "--profile"],
    ] {
        let run = sandbox.run(args).fails(2);
        assert!(run.stderr.starts_with("error: "), "{run:#?}");
    }
    let help = sandbox.run(&["--help"]).ok().silent();
    assert!(help.stdout.contains("process"));
    let version = sandbox.run(&["--version"]).ok().silent();
    assert_eq!(version.stdout, format!("rolecall {}\n", env!("CARGO_PKG_VERSION")));
}
