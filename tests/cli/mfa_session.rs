//! One code for all roles of an identity: the session with MFA that goes first, who shares it, and
//! where there is none.

use super::support::{
    ADMIN, BOB_MFA, DEV, EXTERNAL_ID, Fault, Kind, PROD, Role, Run, Sandbox, Statement,
    TrustStatement, role,
};

/// Roles that demand MFA, and a process that gives codes and counts its runs.
fn guarded() -> Sandbox {
    prepared(|statement| statement)
}

fn prepared(change: impl Fn(Statement) -> Statement) -> Sandbox {
    let demanding = |name: &str| {
        let role = Role::new(&role(name)).trusts(TrustStatement::account(DEV).mfa());
        role.allow("*", "*").max_session(43_200)
    };
    let sandbox = Sandbox::with_world(|mut world| {
        world.users[0].policies.push(change(Statement::allow("iam:*", "*")));
        ["a", "b", "c"].into_iter().fold(world, |world, name| world.role(demanding(name)))
    });
    sandbox.keys("dev");
    sandbox.file("code", code(&sandbox));
    sandbox.script("code", "echo run >> \"$HOME/runs\"; cat \"$HOME/code\"");
    sandbox
}

fn code(sandbox: &Sandbox) -> String {
    sandbox.aws.mfa_code(DEV, "bob")
}

/// A profile of a guarded role.
fn profile(sandbox: &Sandbox, name: &str, more: &str) -> String {
    let process = sandbox.path("bin/code");
    format!(
        "[profile {name}]\nrole_arn = {}\nsource_profile = dev\nmfa_serial = {BOB_MFA}\nmfa_process = {}\n{more}\n",
        role(name),
        process.display()
    )
}

fn three(sandbox: &Sandbox) {
    let all: String = ["a", "b", "c"].iter().map(|name| profile(sandbox, name, "")).collect();
    sandbox.config(&all);
}

/// How often a code was asked for.
fn questions(sandbox: &Sandbox) -> usize {
    std::fs::read_to_string(sandbox.path("runs")).map_or(0, |runs| runs.lines().count())
}

fn sessions(sandbox: &Sandbox) -> usize {
    sandbox.aws.count("GetSessionToken")
}

#[test]
fn one_code_serves_all_roles() {
    let sandbox = guarded();
    three(&sandbox);
    for name in ["a", "b", "c"] {
        sandbox.command(&["process", name]).without_terminal().run().ok().silent();
    }
    assert_eq!((questions(&sandbox), sessions(&sandbox), sandbox.assumed()), (1, 1, 3));
    assert_eq!(sandbox.sent_to("GetSessionToken", "DurationSeconds").as_deref(), Some("43200"));
    assert_eq!(sandbox.sent("SerialNumber"), None);
}

#[test]
fn roles_with_other_region_or_duration_share_session() {
    let sandbox = guarded().in_any_region();
    three(&sandbox);
    sandbox.run(&["process", "a", "--region", "us-east-1"]).ok();
    sandbox.run(&["process", "b", "--region", "eu-west-1", "--duration", "30m"]).ok();
    assert_eq!(sandbox.sent("DurationSeconds").as_deref(), Some("1800"));
    assert_eq!((questions(&sandbox), sessions(&sandbox)), (1, 1));
}

#[test]
fn role_chain_shares_session() {
    let sandbox = guarded();
    let next = format!(
        "[profile next]\nrole_arn = {}\nsource_profile = b\nmfa_serial = {BOB_MFA}\n",
        role("next")
    );
    sandbox.config(&(profile(&sandbox, "a", "") + &profile(&sandbox, "b", "") + &next));
    sandbox.run(&["process", "next"]).ok();
    sandbox.run(&["process", "a"]).ok();
    assert_eq!((questions(&sandbox), sessions(&sandbox), sandbox.assumed()), (1, 1, 3));
    // No call of a role's session carries a code, which AWS would refuse.
    assert_eq!(sandbox.sent("SerialNumber"), None);
}

#[test]
fn expired_session_asks_for_new_code() {
    let sandbox = guarded();
    three(&sandbox);
    sandbox.run(&["process", "a"]).ok();
    sandbox.aws.set_clock_offset(13 * 3_600);
    sandbox.file("code", code(&sandbox));
    sandbox.command(&["process", "b"]).clock_off_by(13 * 3_600).run().ok();
    assert_eq!((questions(&sandbox), sessions(&sandbox)), (2, 2));
}

