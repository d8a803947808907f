use clap::{Command, CommandFactory};

use crate::commands::cli::Cli;
use crate::completion::source::ValueSource;
use crate::completion::{ProfileCompleter, answer};
use crate::config::document::{Document, FileKind};
use crate::config::profiles::Profiles;
use crate::shell::IntegratedShell;

const CONFIG: &str = "\
[default]
region = eu-west-1
[profile prod]
role_arn = arn:aws:iam::222222222222:role/plain
rolecall_role_arn = arn:aws:iam::222222222222:role/path/admin
rolecall_mfa_serial = arn:aws:iam::111111111111:mfa/bob
description = the live\taccount
[profile prod-read]
sso_account_id = 333333333333
sso_role_name = Read
s3 =
  payload = x
[sso-session corp]
sso_region = eu-west-1
[services local]
s3 =
  endpoint_url = http://localhost:4566
[profile -x]
[profile a\u{1b}b]
[profile broken]
no equals sign
";

fn profiles() -> ProfileCompleter {
    let document = |kind, text: &str| {
        Document::parse(
            kind,
            std::path::Path::new("/f"),
            zeroize::Zeroizing::new(text.as_bytes().to_vec()),
        )
    };
    ProfileCompleter::new(Some(Profiles::new(
        document(FileKind::Config, CONFIG),
        document(FileKind::Credentials, ""),
    )))
}

/// Returns what zsh is told for a line, whose last word is at the cursor.
fn ask(line: &str) -> String {
    let words: Vec<String> = format!("rolecall {line}").split(' ').map(str::to_owned).collect();
    answer(&mut Cli::command(), IntegratedShell::Zsh, &words, &profiles())
}

fn values(line: &str) -> Vec<String> {
    let answer = ask(line);
    let lines = answer.strip_prefix("values\n").unwrap_or_else(|| panic!("{line}: {answer}"));
    lines.lines().map(|line| line.split('\t').next().unwrap().to_owned()).collect()
}

#[test]
fn line_gets_values_for_word_at_cursor() {
    for (line, expected) in [
        ("exp", vec!["explain"]),
        ("-q exp", vec!["explain"]),
        ("__", vec![]),
        ("policy t", vec!["trust"]),
        ("explain pr", vec!["prod", "prod-read"]),
        ("explain ", vec!["default", "prod", "prod-read", "broken"]),
        ("explain -p pr", vec!["prod", "prod-read"]),
        ("explain -vp pr", vec!["prod", "prod-read"]),
        ("explain --profile=pr", vec!["--profile=prod", "--profile=prod-read"]),
        // Only there can it be told from an option.
        ("explain --profile=-", vec!["--profile=-x"]),
        ("explain -- pr", vec!["prod", "prod-read"]),
        ("explain --source-profile d", vec!["default"]),
        ("explain READ", vec!["prod-read"]),
        ("explain nothing", vec![]),
        ("explain prod pr", vec![]),
        ("explain --profile prod pr", vec![]),
        ("explain --js", vec!["--json"]),
        ("explain --json --js", vec![]),
        ("explain --tag a=b --ta", vec!["--tag"]),
        (
            "explain --role-arn ",
            vec![
                "arn:aws:iam::222222222222:role/path/admin",
                "arn:aws:iam::222222222222:role/plain",
            ],
        ),
        (
            "explain --role-arn=arn:aws:iam::222222222222:role/pl",
            vec!["--role-arn=arn:aws:iam::222222222222:role/plain"],
        ),
        ("explain --mfa-serial ", vec!["arn:aws:iam::111111111111:mfa/bob"]),
        ("explain --region e", vec!["eu-west-1"]),
        ("explain --external-id ", vec![]),
        ("profile show pr", vec!["prod", "prod-read"]),
        ("profile show --sso-session c", vec!["corp"]),
        ("sso login c", vec!["corp"]),
        ("profile set --services ", vec!["local"]),
        ("profile rename pr", vec!["prod", "prod-read"]),
        ("profile remove prod pr", vec!["prod", "prod-read"]),
        ("profile unset prod de", vec!["description"]),
        ("profile unset prod sso_r", vec![]),
        ("profile unset prod-read ", vec!["sso_account_id", "sso_role_name", "s3.payload"]),
        ("profile unset prod-read sso_account_id ", vec!["sso_role_name", "s3.payload"]),
        ("profile unset --sso-session corp ", vec!["sso_region"]),
        ("profile unset --services=local ", vec!["s3.endpoint_url"]),
        ("profile unset -pprod-read s", vec!["sso_account_id", "sso_role_name", "s3.payload"]),
        ("profile unset -- prod des", vec!["description"]),
        ("profile set prod reg", vec!["region="]),
        ("profile set prod role_", vec!["role_arn=", "role_session_name="]),
        ("profile set prod role_arn=x role_", vec!["role_session_name="]),
        ("profile set prod rolecall_m", vec!["rolecall_mfa_serial="]),
        (
            "profile set prod rolecall_c",
            vec!["rolecall_credential_source=", "rolecall_confirm=", "rolecall_cache="],
        ),
        ("profile set prod-read s3", vec!["s3.payload="]),
        ("profile set prod aws_", vec!["aws_access_key_id=", "aws_account_id="]),
        ("profile set prod region=eu", vec!["region=eu-west-1"]),
        (
            "profile set prod source_profile=pr",
            vec!["source_profile=prod", "source_profile=prod-read"],
        ),
        ("profile set prod rolecall_source_profile=d", vec!["rolecall_source_profile=default"]),
        ("profile set prod sso_session=", vec!["sso_session=corp"]),
        ("profile set prod description=", vec![]),
        ("profile add new role_a", vec!["role_arn="]),
        ("profile add --sso-session new sso_s", vec!["sso_start_url="]),
        (
            "profile set --sso-session corp ",
            vec!["sso_region=", "sso_start_url=", "sso_registration_scopes="],
        ),
        ("profile set --services local ", vec!["s3.endpoint_url="]),
        ("doctor --store k", vec!["keyring", "keyutils"]),
        ("env prod --shell fi", vec!["fish"]),
        ("env prod --format d", vec!["dotenv", "docker"]),
        ("--color ", vec!["auto", "always", "never"]),
        ("completions z", vec!["zsh"]),
        ("init ba", vec!["bash"]),
    ] {
        assert_eq!(values(line), expected, "{line}");
    }
    assert!(values("explain prod ").contains(&"--json".to_owned()));
    assert_eq!(ask("explain --policy x"), "files\n");
    assert_eq!(ask("explain --policy=x"), "files\n");
    assert_eq!(ask("man "), "files\n");
}

