//! Sessions between runs: what is used again, what is not, and what happens when a store or a
//! renewal fails.

use super::support::{
    ADMIN, DEV, EXTERNAL_ID, Fault, Kind, Role, Sandbox, TrustStatement, role,
    shares_users_with_host,
};

#[test]
fn second_run_uses_cached_session_without_a_call() {
    let sandbox = Sandbox::new();
    let first = sandbox.run(&["process", "prod"]).ok();
    let second = sandbox.run(&["process", "prod"]).ok().silent();
    assert_eq!(first.stdout, second.stdout);
    assert_eq!(sandbox.aws.calls().len(), 1);
    // Every verb shares it.
    let env = sandbox.run(&["env", "prod", "--format", "json"]).ok();
    assert_eq!(env.field("AWS_ACCESS_KEY_ID"), first.key());
    assert_eq!(sandbox.aws.calls().len(), 1);
}

#[test]
fn edited_role_property_misses_cache() {
    let sandbox = Sandbox::new().in_any_region();
    let base = [
        ("role_arn", ADMIN),
        ("source_profile", "dev"),
        ("external_id", EXTERNAL_ID),
        ("role_session_name", "first"),
        ("duration_seconds", "3600"),
        ("region", "eu-west-1"),
        ("source_identity", "bob"),
        ("session_tags", "a=b"),
        ("transitive_session_tags", "a"),
        ("policy_arns", "arn:aws:iam::aws:policy/ReadOnlyAccess"),
    ];
    sandbox.unset("AWS_REGION");
    let other = role("tagged");
    sandbox.aws.world(|world| {
        let trust = TrustStatement::account(DEV).tag_session().source_identity();
        let tagged = Role::new(&other).trusts(trust).max_session(43_200);
        *world = std::mem::take(world).role(tagged);
    });
    let write = |changed: &str, value: &str| {
        let line = |(key, usual): &(&str, &str)| {
            format!("{key} = {}\n", if *key == changed { value } else { usual })
        };
        let lines: String = base.iter().map(line).collect();
        sandbox.config(&format!("[profile prod]\n{lines}"));
    };
    write("", "");
    let first = sandbox.run(&["process", "prod"]).ok().key();
    let mut calls = 1;
    for (key, value) in [
        ("role_arn", other.as_str()),
        ("external_id", "another-id"),
        ("role_session_name", "second"),
        ("duration_seconds", "1800"),
        ("region", "us-east-1"),
        ("source_identity", "eve"),
        ("session_tags", "a=c"),
        ("policy_arns", "arn:aws:iam::aws:policy/job-function/ViewOnlyAccess"),
    ] {
        write(key, value);
        calls += 1;
        assert_ne!(sandbox.run(&["process", "prod"]).ok().key(), first, "{key}");
        assert_eq!(sandbox.assumed(), calls, "{key}");
    }
    write("", "");
    assert_eq!(sandbox.run(&["process", "prod"]).ok().key(), first);
    assert_eq!(sandbox.assumed(), calls);
}

#[test]
fn other_long_term_keys_miss_cache() {
    let sandbox = Sandbox::new();
    let first = sandbox.run(&["process", "prod"]).ok().key();
    let (id, secret) = (format!("AKIB{}", sandbox.id), "SecretOfAnn/LongTerm");
    sandbox.aws.world(|world| {
        let ann = super::support::User::new(DEV, "ann", &id, secret).allow("sts:*", "*");
        *world = std::mem::take(world).user(ann);
    });
    sandbox.credentials(&format!(
        "[dev]\naws_access_key_id = {id}\naws_secret_access_key = {secret}\n"
    ));
    assert_ne!(sandbox.run(&["process", "prod"]).ok().key(), first);
    sandbox.keys("dev");
    assert_eq!(sandbox.run(&["process", "prod"]).ok().key(), first);
    assert_eq!(sandbox.assumed(), 2);
}

#[test]
fn renamed_profile_hits_cache() {
    let sandbox = Sandbox::new();
    let first = sandbox.run(&["process", "prod"]).ok().key();
    sandbox.config(&format!("[profile production]\ndescription = new name\nrole_arn = {ADMIN}\nsource_profile = dev\noutput = json\n"));
    assert_eq!(sandbox.run(&["process", "production"]).ok().key(), first);
}

