//! The log: one line for each handing out, and no more than that is ever in it.

use std::collections::BTreeSet;
use std::path::PathBuf;
use std::time::SystemTime;

use chrono::{DateTime, SecondsFormat, TimeDelta, Utc};
use serde_json::Value;

use super::support::{ADMIN, PROD, Sandbox, time};

pub(super) const LONGEST: usize = 1024 * 1024;

pub(super) fn path(sandbox: &Sandbox) -> PathBuf {
    sandbox.path("xdg/state/rolecall/log.jsonl")
}

/// The lines of the file, each an object, with nothing in them that must not be.
#[track_caller]
pub(super) fn lines(sandbox: &Sandbox) -> Vec<Value> {
    lines_of(sandbox, &path(sandbox))
}

#[track_caller]
pub(super) fn lines_of(sandbox: &Sandbox, path: &std::path::Path) -> Vec<Value> {
    let text = std::fs::read_to_string(path).unwrap();
    assert!(text.is_empty() || text.ends_with('\n'), "the last line is torn: {text:?}");
    assert!(!text.contains(|c: char| c.is_control() && c != '\n'), "{text:?}");
    for secret in sandbox.secrets() {
        assert!(!text.contains(&secret), "the secret `{secret}` is in {text}");
    }
    text.lines()
        .map(|line| serde_json::from_str(line).unwrap_or_else(|e| panic!("{e}: {line:?}")))
        .collect()
}

/// The names of the processes that asked for the last line.
#[track_caller]
fn askers(sandbox: &Sandbox) -> Vec<String> {
    let last = lines(sandbox).pop().unwrap();
    last["asked_by"]
        .as_array()
        .unwrap()
        .iter()
        .map(|asker| asker["name"].as_str().unwrap_or("?").to_owned())
        .collect()
}

fn settings(sandbox: &Sandbox, text: &str) {
    sandbox.file("xdg/config/rolecall/settings.ini", text);
}

fn now() -> DateTime<Utc> {
    SystemTime::now().into()
}

/// A line as it stands in the file, of a profile and some seconds ago.
pub(super) fn line(profile: &str, ago: i64) -> String {
    let at = |seconds| {
        (now() + TimeDelta::seconds(seconds)).to_rfc3339_opts(SecondsFormat::Millis, true)
    };
    let line = serde_json::json!({
        "time": at(-ago), "command": "process", "profile": profile, "role": "admin", "role_arn": ADMIN, "account_id": PROD,
        "access_key_id": "ASIAEXAMPLE", "origin": "new", "expiration": at(3600 - ago),
        "asked_by": [{"pid": 7, "name": "terraform"}, {"pid": 8, "name": null}],
    });
    format!("{line}\n")
}

#[track_caller]
pub(super) fn shown(sandbox: &Sandbox, args: &[&str]) -> Vec<Value> {
    let run = sandbox.run(&[&["log", "--json"], args].concat()).ok().silent();
    run.json().as_array().unwrap().clone()
}

pub(super) fn profiles(entries: &[Value]) -> Vec<&str> {
    entries.iter().map(|entry| entry["profile"].as_str().unwrap_or("-")).collect()
}

