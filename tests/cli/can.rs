//! `rolecall can`: what IAM's simulator says of a profile's role or user.

use serde_json::{Value, json};

use super::support::{DEV, PROD, Role, Run, Sandbox, Statement, TrustStatement, role};

const BUCKET: &str = "arn:aws:s3:::tales/one";

/// A role `reader`, which may simulate its own policies, and a profile of it.
fn sandbox(statements: &[Statement]) -> Sandbox {
    let sandbox = Sandbox::new();
    let reader = Role::new(&role("team/reader")).trusts(TrustStatement::account(DEV).tag_session());
    let reader = reader.allow("iam:Simulate*", "*").allow("sts:*", "*");
    let reader = statements.iter().cloned().fold(reader, Role::policy);
    sandbox.aws.world(|world| world.roles.push(reader));
    sandbox.config(&format!(
        "[profile reader]\nrole_arn = {}\nsource_profile = dev\n\
         [profile prod]\nrole_arn = {}\nsource_profile = dev\n",
        role("team/reader"),
        role("admin")
    ));
    sandbox
}

/// The result about an action.
#[track_caller]
fn result(run: &Run, action: &str) -> Value {
    let json = run.json();
    let results = json["results"].as_array().unwrap();
    let found = results.iter().find(|result| result["action"] == action);
    found.unwrap_or_else(|| panic!("nothing about {action}: {run:#?}")).clone()
}

/// The value of a condition key that was sent last, with its type.
fn sent(sandbox: &Sandbox, key: &str) -> Option<(String, String)> {
    let value = |name: &str| sandbox.sent_to("SimulatePrincipalPolicy", name);
    let member = (1..)
        .map(|place| format!("ContextEntries.member.{place}"))
        .take_while(|member| value(&format!("{member}.ContextKeyName")).is_some())
        .find(|member| value(&format!("{member}.ContextKeyName")).as_deref() == Some(key))?;
    Some((
        value(&format!("{member}.ContextKeyValues.member.1"))?,
        value(&format!("{member}.ContextKeyType"))?,
    ))
}

#[test]
fn table_shows_what_is_allowed_and_which_statement_denies() {
    let sandbox = sandbox(&[
        Statement::allow("s3:*", "arn:aws:s3:::tales/*"),
        Statement::deny("s3:DeleteObject", "*"),
    ]);
    let run = sandbox.run(&["can", "reader", "s3:GetObject", "--resource", BUCKET]).ok().silent();
    let lines: Vec<&str> = run.stdout.lines().collect();
    assert!(lines[0].starts_with("ACTION"), "{run:#?}");
    assert!(lines[1].contains("allowed") && lines[1].contains("by role_policy (role)"), "{run:#?}");
    for text in
        [&role("team/reader"), "aws:RequestedRegion=eu-west-1", "Not covered: resource policies"]
    {
        assert!(run.stdout.contains(text), "{text}: {run:#?}");
    }
    let args = ["can", "reader", "s3:GetObject", "s3:DeleteObject", "ec2:RunInstances"];
    let run = sandbox.run(&[&args[..], &["--resource", BUCKET]].concat()).fails(1).silent();
    let line = |action: &str| run.stdout.lines().find(|line| line.starts_with(action)).unwrap();
    assert!(line("s3:GetObject").contains("allowed"), "{run:#?}");
    assert!(line("s3:DeleteObject").contains("denied"), "{run:#?}");
    assert!(line("s3:DeleteObject").contains("by role_policy (role), lines 18-22"), "{run:#?}");
    assert!(line("ec2:RunInstances").contains("no statement allows it"), "{run:#?}");
}

#[test]
fn json_has_decision_statement_and_context_of_each_action_and_resource() {
    let sandbox = sandbox(&[Statement::allow("s3:GetObject", BUCKET)]);
    let other = "arn:aws:s3:::other/one";
    let args =
        ["can", "reader", "s3:GetObject", "--json", "--resource", BUCKET, "--resource", other];
    let json = sandbox.run(&args).fails(1).silent().json();
    assert_eq!(json["principal"], role("team/reader"));
    assert_eq!((&json["profile"], &json["asked_as"]), (&json!("reader"), &Value::Null));
    let results = json["results"].as_array().unwrap();
    assert_eq!(results.len(), 2);
    assert_eq!(
        (&results[0]["resource"], &results[0]["decision"]),
        (&json!(BUCKET), &json!("allowed"))
    );
    assert_eq!(
        results[0]["statements"][0],
        json!({"policy": "role_policy", "type": "role", "lines": [13, 17]})
    );
    assert_eq!(
        (&results[1]["resource"], &results[1]["decision"]),
        (&json!(other), &json!("implicit_deny"))
    );
    assert_eq!(json["context"]["aws:MultiFactorAuthPresent"], json!(["false"]));
    assert!(json["not_covered"].as_array().unwrap().len() >= 2);
}

