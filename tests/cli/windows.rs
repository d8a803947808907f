//! What Windows does in its own way: its stores, its folders and homes, its command interpreter,
//! its files that somebody holds open, and its exit codes.

use std::fs::OpenOptions;
use std::io::Read;
use std::net::TcpListener;
use std::os::windows::fs::OpenOptionsExt;
use std::path::Path;
use std::sync::mpsc::channel;
use std::time::Duration;

use super::support::{ADMIN, INDEX, PROD, Run, Sandbox};

/// The program in a folder whose name has blanks, as users have it below `Program Files`.
fn program_with_blanks(sandbox: &Sandbox) -> String {
    let copy = sandbox.path("Program Files/role call.exe");
    std::fs::create_dir_all(copy.parent().unwrap()).unwrap();
    std::fs::copy(env!("CARGO_BIN_EXE_rolecall"), &copy).unwrap();
    native(&copy)
}

/// A path as Windows writes it.
fn native(path: &Path) -> String {
    path.display().to_string().replace('/', "\\")
}

/// Writes a batch file and returns its path.
fn batch(sandbox: &Sandbox, name: &str, lines: &str) -> String {
    native(&sandbox.file(name, format!("@echo off\r\n{}\r\n", lines.replace('\n', "\r\n"))))
}

/// A batch file that prints the sandbox's keys, and its arguments into the file `arguments`.
fn keys_batch(sandbox: &Sandbox, name: &str) -> String {
    let json = format!(
        r#"{{"Version":1,"AccessKeyId":"{}","SecretAccessKey":"{}"}}"#,
        sandbox.access_key_id, sandbox.secret
    );
    let arguments = native(&sandbox.path("arguments"));
    batch(sandbox, name, &format!("echo %1,%2>\"{arguments}\"\necho {json}"))
}

#[test]
fn each_store_serves_process_and_keyring_and_file_cache() {
    let sandbox = Sandbox::new();
    for (store, calls) in [("keyring", 1), ("file", 1), ("none", 2), ("keyutils", 2)] {
        let before = sandbox.assumed();
        for _ in 0..2 {
            sandbox.run(&["process", "prod", "--store", store]).ok();
        }
        assert_eq!(sandbox.assumed() - before, calls, "{store}");
    }
    sandbox.set("ROLECALL_STORE", "keyring");
    sandbox.run(&["sessions", "clear", "prod"]).ok();
    sandbox.run(&["process", "prod"]).ok();
    assert_eq!(sandbox.assumed(), 7, "the keyring's session was cleared");
    sandbox.run(&["sessions", "clear", "prod"]).ok();
}

#[test]
fn session_larger_than_an_entry_is_kept_in_the_keyring() {
    let sandbox = Sandbox::empty();
    let token = "t".repeat(6_000);
    sandbox.secret(&token);
    let end = super::support::iso(sandbox.aws.now() + 3_600);
    let answer = sandbox.file(
        "answer.json",
        format!(
            r#"{{"Version":1,"AccessKeyId":"ASIALARGE","SecretAccessKey":"SecretOfLarge","SessionToken":"{token}","Expiration":"{end}"}}"#
        ),
    );
    let batch = batch(&sandbox, "large.cmd", &format!("type \"{}\"", native(&answer)));
    sandbox.config(&format!("[profile large]\ncredential_process = \"{batch}\"\n"));
    sandbox.set("ROLECALL_STORE", "keyring");
    let first = sandbox.run(&["process", "large"]).ok().stdout;
    std::fs::remove_file(answer).unwrap();
    assert_eq!(sandbox.run(&["process", "large"]).ok().stdout, first);
    sandbox.run(&["sessions", "clear", "large"]).ok();
}

#[test]
fn storm_makes_one_call() {
    let sandbox = Sandbox::new();
    let runs: Vec<_> = (0..12).map(|_| sandbox.command(&["process", "prod"]).start()).collect();
    let keys: Vec<String> = runs.into_iter().map(|run| run.finish().ok().key()).collect();
    assert!(keys.iter().all(|key| *key == keys[0]), "{keys:?}");
    assert_eq!(sandbox.assumed(), 1);
}

