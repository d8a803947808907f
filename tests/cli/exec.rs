//! `rolecall exec` and `rolecall shell`: the child's environment, and that all else is its own.

use super::support::{Run, Sandbox};

fn exec(sandbox: &Sandbox, args: &[&str]) -> Run {
    sandbox.run(&[&["exec", "prod", "--"], args].concat())
}

/// The variables that a child sees.
fn variables(run: &Run) -> std::collections::BTreeMap<String, String> {
    let lines = run.stdout.lines().filter_map(|line| line.split_once('='));
    lines.map(|(name, value)| (name.to_owned(), value.to_owned())).collect()
}

#[test]
fn child_gets_session_variables_and_no_stale_profile_or_token() {
    let sandbox = Sandbox::new();
    let json = sandbox.run(&["process", "prod"]).ok().json();
    for (name, value) in [
        ("AWS_PROFILE", "stale"),
        ("AWS_DEFAULT_PROFILE", "stale"),
        ("AWS_SECURITY_TOKEN", "stale"),
        ("AWS_SESSION_TOKEN", "stale"),
        ("AWS_CREDENTIAL_EXPIRATION", "2001-01-01T00:00:00Z"),
        ("ROLECALL_FILE_PASSPHRASE", "correct horse"),
        ("OTHER", "kept"),
    ] {
        sandbox.set(name, value);
    }
    let seen = variables(&exec(&sandbox, &["env"]).ok().silent());
    for (name, field) in [
        ("AWS_ACCESS_KEY_ID", "AccessKeyId"),
        ("AWS_SECRET_ACCESS_KEY", "SecretAccessKey"),
        ("AWS_SESSION_TOKEN", "SessionToken"),
        ("AWS_CREDENTIAL_EXPIRATION", "Expiration"),
    ] {
        assert_eq!(seen.get(name).map(String::as_str), json[field].as_str(), "{name}");
    }
    for (name, value) in [
        ("AWS_REGION", "eu-west-1"),
        ("AWS_DEFAULT_REGION", "eu-west-1"),
        ("ROLECALL_PROFILE", "prod"),
        ("OTHER", "kept"),
    ] {
        assert_eq!(seen.get(name).map(String::as_str), Some(value), "{name}");
    }
    for name in
        ["AWS_PROFILE", "AWS_DEFAULT_PROFILE", "AWS_SECURITY_TOKEN", "ROLECALL_FILE_PASSPHRASE"]
    {
        assert_eq!(seen.get(name), None, "{name}");
    }
    // Long-term keys have neither token nor end.
    let seen = variables(&sandbox.run(&["exec", "dev", "--", "env"]).ok());
    assert_eq!(seen.get("AWS_SESSION_TOKEN"), None);
    assert_eq!(seen.get("AWS_CREDENTIAL_EXPIRATION"), None);
}

/// PowerShell keeps a bare `--` from functions, so it can be left out everywhere.
#[test]
fn first_plain_word_after_profile_begins_command() {
    let sandbox = Sandbox::new();
    sandbox.run(&["process", "prod"]).ok();
    let print = |before: &[&str], arguments: &[&str]| {
        let script = "printf '%s|' \"$ROLECALL_PROFILE\" \"$@\"";
        sandbox.run(&[&["exec"], before, &["sh", "-c", script, "sh"], arguments].concat())
    };
    for before in [
        &["prod"][..],
        &["prod", "--"],
        &["--duration", "1h", "prod"],
        &["prod", "--duration", "1h", "--region=eu-west-1"],
        &["-p", "prod"],
        &["-qpprod"],
        &["--profile=prod", "--no-input"],
        &["--profile", "prod", "--"],
    ] {
        for arguments in [
            &["s3", "ls", "--profile", "x"][..],
            &["-la", "--help", "-V", "--no-such-option"],
            &["--duration", "x", "--", "--", ""],
            &["exec", "dev", "-p", "dev"],
        ] {
            let wanted: String =
                ["prod"].iter().chain(arguments).map(|word| format!("{word}|")).collect();
            let run = print(before, arguments).ok();
            assert_eq!(run.stdout, wanted, "{before:?} {arguments:?}");
        }
    }
    sandbox.set("AWS_PROFILE", "prod");
    assert_eq!(print(&["--"], &["a"]).ok().stdout, "prod|a|");
    assert_eq!(print(&["--region", "eu-west-1", "--"], &["a"]).ok().stdout, "prod|a|");
}

