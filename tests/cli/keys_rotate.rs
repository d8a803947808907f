//! `keys rotate`: a new access key in the place of an old one, through every interruption and every
//! refusal.

use std::time::Duration;

use fake_aws::{AccessKey, Statement};

use super::keys::{added, config, entries, in_no_file, pipe};
use super::support::{BOB_MFA, DEV, Fault, Kind, Run, Sandbox, code, role};

/// Bob's keys in the store, who may rotate them.
pub(super) fn rotatable() -> Sandbox {
    let sandbox = added();
    allow_iam(&sandbox);
    sandbox.aws.clear_calls();
    sandbox
}

fn allow_iam(sandbox: &Sandbox) {
    sandbox.aws.world(|world| world.users[0].policies.push(Statement::allow("iam:*", "*")));
}

/// The keys of bob at AWS.
pub(super) fn at_aws(sandbox: &Sandbox) -> Vec<AccessKey> {
    sandbox.aws.world(|world| world.users[0].keys.clone())
}

/// The key that the profile `dev` names.
#[track_caller]
pub(super) fn named(sandbox: &Sandbox) -> String {
    let explained = sandbox.run(&["explain", "dev", "--json"]).ok().json();
    explained["base"]["access_key_id"].as_str().unwrap().to_owned()
}

pub(super) fn rotate(sandbox: &Sandbox, more: &[&str]) -> Run {
    pipe(sandbox, &[&["keys", "rotate", "dev"], more].concat(), "")
}

/// Demands that the new key is used, and the old one kept, switched off.
#[track_caller]
pub(super) fn is_rotated(sandbox: &Sandbox) {
    let old = &sandbox.access_key_id;
    let keys = at_aws(sandbox);
    let active: Vec<_> = keys.iter().filter(|key| key.is_active).map(|key| &key.id).collect();
    assert_eq!(keys.len(), 2, "{keys:?}");
    assert_eq!(active, [&named(sandbox)], "{keys:?}");
    assert!(keys.iter().any(|key| key.id == *old && !key.is_active), "{keys:?}");
    assert_eq!(stored(sandbox), sorted(keys.iter().map(|key| key.id.clone())));
    works(sandbox);
}

/// Demands that one key is all there is, at AWS, in the store and in the profile.
#[track_caller]
pub(super) fn is_alone(sandbox: &Sandbox, id: &str) {
    let keys: Vec<_> = at_aws(sandbox).into_iter().map(|key| (key.id, key.is_active)).collect();
    assert_eq!(keys, [(id.to_owned(), true)]);
    assert_eq!((named(sandbox), stored(sandbox)), (id.to_owned(), vec![id.to_owned()]));
    let doctor = sandbox.run(&["doctor", "dev"]).stdout;
    assert!(!doctor.contains("keys rotate"), "{doctor}");
    works(sandbox);
}

/// The IDs of the keys in the store.
fn stored(sandbox: &Sandbox) -> Vec<String> {
    let id = |name: String| name.trim_start_matches("key-").trim_end_matches(".age").to_owned();
    sorted(entries(sandbox).into_iter().map(id))
}

fn sorted(names: impl Iterator<Item = String>) -> Vec<String> {
    let mut names: Vec<_> = names.collect();
    names.sort();
    names
}

/// Demands that the profile's credentials are taken by AWS.
#[track_caller]
fn works(sandbox: &Sandbox) {
    sandbox.run(&["whoami", "dev"]).ok();
    in_no_file(&sandbox.path(""), &sandbox.secret);
}

/// The operations so far, each with the number of the key that signed: `old`, `new` or a session.
fn calls(sandbox: &Sandbox) -> Vec<(String, &'static str)> {
    let new = named(sandbox);
    let who = |id: Option<String>| match id {
        Some(id) if id == sandbox.access_key_id => "old",
        Some(id) if id == new => "new",
        _ => "session",
    };
    let calls = sandbox.aws.calls().into_iter();
    calls.map(|call| (call.operation, who(call.access_key_id))).collect()
}

