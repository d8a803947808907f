//! Long-term keys: put into the store by `keys add`, handed out as sessions, listed, and forgotten.

use std::fs::File;
use std::path::Path;
use std::sync::{Mutex, PoisonError};

use serde_json::json;

use super::support::{BOB_MFA, DEV, INDEX, Run, Sandbox, code, role};

const PASSPHRASE: &str = "correct horse battery staple";

/// The usual people, no shared files, and the store `file`.
pub(super) fn empty() -> Sandbox {
    let sandbox = Sandbox::empty();
    sandbox.set("ROLECALL_STORE", "file");
    sandbox.set("ROLECALL_FILE_PASSPHRASE", PASSPHRASE);
    sandbox.secret(PASSPHRASE);
    sandbox
}

#[track_caller]
pub(super) fn pipe(sandbox: &Sandbox, args: &[&str], stdin: impl AsRef<[u8]>) -> Run {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("stdin");
    std::fs::write(&path, stdin).unwrap();
    // Nobody is asked, wherever the tests run.
    let args = [args, &["--no-input"]].concat();
    sandbox.command(&args).stdin(File::open(&path).unwrap()).run()
}

fn pair(sandbox: &Sandbox) -> String {
    format!("{}\n{}\n", sandbox.access_key_id, sandbox.secret)
}

/// Bob's keys in the store, named by the profile `dev`. One store is made at a time, because scrypt
/// takes 128 MiB for each.
pub(super) fn added() -> Sandbox {
    static MAKING: Mutex<()> = Mutex::new(());
    let _turn = MAKING.lock().unwrap_or_else(PoisonError::into_inner);
    let sandbox = empty();
    pipe(&sandbox, &["keys", "add", "dev"], pair(&sandbox)).ok();
    sandbox
}

pub(super) fn config(sandbox: &Sandbox) -> String {
    std::fs::read_to_string(sandbox.path(".aws/config")).unwrap_or_default()
}

/// The long-term keys in the file store.
pub(super) fn entries(sandbox: &Sandbox) -> Vec<String> {
    let folder = Path::new(INDEX).parent().unwrap().to_owned();
    let store = if cfg!(windows) { folder.join("store") } else { "xdg/data/rolecall/store".into() };
    let files = std::fs::read_dir(sandbox.path(&store.to_string_lossy())).into_iter().flatten();
    let names = files.map(|file| file.unwrap().file_name().into_string().unwrap());
    names.filter(|name| name.starts_with("key-")).collect()
}

/// Demands that no file of the home holds a text.
#[track_caller]
pub(super) fn in_no_file(folder: &Path, text: &str) {
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() && !path.is_symlink() {
            in_no_file(&path, text);
        } else if let Ok(bytes) = std::fs::read(&path) {
            let found = bytes.windows(text.len()).any(|part| part == text.as_bytes());
            assert!(!found, "{} holds it", path.display());
        }
    }
}

#[test]
fn piped_keys_are_verified_stored_and_named_in_the_profile() {
    let sandbox = empty();
    pipe(&sandbox, &["keys", "add", "dev"], pair(&sandbox)).ok().says(&["--long-term-keys"]);
    assert_eq!(sandbox.aws.count("GetCallerIdentity"), 1);
    assert_eq!(
        config(&sandbox),
        format!(
            "[profile dev]\nrolecall_access_key_id = {}\ncredential_process = rolecall process \
             dev\n",
            sandbox.access_key_id
        )
    );
    assert_eq!(entries(&sandbox), [format!("key-{}.age", sandbox.access_key_id)]);
    in_no_file(&sandbox.path(""), &sandbox.secret);
}

#[test]
fn stored_keys_are_handed_out_as_cached_session() {
    let sandbox = added();
    let run = sandbox.run(&["process", "dev"]).ok().silent();
    assert_ne!(run.key(), sandbox.access_key_id);
    assert_eq!(
        (run.field("AccountId").as_str(), run.field("SessionToken").is_empty()),
        (DEV, false)
    );
    assert_eq!(sandbox.sent_to("GetSessionToken", "SerialNumber"), None);
    assert_eq!(sandbox.run(&["process", "dev"]).ok().key(), run.key());
    assert_eq!(sandbox.aws.count("GetSessionToken"), 1);
    sandbox.run(&["sessions", "clear", "dev"]).ok();
    assert_ne!(sandbox.run(&["process", "dev"]).ok().key(), run.key());
}

