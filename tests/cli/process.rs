//! `rolecall process`: keys, role chains, and the JSON.

use serde_json::Value;

use super::support::{ADMIN, DEV, PROD, Role, Sandbox, Statement, TrustStatement, role, time};

fn names(value: &Value) -> Vec<&str> {
    let mut names: Vec<&str> = value.as_object().unwrap().keys().map(String::as_str).collect();
    names.sort_unstable();
    names
}

#[test]
fn keys_of_credentials_file_are_printed_without_a_call() {
    let sandbox = Sandbox::new();
    let run = sandbox.run(&["process", "dev"]).ok().silent();
    let json = run.json();
    assert_eq!(names(&json), ["AccessKeyId", "SecretAccessKey", "Version"]);
    assert_eq!(json["Version"], 1);
    assert_eq!(json["AccessKeyId"], sandbox.access_key_id.as_str());
    assert_eq!(json["SecretAccessKey"], sandbox.secret.as_str());
    assert_eq!(run.stdout.matches('\n').count(), 1);
    assert!(run.stdout.ends_with("}\n"));
    sandbox.no_calls();
}

#[test]
fn keys_of_config_file_are_printed_with_account_and_token() {
    let sandbox = Sandbox::empty();
    sandbox.secret("TheTokenOfSomebodysSession");
    let keys = sandbox.key_lines();
    sandbox.config(&format!(
        "[profile own]\n{keys}aws_account_id = 111111111111\n\
         [profile session]\n{keys}aws_session_token = TheTokenOfSomebodysSession\n"
    ));
    let own = sandbox.run(&["process", "own"]).ok().json();
    assert_eq!(names(&own), ["AccessKeyId", "AccountId", "SecretAccessKey", "Version"]);
    assert_eq!(own["AccountId"], "111111111111");
    let session = sandbox.run(&["process", "--profile", "session"]).ok().json();
    assert_eq!(session["SessionToken"], "TheTokenOfSomebodysSession");
    assert!(session.get("Expiration").is_none());
    sandbox.no_calls();
}

#[test]
fn credentials_file_overrides_config_file_key_by_key() {
    let sandbox = Sandbox::empty();
    sandbox.config("[profile dev]\naws_access_key_id = AKIAOFTHECONFIGFILE1\naws_secret_access_key = x\nregion = eu-west-3\n");
    sandbox.keys("dev");
    assert_eq!(sandbox.run(&["process", "dev"]).ok().key(), sandbox.access_key_id);
}

#[test]
fn role_session_is_printed_with_every_field() {
    let sandbox = Sandbox::new();
    let run = sandbox.run(&["process", "prod"]).ok().silent();
    let json = run.json();
    assert_eq!(
        names(&json),
        ["AccessKeyId", "AccountId", "Expiration", "SecretAccessKey", "SessionToken", "Version"]
    );
    assert_eq!(json["AccountId"], PROD);
    let expiration = json["Expiration"].as_str().unwrap();
    assert!(expiration.ends_with('Z') && expiration.len() == 20, "{expiration}");
    let left = time(expiration) - sandbox.aws.now();
    assert!((3_500..=3_600).contains(&left), "{left}");
    let session = sandbox.aws.world(|world| world.sessions[0].clone());
    assert_eq!(json["AccessKeyId"], session.access_key_id.as_str());
    assert_eq!(json["SecretAccessKey"], session.secret.as_str());
    assert_eq!(json["SessionToken"], session.token.as_str());
    assert_eq!(sandbox.sent("RoleArn").as_deref(), Some(ADMIN));
    assert_eq!(sandbox.sent("RoleSessionName"), Some(format!("bob-{}", &sandbox.id[..8])));
    for absent in
        ["ExternalId", "SerialNumber", "TokenCode", "DurationSeconds", "Policy", "SourceIdentity"]
    {
        assert_eq!(sandbox.sent(absent), None, "{absent}");
    }
    assert_eq!(sandbox.aws.calls().len(), 1);
}

#[test]
fn role_parameters_of_profile_are_sent_to_sts() {
    let sandbox = Sandbox::new().in_any_region();
    sandbox.config(
        "[profile prod]\nrole_arn = arn:aws:iam::222222222222:role/partner\nsource_profile = dev\n\
         external_id = ext-id-5f2a9c\nrole_session_name = night@shift\nduration_seconds = 7200\nregion = us-west-2\n",
    );
    sandbox.unset("AWS_REGION");
    let json = sandbox.run(&["process", "prod"]).ok().json();
    let left = time(json["Expiration"].as_str().unwrap()) - sandbox.aws.now();
    assert!((7_100..=7_200).contains(&left), "{left}");
    for (name, value) in [
        ("ExternalId", "ext-id-5f2a9c"),
        ("RoleSessionName", "night@shift"),
        ("DurationSeconds", "7200"),
    ] {
        assert_eq!(sandbox.sent(name).as_deref(), Some(value));
    }
    assert_eq!(sandbox.aws.calls()[0].region.as_deref(), Some("us-west-2"));
}