#[test]
fn roles_with_common_source_share_its_session() {
    let sandbox = Sandbox::with_world(|world| {
        let trust = || TrustStatement::arn(ADMIN);
        world
            .role(Role::new(&role("left")).trusts(trust()))
            .role(Role::new(&role("right")).trusts(trust()))
    });
    sandbox.keys("dev");
    let leaf = |name: &str| {
        format!("[profile {name}]\nrole_arn = {}\nsource_profile = prod\n", role(name))
    };
    sandbox.config(&format!(
        "[profile prod]\nrole_arn = {ADMIN}\nsource_profile = dev\n{}{}",
        leaf("left"),
        leaf("right")
    ));
    sandbox.run(&["process", "left"]).ok();
    sandbox.run(&["process", "right"]).ok();
    sandbox.run(&["process", "prod"]).ok();
    let arns: Vec<_> =
        sandbox.aws.calls().iter().map(|c| c.param("RoleArn").unwrap().to_owned()).collect();
    assert_eq!(arns, [ADMIN.to_owned(), role("left"), role("right")]);
}

#[test]
fn refresh_fetches_new_session_and_caches_it() {
    let sandbox = Sandbox::new();
    let first = sandbox.run(&["process", "prod"]).ok().key();
    let second = sandbox.run(&["process", "prod", "--refresh"]).ok().key();
    assert_ne!(first, second);
    assert_eq!(sandbox.run(&["process", "prod"]).ok().key(), second);
    assert_eq!(sandbox.assumed(), 2);
}

#[test]
fn no_cache_neither_reads_nor_writes() {
    let sandbox = Sandbox::new();
    let first = sandbox.run(&["process", "prod", "--no-cache"]).ok().key();
    let second = sandbox.run(&["process", "prod"]).ok().key();
    let third = sandbox.run(&["process", "prod", "--no-cache"]).ok().key();
    assert!(first != second && second != third);
    assert_eq!(sandbox.run(&["process", "prod"]).ok().key(), second);
    assert_eq!(sandbox.assumed(), 3);
}

#[test]
fn store_none_caches_nothing() {
    let sandbox = Sandbox::new();
    sandbox.run(&["process", "prod", "--store", "none"]).ok().silent();
    sandbox.set("ROLECALL_STORE", "none");
    sandbox.run(&["process", "prod"]).ok().silent();
    sandbox.unset("ROLECALL_STORE");
    sandbox.file("xdg/config/rolecall/settings.ini", "store = none\n");
    sandbox.run(&["process", "prod"]).ok().silent();
    assert_eq!(sandbox.assumed(), 3);
}

#[test]
fn each_store_has_its_own_session() {
    let sandbox = Sandbox::new();
    sandbox.set("ROLECALL_FILE_PASSPHRASE", "correct horse battery staple");
    sandbox.secret("correct horse battery staple");
    let one = sandbox.run(&["process", "prod"]).ok().key();
    let two = sandbox.run(&["process", "prod", "--store", "file"]).ok().key();
    assert_ne!(one, two);
    assert_eq!(sandbox.run(&["process", "prod", "--store", "keyutils"]).ok().key(), one);
    assert_eq!(sandbox.run(&["process", "prod", "--store", "file"]).ok().key(), two);
    assert_eq!(sandbox.assumed(), 2);
}

#[test]
fn missing_keyring_falls_back_to_next_store() {
    let sandbox = Sandbox::new();
    sandbox.unset("ROLECALL_STORE");
    let first = sandbox.run(&["process", "prod"]).ok().silent().key();
    let second = sandbox.run(&["process", "prod"]).ok().key();
    assert_eq!(second == first, !shares_users_with_host());
    let run = sandbox.run(&["process", "prod", "-v"]).ok();
    run.says(&["keyring", "keyutils"]);
}

#[test]
fn chosen_keyring_that_is_missing_gives_warning_and_no_cache() {
    let sandbox = Sandbox::new();
    let run = sandbox.run(&["process", "prod", "--store", "keyring"]).ok();
    run.says(&["warning: ", "keyring"]);
    let quiet = sandbox.run(&["process", "prod", "--store", "keyring", "--quiet"]).ok();
    quiet.silent();
    assert_eq!(sandbox.assumed(), 2);
}

/// The session's own life decides, with a role that may live 15 minutes and more.
fn with_duration(seconds: &str) -> Sandbox {
    let sandbox = Sandbox::new();
    sandbox.config(&format!(
        "[profile prod]\nrole_arn = {ADMIN}\nsource_profile = dev\nduration_seconds = {seconds}\n"
    ));
    sandbox
}

/// An hour's session that was fetched some minutes ago.
fn fetched_ago(minutes: i64) -> (Sandbox, String) {
    let sandbox = Sandbox::new();
    sandbox.aws.set_clock_offset(-60 * minutes);
    let key = sandbox.command(&["process", "prod"]).clock_off_by(-60 * minutes).run().ok().key();
    sandbox.aws.set_clock_offset(0);
    (sandbox, key)
}

