//! Whose session it is: one that was made for somebody else, for another machine, or from an
//! earlier meaning of a profile is never handed out.

use fake_aws::web_identity_token;
use serde_json::json;

use super::support::{
    ADMIN, DEV, PROD, Role, Sandbox, Statement, TrustStatement, iso, not_available_here, role,
    sso_token_file, tls,
};

const ISSUER: &str = "https://oidc.example.com/id/1";
const URL: &str = "https://example.awsapps.com/start";

/// A process that is another rolecall, and a role above it.
fn nested(inner: &str, command: &str) -> Sandbox {
    let sandbox = Sandbox::with_world(|world| {
        let trust = |name: &str| Role::new(&role(name)).trusts(TrustStatement::account(DEV));
        let of = |name: &str| TrustStatement::arn(&role(name));
        let outer = Role::new(&role("outer")).trusts(of("intern")).trusts(of("other"));
        world.role(trust("intern")).role(trust("other")).role(outer)
    });
    sandbox.keys("dev");
    write_nested(&sandbox, inner, command);
    sandbox
}

fn write_nested(sandbox: &Sandbox, inner: &str, command: &str) {
    sandbox.config(&format!(
        "[profile inner]\nrole_arn = {}\nsource_profile = dev\n\
         [profile mid]\ncredential_process = {command}\n\
         [profile outer]\nrole_arn = {}\nsource_profile = mid\n",
        role(inner),
        role("outer")
    ));
}

#[test]
fn edit_of_the_profile_of_an_inner_rolecall_misses() {
    for command in ["rolecall process inner", "rolecall process --profile inner -q"] {
        let sandbox = nested("intern", command);
        let first = sandbox.run(&["process", "outer"]).ok().key();
        assert_eq!(sandbox.run(&["process", "outer"]).ok().key(), first, "it is kept");
        write_nested(&sandbox, "other", command);
        assert_ne!(sandbox.run(&["process", "outer"]).ok().key(), first, "{command}");
        write_nested(&sandbox, "intern", command);
        assert_eq!(sandbox.run(&["process", "outer"]).ok().key(), first, "{command}");
        // Other keys of the innermost profile.
        let (id, secret) = (format!("AKIB{}", sandbox.id), "SecretOfAnn/LongTerm");
        sandbox.aws.world(|world| {
            let ann = super::support::User::new(DEV, "ann", &id, secret).allow("sts:*", "*");
            *world = std::mem::take(world).user(ann);
        });
        sandbox.credentials(&format!(
            "[dev]\naws_access_key_id = {id}\naws_secret_access_key = {secret}\n"
        ));
        assert_ne!(sandbox.run(&["process", "outer"]).ok().key(), first, "{command}");
    }
}

#[test]
fn nothing_is_kept_above_an_inner_rolecall_that_cannot_be_followed() {
    for command in [
        "sh -c 'rolecall process inner'",
        "env A=b rolecall process inner",
        "rolecall process inner --role-session-name other",
        "rolecall process inner | cat",
        "A=b rolecall process inner",
        "rolecall --quiet process inner",
    ] {
        let sandbox = nested("intern", command);
        let first = sandbox.run(&["process", "outer"]).ok().key();
        assert_ne!(sandbox.run(&["process", "outer"]).ok().key(), first, "{command}");
        write_nested(&sandbox, "other", command);
        assert_ne!(sandbox.run(&["process", "outer"]).ok().key(), first, "{command}");
    }
}

/// A program that prints another session in each environment.
fn program(sandbox: &Sandbox, more: &str) {
    let json = json!({"Version": 1, "AccessKeyId": "ASIA$WHO", "SecretAccessKey": "SecretOfTheProcess",
        "SessionToken": "TokenOfTheProcess", "Expiration": iso(sandbox.aws.now() + 3_600)});
    let json = json.to_string().replace('"', "\\\"");
    let script = sandbox.script("who", &format!("echo \"{json}\""));
    sandbox.config(&format!("[profile tool]\ncredential_process = {script}\n{more}"));
    sandbox.secret("SecretOfTheProcess");
}

#[test]
fn process_is_kept_until_it_ends_unless_the_profile_forbids_it() {
    let sandbox = Sandbox::empty();
    for (more, second) in [("", "ASIAbob"), ("rolecall_cache = false\n", "ASIAeve")] {
        program(&sandbox, more);
        sandbox.set("WHO", "bob");
        assert_eq!(sandbox.run(&["process", "tool"]).ok().key(), "ASIAbob");
        sandbox.set("WHO", "eve");
        assert_eq!(sandbox.run(&["process", "tool"]).ok().key(), second, "{more}");
    }
}

