//! `explain`, `list` and `profile dump`: what would be done, and what is there, without doing
//! anything.

use serde_json::{Value, json};

use super::support::{ADMIN, BOB_MFA, DEV, EXTERNAL_ID, FOLDERS, PROD, Sandbox, role};

/// A sandbox in which nobody can be asked: no store, no network.
fn offline() -> Sandbox {
    let sandbox = Sandbox::new();
    sandbox.set("ROLECALL_STORE", "file");
    sandbox
}

fn explain(sandbox: &Sandbox, args: &[&str]) -> Value {
    sandbox
        .command(&[&["explain", "--json"], args].concat())
        .without_terminal()
        .run()
        .ok()
        .silent()
        .json()
}

#[test]
fn explain_shows_base_and_each_step_of_chain() {
    let sandbox = offline();
    sandbox.unset("AWS_ENDPOINT_URL_STS");
    sandbox.unset("AWS_REGION");
    sandbox.config(&format!(
        "[profile prod]\nregion = eu-west-1\nrole_arn = {ADMIN}\nsource_profile = dev\nexternal_id = {EXTERNAL_ID}\n\
         role_session_name = bob\nduration_seconds = 1800\nmfa_serial = {BOB_MFA}\n\n\
         [profile far]\nrole_arn = {}\nsource_profile = prod\n",
        role("next")
    ));
    let far = explain(&sandbox, &["far"]);
    assert_eq!(far["profile"], "far");
    assert_eq!(far["region"], "eu-west-1");
    assert_eq!((&far["base"]["kind"], &far["base"]["profile"]), (&json!("static"), &json!("dev")));
    let steps = far["steps"].as_array().unwrap();
    assert_eq!(steps.len(), 3);
    for (name, value) in [
        ("kind", json!("get_session_token")),
        ("profile", json!("dev")),
        ("mfa_serial", json!(BOB_MFA)),
        ("duration_seconds", json!(43_200)),
        ("region", json!("eu-west-1")),
        ("endpoint", json!("https://sts.eu-west-1.amazonaws.com")),
    ] {
        assert_eq!(steps[0][name], value, "{name}");
    }
    for (name, value) in [
        ("kind", json!("assume_role")),
        ("profile", json!("prod")),
        ("role_arn", json!(ADMIN)),
        ("role_session_name", json!("bob")),
        ("external_id", json!(EXTERNAL_ID)),
        ("mfa_serial", Value::Null),
        ("duration_seconds", json!(1_800)),
        ("region", json!("eu-west-1")),
        ("endpoint", json!("https://sts.eu-west-1.amazonaws.com")),
    ] {
        assert_eq!(steps[1][name], value, "{name}");
    }
    for (name, value) in [
        ("profile", json!("far")),
        ("external_id", Value::Null),
        ("mfa_serial", Value::Null),
        ("duration_seconds", json!(3_600)),
    ] {
        assert_eq!(steps[2].get(name), Some(&value), "{name}");
    }
    assert_eq!(
        far["properties"]["role_arn"],
        json!({"value": role("next"), "file": "config", "line": 11})
    );
    let direct = explain(&sandbox, &["prod", "--no-mfa-session"]);
    assert_eq!(
        (&direct["steps"][0]["kind"], &direct["steps"][0]["mfa_serial"]),
        (&json!("assume_role"), &json!(BOB_MFA))
    );
    let text = sandbox.command(&["explain", "far"]).without_terminal().run().ok().stdout;
    for words in ["one code serves every role", "comes with the session of step 1", BOB_MFA] {
        assert!(text.contains(words), "{text}");
    }
    sandbox.no_calls();
}

#[test]
fn explain_hides_command_lines_in_its_text() {
    let sandbox = offline();
    let lines = |prefix: &str| {
        format!(
            "[profile prod]\nrole_arn = {ADMIN}\nsource_profile = dev\nmfa_serial = {BOB_MFA}\n{prefix}mfa_process = oathtool -b SEEDSEEDSEED\n"
        )
    };
    for prefix in ["", "rolecall_"] {
        sandbox.config(&lines(prefix));
        let text = sandbox.command(&["explain", "prod"]).without_terminal().run().ok().stdout;
        assert!(
            text.contains(&format!("{prefix}mfa_process = (a command)")) && !text.contains("SEED"),
            "{text}"
        );
    }
    // Values are verbatim where programs read them.
    let json = explain(&sandbox, &["prod"]);
    assert_eq!(json["properties"]["rolecall_mfa_process"]["value"], "oathtool -b SEEDSEEDSEED");
}

