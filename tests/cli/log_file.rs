//! The log's file: whose it is, how it grows and moves away, and what a folder may refuse.

use std::os::unix::fs::PermissionsExt;
use std::path::PathBuf;

use serde_json::Value;

use super::log::{LONGEST, line, lines, lines_of, path, profiles, shown};
use super::support::{Run, Sandbox, make_pipe};

#[test]
fn file_has_mode_0600_and_doctor_warns_about_0644() {
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
fn hundred_processes_at_once_write_hundred_lines() {
    let sandbox = Sandbox::new();
    let all: Vec<_> = (0..100).map(|_| sandbox.command(&["process", "prod"]).start()).collect();
    for one in all {
        one.finish().ok().silent();
    }
    let all = lines(&sandbox);
    assert_eq!(all.len(), 100);
    assert_eq!(all.iter().filter(|line| line["origin"] == "new").count(), 1);
    assert_eq!(shown(&sandbox, &[]).len(), 100);
}

#[test]
fn concurrent_writers_lose_no_line_at_rotation() {
    let sandbox = Sandbox::new();
    sandbox.run(&["process", "dev"]).ok();
    let one = std::fs::read_to_string(path(&sandbox)).unwrap();
    // So that it is full after about half of the writers.
    let prepared = (LONGEST - 25 * one.len()) / one.len();
    std::fs::write(path(&sandbox), one.repeat(prepared)).unwrap();
    std::fs::write(path(&sandbox).with_extension("1.jsonl"), line("older", 60)).unwrap();
    let all: Vec<_> = (0..50).map(|_| sandbox.command(&["process", "dev"]).start()).collect();
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
fn rotation_keeps_three_old_files() {
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
fn malformed_lines_are_skipped_and_counted() {
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
fn unwritable_file_fails_no_command() {
    let sandbox = Sandbox::new();
    let place = path(&sandbox);
    let tried = |what: &str, doctor: bool| -> Run {
        for args in [&["process", "prod"][..], &["exec", "prod", "--", "true"], &["env", "dev"]] {
            let run = sandbox.run(args).ok().says(&["warning: not logged: ", "rolecall doctor"]);
            assert_eq!(run.stderr.lines().count(), 1, "{run:#?}");
        }
        sandbox.run(&["process", "dev", "-q"]).ok().silent();
        let run = sandbox.run(&["process", "dev", "-v"]).ok().says(&["not logged: "]);
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
    tried("a link", true).says(&["is a link"]);
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
fn folder_of_another_user_fails_no_command() {
    let sandbox = Sandbox::new();
    std::fs::set_permissions(sandbox.path(".aws/credentials"), PermissionsExt::from_mode(0o644))
        .unwrap();
    let warned = || {
        let run = sandbox.command(&["process", "dev"]).by_nobody().run().ok();
        run.says(&["warning: not logged: ", "ermission denied"]);
    };
    warned();
    // Nor does a log that root has left there.
    sandbox.run(&["process", "dev"]).ok();
    warned();
    assert_eq!(lines(&sandbox).len(), 1);
}

#[test]
fn file_size_limit_fails_no_command() {
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
fn failed_rotation_appends_to_current_file() {
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