#[test]
fn process_source_may_have_blanks_and_quoted_arguments() {
    let sandbox = Sandbox::empty();
    let batch = keys_batch(&sandbox, "my tools/keys.cmd");
    sandbox
        .config(&format!("[profile tool]\ncredential_process = \"{batch}\" \"two words\" plain\n"));
    assert_eq!(sandbox.run(&["process", "tool"]).ok().key(), sandbox.access_key_id);
    let arguments = std::fs::read_to_string(sandbox.path("arguments")).unwrap();
    assert_eq!(arguments.trim(), "\"two words\",plain");

    sandbox.keys("dev");
    let program = program_with_blanks(&sandbox);
    sandbox.config(&format!(
        "[profile tool]\ncredential_process = \"{program}\" process \"dev\"\n\
         [profile bare]\ncredential_process = {batch_name} one two\n",
        batch_name = keys_batch(&sandbox, "keys.cmd"),
    ));
    assert_eq!(sandbox.run(&["process", "tool"]).ok().key(), sandbox.access_key_id);
    assert_eq!(sandbox.run(&["process", "bare"]).ok().key(), sandbox.access_key_id);
}

#[test]
fn late_process_source_is_ended_with_all_it_started() {
    let sandbox = Sandbox::new();
    let silent = TcpListener::bind("127.0.0.1:0").unwrap();
    let program = program_with_blanks(&sandbox);
    // The interpreter starts rolecall, which asks a server that never answers.
    let batch = batch(
        &sandbox,
        "slow.cmd",
        &format!(
            "set AWS_ENDPOINT_URL_STS=http://{}\n\"{program}\" process prod --no-cache",
            silent.local_addr().unwrap()
        ),
    );
    sandbox.config(&format!(
        "[profile prod]\nrole_arn = {ADMIN}\nsource_profile = dev\n\
         [profile slow]\ncredential_process = \"{batch}\"\n"
    ));
    sandbox.settings("process_timeout = 5s\n");
    let (send, receive) = channel();
    std::thread::spawn(move || send.send(silent.accept().unwrap().0));
    sandbox.run(&["process", "slow"]).fails(1).error_form().says(&["`slow`", "5 s"]);
    let mut connection = receive.try_recv().expect("the server was not asked");
    // The connection ends with its process. Whoever still lives keeps it open.
    connection.set_read_timeout(Some(Duration::from_secs(20))).unwrap();
    let mut rest = Vec::new();
    match connection.read_to_end(&mut rest) {
        Ok(_) => {}
        Err(error) if error.kind() == std::io::ErrorKind::ConnectionReset => {}
        Err(error) => panic!("what the source started still runs: {error}"),
    }
}

#[test]
fn exec_gives_the_whole_exit_code_and_the_variables() {
    let sandbox = Sandbox::new();
    for code in [0, 3, 256, 70_000] {
        let line = format!("exit {code}");
        sandbox.run(&["exec", "prod", "--", "cmd", "/D", "/C", &line]).fails(code);
    }
    let run = sandbox.run(&["exec", "prod", "--", "cmd", "/D", "/C", "echo %AWS_ACCESS_KEY_ID%"]);
    let key = sandbox.aws.world(|world| world.sessions[0].access_key_id.clone());
    assert_eq!(run.ok().stdout.trim(), key);
    sandbox.run(&["exec", "prod", "--", "no-such-program"]).fails(127).error_form();
}

#[test]
fn exec_finds_batch_files_by_their_bare_name() {
    let sandbox = Sandbox::new();
    batch(&sandbox, "tools/deploy.cmd", "echo [%~1] [%~2]\nexit /b 5");
    let path = format!("{};{}", native(&sandbox.path("tools")), path_variable(&sandbox));
    sandbox.set("PATH", path);
    let run = sandbox.run(&["exec", "prod", "--", "deploy", "two words", "--profile=x"]).fails(5);
    assert_eq!(run.stdout.trim(), "[two words] [--profile=x]");
}

fn path_variable(sandbox: &Sandbox) -> String {
    sandbox.variable("PATH").into_string().unwrap()
}

#[test]
fn env_prints_what_the_calling_interpreter_takes() {
    let sandbox = Sandbox::new();
    let batch = batch(&sandbox, "env.cmd", "rolecall env dev");
    let out = sandbox.program("cmd", &["/D", "/C", &batch]).run().ok().stdout;
    assert!(out.contains(&format!("set \"AWS_ACCESS_KEY_ID={}\"", sandbox.access_key_id)), "{out}");
}

/// Runs a line that is typed into the interpreter.
#[track_caller]
fn typed(sandbox: &Sandbox, line: &str) -> Run {
    let lines = sandbox.file("typed", format!("{line}\r\nexit %ERRORLEVEL%\r\n"));
    let lines = std::fs::File::open(lines).unwrap();
    sandbox.program("cmd", &["/D", "/Q"]).stdin(lines).run()
}

