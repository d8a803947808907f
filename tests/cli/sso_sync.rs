//! `rolecall sso sync`: profiles for accounts and roles, and every byte that a person wrote. The rows
//! of `tests/data/synced` say what each command makes of which file and which assignments.

use std::fs;

use serde_json::json;
use test_tables::Case;

use super::support::sso_login::{CORP, assign, assigned, log_in, take_away};
use super::support::{Fault, Kind, Run, Sandbox, check_rows};

const BLOCKS: [&str; 8] =
    ["config", "aws", "run", "config after", "credentials", "stderr", "then", "fails"];

fn config(sandbox: &Sandbox) -> String {
    fs::read_to_string(sandbox.path(".aws/config")).unwrap()
}

fn sync(sandbox: &Sandbox, options: &[&str]) -> Run {
    sandbox.run(&[&["sso", "sync", "corp"], options].concat())
}

#[test]
fn each_sync_changes_the_bytes_that_it_means() {
    check_rows(&test_tables::read("synced", &BLOCKS), 20, check);
}

/// Runs a row: what it makes of the file, what its diff shows, and that a second run finds nothing
/// to do.
fn check(case: &Case) -> Result<(), String> {
    let sandbox = assigned(&case.block("aws").lines().collect::<Vec<_>>());
    let before = format!("{CORP}{}", case.block("config"));
    sandbox.config(&before);
    if let Some(text) = case.optional("credentials") {
        sandbox.credentials(text);
    }
    let words = shlex::split(case.block("run")).unwrap();
    let words: Vec<&str> = words.iter().map(String::as_str).collect();
    if let Some(code) = case.optional("fails") {
        let run = sync(&sandbox, &words).fails(code.trim().parse().unwrap()).error_form();
        run.says(&case.block("stderr").lines().collect::<Vec<_>>());
        return same("the file", &config(&sandbox), &before);
    }
    let dry = sync(&sandbox, &[&words[..], &["--dry-run"]].concat()).ok();
    same("the file after --dry-run", &config(&sandbox), &before)?;
    let run = sync(&sandbox, &words).ok();
    same("stdout", &run.stdout, "")?;
    if let Some(line) = case.block("stderr").lines().find(|line| !run.stderr.contains(line)) {
        return Err(format!("`{line}` is not said: {}", run.stderr));
    }
    let after = config(&sandbox);
    let expected = case.block("config after");
    // What is remembered stands in the section of the session.
    let expected = match case.block("then") {
        "" => format!("{CORP}{expected}"),
        remembered => format!("{CORP}{remembered}{expected}"),
    };
    same("the file", &after, &expected)?;
    let added = |text: &str, mark: char| {
        let marked = text.lines().filter(|line| {
            line.starts_with(mark) && !line.starts_with("+++") && !line.starts_with("---")
        });
        marked.map(|line| line[1..].to_owned()).collect::<Vec<_>>()
    };
    for line in added(&dry.stdout, '+') {
        if !after.lines().any(|other| other == line) {
            return Err(format!("the diff adds `{line}`: {dry:#?}"));
        }
    }
    if (after == before) != dry.stdout.is_empty() {
        return Err(format!("the diff says something else: {dry:#?}"));
    }
    let again = sync(&sandbox, &words).ok();
    same("the file after a second run", &config(&sandbox), &after)?;
    same("stdout of a second run", &again.stdout, "")
}

fn same(what: &str, got: &str, expected: &str) -> Result<(), String> {
    if got == expected { Ok(()) } else { Err(format!("{what} is\n{got}\nand not\n{expected}")) }
}

#[test]
fn synced_profiles_give_credentials() {
    let sandbox = assigned(&["000000000042 Dev_&_Co Admin", "222222222222 Shop Read"]);
    sync(&sandbox, &[]).ok().silent();
    let json = sandbox.run(&["process", "Dev-Co.Admin"]).ok().json();
    assert_eq!(json["AccountId"], "000000000042");
    sandbox.run(&["process", "Shop.Read"]).ok();
    sandbox.run(&["process", "Shop.Admin"]).fails(3);
}

