//! `rolecall write`: sessions in the credentials file, for tools that read nothing else.

use std::fs::Permissions;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;

use rustix::process::Signal;

use super::support::{PROD, Sandbox, guarded_config, iso, mode, time, until};

const FILE: &str = ".aws/credentials";

fn text(sandbox: &Sandbox) -> String {
    std::fs::read_to_string(sandbox.path(FILE)).unwrap()
}

/// The value of a key in the section that was written last.
fn value(sandbox: &Sandbox, key: &str) -> Option<String> {
    let text = text(sandbox);
    let line = text.lines().rfind(|line| line.split([' ', '\t', '=']).next() == Some(key))?;
    line.split_once('=').map(|(_, value)| value.trim().to_owned())
}

fn keep_to_owner(path: &Path) {
    std::fs::set_permissions(path, Permissions::from_mode(0o600)).unwrap();
}

/// A home with the keys of `dev` in a file that nobody else may read.
fn sandbox() -> Sandbox {
    let sandbox = Sandbox::new();
    keep_to_owner(&sandbox.path(FILE));
    sandbox
}

#[test]
fn session_is_written_and_taken_out_without_another_byte() {
    let sandbox = sandbox();
    let before = format!("# mine\r\n[dev]\r\n{}\r\n[x]\nodd line\nk\t=v ; c", sandbox.key_lines());
    keep_to_owner(&sandbox.credentials(&before));
    let run = sandbox.run(&["write", "prod", "--as", "tool"]).ok().silent();
    assert_eq!(run.stdout, "");
    let after = text(&sandbox);
    assert!(after.starts_with(&before), "{after}");
    let key = value(&sandbox, "aws_access_key_id").unwrap();
    assert_eq!(value(&sandbox, "rolecall_written").unwrap(), format!("section {key}"));
    let end = time(&value(&sandbox, "x_security_token_expires").unwrap());
    assert!(end > sandbox.aws.now(), "{after}");
    let who = sandbox.run(&["whoami", "tool", "--json"]).ok().silent().json();
    assert_eq!(who["account"], PROD);
    assert_eq!(mode(&sandbox.path(FILE)), 0o600);

    sandbox.run(&["write", "prod", "--as", "tool", "--refresh"]).ok().silent();
    assert_ne!(value(&sandbox, "aws_access_key_id").unwrap(), key);
    assert_eq!(text(&sandbox).len(), after.len());
    sandbox.run(&["write", "--clear", "tool"]).ok().silent();
    assert_eq!(text(&sandbox), before);
}

#[test]
fn missing_file_is_made_for_its_owner_alone() {
    let sandbox = Sandbox::empty();
    sandbox.keys_in_environment();
    let role = format!("arn:aws:iam::{PROD}:role/admin");
    sandbox.run(&["write", "--role-arn", &role, "--as", "default"]).ok().silent();
    assert_eq!((mode(&sandbox.path(FILE)), mode(&sandbox.path(".aws"))), (0o600, 0o700));
    assert!(text(&sandbox).starts_with("[default]\nrolecall_written = section ASIA"));
    sandbox.run(&["write", "--clear", "default"]).ok().silent();
    assert_eq!(text(&sandbox), "");
    sandbox.run(&["write", "--clear", "default"]).ok().says(&["no section [default]"]);
}

#[test]
fn section_that_rolecall_did_not_write_is_refused_before_any_call() {
    let sandbox = sandbox();
    sandbox.config(&guarded_config(""));
    let keys = sandbox.key_lines();
    let before = format!("[dev]\n{keys}[default]\n{keys}[r]\nregion = x\n");
    keep_to_owner(&sandbox.credentials(&before));
    for (name, line, what) in [("default", 6, "long-term keys"), ("r", 8, "`region`")] {
        let run = sandbox.run(&["write", "guarded", "--as", name]).fails(3).error_form();
        let place = format!("{}:{line}: [{name}] holds {what}", sandbox.path(FILE).display());
        let force = format!("rolecall write guarded --as {name} --force");
        run.says(&[&place, "rolecall did not write", &force]);
        sandbox.run(&["write", "--clear", name]).fails(3).error_form();
    }
    assert_eq!(text(&sandbox), before);
    sandbox.no_calls();
}