#[test]
fn known_condition_keys_are_given() {
    let sandbox = sandbox(&[
        Statement::allow("ec2:*", "*").only_if("aws:RequestedRegion", "eu-west-1"),
        Statement::allow("s3:*", "*").only_if("aws:PrincipalTag/team", "shop"),
    ]);
    let args = ["can", "reader", "ec2:RunInstances", "s3:GetObject", "--tag", "team=shop"];
    sandbox.run(&args).ok().silent();
    for (key, value, of_type) in [
        ("aws:RequestedRegion", "eu-west-1", "string"),
        ("aws:PrincipalTag/team", "shop", "string"),
        ("aws:PrincipalArn", &role("team/reader"), "string"),
        ("aws:PrincipalAccount", PROD, "string"),
        ("aws:SecureTransport", "true", "boolean"),
        ("aws:MultiFactorAuthPresent", "false", "boolean"),
    ] {
        assert_eq!(sent(&sandbox, key), Some((value.to_owned(), of_type.to_owned())), "{key}");
    }
    let user_id = sent(&sandbox, "aws:userid").unwrap().0;
    assert!(user_id.starts_with("AROA") && user_id.contains(":bob-"), "{user_id}");
}

#[test]
fn answer_that_depends_on_unknown_key_is_not_decided_until_it_is_given() {
    let sandbox =
        sandbox(&[Statement::allow("s3:GetObject", "*").only_if("aws:SourceVpc", "vpc-1")]);
    let ask =
        |more: &[&str]| sandbox.run(&[&["can", "reader", "s3:GetObject", "--json"], more].concat());
    let run = ask(&[]).fails(1);
    let one = result(&run, "s3:GetObject");
    assert_eq!(
        (&one["decision"], &one["missing_context"]),
        (&json!("not_decided"), &json!(["aws:SourceVpc"]))
    );
    assert_eq!(run.json()["missing_context"], json!(["aws:SourceVpc"]));
    let run = sandbox.run(&["can", "reader", "s3:GetObject"]).fails(1);
    assert!(run.stdout.contains("Not known, and asked for by policies: aws:SourceVpc"), "{run:#?}");
    ask(&["--context", "aws:SourceVpc=vpc-1"]).ok();
    assert_eq!(
        result(&ask(&["--context", "aws:sourcevpc=vpc-2"]).fails(1), "s3:GetObject")["decision"],
        "implicit_deny"
    );
    // What is typed takes the place of what is known, and may have several values.
    ask(&["--context", "aws:RequestedRegion=us-east-1", "--context", "aws:RequestedRegion=x"])
        .fails(1);
    assert_eq!(sent(&sandbox, "aws:RequestedRegion").unwrap().1, "stringList");
}

#[test]
fn every_page_of_the_answer_is_read() {
    let sandbox = sandbox(&[Statement::allow("s3:*", "*")]);
    sandbox.aws.world(|world| world.simulated_at_once = Some(2));
    let actions =
        ["s3:GetObject", "s3:PutObject", "s3:ListBucket", "s3:GetBucketAcl", "ec2:RunInstances"];
    let run = sandbox.run(&[&["can", "reader", "--json"], &actions[..]].concat()).fails(1);
    assert_eq!(run.json()["results"].as_array().unwrap().len(), 5);
    assert_eq!(result(&run, "ec2:RunInstances")["decision"], "implicit_deny");
    assert_eq!(sandbox.aws.count("SimulatePrincipalPolicy"), 3);
}

#[test]
fn denied_simulation_prints_the_statement_and_another_profile_may_ask() {
    let sandbox = sandbox(&[]);
    sandbox.aws.world(|world| {
        let reader = world.roles.iter_mut().find(|role| role.arn.ends_with("reader")).unwrap();
        reader.policies.clear();
    });
    let run = sandbox.run(&["can", "reader", "s3:GetObject"]).fails(1).error_form();
    assert_eq!(run.stdout, "");
    let statement = format!(
        r#"{{"Effect":"Allow","Action":"iam:SimulatePrincipalPolicy","Resource":"{}"}}"#,
        role("team/reader")
    );
    run.says(&["cause: AccessDenied: ", &statement, "the rights of another profile (--as)"]);
    let before = sandbox.assumed();
    let run = sandbox.run(&["can", "reader", "s3:GetObject", "--as", "prod", "--json"]).fails(1);
    assert_eq!(run.json()["asked_as"], "prod");
    assert_eq!(run.json()["principal"], role("team/reader"));
    // Only who asks needs a session.
    assert_eq!(sandbox.assumed(), before + 1);
    assert_eq!(sandbox.sent("RoleArn").unwrap(), role("admin"));
}

#[test]
fn user_is_asked_about_by_its_own_keys() {
    let sandbox = sandbox(&[]);
    let allow = Statement::allow("iam:SimulatePrincipalPolicy", "*");
    let guarded =
        Statement::allow("s3:GetObject", "*").only_if("aws:MultiFactorAuthPresent", "true");
    sandbox.aws.world(|world| world.users[0].policies.extend([allow, guarded]));
    let run = sandbox.run(&["can", "dev", "sts:AssumeRole", "s3:GetObject", "--json"]).fails(1);
    assert_eq!(run.json()["principal"], format!("arn:aws:iam::{DEV}:user/bob"));
    assert_eq!(result(&run, "sts:AssumeRole")["decision"], "allowed");
    // Calls with these keys have no such key, which is no open question.
    assert_eq!(result(&run, "s3:GetObject")["decision"], "implicit_deny");
    assert_eq!(run.json()["missing_context"], json!([]));
    assert_eq!(sent(&sandbox, "aws:username").unwrap().0, "bob");
    let covered = run.json()["not_covered"].to_string();
    assert!(covered.contains("trust policies"), "{covered}");
}

