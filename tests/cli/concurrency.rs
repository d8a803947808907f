//! Many at once: one call, and nobody waits for the dead.

use std::time::{Duration, Instant};

use rustix::process::Signal;

use super::support::{Fault, Kind, Sandbox, role, until};

#[test]
fn forty_processes_fetch_each_of_ten_sessions_once() {
    let sandbox = Sandbox::new();
    let mut config = String::new();
    for n in 0..10 {
        config += &format!(
            "[profile p{n}]\nrole_arn = {}\nsource_profile = dev\nrole_session_name = name-{n}\n",
            role("other")
        );
    }
    sandbox.config(&config);
    let names: Vec<String> = (0..40).map(|n| format!("p{}", n % 10)).collect();
    let all: Vec<_> =
        names.iter().map(|name| sandbox.command(&["process", name]).start()).collect();
    for one in all {
        one.finish().ok();
    }
    assert_eq!(sandbox.assumed(), 10);
}

#[test]
fn waiters_go_on_after_holder_is_killed() {
    let sandbox = Sandbox::new();
    sandbox.aws.inject(Fault::once("AssumeRole", Kind::Hang));
    let holder = sandbox.command(&["process", "prod"]).start();
    until("the call", || sandbox.assumed() == 1);
    let mut waiting: Vec<_> =
        (0..5).map(|_| sandbox.command(&["process", "prod"]).start()).collect();
    std::thread::sleep(Duration::from_millis(300));
    assert!(waiting.iter_mut().all(|one| one.is_running()), "they should have waited");
    assert_eq!(sandbox.assumed(), 1);
    let begin = Instant::now();
    holder.signal(Signal::KILL);
    assert_eq!(holder.finish().code, 137);
    for one in waiting {
        one.finish().ok();
    }
    assert!(begin.elapsed() < Duration::from_secs(10), "{:?}", begin.elapsed());
    assert_eq!(sandbox.assumed(), 2);
}

#[test]
fn waiter_retries_after_holder_fails() {
    let sandbox = Sandbox::new();
    sandbox.set("AWS_MAX_ATTEMPTS", "1");
    sandbox.aws.inject(Fault::once("AssumeRole", Kind::Status(400, "no".to_owned())));
    let all: Vec<_> = (0..5).map(|_| sandbox.command(&["process", "prod"]).start()).collect();
    let codes: Vec<i32> = all.into_iter().map(|one| one.finish().code).collect();
    assert_eq!(codes.iter().filter(|code| **code == 1).count(), 1, "{codes:?}");
    assert_eq!(codes.iter().filter(|code| **code == 0).count(), 4, "{codes:?}");
    assert_eq!(sandbox.assumed(), 2);
}

#[test]
fn interrupted_waiter_exits_130() {
    let sandbox = Sandbox::new();
    sandbox.aws.inject(Fault::once("AssumeRole", Kind::Hang));
    let holder = sandbox.command(&["process", "prod"]).start();
    until("the call", || sandbox.assumed() == 1);
    let mut waiting = sandbox.command(&["process", "prod"]).start();
    std::thread::sleep(Duration::from_millis(300));
    assert!(waiting.is_running());
    waiting.signal(Signal::INT);
    waiting.finish().fails(130);
    holder.signal(Signal::KILL);
    holder.finish();
}

#[test]
fn process_with_other_keys_does_not_wait_for_holder() {
    let sandbox = Sandbox::new();
    let other = Sandbox::new();
    sandbox.aws.inject(Fault::once("AssumeRole", Kind::Hang));
    // Both use one folder of locks.
    other.set("XDG_CACHE_HOME", sandbox.path("xdg/cache"));
    let holder = sandbox.command(&["process", "prod"]).start();
    until("the call", || sandbox.assumed() == 1);
    other.run(&["process", "prod"]).ok();
    holder.signal(Signal::KILL);
    holder.finish();
}

#[test]
fn many_refreshes_at_once_all_succeed() {
    let sandbox = Sandbox::new();
    sandbox.run(&["process", "prod"]).ok();
    let all: Vec<_> =
        (0..20).map(|_| sandbox.command(&["process", "prod", "--refresh"]).start()).collect();
    for one in all {
        one.finish().ok();
    }
    assert!(sandbox.assumed() >= 2);
    let index = std::fs::read_to_string(sandbox.path("xdg/state/rolecall/index.json")).unwrap();
    serde_json::from_str::<serde_json::Value>(&index).unwrap();
}

#[test]
fn run_succeeds_without_lock_folder() {
    let sandbox = Sandbox::new();
    sandbox.unset("XDG_RUNTIME_DIR");
    sandbox.set("XDG_CACHE_HOME", "/dev/null/cache");
    sandbox.run(&["process", "prod"]).ok().silent();
}

#[test]
fn lock_folder_is_created_with_mode_0700() {
    use std::os::unix::fs::PermissionsExt;
    let sandbox = Sandbox::new();
    sandbox.run(&["process", "prod"]).ok();
    let folder = sandbox.path("xdg/cache/rolecall");
    assert_eq!(folder.metadata().unwrap().permissions().mode() & 0o777, 0o700);
    let files: Vec<_> =
        std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    // The lock, and who held it.
    assert_eq!(files.len(), 2, "{files:?}");
}