#[test]
fn process_that_is_another_one_in_another_folder_misses() {
    let sandbox = Sandbox::empty();
    let config = "[profile tool]\ncredential_process = COMMAND\n";
    for folder in ["one", "two"] {
        program(&sandbox, "");
        let who = std::fs::read_to_string(sandbox.path("bin/who")).unwrap();
        let who =
            sandbox.script("who", who.replace("$WHO", folder).trim_start_matches("#!/bin/sh"));
        std::fs::create_dir_all(sandbox.path(&format!("{folder}/my bin"))).unwrap();
        for path in ["who", "my bin/who"] {
            std::fs::copy(&who, sandbox.path(folder).join(path)).unwrap();
        }
    }
    let whole = sandbox.path(".aws/config");
    for (file, command, apart) in [
        (whole.to_str().unwrap(), "'./my bin/who'", true),
        (whole.to_str().unwrap(), "sh -c 'exec ./who'", true),
        (whole.to_str().unwrap(), "cd './my bin' && ./who", true),
        ("config", "'./my bin/who'", true),
        ("config", "$TOOL", true),
        (whole.to_str().unwrap(), "$TOOL", false),
    ] {
        let config = config.replace("COMMAND", command);
        let key = |folder: &str| {
            let place = sandbox.path(folder);
            sandbox.config(&config);
            std::fs::write(place.join("config"), &config).unwrap();
            let tool = place.join("my bin/who").display().to_string().replace(' ', "?");
            let line = format!("cd {folder} && export TOOL={tool} && exec \"$0\" \"$@\"");
            sandbox.set("AWS_CONFIG_FILE", file);
            sandbox.command(&["process", "tool"]).by_shell(&line).run().ok().key()
        };
        assert_eq!(key("one"), "ASIAone", "{file}: {command}");
        let other = if apart { "ASIAtwo" } else { "ASIAone" };
        assert_eq!(key("two"), other, "{file}: {command}");
    }
}

#[test]
fn authority_that_is_another_one_in_another_folder_misses() {
    let sandbox = Sandbox::new();
    for folder in ["one", "two"] {
        sandbox.file(&format!("{folder}/ca.pem"), std::fs::read(tls::authority()).unwrap());
    }
    sandbox.set("AWS_CA_BUNDLE", "ca.pem");
    let key = |folder: &str| {
        let line = format!("cd {folder} && exec \"$0\" \"$@\"");
        sandbox.command(&["process", "prod"]).by_shell(&line).run().ok().key()
    };
    let first = key("one");
    assert_eq!(key("one"), first);
    assert_ne!(key("two"), first);
}

/// Leaves the token of a login.
fn log_in(sandbox: &Sandbox, who: &str) {
    let (now, token) = (sandbox.aws.now(), format!("AccessTokenOf{who}{}", sandbox.id));
    sandbox.aws.world(|world| {
        *world = std::mem::take(world).sso_token(who, &token, now + 7_200);
    });
    let file = json!({"startUrl": URL, "region": "eu-west-1", "accessToken": token,
        "expiresAt": iso(now + 7_200)});
    sandbox.file(&sso_token_file(URL), file.to_string());
}

#[test]
fn login_of_another_person_misses_and_a_logout_ends_it() {
    let sandbox = Sandbox::with_world(|world| {
        let all = || vec![Statement::allow("*", "*")];
        world.sso_grant("bob", DEV, "Developer", all()).sso_grant("eve", DEV, "Developer", all())
    });
    sandbox.config(&format!(
        "[profile people]\nsso_start_url = {URL}\nsso_region = eu-west-1\nsso_account_id = {DEV}\n\
         sso_role_name = Developer\n\
         [profile prod]\nrole_arn = {ADMIN}\nsource_profile = people\n"
    ));
    for profile in ["people", "prod"] {
        log_in(&sandbox, "bob");
        let first = sandbox.run(&["process", profile]).ok().key();
        assert_eq!(sandbox.run(&["process", profile]).ok().key(), first);
        log_in(&sandbox, "eve");
        assert_ne!(sandbox.run(&["process", profile]).ok().key(), first, "{profile}");
        std::fs::remove_file(sandbox.path(&sso_token_file(URL))).unwrap();
        let run = sandbox.run(&["process", profile]).fails(4).error_form();
        run.says(&["rolecall sso login"]);
        // Who logs in again has his own again.
        log_in(&sandbox, "bob");
        assert_eq!(sandbox.run(&["process", profile]).ok().key(), first, "{profile}");
        // They are found and forgotten by the profile's name, whoever is logged in.
        log_in(&sandbox, "eve");
        sandbox.run(&["sessions", "clear", profile]).ok();
        log_in(&sandbox, "bob");
        assert_ne!(sandbox.run(&["process", profile]).ok().key(), first, "{profile}");
    }
}

