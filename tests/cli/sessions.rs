//! `sessions` and `logout`: what is kept, and forgetting it. Whoever forgets everything is a user
//! of the kernel's keyring of his own.

use serde_json::{Value, json};

use super::support::{ADMIN, BOB_MFA, DEV, PROD, Sandbox, iso, role, time};

const INDEX: &str = "xdg/state/rolecall/index.json";
const PASSPHRASE: &str = "correct horse battery staple";

fn rows(sandbox: &Sandbox) -> Vec<Value> {
    sandbox.run(&["sessions", "--json"]).ok().silent().json().as_array().unwrap().clone()
}

/// What is kept, by the profiles of each session, in the order in which it is listed.
fn kept(sandbox: &Sandbox) -> Vec<String> {
    let name = |row: &Value| {
        row["profiles"]
            .as_array()
            .unwrap()
            .iter()
            .map(|name| name.as_str().unwrap())
            .collect::<Vec<_>>()
            .join("+")
    };
    rows(sandbox).iter().map(name).collect()
}

fn profile(name: &str, role_name: &str, more: &str) -> String {
    format!("[profile {name}]\nrole_arn = {}\nsource_profile = dev\n{more}\n", role(role_name))
}

/// Three roles of bob's, two of which demand MFA and share the session with it.
fn three(sandbox: &Sandbox) {
    let mfa = format!("mfa_serial = {BOB_MFA}");
    sandbox.config(
        &(profile("one", "guarded", &mfa)
            + &profile("two", "other", &mfa)
            + &profile("three", "admin", "")),
    );
    let code = sandbox.aws.mfa_code(DEV, "bob");
    sandbox.run(&["process", "one", "--mfa-token", &code]).ok();
    sandbox.run(&["process", "two"]).ok();
    sandbox.run(&["process", "three"]).ok();
}

fn file_store(sandbox: &Sandbox) {
    sandbox.set("ROLECALL_STORE", "file");
    sandbox.set("ROLECALL_FILE_PASSPHRASE", PASSPHRASE);
    sandbox.secret(PASSPHRASE);
}

fn files(sandbox: &Sandbox) -> Vec<String> {
    let folder = sandbox.path("xdg/data/rolecall/store");
    let mut names: Vec<String> = std::fs::read_dir(folder)
        .unwrap()
        .map(|file| file.unwrap().file_name().to_string_lossy().into_owned())
        .collect();
    names.sort();
    names
}

#[test]
fn list_is_empty_before_first_session() {
    let sandbox = Sandbox::new();
    assert_eq!(sandbox.run(&["sessions"]).ok().silent().stdout, "");
    assert_eq!(sandbox.run(&["sessions", "list", "--json"]).ok().silent().stdout, "[]\n");
    sandbox.run(&["sessions", "-v"]).ok().says(&["no session"]);
}

#[test]
fn list_shows_cached_sessions_without_store_or_network() {
    let sandbox = Sandbox::new();
    three(&sandbox);
    // Neither a store nor the network is asked.
    sandbox.set("ROLECALL_STORE", "file");
    let rows = rows(&sandbox);
    let find = |what: &str| {
        rows.iter()
            .find(|row| row["session"] == what)
            .unwrap_or_else(|| panic!("no {what} in {rows:#?}"))
    };
    let shared = find("session with MFA");
    assert_eq!(
        (&shared["kind"], &shared["profiles"]),
        (&json!("get_session_token"), &json!(["one", "two"]))
    );
    let admin = find(ADMIN);
    assert_eq!((&admin["kind"], &admin["profiles"]), (&json!("assume_role"), &json!(["three"])));
    assert_eq!(
        (&admin["role_arn"], &admin["account"], &admin["store"]),
        (&json!(ADMIN), &json!(PROD), &json!("keyutils"))
    );
    assert_eq!(rows.len(), 4);
    for (row, longest) in [(shared, 43_200), (admin, 3_600)] {
        let left = row["seconds_left"].as_i64().unwrap();
        assert!(left > longest - 60 && left <= longest, "{row:#}");
        assert!(
            (time(row["expiration"].as_str().unwrap()) - sandbox.aws.now() - left).abs() < 60,
            "{row:#}"
        );
    }
    let table = sandbox.run(&["sessions", "list"]).ok().silent().stdout;
    assert_eq!(table, sandbox.run(&["sessions"]).ok().stdout);
    for words in
        ["SESSION", "UNTIL", "LEFT", "session with MFA", "one, two", ADMIN, "keyutils", "59m"]
    {
        assert!(table.contains(words), "`{words}` is not in {table}");
    }
    for secret in sandbox.secrets() {
        assert!(!table.contains(&secret), "{table}");
    }
    assert_eq!(sandbox.assumed(), 3);
}