#[test]
fn stored_keys_are_handed_out_themselves_where_that_is_wanted() {
    let sandbox = added();
    let run = sandbox.run(&["process", "dev", "--long-term-keys"]).ok().silent();
    assert_eq!(run.key(), sandbox.access_key_id);
    assert_eq!(run.json()["SecretAccessKey"], sandbox.secret);
    assert!(run.json().get("SessionToken").is_none());
    sandbox.config(&(config(&sandbox) + "rolecall_hand_out_keys = true\n"));
    assert_eq!(sandbox.run(&["process", "dev"]).ok().key(), sandbox.access_key_id);
    assert_eq!(sandbox.aws.count("GetSessionToken"), 0);
    let base = &sandbox.run(&["explain", "dev", "--json"]).ok().json()["base"];
    assert_eq!((&base["kind"], &base["handed_out"]), (&json!("stored"), &json!(true)));
}

#[test]
fn long_term_keys_option_needs_stored_keys_without_role() {
    let sandbox = added();
    sandbox.config(&format!(
        "{}[profile prod]\nrole_arn = {}\nsource_profile = dev\n",
        config(&sandbox),
        role("admin")
    ));
    sandbox.keys("plain");
    for profile in ["prod", "plain"] {
        let run = sandbox.run(&["process", profile, "--long-term-keys"]);
        run.fails(2).error_form().says(&["--long-term-keys", "rolecall explain"]);
    }
}

#[test]
fn device_of_the_profile_gives_session_with_mfa() {
    let sandbox = added();
    sandbox.config(&format!("{}mfa_serial = {BOB_MFA}\n", config(&sandbox)));
    let run = sandbox.run(&["process", "dev", "--mfa-token", &code(&sandbox)]).ok();
    assert_ne!(run.key(), sandbox.access_key_id);
    assert_eq!(sandbox.sent_to("GetSessionToken", "SerialNumber").as_deref(), Some(BOB_MFA));
}

#[test]
fn role_is_assumed_by_stored_keys_themselves() {
    let sandbox = added();
    sandbox.config(&format!(
        "{}[profile prod]\nrole_arn = {}\nsource_profile = dev\n",
        config(&sandbox),
        role("admin")
    ));
    sandbox.run(&["process", "prod"]).ok().silent();
    assert_eq!((sandbox.assumed(), sandbox.aws.count("GetSessionToken")), (1, 0));
    let steps = &sandbox.run(&["explain", "prod", "--json"]).ok().json()["steps"];
    assert_eq!(steps.as_array().unwrap().len(), 1);
}

#[test]
fn explain_and_doctor_show_the_way_without_opening_the_store() {
    let sandbox = added();
    sandbox.unset("ROLECALL_FILE_PASSPHRASE");
    let run = sandbox.run(&["explain", "dev"]).ok().silent();
    assert!(run.stdout.contains(&sandbox.access_key_id), "{run:#?}");
    assert!(run.stdout.contains("never leave the store"), "{run:#?}");
    let explained = sandbox.run(&["explain", "dev", "--json"]).ok().json();
    assert_eq!(explained["base"]["kind"], "stored");
    assert_eq!(explained["base"]["access_key_id"], sandbox.access_key_id);
    assert_eq!(explained["steps"][0]["kind"], "get_session_token");
    assert_eq!(explained["steps"][0]["mfa_serial"], json!(null));
    let doctor = sandbox.run(&["doctor", "dev"]).stdout;
    assert!(doctor.contains("`dev`: stored → session without MFA"), "{doctor}");
}

#[test]
fn keys_are_read_from_json_and_from_csv_of_the_console() {
    for source in ["json", "csv"] {
        let sandbox = empty();
        sandbox.unset("AWS_REGION");
        let (id, secret) = (&sandbox.access_key_id, &sandbox.secret);
        let args = ["keys", "add", "dev", "--region", "eu-west-1"];
        if source == "json" {
            let json = json!({"AccessKey": {"AccessKeyId": id, "SecretAccessKey": secret}});
            pipe(&sandbox, &args, json.to_string()).ok();
        } else {
            let text = format!("\u{feff}Access key ID,Secret access key\r\n{id},{secret}\r\n");
            let path = sandbox.file("keys.csv", text);
            let csv = ["--csv", path.to_str().unwrap()];
            sandbox.run(&[&args[..], &csv].concat()).ok();
        }
        assert!(config(&sandbox).starts_with("[profile dev]\nregion = eu-west-1\n"));
        sandbox.run(&["process", "dev"]).ok();
    }
}