#[test]
fn force_writes_over_keys_and_keeps_the_rest() {
    let sandbox = sandbox();
    let keys = sandbox.key_lines();
    let before = format!(
        "[dev]\n{keys}[default]\nregion = x\naws_access_key_id = AKIAOTHER\naws_secret_access_key = o\n"
    );
    keep_to_owner(&sandbox.credentials(&before));
    sandbox.run(&["write", "prod", "--as", "default", "--force"]).ok().silent();
    assert!(!text(&sandbox).contains("AKIAOTHER"));
    sandbox.run(&["write", "--clear", "default"]).ok().silent();
    assert_eq!(text(&sandbox), format!("[dev]\n{keys}[default]\nregion = x\n"));
}

#[test]
fn section_on_the_way_to_the_credentials_is_refused() {
    let sandbox = sandbox();
    let script = sandbox.script("keys", "exit 1");
    sandbox.config(&format!(
        "[profile p]\ncredential_process = {script}\n[profile mid]\nrole_arn = arn:aws:iam::{PROD}:role/admin\n\
         source_profile = dev\n[profile end]\nrole_arn = arn:aws:iam::{PROD}:role/next\nsource_profile = mid\n"
    ));
    let before = text(&sandbox);
    for (profile, name) in [("p", "p"), ("end", "mid"), ("end", "dev"), ("mid", "dev")] {
        let args = ["write", profile, "--as", name, "--force"];
        let run = sandbox.run(&args).fails(3).error_form();
        run.says(&[&format!("--as {name}: profile `{profile}`"), "-session"]);
    }
    assert_eq!(text(&sandbox), before);
    sandbox.no_calls();
    // What SDKs assume the role of `end` with stays as it is.
    sandbox.run(&["write", "end", "--as", "end"]).ok();
    sandbox.run(&["write", "end", "--as", "end", "--refresh"]).ok();
}

#[test]
fn long_term_keys_are_not_written() {
    let sandbox = sandbox();
    let before = text(&sandbox);
    let run = sandbox.run(&["write", "dev", "--as", "tool"]).fails(3).error_form();
    run.says(&["long-term keys", "hint:"]);
    assert_eq!(text(&sandbox), before);
}

#[test]
fn file_that_others_may_read_is_named() {
    let sandbox = sandbox();
    std::fs::set_permissions(sandbox.path(FILE), Permissions::from_mode(0o644)).unwrap();
    let run = sandbox.run(&["write", "prod", "--as", "tool"]).ok();
    run.says(&["warning: ", "may be read by others (mode 644)", "chmod 600"]);
    assert_eq!(mode(&sandbox.path(FILE)), 0o644);
}

#[test]
fn clear_takes_no_option_of_a_session() {
    let sandbox = Sandbox::new();
    for more in [
        &["prod"][..],
        &["--force"],
        &["--watch"],
        &["--refresh"],
        &["--region", "x"],
        &["--store", "file"],
        &["--mfa-token", "123456"],
        &["--min-ttl", "1h"],
        &["--yes"],
        &["--no-cache"],
    ] {
        sandbox.run(&[&["write", "--clear", "tool"], more].concat()).fails(2);
    }
    sandbox.run(&["write", "prod"]).fails(2).says(&["--as"]);
}

#[test]
fn doctor_names_written_session_that_has_ended() {
    let sandbox = sandbox();
    sandbox.run(&["write", "prod", "--as", "tool"]).ok();
    let before = sandbox.run(&["doctor"]);
    assert!(!before.stdout.contains("--clear"), "{before:#?}");
    let end = value(&sandbox, "x_security_token_expires").unwrap();
    let ended = text(&sandbox).replace(&end, "2020-01-01T00:00:00Z");
    std::fs::write(sandbox.path(FILE), ended).unwrap();
    let run = sandbox.run(&["doctor"]);
    assert!(
        run.stdout.contains("put into [tool] ended at 2020-01-01T00:00:00Z")
            && run.stdout.contains("rolecall write --clear tool"),
        "{run:#?}"
    );
}

