//! Keys in plain text are moved into the store: the secret leaves the files, and nothing else does.

use std::path::Path;

use serde_json::json;

use super::keys::{config, empty, entries, in_no_file};
use super::support::{Fault, Kind, Sandbox, role};

const WORST: &str = "\
# my keys, since 2019
[default]
region = eu-west-1

[dev] ; the team
aws_access_key_id\t= {key}

# half of it
aws_secret_access_key = {secret} # the other half
output                = json
s3 =
  addressing_style = path

# about the next one
[session]
aws_access_key_id = ASIASESSION
aws_secret_access_key = x
aws_session_token = y";

fn credentials(sandbox: &Sandbox) -> String {
    std::fs::read_to_string(sandbox.path(".aws/credentials")).unwrap()
}

fn fill(sandbox: &Sandbox, text: &str) -> String {
    text.replace("{key}", &sandbox.access_key_id).replace("{secret}", &sandbox.secret)
}

/// Every file below a folder, with its bytes.
fn files(folder: &Path) -> Vec<(std::path::PathBuf, Vec<u8>)> {
    let mut all = Vec::new();
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_file() {
            let bytes = std::fs::read(&path).unwrap();
            all.push((path, bytes));
        }
    }
    all.sort();
    all
}

#[test]
fn secret_leaves_the_credentials_file_and_all_other_bytes_stay() {
    for line_end in ["\n", "\r\n"] {
        let sandbox = empty();
        let before = fill(&sandbox, &WORST.replace('\n', line_end));
        sandbox.credentials(&before);
        let run = sandbox.run(&["keys", "import", "dev"]).ok().silent();
        assert!(run.stdout.contains("moved"), "{run:#?}");
        let gone =
            |line: &&str| !line.contains(&sandbox.secret) && !line.contains(&sandbox.access_key_id);
        let rest: String = before.split_inclusive('\n').filter(gone).collect();
        assert_eq!(credentials(&sandbox), rest);
        assert_eq!(
            config(&sandbox),
            format!(
                "[profile dev]\nrolecall_access_key_id = {}\ncredential_process = rolecall \
                 process dev\n",
                sandbox.access_key_id
            )
        );
        in_no_file(&sandbox.path(""), &sandbox.secret);
        assert_eq!(sandbox.aws.count("GetCallerIdentity"), 2);
        assert_ne!(sandbox.run(&["process", "dev"]).ok().key(), sandbox.access_key_id);
        // Nothing is left to be moved.
        let rows = sandbox.run(&["keys", "import", "--all", "--json"]).ok().json();
        assert_eq!(rows, json!([]));
    }
}

#[test]
fn secret_leaves_the_config_file() {
    let sandbox = empty();
    let pair = sandbox.key_lines();
    sandbox.config(&format!("[profile dev]\nregion = eu-west-1\n{pair}# end\n"));
    sandbox.run(&["keys", "import", "dev"]).ok().silent();
    assert_eq!(
        config(&sandbox),
        format!(
            "[profile dev]\nregion = eu-west-1\nrolecall_access_key_id = \
             {}\ncredential_process = rolecall process dev\n# end\n",
            sandbox.access_key_id
        )
    );
    in_no_file(&sandbox.path(""), &sandbox.secret);
    assert!(!sandbox.path(".aws/credentials").exists());
}

