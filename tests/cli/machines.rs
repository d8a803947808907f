//! What the machine's own endpoints and the files beside them say: ends that are none, tokens that
//! cannot be sent, and whose they are.

use fake_aws::web_identity_token;
use serde_json::{Value, json};

use super::support::{
    ADMIN, DEV, Fault, Kind, PROD, Role, Run, Sandbox, TrustStatement, iso, make_pipe,
};

const MACHINE: &str = "arn:aws:iam::111111111111:role/machine";
const TOKEN_FILE: &str = "AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE";
const HOURS: i64 = 3_600;

/// A container or an instance that has the role `machine`, and a profile with a role from it.
struct Machine {
    sandbox: Sandbox,
    operation: &'static str,
}

/// A container whose endpoint takes every token.
fn container() -> Machine {
    let sandbox =
        Sandbox::with_world(|world| world.role(machine()).container("task", MACHINE, None));
    let url = format!("{}/v2/credentials/task", sandbox.aws.url());
    sandbox.set("AWS_CONTAINER_CREDENTIALS_FULL_URI", url);
    sandbox
        .config(&format!("[profile prod]\nrole_arn = {ADMIN}\ncredential_source = EcsContainer\n"));
    Machine { sandbox, operation: "ContainerCredentials" }
}

fn instance() -> Machine {
    let sandbox = Sandbox::with_world(|world| world.role(machine()).instance_role(MACHINE));
    sandbox.unset("AWS_EC2_METADATA_DISABLED");
    sandbox.config(&format!(
        "[profile prod]\nrole_arn = {ADMIN}\ncredential_source = Ec2InstanceMetadata\n"
    ));
    Machine { sandbox, operation: "ImdsCredentials" }
}

fn machine() -> Role {
    Role::new(MACHINE).allow("sts:*", "*").trusts(TrustStatement::account(DEV))
}

impl Machine {
    /// Lets the endpoint answer with an end, or with none.
    fn ends(&self, end: Option<&Value>) {
        self.sandbox.secret("SecretOfTheMachine");
        self.sandbox.secret("TokenOfTheMachine");
        let mut answer = json!({"Code": "Success", "AccessKeyId": "ASIAMACHINE",
            "SecretAccessKey": "SecretOfTheMachine", "Token": "TokenOfTheMachine"});
        if let Some(end) = end {
            answer["Expiration"] = end.clone();
        }
        self.sandbox.aws.clear_faults();
        let kind = Kind::Status(200, answer.to_string());
        self.sandbox.aws.inject(Fault::always(self.operation, kind));
    }

    fn run(&self, line: &str) -> Run {
        self.sandbox.run(&line.split(' ').collect::<Vec<_>>())
    }
}

#[test]
fn end_of_a_container_that_is_none_or_past_hands_out_nothing() {
    hands_out_nothing(&container());
}

#[test]
fn end_of_an_instance_that_is_none_or_past_hands_out_nothing() {
    hands_out_nothing(&instance());
}

fn hands_out_nothing(machine: &Machine) {
    let now = machine.sandbox.aws.now();
    for end in [
        Some(json!("0000-01-01T00:00:00Z")),
        Some(json!("0001-01-01T00:00:00Z")),
        Some(json!("1969-12-31T23:59:59Z")),
        Some(json!("1970-01-01T00:00:00Z")),
        Some(json!(iso(now - 1))),
        Some(json!("10000-01-01T00:00:00Z")),
        Some(json!("+262142-12-31T23:59:59Z")),
        Some(json!("soon")),
        Some(json!("")),
        Some(json!(1_893_456_000)),
        Some(json!(null)),
        None,
    ] {
        machine.ends(end.as_ref());
        let lines = ["process", "process prod", "env --shell sh", "exec -- true"];
        let start = |line: &&str| {
            let words: Vec<&str> = line.split(' ').collect();
            machine.sandbox.command(&words).start()
        };
        // The SDK asks again where it cannot read an answer.
        let all: Vec<_> = lines.iter().map(start).collect();
        for running in all {
            let run = running.finish().fails(1).error_form();

            assert!(!run.stdout.contains("ASIAMACHINE"), "{end:?}: {run:#?}");
        }
    }
    assert_eq!(machine.sandbox.assumed(), 0, "what has ended signs nothing");
}

