//! What has ended, and clocks that run wrong: nothing dead is handed out, whatever its source, and
//! a wrong clock costs calls alone.

use serde_json::json;

use super::support::{DEV, Fault, Kind, Sandbox, Statement, iso, sso_token_file};

const PAST: &str = "2001-02-03T04:05:06Z";
const HOURS: i64 = 3_600;
const DAYS: i64 = 24 * HOURS;

/// Every verb that hands credentials out.
fn hands_out_nothing(sandbox: &Sandbox, profile: &str) {
    for line in ["process", "env", "exec P -- true", "whoami", "process --no-cache"] {
        let words: Vec<&str> = line.split(' ').filter(|word| *word != "P").collect();
        let (verb, rest) = words.split_first().unwrap();
        let named = (!profile.is_empty()).then_some(profile);
        let args: Vec<&str> =
            [*verb].into_iter().chain(named).chain(rest.iter().copied()).collect();
        sandbox.run(&args).fails(1).error_form().says(&["2001-02-03T04:05:06Z"]);
    }
}

#[test]
fn ended_keys_of_the_environment_are_refused() {
    let sandbox = Sandbox::empty();
    sandbox.keys_in_environment();
    sandbox.set("AWS_SESSION_TOKEN", "TokenOfTheEnvironment");
    sandbox.set("AWS_CREDENTIAL_EXPIRATION", PAST);
    hands_out_nothing(&sandbox, "");
    sandbox.run(&["process"]).fails(1).says(&["AWS_CREDENTIAL_EXPIRATION", "unset"]);
    sandbox.no_calls();
}

#[test]
fn ended_session_of_the_credentials_file_is_refused_also_as_a_source() {
    let sandbox = Sandbox::new();
    let write = |end: &str| {
        sandbox.credentials(&format!(
            "[dev]\n{}aws_session_token = Token\nx_security_token_expires = {end}\n",
            sandbox.key_lines()
        ));
    };
    write(PAST);
    hands_out_nothing(&sandbox, "dev");
    sandbox.run(&["process", "prod"]).fails(1).error_form().says(&["credentials:5"]);
    sandbox.no_calls();
    write("2031-02-03T04:05:06Z");
    assert_eq!(sandbox.run(&["process", "dev"]).ok().field("Expiration"), "2031-02-03T04:05:06Z");
    // Each tool has its own form; what is no time says nothing.
    write("soon");
    assert!(sandbox.run(&["process", "dev"]).ok().json()["Expiration"].is_null());
}

/// A profile whose process prints a session that ends then, and notes each run.
fn process(sandbox: &Sandbox, end: &str) {
    let json = json!({"Version": 1, "AccessKeyId": "ASIAPROCESS", "SecretAccessKey": "SecretOfTheProcess",
        "SessionToken": "TokenOfTheProcess", "Expiration": end});
    let runs = sandbox.path("runs").display().to_string();
    let script = sandbox.script("source", &format!("echo run >> {runs}\necho '{json}'"));
    sandbox.config(&format!("[profile tool]\ncredential_process = {script}\n"));
    sandbox.secret("SecretOfTheProcess");
}

fn runs(sandbox: &Sandbox) -> usize {
    std::fs::read_to_string(sandbox.path("runs")).unwrap_or_default().lines().count()
}

#[test]
fn ended_session_of_a_process_is_refused() {
    let sandbox = Sandbox::empty();
    process(&sandbox, PAST);
    hands_out_nothing(&sandbox, "tool");
}

#[test]
fn end_outside_1970_to_9999_is_a_bad_answer_and_no_panic() {
    let sandbox = people();
    for end in ["0001-01-01T00:00:00Z", "1969-12-31T23:59:59Z", "9999-12-31T23:59:59-23:00"] {
        process(&sandbox, end);
        for verb in ["process", "env", "whoami"] {
            sandbox.run(&[verb, "tool"]).fails(1).error_form();
        }
        sandbox.keys_in_environment();
        sandbox.set("AWS_SESSION_TOKEN", "TokenOfTheEnvironment");
        sandbox.set("AWS_CREDENTIAL_EXPIRATION", end);
        sandbox.run(&["process"]).fails(1).error_form().says(&["AWS_CREDENTIAL_EXPIRATION"]);
        sandbox.set("ROLECALL_PROFILE", "tool");
        sandbox.run(&["prompt"]).ok();
        for name in ["AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN"] {
            sandbox.unset(name);
        }
        sandbox.unset("AWS_CREDENTIAL_EXPIRATION");
        sandbox.unset("ROLECALL_PROFILE");
    }
    let sandbox = people();
    for end in [i64::MIN, -1, 1_000, 253_402_300_800_000, i64::MAX] {
        sandbox.aws.clear_faults();
        let answer = json!({"roleCredentials": {"accessKeyId": "ASIASSO", "secretAccessKey": "SecretOfSso",
            "sessionToken": "TokenOfSso", "expiration": end}});
        sandbox
            .aws
            .inject(Fault::always("GetRoleCredentials", Kind::Status(200, answer.to_string())));
        for verb in ["process", "env", "whoami", "list"] {
            let run = sandbox.run(&[verb, "people"]);
            if verb != "list" {
                run.fails(1).error_form();
            }
        }
        sandbox.set("ROLECALL_INIT", format!("bash {}", std::process::id()));
        sandbox.run(&["use", "people"]).fails(1).error_form();
        sandbox.unset("ROLECALL_INIT");
    }
    let index = sandbox.path("xdg/state/rolecall/index.json");
    assert!(!std::fs::read_to_string(index).unwrap_or_default().contains("people"));
}