#[test]
fn path_of_role_behind_a_session_is_asked_for() {
    let sandbox = sandbox(&[Statement::allow("iam:GetRole", "*")]);
    let session = sandbox.run(&["process", "reader"]).ok();
    for (name, field) in [
        ("AWS_ACCESS_KEY_ID", "AccessKeyId"),
        ("AWS_SECRET_ACCESS_KEY", "SecretAccessKey"),
        ("AWS_SESSION_TOKEN", "SessionToken"),
    ] {
        sandbox.set(name, session.field(field));
    }
    let json = sandbox.run(&["can", "iam:GetRole", "--json"]).ok().json();
    assert_eq!(json["principal"], role("team/reader"));
    // Without the right to ask for it, it is tried without a path.
    sandbox.aws.world(|world| {
        let reader = world.roles.iter_mut().find(|role| role.arn.ends_with("reader")).unwrap();
        reader.policies.retain(|statement| statement.actions != ["iam:GetRole"]);
    });
    let run = sandbox.run(&["can", "iam:GetRole"]).fails(1).error_form();
    run.says(&["NoSuchEntity", "or it has a path"]);
}

#[test]
fn session_policies_are_simulated_apart_and_intersected() {
    let sandbox =
        sandbox(&[Statement::allow("s3:*", "*"), Statement::allow("iam:GetPolicy*", "*")]);
    let ask = |more: &[&str]| {
        let args = ["can", "reader", "--json", "s3:GetObject", "s3:PutObject", "ec2:RunInstances"];
        sandbox.run(&[&args[..], more].concat()).fails(1)
    };
    let policy = r#"{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":["s3:GetObject","ec2:*"],"Resource":"*"}]}"#;
    let run = ask(&["--policy", policy]);
    assert_eq!(result(&run, "s3:GetObject")["decision"], "allowed");
    let put = result(&run, "s3:PutObject");
    assert_eq!(put["decision"], "implicit_deny");
    assert_eq!(put["reason"], "the session policies do not allow it");
    assert_eq!(result(&run, "ec2:RunInstances")["reason"], "no statement allows it");

    for more in [&["--read-only"][..], &["--read-only", "--as", "prod"]] {
        let run = ask(more);
        assert_eq!(result(&run, "s3:GetObject")["decision"], "allowed");
        assert_eq!(result(&run, "s3:PutObject")["decision"], "implicit_deny");
    }
    sandbox.aws.world(|world| world.managed_policies.clear());
    let run = ask(&["--read-only", "--as", "prod"]);
    assert_eq!(result(&run, "s3:GetObject")["decision"], "not_decided");
    assert!(run.json()["not_covered"].to_string().contains("session policies ("), "{run:#?}");
}

#[test]
fn boundary_and_organization_are_named() {
    let sandbox = sandbox(&[Statement::allow("*", "*")]);
    sandbox.aws.world(|world| {
        let reader = world.roles.iter_mut().find(|role| role.arn.ends_with("reader")).unwrap();
        reader.boundary = Some(vec![Statement::allow("s3:*", "*"), Statement::allow("ec2:*", "*")]);
        let control = vec![Statement::allow("s3:*", "*"), Statement::allow("sqs:*", "*")];
        world.control_policies.insert(PROD.to_owned(), control);
    });
    let run = sandbox.run(&[
        "can",
        "reader",
        "--json",
        "s3:GetObject",
        "sqs:SendMessage",
        "ec2:RunInstances",
    ]);
    assert_eq!(result(&run, "s3:GetObject")["decision"], "allowed");
    assert_eq!(
        result(&run, "sqs:SendMessage")["reason"],
        "the permissions boundary does not allow it"
    );
    assert_eq!(result(&run, "ec2:RunInstances")["reason"], "no service control policy allows it");
}

#[test]
fn words_with_colon_are_actions_and_profile_may_be_an_option() {
    let sandbox = sandbox(&[Statement::allow("s3:*", "*")]);
    sandbox.set("AWS_PROFILE", "reader");
    sandbox.run(&["can", "s3:GetObject"]).ok();
    sandbox.run(&["can", "-p", "reader", "s3:GetObject", "s3:PutObject"]).ok();
    sandbox.run(&["can", "reader", "s3:GetObject", "--region", "eu-west-1"]).ok();
    for (args, says) in [
        (&["can", "reader"][..], "no action is named"),
        (&["can", "reader", "s3:*"], "AWS simulates no wildcards"),
        (&["can", "reader", "s3:GetObject", "bucket"], "`bucket`: it is no action"),
        (&["can", "reader", "s3:GetObject", "--context", "x"], "a condition key has the form"),
    ] {
        let run = sandbox.run(args).fails(2);
        assert_eq!(run.stdout, "");
        run.says(&[says]);
    }
}