#[test]
fn line_of_exec_leaves_its_command_to_the_shell() {
    for (line, before) in [
        ("exec prod -- aw", 3),
        ("exec -- aw", 2),
        ("exec prod --refresh -- aws s3 --x", 4),
        ("exec prod ", 2),
        ("exec prod aw", 2),
        ("exec prod aws s3 --x", 2),
        ("-q exec prod --duration 15m aws --", 5),
        ("exec -p prod aw", 3),
        ("exec --profile=prod ", 2),
    ] {
        assert_eq!(ask(line), format!("command\n{before}\n"), "{line}");
    }
    assert_eq!(values("exec pr"), ["prod", "prod-read"]);
    assert_eq!(values("exec prod --refr"), ["--refresh"]);
}

#[test]
fn profile_is_described_by_account_and_role() {
    assert_eq!(
        ask("explain prod"),
        "values\nprod\t222222222222 admin, the live account\nprod-read\t333333333333 Read\n"
    );
}

#[test]
fn key_is_described_by_its_value() {
    assert_eq!(ask("profile unset prod des"), "values\ndescription\tthe live account\n");
    assert_eq!(ask("profile set prod des"), "values\ndescription=\tthe live account\n");
}

/// A new argument without values of its own has to be named here, or get a source in
/// `ValueSource::of`.
#[test]
fn every_argument_has_value_source_or_is_listed_as_free() {
    const FREE: [&str; 23] = [
        "name",
        "only",
        "account",
        "actions",
        "max_age",
        "resource",
        "context",
        "mfa_token",
        "min_ttl",
        "duration",
        "external_id",
        "role_session_name",
        "source_identity",
        "tags",
        "transitive_tags",
        "policy_arns",
        "filter",
        "since",
        "limit",
        "port",
        "to",
        "words",
        "subcommand",
    ];
    fn check(command: &Command, wrong: &mut Vec<String>) {
        for arg in command.get_arguments().filter(|arg| {
            arg.get_action().takes_values()
                && !arg.is_hide_set()
                && arg.get_possible_values().is_empty()
        }) {
            if (ValueSource::of(arg) == ValueSource::Free) != FREE.contains(&arg.get_id().as_str())
            {
                wrong.push(format!("{} of {}", arg.get_id(), command.get_name()));
            }
        }
        command.get_subcommands().for_each(|verb| check(verb, wrong));
    }
    let (mut root, mut wrong) = (Cli::command(), Vec::new());
    root.build();
    check(&root, &mut wrong);
    assert!(
        wrong.is_empty(),
        "give these a source in ValueSource::of, or name them here: {wrong:?}"
    );
}