#[test]
fn list_names_three_profiles_of_shared_session_and_counts_rest() {
    let sandbox = Sandbox::new();
    let mfa = format!("mfa_serial = {BOB_MFA}\n");
    let config: String = (0..6)
        .map(|n| {
            profile(&format!("p{n}"), "guarded", &format!("{mfa}role_session_name = name-{n}"))
        })
        .collect();
    sandbox.config(&config);
    sandbox.run(&["process", "p0", "--mfa-token", &sandbox.aws.mfa_code(DEV, "bob")]).ok();
    let table = sandbox.run(&["sessions"]).ok().stdout;
    assert!(table.contains("p0, p1, p2 and 3 more"), "{table}");
    assert_eq!(kept(&sandbox), ["p0", "p0+p1+p2+p3+p4+p5"]);
}

#[test]
fn session_of_credential_process_is_listed_as_process() {
    let sandbox = Sandbox::new();
    let end = iso(sandbox.aws.now() + 3_600);
    let script = sandbox.script(
        "tool",
        &format!(
            r#"echo '{{"Version":1,"AccessKeyId":"ASIAX","SecretAccessKey":"SecretOfTheTool","SessionToken":"TokenOfTheTool","Expiration":"{end}"}}'"#
        ),
    );
    sandbox.secret("SecretOfTheTool");
    sandbox.config(&format!("[profile tool]\ncredential_process = {script}\n"));
    sandbox.run(&["process", "tool"]).ok();
    let rows = rows(&sandbox);
    assert_eq!(
        (&rows[0]["kind"], &rows[0]["session"], &rows[0]["role_arn"]),
        (&json!("process"), &json!("process"), &Value::Null)
    );
    sandbox.run(&["sessions", "clear", "tool"]).ok();
    assert!(kept(&sandbox).is_empty());
}

#[test]
fn expired_session_is_not_listed() {
    let sandbox = Sandbox::new();
    sandbox.run(&["process", "prod"]).ok();
    assert_eq!(
        sandbox
            .command(&["sessions", "--json"])
            .clock_off_by(3_590)
            .run()
            .ok()
            .json()
            .as_array()
            .unwrap()
            .len(),
        1
    );
    assert_eq!(
        sandbox.command(&["sessions", "--json"]).clock_off_by(3_700).run().ok().stdout,
        "[]\n"
    );
}

#[test]
fn session_of_removed_profile_is_listed_and_cleared_by_old_name() {
    let sandbox = Sandbox::new();
    sandbox.run(&["process", "prod"]).ok();
    sandbox.config("");
    let rows = rows(&sandbox);
    assert_eq!(
        (&rows[0]["profiles"], &rows[0]["kind"], &rows[0]["session"]),
        (&json!(["prod"]), &Value::Null, &json!(ADMIN))
    );
    sandbox.run(&["sessions", "clear", "nobody"]).fails(3).error_form().says(&["`nobody`"]);
    assert_eq!(kept(&sandbox), ["prod"]);
    sandbox.run(&["sessions", "clear", "prod"]).ok().silent();
    assert!(kept(&sandbox).is_empty());
    sandbox.run(&["sessions", "clear", "prod"]).fails(3).error_form();
}

#[test]
fn session_of_profile_that_became_invalid_is_cleared() {
    let sandbox = Sandbox::new();
    sandbox.run(&["process", "prod"]).ok();
    sandbox.config(&format!("[profile prod]\nrole_arn = {ADMIN}\nsource_profile = nowhere\n"));
    sandbox.run(&["sessions", "clear", "prod"]).ok().silent();
    assert!(kept(&sandbox).is_empty());
    sandbox.run(&["sessions", "clear", "prod"]).fails(3).error_form().says(&["nowhere"]);
}

