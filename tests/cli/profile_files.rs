//! The files that `rolecall profile` edits, where they are odd: links, files that cannot be written,
//! other programs at work. What `profile show` prints of them.

use std::fs;
use std::process::Stdio;

use serde_json::json;

use super::support::{ADMIN, Sandbox};

const CONFIG: &str = "\
# mine
[default]
region = eu-west-1

[profile prod]
region   = eu-west-1 # home
role_arn = arn:aws:iam::222222222222:role/admin
s3 =
  addressing_style = path

# about the next
[sso-session corp]
sso_region = eu-west-1
";
const SET: [&str; 4] = ["profile", "set", "prod", "region=us-east-1"];

fn sandbox() -> Sandbox {
    let sandbox = Sandbox::empty();
    sandbox.config(CONFIG);
    sandbox
}

fn changed() -> String {
    CONFIG.replace("eu-west-1 # home", "us-east-1 # home")
}

#[test]
fn show_prints_lines_with_file_and_number_and_masks_secrets() {
    let sandbox = sandbox();
    sandbox.credentials(&format!(
        "[prod]\n# aws_secret_access_key = {secret}\naws_secret_access_key={secret}\n\
         aws_session_token =\n  {secret}\n",
        secret = sandbox.secret
    ));
    let run = sandbox.run(&["profile", "show", "prod"]).ok().silent();
    let folder = sandbox.path(".aws");
    let lines = |file: &str, first: usize, text: &str| -> String {
        let numbered = (first..).zip(text.lines());
        let path = folder.join(file);
        numbered.map(|(line, text)| format!("{}:{line}: {text}\n", path.display())).collect()
    };
    let config = "[profile prod]\nregion   = eu-west-1 # home\n\
                  role_arn = arn:aws:iam::222222222222:role/admin\ns3 =\n  addressing_style = path";
    let credentials = "[prod]\n# aws_secret_access_key = ****\naws_secret_access_key=****\n\
                       aws_session_token =\n  ****";
    assert_eq!(run.stdout, lines("config", 5, config) + &lines("credentials", 1, credentials));

    let run = sandbox.run(&["profile", "show", "--sso-session", "corp", "--json"]).ok();
    let path = folder.join("config");
    let line = |line: usize, text: &str| json!({"file": "config", "path": path, "line": line, "text": text});
    assert_eq!(
        run.json(),
        json!({
            "name": "corp",
            "kind": "sso-session",
            "lines": [line(12, "[sso-session corp]"), line(13, "sso_region = eu-west-1")],
        })
    );
}

#[test]
fn show_prints_broken_lines_too() {
    let sandbox = Sandbox::empty();
    let path = sandbox.config("[profile a]\nno equals sign\n\u{1b}[2J = x\n");
    let run = sandbox.run(&["profile", "show", "a"]).ok();
    let path = path.display();
    let expected =
        format!("{path}:1: [profile a]\n{path}:2: no equals sign\n{path}:3: \u{fffd}[2J = x\n");
    assert_eq!(run.stdout, expected);
}

#[test]
fn change_is_told_on_request_and_colored_on_request() {
    let sandbox = sandbox();
    sandbox.run(&[&SET[..], &["--dry-run"]].concat()).ok().silent();
    let run = sandbox.run(&[&SET[..], &["--dry-run", "--color", "always"]].concat()).ok();
    assert!(run.stdout.contains("\u{1b}[32m+region   = us-east-1 # home\u{1b}[0m\n"), "{run:#?}");
    sandbox.run(&[&SET[..], &["-v"]].concat()).ok().says(&["config is changed"]);
    let again = sandbox.run(&[&SET[..], &["-v"]].concat()).ok();
    assert_eq!(again.says(&["nothing is to be changed"]).stdout, "");
    assert_eq!(fs::read_to_string(sandbox.path(".aws/config")).unwrap(), changed());
}

#[test]
fn misspelled_key_is_written_with_warning() {
    let sandbox = sandbox();
    let run = sandbox.run(&["profile", "set", "prod", "regoin=x", "s3.regoin=x", "my_key=x"]).ok();
    assert_eq!(run.stderr, "warning: nobody reads `regoin`: is `region` meant?\n");
}