#[test]
fn list_doctor_and_login_handle_5000_missing_sources_in_time() {
    let sandbox = offline();
    let of = |n: usize| {
        format!("[profile profile-{n}]\nrole_arn = {ADMIN}\nsource_profile = missing-{n}\n")
    };
    sandbox.config(&(0..5_000).map(of).collect::<String>());
    let begin = std::time::Instant::now();
    let list = sandbox.run(&["list", "--json"]).ok().json();
    assert!(list[4_999]["error"].as_str().unwrap().contains("`missing-4999`"));
    sandbox.run(&["doctor", "--json"]).fails(1);
    sandbox.run(&["login", "--all"]);
    assert!(begin.elapsed().as_secs() < 25, "{:?}", begin.elapsed());
    sandbox.run(&["explain", "profil-7"]).fails(3).says(&["did you mean"]);
}

#[test]
fn explain_shows_no_secret() {
    let sandbox = offline();
    sandbox
        .credentials(&format!("[dev]\n{}aws_session_token = TokenInAFile\n", sandbox.key_lines()));
    sandbox.secret("TokenInAFile");
    let dev = explain(&sandbox, &["dev"]);
    assert_eq!(
        dev["properties"]["aws_secret_access_key"],
        json!({"value": "****", "file": "credentials", "line": 3})
    );
    assert_eq!(dev["properties"]["aws_session_token"]["value"], "****");
    assert_eq!(dev["properties"]["aws_access_key_id"]["value"], sandbox.access_key_id.as_str());
    assert_eq!(dev["steps"], json!([]));
    for args in
        [&["explain", "dev"][..], &["explain", "dev", "--json"], &["explain", "prod", "-vv"]]
    {
        let run = sandbox.run(args).ok();
        for secret in sandbox.secrets() {
            assert!(!run.stdout.contains(&secret), "{run:#?}");
        }
    }
}

#[test]
fn explain_names_kind_of_every_base() {
    let sandbox = offline();
    sandbox.keys_in_environment();
    sandbox.set("AWS_CONTAINER_CREDENTIALS_FULL_URI", "http://127.0.0.1:1/x");
    sandbox.unset("AWS_EC2_METADATA_DISABLED");
    let role = format!("role_arn = {ADMIN}\n");
    for (profile, lines) in [
        ("static", sandbox.key_lines()),
        ("environment", format!("{role}credential_source = Environment\n")),
        ("ec2_instance_metadata", format!("{role}credential_source = Ec2InstanceMetadata\n")),
        ("ecs_container", format!("{role}credential_source = EcsContainer\n")),
        ("web_identity", format!("{role}web_identity_token_file = /no/such/file\n")),
        ("sso", "sso_start_url = https://x\nsso_region = eu-west-1\nsso_account_id = 111111111111\nsso_role_name = R\n".to_owned()),
        ("login_session", format!("login_session = arn:aws:iam::{DEV}:user/bob\n")),
        ("process", "credential_process = touch ran\n".to_owned()),
    ] {
        sandbox.config(&format!("[profile {profile}]\n{lines}"));
        assert_eq!(explain(&sandbox, &[profile])["base"]["kind"], profile);
        let text = sandbox.run(&["explain", profile]).ok().stdout;
        assert!(text.contains(profile), "{text}");
    }
    assert!(!sandbox.path("ran").exists());
    sandbox.no_calls();
}

#[test]
fn explain_applies_options_of_command_line() {
    let sandbox = offline();
    let json = explain(
        &sandbox,
        &[
            "prod",
            "--duration",
            "2h",
            "--external-id",
            "typed",
            "--read-only",
            "--region",
            "us-east-2",
        ],
    );
    let step = &json["steps"][0];
    assert_eq!(
        (&step["duration_seconds"], &step["external_id"], &step["region"]),
        (&json!(7_200), &json!("typed"), &json!("us-east-2"))
    );
    assert_eq!(json["region"], "us-east-2");
    let json = explain(&sandbox, &["--role-arn", ADMIN, "--source-profile", "dev"]);
    assert_eq!((&json["profile"], &json["steps"][0]["role_arn"]), (&Value::Null, &json!(ADMIN)));
    sandbox.run(&["explain", "prod", "--duration", "13h"]).fails(2);
    sandbox.run(&["explain", "nobody"]).fails(3).error_form();
    sandbox.no_calls();
}

#[test]
fn explain_writes_no_file() {
    let sandbox = offline();
    sandbox.command(&["explain", "prod"]).without_terminal().run().ok().silent();
    for (_, folder) in FOLDERS {
        assert!(
            std::fs::read_dir(sandbox.path(folder)).unwrap().next().is_none(),
            "{folder} was written to"
        );
    }
}

fn names(run: &super::support::Run) -> Vec<String> {
    let rows = run.json();
    let name = |row: &Value| {
        row.get("profile").or_else(|| row.get("name")).and_then(Value::as_str).unwrap().to_owned()
    };
    rows.as_array().unwrap().iter().map(name).collect()
}

