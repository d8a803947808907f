//! The bases: environment, instance, container, web identity, processes.

use fake_aws::web_identity_token;

use super::support::{ADMIN, DEV, Fault, Kind, PROD, Role, Sandbox, TrustStatement, role};

const ISSUER: &str = "https://issuer.example";

/// A world in which machines have the role `machine` of the account `DEV`.
fn machines() -> Sandbox {
    let machine = format!("arn:aws:iam::{DEV}:role/machine");
    let sandbox = Sandbox::with_world(|world| {
        let trust = TrustStatement::web_identity(ISSUER).audience("sts.amazonaws.com");
        let own = Role::new(&machine).allow("sts:*", "*").max_session(43_200).trusts(trust);
        world.role(own).instance_role(&machine).container(
            "task",
            &machine,
            Some("Bearer ContainerToken"),
        )
    });
    sandbox.secret("Bearer ContainerToken");
    sandbox
}

fn with_container(sandbox: &Sandbox) {
    let url = format!("{}/v2/credentials/task", sandbox.aws.url());
    sandbox.set("AWS_CONTAINER_CREDENTIALS_FULL_URI", url);
    sandbox.set("AWS_CONTAINER_AUTHORIZATION_TOKEN", "Bearer ContainerToken");
}

fn with_instance(sandbox: &Sandbox) {
    sandbox.unset("AWS_EC2_METADATA_DISABLED");
}

/// Writes a token file for the machine role.
fn with_token(sandbox: &Sandbox) -> String {
    let token = web_identity_token(ISSUER, "pod", "sts.amazonaws.com", sandbox.aws.now() + 3_600);
    sandbox.secret(&token);
    sandbox.file("token", format!("{token}\n")).display().to_string()
}

fn role_from(source: &str) -> String {
    format!("[profile r]\nrole_arn = {ADMIN}\ncredential_source = {source}\n")
}

#[test]
fn credential_source_environment_uses_keys_of_environment() {
    let sandbox = Sandbox::empty();
    for spelling in ["Environment", "environment", "ENVIRONMENT"] {
        sandbox.config(&role_from(spelling));
        sandbox.unset("AWS_ACCESS_KEY_ID");
        sandbox.unset("AWS_SECRET_ACCESS_KEY");
        let run = sandbox.run(&["process", "r", "--no-cache"]).fails(3).error_form();
        run.says(&["`r`", "environment"]);
        sandbox.keys_in_environment();
        assert!(sandbox.run(&["process", "r", "--no-cache"]).ok().key().starts_with("ASIA"));
    }
}

#[test]
fn credential_source_instance_uses_imds_and_session_is_cached() {
    let sandbox = machines();
    sandbox.config(&role_from("Ec2InstanceMetadata"));
    let run = sandbox.run(&["process", "r"]).fails(3).error_form();
    run.says(&["AWS_EC2_METADATA_DISABLED"]);
    sandbox.no_calls();
    with_instance(&sandbox);
    sandbox.run(&["process", "r"]).ok();
    assert_eq!(sandbox.aws.count("ImdsCredentials"), 1);
    assert!(sandbox.aws.world(|world| world.sessions.last().unwrap().chained));
    // The next one needs neither the instance nor STS.
    let calls = sandbox.aws.calls().len();
    sandbox.run(&["process", "r"]).ok();
    assert_eq!(sandbox.aws.calls().len(), calls);
}

#[test]
fn credential_source_container_sends_authorization_token() {
    let sandbox = machines();
    sandbox.config(&role_from("EcsContainer"));
    let run = sandbox.run(&["process", "r"]).fails(3).error_form();
    run.says(&["AWS_CONTAINER_CREDENTIALS_RELATIVE_URI"]);
    with_container(&sandbox);
    sandbox.run(&["process", "r"]).ok();
    assert_eq!(sandbox.aws.count("ContainerCredentials"), 1);
    sandbox.set("AWS_CONTAINER_AUTHORIZATION_TOKEN", "wrong");
    sandbox.run(&["process", "r", "--no-cache"]).fails(1).error_form();
}

#[test]
fn container_authorization_token_is_read_from_file() {
    let sandbox = machines();
    sandbox.config(&role_from("EcsContainer"));
    with_container(&sandbox);
    sandbox.unset("AWS_CONTAINER_AUTHORIZATION_TOKEN");
    let file = sandbox.file("container-token", "Bearer ContainerToken");
    sandbox.set("AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE", file);
    sandbox.run(&["process", "r"]).ok();
}