#[test]
fn other_long_term_keys_get_their_own_session() {
    let sandbox = guarded();
    three(&sandbox);
    sandbox.run(&["process", "a"]).ok();
    sandbox.aws.world(|world| world.users[0].keys[0].id = format!("AKIB{}", sandbox.id));
    sandbox.credentials(&format!(
        "[dev]\naws_access_key_id = AKIB{}\naws_secret_access_key = {}\n",
        sandbox.id, sandbox.secret
    ));
    sandbox.file("code", code(&sandbox));
    sandbox.run(&["process", "b"]).ok();
    assert_eq!(sessions(&sandbox), 2);
}

/// Runs twice; both roles ask, and their own calls carry the code.
#[track_caller]
fn asks_for_each(sandbox: &Sandbox, args: &[&str]) {
    for name in ["a", "b"] {
        sandbox.file("code", code(sandbox));
        sandbox.run(&[&["process", name], args].concat()).ok();
        assert_eq!(sandbox.sent("SerialNumber").as_deref(), Some(BOB_MFA));
    }
    assert_eq!((questions(sandbox), sessions(sandbox), sandbox.assumed()), (2, 0, 2));
}

#[test]
fn no_mfa_session_sends_code_with_each_role() {
    let sandbox = guarded();
    three(&sandbox);
    asks_for_each(&sandbox, &["--no-mfa-session"]);
}

#[test]
fn run_without_cache_sends_code_with_each_role() {
    for args in [&["--no-cache"][..], &["--store", "none"]] {
        let sandbox = guarded();
        three(&sandbox);
        asks_for_each(&sandbox, args);
    }
    let sandbox = guarded();
    sandbox.set("ROLECALL_STORE", "none");
    three(&sandbox);
    asks_for_each(&sandbox, &[]);
}

#[test]
fn setting_or_profile_sets_session_duration() {
    let sandbox = guarded();
    three(&sandbox);
    sandbox.file("xdg/config/rolecall/settings.ini", "mfa_session_duration = 0\n");
    asks_for_each(&sandbox, &[]);
    sandbox.file("xdg/config/rolecall/settings.ini", "mfa_session_duration = 2h\n");
    sandbox.file("code", code(&sandbox));
    sandbox.aws.set_clock_offset(30);
    sandbox.file("code", code(&sandbox));
    sandbox.run(&["process", "a", "--refresh"]).ok();
    assert_eq!(sandbox.sent_to("GetSessionToken", "DurationSeconds").as_deref(), Some("7200"));
    sandbox.config(&profile(&sandbox, "a", "mfa_session_duration = 36h"));
    assert_eq!(
        sandbox.run(&["explain", "a", "--json"]).ok().json()["steps"][0]["duration_seconds"],
        129_600
    );
    sandbox.config(&profile(&sandbox, "a", "mfa_session_duration = 5m"));
    sandbox.run(&["process", "a"]).fails(3).error_form().says(&[
        "config:6",
        "mfa_session_duration",
        "15m to 36h",
    ]);
    sandbox.file("xdg/config/rolecall/settings.ini", "mfa_session_duration = soon\n");
    sandbox
        .run(&["process", "a"])
        .fails(3)
        .error_form()
        .says(&["settings.ini", "mfa_session_duration"]);
}

