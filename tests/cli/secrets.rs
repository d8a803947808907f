//! What must not be seen: in logs, in argument lists, in environments, in memory, in files.

use std::os::unix::fs::MetadataExt;

use super::support::{ADMIN, BOB_MFA, DEV, EXTERNAL_ID, Fault, Kind, Sandbox, role, until};

#[test]
fn verbose_output_shows_decisions_and_no_secret() {
    let sandbox = Sandbox::new();
    let code = sandbox.aws.mfa_code(DEV, "bob");
    sandbox.config(&format!(
        "[profile prod]\nrole_arn = {ADMIN}\nsource_profile = dev\nmfa_serial = {BOB_MFA}\nexternal_id = {EXTERNAL_ID}\n"
    ));
    // Every run checks stderr for secrets; a code that was used is one while it counts.
    let run = sandbox.run(&["process", "prod", "-vv", "--mfa-token", &code]).ok().says(&[
        "info: ",
        ADMIN,
        &sandbox.access_key_id,
    ]);
    assert!(!run.stderr.contains(&code), "{run:#?}");
    sandbox.run(&["process", "prod", "-vvvv"]).ok().says(&["cached session"]);
    sandbox.run(&["process", "dev", "-vv"]).ok();
    sandbox.run(&["env", "prod", "-vv", "--shell", "sh"]).ok();
    sandbox.run(&["whoami", "prod", "-vv"]).ok();
}

#[test]
fn errors_of_failed_calls_show_no_secret() {
    let sandbox = Sandbox::new();
    sandbox.set("AWS_MAX_ATTEMPTS", "1");
    for kind in
        [Kind::Garbage, Kind::Reset, Kind::Status(500, "oops".to_owned()), Kind::TruncatedBody]
    {
        sandbox.aws.clear_faults();
        sandbox.aws.inject(Fault::always("AssumeRole", kind));
        sandbox.run(&["process", "prod", "-vv"]).fails(1);
    }
    // An answer that is no answer may hold a session: it must not be quoted.
    let session = "<Credentials><SecretAccessKey>SecretInABrokenAnswer</SecretAccessKey>";
    sandbox.secret("SecretInABrokenAnswer");
    sandbox.aws.clear_faults();
    sandbox.aws.inject(Fault::always("AssumeRole", Kind::Status(200, session.to_owned())));
    sandbox.run(&["process", "prod", "-vv"]).fails(1);
}

#[test]
fn malformed_line_is_not_quoted_in_any_output() {
    let sandbox = Sandbox::new();
    sandbox.secret("SecretOnABrokenLine");
    for line in [
        "aws_secret_access_key SecretOnABrokenLine",
        "aws_secret_access_key : SecretOnABrokenLine",
        "SecretOnABrokenLine",
        "= SecretOnABrokenLine",
        "[SecretOnABrokenLine",
        "[profile x] SecretOnABrokenLine",
    ] {
        sandbox.config(&format!("[profile dev]\nregion = eu-west-1\n{line}\n"));
        for args in [
            &["process", "dev"][..],
            &["profile", "dump", "--json"],
            &["doctor"],
            &["list"],
            &["explain", "dev"],
        ] {
            let run = sandbox.run(args);
            assert!(!run.stdout.contains("SecretOnABrokenLine"), "{line}: {run:#?}");
        }
    }
}

#[test]
fn command_of_credential_process_is_not_shown() {
    let sandbox = Sandbox::new();
    sandbox.secret("PasswordInACommand");
    sandbox.config("[profile tool]\ncredential_process = false --password PasswordInACommand\n");
    sandbox.run(&["process", "tool", "-vv"]).fails(1);
    for args in [&["explain", "tool"][..], &["list"], &["doctor", "tool"]] {
        let run = sandbox.run(args);
        assert!(!run.stdout.contains("PasswordInACommand"), "{run:#?}");
    }
}

#[test]
fn no_child_gets_passphrase_in_its_environment() {
    let sandbox = Sandbox::new();
    sandbox.set("ROLECALL_FILE_PASSPHRASE", "correct horse battery staple");
    sandbox.secret("correct horse battery staple");
    let code = sandbox.script("code", "env > \"$HOME/env-of-code\"; echo 123456");
    let keys = format!(
        r#"{{"Version":1,"AccessKeyId":"{}","SecretAccessKey":"{}"}}"#,
        sandbox.access_key_id, sandbox.secret
    );
    let tool = sandbox.script("tool", &format!("env > \"$HOME/env-of-tool\"; echo '{keys}'"));
    sandbox.config(&format!(
        "[profile tool]\ncredential_process = {tool}\n[profile prod]\nrole_arn = {}\nsource_profile = tool\nmfa_serial = {BOB_MFA}\nmfa_process = {code}\n",
        role("guarded")
    ));
    sandbox.run(&["process", "prod"]).fails(1);
    let child = sandbox.run(&["exec", "tool", "--", "env"]).ok().stdout;
    for name in ["env-of-code", "env-of-tool"] {
        let seen = std::fs::read_to_string(sandbox.path(name)).unwrap();
        assert!(seen.contains("HOME=") && !seen.contains("correct horse"), "{name}: {seen}");
    }
    assert!(!child.contains("correct horse"), "{child}");
}

#[test]
fn no_argument_list_holds_a_secret() {
    let sandbox = Sandbox::new();
    let script = sandbox.script("child", "tr '\\0' ' ' < /proc/$$/cmdline > \"$HOME/arguments\"");
    sandbox.run(&["exec", "prod", "--", &script]).ok();
    let arguments = std::fs::read_to_string(sandbox.path("arguments")).unwrap();
    assert!(arguments.contains("child"));
    for secret in sandbox.secrets() {
        assert!(!arguments.contains(&secret), "{arguments}");
    }
}

#[test]
fn proc_files_of_running_process_belong_to_root() {
    let sandbox = Sandbox::new();
    for path in [".aws/config", ".aws/credentials"] {
        let mode = std::os::unix::fs::PermissionsExt::from_mode(0o644);
        std::fs::set_permissions(sandbox.path(path), mode).unwrap();
    }
    sandbox.aws.inject(Fault::always("AssumeRole", Kind::Hang));
    let mut running = sandbox.command(&["process", "prod"]).by_nobody().start();
    until("the call", || sandbox.assumed() == 1);
    // The files of a process that may not be dumped belong to root, whoever it runs as.
    let process = format!("/proc/{}", running.pid());
    let status = std::fs::read_to_string(format!("{process}/status")).unwrap();
    let owners = ["mem", "environ", "maps"]
        .map(|name| std::fs::metadata(format!("{process}/{name}")).unwrap().uid());
    running.child.kill().unwrap();
    running.finish().fails(137);
    assert!(status.contains("Uid:\t65534"), "{status}");
    assert_eq!(owners, [0, 0, 0]);
}

#[test]
fn no_file_holds_a_secret_in_the_clear() {
    let sandbox = Sandbox::new();
    sandbox.set("ROLECALL_FILE_PASSPHRASE", "correct horse battery staple");
    for store in ["keyutils", "file", "none"] {
        sandbox.run(&["process", "prod", "--store", store]).ok();
    }
    let secrets = sandbox.secrets();
    let mut folders = vec![sandbox.path("xdg"), sandbox.path("")];
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(&folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                folders.push(path);
                continue;
            }
            // The one place where the user put them.
            if path.ends_with(".aws/credentials") {
                continue;
            }
            let content = String::from_utf8_lossy(&std::fs::read(&path).unwrap()).into_owned();
            for secret in &secrets {
                assert!(!content.contains(secret.as_str()), "{} holds a secret", path.display());
            }
        }
    }
}
