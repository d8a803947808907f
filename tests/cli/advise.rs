//! `doctor` and `policy`: what is wrong, and what would make it right.

use serde_json::Value;

use super::support::{
    ADMIN, BOB_MFA, DEV, EXTERNAL_ID, PROD, Role, Run, Sandbox, Statement, TrustStatement, role,
};

/// The findings of a check, as (status, message with hint).
fn findings(run: &Run, check: &str) -> Vec<(String, String)> {
    let all = run.json();
    let text = |finding: &Value, name: &str| finding[name].as_str().unwrap_or_default().to_owned();
    let of_check = all
        .as_array()
        .unwrap()
        .iter()
        .filter(|finding| check.is_empty() || finding["check"] == check);
    of_check
        .map(|finding| {
            (
                text(finding, "status"),
                format!("{} | {}", text(finding, "message"), text(finding, "hint")),
            )
        })
        .collect()
}

fn has(run: &Run, status: &str, words: &[&str]) -> bool {
    findings(run, "")
        .iter()
        .any(|(found, text)| found == status && words.iter().all(|word| text.contains(word)))
}

/// Files that only their owner may read.
fn private(sandbox: &Sandbox) {
    use std::os::unix::fs::PermissionsExt;
    for path in [".aws/config", ".aws/credentials"] {
        std::fs::set_permissions(sandbox.path(path), PermissionsExt::from_mode(0o600)).unwrap();
    }
}

#[test]
fn doctor_finds_no_problem_in_valid_setup() {
    let sandbox = Sandbox::new();
    private(&sandbox);
    let run = sandbox.run(&["doctor", "--json"]).ok();
    assert!(!findings(&run, "").iter().any(|(status, _)| status == "problem"), "{run:#?}");
    assert!(has(&run, "ok", &["`prod`"]), "{run:#?}");
    // Long-term keys in plain text are worth a warning.
    assert!(has(&run, "warning", &["`dev`", "plain text"]), "{run:#?}");
    let text = sandbox.run(&["doctor"]).ok().stdout;
    assert!(text.lines().count() >= findings(&run, "").len(), "{text}");
    for secret in sandbox.secrets() {
        assert!(!text.contains(&secret) && !run.stdout.contains(&secret));
    }
    assert_eq!(sandbox.assumed(), 0);
}

#[test]
fn doctor_names_invalid_profiles_and_exits_1() {
    let sandbox = Sandbox::new();
    sandbox.config(&format!(
        "[profile neither]\nrole_arn = {ADMIN}\n[profile a]\nrole_arn = {ADMIN}\nsource_profile = b\n[profile b]\nrole_arn = {ADMIN}\nsource_profile = a\n\
         [profile half]\naws_access_key_id = x\n[profile line]\nno property\n[profile p]\ncredential_process = rolecall process p\n"
    ));
    let run = sandbox.run(&["doctor", "--json"]).fails(1);
    for words in [
        &["`neither`", "source_profile"][..],
        &["`a` → `b` → `a`"],
        &["`half`", "aws_secret_access_key"],
        &["config:12"],
        &["`p`", "leads back"],
    ] {
        assert!(has(&run, "problem", words), "{words:?}: {run:#?}");
    }
    // One profile is looked at by itself.
    let run = sandbox.run(&["doctor", "dev", "--json"]);
    assert!(!run.stdout.contains("`neither`"), "{run:#?}");
}

#[test]
fn doctor_reports_readable_file_dead_endpoint_and_missing_keyring() {
    use std::os::unix::fs::PermissionsExt;
    let sandbox = Sandbox::new();
    std::fs::set_permissions(sandbox.path(".aws/credentials"), PermissionsExt::from_mode(0o644))
        .unwrap();
    let run = sandbox.run(&["doctor", "--json"]);
    assert!(has(&run, "warning", &["credentials", "chmod 600"]), "{run:#?}");
    let free = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    sandbox.set("AWS_ENDPOINT_URL_STS", format!("http://{free}"));
    sandbox.set("AWS_MAX_ATTEMPTS", "1");
    let run = sandbox.run(&["doctor", "--json"]).fails(1);
    assert!(has(&run, "problem", &[&free.to_string()]), "{run:#?}");
    let run = sandbox.run(&["doctor", "--json", "--store", "keyring"]).fails(1);
    assert!(has(&run, "problem", &["keyring", "ROLECALL_STORE"]), "{run:#?}");
}