#[test]
fn unusable_input_is_refused_and_nothing_is_kept() {
    let sandbox = empty();
    let (id, secret) = (sandbox.access_key_id.clone(), sandbox.secret.clone());
    for (text, code, says) in [
        (id.clone(), 2, "two lines"),
        (format!("{id}\n{secret}\nmore\n"), 2, "two lines"),
        (format!("{id}\na secret with blanks\n"), 2, "blanks"),
        ("AAAAAAAA\nAKIAIOSFODNN7EXAMPLE\n".to_owned(), 2, "changed places"),
        ("{}".to_owned(), 2, "AccessKeyId"),
        ("x".repeat(10_000), 2, "too long"),
        (String::new(), 4, "needed"),
    ] {
        pipe(&sandbox, &["keys", "add", "dev"], text).fails(code).error_form().says(&[says]);
    }
    let csv = sandbox.file("keys.csv", "a,b\n1,2\n");
    let csv = csv.to_str().unwrap();
    sandbox.run(&["keys", "add", "dev", "--csv", csv]).fails(2).error_form().says(&["first line"]);
    sandbox.run(&["keys", "add", "dev", "--csv", "nowhere"]).fails(2).error_form();
    assert!(entries(&sandbox).is_empty() && config(&sandbox).is_empty());
}

#[test]
fn secret_on_the_command_line_is_refused_and_not_repeated() {
    let sandbox = empty();
    let secret = "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY";
    sandbox.secret(secret);
    for args in [&["dev", secret][..], &["dev", &sandbox.access_key_id, secret], &[secret]] {
        let run = sandbox.run(&[&["keys", "add"], args].concat());
        run.fails(2).error_form().says(&["command line", "rolecall keys add"]);
    }
}

#[test]
fn keys_that_aws_refuses_are_not_kept() {
    let sandbox = empty();
    let wrong = "AnotherSecretThatIsNotBobsOwnSecretAtAll";
    sandbox.secret(wrong);
    let typed = format!("{}\n{wrong}\n", sandbox.access_key_id);
    let run = pipe(&sandbox, &["keys", "add", "dev"], &typed);
    run.fails(1).error_form().says(&["SignatureDoesNotMatch", "does not accept the keys"]);
    assert!(entries(&sandbox).is_empty() && config(&sandbox).is_empty());
    // Unless nobody is asked.
    pipe(&sandbox, &["keys", "add", "dev", "--no-verify"], &typed).ok();
    let run = pipe(&sandbox, &["keys", "add", "other"], pair(&sandbox));
    run.fails(1).error_form().says(&["another secret", "--force"]);
    pipe(&sandbox, &["keys", "add", "dev", "--force"], pair(&sandbox)).ok();
    sandbox.run(&["process", "dev"]).ok();
}

#[test]
fn profile_with_other_credentials_is_refused_and_stays() {
    let sandbox = empty();
    let keys = sandbox.key_lines();
    for (text, says) in [
        (format!("[profile dev]\n{keys}"), "aws_access_key_id"),
        ("[profile dev]\nrole_arn = arn:aws:iam::222222222222:role/x\nsource_profile = y\n".to_owned(), "role_arn"),
        ("[profile dev]\nsso_session = x\n".to_owned(), "sso_session"),
        ("[profile dev]\ncredential_process = tool\n".to_owned(), "--force"),
        ("[profile dev]\nrolecall_access_key_id = AKIAOTHER\n".to_owned(), "--force"),
        ("[profile dev]\nrolecall_role_arn = arn:aws:iam::222222222222:role/x\nrolecall_source_profile = y\n[profile y]\ncredential_process = z\n".to_owned(), "from elsewhere"),
    ] {
        sandbox.config(&text);
        let run = pipe(&sandbox, &["keys", "add", "dev"], pair(&sandbox));
        run.fails(3).error_form().says(&[says]);
        assert_eq!(config(&sandbox), text);
    }
    assert!(entries(&sandbox).is_empty());
    sandbox.config("# mine\n[profile dev]\nregion=eu-west-1\ncredential_process=tool # old\n");
    pipe(&sandbox, &["keys", "add", "dev", "--force"], pair(&sandbox)).ok();
    let id = &sandbox.access_key_id;
    assert_eq!(
        config(&sandbox),
        format!(
            "# mine\n[profile dev]\nregion=eu-west-1\ncredential_process=rolecall process dev \
             # old\nrolecall_access_key_id={id}\n"
        )
    );
}