#[test]
fn hint_for_hostile_profile_name_is_one_word_of_cmd() {
    for name in ["a b & echo >pwned", "100%", "%PATH% | x", "it's", "a^b", "(x)", "-x", r"a b\"] {
        let sandbox = Sandbox::new();
        sandbox.config(&format!("[profile \"{name}\"]\nrole_arn = {ADMIN}\n"));
        sandbox.set("AWS_PROFILE", name);
        let run = typed(&sandbox, "rolecall process").fails(3);
        let command = |line: &str| Some(line[line.find("rolecall explain")?..].to_owned());
        let hint = run.stderr.lines().filter(|line| line.starts_with("hint: ")).find_map(command);
        let hint = hint.unwrap_or_else(|| panic!("{run:#?}"));
        sandbox.unset("AWS_PROFILE");
        typed(&sandbox, &hint).fails(3).says(&[&format!("profile `{name}`")]);
        assert!(!sandbox.path("pwned").exists(), "{hint}");
    }
}

#[test]
fn files_with_crlf_byte_order_mark_and_backslashes_are_read() {
    let sandbox = Sandbox::empty();
    let token = native(&sandbox.file("my tokens/token", "x"));
    sandbox.config(&format!(
        "\u{feff}[profile prod]\r\nrole_arn = {ADMIN}\r\nsource_profile = dev\r\n\
         [profile web]\r\nrole_arn = {ADMIN}\r\nweb_identity_token_file = {token}\r\n"
    ));
    sandbox.credentials(&format!("\u{feff}[dev]\r\n{}", sandbox.key_lines().replace('\n', "\r\n")));
    assert_eq!(sandbox.run(&["process", "prod"]).ok().json()["AccountId"], PROD);
    let run = sandbox.run(&["explain", "web"]).ok();
    assert!(run.stdout.contains("my tokens\\token"), "{run:#?}");
}

#[test]
fn home_is_found_as_aws_finds_it() {
    let sandbox = Sandbox::new();
    let home = native(&sandbox.path(""));
    let home = home.trim_end_matches('\\').to_owned();
    sandbox.unset("HOME");
    sandbox.set("USERPROFILE", &home);
    sandbox.run(&["process", "prod"]).ok();
    sandbox.unset("USERPROFILE");
    let (drive, path) = home.split_at(2);
    sandbox.set("HOMEDRIVE", drive);
    sandbox.set("HOMEPATH", path);
    sandbox.run(&["process", "prod"]).ok();
    std::fs::rename(sandbox.path(".aws/config"), sandbox.path("my config")).unwrap();
    sandbox.set("AWS_CONFIG_FILE", "~\\my config");
    sandbox.run(&["process", "prod"]).ok();
}

#[test]
fn names_of_variables_have_no_case() {
    let sandbox = Sandbox::new();
    sandbox.set("aws_profile", "dev");
    assert_eq!(sandbox.run(&["process"]).ok().key(), sandbox.access_key_id);
}

#[test]
fn settings_are_read_below_appdata_and_doctor_names_the_file() {
    let sandbox = Sandbox::new();
    sandbox.unset("ROLECALL_STORE");
    sandbox.settings("store = none\n");
    for _ in 0..2 {
        sandbox.run(&["process", "prod"]).ok();
    }
    assert_eq!(sandbox.assumed(), 2);
    let run = sandbox.run(&["doctor"]);
    assert!(run.stdout.contains("AppData\\Roaming\\rolecall\\settings.ini"), "{run:#?}");
}

#[test]
fn index_that_another_program_reads_keeps_its_new_entry() {
    let sandbox = Sandbox::new();
    sandbox.run(&["process", "prod"]).ok();
    let index = sandbox.path(INDEX);
    // Readers, backup programs and virus scanners do not share what they read for replacement.
    let reader = OpenOptions::new().read(true).share_mode(1).open(&index).unwrap();
    let run = sandbox.command(&["process", "prod", "--duration", "30m"]).start();
    while sandbox.assumed() < 2 {
        std::thread::sleep(Duration::from_millis(5));
    }
    std::thread::sleep(Duration::from_millis(200));
    drop(reader);
    run.finish().ok();
    let listed = sandbox.run(&["sessions", "list", "--json"]).ok().json();
    assert_eq!(listed.as_array().map(Vec::len), Some(2), "{listed}");
}