#[test]
fn index_with_ends_out_of_range_makes_nothing_panic() {
    let sandbox = Sandbox::new();
    sandbox.run(&["process", "prod"]).ok();
    let path = sandbox.path("xdg/state/rolecall/index.json");
    let index = std::fs::read_to_string(&path).unwrap();
    let end = index.split("\"expires_at\":\"").nth(1).unwrap().split('"').next().unwrap();
    for other in ["+262142-12-31T23:59:59Z", "-262143-01-01T00:00:00Z", "+10000-01-01T00:00:00Z"] {
        std::fs::write(&path, index.replace(end, other)).unwrap();
        sandbox.set("AWS_PROFILE", "prod");
        for arguments in [&["prompt"][..], &["list"], &["sessions"], &["sessions", "--json"]] {
            sandbox.run(arguments).ok();
        }
        sandbox.unset("AWS_PROFILE");
        sandbox.run(&["process", "prod"]).ok();
    }
}

#[test]
fn clock_set_back_after_the_session_was_made_misses() {
    let sandbox = Sandbox::new();
    let first = sandbox.run(&["process", "prod"]).ok().key();
    let run = sandbox.command(&["process", "prod"]).clock_off_by(-5 * HOURS).run().ok();
    assert_ne!(run.key(), first);
    run.says(&["clock", "behind"]);
    // The first is good again once the clock is right.
    let calls = sandbox.assumed();
    assert_eq!(sandbox.run(&["process", "prod"]).ok().key(), first);
    assert_eq!(sandbox.assumed(), calls);
}

#[test]
fn clock_that_is_off_by_any_amount_costs_calls_alone() {
    for off in [-30 * DAYS, -3 * DAYS, -5 * HOURS, -600, 600, 5 * HOURS, 3 * DAYS, 30 * DAYS] {
        let sandbox = Sandbox::new();
        let mut keys = std::collections::BTreeSet::new();
        for _ in 0..2 {
            let run = sandbox.command(&["process", "prod"]).clock_off_by(off).run().ok();
            assert_eq!(run.stderr.matches("warning: ").count(), 1, "{off}: {run:#?}");
            keys.insert(run.clone().says(&["clock"]).key());
        }
        // Nothing was kept under the wrong clock.
        keys.insert(sandbox.run(&["process", "prod"]).ok().silent().key());
        assert_eq!(keys.len(), 3, "{off}");
    }
}

fn people() -> Sandbox {
    let sandbox = Sandbox::with_world(|world| {
        world.sso_grant("bob@example.com", DEV, "Developer", vec![Statement::allow("*", "*")])
    });
    let (now, token) = (sandbox.aws.now(), format!("AccessToken{}", sandbox.id));
    sandbox.aws.world(|world| {
        *world = std::mem::take(world).sso_token("bob@example.com", &token, now + 40 * DAYS);
    });
    let url = "https://example.awsapps.com/start";
    sandbox.config(&format!(
        "[profile people]\nsso_start_url = {url}\nsso_region = eu-west-1\nsso_account_id = {DEV}\n\
         sso_role_name = Developer\n"
    ));
    let file = json!({"startUrl": url, "region": "eu-west-1", "accessToken": token,
        "expiresAt": iso(now + 40 * DAYS)});
    sandbox.file(&sso_token_file(url), file.to_string());
    sandbox
}

#[test]
fn session_of_sso_is_not_kept_under_a_wrong_clock() {
    for off in [-3 * DAYS, -5 * HOURS, 3 * DAYS] {
        let sandbox = people();
        for calls in [1, 2] {
            let run = sandbox.command(&["process", "people"]).clock_off_by(off).run().ok();
            run.says(&["clock"]);
            assert_eq!(sandbox.aws.count("GetRoleCredentials"), calls, "{off}");
        }
    }
}

#[test]
fn session_of_a_process_that_seems_too_long_is_not_kept() {
    let sandbox = Sandbox::empty();
    process(&sandbox, &iso(sandbox.aws.now() + HOURS));
    for started in [1, 2] {
        let run = sandbox.command(&["process", "tool"]).clock_off_by(-3 * DAYS).run().ok();
        run.says(&["clock"]);
        assert_eq!(runs(&sandbox), started);
    }
    sandbox.run(&["process", "tool"]).ok().silent();
    sandbox.run(&["process", "tool"]).ok().silent();
    assert_eq!(runs(&sandbox), 3, "with the right clock it is kept");
}