/// A role that the machine, or the subject of a token, has in the account `DEV`.
fn machines() -> Sandbox {
    Sandbox::with_world(|world| {
        let machine = format!("arn:aws:iam::{DEV}:role/machine");
        let trust = TrustStatement::web_identity(ISSUER).audience("sts.amazonaws.com");
        let own = Role::new(&machine).allow("sts:*", "*").trusts(trust);
        world.role(own).instance_role(&machine)
    })
}

#[test]
fn sessions_of_another_machine_are_not_shared() {
    let sandbox = machines();
    sandbox.config(&format!(
        "[profile prod]\nrole_arn = {ADMIN}\ncredential_source = Ec2InstanceMetadata\n"
    ));
    if sandbox.program("unshare", &["--uts", "true"]).run().code != 0 {
        return not_available_here("another machine: no process gets a host name of its own");
    }
    sandbox.unset("AWS_EC2_METADATA_DISABLED");
    let on = |name: &str| {
        let line = format!("echo {name} > /proc/sys/kernel/hostname && exec \"$0\" \"$@\"");
        let run = sandbox.command(&["process", "prod"]).by_shell(&line).in_its_own_machine().run();
        run.ok().key()
    };
    let first = on("one");
    assert_eq!(on("one"), first);
    assert_ne!(on("two"), first);
}

#[test]
fn token_of_another_subject_misses_and_a_renewed_one_does_not() {
    let sandbox = machines();
    let write = |subject: &str, seconds: i64| {
        let end = sandbox.aws.now() + seconds;
        let token = web_identity_token(ISSUER, subject, "sts.amazonaws.com", end);
        sandbox.secret(&token);
        sandbox.file("token", token)
    };
    let file = write("pod", 3_600);
    sandbox.config(&format!(
        "[profile pod]\nrole_arn = arn:aws:iam::{DEV}:role/machine\nweb_identity_token_file = {}\n\
         [profile prod]\nrole_arn = {ADMIN}\nsource_profile = pod\n",
        file.display()
    ));
    for profile in ["pod", "prod"] {
        write("pod", 3_600);
        let first = sandbox.run(&["process", profile]).ok().key();
        write("pod", 7_200);
        assert_eq!(sandbox.run(&["process", profile]).ok().key(), first, "{profile}");
        write("other", 3_600);
        assert_ne!(sandbox.run(&["process", profile]).ok().key(), first, "{profile}");
        std::fs::remove_file(&file).unwrap();
        sandbox.run(&["process", profile]).fails(3).error_form();
    }
}

#[test]
fn file_that_is_copied_to_another_name_is_no_entry() {
    let sandbox = Sandbox::new();
    sandbox.set("ROLECALL_STORE", "file");
    sandbox.set("ROLECALL_FILE_PASSPHRASE", "correct horse battery staple");
    sandbox.secret("correct horse battery staple");
    let entries = || -> std::collections::BTreeSet<std::path::PathBuf> {
        let folder = std::fs::read_dir(sandbox.path("xdg/data/rolecall/store")).unwrap();
        folder.map(|file| file.unwrap().path()).filter(|p| !p.ends_with("identity.age")).collect()
    };
    let admin = sandbox.run(&["process", "prod"]).ok().key();
    let first = entries().pop_first().unwrap();
    let reader = sandbox.run(&["process", "prod", "--read-only"]).ok().key();
    let second = entries().into_iter().find(|path| *path != first).unwrap();
    std::fs::copy(&first, &second).unwrap();
    let again = sandbox.run(&["process", "prod", "--read-only"]).ok().silent().key();
    assert!(again != admin && again != reader);
    assert_eq!(sandbox.run(&["process", "prod", "--read-only"]).ok().key(), again, "replaced");
}

