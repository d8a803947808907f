//! Keys from the stores of other programs are moved into ours, and theirs stay as they are.

use std::num::NonZeroU32;
use std::path::Path;

use aes_kw::{KeyInit, KwAes128};
use ring::aead::{AES_256_GCM, Aad, LessSafeKey, Nonce, UnboundKey};
use ring::pbkdf2;
use serde_json::json;

use super::keys::{config, empty, entries, in_no_file};
use super::support::{Fault, Kind, Sandbox, role};

const PASSPHRASE: &str = "of the vault";
const ALGORITHM: &str = "PBES2-HS256+A128KW";
const FILES: &str = ".awsvault/keys";
const FROM: [&str; 2] = ["--from", "aws-vault"];

/// A text of aws-vault's file back end, as `tests/real/other_stores.py` has it from the library
/// itself.
fn jwe(passphrase: &str, content: &str) -> String {
    let url = |bytes: &[u8]| {
        let text = aws_smithy_types::base64::encode(bytes);
        text.replace('+', "-").replace('/', "_").trim_end_matches('=').to_owned()
    };
    let (salt, nonce, key, rounds) = (b"twelve bytes", [7; 12], [9; 32], NonZeroU32::MIN);
    let header = json!({"alg": ALGORITHM, "enc": "A256GCM", "p2c": 1, "p2s": url(salt)});
    let header = url(header.to_string().as_bytes());
    let salt = [ALGORITHM.as_bytes(), &[0], salt].concat();
    let (mut wrapping_key, mut wrapped) = ([0; 16], [0; 40]);
    let prf = pbkdf2::PBKDF2_HMAC_SHA256;
    pbkdf2::derive(prf, rounds, &salt, passphrase.as_bytes(), &mut wrapping_key);
    KwAes128::new(&wrapping_key.into()).wrap_key(&key, &mut wrapped).unwrap();
    let mut sealed = content.as_bytes().to_vec();
    let tag = LessSafeKey::new(UnboundKey::new(&AES_256_GCM, &key).unwrap())
        .seal_in_place_separate_tag(
            Nonce::assume_unique_for_key(nonce),
            Aad::from(header.as_bytes()),
            &mut sealed,
        )
        .unwrap();
    [header, url(&wrapped), url(&nonce), url(&sealed), url(tag.as_ref())].join(".")
}

fn item(key: &str, data: &str) -> String {
    json!({"Key": key, "Data": aws_smithy_types::base64::encode(data), "Label": ""}).to_string()
}

fn go_credentials(id: &str, secret: &str, token: &str) -> String {
    json!({
        "AccessKeyID": id, "SecretAccessKey": secret, "SessionToken": token, "Source": "",
        "CanExpire": false, "Expires": "0001-01-01T00:00:00Z",
    })
    .to_string()
}

/// Writes an item as aws-vault does.
fn keep(sandbox: &Sandbox, name: &str, data: &str) {
    let file = name.replace('%', "%25").replace('/', "%2F");
    sandbox.file(&format!("{FILES}/{file}"), jwe(PASSPHRASE, &item(name, data)));
}

fn keep_keys(sandbox: &Sandbox, name: &str) {
    keep(sandbox, name, &go_credentials(&sandbox.access_key_id, &sandbox.secret, ""));
}

/// The usual people, no shared files, and a passphrase for aws-vault's files.
fn vault() -> Sandbox {
    let sandbox = empty();
    sandbox.set("AWS_VAULT_FILE_PASSPHRASE", PASSPHRASE);
    sandbox.secret(PASSPHRASE);
    sandbox
}

/// The section of a profile with stored keys.
fn lines(sandbox: &Sandbox, profile: &str) -> String {
    let (id, word) = (&sandbox.access_key_id, profile.trim_matches('"').to_owned());
    let word = if word.contains(' ') { format!("'{word}'") } else { word };
    let section = if word == "default" { word.clone() } else { format!("profile {profile}") };
    format!(
        "[{section}]\nrolecall_access_key_id = {id}\ncredential_process = rolecall process {word}\n"
    )
}

fn results(rows: &serde_json::Value) -> Vec<(String, String)> {
    let text = |row: &serde_json::Value, key: &str| row[key].as_str().unwrap().to_owned();
    let rows = rows.as_array().unwrap();
    rows.iter().map(|row| (text(row, "profile"), text(row, "result"))).collect()
}