#[test]
fn new_key_is_proven_before_it_switches_the_old_one_off() {
    let sandbox = rotatable();
    let run = rotate(&sandbox, &[]).ok();
    run.clone().says(&["rolecall keys rotate dev --finish", "rolecall keys rotate dev --undo"]);
    let expected = [
        ("GetCallerIdentity", "old"),
        ("ListAccessKeys", "old"),
        ("CreateAccessKey", "old"),
        ("GetCallerIdentity", "new"),
        ("GetCallerIdentity", "new"),
        ("GetCallerIdentity", "new"),
        ("ListAccessKeys", "new"),
        ("UpdateAccessKey", "new"),
    ];
    let calls = calls(&sandbox);
    assert_eq!(calls, expected.map(|(operation, who)| (operation.to_owned(), who)));
    let all = sandbox.aws.calls();
    let of_iam = all.iter().filter(|call| call.service == "iam");
    assert!(of_iam.clone().all(|call| call.param("UserName") == Some("bob")));
    let new = named(&sandbox);
    assert!(run.stdout.contains(&sandbox.access_key_id) && run.stdout.contains(&new));
    assert_eq!(
        config(&sandbox),
        format!(
            "[profile dev]\nrolecall_access_key_id = {new}\ncredential_process = rolecall process \
             dev\n"
        )
    );
    is_rotated(&sandbox);
    let doctor = sandbox.run(&["doctor", "dev"]).ok().stdout;
    assert!(doctor.contains("rolecall keys rotate dev --finish"), "{doctor}");
}

#[test]
fn finished_rotation_leaves_the_new_key_alone() {
    let sandbox = rotatable();
    rotate(&sandbox, &[]).ok();
    let new = named(&sandbox);
    let done = rotate(&sandbox, &["--finish", "--json"]).ok().json();
    assert_eq!(done[0]["result"], "finished");
    assert_eq!(
        (&done[0]["access_key_id"], &done[0]["new_access_key_id"]),
        (&sandbox.access_key_id.clone().into(), &new.clone().into())
    );
    assert_eq!(calls(&sandbox).last().unwrap(), &("DeleteAccessKey".to_owned(), "new"));
    is_alone(&sandbox, &new);
    for option in ["--finish", "--undo"] {
        rotate(&sandbox, &[option])
            .fails(1)
            .error_form()
            .says(&["in no rotation", "rolecall keys list"]);
    }
}

#[test]
fn undone_rotation_leaves_the_old_key_alone_and_every_byte() {
    let sandbox = rotatable();
    let before = "# mine\n[profile  dev]\r\nrolecall_access_key_id\t=  ID   \ncredential_process=rolecall process dev\n\n[profile second]\nrolecall_access_key_id=ID\nregion=eu-west-1";
    let before =
        before.replace("ID", &sandbox.access_key_id).replace("profile  dev", "profile dev");
    sandbox.config(&before);
    rotate(&sandbox, &[]).ok();
    let new = named(&sandbox);
    assert_eq!(config(&sandbox), before.replace(&sandbox.access_key_id, &new));
    is_rotated(&sandbox);
    rotate(&sandbox, &["--undo"]).ok();
    assert_eq!(config(&sandbox), before);
    is_alone(&sandbox, &sandbox.access_key_id);
}

#[test]
fn next_rotation_waits_for_the_end_of_the_last() {
    let sandbox = rotatable();
    rotate(&sandbox, &[]).ok();
    let run = rotate(&sandbox, &[]).fails(1).error_form();
    run.says(&["not deleted yet", "rolecall keys rotate dev --finish", "--undo"]);
    rotate(&sandbox, &["--finish"]).ok();
    let second = named(&sandbox);
    rotate(&sandbox, &[]).ok();
    rotate(&sandbox, &["--finish"]).ok();
    assert_ne!(named(&sandbox), second);
    is_alone(&sandbox, &named(&sandbox));
}

#[test]
fn session_of_the_old_key_is_not_handed_out_after_the_rotation() {
    let sandbox = rotatable();
    let before = sandbox.run(&["process", "dev"]).ok().key();
    rotate(&sandbox, &[]).ok();
    assert_ne!(sandbox.run(&["process", "dev"]).ok().key(), before);
    works(&sandbox);
}

#[test]
fn key_that_aws_knows_late_is_waited_for() {
    let sandbox = rotatable();
    sandbox.aws.world(|world| world.propagation_seconds = 3);
    rotate(&sandbox, &[]).ok();
    assert!(sandbox.aws.count("GetCallerIdentity") > 5);
    is_rotated(&sandbox);
}

