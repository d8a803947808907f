//! How old stored keys are and what IAM says of them: `keys list --check`, `keys remove --at-aws` and
//! the setting `max_key_age`.

use fake_aws::Statement;
use serde_json::{Value, json};

use super::keys::{added, config, entries};
use super::keys_rotate::{at_aws, named, rotatable, rotate};
use super::support::{Run, Sandbox};

/// Lets the stored keys be added in 2024.
fn grow_old(sandbox: &Sandbox) {
    let path = sandbox.path("xdg/state/rolecall/keys.json");
    let mut records: Value = serde_json::from_slice(&std::fs::read(&path).unwrap()).unwrap();
    for record in records.as_object_mut().unwrap().values_mut() {
        record["added_at"] = json!("2024-01-01T00:00:00Z");
    }
    std::fs::write(&path, records.to_string()).unwrap();
}

fn list(sandbox: &Sandbox, more: &[&str]) -> Run {
    sandbox.run(&[&["keys", "list", "--no-input"], more].concat())
}

#[test]
fn old_keys_are_marked_everywhere_until_they_are_rotated() {
    let sandbox = rotatable();
    let is_old = |sandbox: &Sandbox| list(sandbox, &["--json"]).ok().json()[0]["is_old"].clone();
    let doctor = |sandbox: &Sandbox| sandbox.run(&["doctor", "dev"]).ok().stdout;
    assert_eq!(is_old(&sandbox), false);
    assert!(!doctor(&sandbox).contains("max_key_age"));
    grow_old(&sandbox);
    assert_eq!(is_old(&sandbox), true);
    assert!(list(&sandbox, &[]).ok().stdout.contains("d (old)"));
    assert!(sandbox.run(&["list"]).ok().stdout.contains("d old"));
    let row = sandbox.run(&["list", "--json"]).ok().json()[0].clone();
    assert!(row["key_age_days"].as_i64().unwrap() > 90, "{row}");
    let text = doctor(&sandbox);
    assert!(text.contains("max_key_age is 90"), "{text}");
    assert!(text.contains("replace it: rolecall keys rotate dev"), "{text}");
    for (setting, expected) in [("0", false), ("36500d", false), ("1h", true)] {
        sandbox.settings(&format!("max_key_age = {setting}\n"));
        assert_eq!(is_old(&sandbox), expected, "{setting}");
        assert_eq!(doctor(&sandbox).contains("max_key_age is"), expected, "{setting}");
    }
    sandbox.settings("max_key_age = 30d\n");
    assert_eq!(sandbox.aws.count("ListAccessKeys"), 0);
    sandbox.run(&["keys", "rotate", "--all", "--no-input"]).ok();
    assert_ne!(named(&sandbox), sandbox.access_key_id);
    assert!(!doctor(&sandbox).contains("max_key_age"));
}

#[test]
fn list_shows_both_keys_of_a_rotation() {
    let sandbox = rotatable();
    rotate(&sandbox, &[]).ok();
    let json = list(&sandbox, &["--json"]).ok().json();
    let part = |id: &str| {
        let rows = json.as_array().unwrap().iter();
        rows.clone().find(|row| row["access_key_id"] == id).unwrap()["rotation"].clone()
    };
    assert_eq!(
        (part(&sandbox.access_key_id), part(&named(&sandbox))),
        (json!("old"), json!("new"))
    );
    assert!(list(&sandbox, &[]).ok().stdout.contains("(before the rotation)"));
}

#[test]
fn check_shows_status_and_last_use_of_both_keys() {
    let sandbox = rotatable();
    rotate(&sandbox, &[]).ok();
    let before = list(&sandbox, &["--json"]).ok().json();
    assert_eq!(before[0]["status"], json!(null));
    let json = list(&sandbox, &["--check", "--json"]).ok().json();
    for row in json.as_array().unwrap() {
        let is_old = row["access_key_id"] == sandbox.access_key_id;
        assert_eq!(row["status"], if is_old { "inactive" } else { "active" });
        assert_eq!(
            (&row["last_used_service"], row["last_used_at"].is_string()),
            (&json!("iam"), true)
        );
    }
    let text = list(&sandbox, &["--check"]).ok().stdout;
    assert!(text.contains("LAST USED") && text.contains("inactive"), "{text}");
}

#[test]
fn check_that_iam_refuses_leaves_the_row_empty() {
    let sandbox = added();
    let run = list(&sandbox, &["--check", "--json"]).fails(1);
    run.clone().says(&["AccessDenied", "iam:ListAccessKeys"]);
    assert_eq!((&run.json()[0]["status"], &run.json()[0]["user"]), (&json!(null), &json!("bob")));
}

#[test]
fn removed_key_is_deleted_at_aws_only_where_nothing_needs_it() {
    let sandbox = rotatable();
    let first = config(&sandbox);
    let id = sandbox.access_key_id.clone();
    let remove =
        |profile: &str| sandbox.run(&["keys", "remove", profile, "--at-aws", "--no-input"]);
    sandbox.config(&format!("{first}[profile too]\nrolecall_access_key_id = {id}\n"));
    remove("dev").fails(3).error_form().says(&["`too` too", "rolecall keys remove too"]);
    sandbox.config(&first);
    remove("AKIANOBODY").fails(2).error_form().says(&["aws iam delete-access-key"]);
    rotate(&sandbox, &[]).ok();
    remove("dev").fails(1).error_form().says(&["not finished", "rolecall doctor"]);
    rotate(&sandbox, &["--undo"]).ok();
    assert_eq!(at_aws(&sandbox).len(), 1);
    remove("dev").ok();
    assert!(at_aws(&sandbox).is_empty() && entries(&sandbox).is_empty());
    assert_eq!(config(&sandbox), "[profile dev]\n");
}

#[test]
fn key_that_aws_does_not_delete_stays_in_the_store() {
    let sandbox = added();
    sandbox.aws.world(|world| {
        world.users[0].policies.push(Statement::deny("iam:DeleteAccessKey", "*"));
    });
    let run = sandbox.run(&["keys", "remove", "dev", "--at-aws", "--no-input"]);
    run.fails(1).error_form().says(&["AWS did not delete the access key", "explicit deny"]);
    assert_eq!((entries(&sandbox).len(), named(&sandbox)), (1, sandbox.access_key_id.clone()));
}

#[test]
fn removed_key_takes_its_rotation_along() {
    let sandbox = rotatable();
    rotate(&sandbox, &[]).ok();
    let run = sandbox.run(&["keys", "remove", &sandbox.access_key_id]).ok();
    run.says(&["the rotation of", &format!("the other key, {}, stays", named(&sandbox))]);
    rotate(&sandbox, &["--finish"]).fails(1).says(&["in no rotation"]);
}