#[test]
fn clearing_one_profile_keeps_sessions_of_others() {
    let sandbox = Sandbox::new();
    three(&sandbox);
    let (one, two) =
        (sandbox.run(&["process", "one"]).ok().key(), sandbox.run(&["process", "two"]).ok().key());
    sandbox
        .run(&["sessions", "clear", "-v", "one"])
        .ok()
        .says(&["1 session is forgotten", "`two`"]);
    assert_eq!(kept(&sandbox), ["one+two", "three", "two"]);
    // Fetched anew from the session that both share: nobody is asked.
    assert_ne!(sandbox.command(&["process", "one"]).without_terminal().run().ok().key(), one);
    assert_eq!(sandbox.run(&["process", "two"]).ok().key(), two);
    assert_eq!(sandbox.aws.count("GetSessionToken"), 1);
    // With the last who uses it, it goes.
    sandbox.run(&["sessions", "clear", "one", "-p", "two"]).ok().silent();
    assert_eq!(kept(&sandbox), ["three"]);
    sandbox.command(&["process", "one"]).without_terminal().run().fails(4);
}

#[test]
fn clearing_one_profile_of_chain_deletes_its_session_only() {
    let sandbox = Sandbox::new();
    let next = format!("[profile next]\nrole_arn = {}\nsource_profile = prod\n", role("next"));
    sandbox.config(&format!("[profile prod]\nrole_arn = {ADMIN}\nsource_profile = dev\n{next}"));
    let first = sandbox.run(&["process", "next"]).ok().key();
    assert_eq!(kept(&sandbox), ["next", "prod+next"]);
    sandbox.run(&["sessions", "clear", "next"]).ok();
    assert_eq!(kept(&sandbox), ["prod+next"]);
    assert_ne!(sandbox.run(&["process", "next"]).ok().key(), first);
    sandbox.run(&["logout", "prod"]).ok().silent();
    assert_eq!(kept(&sandbox), ["next"]);
}

#[test]
fn clearing_profile_deletes_sessions_made_with_options_too() {
    let sandbox = Sandbox::new();
    sandbox.run(&["process", "prod"]).ok();
    sandbox.run(&["process", "prod", "--duration", "2h"]).ok();
    assert_eq!(kept(&sandbox).len(), 2);
    sandbox.run(&["sessions", "clear", "prod"]).ok();
    assert!(kept(&sandbox).is_empty());
}

#[test]
fn clearing_all_deletes_every_session_and_next_run_fetches() {
    let sandbox = Sandbox::alone();
    three(&sandbox);
    assert_eq!(kept(&sandbox).len(), 4);
    let key = sandbox.run(&["process", "three"]).ok().key();
    sandbox.run(&["sessions", "clear", "-v"]).ok().says(&["4 sessions are forgotten"]);
    assert!(kept(&sandbox).is_empty());
    assert_ne!(sandbox.run(&["process", "three"]).ok().key(), key);
    sandbox.command(&["process", "one"]).without_terminal().run().fails(4);
    let silent = sandbox.run(&["logout"]).ok().silent();
    assert_eq!(silent.stdout, "");
    sandbox.run(&["logout", "-v"]).ok().says(&["no session"]);
}

#[test]
fn clearing_all_deletes_sessions_when_index_is_missing_or_garbage() {
    let sandbox = Sandbox::alone();
    file_store(&sandbox);
    for garbage in [None, Some("garbage"), Some("[]"), Some("{\"a\":1}")] {
        let first = sandbox.run(&["process", "prod"]).ok().key();
        let second = sandbox.run(&["process", "prod", "--store", "keyutils"]).ok().key();
        std::fs::remove_file(sandbox.path(INDEX)).unwrap();
        if let Some(garbage) = garbage {
            // Any user may write it here, so that its owner may replace it.
            sandbox.file(INDEX, garbage);
        }
        assert!(kept(&sandbox).is_empty());
        // Both stores keep one under the same name.
        sandbox.run(&["sessions", "clear", "-v"]).ok().says(&["1 session is forgotten"]);
        assert_eq!(files(&sandbox), ["identity.age"]);
        let third = sandbox.run(&["process", "prod", "--store", "keyutils"]).ok().key();
        assert!(third != second && third != first);
        sandbox.run(&["sessions", "clear"]).ok();
    }
}