#[test]
fn key_that_aws_never_knows_leaves_the_profile_as_it_is() {
    let sandbox = rotatable();
    sandbox.aws.world(|world| world.propagation_seconds = 3_600);
    let mut running = sandbox.command(&["keys", "rotate", "dev", "--no-input"]).start();
    while running.is_running() {
        std::thread::sleep(Duration::from_millis(100));
    }
    let old = &sandbox.access_key_id;
    let run = running.finish().fails(1).error_form();
    run.says(&["after 60 s", &format!("goes on with {old}"), "rolecall keys rotate dev"]);
    assert_eq!(named(&sandbox), *old);
    assert!(at_aws(&sandbox).iter().all(|key| key.is_active));
    works(&sandbox);
    sandbox.aws.world(|world| world.users[0].keys[1].known_from = 0);
    rotate(&sandbox, &[]).ok();
    assert_eq!(sandbox.aws.count("CreateAccessKey"), 1);
    is_rotated(&sandbox);
}

#[test]
fn two_keys_are_named_with_their_last_use() {
    let sandbox = rotatable();
    let other = AccessKey::of_before("AKIAOTHER", "SecretOfTheOtherKey");
    sandbox.aws.world(|world| {
        world.users[0].keys.push(AccessKey { is_active: false, ..other });
        // Each key is on a page of its own.
        world.keys_at_once = Some(1);
    });
    let run = rotate(&sandbox, &[]).fails(1).error_form();
    run.says(&[
        "user `bob` has two access keys already",
        &format!("{} (profile `dev`): active, made 2024-01-01", sandbox.access_key_id),
        "AKIAOTHER: inactive, made 2024-01-01T00:00:00Z, never used",
        "aws iam delete-access-key --user-name bob --access-key-id AKIAOTHER",
    ]);
    assert_eq!((at_aws(&sandbox).len(), sandbox.aws.count("CreateAccessKey")), (2, 0));
    works(&sandbox);
}

#[test]
fn policy_that_demands_mfa_is_met_by_sessions_of_both_keys() {
    let sandbox = added();
    sandbox.aws.world(|world| {
        world.users[0].policies.push(Statement::allow("iam:*", "*").with_mfa());
    });
    let refused = rotate(&sandbox, &[]).fails(1).error_form();
    refused.says(&["AccessDenied", "iam:CreateAccessKey", "mfa_serial"]);
    sandbox.config(&format!("{}mfa_serial = {BOB_MFA}\n", config(&sandbox)));
    rotate(&sandbox, &[]).fails(4).error_form();
    let whoami = |sandbox: &Sandbox| {
        sandbox.run(&["whoami", "dev", "--mfa-token", &code(sandbox)]).ok();
    };
    whoami(&sandbox);
    sandbox.aws.clear_calls();
    // The new key needs a session of its own, for which nobody can be asked.
    rotate(&sandbox, &[]).fails(4).error_form().says(&["rolecall keys rotate dev"]);
    assert_ne!(named(&sandbox), sandbox.access_key_id);
    whoami(&sandbox);
    rotate(&sandbox, &[]).ok();
    assert_eq!(sandbox.aws.count("CreateAccessKey"), 1);
    rotate(&sandbox, &["--finish"]).ok();
    is_alone(&sandbox, &named(&sandbox));
}

#[test]
fn refusals_before_the_new_key_leave_nothing_behind() {
    let sandbox = rotatable();
    for operation in ["ListAccessKeys", "CreateAccessKey"] {
        for (status, code) in [(403, "AccessDenied"), (409, "LimitExceeded"), (404, "NoSuchEntity")]
        {
            let kind = Kind::Refuse(status, code.to_owned(), "no".to_owned());
            sandbox.aws.inject(Fault::always(operation, kind));
            rotate(&sandbox, &[]).fails(1).error_form().says(&[code]);
            sandbox.aws.clear_faults();
            is_alone(&sandbox, &sandbox.access_key_id);
        }
    }
}

#[test]
fn secret_that_the_store_does_not_take_is_deleted_at_aws() {
    let sandbox = rotatable();
    let folder = sandbox.path("xdg/data/rolecall/store");
    let set = |mode: u32| {
        use std::os::unix::fs::PermissionsExt;
        std::fs::set_permissions(&folder, std::fs::Permissions::from_mode(mode)).unwrap();
    };
    // Root may write anywhere: a folder in the place of the entry stops everybody.
    sandbox.aws.inject(Fault::once("CreateAccessKey", Kind::Delay(1_500)));
    let running = sandbox.command(&["keys", "rotate", "dev", "--no-input"]).start();
    while sandbox.aws.world(|world| world.users[0].keys.len()) < 2 {
        std::thread::sleep(Duration::from_millis(5));
    }
    let new = at_aws(&sandbox)[1].id.clone();
    std::fs::create_dir(folder.join(format!("key-{new}.age"))).unwrap();
    running.finish().fails(5).error_form().says(&[&format!("the secret of {new}")]);
    std::fs::remove_dir(folder.join(format!("key-{new}.age"))).unwrap();
    set(0o700);
    is_alone(&sandbox, &sandbox.access_key_id);
}