#[test]
fn end_that_is_past_is_shown_as_it_is() {
    for machine in [container(), instance()] {
        machine.ends(Some(&json!("2001-02-03T04:05:06Z")));
        machine.run("process").fails(1).says(&["expired at 2001-02-03T04:05:06Z"]);
        machine.run("process prod").fails(1).says(&["expired at 2001-02-03T04:05:06Z"]);
        machine.run("whoami").fails(1).says(&["expired at 2001-02-03T04:05:06Z"]);
    }
}

#[test]
fn end_to_come_is_handed_on() {
    for machine in [container(), instance()] {
        let end = iso(machine.sandbox.aws.now() + 2 * HOURS);
        machine.ends(Some(&json!(end)));
        assert_eq!(machine.run("process").ok().field("Expiration"), end);
        machine.ends(Some(&json!(end.replace('Z', ".750Z"))));
        assert_eq!(machine.run("process").ok().field("Expiration"), end);
        // Of the SDKs some read an offset and some do not; what is read is the same instant.
        machine.ends(Some(&json!(end.replace('Z', "+00:00"))));
        let run = machine.run("process");
        match run.code {
            0 => assert_eq!(run.field("Expiration"), end),
            _ => drop(run.fails(1).error_form().says(&["Expiration"])),
        }
    }
}

#[test]
fn answer_of_sts_with_an_end_that_is_none_or_past_hands_out_nothing() {
    let sandbox = Sandbox::new();
    sandbox.set("AWS_MAX_ATTEMPTS", "1");
    sandbox.secret("SecretOfSts");
    for end in [
        "<Expiration>0000-01-01T00:00:00Z</Expiration>",
        "<Expiration>0001-01-01T00:00:00Z</Expiration>",
        "<Expiration>1969-12-31T23:59:59Z</Expiration>",
        "<Expiration>2001-02-03T04:05:06Z</Expiration>",
        "<Expiration>10000-01-01T00:00:00Z</Expiration>",
        "<Expiration>soon</Expiration>",
        "<Expiration>1893456000</Expiration>",
        "<Expiration/>",
        "",
    ] {
        let body = format!(
            "<AssumeRoleResponse xmlns=\"https://sts.amazonaws.com/doc/2011-06-15/\">\
             <AssumeRoleResult><Credentials><AccessKeyId>ASIASTS</AccessKeyId>\
             <SecretAccessKey>SecretOfSts</SecretAccessKey><SessionToken>TokenOfSts</SessionToken>\
             {end}</Credentials></AssumeRoleResult></AssumeRoleResponse>"
        );
        sandbox.aws.clear_faults();
        sandbox.aws.inject(Fault::always("AssumeRole", Kind::Status(200, body)));
        for args in [&["process", "prod"][..], &["env", "prod"], &["exec", "prod", "--", "true"]] {
            sandbox.run(args).fails(1).error_form();
        }
    }
    sandbox.aws.clear_faults();
    assert_ne!(sandbox.run(&["process", "prod"]).ok().key(), "ASIASTS", "none of it was kept");
}

#[test]
fn token_file_that_cannot_be_sent_is_error_that_names_it() {
    let Machine { sandbox, .. } = container();
    let path = sandbox.path("container-token");
    sandbox.set(TOKEN_FILE, &path);
    let write = |text: &[u8]| drop(sandbox.file("container-token", text));
    sandbox.secret("SecretToken");
    for (text, why) in [
        (&b""[..], "is empty"),
        (b"SecretToken\n", "line break"),
        (b"SecretToken\r\nX-Evil: yes", "line break"),
        (b"Secret\rToken", "line break"),
        (b"SecretToken\0", "no HTTP header can carry"),
        (b"SecretToken\xff", "is not text"),
        (&[b'a'; 20_001], "is too long"),
    ] {
        write(text);
        for profile in ["", "prod"] {
            let args: Vec<&str> =
                ["process", profile].into_iter().filter(|a| !a.is_empty()).collect();
            let run = sandbox.run(&args).fails(3).error_form();
            run.says(&[path.to_str().unwrap(), why, TOKEN_FILE]);
        }
    }
    std::fs::remove_file(&path).unwrap();
    sandbox.run(&["process"]).fails(3).error_form().says(&[path.to_str().unwrap(), "No such file"]);
    // Nobody writes into it.
    make_pipe(&path);
    sandbox.run(&["process"]).fails(3).error_form().says(&["is a pipe"]);
    sandbox.run(&["process", "prod"]).fails(3).error_form().says(&["is a pipe"]);
    sandbox.set(TOKEN_FILE, "/dev/zero");
    sandbox.run(&["process"]).fails(3).error_form().says(&["/dev/zero"]);
    sandbox.set(TOKEN_FILE, sandbox.path(""));
    sandbox.run(&["process"]).fails(3).error_form().says(&["is a folder"]);
    sandbox.unset(TOKEN_FILE);
    sandbox.set("AWS_CONTAINER_AUTHORIZATION_TOKEN", "SecretToken\nX-Evil: yes");
    let run = sandbox.run(&["process"]).fails(3).error_form();
    run.says(&["AWS_CONTAINER_AUTHORIZATION_TOKEN", "line break"]);
    sandbox.no_calls();
}

