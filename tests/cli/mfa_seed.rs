//! A seed in the store answers for a person who would type the MFA code.

use std::collections::BTreeSet;

use rustix::process::Signal;

use super::keys_mfa::{ADD, OTHER_SEED, add, entries, guarded, pipe};
use super::support::{BOB_MFA, DEV, MFA_SEED, Run, Sandbox, role, until};

#[test]
fn seed_in_file_store_works_with_sessions_in_keyutils() {
    let sandbox = guarded();
    sandbox.set("ROLECALL_STORE", "keyutils");
    pipe(&sandbox, &[&ADD[..], &["--store", "file"]].concat(), MFA_SEED).ok();
    sandbox.command(&["process", "guarded"]).without_terminal().run().ok().silent();
    sandbox.command(&["keys", "mfa", "remove", BOB_MFA]).without_terminal().run().ok();
    assert_eq!(entries(&sandbox).len(), 0);
}

#[test]
fn failing_store_falls_back_to_question_on_terminal() {
    let sandbox = guarded();
    add(&sandbox);
    let entry = sandbox.path("xdg/data/rolecall/store").join(&entries(&sandbox)[0]);
    std::fs::remove_file(&entry).unwrap();
    std::fs::create_dir(&entry).unwrap();
    let mut terminal = sandbox.command(&["process", "guarded"]).on_a_terminal();
    terminal.wait_for("MFA code", 1);
    terminal.enter(&format!("{}\n", sandbox.aws.mfa_code(DEV, "bob")));
    terminal.finish().ok().says(&["the store file did not give the MFA seed"]);
    std::fs::remove_dir(&entry).unwrap();
    // And an option goes before the seed.
    add(&sandbox);
    let code = sandbox.aws.mfa_code(DEV, "bob");
    sandbox.run(&["process", "guarded", "--refresh", "--mfa-token", &code]).ok();
    assert_eq!(sandbox.sent_to("GetSessionToken", "TokenCode"), Some(code));
}

/// Moves AWS's clock so that the window of a code ends in some seconds, and returns by how much.
fn near_the_end(sandbox: &Sandbox, seconds: i64) -> i64 {
    let now = sandbox.aws.now();
    let offset = (30 - seconds - now % 30).rem_euclid(30) + 30;
    sandbox.aws.set_clock_offset(offset);
    offset
}

#[test]
fn second_role_waits_for_next_code_after_first_is_used() {
    let sandbox = guarded();
    let roles: String = ["other", "guarded"]
        .iter()
        .map(|name| {
            format!(
                "[profile {name}]\nrole_arn = {}\nsource_profile = dev\nmfa_serial = {BOB_MFA}\n",
                role(name)
            )
        })
        .collect();
    sandbox.config(&roles);
    add(&sandbox);
    let offset = near_the_end(&sandbox, 6);
    let runs: Vec<Run> = std::thread::scope(|scope| {
        let one = |name| {
            sandbox.command(&["process", name, "--no-mfa-session", "-v"]).clock_off_by(offset).run()
        };
        let both = ["other", "guarded"].map(|name| scope.spawn(move || one(name)));
        both.into_iter().map(|run| run.join().unwrap().ok()).collect()
    });
    let calls = sandbox.aws.calls();
    let accepted: BTreeSet<_> = calls
        .iter()
        .filter(|call| call.status == Some(200))
        .map(|call| call.param("TokenCode"))
        .collect();
    assert_eq!(accepted.len(), 2, "{runs:#?}");
    let refused = calls.iter().filter(|call| call.status == Some(403)).count();
    let waited = runs.iter().filter(|run| run.stderr.contains("waiting")).count();
    // On a very slow machine the second may come in the next window by itself.
    assert!(refused == waited && waited <= 1, "{runs:#?}");
}

#[test]
fn interrupt_ends_wait_for_next_code() {
    let sandbox = guarded();
    add(&sandbox);
    let now = sandbox.aws.now();
    sandbox.aws.world(|world| {
        let device = world.find_user(DEV, "bob").unwrap().mfa.clone().unwrap();
        for time in [now, now + 30] {
            assert!(world.use_code(&device, &device.code(time), time));
        }
    });
    let mut running = sandbox.command(&["process", "guarded"]).start();
    until("a refusal", || sandbox.aws.calls().iter().any(|call| call.status == Some(403)));
    assert!(running.is_running());
    running.signal(Signal::INT);
    running.finish().fails(130);
}

#[test]
fn wrong_seed_gives_error_of_aws_after_three_codes() {
    let sandbox = guarded();
    // Its next code is not far away.
    pipe(&sandbox, &ADD, format!("otpauth://totp/x?secret={OTHER_SEED}&period=1")).ok();
    let run = sandbox.command(&["process", "guarded", "-v"]).without_terminal().run().fails(1);
    run.says(&["MultiFactorAuthentication failed", "rolecall keys mfa add", "--force"]);
    let codes: BTreeSet<_> = sandbox
        .aws
        .calls()
        .iter()
        .filter_map(|call| call.param("TokenCode").map(str::to_owned))
        .collect();
    assert_eq!((sandbox.aws.count("GetSessionToken"), codes.len()), (3, 3));
}