#[test]
fn tags_identity_and_policies_of_the_profile_are_sent() {
    let sandbox = Sandbox::new();
    sandbox.config(
        "[profile prod]\nrole_arn = arn:aws:iam::222222222222:role/admin\nsource_profile = dev\n\
         source_identity = bob@example\nsession_tags = team=core, cost-centre = 7\ntransitive_session_tags = team\n\
         policy_arns = arn:aws:iam::aws:policy/ReadOnlyAccess, arn:aws:iam::aws:policy/job-function/ViewOnlyAccess\n",
    );
    sandbox.run(&["process", "prod"]).ok();
    let session = sandbox.aws.world(|world| world.sessions[0].clone());
    assert_eq!(session.source_identity.as_deref(), Some("bob@example"));
    let tags = [("team", "core"), ("cost-centre", "7")].map(|(k, v)| (k.to_owned(), v.to_owned()));
    assert_eq!(session.tags, tags);
    assert_eq!(session.transitive, ["team"]);
    assert_eq!(session.policy.unwrap().len(), 2);
}

/// Roles that each trust the one before.
fn chain(length: usize) -> Sandbox {
    let name = |n: usize| role(&format!("hop{n:03}"));
    let sandbox = Sandbox::with_world(|mut world| {
        for n in 0..length {
            let statement = match n {
                0 => TrustStatement::account(DEV),
                n => TrustStatement::arn(&name(n - 1)),
            };
            world = world.role(Role::new(&name(n)).trusts(statement).allow("sts:AssumeRole", "*"));
        }
        world
    });
    sandbox.keys("hop-source");
    let mut config = String::new();
    for n in 0..length {
        let source = if n == 0 { "hop-source".to_owned() } else { format!("hop{:03}", n - 1) };
        config +=
            &format!("[profile hop{n:03}]\nrole_arn = {}\nsource_profile = {source}\n", name(n));
    }
    sandbox.config(&config);
    sandbox
}

#[test]
fn role_chain_assumes_each_role_in_order() {
    for length in [2, 3, 7] {
        let sandbox = chain(length);
        let last = format!("hop{:03}", length - 1);
        let run = sandbox.run(&["process", &last]).ok();
        let arns: Vec<String> = sandbox
            .aws
            .calls()
            .iter()
            .map(|call| call.param("RoleArn").unwrap().to_owned())
            .collect();
        let wanted: Vec<String> = (0..length).map(|n| role(&format!("hop{n:03}"))).collect();
        assert_eq!(arns, wanted);
        let session = sandbox.aws.world(|world| world.sessions.last().cloned().unwrap());
        assert_eq!(run.key(), session.access_key_id);
        assert!(session.chained);
    }
}

#[test]
fn long_chain_of_roles_is_assumed_once_and_cached() {
    // On Windows each session is a file of the store, and files are slow under wine.
    let length = if cfg!(windows) { 30 } else { 200 };
    let sandbox = chain(length);
    for _ in 0..2 {
        sandbox.run(&["process", &format!("hop{:03}", length - 1)]).ok();
        assert_eq!(sandbox.assumed(), length);
    }
}

#[test]
fn each_role_of_chain_sends_its_own_parameters() {
    let sandbox = Sandbox::with_world(|world| {
        let first = TrustStatement::account(DEV).external_id("first-id");
        let second = TrustStatement::arn(&role("first")).external_id("second-id");
        world
            .role(Role::new(&role("first")).trusts(first).allow("sts:*", "*").max_session(43_200))
            .role(Role::new(&role("second")).trusts(second))
    });
    sandbox.keys("dev");
    sandbox.config(
        "[profile first]\nrole_arn = arn:aws:iam::222222222222:role/first\nsource_profile = dev\nexternal_id = first-id\nrole_session_name = one\nduration_seconds = 7200\n\
         [profile second]\nrole_arn = arn:aws:iam::222222222222:role/second\nsource_profile = first\nexternal_id = second-id\nrole_session_name = two\nduration_seconds = 1800\n",
    );
    sandbox.run(&["process", "second"]).ok();
    let calls = sandbox.aws.calls();
    let sent = |name: &str| calls.iter().map(|call| call.param(name).unwrap()).collect::<Vec<_>>();
    assert_eq!(sent("ExternalId"), ["first-id", "second-id"]);
    assert_eq!(sent("RoleSessionName"), ["one", "two"]);
    assert_eq!(sent("DurationSeconds"), ["7200", "1800"]);
}

