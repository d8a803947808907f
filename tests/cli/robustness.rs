//! Files, folders, streams and clocks as they should not be.

use std::os::unix::fs::PermissionsExt;
use std::process::Stdio;

use super::support::{ADMIN, Sandbox, make_pipe, role};

fn sections(sandbox: &Sandbox) -> String {
    format!(
        "[profile dev]\n{}[profile prod]\nrole_arn = {ADMIN}\nsource_profile = dev\n",
        sandbox.key_lines()
    )
}

#[test]
fn run_without_usable_home_reads_files_named_by_variables() {
    let sandbox = Sandbox::empty();
    let text = sections(&sandbox);
    let config = sandbox.config(&text);
    for name in [
        "HOME",
        "XDG_CONFIG_HOME",
        "XDG_CACHE_HOME",
        "XDG_DATA_HOME",
        "XDG_STATE_HOME",
        "XDG_RUNTIME_DIR",
        "USER",
    ] {
        sandbox.unset(name);
    }
    sandbox.set("AWS_CONFIG_FILE", config);
    sandbox.set("AWS_SHARED_CREDENTIALS_FILE", sandbox.path("none"));
    sandbox.set("HOME", "/nonexistent/home");
    sandbox.run(&["process", "prod", "--no-cache"]).ok().silent();
    sandbox.run(&["process", "prod"]).ok();
}

#[test]
fn missing_shared_files_are_read_as_empty() {
    let sandbox = Sandbox::empty();
    sandbox.run(&["process", "dev"]).fails(3).error_form();
    sandbox.set("AWS_CONFIG_FILE", "/dev/null");
    sandbox.set("AWS_SHARED_CREDENTIALS_FILE", "/dev/null/none");
    sandbox.run(&["process", "dev"]).fails(3).error_form();
    sandbox.keys_in_environment();
    sandbox.run(&["process"]).ok().silent();
}

#[test]
fn pipe_device_or_folder_as_shared_file_is_error() {
    let sandbox = Sandbox::new();
    let fifo = sandbox.path("fifo");
    make_pipe(&fifo);
    for path in
        [fifo.as_path(), "/dev/zero".as_ref(), sandbox.path("").as_path(), "/dev/urandom".as_ref()]
    {
        for variable in ["AWS_CONFIG_FILE", "AWS_SHARED_CREDENTIALS_FILE", "ROLECALL_CONFIG"] {
            sandbox.set(variable, path);
            let run = sandbox.run(&["process", "prod"]).fails(3).error_form();
            run.says(&[path.to_str().unwrap().trim_end_matches('/')]);
            sandbox.unset(variable);
        }
    }
}

#[test]
fn config_of_50_mib_is_read() {
    let sandbox = Sandbox::empty();
    let mut text = String::with_capacity(51 << 20);
    let filler =
        "# a comment that fills the file and says nothing at all, line after line\n".repeat(1_000);
    while text.len() < 50 << 20 {
        text += &filler;
    }
    text += &sections(&sandbox);
    sandbox.config(&text);
    sandbox.run(&["process", "prod"]).ok().silent();
}

#[test]
fn profile_among_ten_thousand_is_found() {
    let sandbox = Sandbox::empty();
    let mut text = sections(&sandbox);
    for n in 0..10_000 {
        text += &format!(
            "[profile p{n}]\nrole_arn = {ADMIN}\nsource_profile = dev\nregion = eu-west-1\n"
        );
    }
    sandbox.config(&text);
    sandbox.run(&["process", "p9999"]).ok().silent();
    sandbox.run(&["process", "nobody"]).fails(3).error_form();
}

#[test]
fn section_after_garbage_is_read() {
    let sandbox = Sandbox::empty();
    let mut bytes: Vec<u8> = (0..=255_u8).cycle().take(100_000).collect();
    sandbox.config("");
    std::fs::write(sandbox.path(".aws/config"), &bytes).unwrap();
    sandbox.run(&["process", "prod"]).fails(3).error_form();
    bytes.push(b'\n');
    bytes.extend(sections(&sandbox).bytes());
    std::fs::write(sandbox.path(".aws/config"), &bytes).unwrap();
    sandbox.run(&["process", "prod"]).ok();
}