#[test]
fn profile_with_keys_and_mfa_serial_gives_mfa_session() {
    let sandbox = guarded();
    sandbox.config(&format!(
        "[profile dev]\nmfa_serial = {BOB_MFA}\nmfa_process = {}\n\n[profile role]\nrole_arn = {}\ncredential_source = Environment\nmfa_serial = auto\n",
        sandbox.path("bin/code").display(),
        role("a")
    ));
    let key = sandbox.run(&["process", "dev"]).ok().key();
    assert!(key.starts_with("ASIA"), "{key}");
    assert!(sandbox.run(&["whoami", "dev"]).ok().stdout.contains(":user/bob"));
    assert_eq!((questions(&sandbox), sessions(&sandbox)), (1, 1));
    // IAM is open to it, which looks the device up here.
    let next = sandbox.aws.mfa_code(DEV, "bob");
    sandbox.run(&["exec", "dev", "--", "rolecall", "process", "role", "--mfa-token", &next]).ok();
    assert_eq!(sandbox.aws.count("ListMFADevices"), 1);
    assert_eq!(sandbox.sent("SerialNumber").as_deref(), Some(BOB_MFA));
    // Whatever is kept, they are never handed out as they are.
    for (step, args) in
        [["--no-cache"].as_slice(), &["--store", "none"], &["--refresh"]].into_iter().enumerate()
    {
        sandbox.aws.set_clock_offset(30 * (step as i64 + 2));
        sandbox.file("code", code(&sandbox));
        let printed = sandbox.run(&[&["process", "dev"], args].concat()).ok();
        assert!(printed.key().starts_with("ASIA"), "{args:?}");
        assert_eq!(printed.field("AccountId"), DEV, "{args:?}");
    }
    // Without the session they are the keys that they are.
    assert_eq!(
        sandbox.run(&["process", "dev", "--no-mfa-session"]).ok().key(),
        sandbox.access_key_id
    );
}

fn auto(sandbox: &Sandbox) {
    sandbox.config(&profile(sandbox, "a", "").replace(BOB_MFA, "auto"));
}

#[test]
fn mfa_serial_auto_looks_device_up_once() {
    let sandbox = guarded();
    auto(&sandbox);
    sandbox.command(&["process", "a"]).without_terminal().run().ok().silent();
    assert_eq!(sandbox.sent_to("GetSessionToken", "SerialNumber").as_deref(), Some(BOB_MFA));
    sandbox.command(&["process", "a"]).without_terminal().run().ok();
    sandbox.command(&["process", "a", "--duration", "30m"]).without_terminal().run().ok();
    assert_eq!((sandbox.aws.count("ListMFADevices"), sessions(&sandbox)), (1, 1));
}

#[test]
fn failed_device_lookup_is_error_that_says_what_to_do() {
    let sandbox = prepared(|_| Statement::allow("s3:*", "*"));
    auto(&sandbox);
    sandbox.run(&["process", "a"]).fails(1).error_form().says(&[
        "`a`",
        "iam:ListMFADevices",
        "AccessDenied",
        "mfa_serial = arn:",
    ]);
    let sandbox = guarded();
    auto(&sandbox);
    sandbox.aws.world(|world| world.users[0].mfa = None);
    sandbox.run(&["process", "a"]).fails(3).error_form().says(&[
        "`a`",
        "no MFA device",
        "rolecall keys mfa add",
    ]);
    let member = |serial: &str| {
        format!(
            "<member><UserName>bob</UserName><SerialNumber>{serial}</SerialNumber><EnableDate>2024-01-01T00:00:00Z</EnableDate></member>"
        )
    };
    let answer = |serials: &[&str]| {
        let members: String = serials.iter().map(|serial| member(serial)).collect();
        let result = format!(
            "<ListMFADevicesResult><MFADevices>{members}</MFADevices><IsTruncated>false</IsTruncated></ListMFADevicesResult>"
        );
        let text = format!(
            "<ListMFADevicesResponse xmlns=\"https://iam.amazonaws.com/doc/2010-05-08/\">{result}</ListMFADevicesResponse>"
        );
        Fault::once("ListMFADevices", Kind::Status(200, text))
    };
    let other = "arn:aws:iam::111111111111:mfa/other";
    sandbox.aws.inject(answer(&[BOB_MFA, other]));
    sandbox.run(&["process", "a"]).fails(3).error_form().says(&["several devices", BOB_MFA, other]);
    assert_eq!(questions(&sandbox), 0);
    // A security key shows no codes.
    let sandbox = guarded();
    auto(&sandbox);
    sandbox.aws.inject(answer(&["arn:aws:iam::111111111111:u2f/user/bob/key-ABC", BOB_MFA]));
    sandbox.run(&["process", "a"]).ok();
}