#[test]
fn token_is_sent_as_it_stands() {
    let Machine { sandbox, .. } = container();
    sandbox.set(TOKEN_FILE, sandbox.file("container-token", " Bearer with blanks "));
    sandbox.run(&["process"]).ok();
    let calls = sandbox.aws.calls();
    assert_eq!(calls[0].header("authorization").map(str::trim), Some("Bearer with blanks"));
}

#[test]
fn role_of_another_container_token_is_not_shared() {
    const EKS: &str = "https://eks";
    let Machine { sandbox, .. } = container();
    let token = |issuer: &str, subject: &str, audience: &str, hours: i64| {
        web_identity_token(issuer, subject, audience, sandbox.aws.now() + hours * HOURS)
    };
    let key = |token: &str| {
        sandbox.set(TOKEN_FILE, sandbox.file("container-token", token));
        sandbox.run(&["process", "prod"]).ok().key()
    };
    let first = key(&token(EKS, "pod", "pods.eks", 1));
    assert_eq!(key(&token(EKS, "pod", "pods.eks", 2)), first, "the token was renewed");
    let others = [
        token(EKS, "other", "pods.eks", 1),
        token("https://other", "pod", "pods.eks", 1),
        token(EKS, "pod", "other", 1),
        "opaque".to_owned(),
        "opaque2".to_owned(),
    ];
    let mut keys: std::collections::BTreeSet<String> = others.iter().map(|t| key(t)).collect();
    assert!(keys.insert(first.clone()));
    assert_eq!(keys.len(), others.len() + 1);
    // A variable is no other than a file.
    sandbox.unset(TOKEN_FILE);
    sandbox.set("AWS_CONTAINER_AUTHORIZATION_TOKEN", token(EKS, "pod", "pods.eks", 3));
    assert_eq!(sandbox.run(&["process", "prod"]).ok().key(), first);
    // Without the token there is no session.
    sandbox.unset("AWS_CONTAINER_AUTHORIZATION_TOKEN");
    assert!(keys.insert(sandbox.run(&["process", "prod"]).ok().key()));
    sandbox.set(TOKEN_FILE, sandbox.path("nowhere"));
    sandbox.run(&["process", "prod"]).fails(3).error_form();
}

#[test]
fn role_of_a_token_that_differs_in_one_claim_is_not_shared() {
    const ISSUERS: [&str; 2] = ["https://one", "https://two"];
    let sandbox = Sandbox::with_world(|world| {
        let trust = |role: Role, issuer: &&str| role.trusts(TrustStatement::web_identity(issuer));
        world.role(ISSUERS.iter().fold(machine(), trust))
    });
    sandbox.config(&format!(
        "[profile pod]\nrole_arn = {MACHINE}\nweb_identity_token_file = {0}\nrole_session_name = pod\n\
         [profile prod]\nrole_arn = {ADMIN}\nsource_profile = pod\n",
        sandbox.path("token").display()
    ));
    sandbox.set("AWS_ROLE_ARN", MACHINE);
    sandbox.set("AWS_WEB_IDENTITY_TOKEN_FILE", sandbox.path("token"));
    for args in [&["process", "pod"][..], &["process", "prod"], &["process"]] {
        let mut keys = std::collections::BTreeSet::new();
        for (issuer, subject, audience) in [
            (ISSUERS[0], "pod", "sts"),
            (ISSUERS[0], "other", "sts"),
            (ISSUERS[1], "pod", "sts"),
            (ISSUERS[0], "pod", "sts2"),
        ] {
            let write = |hours: i64| {
                let end = sandbox.aws.now() + hours * HOURS;
                sandbox.file("token", web_identity_token(issuer, subject, audience, end));
            };
            write(1);
            let key = sandbox.run(args).ok().key();
            write(2);
            assert_eq!(sandbox.run(args).ok().key(), key, "the token was renewed");
            keys.insert(key);
        }
        assert_eq!(keys.len(), 4, "{args:?}");
    }
    assert_eq!(sandbox.run(&["process", "prod"]).ok().field("AccountId"), PROD);
}