#[test]
fn all_profiles_are_moved_and_one_that_fails_keeps_its_keys() {
    let sandbox = empty();
    let pair = sandbox.key_lines();
    let wrong = "aws_access_key_id = AKIAWRONG\naws_secret_access_key = ThisIsNoSecretOfAnybody\n";
    sandbox.secret("ThisIsNoSecretOfAnybody");
    sandbox.credentials(&format!("[default]\n{pair}[dev]\n{pair}[wrong]\n{wrong}"));
    sandbox
        .config(&format!("[profile prod]\nrole_arn = {}\nsource_profile = dev\n", role("admin")));
    let plan = sandbox.run(&["keys", "import", "--all", "--dry-run", "--json"]).ok().json();
    assert_eq!(plan.as_array().unwrap().len(), 3);
    assert_eq!(plan[0]["result"], "would_be_moved");
    sandbox.no_calls();
    let run = sandbox.run(&["keys", "import", "--all", "--json"]).fails(1);
    let rows = run.clone().says(&["AKIAWRONG", "does not accept the keys"]).json();
    let results: Vec<_> = rows.as_array().unwrap().iter().map(|row| &row["result"]).collect();
    assert_eq!(results, ["moved", "moved", "failed"]);
    assert_eq!(credentials(&sandbox), format!("[default]\n[dev]\n[wrong]\n{wrong}"));
    assert_eq!(entries(&sandbox).len(), 1);
    in_no_file(&sandbox.path(""), &sandbox.secret);
    for profile in ["default", "dev", "prod"] {
        sandbox.run(&["process", profile]).ok();
    }
}

#[test]
fn failed_import_changes_no_file_and_keeps_no_secret() {
    let refusal = || Kind::Refuse(403, "AccessDenied".to_owned(), "no".to_owned());
    for case in ["refused", "refused afterwards", "closed store", "no store", "read-only file"] {
        let sandbox = empty();
        sandbox.credentials(&fill(&sandbox, WORST));
        sandbox.config("[profile x]\nregion = eu-west-1\n");
        let mut code = 1;
        match case {
            "refused" => sandbox.aws.inject(Fault::always("GetCallerIdentity", refusal())),
            "refused afterwards" => {
                // The first answer is late only, the second one is a refusal.
                sandbox.aws.inject(Fault::once("GetCallerIdentity", Kind::Delay(1)));
                sandbox.aws.inject(Fault::always("GetCallerIdentity", refusal()));
            }
            "closed store" => sandbox.unset("ROLECALL_FILE_PASSPHRASE"),
            "no store" => {
                sandbox.set("ROLECALL_STORE", "none");
                code = 2;
            }
            _ => {
                let path = sandbox.path(".aws/credentials");
                let mut permissions = std::fs::metadata(&path).unwrap().permissions();
                permissions.set_readonly(true);
                std::fs::set_permissions(&path, permissions).unwrap();
            }
        }
        let before = files(&sandbox.path(".aws"));
        let run = sandbox.run(&["keys", "import", "dev", "--no-input"]).fails(code);
        assert!(run.stderr.contains("error: "), "{case}: {run:#?}");
        let is_lock = |path: &Path| path.to_string_lossy().ends_with(".rolecall-lock");
        let mut after = files(&sandbox.path(".aws"));
        after.retain(|(path, _)| !is_lock(path));
        assert_eq!(after, before, "{case}");
        assert!(entries(&sandbox).is_empty(), "{case}");
    }
}

#[test]
fn keys_that_sdks_would_not_find_any_more_stay() {
    let sandbox = empty();
    let pair = sandbox.key_lines();
    for (text, says) in [
        (
            format!("[profile dev]\n{pair}role_arn = {}\nsource_profile = dev\n", role("admin")),
            "role_arn",
        ),
        (format!("[profile dev]\n{pair}sso_session = x\n"), "sso_session"),
        (format!("[profile dev]\n{pair}credential_process = tool\n"), "credential_process"),
        (format!("[profile dev]\n{pair}rolecall_access_key_id = AKIAOTHER\n"), "other keys"),
        (format!("[profile dev]\n{pair}aws_session_token = x\n"), "a session"),
        (format!("[profile dev]\n{pair}aws_secret_access_key = other\n"), "another aws_secret"),
        ("[profile dev]\naws_access_key_id = AKIAHALF\n".to_owned(), "no pair"),
        ("[profile dev]\nregion = eu-west-1\n".to_owned(), "no pair"),
    ] {
        sandbox.config(&text);
        sandbox.run(&["keys", "import", "dev"]).fails(1).says(&[says]);
        assert_eq!(config(&sandbox), text);
    }
    assert!(entries(&sandbox).is_empty());
    sandbox.run(&["keys", "import", "nobody"]).fails(3).error_form();
    sandbox.run(&["keys", "import"]).fails(2).error_form().says(&["--all"]);
}