#[test]
fn keys_of_root_and_of_profiles_without_stored_keys_are_not_rotated() {
    let sandbox = rotatable();
    sandbox.keys("plain");
    let first = config(&sandbox);
    sandbox.config(&format!(
        "{first}[profile prod]\nrole_arn = {}\nsource_profile = dev\n",
        role("admin")
    ));
    for (profile, code, hint) in [
        ("plain", 3, "rolecall keys import plain"),
        ("prod", 3, "rolecall keys rotate dev"),
        ("nobody", 3, "rolecall list"),
    ] {
        let run = sandbox.run(&["keys", "rotate", profile, "--no-input"]);
        run.fails(code).error_form().says(&[hint]);
    }
    sandbox.no_calls();
    let body = format!(
        "<GetCallerIdentityResponse xmlns=\"https://sts.amazonaws.com/doc/2011-06-15/\"><GetCallerIdentityResult><Arn>arn:aws:iam::{DEV}:root</Arn><UserId>{DEV}</UserId><Account>{DEV}</Account></GetCallerIdentityResult></GetCallerIdentityResponse>"
    );
    sandbox.aws.inject(Fault::always("GetCallerIdentity", Kind::Status(200, body)));
    rotate(&sandbox, &[]).fails(1).error_form().says(&["root user", "rolecall keys add --help"]);
    assert_eq!(sandbox.aws.count("CreateAccessKey"), 0);
}

#[test]
fn all_rotates_what_is_old_and_says_what_failed() {
    let sandbox = rotatable();
    let records = sandbox.path("xdg/state/rolecall/keys.json");
    let text = std::fs::read_to_string(&records).unwrap();
    let year = text.find("\"added_at\":\"").unwrap() + "\"added_at\":\"".len();
    let old = format!("{}2024{}", &text[..year], &text[year + 4..]);
    // Younger than 90 days, it stays; typed, it is not due either.
    let run = sandbox.run(&["keys", "rotate", "--all", "--json", "--no-input"]).ok();
    assert_eq!(run.stdout, "[]\n");
    let run = rotate(&sandbox, &["--max-age", "90d", "--json"]).ok();
    assert_eq!(run.json()[0]["result"], "not_due");
    sandbox.no_calls();
    std::fs::write(&records, old).unwrap();
    // Another profile's keys are not in the store any more.
    sandbox.config(&format!(
        "{}[profile lost]\nrolecall_access_key_id = AKIALOST\nregion = eu-west-1\n",
        config(&sandbox)
    ));
    let text = std::fs::read_to_string(&records).unwrap();
    let lost = text.replacen(
        '{',
        "{\"AKIALOST\":{\"store\":\"file\",\"added_at\":\"2024-01-01T00:00:00Z\"},",
        1,
    );
    std::fs::write(&records, lost).unwrap();
    let run = sandbox.run(&["keys", "rotate", "--all", "--json", "--no-input"]).fails(1);
    let json = run.json();
    let rows: Vec<_> =
        json.as_array().unwrap().iter().map(|row| (&row["profiles"][0], &row["result"])).collect();
    assert!(rows.contains(&(&"lost".into(), &"failed".into())), "{run:#?}");
    assert!(rows.contains(&(&"dev".into(), &"rotated".into())), "{run:#?}");
    is_rotated(&sandbox);
    sandbox.run(&["keys", "rotate", "--all", "--finish", "--no-input"]).ok();
    is_alone(&sandbox, &named(&sandbox));
}

#[test]
fn second_rotation_at_once_waits_for_the_first() {
    let sandbox = rotatable();
    sandbox.aws.inject(Fault::once("CreateAccessKey", Kind::Delay(1_000)));
    let first = sandbox.command(&["keys", "rotate", "dev", "--no-input"]).start();
    while sandbox.aws.count("CreateAccessKey") < 1 {
        std::thread::sleep(Duration::from_millis(5));
    }
    let second = rotate(&sandbox, &["-v"]);
    first.finish().ok();
    second.fails(1).says(&["waiting for", "a rotation of access keys", "not deleted yet"]);
    assert_eq!(sandbox.aws.count("CreateAccessKey"), 1);
    is_rotated(&sandbox);
}