#[test]
fn process_renews_session_with_less_than_15_minutes_left() {
    let (sandbox, key) = fetched_ago(44);
    assert_eq!(sandbox.run(&["process", "prod"]).ok().key(), key);
    let (sandbox, key) = fetched_ago(46);
    assert_ne!(sandbox.run(&["process", "prod"]).ok().key(), key);
}

#[test]
fn env_renews_session_with_less_than_5_minutes_left() {
    let key_of = |sandbox: &Sandbox| {
        let run = sandbox.run(&["env", "prod", "--format", "json"]).ok();
        run.field("AWS_ACCESS_KEY_ID")
    };
    let (sandbox, key) = fetched_ago(54);
    assert_eq!(key_of(&sandbox), key);
    let (sandbox, key) = fetched_ago(56);
    assert_ne!(key_of(&sandbox), key);
}

#[test]
fn an_expired_session_is_never_handed_out() {
    let (sandbox, key) = fetched_ago(61);
    sandbox.aws.inject(Fault::always("AssumeRole", Kind::Status(403, denied())));
    sandbox.run(&["process", "prod"]).fails(1).error_form();
    sandbox.aws.clear_faults();
    assert_ne!(sandbox.run(&["process", "prod"]).ok().key(), key);
}

#[test]
fn session_with_less_than_min_ttl_left_is_renewed() {
    let sandbox = with_duration("7200");
    let first = sandbox.run(&["process", "prod"]).ok().key();
    assert_eq!(sandbox.run(&["process", "prod", "--min-ttl", "1h50m"]).ok().key(), first);
    assert_ne!(sandbox.run(&["process", "prod", "--min-ttl", "2h1m"]).ok().key(), first);
    assert_eq!(sandbox.assumed(), 2);
    sandbox.file("xdg/config/rolecall/settings.ini", "min_ttl = 3h\n");
    sandbox.run(&["process", "prod"]).ok();
    assert_eq!(sandbox.assumed(), 3);
    // What is typed wins.
    sandbox.run(&["process", "prod", "--min-ttl", "1h"]).ok();
    assert_eq!(sandbox.assumed(), 3);
}

#[test]
fn a_short_session_is_used_until_a_fifth_is_left() {
    let fetched_ago = |minutes: i64| {
        let sandbox = with_duration("1800");
        sandbox.aws.set_clock_offset(-60 * minutes);
        let key =
            sandbox.command(&["process", "prod"]).clock_off_by(-60 * minutes).run().ok().key();
        sandbox.aws.set_clock_offset(0);
        (sandbox, key)
    };
    // Six minutes of thirty are a fifth.
    let (sandbox, key) = fetched_ago(23);
    assert_eq!(sandbox.run(&["process", "prod"]).ok().key(), key);
    let (sandbox, key) = fetched_ago(25);
    assert_ne!(sandbox.run(&["process", "prod"]).ok().key(), key);
}

#[test]
fn failed_renewal_gives_old_session_and_warning() {
    let sandbox = Sandbox::new();
    let first = sandbox.run(&["process", "prod"]).ok().key();
    sandbox.aws.inject(Fault::always("AssumeRole", Kind::Status(403, denied())));
    let run = sandbox.run(&["process", "prod", "--refresh"]).ok();
    assert_eq!(run.key(), first);
    run.says(&["warning: ", "could not be renewed", "left"]);
    let run = sandbox.run(&["process", "prod", "--min-ttl", "2h"]).ok();
    assert_eq!(run.key(), first);
    // It was not thrown away.
    sandbox.aws.clear_faults();
    assert_eq!(sandbox.run(&["process", "prod"]).ok().key(), first);
}

fn denied() -> String {
    "<ErrorResponse><Error><Type>Sender</Type><Code>AccessDenied</Code><Message>no more</Message></Error><RequestId>1</RequestId></ErrorResponse>".to_owned()
}

#[test]
fn a_failed_renewal_without_an_old_session_fails() {
    let sandbox = Sandbox::new();
    sandbox.aws.inject(Fault::always("AssumeRole", Kind::Status(403, denied())));
    sandbox.run(&["process", "prod", "--refresh"]).fails(1).error_form().says(&["no more"]);
}

/// The files of the `file` store.
fn entries(sandbox: &Sandbox) -> Vec<std::path::PathBuf> {
    let mut found = Vec::new();
    let mut folders = vec![sandbox.path("xdg/data")];
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() { folders.push(path) } else { found.push(path) }
        }
    }
    found
}