#[test]
fn default_chain_prefers_web_identity_then_container_then_instance() {
    let sandbox = machines();
    with_instance(&sandbox);
    let instance = sandbox.run(&["process"]).ok();
    assert_eq!(sandbox.aws.count("ImdsCredentials"), 1);
    assert!(instance.field("SessionToken").len() > 100);
    with_container(&sandbox);
    sandbox.run(&["process"]).ok();
    assert_eq!(sandbox.aws.count("ContainerCredentials"), 1);
    assert_eq!(sandbox.aws.count("ImdsCredentials"), 1);
    // Web identity comes before both.
    sandbox.set("AWS_WEB_IDENTITY_TOKEN_FILE", with_token(&sandbox));
    sandbox.set("AWS_ROLE_ARN", format!("arn:aws:iam::{DEV}:role/machine"));
    sandbox.run(&["process"]).ok();
    assert_eq!(sandbox.aws.count("AssumeRoleWithWebIdentity"), 1);
    assert_eq!(sandbox.aws.count("ContainerCredentials"), 1);
}

#[test]
fn default_chain_with_failing_instance_says_no_credentials() {
    let sandbox = machines();
    with_instance(&sandbox);
    sandbox.aws.world(|world| world.metadata.role = None);
    sandbox.set("AWS_METADATA_SERVICE_NUM_ATTEMPTS", "1");
    sandbox.run(&["process"]).fails(1).error_form().says(&["no credentials", "rolecall setup"]);
}

#[test]
fn web_identity_profile_assumes_role_and_serves_as_source() {
    let sandbox = machines();
    let token = with_token(&sandbox);
    let machine = format!("arn:aws:iam::{DEV}:role/machine");
    sandbox.config(&format!(
        "[profile pod]\nrole_arn = {machine}\nweb_identity_token_file = {token}\nrole_session_name = pod-{0}\nduration_seconds = 1800\n\
         [profile far]\nrole_arn = {ADMIN}\nsource_profile = pod\n\
         [profile both]\nrole_arn = {machine}\nweb_identity_token_file = {token}\nsource_profile = nobody\nrole_session_name = both-{0}\n",
        sandbox.id
    ));
    let json = sandbox.run(&["process", "pod"]).ok().json();
    assert_eq!(json["AccountId"], DEV);
    let call = sandbox.aws.calls()[0].clone();
    assert_eq!(call.operation, "AssumeRoleWithWebIdentity");
    assert_eq!(call.access_key_id, None, "this call is not signed");
    assert_eq!(call.param("DurationSeconds"), Some("1800"));
    // As a source it is shared with the profile itself.
    let far = sandbox.run(&["process", "far"]).ok().json();
    assert_eq!(far["AccountId"], PROD);
    assert_eq!((sandbox.aws.count("AssumeRoleWithWebIdentity"), sandbox.assumed()), (1, 1));
    // It beats a source profile.
    sandbox.run(&["process", "both"]).ok();
    assert_eq!(sandbox.aws.count("AssumeRoleWithWebIdentity"), 2);
}

#[test]
fn web_identity_variables_assume_role_and_session_is_cached() {
    let sandbox = machines();
    sandbox.set("AWS_WEB_IDENTITY_TOKEN_FILE", with_token(&sandbox));
    sandbox.run(&["process"]).fails(3).error_form().says(&["AWS_ROLE_ARN"]);
    sandbox.set("AWS_ROLE_ARN", format!("arn:aws:iam::{DEV}:role/machine"));
    sandbox.set("AWS_ROLE_SESSION_NAME", format!("pod-{}", sandbox.id));
    let first = sandbox.run(&["process"]).ok().key();
    let name = sandbox.aws.calls()[0].param("RoleSessionName").unwrap().to_owned();
    assert_eq!(name, format!("pod-{}", sandbox.id));
    assert_eq!(sandbox.run(&["process"]).ok().key(), first);
}

#[test]
fn unusable_web_identity_token_file_is_error() {
    let sandbox = machines();
    let machine = format!("arn:aws:iam::{DEV}:role/machine");
    let config = |path: &str| {
        sandbox.config(&format!(
            "[profile pod]\nrole_arn = {machine}\nweb_identity_token_file = {path}\n"
        ));
    };
    let empty = sandbox.file("empty", "").display().to_string();
    let folder = sandbox.path("").display().to_string();
    let missing = sandbox.path("missing").display().to_string();
    for path in [&empty, &folder, &missing, "/dev/zero"] {
        config(path);
        sandbox.run(&["process", "pod"]).fails(3).error_form().says(&[path]);
    }
    let old = web_identity_token(ISSUER, "pod", "sts.amazonaws.com", sandbox.aws.now() - 60);
    sandbox.secret(&old);
    let old = sandbox.file("old", &old).display().to_string();
    config(&old);
    sandbox.run(&["process", "pod"]).fails(1).error_form().says(&["ExpiredToken"]);
}