#[test]
fn forty_processes_that_edit_one_file_lose_nothing() {
    let sandbox = sandbox();
    let words: Vec<String> = (0..40).map(|n| format!("key_{n}=value {n}")).collect();
    let start = |word: &String| {
        sandbox.command(&["profile", "set", "prod", word]).stdin(Stdio::null()).start()
    };
    let running: Vec<_> = words.iter().map(start).collect();
    for run in running {
        run.finish().ok();
    }
    let text = fs::read_to_string(sandbox.path(".aws/config")).unwrap();
    let (added, mut kept): (Vec<&str>, Vec<&str>) =
        text.lines().partition(|line| line.starts_with("key_"));
    assert_eq!(added.len(), 40, "{text}");
    kept.push("");
    assert_eq!(kept.join("\n"), CONFIG);
    let left: Vec<_> =
        fs::read_dir(sandbox.path(".aws")).unwrap().map(|e| e.unwrap().file_name()).collect();
    assert!(!left.iter().any(|name| name.to_string_lossy().contains("-new-")), "{left:?}");
}

#[test]
fn config_file_is_made_where_only_credentials_are() {
    let sandbox = Sandbox::empty();
    sandbox.keys("dev");
    sandbox.run(&["profile", "set", "dev", "region=eu-west-1"]).ok();
    let config = sandbox.path(".aws/config");
    assert_eq!(fs::read_to_string(&config).unwrap(), "[profile dev]\nregion = eu-west-1\n");
    #[cfg(unix)]
    assert_eq!(super::support::mode(&config), 0o600);
}

#[test]
fn adopted_role_is_handed_out_as_before_and_released_byte_for_byte() {
    let sandbox = Sandbox::new();
    let config = sandbox.path(".aws/config");
    let before = fs::read(&config).unwrap();
    sandbox.run(&["profile", "adopt", "--all"]).ok().silent();
    let adopted = fs::read_to_string(&config).unwrap();
    assert!(adopted.contains("\ncredential_process = rolecall process prod\n"), "{adopted}");
    sandbox.run(&["process", "prod"]).ok();
    assert_eq!(sandbox.sent("RoleArn").as_deref(), Some(ADMIN));
    sandbox.run(&["profile", "release", "--all"]).ok().silent();
    assert_eq!(fs::read(&config).unwrap(), before);
}

#[test]
fn profile_that_cannot_be_adopted_among_all_stays_with_warning() {
    let sandbox = Sandbox::empty();
    let role = |name: &str, more: &str| {
        format!("[profile {name}]\nrole_arn = {ADMIN}\nsource_profile = dev\n{more}")
    };
    let odd = role("odd", "credential_process = other\n");
    let path = sandbox.config(&(odd.clone() + &role("prod", "")));
    let run = sandbox.run(&["profile", "adopt", "--all"]).ok();
    let place = format!("{}:4", path.display());
    let warning = format!("warning: profile `odd` stays as it is: {place}: `credential_process`");
    assert!(run.stderr.starts_with(&warning) && run.stderr.lines().count() == 1, "{run:#?}");
    let text = fs::read_to_string(&path).unwrap();
    assert!(text.starts_with(&odd) && text.contains("rolecall process prod"), "{text}");
}

#[test]
fn ten_thousand_roles_are_adopted_renamed_and_released() {
    let sandbox = Sandbox::empty();
    let role = |n: usize| format!("[profile p{n}]\nrole_arn = {ADMIN}\nsource_profile = dev\n\n");
    let text: String = (0..10_000).map(role).collect::<String>() + "[profile dev]\nregion = x\n";
    let path = sandbox.config(&text);
    let dry = sandbox.run(&["profile", "adopt", "--all", "--dry-run"]).ok();
    assert_eq!(dry.stdout.matches("\n+credential_process = rolecall process p").count(), 10_000);
    sandbox.run(&["profile", "adopt", "--all"]).ok();
    sandbox.run(&["profile", "rename", "dev", "work"]).ok();
    sandbox.run(&["profile", "rename", "p77", "other"]).ok();
    let changed = fs::read_to_string(&path).unwrap();
    assert_eq!(changed.matches("rolecall_source_profile = work\n").count(), 10_000);
    assert_eq!(changed.matches("rolecall process other\n").count(), 1);
    sandbox.run(&["profile", "rename", "other", "p77"]).ok();
    sandbox.run(&["profile", "rename", "work", "dev"]).ok();
    sandbox.run(&["profile", "release", "--all"]).ok();
    assert!(fs::read_to_string(&path).unwrap() == text);
}

#[cfg(unix)]
mod unix {
    use std::os::unix::fs::{MetadataExt, chown, symlink};

    use super::*;
    use crate::support::mode;