#[test]
fn clearing_all_works_with_malformed_config() {
    let sandbox = Sandbox::alone();
    sandbox.run(&["process", "prod"]).ok();
    sandbox.config("[profile prod\nnonsense\n");
    sandbox.run(&["logout", "-v"]).ok().says(&["1 session is forgotten"]);
}

#[test]
fn clearing_all_keeps_files_that_are_no_sessions() {
    let sandbox = Sandbox::alone();
    file_store(&sandbox);
    sandbox.run(&["process", "prod"]).ok();
    let digits = "0123456789abcdef".repeat(4);
    let others = [
        "mfa-seed.age".to_owned(),
        format!("{digits}0.age"),
        format!("{}.age", digits.to_uppercase()),
        "note.txt".to_owned(),
    ];
    for name in &others {
        sandbox.file(&format!("xdg/data/rolecall/store/{name}"), "not a session");
    }
    // The index cannot talk anybody into it.
    let entry = json!({"profile": "prod", "account_id": null, "role_arn": null, "expires_at": "2099-01-01T00:00:00Z", "store": "file"});
    sandbox.file(INDEX, json!({"mfa-seed": entry, "identity": entry}).to_string());
    sandbox.run(&["sessions", "clear", "-v"]).ok().says(&["1 session is forgotten"]);
    let mut left = others.to_vec();
    left.push("identity.age".to_owned());
    left.sort();
    assert_eq!(files(&sandbox), left);
}

#[test]
fn logout_makes_file_store_ask_for_passphrase_again() {
    let sandbox = Sandbox::alone();
    file_store(&sandbox);
    let key = sandbox.run(&["process", "prod"]).ok().key();
    sandbox.unset("ROLECALL_FILE_PASSPHRASE");
    // The kernel keeps it open.
    assert_eq!(sandbox.run(&["process", "prod"]).ok().silent().key(), key);
    sandbox.run(&["sessions", "clear"]).ok();
    sandbox.run(&["process", "prod", "--no-input"]).ok().silent();
    sandbox.run(&["logout", "-v"]).ok().says(&["asks for its passphrase again"]);
    sandbox
        .run(&["process", "prod", "--no-input"])
        .ok()
        .says(&["warning: ", "ROLECALL_FILE_PASSPHRASE"]);
    assert_eq!(files(&sandbox), ["identity.age"]);
}

#[test]
fn a_session_in_two_stores_is_cleared_from_both() {
    let sandbox = Sandbox::new();
    file_store(&sandbox);
    let key = sandbox.run(&["process", "prod"]).ok().key();
    // The index has a place for one of them only.
    let other = sandbox.run(&["process", "prod", "--store", "keyutils"]).ok().key();
    assert_eq!(rows(&sandbox)[0]["store"], "keyutils");
    sandbox.run(&["sessions", "clear", "prod", "--verbose"]).ok().says(&["1 session is forgotten"]);
    assert_eq!(files(&sandbox), ["identity.age"]);
    assert_ne!(sandbox.run(&["process", "prod"]).ok().key(), key);
    assert_ne!(sandbox.run(&["process", "prod", "--store", "keyutils"]).ok().key(), other);
}

#[test]
fn a_store_that_cannot_be_cleared_is_an_error() {
    let sandbox = Sandbox::alone();
    file_store(&sandbox);
    sandbox.run(&["process", "prod"]).ok();
    sandbox.run(&["process", "prod", "--store", "keyutils", "--duration", "2h"]).ok();
    let folder = sandbox.path("xdg/data/rolecall/store");
    let mode = |mode| {
        std::fs::set_permissions(&folder, std::os::unix::fs::PermissionsExt::from_mode(mode))
            .unwrap()
    };
    mode(0o500);
    for args in [&["sessions", "clear"][..], &["sessions", "clear", "prod"], &["logout"]] {
        sandbox.run(args).fails(5).error_form().says(&[
            "the store file",
            "denied",
            "hint: ",
            "rolecall",
        ]);
        // What could be cleared was, and what could not still stands in the index.
        let rows = rows(&sandbox);
        assert_eq!((rows.len(), &rows[0]["store"]), (1, &json!("file")), "{rows:#?}");
    }
    // The same without an index to go by.
    let index = std::fs::read_to_string(sandbox.path(INDEX)).unwrap();
    std::fs::remove_file(sandbox.path(INDEX)).unwrap();
    sandbox.run(&["sessions", "clear"]).fails(5).error_form();
    mode(0o700);
    sandbox.file(INDEX, index);
    sandbox.run(&["sessions", "clear"]).ok().silent();
    assert_eq!(files(&sandbox), ["identity.age"]);
    assert!(kept(&sandbox).is_empty());
}