#[test]
fn stores_that_keep_sessions_only_refuse_keys() {
    let sandbox = empty();
    for store in ["keyutils", "none"] {
        let args = ["keys", "add", "dev", "--store", store];
        pipe(&sandbox, &args, pair(&sandbox)).fails(2).error_form().says(&[store, "--store"]);
    }
    assert_eq!(config(&sandbox), "");
}

#[test]
fn keys_in_another_store_than_sessions_are_found() {
    let sandbox = added();
    sandbox.set("ROLECALL_STORE", if cfg!(target_os = "linux") { "keyutils" } else { "file" });
    sandbox.run(&["process", "dev"]).ok().silent();
}

#[test]
fn missing_secret_is_an_error_that_names_the_line() {
    let sandbox = empty();
    let config = sandbox.config("[profile dev]\nrolecall_access_key_id = AKIANOWHERE\n");
    let place = format!("{}:2", config.display());
    let run = sandbox.run(&["process", "dev"]).fails(5).error_form();
    run.says(&[&place, "AKIANOWHERE", "rolecall keys add dev"]);
}

#[test]
fn keys_are_listed_without_opening_the_store() {
    let sandbox = empty();
    assert_eq!(sandbox.run(&["keys", "list", "--json"]).ok().json(), json!([]));
    pipe(&sandbox, &["keys", "add", "dev"], pair(&sandbox)).ok();
    sandbox.config(&format!(
        "{}[profile lost]\nrolecall_access_key_id = AKIALOST\n",
        config(&sandbox)
    ));
    sandbox.unset("ROLECALL_FILE_PASSPHRASE");
    let rows = sandbox.run(&["keys", "list", "--json"]).ok().silent().json();
    let row =
        rows.as_array().unwrap().iter().find(|row| row["profiles"] == json!(["dev"])).unwrap();
    assert_eq!(row["access_key_id"], sandbox.access_key_id);
    assert_eq!((&row["account"], &row["user"]), (&json!(DEV), &json!("bob")));
    assert_eq!((&row["store"], &row["age_days"]), (&json!("file"), &json!(0)));
    let lost =
        rows.as_array().unwrap().iter().find(|row| row["access_key_id"] == "AKIALOST").unwrap();
    assert_eq!((&lost["profiles"], &lost["store"]), (&json!(["lost"]), &json!(null)));
    let table = sandbox.run(&["keys", "list"]).ok().silent().stdout;
    assert!(table.starts_with("PROFILE") && table.contains(&sandbox.access_key_id), "{table}");
}

#[test]
fn removed_keys_leave_the_profile_as_it_was() {
    let sandbox = empty();
    let before = "# mine\n[profile dev]\nregion=eu-west-1\n\n[profile x]\n";
    sandbox.config(before);
    pipe(&sandbox, &["keys", "add", "dev"], pair(&sandbox)).ok();
    sandbox.run(&["keys", "remove", "dev"]).ok().silent();
    assert_eq!(config(&sandbox), before);
    assert!(entries(&sandbox).is_empty());
    let run = sandbox.run(&["keys", "remove", "dev"]).fails(3).error_form();
    run.says(&["dev", "rolecall keys list"]);
    sandbox.run(&["keys", "remove", "nobody"]).fails(3).error_form();
}

#[test]
fn secret_stays_as_long_as_another_profile_names_it() {
    let sandbox = added();
    pipe(&sandbox, &["keys", "add", "ops"], pair(&sandbox)).ok();
    let id = sandbox.access_key_id.clone();
    sandbox.run(&["keys", "remove", &id]).fails(3).error_form().says(&["`dev`, `ops`"]);
    sandbox.run(&["keys", "remove", "dev"]).ok();
    sandbox.run(&["process", "ops"]).ok();
    sandbox.config("");
    sandbox.run(&["keys", "remove", &id]).ok();
    assert!(entries(&sandbox).is_empty());
    assert_eq!(sandbox.run(&["keys", "list", "--json"]).ok().json(), json!([]));
}