#[test]
fn secret_that_stands_elsewhere_too_is_said() {
    let sandbox = empty();
    let pair = sandbox.key_lines();
    let text = format!("[dev]\n{pair}[ops]\n{pair}# {}\n", sandbox.secret);
    let path = sandbox.credentials(&text);
    let places = [5, 6].map(|line| format!("{}:{line}", path.display()));
    let run = sandbox.run(&["keys", "import", "dev"]).ok();
    // Two lines are gone.
    let place = format!("{}:4", path.display());
    run.says(&[&place, &places[0]]);
}

#[test]
fn interrupted_import_is_finished_by_the_next() {
    let sandbox = empty();
    sandbox.credentials(&fill(&sandbox, WORST));
    // As a kill leaves it after the first of the two writes.
    sandbox.config(&format!(
        "[profile dev]\nrolecall_access_key_id = {}\ncredential_process = rolecall process dev\n",
        sandbox.access_key_id
    ));
    let before = config(&sandbox);
    sandbox.run(&["keys", "import", "dev"]).ok().silent();
    assert_eq!(config(&sandbox), before);
    in_no_file(&sandbox.path(""), &sandbox.secret);
    sandbox.run(&["process", "dev"]).ok();
}

#[test]
fn region_is_written_where_there_is_none() {
    let sandbox = empty();
    sandbox.unset("AWS_REGION");
    sandbox.credentials(&fill(&sandbox, WORST));
    sandbox.run(&["keys", "import", "dev"]).fails(1).says(&["region", "--region"]);
    sandbox.run(&["keys", "import", "dev", "--region", "eu-west-1"]).ok();
    assert!(config(&sandbox).starts_with("[profile dev]\nregion = eu-west-1\n"));
}

#[cfg(target_os = "linux")]
#[test]
fn import_that_is_killed_anywhere_leaves_usable_keys() {
    use rustix::process::{Pid, Signal, kill_process};
    for round in 0..24u64 {
        let sandbox = empty();
        sandbox.credentials(&fill(&sandbox, WORST));
        let mut running = sandbox.command(&["keys", "import", "dev"]).start();
        let calls = round % 3;
        while running.is_running() && sandbox.aws.count("GetCallerIdentity") < calls as usize {
            std::thread::sleep(std::time::Duration::from_millis(1));
        }
        std::thread::sleep(std::time::Duration::from_micros(400 * (round / 3)));
        let _ = kill_process(Pid::from_raw(running.pid() as i32).unwrap(), Signal::KILL);
        running.finish();
        sandbox.run(&["process", "dev"]).ok();
        let rest = fill(&sandbox, WORST);
        let all_there = credentials(&sandbox) == rest;
        assert!(all_there || !credentials(&sandbox).contains(&sandbox.secret));
        sandbox.run(&["keys", "import", "--all"]).ok();
        in_no_file(&sandbox.path(""), &sandbox.secret);
        sandbox.run(&["process", "dev"]).ok();
    }
}

#[test]
fn pair_of_the_environment_comes_to_be_a_profile() {
    let sandbox = empty();
    sandbox.keys_in_environment();
    let import = ["keys", "import", "ci", "--from", "env", "--region", "eu-west-1"];
    let run = sandbox.run(&[&import[..], &["--dry-run"]].concat()).ok();
    assert!(run.stdout.contains("+[profile ci]"), "{run:#?}");
    assert!(!sandbox.path(".aws/config").exists());
    sandbox.no_calls();
    let run = sandbox.run(&import).ok();
    run.says(&["this shell has them still", "unset AWS_ACCESS_KEY_ID AWS_SECRET_ACCESS_KEY"]);
    in_no_file(&sandbox.path(""), &sandbox.secret);
    for name in ["AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"] {
        sandbox.unset(name);
    }
    assert_ne!(sandbox.run(&["process", "ci"]).ok().key(), sandbox.access_key_id);
}