#[test]
fn profile_that_is_its_own_source_uses_its_own_keys() {
    let sandbox = Sandbox::empty();
    sandbox.keys("self");
    sandbox.config(
        "[profile self]\nrole_arn = arn:aws:iam::222222222222:role/admin\nsource_profile = self\n",
    );
    assert!(sandbox.run(&["process", "self"]).ok().key().starts_with("ASIA"));
    assert_eq!(sandbox.aws.calls()[0].access_key_id.as_ref(), Some(&sandbox.access_key_id));
}

#[test]
fn keys_of_role_profile_are_used_only_when_it_is_a_source() {
    let sandbox = Sandbox::empty();
    let keys = sandbox.key_lines();
    sandbox.credentials(&format!(
        "[dev]\n{keys}\n[top]\naws_access_key_id = AKIAIGNORED000000000\naws_secret_access_key = ignored\n\
         [middle]\n{keys}"
    ));
    sandbox.config(
        "[profile top]\nrole_arn = arn:aws:iam::222222222222:role/admin\nsource_profile = dev\n\
         [profile above]\nrole_arn = arn:aws:iam::222222222222:role/other\nsource_profile = middle\n\
         [profile middle]\nrole_arn = arn:aws:iam::222222222222:role/closed\nsource_profile = nobody\n",
    );
    sandbox.run(&["process", "top"]).ok();
    assert_eq!(sandbox.aws.calls()[0].access_key_id.as_ref(), Some(&sandbox.access_key_id));
    sandbox.run(&["process", "above"]).ok();
    assert_eq!(sandbox.assumed(), 2);
}

#[test]
fn region_comes_from_option_then_environment_then_profile() {
    let sandbox = Sandbox::empty().in_any_region();
    sandbox.credentials(&format!("[dev]\n{}region = sa-east-1\n", sandbox.key_lines()));
    let write = |region: &str| {
        sandbox
            .config(&format!("[profile prod]\nrole_arn = {ADMIN}\nsource_profile = dev\n{region}"));
    };
    let used = |args: &[&str]| {
        sandbox.run(&[&["process", "prod"], args].concat()).ok();
        sandbox.aws.calls().last().unwrap().region.clone().unwrap()
    };
    sandbox.unset("AWS_REGION");
    write("");
    assert_eq!(used(&[]), "sa-east-1");
    write("region = us-east-2\n");
    assert_eq!(used(&[]), "us-east-2");
    sandbox.set("AWS_DEFAULT_REGION", "eu-north-1");
    assert_eq!(used(&[]), "eu-north-1");
    sandbox.set("AWS_REGION", "ca-central-1");
    assert_eq!(used(&[]), "ca-central-1");
    assert_eq!(used(&["--region", "ap-south-1"]), "ap-south-1");
}

#[test]
fn missing_region_is_error_that_says_how_to_set_one() {
    let sandbox = Sandbox::new();
    sandbox.unset("AWS_REGION");
    let run = sandbox.run(&["process", "prod"]).fails(3).error_form();
    run.says(&["region", "prod", "--region"]);
    sandbox.no_calls();
    // Keys alone need none.
    sandbox.run(&["process", "dev"]).ok();
}

#[test]
fn variables_set_paths_of_shared_files() {
    let sandbox = Sandbox::empty();
    sandbox.file(
        "elsewhere/c1",
        format!("[profile prod]\nrole_arn = {ADMIN}\nsource_profile = dev\n"),
    );
    sandbox.file("elsewhere/c2", format!("[dev]\n{}", sandbox.key_lines()));
    sandbox.run(&["process", "prod"]).fails(3);
    sandbox.set("AWS_CONFIG_FILE", "~/elsewhere/c1");
    sandbox.set("AWS_SHARED_CREDENTIALS_FILE", sandbox.path("elsewhere/c2"));
    sandbox.run(&["process", "prod"]).ok();
}