/// A process source that gives the sandbox's keys.
#[cfg(unix)]
fn keys_script(sandbox: &Sandbox) -> String {
    let json = format!(
        r#"{{"Version":1,"AccessKeyId":"{}","SecretAccessKey":"{}"}}"#,
        sandbox.access_key_id, sandbox.secret
    );
    sandbox.script("keys", &format!("echo run >> \"$HOME/runs\"\necho '{json}'"))
}

#[cfg(unix)]
#[test]
fn credential_process_gives_keys_and_serves_as_source() {
    let sandbox = Sandbox::empty();
    let script = keys_script(&sandbox);
    sandbox.config(&format!(
        "[profile tool]\ncredential_process = {script}\naws_account_id = {DEV}\n\
         [profile prod]\nrole_arn = {ADMIN}\nsource_profile = tool\n"
    ));
    let json = sandbox.run(&["process", "tool"]).ok().json();
    assert_eq!(json["AccessKeyId"], sandbox.access_key_id.as_str());
    assert_eq!(json["AccountId"], DEV);
    assert!(json.get("SessionToken").is_none() && json.get("Expiration").is_none());
    assert_eq!(sandbox.run(&["process", "prod"]).ok().json()["AccountId"], PROD);
    let runs = || std::fs::read_to_string(sandbox.path("runs")).unwrap().lines().count();
    assert_eq!(runs(), 2);
    sandbox.run(&["process", "prod"]).ok();
    assert_eq!(runs(), 2, "the cached session needs no process");
}

#[cfg(unix)]
#[test]
fn session_of_process_is_cached_and_expired_session_is_error() {
    let sandbox = Sandbox::empty();
    sandbox.secret("TokenOfAProcess");
    let write = |end: i64| {
        let end =
            chrono::DateTime::from_timestamp(sandbox.aws.now() + end, 0).unwrap().to_rfc3339();
        let json = format!(
            r#"{{"Version":1,"AccessKeyId":"ASIAPROCESS","SecretAccessKey":"SecretOfAProcess","SessionToken":"TokenOfAProcess","Expiration":"{end}","AccountId":"{PROD}"}}"#
        );
        sandbox.script("session", &format!("echo run >> \"$HOME/runs\"\necho '{json}'"))
    };
    sandbox.secret("SecretOfAProcess");
    let script = write(3_600);
    sandbox
        .config(&format!("[profile tool]\ncredential_process = {script} 'two words' \"$HOME\"\n"));
    for _ in 0..3 {
        let json = sandbox.run(&["process", "tool"]).ok().json();
        assert_eq!(json["SessionToken"], "TokenOfAProcess");
        assert_eq!(json["AccountId"], PROD);
        assert!(json["Expiration"].as_str().unwrap().ends_with('Z'));
    }
    let runs = || std::fs::read_to_string(sandbox.path("runs")).unwrap().lines().count();
    assert_eq!(runs(), 1);
    write(-5);
    let run = sandbox.run(&["process", "tool", "--no-cache"]).fails(1).error_form();
    run.says(&["`tool`", "expired"]);
}

#[cfg(unix)]
#[test]
fn failing_credential_process_is_error_with_its_stderr() {
    let sandbox = Sandbox::empty();
    let script = sandbox.script("broken", "echo 'the vault is sealed' >&2; exit 7");
    sandbox.config(&format!("[profile tool]\ncredential_process = {script}\n"));
    let run = sandbox.run(&["process", "tool"]).fails(1).error_form();
    run.says(&["config:2", "`tool`", "7", "the vault is sealed"]);
    sandbox.config("[profile tool]\ncredential_process = /no/such/program --x\n");
    sandbox.run(&["process", "tool"]).fails(1).error_form().says(&["config:2", "`tool`"]);
}