#[test]
fn list_shows_every_profile_and_finds_by_its_fields() {
    let sandbox = Sandbox::new();
    sandbox.config(&format!(
        "[default]\nregion = eu-west-1\n[profile prod]\nrole_arn = {ADMIN}\nsource_profile = dev\nregion = us-west-2\ndescription = The Till\nmfa_serial = {BOB_MFA}\n\
         [profile people]\nsso_start_url = https://corp.example/start\nsso_region = eu-west-1\nsso_account_id = 333333333333\nsso_role_name = Developer\n\
         [profile broken]\nrole_arn = {ADMIN}\n"
    ));
    let all = sandbox.run(&["list", "--json"]).ok().silent();
    let mut found = names(&all);
    found.sort();
    assert_eq!(found, ["broken", "default", "dev", "people", "prod"]);
    for (filter, wanted) in [
        ("prod", "prod"),
        ("TILL", "prod"),
        ("role/admin", "prod"),
        ("333333333333", "people"),
        ("developer", "people"),
        ("corp.example", "people"),
    ] {
        let run = sandbox.run(&["list", filter, "--json"]).ok();
        assert!(names(&run).contains(&wanted.to_owned()), "{filter}: {run:#?}");
        assert!(!names(&run).contains(&"dev".to_owned()), "{filter}: {run:#?}");
    }
    assert_eq!(sandbox.run(&["list", "no-such-thing", "--json"]).ok().json(), json!([]));
    let text = sandbox.run(&["list"]).ok().stdout;
    for word in ["prod", PROD, "admin", "people", "333333333333", "Developer", "dev", "broken"] {
        assert!(text.contains(word), "`{word}` is not in\n{text}");
    }
    for secret in sandbox.secrets() {
        assert!(!text.contains(&secret) && !all.stdout.contains(&secret));
    }
    sandbox.no_calls();
}

#[test]
fn list_shows_how_long_a_cached_session_lives() {
    let sandbox = Sandbox::new();
    let before = sandbox.run(&["list", "prod", "--json"]).ok().stdout;
    let end = sandbox.run(&["process", "prod"]).ok().field("Expiration");
    let after = sandbox.run(&["list", "prod", "--json"]).ok().stdout;
    assert!(!before.contains(&end) && after.contains(&end), "{after}");
    let text = sandbox.run(&["list"]).ok().stdout;
    let line = text.lines().find(|line| line.starts_with("prod")).unwrap();
    assert!(line.contains("59m") || line.contains("1h"), "{line}");
}

#[test]
fn list_without_profiles_is_empty_and_succeeds() {
    let sandbox = Sandbox::empty();
    assert_eq!(sandbox.run(&["list", "--json"]).ok().json(), json!([]));
    sandbox.run(&["list"]).ok();
}

#[test]
fn dump_shows_both_files_as_merged() {
    let sandbox = Sandbox::empty();
    sandbox.secret("TokenInAFile");
    sandbox.config(
        "[default]\nRegion = eu-west-1\n[profile dev]\noutput = json\naws_access_key_id = old\nserver =\n  a = b\n  c = d\n\
         [sso-session corp]\nsso_region = eu-west-1\n[services local]\nsts =\n  endpoint_url = http://127.0.0.1:1\n\
         [profile dev]\nOUTPUT = text # not json\n[ignored section]\na = b\n",
    );
    sandbox
        .credentials(&format!("[dev]\n{}aws_session_token = TokenInAFile\n", sandbox.key_lines()));
    let run = sandbox.run(&["profile", "dump", "--json"]).ok().silent();
    let wanted = json!({
        "profiles": {
            "default": {"region": "eu-west-1"},
            "dev": {
                "output": "text", "aws_access_key_id": sandbox.access_key_id, "aws_secret_access_key": "****", "aws_session_token": "****",
                "server": "\na = b\nc = d",
            },
        },
        "sso_sessions": {"corp": {"sso_region": "eu-west-1"}},
        "services": {"local": {"sts": {"endpoint_url": "http://127.0.0.1:1"}}},
    });
    assert_eq!(run.json(), wanted);
    for secret in sandbox.secrets() {
        assert!(!run.stdout.contains(&secret));
    }
}

#[test]
fn dump_of_malformed_files_is_error_that_names_each_line() {
    let sandbox = Sandbox::new();
    sandbox.config("key = before any section\n[profile a\n[profile b]\nno equals sign\n = no key\n[profile c]\n  continued\nregion = x\n");
    let run = sandbox.run(&["profile", "dump", "--json"]).fails(3);
    run.says(&["error: ", "config:1", "config:2", "config:4", "config:5", "config:7", "hint: "]);
    sandbox.config("[profile a]\nregion = x\n");
    sandbox.credentials("[dev\n");
    sandbox.run(&["profile", "dump", "--json"]).fails(3).error_form().says(&["credentials:1"]);
}