#[test]
fn each_verb_writes_one_line() {
    let sandbox = Sandbox::new();
    sandbox.set("SHELL", "/bin/true");
    for (args, command, origin) in [
        (&["process", "prod"][..], "process", "new"),
        (&["process", "prod"], "process", "cached"),
        (&["env", "prod"], "env", "cached"),
        (&["exec", "prod", "--", "true"], "exec", "cached"),
        (&["shell", "prod"], "shell", "cached"),
        (&["whoami", "prod", "--refresh"], "whoami", "new"),
        (&["process", "prod", "--no-cache"], "process", "new"),
    ] {
        let before = if path(&sandbox).exists() { lines(&sandbox).len() } else { 0 };
        let begin = now().timestamp();
        sandbox.run(args).ok();
        let all = lines(&sandbox);
        assert_eq!(all.len(), before + 1, "{args:?}");
        let last = &all[before];
        let keys: Vec<&String> = last.as_object().unwrap().keys().collect();
        let expected = [
            "time",
            "command",
            "profile",
            "role",
            "role_arn",
            "account_id",
            "access_key_id",
            "origin",
            "expiration",
            "asked_by",
        ];
        assert_eq!(
            keys.iter().map(|key| key.as_str()).collect::<BTreeSet<_>>(),
            BTreeSet::from(expected)
        );
        let text = |key: &str| last[key].as_str().unwrap().to_owned();
        assert_eq!(
            (text("command"), text("profile"), text("origin")),
            (command.into(), "prod".into(), origin.into()),
            "{args:?}"
        );
        assert_eq!(
            (text("role_arn"), text("role"), text("account_id")),
            (ADMIN.into(), "admin".into(), PROD.into())
        );
        assert!(sandbox.aws.world(|world| {
            world.sessions.iter().any(|session| session.access_key_id == text("access_key_id"))
        }));
        assert!((begin..=now().timestamp()).contains(&time(&text("time"))), "{last}");
        assert_eq!(
            (text("time").len(), text("time").ends_with('Z')),
            ("2025-01-01T00:00:00.000Z".len(), true),
            "{last}"
        );
        assert!(time(&text("expiration")) > sandbox.aws.now());
        assert_eq!(last["asked_by"][0]["pid"], std::process::id());
    }
    let printed = sandbox.run(&["process", "prod"]).ok();
    let last = lines(&sandbox).pop().unwrap();
    assert_eq!(
        (last["access_key_id"].as_str().unwrap(), last["expiration"].as_str().unwrap()),
        (&*printed.key(), &*printed.field("Expiration"))
    );
}

#[test]
fn long_term_keys_are_logged_as_source_without_expiration() {
    let sandbox = Sandbox::new();
    sandbox.run(&["process", "dev"]).ok().silent();
    sandbox.keys_in_environment();
    sandbox.run(&["process"]).ok().silent();
    // The caller's own, to ask STS who it is.
    sandbox.run(&["policy", "trust", "prod"]).ok().silent();
    let all = lines(&sandbox);
    assert_eq!(profiles(&all), ["dev", "-", "prod"]);
    assert_eq!(all[2]["command"], "policy");
    for line in all {
        assert_eq!(
            (line["origin"].as_str(), line["access_key_id"].as_str()),
            (Some("source"), Some(&*sandbox.access_key_id))
        );
        assert!(
            line["expiration"].is_null() && line["role"].is_null() && line["role_arn"].is_null(),
            "{line}"
        );
    }
}

#[test]
fn run_that_hands_out_no_credentials_writes_no_line() {
    let sandbox = Sandbox::new();
    for args in [
        &["explain", "prod"][..],
        &["list"],
        &["log"],
        &["log", "--json"],
        &["profile", "dump", "--json"],
        &["env", "--unset"],
    ] {
        sandbox.run(args).ok();
    }
    sandbox.run(&["process", "nobody"]).fails(3);
    sandbox.aws.world(|world| world.users.clear());
    sandbox.run(&["process", "prod"]).fails(1);
    assert!(!path(&sandbox).exists());
    sandbox.run(&["doctor", "dev"]);
    assert_eq!(lines(&sandbox), Vec::<Value>::new());
}

#[test]
fn failed_renewal_is_logged_as_cached() {
    let sandbox = Sandbox::new();
    let first = sandbox.run(&["process", "prod"]).ok().key();
    sandbox.aws.world(|world| world.users.clear());
    assert_eq!(sandbox.run(&["process", "prod", "--refresh"]).ok().key(), first);
    let last = lines(&sandbox).pop().unwrap();
    assert_eq!(
        (last["origin"].as_str(), last["access_key_id"].as_str()),
        (Some("cached"), Some(&*first))
    );
}