#[test]
fn truncated_config_gives_credentials_or_plain_error() {
    let sandbox = Sandbox::empty();
    let text = sections(&sandbox);
    for end in (0..text.len()).step_by(7) {
        sandbox.config(&text[..end]);
        let run = sandbox.run(&["process", "prod", "--no-cache"]);
        assert!(matches!(run.code, 0 | 1 | 3), "cut at {end}: {run:#?}");
        if run.code != 0 {
            run.error_form();
        }
    }
}

#[test]
fn config_with_byte_order_mark_and_crlf_is_read() {
    let sandbox = Sandbox::empty();
    let text = sections(&sandbox);
    sandbox.config(&format!("\u{feff}{}", text.replace('\n', "\r\n")));
    sandbox.run(&["process", "prod"]).ok().silent();
    sandbox.config(text.trim_end());
    sandbox.run(&["process", "prod"]).ok().silent();
}

/// Lets the sandbox belong to somebody who is not root.
fn give_to_nobody(folder: &std::path::Path) {
    rustix::fs::chown(
        folder,
        Some(rustix::fs::Uid::from_raw(65_534)),
        Some(rustix::fs::Gid::from_raw(65_534)),
    )
    .unwrap();
    for entry in std::fs::read_dir(folder).into_iter().flatten() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            give_to_nobody(&path);
        } else {
            rustix::fs::chown(&path, Some(rustix::fs::Uid::from_raw(65_534)), None).unwrap();
        }
    }
}

#[test]
fn unreadable_shared_file_is_error_that_names_it() {
    let sandbox = Sandbox::new();
    give_to_nobody(&sandbox.path(""));
    for path in [".aws/config", ".aws/credentials"] {
        std::fs::set_permissions(sandbox.path(path), PermissionsExt::from_mode(0o000)).unwrap();
        let run = sandbox.command(&["process", "prod"]).by_nobody().run().fails(3).error_form();
        run.says(&[sandbox.path(path).to_str().unwrap(), "ls -ld"]);
        std::fs::set_permissions(sandbox.path(path), PermissionsExt::from_mode(0o600)).unwrap();
    }
    std::fs::set_permissions(sandbox.path(".aws"), PermissionsExt::from_mode(0o000)).unwrap();
    sandbox
        .command(&["process", "prod"])
        .by_nobody()
        .run()
        .fails(3)
        .error_form()
        .says(&[".aws/config"]);
    sandbox.no_calls();
    std::fs::set_permissions(sandbox.path(".aws"), PermissionsExt::from_mode(0o700)).unwrap();
    sandbox.command(&["process", "prod"]).by_nobody().run().ok().silent();
}

#[test]
fn unwritable_home_still_gives_credentials() {
    let sandbox = Sandbox::new();
    // Owned by root, readable by all.
    std::fs::set_permissions(sandbox.path(".aws/credentials"), PermissionsExt::from_mode(0o644))
        .unwrap();
    let key = || {
        let run = sandbox.command(&["process", "prod", "-q"]).by_nobody().run();
        run.ok().silent().key()
    };
    assert_eq!(key(), key());
    assert_eq!(sandbox.assumed(), 1);
    assert!(std::fs::read_dir(sandbox.path("xdg/state")).unwrap().next().is_none());
    // The file store has nowhere to write: a warning, and the credentials all the same.
    sandbox.set("ROLECALL_FILE_PASSPHRASE", "correct horse battery staple");
    let run = sandbox.command(&["process", "prod", "--store", "file"]).by_nobody().run().ok();
    run.says(&["warning: "]);
}

