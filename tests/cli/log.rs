//! The log: one line for each handing out, and no more than that is ever in it.

use std::collections::BTreeSet;
use std::os::unix::fs::PermissionsExt;
use std::path::PathBuf;
use std::time::SystemTime;

use chrono::{DateTime, SecondsFormat, TimeDelta, Utc};
use serde_json::Value;

use super::support::{ADMIN, PROD, Run, Sandbox, make_pipe, time};

const LONGEST: usize = 1024 * 1024;

fn path(sandbox: &Sandbox) -> PathBuf {
    sandbox.path("xdg/state/rolecall/log.jsonl")
}

/// The lines of the file, each an object, with nothing in them that must not be.
#[track_caller]
fn lines(sandbox: &Sandbox) -> Vec<Value> {
    lines_of(sandbox, &path(sandbox))
}

#[track_caller]
fn lines_of(sandbox: &Sandbox, path: &std::path::Path) -> Vec<Value> {
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
fn line(profile: &str, ago: i64) -> String {
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
fn shown(sandbox: &Sandbox, args: &[&str]) -> Vec<Value> {
    let run = sandbox.run(&[&["log", "--json"], args].concat()).ok().silent();
    run.json().as_array().unwrap().clone()
}

fn profiles(entries: &[Value]) -> Vec<&str> {
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
fn long_term_keys_are_a_source_and_have_no_end() {
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
fn what_hands_nothing_out_writes_nothing() {
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
fn a_renewal_that_failed_hands_out_a_cached_one() {
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
fn the_chain_of_parents_is_named() {
    let sandbox = Sandbox::new();
    let inner = sandbox.script("deploy.sh", "rolecall process dev");
    let outer = sandbox.script("release", &format!("{inner}\ntrue"));
    let run = sandbox.start_program(&outer).finish().ok();
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
fn a_deep_chain_is_cut() {
    let sandbox = Sandbox::new();
    let mut program = "rolecall process dev".to_owned();
    for n in 0..12 {
        program = sandbox.script(&format!("level-{n}"), &format!("{program}\ntrue"));
    }
    sandbox.start_program(&program).finish().ok();
    let expected: Vec<String> = (0..10).map(|n| format!("level-{n}")).collect();
    assert_eq!(askers(&sandbox), expected);
}

#[test]
fn a_parent_in_another_world_is_no_trouble() {
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
fn a_hostile_name_stays_in_its_line() {
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
        sandbox.start_program(&program).finish().ok();
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
fn it_is_its_owners_alone() {
    let sandbox = Sandbox::new();
    sandbox.shell("/bin/sh", "umask 0; rolecall process dev").ok();
    let mode = |path: PathBuf| path.metadata().unwrap().permissions().mode() & 0o777;
    assert_eq!((mode(path(&sandbox)), mode(sandbox.path("xdg/state/rolecall"))), (0o600, 0o700));
    std::fs::set_permissions(path(&sandbox), PermissionsExt::from_mode(0o644)).unwrap();
    let report = sandbox.run(&["doctor", "--json"]).json();
    let finding =
        report.as_array().unwrap().iter().find(|finding| finding["check"] == "log").unwrap();
    assert_eq!(finding["status"], "warning");
    assert!(finding["hint"].as_str().unwrap().contains("chmod 600"), "{finding}");
}

#[test]
fn a_setting_switches_it_off() {
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
fn a_hundred_at_once_write_a_hundred_lines() {
    let sandbox = Sandbox::new();
    let all: Vec<_> = (0..100).map(|_| sandbox.start(&["process", "prod"])).collect();
    for one in all {
        one.finish().ok().silent();
    }
    let all = lines(&sandbox);
    assert_eq!(all.len(), 100);
    assert_eq!(all.iter().filter(|line| line["origin"] == "new").count(), 1);
    assert_eq!(shown(&sandbox, &[]).len(), 100);
}

#[test]
fn no_line_is_lost_when_the_file_is_moved_away() {
    let sandbox = Sandbox::new();
    sandbox.run(&["process", "dev"]).ok();
    let one = std::fs::read_to_string(path(&sandbox)).unwrap();
    // So that it is full after about half of the writers.
    let prepared = (LONGEST - 25 * one.len()) / one.len();
    std::fs::write(path(&sandbox), one.repeat(prepared)).unwrap();
    std::fs::write(path(&sandbox).with_extension("1.jsonl"), line("older", 60)).unwrap();
    let all: Vec<_> = (0..50).map(|_| sandbox.start(&["process", "dev"])).collect();
    for one in all {
        one.finish().ok().silent();
    }
    let old = |n: usize| path(&sandbox).with_extension(format!("{n}.jsonl"));
    let counts = [
        lines(&sandbox).len(),
        lines_of(&sandbox, &old(1)).len(),
        lines_of(&sandbox, &old(2)).len(),
    ];
    assert_eq!((counts.iter().sum::<usize>(), counts[2]), (prepared + 51, 1), "{counts:?}");
    assert!(counts[0] > 0 && counts[1] > prepared, "{counts:?}");
    assert!(!old(3).exists(), "it was moved away twice");
    assert!(old(1).metadata().unwrap().len() < (LONGEST + 50 * one.len()) as u64);
    assert_eq!(old(1).metadata().unwrap().permissions().mode() & 0o777, 0o600);
    let shown = shown(&sandbox, &[]);
    assert_eq!((shown.len(), &shown[0]["profile"]), (prepared + 51, &Value::from("older")));
}

#[test]
fn three_old_files_are_kept() {
    let sandbox = Sandbox::new();
    let old = |n: usize| path(&sandbox).with_extension(format!("{n}.jsonl"));
    for n in 1..=5 {
        sandbox.run(&["process", "dev"]).ok().silent();
        let mut text = line(&format!("profile-{n}"), 100 - n);
        text.push_str(&"\n".repeat(LONGEST));
        std::fs::write(path(&sandbox), text).unwrap();
    }
    sandbox.run(&["process", "dev"]).ok().silent();
    assert!(old(3).exists() && !old(4).exists());
    assert_eq!(profiles(&shown(&sandbox, &[])), ["profile-3", "profile-4", "profile-5", "dev"]);
}

#[test]
fn what_is_no_line_is_passed_over() {
    let sandbox = Sandbox::new();
    let (good, other) = (line("good", 60), line("torn", 50));
    let (half, rest) = other.split_at(other.len() / 2);
    let mut file = b"garbage\n\xff\xfe\x00\x1b[2J\n[]\n{}\nnull\n\"\"\n\n{\"time\":1}\n".to_vec();
    file.extend(
        [
            good.as_bytes(),
            rest.as_bytes(),
            "[".repeat(100_000).as_bytes(),
            b"\r\n",
            half.as_bytes(),
        ]
        .concat(),
    );
    sandbox.run(&["process", "dev"]).ok();
    std::fs::write(path(&sandbox), file).unwrap();
    // The line that follows a torn one is not lost with it.
    sandbox.run(&["process", "dev"]).ok().silent();
    assert_eq!(profiles(&shown(&sandbox, &[])), ["good", "dev"]);
    let run = sandbox.run(&["log", "-v"]).ok().says(&["info: 10 lines in ", "log.jsonl"]);
    assert_eq!(run.stdout.lines().count(), 3, "{run:#?}");
}

#[test]
fn one_that_cannot_be_written_costs_nothing() {
    let sandbox = Sandbox::new();
    let place = path(&sandbox);
    let tried = |what: &str, doctor: bool| -> Run {
        for args in [&["process", "prod"][..], &["exec", "prod", "--", "true"], &["env", "dev"]] {
            sandbox.run(args).ok().silent();
        }
        let run = sandbox.run(&["process", "dev", "-v"]).ok().says(&["info: not logged: "]);
        let report = sandbox.run(&["doctor", "dev", "--json"]).json();
        let finding = report
            .as_array()
            .unwrap()
            .iter()
            .find(|finding| finding["check"] == "log")
            .unwrap()
            .clone();
        assert_eq!(finding["status"] == "warning", doctor, "{what}: {finding}");
        run
    };
    sandbox.run(&["process", "prod"]).ok();
    std::fs::remove_file(&place).unwrap();
    std::os::unix::fs::symlink("/dev/full", &place).unwrap();
    tried("a full disk", false).says(&["No space left"]);
    std::fs::remove_file(&place).unwrap();
    std::fs::create_dir(&place).unwrap();
    tried("a folder", true).says(&["directory"]);
    sandbox.run(&["log"]).fails(1).error_form().says(&["log.jsonl", "hint: "]);
    std::fs::remove_dir(&place).unwrap();
    make_pipe(&place);
    tried("a pipe", true);
    sandbox.run(&["log"]).fails(1).error_form().says(&["log.jsonl", "not a regular file"]);
    std::fs::remove_file(&place).unwrap();
    sandbox.set("XDG_STATE_HOME", "/dev/null/state");
    tried("no folder", true);
    sandbox.unset("XDG_STATE_HOME");
    sandbox.set("AWS_CONFIG_FILE", sandbox.path(".aws/config"));
    sandbox.set("AWS_SHARED_CREDENTIALS_FILE", sandbox.path(".aws/credentials"));
    sandbox.set("HOME", "/dev/null/home");
    tried("no home", true);
}

#[test]
fn a_folder_of_somebody_else_costs_nothing() {
    let sandbox = Sandbox::new();
    std::fs::set_permissions(sandbox.path(".aws/credentials"), PermissionsExt::from_mode(0o644))
        .unwrap();
    sandbox.run_as_nobody(&["process", "dev"]).ok().silent();
    sandbox.run_as_nobody(&["process", "dev", "-v"]).ok().says(&["not logged: Permission denied"]);
    // Nor does a log that root has left there.
    sandbox.run(&["process", "dev"]).ok();
    sandbox.run_as_nobody(&["process", "dev"]).ok().silent();
    assert_eq!(lines(&sandbox).len(), 1);
}

#[test]
fn a_limit_of_file_sizes_costs_nothing() {
    let sandbox = Sandbox::new();
    sandbox.run(&["process", "dev"]).ok();
    let run = sandbox
        .shell("bash", "ulimit -f 0; rolecall process dev; rolecall process dev -v")
        .ok()
        .says(&["not logged: "]);
    assert_eq!(run.stdout.matches(&sandbox.access_key_id).count(), 2, "{run:#?}");
    assert_eq!(lines(&sandbox).len(), 1);
}

#[test]
fn a_folder_that_takes_no_new_names_keeps_the_log_going() {
    let sandbox = Sandbox::new();
    sandbox.run(&["process", "dev"]).ok();
    let long = std::fs::read_to_string(path(&sandbox)).unwrap().repeat(LONGEST / 200);
    std::fs::write(path(&sandbox), &long).unwrap();
    std::fs::create_dir_all(sandbox.path("xdg/state/rolecall/log.1.jsonl/x")).unwrap();
    std::fs::create_dir_all(sandbox.path("xdg/state/rolecall/log.2.jsonl/x")).unwrap();
    std::fs::create_dir_all(sandbox.path("xdg/state/rolecall/log.3.jsonl/x")).unwrap();
    sandbox.run(&["process", "dev"]).ok().silent();
    assert_eq!(lines(&sandbox).len(), LONGEST / 200 + 1);
}

#[test]
fn it_is_shown_by_profile_time_and_number() {
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
fn it_is_empty_before_anything_was_handed_out() {
    let sandbox = Sandbox::empty();
    assert_eq!(sandbox.run(&["log"]).ok().silent().stdout, "");
    assert_eq!(sandbox.run(&["log", "--json"]).ok().silent().stdout, "[]\n");
    let help = sandbox.run(&["log", "--help"]).ok().stdout;
    assert!(
        help.contains("rolecall log prod --since 1h") && !help.contains("default chain"),
        "{help}"
    );
}