#[cfg(target_os = "linux")]
#[test]
fn doctor_says_in_wsl_which_store_window_and_browser_are_used() {
    let sandbox = Sandbox::new();
    let found = |sandbox: &Sandbox| {
        let run = sandbox.run(&["doctor", "--json"]);
        findings(&run, "wsl")
    };
    assert_eq!(found(&sandbox), []);
    sandbox.set("WSL_DISTRO_NAME", "Ubuntu");
    sandbox.set("PATH", sandbox.path("bin"));
    sandbox.set("ROLECALL_STORE", "none");
    let rows = found(&sandbox);
    let words = ["Ubuntu in WSL", "nowhere", "no window", "finds no browser"];
    assert!(matches!(&rows[..], [(_, text)] if words.iter().all(|w| text.contains(w))), "{rows:?}");
    sandbox.script("powershell.exe", "exit 1");
    sandbox.script("wslview", "exit 1");
    sandbox.set("BROWSER", "wslview");
    let rows = found(&sandbox);
    let words = ["opened by", "powershell.exe", "/bin/wslview"];
    assert!(matches!(&rows[..], [(_, text)] if words.iter().all(|w| text.contains(w))), "{rows:?}");
}

#[test]
fn doctor_reports_clock_that_is_one_hour_off() {
    let sandbox = Sandbox::new();
    sandbox.aws.set_clock_offset(-3_600);
    let run = sandbox.run(&["doctor", "--json"]).fails(1);
    assert!(has(&run, "problem", &["clock", "1h"]), "{run:#?}");
}

#[test]
fn doctor_of_an_unknown_profile_is_an_error() {
    let sandbox = Sandbox::new();
    let run = sandbox.run(&["doctor", "nobody"]);
    assert!(matches!(run.code, 1 | 3), "{run:#?}");
    assert!(run.stderr.contains("`nobody`") || run.stdout.contains("`nobody`"), "{run:#?}");
}

#[test]
fn doctor_of_a_malformed_profile_names_its_line() {
    let sandbox = Sandbox::new();
    sandbox.config("[profile prod]\nregion = eu-west-1\nno property\n");
    let run = sandbox.run(&["doctor", "prod", "--json"]).fails(1);
    assert!(has(&run, "problem", &["`prod` is malformed", "config:3: "]), "{run:#?}");
    assert!(!run.stderr.contains("is in neither"), "{run:#?}");
}

#[test]
fn interrupted_doctor_exits_130_and_prints_no_report() {
    let sandbox = Sandbox::new();
    // It takes connections and never answers.
    let deaf = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    sandbox.set("AWS_ENDPOINT_URL_STS", format!("http://{}", deaf.local_addr().unwrap()));
    let running = sandbox.command(&["doctor"]).start();
    drop(deaf.accept().map(|(stream, _)| std::mem::forget(stream)));
    running.signal(rustix::process::Signal::INT);
    let run = running.finish().fails(130);
    assert_eq!(run.stdout, "");
    run.says(&["error: interrupted"]);
}

/// Puts a printed trust policy onto a role of the fake.
fn apply(sandbox: &Sandbox, arn: &str, policy: &Value) {
    let statement = &policy["Statement"][0];
    assert_eq!(
        (policy["Version"].as_str(), statement["Effect"].as_str()),
        (Some("2012-10-17"), Some("Allow"))
    );
    let text = |value: &Value| value.as_str().map(str::to_owned);
    let mut trust = TrustStatement::arn(&text(&statement["Principal"]["AWS"]).unwrap());
    if let Some(id) = text(&statement["Condition"]["StringEquals"]["sts:ExternalId"]) {
        trust = trust.external_id(&id);
    }
    if text(&statement["Condition"]["Bool"]["aws:MultiFactorAuthPresent"]).as_deref()
        == Some("true")
    {
        trust = trust.mfa();
    }
    let actions = statement["Action"].to_string();
    assert!(actions.contains("\"sts:AssumeRole\""), "{actions}");
    if actions.contains("sts:TagSession") {
        trust = trust.tag_session();
    }
    if actions.contains("sts:SetSourceIdentity") {
        trust = trust.source_identity();
    }
    sandbox.aws.world(|world| {
        let role = world.roles.iter_mut().find(|role| role.arn == arn).unwrap();
        role.trust = vec![trust];
    });
}

/// A role that nobody may assume, for a profile with these lines.
fn closed(lines: &str) -> Sandbox {
    let sandbox = Sandbox::new();
    sandbox.config(&format!(
        "[profile prod]\nrole_arn = {}\nsource_profile = dev\n{lines}",
        role("closed")
    ));
    sandbox.run(&["process", "prod"]).fails(if lines.contains("mfa") { 4 } else { 1 });
    sandbox
}

#[test]
fn printed_trust_policy_lets_user_assume_role() {
    let sandbox = closed("");
    let policy = sandbox.run(&["policy", "trust", "prod"]).ok().silent().json();
    apply(&sandbox, &role("closed"), &policy);
    sandbox.run(&["process", "prod"]).ok();
}