#[test]
fn program_in_place_of_profile_is_told_how_to_write_it() {
    let sandbox = Sandbox::new();
    let run = sandbox.run(&["exec", "sh", "-c", "a b"]).fails(2);
    run.says(&["unexpected argument '-c'", "comes after `--`: rolecall exec -- CMD"]);
    let hint = "rolecall exec -- sh plan 'a b' -x";
    sandbox.run(&["exec", "sh", "plan", "a b", "-x"]).fails(3).error_form().says(&["`sh`", hint]);
    // A name that is no program is a mistyped profile.
    let run = sandbox.run(&["exec", "prdo", "sh"]).fails(3).error_form().says(&["`prod`"]);
    assert!(!run.stderr.contains("exec --"), "{run:#?}");
    sandbox.run(&["exec", "prod"]).fails(2).says(&["[PROFILE] [--] <CMD>..."]);
    sandbox.run(&["exec", "prod", "-p", "dev", "true"]).fails(2).says(&["cannot be used with"]);
}

#[test]
fn exec_exits_with_exit_code_of_child() {
    let sandbox = Sandbox::new();
    sandbox.run(&["process", "prod"]).ok();
    for code in 0..=255 {
        assert_eq!(exec(&sandbox, &["sh", "-c", &format!("exit {code}")]).code, code);
    }
}

#[test]
fn child_killed_by_signal_gives_exit_128_plus_its_number() {
    let sandbox = Sandbox::new();
    for (name, number) in [("TERM", 15), ("KILL", 9), ("HUP", 1), ("USR1", 10), ("PIPE", 13)] {
        assert_eq!(
            exec(&sandbox, &["sh", "-c", &format!("kill -{name} $$")]).code,
            128 + number,
            "{name}"
        );
        let run = sandbox
            .shell("dash", &format!("rolecall exec prod -- sh -c 'kill -{name} $$'; echo $?"));
        assert_eq!(run.stdout.trim_end(), (128 + number).to_string(), "{name}");
    }
}

#[test]
fn unrunnable_program_gives_exit_126_and_missing_one_127() {
    let sandbox = Sandbox::new();
    let file = sandbox.file("not-executable", "#!/bin/sh\n").display().to_string();
    let folder = sandbox.path("").display().to_string();
    exec(&sandbox, &[&file]).fails(126).error_form().says(&[&file]);
    exec(&sandbox, &[&folder]).fails(126).error_form();
    exec(&sandbox, &["no-such-program"]).fails(127).error_form().says(&["no-such-program"]);
    exec(&sandbox, &["/no/such/program"]).fails(127).error_form();
    exec(&sandbox, &[""]).fails(127);
}

#[test]
fn child_does_not_start_without_credentials() {
    let sandbox = Sandbox::new();
    let ran = sandbox.path("ran").display().to_string();
    sandbox.run(&["exec", "nobody", "--", "touch", &ran]).fails(3).error_form();
    sandbox.aws.world(|world| world.users.clear());
    exec(&sandbox, &["touch", &ran]).fails(1).error_form();
    assert!(!sandbox.path("ran").exists());
}

#[test]
fn child_gets_arguments_unchanged() {
    let sandbox = Sandbox::new();
    let arguments = [
        "a b",
        "",
        "line\nbreak",
        "'single'",
        "\"double\"",
        "$HOME `id` \\",
        "--profile",
        "-v",
        "--",
        "*",
        "ümläut",
    ];
    let run = exec(&sandbox, &[&["printf", "%s|"], &arguments[..]].concat()).ok();
    let wanted: String = arguments.iter().map(|argument| format!("{argument}|")).collect();
    assert_eq!(run.stdout, wanted);
}

#[test]
fn child_gets_arguments_that_are_not_utf_8() {
    use std::os::unix::ffi::OsStringExt;
    let sandbox = Sandbox::new();
    let path = std::ffi::OsString::from_vec(b"/dev/null\xff".to_vec());
    let run = sandbox.command(&["exec", "prod", "--", "od", "-An", "-c"]).arg(path).run();
    assert!(run.stderr.contains("377") || run.stderr.contains('\u{fffd}'), "{run:#?}");
}