#[test]
fn run_without_profile_uses_default_chain() {
    let sandbox = Sandbox::empty();
    let run = sandbox.run(&["process"]).fails(3).error_form();
    run.says(&["no credentials", "rolecall setup"]);
    sandbox.config("[default]\nrole_arn = arn:aws:iam::222222222222:role/admin\nsource_profile = dev\n[profile named]\nrole_arn = arn:aws:iam::222222222222:role/other\nsource_profile = dev\n");
    sandbox.keys("dev");
    sandbox.run(&["process"]).ok();
    assert_eq!(sandbox.sent("RoleArn").as_deref(), Some(ADMIN));
    sandbox.set("AWS_DEFAULT_PROFILE", "named");
    sandbox.run(&["process"]).ok();
    assert_eq!(sandbox.sent("RoleArn"), Some(role("other")));
    sandbox.set("AWS_PROFILE", "dev");
    assert_eq!(sandbox.run(&["process"]).ok().key(), sandbox.access_key_id);
    // Keys in the environment beat the profile of the environment, but not a named one.
    sandbox.set("AWS_ACCESS_KEY_ID", "AKIAENVIRONMENT00000");
    sandbox.set("AWS_SECRET_ACCESS_KEY", "SecretOfTheEnvironment");
    sandbox.secret("SecretOfTheEnvironment");
    assert_eq!(sandbox.run(&["process"]).ok().key(), "AKIAENVIRONMENT00000");
    assert_eq!(sandbox.run(&["process", "dev"]).ok().key(), sandbox.access_key_id);
    assert_eq!(sandbox.run(&["process", "-p", "dev"]).ok().key(), sandbox.access_key_id);
}

#[test]
fn unknown_profile_in_aws_profile_is_error_that_names_variable() {
    let sandbox = Sandbox::new();
    sandbox.set("AWS_PROFILE", "nobody");
    sandbox.run(&["process"]).fails(3).error_form().says(&["`nobody`", "AWS_PROFILE"]);
}

#[test]
fn keys_of_environment_are_printed_with_token_and_expiration() {
    let sandbox = Sandbox::empty();
    sandbox.secret("TokenOfTheEnvironment");
    sandbox.keys_in_environment();
    sandbox.set("AWS_SESSION_TOKEN", "TokenOfTheEnvironment");
    sandbox.set("AWS_CREDENTIAL_EXPIRATION", "2031-02-03T04:05:06+00:00");
    let json = sandbox.run(&["process"]).ok().json();
    assert_eq!(json["SessionToken"], "TokenOfTheEnvironment");
    assert_eq!(json["Expiration"], "2031-02-03T04:05:06Z");
}

#[cfg(unix)]
#[test]
fn process_works_with_closed_or_endless_stdin_and_closed_stderr() {
    let sandbox = Sandbox::new();
    sandbox.command(&["process", "prod"]).redirected("<&-").run().ok();
    sandbox.command(&["process", "prod", "--refresh"]).redirected("<&- 2>&-").run().ok().json();
    sandbox
        .command(&["process", "prod", "--refresh"])
        .redirected("<&- 2>/dev/null")
        .run()
        .ok()
        .json();
    // A stdin that never ends is not read.
    let endless = std::fs::File::open("/dev/zero").unwrap();
    sandbox.command(&["process", "prod", "--refresh"]).stdin(endless).run().ok();
}

#[test]
fn role_of_china_partition_is_assumed() {
    let arn = "arn:aws-cn:iam::333333333333:role/worker";
    let sandbox = Sandbox::with_world(|mut world| {
        world.users[0].partition = "aws-cn".to_owned();
        world.sts_region("cn-north-1").role(
            Role::new(arn).trusts(TrustStatement::account(DEV)).policy(Statement::allow("*", "*")),
        )
    });
    sandbox.keys("dev");
    sandbox.config(&format!(
        "[profile cn]\nrole_arn = {arn}\nsource_profile = dev\nregion = cn-north-1\n"
    ));
    sandbox.unset("AWS_REGION");
    let json = sandbox.run(&["process", "cn"]).ok().json();
    assert_eq!(json["AccountId"], "333333333333");
}

#[test]
fn sts_endpoint_comes_from_profile_services_section_or_variable() {
    let sandbox = Sandbox::new();
    let url = sandbox.aws.url().to_owned();
    sandbox.unset("AWS_ENDPOINT_URL_STS");
    let role = "role_arn = arn:aws:iam::222222222222:role/admin\nsource_profile = dev\n";
    sandbox.config(&format!(
        "[profile plain]\n{role}endpoint_url = {url}\n\
         [profile services]\n{role}services = local\nrole_session_name = by-services\n\
         [services local]\nsts =\n  endpoint_url = {url}\n"
    ));
    sandbox.run(&["process", "plain"]).ok();
    sandbox.run(&["process", "services"]).ok();
    sandbox.set("AWS_ENDPOINT_URL", &url);
    sandbox.config(&format!("[profile prod]\n{role}role_session_name = by-variable\n"));
    sandbox.run(&["process", "prod"]).ok();
    assert_eq!(sandbox.assumed(), 3);
}