    fn chmod(path: &std::path::Path, mode: u32) {
        use std::os::unix::fs::PermissionsExt;
        fs::set_permissions(path, fs::Permissions::from_mode(mode)).unwrap();
    }

    #[test]
    fn edit_starts_editor_at_line_of_profile() {
        let sandbox = sandbox();
        sandbox.credentials("[dev]\nregion = eu-west-1\n");
        let lines = "echo \"$@\" >> edited; env | grep -c PASSPHRASE >> edited; exit 7";
        let editor = sandbox.script("vim", lines);
        let other = sandbox.script("my editor", "echo \"other $@\" >> edited");
        sandbox.set("ROLECALL_FILE_PASSPHRASE", "passphrase");
        sandbox.set("EDITOR", format!("{editor} -u NONE"));
        sandbox.run(&["profile", "edit", "prod"]).fails(7).silent();
        sandbox.set("VISUAL", other);
        sandbox.run(&["profile", "edit", "dev"]).ok();
        sandbox.run(&["profile", "edit", "--sso-session", "corp"]).ok();
        let aws = sandbox.path(".aws");
        let expected = format!(
            "-u NONE +5 {0}/config\n0\nother {0}/credentials\nother {0}/config\n",
            aws.display()
        );
        assert_eq!(fs::read_to_string(sandbox.path("edited")).unwrap(), expected);
        let refused = sandbox.run(&["profile", "edit", "prod", "--no-input"]).fails(4);
        refused.error_form().says(&["an editor is for a person"]);
        sandbox.set("VISUAL", "no-such-editor");
        sandbox
            .run(&["profile", "edit", "prod"])
            .fails(127)
            .says(&["`no-such-editor` was not found"]);
    }

    #[test]
    fn link_stays_and_its_target_is_edited_with_its_mode() {
        let sandbox = Sandbox::empty();
        let target = sandbox.file("dotfiles/aws", CONFIG);
        chmod(&target, 0o640);
        fs::create_dir_all(sandbox.path(".aws")).unwrap();
        symlink(&target, sandbox.path(".aws/config")).unwrap();
        sandbox.run(&SET).ok();
        assert!(sandbox.path(".aws/config").is_symlink());
        assert_eq!(fs::read_to_string(&target).unwrap(), changed());
        assert_eq!(mode(&target), 0o640);
    }

    #[test]
    fn second_file_that_is_read_only_keeps_first_one_as_it_was() {
        let sandbox = sandbox();
        let credentials = sandbox.credentials("[prod]\nregion = eu-west-2\n");
        chmod(&credentials, 0o400);
        let run = sandbox.run(&["profile", "unset", "prod", "region"]).fails(3).error_form();
        run.says(&["credentials: is read-only", "chmod u+w"]);
        assert_eq!(fs::read_to_string(sandbox.path(".aws/config")).unwrap(), CONFIG);
    }

    /// A sandbox of a user who is not root, with a config file of that user.
    fn of_other_user() -> Sandbox {
        let sandbox = Sandbox::alone();
        let config = sandbox.config(CONFIG);
        let home = fs::metadata(sandbox.path("")).unwrap();
        chown(config, Some(home.uid()), Some(home.gid())).unwrap();
        sandbox
    }

    #[test]
    fn file_in_folder_that_takes_no_file_stays_as_it_was() {
        let sandbox = of_other_user();
        let config = sandbox.file("locked/config", CONFIG);
        sandbox.set("AWS_CONFIG_FILE", config.as_os_str());
        let run = sandbox.run(&SET).fails(1).error_form();
        run.says(&["locked/config: cannot be written: its folder takes no new file", "ls -ld"]);
        assert_eq!(fs::read_to_string(config).unwrap(), CONFIG);
    }

    #[test]
    fn second_file_that_cannot_be_replaced_gives_first_one_back() {
        let sandbox = of_other_user();
        let credentials = sandbox.file("locked/credentials", "[prod]\nregion = eu-west-2\n");
        sandbox.set("AWS_SHARED_CREDENTIALS_FILE", credentials.as_os_str());
        let run = sandbox.run(&["profile", "unset", "prod", "region"]).fails(1).error_form();
        let run =
            run.says(&["locked/credentials: cannot be written: its folder takes no new file"]);
        assert!(!run.stderr.contains("is changed already"), "{run:#?}");
        assert_eq!(fs::read_to_string(sandbox.path(".aws/config")).unwrap(), CONFIG);
        assert_eq!(fs::read_to_string(credentials).unwrap(), "[prod]\nregion = eu-west-2\n");
    }
}