fn file_store() -> Sandbox {
    let sandbox = Sandbox::new();
    sandbox.set("ROLECALL_STORE", "file");
    sandbox.set("ROLECALL_FILE_PASSPHRASE", "correct horse battery staple");
    sandbox.secret("correct horse battery staple");
    sandbox
}

#[test]
fn the_file_store_is_private_and_encrypted() {
    use std::os::unix::fs::PermissionsExt;
    let sandbox = file_store();
    let run = sandbox.run(&["process", "prod"]).ok();
    let (secret, token) = (run.field("SecretAccessKey"), run.field("SessionToken"));
    let files = entries(&sandbox);
    assert!(!files.is_empty());
    for file in files {
        let (content, mode) =
            (std::fs::read(&file).unwrap(), file.metadata().unwrap().permissions().mode());
        let text = String::from_utf8_lossy(&content).into_owned();
        assert!(!text.contains(&secret) && !text.contains(&token), "{}", file.display());
        assert_eq!(mode & 0o077, 0, "{}", file.display());
    }
    assert_eq!(sandbox.run(&["process", "prod"]).ok().key(), run.key());
}

#[test]
fn garbage_in_the_store_is_a_miss() {
    let sandbox = file_store();
    sandbox.run(&["process", "prod"]).ok();
    let sessions: Vec<_> = entries(&sandbox)
        .into_iter()
        .filter(|p| !p.to_string_lossy().contains("identity"))
        .collect();
    assert!(!sessions.is_empty());
    for (times, garbage) in [&b""[..], b"\0\xff garbage", &[b'a'; 100_000]].into_iter().enumerate()
    {
        for session in &sessions {
            std::fs::write(session, garbage).unwrap();
        }
        sandbox.run(&["process", "prod"]).ok();
        assert_eq!(sandbox.assumed(), times + 2);
        sandbox.run(&["process", "prod"]).ok();
        assert_eq!(sandbox.assumed(), times + 2, "it was replaced");
    }
}

#[test]
fn malformed_index_is_replaced_without_message() {
    let sandbox = Sandbox::new();
    for garbage in ["", "garbage", "{\"a\":1}", "\0"] {
        sandbox.file("xdg/state/rolecall/index.json", garbage);
        sandbox.run(&["process", "prod", "--refresh"]).ok().silent();
    }
    let index = std::fs::read_to_string(sandbox.path("xdg/state/rolecall/index.json")).unwrap();
    assert!(index.contains("prod") && index.contains(ADMIN), "{index}");
    for secret in sandbox.secrets() {
        assert!(!index.contains(&secret), "the index holds a secret");
    }
}

#[test]
fn index_that_is_a_pipe_is_replaced_without_waiting() {
    let sandbox = Sandbox::new();
    sandbox.set("ROLECALL_PROFILE", "prod");
    let index = sandbox.file("xdg/state/rolecall/index.json", "");
    std::fs::remove_file(&index).unwrap();
    assert!(std::process::Command::new("mkfifo").arg(&index).status().unwrap().success());
    for arguments in [&["prompt"][..], &["list"], &["sessions"]] {
        sandbox.run(arguments).ok();
    }
    sandbox.run(&["process", "prod"]).ok().silent();
    assert!(std::fs::read_to_string(&index).unwrap().contains("prod"));
}

#[test]
fn file_store_without_passphrase_gives_warning_and_credentials() {
    let sandbox = Sandbox::new();
    sandbox.set("ROLECALL_STORE", "file");
    let run = sandbox.command(&["process", "prod"]).without_terminal().run().ok();
    run.says(&["warning: ", "ROLECALL_FILE_PASSPHRASE"]);
}

#[test]
fn wrong_passphrase_gives_warning_and_new_session() {
    let sandbox = file_store();
    let first = sandbox.run(&["process", "prod"]).ok().key();
    // Another folder is another store, whose identity the kernel does not hold.
    let from = sandbox.path("xdg/data/rolecall");
    let to = sandbox.path("moved/rolecall");
    std::fs::create_dir_all(sandbox.path("moved")).unwrap();
    std::fs::rename(from, to).unwrap();
    sandbox.set("XDG_DATA_HOME", sandbox.path("moved"));
    sandbox.set("ROLECALL_FILE_PASSPHRASE", "another passphrase entirely");
    sandbox.secret("another passphrase entirely");
    let run = sandbox.run(&["process", "prod"]).ok();
    assert_ne!(run.key(), first);
    run.says(&["warning: "]);
    sandbox.set("ROLECALL_FILE_PASSPHRASE", "correct horse battery staple");
    assert_eq!(sandbox.run(&["process", "prod"]).ok().key(), first);
}