#[test]
fn trust_policy_covers_external_id_tags_and_source_identity() {
    let lines = format!("external_id = {EXTERNAL_ID}\nsource_identity = bob\nsession_tags = a=b\n");
    let sandbox = closed(&lines);
    let policy = sandbox.run(&["policy", "trust", "prod"]).ok().json();
    apply(&sandbox, &role("closed"), &policy);
    sandbox.run(&["process", "prod"]).ok();
    sandbox.run(&["process", "prod", "--external-id", "another"]).fails(1);
}

#[test]
fn trust_policy_requires_mfa_when_profile_has_mfa_serial() {
    let sandbox = Sandbox::new();
    sandbox.config(&format!(
        "[profile prod]\nrole_arn = {}\nsource_profile = dev\nmfa_serial = {BOB_MFA}\n",
        role("closed")
    ));
    // Nobody is asked for a code only to print a policy.
    let policy = sandbox.command(&["policy", "trust", "prod"]).without_terminal().run().ok().json();
    apply(&sandbox, &role("closed"), &policy);
    sandbox.run(&["process", "prod", "--mfa-token", &sandbox.aws.mfa_code(DEV, "bob")]).ok();
    sandbox
        .config(&format!("[profile prod]\nrole_arn = {}\nsource_profile = dev\n", role("closed")));
    sandbox.run(&["process", "prod"]).fails(1);
}

#[test]
fn trust_policy_of_chained_role_names_previous_role() {
    let sandbox = Sandbox::new();
    sandbox.config(&format!(
        "[profile prod]\nrole_arn = {ADMIN}\nsource_profile = dev\n[profile far]\nrole_arn = {}\nsource_profile = prod\n",
        role("closed")
    ));
    sandbox.run(&["process", "far"]).fails(1);
    let policy = sandbox.run(&["policy", "trust", "far"]).ok().json();
    assert_eq!(policy["Statement"][0]["Principal"]["AWS"], ADMIN);
    apply(&sandbox, &role("closed"), &policy);
    sandbox.run(&["process", "far"]).ok();
}

#[test]
fn printed_caller_policy_lets_user_assume_role() {
    let sandbox = Sandbox::new();
    sandbox.aws.world(|world| world.users[0].policies.clear());
    sandbox.config(&format!("[profile prod]\nrole_arn = {ADMIN}\nsource_profile = dev\nsource_identity = bob\nsession_tags = a=b\n"));
    sandbox.run(&["process", "prod"]).fails(1).says(&["rolecall policy caller prod"]);
    sandbox.aws.clear_calls();
    let policy = sandbox.run(&["policy", "caller", "prod"]).ok().silent().json();
    sandbox.no_calls();
    let statement = &policy["Statement"][0];
    let resource = statement["Resource"].as_str().unwrap();
    let actions: Vec<&str> = match &statement["Action"] {
        Value::Array(actions) => actions.iter().filter_map(Value::as_str).collect(),
        action => action.as_str().into_iter().collect(),
    };
    assert_eq!(resource, ADMIN);
    sandbox.aws.world(|world| {
        world.users[0].policies =
            actions.iter().map(|action| Statement::allow(action, resource)).collect()
    });
    sandbox.run(&["process", "prod"]).ok();
}

#[test]
fn trust_policy_is_printed_for_ad_hoc_role() {
    let sandbox = Sandbox::new();
    let arn = role("closed");
    let policy = sandbox
        .run(&["policy", "trust", "--role-arn", &arn, "--source-profile", "dev"])
        .ok()
        .json();
    assert_eq!(policy["Statement"][0]["Principal"]["AWS"], format!("arn:aws:iam::{DEV}:user/bob"));
}

#[test]
fn trust_policy_names_role_arn_with_its_path() {
    let arn = format!("arn:aws:iam::{PROD}:role/team/core/deploy");
    let sandbox = Sandbox::with_world(|world| {
        world.role(Role::new(&arn).trusts(TrustStatement::account(DEV)).allow("*", "*"))
    });
    sandbox.keys("dev");
    sandbox.config(&format!(
        "[profile one]\nrole_arn = {arn}\nsource_profile = dev\n[profile two]\nrole_arn = {}\nsource_profile = one\n",
        role("closed")
    ));
    let policy = sandbox.run(&["policy", "trust", "two"]).ok().json();
    assert_eq!(policy["Statement"][0]["Principal"]["AWS"], arn);
}

#[test]
fn policy_of_profile_without_role_is_error() {
    let sandbox = Sandbox::new();
    for verb in ["trust", "caller"] {
        let run = sandbox.run(&["policy", verb, "dev"]);
        assert!(matches!(run.code, 2 | 3), "{run:#?}");
        run.error_form().says(&["dev"]);
    }
    sandbox.run(&["policy"]).fails(2);
}