#[cfg(unix)]
#[test]
fn invalid_output_of_credential_process_is_error() {
    let sandbox = Sandbox::empty();
    sandbox.secret("SecretInTheWrongPlace");
    for output in [
        "",
        "garbage SecretInTheWrongPlace",
        "[]",
        "{}",
        r#"{"Version":2,"AccessKeyId":"A","SecretAccessKey":"SecretInTheWrongPlace"}"#,
        r#"{"Version":1,"AccessKeyId":"A"}"#,
        r#"{"Version":1,"SecretAccessKey":"SecretInTheWrongPlace"}"#,
        r#"{"Version":1,"AccessKeyId":"A","SecretAccessKey":"SecretInTheWrongPlace","SessionToken":"t","Expiration":"tomorrow"}"#,
        r#"{"Version":1,"AccessKeyId":"A","SecretAccessKey":"SecretInTheWrongPlace""#,
    ] {
        let script = sandbox.script("odd", &format!("cat <<'END'\n{output}\nEND"));
        sandbox.config(&format!("[profile tool]\ncredential_process = {script}\n"));
        sandbox.run(&["process", "tool"]).fails(1).error_form().says(&["config:2", "`tool`"]);
    }
}

// A process is not given the passphrase of the file store, which other systems test with.
#[cfg(target_os = "linux")]
#[test]
fn credential_process_that_runs_rolecall_shares_cached_session() {
    let sandbox = Sandbox::new();
    sandbox.config(&format!(
        "[profile prod]\nrole_arn = {ADMIN}\nsource_profile = dev\n\
         [profile alias]\ncredential_process = rolecall process prod\n"
    ));
    let key = sandbox.run(&["process", "alias"]).ok().key();
    assert_eq!(sandbox.run(&["process", "prod"]).ok().key(), key);
    assert_eq!(sandbox.assumed(), 1);
}

#[test]
fn edited_role_is_used_by_profile_that_runs_rolecall_as_process() {
    let sandbox = Sandbox::new();
    let write = |name: &str| {
        let arn = role(name);
        sandbox.config(&format!(
            "[profile prod]\nrole_arn = {arn}\nsource_profile = dev\n\
             [profile alias]\ncredential_process = rolecall process prod\n"
        ));
    };
    write("admin");
    let before = sandbox.run(&["process", "alias"]).ok().key();
    write("other");
    assert_ne!(sandbox.run(&["process", "alias"]).ok().key(), before);
    assert_eq!(sandbox.sent("RoleArn"), Some(role("other")));
}

#[test]
fn rolecall_uses_prefixed_keys_of_profile_with_credential_process() {
    let sandbox = Sandbox::new();
    sandbox.config(
        "[profile prod]\nregion = eu-west-1\ncredential_process = rolecall process prod\n\
         rolecall_role_arn = arn:aws:iam::222222222222:role/partner\nrolecall_source_profile = dev\n\
         rolecall_external_id = ext-id-5f2a9c\nrolecall_role_session_name = prefixed\nrolecall_duration_seconds = 1800\n\
         [profile onward]\nrole_arn = arn:aws:iam::222222222222:role/next\nsource_profile = prod\n",
    );
    sandbox.run(&["process", "prod"]).ok();
    for (name, value) in [
        ("ExternalId", "ext-id-5f2a9c"),
        ("RoleSessionName", "prefixed"),
        ("DurationSeconds", "1800"),
    ] {
        assert_eq!(sandbox.sent(name).as_deref(), Some(value));
    }
    sandbox.run(&["process", "onward"]).ok();
    assert_eq!(sandbox.assumed(), 2);
}

#[test]
fn prefixed_key_overrides_plain_key() {
    let sandbox = Sandbox::new();
    sandbox.config(
        "[profile prod]\nrole_arn = arn:aws:iam::222222222222:role/closed\nrolecall_role_arn = arn:aws:iam::222222222222:role/other\n\
         source_profile = nobody\nrolecall_source_profile = dev\nrole_session_name = plain\nrolecall_role_session_name = prefixed\n",
    );
    sandbox.run(&["process", "prod"]).ok();
    assert_eq!(sandbox.sent("RoleArn"), Some(role("other")));
    assert_eq!(sandbox.sent("RoleSessionName").as_deref(), Some("prefixed"));
}

#[test]
fn failed_request_to_container_endpoint_is_retried() {
    let sandbox = machines();
    with_container(&sandbox);
    sandbox.config(&role_from("EcsContainer"));
    sandbox.aws.inject(Fault::once("ContainerCredentials", Kind::Status(503, "{}".to_owned())));
    sandbox.run(&["process", "r"]).ok();
    assert_eq!(sandbox.aws.count("ContainerCredentials"), 2);
}