#[test]
fn a_full_disk_behind_stdout_is_an_error() {
    let sandbox = Sandbox::new();
    let full = || std::fs::OpenOptions::new().write(true).open("/dev/full").unwrap();
    for args in [
        &["process", "prod"][..],
        &["process", "dev"],
        &["env", "dev"],
        &["whoami", "dev"],
        &["profile", "dump", "--json"],
        &["explain", "prod"],
        &["list"],
        &["policy", "caller", "prod"],
        &["--help"],
        &["--version"],
        &["process", "--help"],
    ] {
        let run = sandbox.command(args).stdout(Stdio::from(full())).run().fails(1);
        assert!(
            args.contains(&"--help")
                || args.contains(&"--version")
                || run.stderr.contains("error: "),
            "{args:?}: {run:#?}"
        );
    }
}

#[test]
fn closed_pipe_behind_stdout_causes_no_panic() {
    let sandbox = Sandbox::new();
    for verb in ["process dev", "env dev", "profile dump --json", "list"] {
        let run = sandbox
            .shell("bash", &format!("rolecall {verb} | true; code=${{PIPESTATUS[0]}}; echo $code"));
        let code = run.stdout.trim_end();
        assert!(matches!(code, "0" | "1" | "141"), "{verb}: {run:#?}");
        assert!(!run.stderr.contains("panicked"), "{run:#?}");
    }
}

#[test]
fn closed_streams_cause_no_panic_and_no_write_to_config() {
    let sandbox = Sandbox::new();
    let run = sandbox.command(&["process", "nobody"]).redirected("<&- >&- 2>&-").run();
    assert_eq!(run.code, 3);
    // What is opened first must not become stdout: nothing is written into a shared file.
    let before = std::fs::read(sandbox.path(".aws/config")).unwrap();
    sandbox.command(&["process", "prod"]).redirected("<&- >&- 2>&-").run();
    assert_eq!(std::fs::read(sandbox.path(".aws/config")).unwrap(), before);
}

#[test]
fn other_variable_that_is_not_utf_8_is_ignored() {
    use std::os::unix::ffi::OsStringExt;
    let sandbox = Sandbox::new();
    let odd = || std::ffi::OsString::from_vec(b"\xff\xfe".to_vec());
    sandbox.set("LS_COLORS", odd());
    sandbox.set("USER", odd());
    sandbox.run(&["process", "prod"]).ok().silent();
    sandbox.command(&["process"]).arg(odd()).run().fails(2);
}

#[test]
fn limit_of_three_open_files_causes_no_panic() {
    let sandbox = Sandbox::new();
    let run = sandbox.shell("bash", "ulimit -n 3; rolecall process dev; echo $?");
    assert!(!run.stderr.contains("panicked"), "{run:#?}");
}

#[test]
fn fast_clock_gives_warning_and_no_cached_session() {
    let sandbox = Sandbox::new();
    sandbox.aws.set_clock_offset(-3_600);
    sandbox.run(&["process", "prod"]).ok().says(&["warning: ", "clock", "ahead of", "timedatectl"]);
    // What seems to live longer or shorter than it does is not kept.
    let calls = sandbox.assumed();
    sandbox.run(&["process", "prod"]).ok().says(&["clock"]);
    assert!(sandbox.assumed() > calls);
}

#[test]
fn slow_clock_gives_warning_and_no_cached_session() {
    let sandbox = Sandbox::new();
    sandbox.aws.set_clock_offset(3_600);
    sandbox.run(&["process", "prod"]).ok().says(&["warning: ", "clock", "behind", "timedatectl"]);
    let calls = sandbox.assumed();
    sandbox.run(&["process", "prod"]).ok().says(&["clock"]);
    assert!(sandbox.assumed() > calls);
}

#[test]
fn wrong_clock_is_not_named_as_cause_of_denial() {
    // The SDK corrects what is more than 15 minutes off, and calls again.
    for offset in [5 * 60, -5 * 60, 14 * 60, -14 * 60, 20 * 60, -20 * 60] {
        let sandbox = Sandbox::new();
        sandbox.config(&format!(
            "[profile closed]\nrole_arn = {}\nsource_profile = dev\n",
            role("closed")
        ));
        sandbox.aws.set_clock_offset(offset);
        let run = sandbox.run(&["process", "closed"]).fails(1).error_form().says(&["AccessDenied"]);
        assert!(!run.stderr.contains("clock"), "{offset}: {run:#?}");
    }
}
