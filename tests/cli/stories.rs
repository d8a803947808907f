//! What scripts and notebooks did by hand: the same is one command, without their faults.

use std::fs::Permissions;
use std::os::unix::fs::PermissionsExt;
use std::time::Duration;

use rustix::process::Signal;
use serde_json::json;

use super::support::{
    DEV, PROD, Role, Sandbox, Statement, TrustStatement, code, guarded_config, mode, role, time,
};

const FILE: &str = ".aws/credentials";

/// A home with the keys of `dev` and other lines, in a file that only its owner may read.
fn sandbox(more: &str) -> (Sandbox, String) {
    let sandbox = Sandbox::new();
    let text = format!("# mine, since 2019\n[dev]\n{}{more}", sandbox.key_lines());
    let path = sandbox.credentials(&text);
    std::fs::set_permissions(path, Permissions::from_mode(0o600)).unwrap();
    (sandbox, text)
}

fn text(sandbox: &Sandbox) -> String {
    std::fs::read_to_string(sandbox.path(FILE)).unwrap()
}

/// The value of a key in the section that stands last.
fn value(sandbox: &Sandbox, key: &str) -> String {
    let text = text(sandbox);
    let line = text.lines().rfind(|line| line.split([' ', '=']).next() == Some(key)).unwrap();
    line.split_once('=').unwrap().1.trim().to_owned()
}

/// The script took a user, a role and a code, and wrote the whole file anew, with the session of
/// four hours as `[default]`.
#[test]
fn default_for_four_hours_leaves_the_rest_of_the_file_and_goes_again() {
    let other = "[other]\naws_access_key_id=AKIAOTHER\naws_secret_access_key=o";
    let (sandbox, before) = sandbox(&format!("region\t=eu-west-1 ; home\n\n{other}"));
    sandbox.config(&guarded_config(""));
    let code = code(&sandbox);
    let write = ["write", "guarded", "--as", "default", "--duration", "4h"];
    sandbox.run(&[&write[..], &["--mfa-token", &code]].concat()).ok().silent();
    let after = text(&sandbox);
    assert!(after.starts_with(&before), "{after}");
    assert_eq!(mode(&sandbox.path(FILE)), 0o600);
    let end = time(&value(&sandbox, "x_security_token_expires"));
    assert!((14_000..14_500).contains(&(end - sandbox.aws.now())), "{after}");
    assert_eq!(sandbox.sent("DurationSeconds").unwrap(), "14400");
    // Whoever reads only `[default]` is the role now.
    assert_eq!(sandbox.run(&["whoami", "default", "--json"]).ok().json()["account"], PROD);
    // Within the four hours it is written again without a code, also where somebody took it out.
    sandbox.credentials(&before);
    sandbox.run(&write).ok().silent();
    assert_eq!(text(&sandbox), after);
    sandbox.run(&["write", "--clear", "default"]).ok().silent();
    assert_eq!(text(&sandbox), before);
}

/// What the script itself has left is a session that rolecall did not write.
#[test]
fn default_that_a_script_wrote_is_taken_over_once() {
    let left = "\n[default]\naws_access_key_id = ASIAOLD\naws_secret_access_key = s\n\
                aws_session_token = t\n";
    let (sandbox, before) = sandbox(left);
    let keys = before.strip_suffix(left).unwrap();
    let write = ["write", "prod", "--as", "default"];
    let run = sandbox.run(&write).fails(3).error_form();
    run.says(&["rolecall did not write", "--force"]);
    sandbox.run(&[&write[..], &["--force"]].concat()).ok().silent();
    sandbox.run(&[&write[..], &["--refresh"]].concat()).ok().silent();
    assert!(!text(&sandbox).contains("ASIAOLD"), "{}", text(&sandbox));
    assert!(text(&sandbox).starts_with(keys), "{}", text(&sandbox));
}