#[test]
fn line_names_parent_processes() {
    let sandbox = Sandbox::new();
    let inner = sandbox.script("deploy.sh", "rolecall process dev");
    let outer = sandbox.script("release", &format!("{inner}\ntrue"));
    let run = sandbox.program(&outer, &[]).run().ok();
    assert!(run.stdout.contains(&sandbox.access_key_id));
    let names = askers(&sandbox);
    assert_eq!(names[..2], ["deploy.sh", "release"]);
    // Its name is longer than the kernel keeps.
    let own = std::env::current_exe().unwrap();
    assert_eq!(names[2], own.file_name().unwrap().to_str().unwrap());
    let last = lines(&sandbox).pop().unwrap();
    assert_eq!(last["asked_by"][2]["pid"], std::process::id());
    let table = sandbox.run(&["log"]).ok().silent().stdout;
    assert!(
        table.contains(&format!(" deploy.sh({}) ← release(", last["asked_by"][0]["pid"])),
        "{table}"
    );
}

#[test]
fn line_names_at_most_ten_parent_processes() {
    let sandbox = Sandbox::new();
    let mut program = "rolecall process dev".to_owned();
    for n in 0..12 {
        program = sandbox.script(&format!("level-{n}"), &format!("{program}\ntrue"));
    }
    sandbox.program(&program, &[]).run().ok();
    let expected: Vec<String> = (0..10).map(|n| format!("level-{n}")).collect();
    assert_eq!(askers(&sandbox), expected);
}

#[test]
fn parent_outside_pid_namespace_is_left_out() {
    let sandbox = Sandbox::new();
    // The first process of a namespace has no parent there, and its child has one with the number
    // 1.
    for (line, count) in [("exec rolecall process dev", 0), ("rolecall process dev; true", 1)] {
        let run = sandbox
            .shell("/bin/sh", &format!("exec unshare --pid --fork --mount-proc sh -c '{line}'"))
            .ok();
        assert_eq!(run.stderr, "");
        let last = lines(&sandbox).pop().unwrap();
        assert_eq!(last["asked_by"].as_array().unwrap().len(), count, "{last}");
    }
}