#[test]
fn child_inherits_stdin() {
    let sandbox = Sandbox::new();
    let file = sandbox.file("input", "some input\n");
    let input = std::fs::File::open(&file).unwrap();
    let run = sandbox.command(&["exec", "prod", "--", "cat"]).stdin(input).run();
    assert_eq!(run.ok().stdout, "some input\n");
    let run = sandbox.command(&["exec", "prod", "--", "cat"]).redirected("<&-").run();
    assert_eq!(run.stdout, "");
}

#[test]
fn child_replaces_rolecall_process() {
    let sandbox = Sandbox::new();
    let run = sandbox.shell("dash", "rolecall exec prod -- sh -c 'echo $PPID'; echo $$");
    let lines: Vec<String> = run.ok().stdout.lines().map(str::to_owned).collect();
    assert_eq!(lines[0], lines[1], "nothing stands between the child and who started it");
}

#[test]
fn child_has_default_signals_and_no_extra_descriptors() {
    let sandbox = Sandbox::new();
    // A shell writes to a reader that is gone: it must die of SIGPIPE, as without rolecall.
    let run = sandbox.shell(
        "bash",
        "rolecall exec prod -- sh -c 'yes' | head -1 >/dev/null; echo ${PIPESTATUS[0]}",
    );
    assert_eq!(run.stdout.trim_end(), "141");
    let list = "ls /proc/self/fd";
    let (with, without) =
        (exec(&sandbox, &["sh", "-c", list]).ok(), sandbox.shell("sh", list).ok());
    assert_eq!(with.stdout, without.stdout, "a descriptor of rolecall's is left open");
    let run = exec(&sandbox, &["grep", "^SigBlk", "/proc/self/status"]).ok();
    assert!(run.stdout.ends_with("0000000000000000\n"), "{}", run.stdout);
}

#[test]
fn shell_runs_program_named_by_shell_variable() {
    let sandbox = Sandbox::new();
    let shell = sandbox.script(
        "my-shell",
        "echo \"$ROLECALL_PROFILE $# $AWS_ACCESS_KEY_ID $AWS_PROFILE\"; exit 7",
    );
    sandbox.set("SHELL", &shell);
    sandbox.set("AWS_PROFILE", "stale");
    let key = sandbox.run(&["process", "prod"]).ok().key();
    let run = sandbox.run(&["shell", "prod"]).fails(7);
    assert_eq!(run.stdout.trim_end(), format!("prod 0 {key}"));
    sandbox.set("SHELL", "/no/such/shell");
    sandbox.run(&["shell", "prod"]).fails(127).error_form().says(&["/no/such/shell"]);
}

#[test]
fn nested_shell_with_verbose_names_both_profiles() {
    let sandbox = Sandbox::new();
    let shell = sandbox.script(
        "my-shell",
        "if [ -z \"$IN\" ]; then IN=1 exec rolecall shell dev -v; fi; echo \"$ROLECALL_PROFILE\"",
    );
    sandbox.set("SHELL", &shell);
    let run = sandbox.run(&["shell", "prod"]).ok();
    assert_eq!(run.stdout, "dev\n");
    run.says(&["`dev`", "`prod`"]);
}

#[test]
fn child_reads_from_terminal() {
    let sandbox = Sandbox::new();
    let line = "exec \"$0\" \"$@\"";
    let mut terminal = sandbox
        .command(&[
            "exec",
            "prod",
            "--",
            "sh",
            "-c",
            "test -t 0; echo $?; read -r word; echo \"got $word\"",
        ])
        .by_shell(line)
        .on_a_terminal();
    terminal.enter("hello\n");
    assert_eq!(terminal.finish().ok().stdout, "0\ngot hello\n");
}

#[test]
fn signal_ignored_by_caller_is_ignored_by_child() {
    let sandbox = Sandbox::new();
    // The second run is warm.
    for _ in 0..2 {
        let run = sandbox
            .shell("sh", "trap '' INT; exec rolecall exec prod -- grep ^SigIgn /proc/self/status")
            .ok();
        assert!(run.stdout.ends_with("2\n"), "{}", run.stdout);
    }
}