#[test]
fn every_profile_of_the_vault_is_moved_and_sessions_are_not() {
    let sandbox = vault();
    for name in ["dev", "team/dev", "a b", "default"] {
        keep_keys(&sandbox, name);
    }
    keep(&sandbox, "note", "not of ours");
    keep(&sandbox, "session", &go_credentials("ASIA1", "x", "y"));
    keep(&sandbox, "sts.GetSessionToken,ZGV2,,1790000000", "{}");
    keep(&sandbox, "oidc:start", "{}");
    sandbox.file(&format!("{FILES}/.hidden"), "text");
    std::fs::create_dir(sandbox.path(&format!("{FILES}/folder"))).unwrap();
    // A section with such a name is not made, and one that is there is written.
    sandbox.config("[profile \"a b\"]\n");
    keep_keys(&sandbox, "größe");
    let before = vault_files(&sandbox);
    let run = sandbox.run(&[&["keys", "import", "--all", "--json"], &FROM[..]].concat()).fails(1);
    assert_eq!(
        results(&run.json()),
        [
            (".hidden", "passed_over"),
            ("a b", "moved"),
            ("default", "moved"),
            ("dev", "moved"),
            ("größe", "failed"),
            ("note", "passed_over"),
            ("session", "passed_over"),
            ("team/dev", "moved"),
        ]
        .map(|(name, result)| (name.to_owned(), result.to_owned()))
    );
    run.says(&[
        "hint: aws-vault still has them; delete its copies",
        "aws-vault remove 'a b'",
        "by hand",
    ]);
    let sections = ["\"a b\"", "default", "dev", "team/dev"].map(|name| lines(&sandbox, name));
    let written = config(&sandbox);
    assert_eq!(written.replace("\n\n", "\n"), sections.concat());
    in_no_file(&sandbox.path(""), &sandbox.secret);
    assert_eq!(vault_files(&sandbox), before);
    assert_eq!(entries(&sandbox).len(), 1);
    for profile in ["dev", "team/dev", "a b"] {
        assert_ne!(sandbox.run(&["process", profile]).ok().key(), sandbox.access_key_id);
    }
    // Again, and nothing changes.
    sandbox.run(&[&["keys", "import", "--all"], &FROM[..]].concat()).fails(1);
    assert_eq!(config(&sandbox), written);
}

fn vault_files(sandbox: &Sandbox) -> Vec<(std::path::PathBuf, Vec<u8>)> {
    let entries = std::fs::read_dir(sandbox.path(FILES)).unwrap();
    let paths = entries.map(|entry| entry.unwrap().path()).filter(|path| path.is_file());
    let mut files: Vec<_> =
        paths.map(|path| (path.clone(), std::fs::read(&path).unwrap())).collect();
    files.sort();
    files
}

#[test]
fn process_of_the_vault_becomes_ours_and_the_other_lines_stay() {
    let sandbox = vault();
    keep_keys(&sandbox, "dev");
    let config_of = |process: &str, more: &str| {
        format!(
            "# mine\r\n[profile  dev] # team\r\nregion=eu-west-1\r\ncredential_process={process} # vault\r\n{more}\
             [profile prod]\r\nrole_arn={}\r\nsource_profile=dev",
            role("admin")
        )
    };
    sandbox.config(&config_of("aws-vault exec dev --json --no-session", ""));
    sandbox.run(&[&["keys", "import", "dev"], &FROM[..]].concat()).ok();
    let id = format!("rolecall_access_key_id={}\r\n", sandbox.access_key_id);
    assert_eq!(config(&sandbox), config_of("rolecall process dev", &id));
    sandbox.run(&["process", "prod"]).ok();
}

#[test]
fn dry_run_shows_the_lines_and_asks_nobody() {
    let sandbox = vault();
    keep_keys(&sandbox, "dev");
    keep_keys(&sandbox, "ops");
    let path = sandbox.config("[profile dev]\nregion = eu-west-1\n");
    let run = sandbox.run(&[&["keys", "import", "--all", "--dry-run"], &FROM[..]].concat());
    let run = run.ok().silent();
    let id = &sandbox.access_key_id;
    assert_eq!(
        run.stdout,
        format!(
            "PROFILE  ACCESS KEY            RESULT\n\
             dev      {id}  would be moved\n\
             ops      {id}  would be moved\n\
             --- {path}\n+++ {path}\n@@ -1,2 +1,8 @@\n [profile dev]\n region = eu-west-1\n\
             +rolecall_access_key_id = {id}\n+credential_process = rolecall process dev\n\
             +\n+[profile ops]\n+rolecall_access_key_id = {id}\n\
             +credential_process = rolecall process ops\n",
            path = path.display()
        )
    );
    sandbox.no_calls();
    assert_eq!(config(&sandbox), "[profile dev]\nregion = eu-west-1\n");
    assert!(entries(&sandbox).is_empty());
}