#[test]
fn sections_of_many_processes_are_all_there() {
    let sandbox = sandbox();
    let names: Vec<String> = (0..12).map(|number| format!("s{number}")).collect();
    let start = |name: &String| sandbox.command(&["write", "prod", "--as", name]).start();
    for run in names.iter().map(start).collect::<Vec<_>>() {
        run.finish().ok();
    }
    let text = text(&sandbox);
    assert!(names.iter().all(|name| text.contains(&format!("[{name}]\n"))), "{text}");
    for name in &names {
        sandbox.run(&["write", "--clear", name]).ok();
    }
    assert_eq!(self::text(&sandbox), format!("[dev]\n{}", sandbox.key_lines()));
}

#[test]
fn clear_is_completed_with_written_sections() {
    let sandbox = sandbox();
    sandbox.run(&["write", "prod", "--as", "tool"]).ok();
    let run = sandbox.run(&["__complete", "zsh", "--", "rolecall", "write", "--clear", ""]).ok();
    assert_eq!(run.stdout, "values\ntool\n");
}

/// A profile `p` whose process counts its calls, and gives a session that is renewed after some two
/// seconds; it fails once the file `stop` is there.
fn short_sessions() -> Sandbox {
    let sandbox = sandbox();
    let script = sandbox.script(
        "short",
        "[ -e \"$HOME/stop\" ] && { echo no more >&2; exit 1; }\n\
         echo x >> \"$HOME/calls\"\n\
         end=$(date -u -d '+17 seconds' +%Y-%m-%dT%H:%M:%SZ)\n\
         printf '{\"Version\":1,\"AccessKeyId\":\"ASIASHORT%d\",\"SecretAccessKey\":\"s\",\"SessionToken\":\"t\",\"Expiration\":\"%s\"}' \
         \"$(wc -l < \"$HOME/calls\")\" \"$end\"",
    );
    sandbox.config(&format!("[profile p]\ncredential_process = {script}\n"));
    sandbox
}

fn has(sandbox: &Sandbox, number: usize) -> bool {
    text(sandbox).contains(&format!("aws_access_key_id = ASIASHORT{number}\n"))
}

#[test]
fn watch_writes_new_sessions_and_takes_the_last_out_at_a_signal() {
    for (signal, code) in [(Signal::INT, 130), (Signal::TERM, 143), (Signal::HUP, 129)] {
        let sandbox = short_sessions();
        let before = text(&sandbox);
        let run = sandbox.command(&["write", "p", "--as", "default", "--watch"]).start();
        until("the first session is written", || has(&sandbox, 1));
        until("the second session is written", || has(&sandbox, 2));
        run.signal(signal);
        run.finish().fails(code);
        assert_eq!(text(&sandbox), before);
    }
}

#[test]
fn watch_ends_where_somebody_writes_the_section_and_leaves_theirs() {
    let sandbox = short_sessions();
    let before = text(&sandbox);
    let run = sandbox.command(&["write", "p", "--as", "default", "--watch"]).start();
    until("the first session is written", || has(&sandbox, 1));
    let theirs =
        format!("{before}\n[default]\naws_access_key_id = AKIA\naws_secret_access_key = s\n");
    std::fs::write(sandbox.path(FILE), &theirs).unwrap();
    run.finish().fails(3).says(&["[default] holds long-term keys"]);
    assert_eq!(text(&sandbox), theirs);
}

#[test]
fn watch_tries_until_the_session_ends_and_then_takes_it_out() {
    let sandbox = short_sessions();
    let before = text(&sandbox);
    let run = sandbox.command(&["write", "p", "--as", "default", "--watch", "--no-cache"]).start();
    until("the first session is written", || has(&sandbox, 1));
    sandbox.file("stop", "");
    let run = run.finish().fails(1);
    let warning = "warning: [default] is not renewed yet (";
    run.says(&[warning, "rolecall login p", "error: ", "no more"]);
    assert_eq!(text(&sandbox), before);
}

#[test]
fn watch_needs_a_session_that_ends() {
    let sandbox = sandbox();
    let session = "AWS_SESSION_TOKEN";
    sandbox.keys_in_environment();
    sandbox.set(session, "token");
    let before = text(&sandbox);
    let run = sandbox.run(&["write", "--as", "default", "--watch"]).fails(3).error_form();
    run.says(&["--watch: the session does not say when it ends"]);
    assert_eq!(text(&sandbox), before);
    sandbox.set("AWS_CREDENTIAL_EXPIRATION", iso(sandbox.aws.now() + 3_600));
    sandbox.run(&["write", "--as", "default"]).ok();
}