#[test]
fn unwritable_index_gives_warning_and_sessions_are_cleared() {
    let sandbox = Sandbox::alone();
    let key = sandbox.run(&["process", "prod"]).ok().key();
    let folder = sandbox.path("xdg/state/rolecall");
    let mode = |mode| {
        std::fs::set_permissions(&folder, std::os::unix::fs::PermissionsExt::from_mode(mode))
            .unwrap()
    };
    mode(0o500);
    sandbox.run(&["sessions", "clear"]).ok().says(&["warning: ", "index.json"]);
    sandbox.run(&["sessions", "clear", "prod", "--quiet"]).ok().silent();
    assert_ne!(sandbox.run(&["process", "prod"]).ok().key(), key);
    mode(0o700);
}

#[test]
fn index_stays_valid_while_20_processes_write_and_one_clears() {
    let sandbox = Sandbox::alone();
    let config: String = (0..10)
        .map(|n| profile(&format!("p{n}"), "other", &format!("role_session_name = name-{n}")))
        .collect();
    sandbox.config(&config);
    for round in 0..3 {
        let names: Vec<String> = (0..20).map(|n| format!("p{}", n % 10)).collect();
        let writing: Vec<_> = names
            .iter()
            .map(|name| sandbox.command(&["process", name, "--refresh"]).start())
            .collect();
        for _ in 0..5 {
            sandbox.run(&["sessions", "clear"]).ok();
            sandbox.run(&["sessions", "clear", &format!("p{round}")]).ok();
        }
        for one in writing {
            one.finish().ok();
        }
        serde_json::from_slice::<Value>(&std::fs::read(sandbox.path(INDEX)).unwrap()).unwrap();
    }
    // Whatever the index missed is found.
    sandbox.run(&["sessions", "clear"]).ok();
    let before = sandbox.assumed();
    sandbox.run(&["process", "p0"]).ok();
    assert_eq!(sandbox.assumed(), before + 1);
}

#[test]
fn invalid_arguments_clear_nothing() {
    let sandbox = Sandbox::new();
    sandbox.run(&["process", "prod"]).ok();
    for args in [
        &["sessions", "prod"][..],
        &["sessions", "clear", "--all"],
        &["sessions", "--json", "clear"],
        &["sessions", "clear", ""],
    ] {
        let code = sandbox.run(args).code;
        assert!(matches!(code, 2 | 3), "{args:?}: {code}");
    }
    assert_eq!(kept(&sandbox), ["prod"]);
}

#[test]
fn logout_on_terminal_says_how_many_sessions_it_cleared() {
    let sandbox = Sandbox::new();
    sandbox.run(&["process", "prod"]).ok();
    let terminal = sandbox
        .command(&["logout", "prod"])
        .by_shell("exec \"$0\" \"$@\" 2>/dev/tty <&-")
        .on_a_terminal();
    terminal.wait_for("1 session is forgotten", 1);
    terminal.finish().ok();
}

#[test]
fn sessions_and_logout_succeed_silently_without_home() {
    let sandbox = Sandbox::alone();
    for name in [
        "HOME",
        "XDG_CONFIG_HOME",
        "XDG_CACHE_HOME",
        "XDG_DATA_HOME",
        "XDG_STATE_HOME",
        "XDG_RUNTIME_DIR",
    ] {
        sandbox.unset(name);
    }
    for args in [&["sessions"][..], &["sessions", "--json"], &["sessions", "clear"], &["logout"]] {
        sandbox.run(args).ok().silent();
    }
}