#[cfg(unix)]
#[test]
fn typed_keys_are_stored_and_the_secret_is_not_shown() {
    use super::support::until;
    let sandbox = empty();
    let mut terminal = sandbox.command(&["keys", "add", "dev"]).on_a_terminal();
    terminal.wait_for("Access key ID", 1);
    terminal.enter(&format!("{}\n", sandbox.access_key_id));
    terminal.wait_for("secret access key", 1);
    until("a hidden answer", || !terminal.echoes());
    terminal.enter(&format!("{}\n", sandbox.secret));
    until("the end", || !entries(&sandbox).is_empty());
    let shown = terminal.shown();
    terminal.finish().ok();
    assert!(shown.contains(&sandbox.access_key_id) && !shown.contains(&sandbox.secret), "{shown}");
    sandbox.run(&["process", "dev"]).ok();
}

#[cfg(unix)]
#[test]
fn interrupt_stores_nothing() {
    use super::support::until;
    let sandbox = empty();
    for at in ["Access key ID", "secret access key"] {
        let mut terminal = sandbox.command(&["keys", "add", "dev"]).on_a_terminal();
        terminal.wait_for("Access key ID", 1);
        if at != "Access key ID" {
            terminal.enter(&format!("{}\n", sandbox.access_key_id));
            terminal.wait_for(at, 1);
            until("a hidden answer", || !terminal.echoes());
        }
        terminal.enter("\u{3}");
        terminal.finish().fails(130);
        assert!(entries(&sandbox).is_empty() && config(&sandbox).is_empty());
    }
}

#[cfg(unix)]
#[test]
fn keys_are_exported_after_a_yes_only() {
    let sandbox = added();
    sandbox.config(&format!(
        "{}[profile both]\nrolecall_access_key_id = {}\nrolecall_role_arn = {}\n\
         rolecall_source_profile = both\n",
        config(&sandbox),
        sandbox.access_key_id,
        role("admin")
    ));
    sandbox.unset("AWS_REGION");
    let pair = pair(&sandbox);
    for profile in ["dev", "both"] {
        if profile == "both" {
            sandbox.set("AWS_REGION", "eu-west-1");
        }
        let mut terminal = sandbox.command(&["keys", "export", profile]).on_a_terminal();
        terminal.wait_for("[y/N]", 1);
        terminal.enter("y\n");
        assert_eq!(terminal.finish().ok().stdout, pair);
    }
    let mut terminal = sandbox.command(&["keys", "export", "dev", "--json"]).on_a_terminal();
    terminal.wait_for("[y/N]", 1);
    terminal.enter("yes\n");
    let printed = terminal.finish().ok().json();
    assert_eq!(printed["AccessKeyId"], sandbox.access_key_id);
    assert_eq!(printed["SecretAccessKey"], sandbox.secret);
    let log = sandbox.run(&["log", "--json"]).ok().json();
    assert_eq!(log.as_array().unwrap().len(), 3);
    assert_eq!(log[0]["access_key_id"], sandbox.access_key_id);
    for answer in ["\n", "n\n", "\u{4}"] {
        let mut terminal = sandbox.command(&["keys", "export", "dev"]).on_a_terminal();
        terminal.wait_for("[y/N]", 1);
        terminal.enter(answer);
        terminal.finish().fails(4).error_form();
    }
    sandbox.command(&["keys", "export", "dev"]).without_terminal().run().fails(4).error_form();
    sandbox.run(&["keys", "export", "dev", "--no-input"]).fails(4).error_form();
}

#[cfg(unix)]
#[test]
fn what_is_exported_can_be_added_again() {
    let sandbox = added();
    let mut terminal = sandbox.command(&["keys", "export", "dev"]).on_a_terminal();
    terminal.wait_for("[y/N]", 1);
    terminal.enter("y\n");
    let exported = terminal.finish().ok().stdout;
    sandbox.run(&["keys", "remove", "dev"]).ok();
    pipe(&sandbox, &["keys", "add", "dev"], exported).ok();
    sandbox.run(&["process", "dev"]).ok();
}