#[test]
fn summary_as_json_says_what_was_done() {
    let sandbox = assigned(&["111111111111 Dev Admin Read", "222222222222 Shop Admin"]);
    let summary = |options: &[&str]| sync(&sandbox, &[options, &["--json"]].concat()).ok().json();
    let before = config(&sandbox);
    let dry = summary(&["--dry-run"]);
    assert_eq!(config(&sandbox), before);
    let mut expected = json!({
        "session": "corp", "dry_run": true, "added": ["Dev.Admin", "Dev.Read", "Shop.Admin"],
        "changed": [], "renamed": [], "removed": [], "kept": 0, "by_hand": 0, "gone": [],
        "skipped": [], "accounts_not_listed": [],
    });
    assert_eq!(dry, expected);
    expected["dry_run"] = false.into();
    assert_eq!(summary(&[]), expected);
    take_away(&sandbox, "111111111111", Some("Read"));
    let second = summary(&["--region", "eu-west-1", "--name", "{role}@{account_name}", "--prune"]);
    assert_eq!(second["removed"], json!(["Dev.Read"]));
    assert_eq!(second["changed"], json!(["Dev.Admin", "Shop.Admin"]));
    assert_eq!(second["renamed"][0], json!({"from": "Dev.Admin", "to": "Admin@Dev"}));
    let third = summary(&[]);
    assert_eq!((&third["kept"], &third["added"]), (&json!(2), &json!([])));
}

#[test]
fn list_that_is_not_whole_removes_nothing() {
    let sandbox = assigned(&["111111111111 Dev Admin Read", "222222222222 Shop Admin"]);
    sync(&sandbox, &[]).ok();
    take_away(&sandbox, "111111111111", Some("Read"));
    let before = config(&sandbox);
    let gone = Kind::Refuse(403, "ForbiddenException".to_owned(), "No access".to_owned());
    sandbox.aws.inject(Fault::once("ListAccountRoles", gone));
    let run = sync(&sandbox, &["--prune"]).ok();
    run.says(&["are not listed: ForbiddenException", "AWS lists not every role"]);
    assert_eq!(config(&sandbox), before);
    // Somebody who may use nothing may have logged in as somebody else.
    take_away(&sandbox, "111111111111", None);
    take_away(&sandbox, "222222222222", None);
    sync(&sandbox, &["--prune"]).ok().says(&["AWS lists nothing at all"]);
    assert_eq!(config(&sandbox), before);
}

#[test]
fn failure_writes_nothing() {
    let sandbox = assigned(&["111111111111 Dev Admin", "222222222222 Shop Admin"]);
    let before = config(&sandbox);
    let answer = Kind::Refuse(400, "InvalidRequestException".to_owned(), "Invalid".to_owned());
    sandbox.aws.inject(Fault::always("ListAccountRoles", answer));
    sync(&sandbox, &[]).fails(1).error_form().says(&["does not list the roles of account"]);
    assert_eq!(config(&sandbox), before);
    sandbox.aws.clear_faults();
    sandbox.aws.world(|world| world.sso.tokens.clear());
    sandbox.aws.world(|world| world.sso.refresh_tokens.clear());
    sync(&sandbox, &[]).fails(4).error_form();
    assert_eq!(config(&sandbox), before);
}

#[test]
fn answer_that_no_file_can_hold_is_skipped() {
    let sandbox = assigned(&["111111111111 Dev Admin"]);
    let accounts = r#"{"accountList":[{"accountId":"1\n[default]","accountName":"Dev"},{"accountId":"222222222222","accountName":"a\n[b]"}]}"#;
    let roles =
        r#"{"roleList":[{"roleName":"Admin"},{"roleName":"x # y"},{"roleName":"\u001b[2J"}]}"#;
    sandbox.aws.inject(Fault::always("ListAccounts", Kind::Status(200, accounts.to_owned())));
    sandbox.aws.inject(Fault::always("ListAccountRoles", Kind::Status(200, roles.to_owned())));
    let run = sync(&sandbox, &[]).ok();
    assert!(!run.stderr.contains('\u{1b}') && run.stderr.contains("cannot be written"), "{run:?}");
    let after = config(&sandbox);
    assert!(after.contains("[profile a-b.Admin]\n"), "{after}");
    assert_eq!(after.matches('[').count(), 2, "{after}");
}