/// The script truncated the file first: who pressed Ctrl-C in time had no keys any more.
#[test]
fn write_that_is_killed_anywhere_leaves_the_old_or_the_new_file() {
    let (sandbox, before) = sandbox("# the end");
    let write = ["write", "prod", "--as", "default", "--refresh"];
    sandbox.run(&write).ok();
    let mut last = text(&sandbox);
    for round in 0..24u64 {
        let mut running = sandbox.command(&write).start();
        let calls = sandbox.aws.count("AssumeRole");
        while running.is_running() && sandbox.aws.count("AssumeRole") == calls {
            std::thread::sleep(Duration::from_millis(1));
        }
        std::thread::sleep(Duration::from_micros(500 * round));
        // One that has ended by itself has no process to kill.
        if running.is_running() {
            running.signal(Signal::KILL);
        }
        running.finish();
        let now = text(&sandbox);
        assert!(now.starts_with(&before), "{now}");
        assert_eq!(now.len(), last.len(), "{now}");
        assert_eq!(mode(&sandbox.path(FILE)), 0o600);
        last = now;
    }
    sandbox.run(&["write", "--clear", "default"]).ok().silent();
    assert_eq!(text(&sandbox), before);
}

/// The notebook told how to write the profile of a role by hand, and what SDKs make of it.
#[test]
fn profile_of_a_role_is_added_tried_and_handed_out() {
    let sandbox = Sandbox::new();
    let config = "# mine\n[default]\nregion = eu-west-1\n";
    let path = sandbox.config(config);
    let arn = format!("role_arn={}", role("admin"));
    let add = ["profile", "add", "work", &arn, "source_profile=dev", "region=eu-central-1"];
    let run = sandbox.run(&[&add[..], &["--dry-run"]].concat()).ok();
    assert!(run.stdout.contains("+[profile work]"), "{run:#?}");
    assert_eq!(std::fs::read_to_string(&path).unwrap(), config);
    sandbox.run(&add).ok().silent();
    let section = format!(
        "\n[profile work]\nrole_arn = {}\nsource_profile = dev\nregion = eu-central-1\n",
        role("admin")
    );
    assert_eq!(std::fs::read_to_string(&path).unwrap(), format!("{config}{section}"));
    let explained = sandbox.run(&["explain", "work", "--json"]).ok().json();
    assert!(explained.to_string().contains(&role("admin")), "{explained}");
    let key = sandbox.run(&["process", "work"]).ok().key();
    assert!(key.starts_with("ASIA"), "{key}");
    assert_eq!(sandbox.sent("RoleArn").unwrap(), role("admin"));
    assert_eq!(sandbox.run(&["whoami", "work", "--json"]).ok().json()["account"], PROD);
    // A typing error in it is told with its place, before any call.
    sandbox.run(&["profile", "set", "work", "source_profile=dve"]).ok();
    let run = sandbox.run(&["process", "work"]).fails(3).error_form();
    run.says(&["config:7: the source_profile `dve` of profile `work` does not exist"]);
}

/// The notebook asked IAM whether a role may do some actions on a bucket, and printed a line for
/// each.
#[test]
fn simulation_answers_for_a_role_by_its_arn_and_each_action() {
    let sandbox = Sandbox::new();
    let bucket = "arn:aws:s3:::tales/*";
    let reader = Role::new(&role("reader"))
        .trusts(TrustStatement::account(DEV))
        .allow("iam:SimulatePrincipalPolicy", "*")
        .policy(Statement::allow("s3:GetObject", bucket));
    sandbox.aws.world(|world| world.roles.push(reader));
    let arn = role("reader");
    let asked = ["s3:GetObject", "s3:PutObject"];
    let options = ["--role-arn", &arn, "--source-profile", "dev", "--resource", bucket, "--json"];
    let run = sandbox.run(&[&["can"][..], &asked[..], &options[..]].concat()).fails(1).silent();
    let json = run.json();
    let decisions = json["results"].as_array().unwrap().iter();
    let decisions: Vec<_> = decisions.map(|one| json!([one["action"], one["decision"]])).collect();
    assert_eq!(
        decisions,
        [json!(["s3:GetObject", "allowed"]), json!(["s3:PutObject", "implicit_deny"])]
    );
    // What IAM is asked is what the notebook sent.
    let sent = |name: &str| sandbox.sent_to("SimulatePrincipalPolicy", name);
    assert_eq!(sent("PolicySourceArn").as_deref(), Some(arn.as_str()));
    assert_eq!(sent("ActionNames.member.1").as_deref(), Some("s3:GetObject"));
    assert_eq!(sent("ActionNames.member.2").as_deref(), Some("s3:PutObject"));
    assert_eq!(sent("ResourceArns.member.1").as_deref(), Some(bucket));
}