#[test]
fn wrong_mfa_serial_is_error_that_suggests_auto() {
    let sandbox = guarded();
    sandbox.config(&profile(&sandbox, "a", "").replace("mfa/bob", "mfa/eve"));
    let run = sandbox.run(&["process", "a"]).fails(1).error_form();
    run.says(&["mfa/eve", "unable to validate", "mfa_serial = auto", "rolecall explain a"]);
    assert_eq!((questions(&sandbox), sessions(&sandbox)), (1, 1));
}

#[test]
fn used_code_of_mfa_process_is_error_without_retry() {
    let sandbox = guarded();
    three(&sandbox);
    sandbox.run(&["process", "a"]).ok();
    let run = sandbox.run(&["process", "b", "--no-mfa-session"]).fails(1).error_form();
    run.says(&["`b`", "MultiFactorAuthentication", "each works once"]);
    assert_eq!(questions(&sandbox), 2);
}

#[test]
fn role_of_over_an_hour_carries_code_in_its_own_call() {
    let sandbox = guarded();
    sandbox.config(&profile(&sandbox, "a", "duration_seconds = 28800"));
    sandbox.run(&["process", "a"]).ok();
    assert_eq!(sandbox.sent("SerialNumber").as_deref(), Some(BOB_MFA));
    assert_eq!(sandbox.sent("DurationSeconds").as_deref(), Some("28800"));
    assert_eq!((questions(&sandbox), sessions(&sandbox), sandbox.assumed()), (1, 0, 1));
    sandbox.run(&["process", "a"]).ok();
    assert_eq!((questions(&sandbox), sandbox.assumed()), (1, 1));
    // What explain promises is what is done.
    let json = sandbox.run(&["explain", "a", "--json"]).ok().json();
    assert_eq!(json["steps"].as_array().unwrap().len(), 1);
    assert_eq!(json["steps"][0]["mfa_serial"], BOB_MFA);
}

#[test]
fn role_of_over_an_hour_asks_process_once_per_refresh() {
    let sandbox = guarded();
    sandbox.config(&profile(&sandbox, "a", "duration_seconds = 28800"));
    for round in 1..=2 {
        sandbox.aws.set_clock_offset(30 * (round as i64));
        sandbox.file("code", code(&sandbox));
        sandbox.run(&["process", "a", "--refresh"]).ok();
        assert_eq!((questions(&sandbox), sessions(&sandbox)), (round, 0));
    }
}

#[test]
fn denied_role_asks_for_no_second_code() {
    let sandbox = guarded();
    let partner = profile(&sandbox, "partner", "").replace("external_id", "");
    sandbox.config(&partner);
    let run = sandbox.run(&["process", "partner"]).fails(1).error_form();
    run.says(&["AccessDenied", "--no-mfa-session", "rolecall policy trust partner"]);
    sandbox.run(&["process", "partner", "--external-id", EXTERNAL_ID]).ok();
    assert_eq!((questions(&sandbox), sessions(&sandbox)), (1, 1));
}

#[test]
fn session_refused_by_aws_is_replaced_with_new_code() {
    let sandbox = guarded();
    three(&sandbox);
    sandbox.run(&["process", "a"]).ok();
    sandbox.aws.world(|world| world.sessions.clear());
    sandbox.file("code", code(&sandbox));
    sandbox.run(&["process", "b"]).ok();
    assert_eq!((questions(&sandbox), sessions(&sandbox)), (2, 2));
}

#[test]
fn chained_role_and_role_without_mfa_serial_ask_for_no_code() {
    let sandbox = guarded();
    sandbox.config(&format!(
        "[profile dev]\nmfa_serial = {BOB_MFA}\n[profile prod]\nrole_arn = {ADMIN}\nsource_profile = dev\n[profile far]\nrole_arn = {}\nsource_profile = prod\nmfa_serial = {BOB_MFA}\n",
        role("next")
    ));
    let run: Run = sandbox.command(&["process", "far", "-v"]).without_terminal().run().ok();
    assert!(run.stderr.contains("takes no code from a role's session"), "{run:#?}");
    assert_eq!(sandbox.assumed(), 2);
    let list = sandbox.run(&["list", "--json"]).ok().json();
    let mfa: Vec<bool> =
        list.as_array().unwrap().iter().map(|one| one["mfa_serial"].is_string()).collect();
    assert_eq!(mfa, [true, false, false], "{list:#}");
    assert!(list.to_string().contains(PROD));
}