#[test]
fn failed_import_from_the_vault_changes_nothing() {
    let refusal = || Kind::Refuse(403, "AccessDenied".to_owned(), "no".to_owned());
    for case in ["refused", "refused afterwards", "closed store", "read-only file"] {
        let sandbox = vault();
        keep_keys(&sandbox, "dev");
        let path = sandbox.config("[profile x]\nregion = eu-west-1\n");
        match case {
            "refused" => sandbox.aws.inject(Fault::always("GetCallerIdentity", refusal())),
            "refused afterwards" => {
                sandbox.aws.inject(Fault::once("GetCallerIdentity", Kind::Delay(1)));
                sandbox.aws.inject(Fault::always("GetCallerIdentity", refusal()));
            }
            "closed store" => sandbox.unset("ROLECALL_FILE_PASSPHRASE"),
            _ => {
                let mut permissions = std::fs::metadata(&path).unwrap().permissions();
                permissions.set_readonly(true);
                std::fs::set_permissions(&path, permissions).unwrap();
            }
        }
        let args = [&["keys", "import", "dev", "--no-input"], &FROM[..]].concat();
        let run = sandbox.run(&args).fails(1);
        assert!(run.stderr.contains("error: "), "{case}: {run:#?}");
        assert_eq!(config(&sandbox), "[profile x]\nregion = eu-west-1\n", "{case}");
        assert!(entries(&sandbox).is_empty(), "{case}");
        in_no_file(&sandbox.path(""), &sandbox.secret);
    }
}

#[test]
fn profile_that_fails_keeps_none_of_the_others_from_it() {
    let sandbox = vault();
    keep_keys(&sandbox, "dev");
    sandbox.file(&format!("{FILES}/other"), jwe("another passphrase", &item("other", "{}")));
    sandbox.file(&format!("{FILES}/torn"), "eyJ.x");
    keep_keys(&sandbox, "role");
    keep(&sandbox, "wrong", &go_credentials("AKIAWRONG", "ThisIsNoSecretOfAnybody", ""));
    let text = format!("[profile role]\nrole_arn = {}\nsource_profile = dev\n", role("admin"));
    sandbox.config(&text);
    let run = sandbox.run(&[&["keys", "import", "--all", "--json"], &FROM[..]].concat()).fails(1);
    let expected = [
        ("dev", "moved"),
        ("other", "failed"),
        ("role", "failed"),
        ("torn", "failed"),
        ("wrong", "failed"),
    ];
    assert_eq!(
        results(&run.json()),
        expected.map(|(name, result)| (name.to_owned(), result.to_owned()))
    );
    run.says(&["is not its passphrase", "role_arn", "five parts", "AKIAWRONG"]);
    assert_eq!(config(&sandbox), format!("{text}\n{}", lines(&sandbox, "dev")));
}

#[test]
fn folder_is_moved_by_its_variable() {
    let sandbox = vault();
    keep_keys(&sandbox, "dev");
    std::fs::rename(sandbox.path(FILES), sandbox.path("elsewhere")).unwrap();
    sandbox.set("AWS_VAULT_BACKEND", "file");
    sandbox.set("AWS_VAULT_FILE_DIR", "~/elsewhere");
    sandbox.run(&[&["keys", "import", "dev"], &FROM[..]].concat()).ok();
    assert!(Path::new(&sandbox.path("elsewhere/dev")).exists());
    sandbox.run(&["process", "dev"]).ok();
}

/// Plays aws-vault with a back end that it alone reads.
#[cfg(unix)]
#[test]
fn keys_that_only_the_vault_reads_are_exported_by_it() {
    let sandbox = vault();
    let json = |secret: &str, more: &str| {
        let id = &sandbox.access_key_id;
        format!(r#"{{"Version":1,"AccessKeyId":"{id}","SecretAccessKey":"{secret}"{more}}}"#)
    };
    let (keys, session) = (json(&sandbox.secret, ""), json("x", r#","SessionToken":"y""#));
    sandbox.script(
        "aws-vault",
        &format!(
            "[ -z \"$AWS_VAULT$ROLECALL_FILE_PASSPHRASE\" ] || exit 9\n\
             case \"$*\" in 'list --credentials') printf 'dev\\nrole\\n' ;;\n\
             'export --no-session --format=json -- dev') echo '{keys}' ;;\n\
             'export --no-session --format=json -- role') echo '{session}' ;;\n\
             *) echo \"not so: $*\" >&2; exit 1 ;; esac"
        ),
    );
    let path = format!("{}:{}", sandbox.path("bin").display(), std::env::var("PATH").unwrap());
    sandbox.set("PATH", path);
    sandbox.set("AWS_VAULT", "dev");
    // Where no other store is there, and where a back end is chosen.
    for backend in [None, Some("op")] {
        if let Some(backend) = backend {
            sandbox.set("AWS_VAULT_BACKEND", backend);
        }
        let run = sandbox.run(&[&["keys", "import", "--all", "--json"], &FROM[..]].concat()).ok();
        assert_eq!(
            results(&run.json()),
            [("dev", "moved"), ("role", "passed_over")]
                .map(|(name, result)| (name.to_owned(), result.to_owned()))
        );
    }
    assert_ne!(sandbox.run(&["process", "dev"]).ok().key(), sandbox.access_key_id);
}