#[test]
fn without_a_home_nothing_of_the_current_folder_is_read_or_written() {
    let sandbox = Sandbox::alone();
    let marked = sandbox.path("ran").display().to_string();
    for folder in ["~/.aws", ".aws"] {
        sandbox.file(
            &format!("{folder}/config"),
            format!("[profile trap]\ncredential_process = touch {marked}\n"),
        );
    }
    let listing = || {
        let folder = std::fs::read_dir(sandbox.path("")).unwrap();
        folder.map(|entry| entry.unwrap().file_name()).collect::<std::collections::BTreeSet<_>>()
    };
    for name in
        ["XDG_CONFIG_HOME", "XDG_CACHE_HOME", "XDG_DATA_HOME", "XDG_STATE_HOME", "XDG_RUNTIME_DIR"]
    {
        sandbox.unset(name);
    }
    std::fs::remove_dir_all(sandbox.path("bin")).ok();
    let before = listing();
    for home in [None, Some("."), Some("~"), Some("")] {
        match home {
            None => sandbox.unset("HOME"),
            Some(home) => sandbox.set("HOME", home),
        }
        for args in
            [&["process", "trap"][..], &["exec", "trap", "--", "true"], &["explain", "trap"]]
        {
            let run = sandbox.run(args).fails(3).error_form();
            run.says(&["no home", "export HOME"]);
        }
        for name in ["AWS_CONFIG_FILE", "ROLECALL_CONFIG"] {
            sandbox.set(name, "~/.aws/config");
            sandbox.run(&["process", "trap"]).fails(3).error_form().says(&["no home"]);
            sandbox.unset(name);
        }
        for args in [&["list"][..], &["doctor"], &["prompt"], &["log"], &["sessions"]] {
            let run = sandbox.run(args);
            assert!(run.code <= 3, "{run:#?}");
        }
        sandbox.keys_in_environment();
        let typed = ["process", "--role-arn", ADMIN, "--store", "file"];
        sandbox.run(&typed).ok().says(&["warning: ", "no home", "export HOME"]);
        sandbox.unset("AWS_ACCESS_KEY_ID");
        sandbox.unset("AWS_SECRET_ACCESS_KEY");
    }
    assert_eq!(listing(), before);
    assert!(!sandbox.path("ran").exists());
}

#[test]
fn account_of_the_shell_does_not_stay_beside_the_keys() {
    let sandbox = Sandbox::new();
    sandbox.set("AWS_ACCOUNT_ID", "999999999999");
    for (profile, account) in [("prod", Some(PROD)), ("dev", None)] {
        let run = sandbox.run(&["exec", profile, "--", "env"]).ok();
        let line = run.stdout.lines().find_map(|line| line.strip_prefix("AWS_ACCOUNT_ID="));
        assert_eq!(line, account, "{profile}");
        let out = sandbox.run(&["env", profile, "--format", "json"]).ok().json();
        assert_eq!(out["AWS_ACCOUNT_ID"].as_str(), account, "{profile}");
    }
    let unset = sandbox.run(&["env", "--unset", "--shell", "sh"]).ok().stdout;
    assert!(unset.contains("unset AWS_ACCOUNT_ID"), "{unset}");
    // The account that a role's profile claims is not that of the keys which assume it.
    sandbox.keys_in_environment();
    sandbox.unset("AWS_ACCOUNT_ID");
    sandbox.config(&format!(
        "[profile prod]\nrole_arn = {ADMIN}\ncredential_source = Environment\naws_account_id = 3\n"
    ));
    let out = sandbox.run(&["env", "prod", "--format", "json"]).ok();
    assert_eq!(out.field("AWS_ACCOUNT_ID"), PROD);
}

#[test]
fn use_off_gives_the_account_back_that_the_shell_had() {
    let sandbox = Sandbox::new();
    sandbox.set("AWS_ACCOUNT_ID", "999999999999");
    let run = sandbox.shell(
        "bash",
        "eval \"$(rolecall init bash)\"; rolecall use prod; echo $AWS_ACCOUNT_ID; \
         rolecall use dev; echo ${AWS_ACCOUNT_ID-none}; rolecall use --off; echo $AWS_ACCOUNT_ID",
    );
    assert_eq!(run.ok().stdout, format!("{PROD}\nnone\n999999999999\n"));
}