#[test]
fn legacy_profile_is_told_to_have_a_session() {
    let sandbox = assigned(&["111111111111 Dev Admin"]);
    sandbox.config(
        "[profile old]\nsso_start_url = https://corp.awsapps.com/start\nsso_region = eu-west-1\n",
    );
    log_in(&sandbox, "https://corp.awsapps.com/start", 7_200);
    let run = sandbox.run(&["sso", "sync", "old"]).fails(3).error_form();
    run.says(&["config:1", "rolecall profile add --sso-session corp", "sso_region=eu-west-1"]);
    sandbox.no_calls();
}

#[cfg(unix)]
#[test]
fn ctrl_c_writes_nothing_and_next_run_does_all() {
    use super::support::until;
    use rustix::process::Signal;

    let sandbox = assigned(&["111111111111 Dev Admin", "222222222222 Shop Admin"]);
    let before = config(&sandbox);
    for on in ["ListAccounts", "ListAccountRoles"] {
        sandbox.aws.inject(Fault::once(on, Kind::Hang));
        let running = sandbox.command(&["sso", "sync"]).start();
        until("a call that hangs", || sandbox.aws.count(on) > 0);
        running.signal(Signal::INT);
        running.finish().fails(130);
        assert_eq!(config(&sandbox), before, "{on}");
        let left = fs::read_dir(sandbox.path(".aws")).unwrap().count();
        assert_eq!(left, 2, "nothing is left beside the file");
        sandbox.aws.clear_calls();
    }
    sync(&sandbox, &[]).ok();
    assert_eq!(config(&sandbox).matches("rolecall_synced = corp").count(), 2);
}

#[cfg(unix)]
#[test]
fn terminal_shows_progress_and_summary() {
    let sandbox = assigned(&["111111111111 Dev Admin", "222222222222 Shop Admin"]);
    let run = sandbox.command(&["sso", "sync"]).by_shell("\"$0\" \"$@\" 2>&0 </dev/tty");
    let terminal = run.on_a_terminal_of(100, 30);
    terminal.wait_for("2 profiles added, 0 changed, 0 removed, 0 kept", 1);
    assert!(
        terminal.shown().contains("listing the roles: 2 of 2 accounts …"),
        "{}",
        terminal.shown()
    );
    terminal.finish().ok();
    let run = sync(&sandbox, &[]).ok();
    assert_eq!((run.stdout.as_str(), run.stderr.as_str()), ("", ""), "no terminal, no words");
}

#[cfg(unix)]
#[test]
fn many_accounts_at_the_rate_of_aws_leave_a_long_file_byte_for_byte() {
    use super::support::until;
    use fake_aws::Limit;
    use rustix::process::Signal;

    const ACCOUNTS: usize = 200;
    let sandbox = assigned(&[]);
    sandbox.aws.world(|world| world.sso.limit = Some(Limit::new(20)));
    for n in 0..ACCOUNTS {
        assign(&sandbox, &format!("{n:012} Account{n:03} Admin Power Read"));
    }
    let odd = [
        "# by hand",
        "; also",
        "[profile x%] # note",
        "s3 =",
        "  a = b",
        "\tregion\t=\teu",
        "x=ä\u{a0}",
        "",
    ];
    let mut by_hand = CORP.to_owned();
    for n in 0..1_250 {
        by_hand += &odd.join("\n").replace('%', &n.to_string());
        by_hand += "\n";
    }
    sandbox.config(&by_hand);
    let running = sandbox.command(&["sso", "sync"]).start();
    until("a part of the roles", || sandbox.aws.count("ListAccountRoles") > 20);
    running.signal(Signal::INT);
    running.finish().fails(130);
    assert_eq!(config(&sandbox), by_hand);
    sync(&sandbox, &[]).ok();
    let after = config(&sandbox);
    assert!(after.starts_with(&by_hand), "what stands there has changed");
    assert_eq!(after.matches("rolecall_synced").count(), 3 * ACCOUNTS);
    for n in 0..ACCOUNTS {
        take_away(&sandbox, &format!("{n:012}"), None);
    }
    assign(&sandbox, "999999999999 New Admin");
    sync(&sandbox, &["--prune"]).ok();
    let after = config(&sandbox);
    assert!(after.starts_with(&by_hand));
    assert_eq!(after.matches("rolecall_synced").count(), 1);
}