#[test]
fn hostile_process_name_stays_within_its_line() {
    let sandbox = Sandbox::new();
    for name in [
        "a) (b",
        "x) S 1 2 (",
        "a\nb",
        "\u{1b}[2J\u{1b}]0;x\u{7}",
        "\"},{\"pid\":1",
        "\\\\\"",
        "\u{9b}2J\u{7f}",
        "\u{202e}cba",
        "zsh(1) ← x",
        "{\"time\":",
    ] {
        let before = lines_before(&sandbox);
        let program = sandbox.script(name, "rolecall process dev\ntrue");
        sandbox.program(&program, &[]).run().ok();
        assert_eq!(lines(&sandbox).len(), before + 1, "{name:?}");
        // Some kernels escape what ends a line themselves.
        let found = askers(&sandbox)[0].replace("\\n", "\n");
        assert!(
            found == name || found.replace("\\\\", "\\") == name.replace("\\\\", "\\"),
            "{found:?} is not {name:?}"
        );
        let table = sandbox.run(&["log", "--limit", "1"]).ok().silent().stdout;
        assert_eq!(table.lines().count(), 2, "{table:?}");
        assert!(
            !table.contains(|c: char| c != '\n' && c.is_control()) && !table.contains('\u{202e}'),
            "{table:?}"
        );
        let json = sandbox.run(&["log", "--json"]).ok().silent().stdout;
        assert!(!json.trim_end().contains(char::is_control), "{json:?}");
    }
    // As the kernel has it, whose names have 15 bytes.
    let table = sandbox.run(&["log"]).ok().stdout;
    assert!(table.contains(r#""zsh(1) ← x"("#) && table.contains(r#""a) (b"("#), "{table}");
}

fn lines_before(sandbox: &Sandbox) -> usize {
    if path(sandbox).exists() { lines(sandbox).len() } else { 0 }
}

#[test]
fn setting_log_false_writes_no_line() {
    let sandbox = Sandbox::new();
    settings(&sandbox, "log = false\n");
    sandbox.run(&["process", "prod"]).ok().silent();
    assert!(!path(&sandbox).exists());
    assert!(sandbox.run(&["doctor"]).stdout.contains("nothing is logged"));
    assert!(!path(&sandbox).exists());
    sandbox.run(&["log", "-v"]).ok().says(&["nothing is in the log", "log = false"]);
    settings(&sandbox, "log = true\n");
    sandbox.run(&["process", "prod"]).ok().silent();
    assert_eq!(lines(&sandbox).len(), 1);
    settings(&sandbox, "log = perhaps\n");
    sandbox
        .run(&["process", "prod"])
        .fails(3)
        .error_form()
        .says(&["log must be true or false", "perhaps"]);
    settings(&sandbox, "logg = true\n");
    sandbox
        .run(&["process", "prod"])
        .fails(3)
        .error_form()
        .says(&["settings.ini:1: the setting `logg`", "rolecall --help"]);
}

#[test]
fn entries_are_filtered_by_profile_since_and_limit() {
    let sandbox = Sandbox::new();
    let place =
        sandbox.file("xdg/state/rolecall/log.jsonl", [line("dev", 20), line("prod", 10)].concat());
    // Older files come first, and writers that were slow are put where they belong.
    std::fs::write(
        place.with_extension("1.jsonl"),
        [line("b", 7_200), line("a", 86_400 * 2), line("prod", 600)].concat(),
    )
    .unwrap();
    std::fs::write(place.with_extension("3.jsonl"), line("prod", 86_400 * 9)).unwrap();
    assert_eq!(profiles(&shown(&sandbox, &[])), ["prod", "a", "b", "prod", "dev", "prod"]);
    for (args, expected) in [
        (&["prod"][..], &["prod", "prod", "prod"][..]),
        (&["-p", "prod", "--since", "1h"], &["prod", "prod"]),
        (&["--since", "3d"], &["a", "b", "prod", "dev", "prod"]),
        (&["--since", "1m"], &["dev", "prod"]),
        (&["--since", "4294967295"], &["prod", "a", "b", "prod", "dev", "prod"]),
        (&["--limit", "2"], &["dev", "prod"]),
        (&["--limit", "0"], &[]),
        (&["prod", "--limit", "2"], &["prod", "prod"]),
        (&["--limit", "100"], &["prod", "a", "b", "prod", "dev", "prod"]),
        (&["nobody"], &[]),
    ] {
        assert_eq!(profiles(&shown(&sandbox, args)), expected, "{args:?}");
    }
    let run = sandbox.run(&["log", "dev"]).ok().silent();
    let rows: Vec<&str> = run.stdout.lines().collect();
    assert_eq!(
        rows[0].split("  ").map(str::trim).filter(|cell| !cell.is_empty()).collect::<Vec<_>>(),
        ["TIME", "COMMAND", "PROFILE", "ACCOUNT", "ROLE", "ORIGIN", "LEFT", "ASKED BY"]
    );
    assert!(
        rows[1].ends_with(
            "  process  dev      222222222222  admin  new     59m   terraform(7) ← ?(8)"
        ),
        "{run:#?}"
    );
    assert!(sandbox.run(&["log", "b"]).ok().stdout.contains("  expired  "));
    sandbox.run(&["log", "nobody"]).ok().silent();
    sandbox.run(&["log", "nobody", "-v"]).ok().says(&["nothing of profile `nobody` is in the log"]);
    sandbox.run(&["log", "--since", "soon"]).fails(2);
    sandbox.run(&["log", "--limit", "-1"]).fails(2);
    sandbox.no_calls();
}

#[test]
fn output_is_empty_before_first_entry() {
    let sandbox = Sandbox::empty();
    assert_eq!(sandbox.run(&["log"]).ok().silent().stdout, "");
    assert_eq!(sandbox.run(&["log", "--json"]).ok().silent().stdout, "[]\n");
    let help = sandbox.run(&["log", "--help"]).ok().stdout;
    assert!(
        help.contains("rolecall log prod --since 1h") && !help.contains("default chain"),
        "{help}"
    );
}
