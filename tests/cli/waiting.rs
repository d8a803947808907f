//! What those who wait for a lock see, and that no lock outlives its use, is followed anywhere, or
//! stops anybody for ever.

use std::fs::{File, Permissions};
use std::os::unix::fs::{PermissionsExt, symlink};
use std::path::PathBuf;
use std::time::Duration;

use rustix::process::Signal;

use super::support::{BOB_MFA, DEV, Fault, Kind, Sandbox, Terminal, role, until};

const QUESTION: &str = "MFA code";
const WAITING: &str = "waiting for process ";
/// A little longer than a waiter stays silent.
const PAST_SILENCE: Duration = Duration::from_millis(2_500);
const LOCKS: &str = "xdg/cache/rolecall";

fn guarded() -> Sandbox {
    let sandbox = Sandbox::new();
    sandbox.config(&format!(
        "[profile guarded]\nrole_arn = {}\nsource_profile = dev\nmfa_serial = {BOB_MFA}\n",
        role("guarded")
    ));
    sandbox
}

fn answer(sandbox: &Sandbox, terminal: &mut Terminal) {
    terminal.enter(&format!("{}\n", sandbox.aws.mfa_code(DEV, "bob")));
}

/// The lock that a run left free, taken by the test, with a text of its own beside it.
fn held(sandbox: &Sandbox, text: &str) -> (PathBuf, File) {
    sandbox.run(&["process", "prod", "--refresh"]).ok();
    let path = locks(sandbox).pop().unwrap();
    std::fs::write(path.with_extension("lock.holder"), text).unwrap();
    let file = File::open(&path).unwrap();
    file.lock().unwrap();
    (path, file)
}

pub fn locks(sandbox: &Sandbox) -> Vec<PathBuf> {
    let entries = std::fs::read_dir(sandbox.path(LOCKS)).unwrap();
    let paths = entries.map(|entry| entry.unwrap().path());
    paths.filter(|path| path.extension() == Some("lock".as_ref())).collect()
}

fn limited(sandbox: &Sandbox, limit: &str) {
    sandbox.file("xdg/config/rolecall/settings.ini", format!("lock_timeout = {limit}\n"));
}

#[test]
fn waiters_at_other_terminal_say_once_where_question_is_asked() {
    let sandbox = guarded();
    let mut asked = sandbox.command(&["process", "guarded"]).on_a_terminal();
    asked.wait_for(QUESTION, 1);
    // Ten, as an SDK's user might have; their stderr is swallowed.
    let ten = "n=10; while [ $n -gt 0 ]; do \"$0\" \"$@\" <&- & n=$((n-1)); done; wait";
    let waiting = sandbox.command(&["process", "guarded"]).by_shell(ten).on_a_terminal();
    waiting.wait_for(WAITING, 1);
    std::thread::sleep(PAST_SILENCE);
    let shown = waiting.shown();
    assert_eq!(shown.matches(WAITING).count(), 1, "{shown}");
    let pid = asked.running.pid().to_string();
    for word in [&pid, " on pts/", "`guarded`", "answer it there"] {
        assert!(shown.contains(word), "`{word}` is not in {shown}");
    }
    answer(&sandbox, &mut asked);
    asked.finish().ok();
    let run = waiting.finish();
    assert_eq!((run.code, run.stderr.as_str(), run.stdout.lines().count()), (0, "", 10), "{run:?}");
    // The right to speak is given back.
    assert!(
        locks(&sandbox).iter().all(|path| !path.display().to_string().contains("terminal")),
        "{:?}",
        locks(&sandbox)
    );
}

#[test]
fn waiter_writes_to_stderr_that_is_a_terminal() {
    let sandbox = guarded();
    let mut asked = sandbox.command(&["process", "guarded"]).on_a_terminal();
    asked.wait_for(QUESTION, 1);
    let waiting = sandbox
        .command(&["process", "guarded"])
        .by_shell("exec \"$0\" \"$@\" 2>/dev/tty")
        .on_a_terminal();
    waiting.wait_for(WAITING, 1);
    answer(&sandbox, &mut asked);
    asked.finish().ok();
    waiting.finish().ok();
}

#[test]
fn waiter_at_same_terminal_or_with_quiet_shows_nothing() {
    let sandbox = guarded();
    let mut asked = sandbox
        .command(&["process", "guarded"])
        .by_shell("\"$0\" \"$@\" <&- & \"$0\" \"$@\" <&- & wait")
        .on_a_terminal();
    asked.wait_for(QUESTION, 1);
    let quiet = sandbox.command(&["process", "guarded", "-q"]).on_a_terminal();
    std::thread::sleep(PAST_SILENCE);
    answer(&sandbox, &mut asked);
    let shown = asked.shown();
    assert!(!shown.contains(WAITING) && shown.matches(QUESTION).count() == 1, "{shown}");
    assert_eq!(quiet.shown(), "");
    quiet.finish().ok().silent();
    assert_eq!(asked.finish().code, 0);
}

#[test]
fn verbose_waiter_says_on_stderr_what_it_waits_for() {
    let sandbox = guarded();
    let mut asked = sandbox.command(&["process", "guarded"]).on_a_terminal();
    asked.wait_for(QUESTION, 1);
    let stderr = sandbox.path("stderr");
    let line = format!("exec rolecall process guarded -v 2>'{}'", stderr.display());
    let waiting = sandbox.program("/bin/sh", &["-c", &line]).start();
    until("its word", || {
        std::fs::read_to_string(&stderr)
            .is_ok_and(|text| text.contains(WAITING) && text.contains("answer it there"))
    });
    answer(&sandbox, &mut asked);
    asked.finish().ok();
    waiting.finish().ok();
}

#[test]
fn hostile_text_of_lock_file_is_cleaned_in_messages() {
    let sandbox = Sandbox::new();
    limited(&sandbox, "1");
    let long = "x".repeat(5000);
    for text in [
        "1 1 \u{1b}]0;title\u{7}\u{202e}evil\n",
        "garbage",
        "",
        "-1 0 \n",
        "0 0 x\n",
        &format!("7 7 {long}\n"),
        "1 1 a\nerror: b\n",
    ] {
        let (path, file) = held(&sandbox, text);
        let run = sandbox.run(&["process", "prod", "--refresh", "--min-ttl", "12h", "-v"]);
        let stray = |c: char| (c.is_control() && c != '\n') || c == '\u{202e}';
        assert!(
            !run.stderr.contains(stray) && !run.stderr.contains("\nerror: b"),
            "{text:?}: {run:?}"
        );
        assert!(run.stderr.lines().all(|line| line.len() < 700), "{text:?}: {run:?}");
        run.ok().says(&["waiting for ", "waited 1 s", "using the old one"]);
        drop(file);
        std::fs::remove_file(path).unwrap();
    }
}

#[test]
fn waiter_gives_up_on_stopped_holder_at_lock_timeout() {
    let sandbox = Sandbox::new();
    limited(&sandbox, "1");
    sandbox.aws.inject(Fault::once("AssumeRole", Kind::Delay(500)));
    let holder = sandbox.command(&["process", "prod"]).start();
    until("the call", || sandbox.assumed() == 1);
    holder.signal(Signal::STOP);
    let all: Vec<_> = (0..5).map(|_| sandbox.command(&["process", "prod"]).start()).collect();
    let pid = holder.pid().to_string();
    for one in all {
        one.finish().fails(1).error_form().says(&[
            &pid,
            "`prod`",
            "it is stopped",
            &format!("kill -CONT {pid}"),
            "lock_timeout",
        ]);
    }
    holder.signal(Signal::CONT);
    holder.finish().ok();
    assert_eq!(sandbox.assumed(), 1);
}

#[test]
fn lock_timeout_error_names_holder_and_terminal_of_its_question() {
    let sandbox = guarded();
    limited(&sandbox, "1");
    let mut asked = sandbox.command(&["process", "guarded"]).on_a_terminal();
    asked.wait_for(QUESTION, 1);
    let pid = asked.running.pid().to_string();
    sandbox.run(&["process", "guarded"]).fails(1).error_form().says(&[
        &pid,
        "pts/",
        "answer",
        &format!("kill {pid}"),
    ]);
    answer(&sandbox, &mut asked);
    asked.finish().ok();
}

#[test]
fn interrupted_waiter_removes_its_lock_file() {
    let sandbox = guarded();
    let mut asked = sandbox.command(&["process", "guarded"]).on_a_terminal();
    asked.wait_for(QUESTION, 1);
    let mut waiting = sandbox.command(&["process", "guarded"]).on_a_terminal();
    waiting.wait_for(WAITING, 1);
    // Of the base, of the question, and of who speaks at the waiter's terminal.
    assert_eq!(locks(&sandbox).len(), 3);
    waiting.enter("\u{3}");
    waiting.finish().fails(130);
    assert_eq!(locks(&sandbox).len(), 2);
    answer(&sandbox, &mut asked);
    asked.finish().ok();
    assert_eq!(locks(&sandbox).len(), 1);
}

#[test]
fn processes_succeed_after_lock_folder_is_deleted() {
    let sandbox = Sandbox::new();
    sandbox.aws.inject(Fault::once("AssumeRole", Kind::Delay(1_500)));
    let first = sandbox.command(&["process", "prod"]).start();
    until("the call", || sandbox.assumed() == 1);
    let waiting: Vec<_> = (0..5).map(|_| sandbox.command(&["process", "prod"]).start()).collect();
    std::thread::sleep(Duration::from_millis(300));
    std::fs::remove_dir_all(sandbox.path(LOCKS)).unwrap();
    // It cannot know of the first one, but those after it know of it.
    sandbox.aws.inject(Fault::once("AssumeRole", Kind::Delay(500)));
    let second = sandbox.command(&["process", "prod"]).start();
    until("the second call", || sandbox.assumed() == 2);
    let more: Vec<_> = (0..5).map(|_| sandbox.command(&["process", "prod"]).start()).collect();
    for one in waiting.into_iter().chain(more).chain([first, second]) {
        one.finish().ok();
    }
    assert_eq!(sandbox.assumed(), 2);
}

#[test]
fn lock_folder_writable_by_others_is_not_used() {
    let sandbox = Sandbox::new();
    let folder = sandbox.path(LOCKS);
    std::fs::create_dir(&folder).unwrap();
    let unused = |what: &str| {
        sandbox.run(&["process", "prod", "--refresh", "-v"]).ok().says(&["no lock in", what]);
        sandbox.run(&["process", "prod", "--refresh"]).ok().silent();
        assert_eq!(std::fs::read_dir(&folder).unwrap().count(), 0);
    };
    for mode in [0o777, 0o1777, 0o770] {
        std::fs::set_permissions(&folder, Permissions::from_mode(mode)).unwrap();
        unused("others may write");
        // The runtime directory serves instead.
        std::fs::remove_dir_all(sandbox.path("xdg/runtime/rolecall")).unwrap();
        sandbox.set("XDG_RUNTIME_DIR", "/dev/null/runtime");
        unused("others may write");
        let report = sandbox.run(&["doctor"]).stdout;
        assert!(report.contains("others may write"), "{report}");
        sandbox.set("XDG_RUNTIME_DIR", sandbox.path("xdg/runtime"));
    }
    // One that only reads is shut out.
    std::fs::set_permissions(&folder, Permissions::from_mode(0o755)).unwrap();
    sandbox.run(&["process", "prod", "--refresh"]).ok();
    assert_eq!(
        (folder.metadata().unwrap().permissions().mode() & 0o777, locks(&sandbox).len()),
        (0o700, 1)
    );
}

#[test]
fn linked_lock_folder_or_lock_file_is_not_followed() {
    let sandbox = Sandbox::new();
    let folder = sandbox.path(LOCKS);
    sandbox.run(&["process", "prod"]).ok();
    let lock = locks(&sandbox).pop().unwrap();
    let treasure = sandbox.file("treasure", "mine");
    std::fs::remove_file(&lock).unwrap();
    symlink(&treasure, &lock).unwrap();
    sandbox.run(&["process", "prod", "--refresh", "-v"]).ok().says(&["going on without the lock"]);
    std::fs::remove_file(&lock).unwrap();
    std::fs::hard_link(&treasure, &lock).unwrap();
    sandbox.run(&["process", "prod", "--refresh", "-v"]).ok().says(&["going on without the lock"]);
    assert_eq!(std::fs::read_to_string(&treasure).unwrap(), "mine");
    std::fs::remove_dir_all(&folder).unwrap();
    std::fs::create_dir(sandbox.path("elsewhere")).unwrap();
    symlink(sandbox.path("elsewhere"), &folder).unwrap();
    sandbox.run(&["process", "prod", "--refresh", "-v"]).ok().says(&["no lock in", "is a link"]);
    assert_eq!(std::fs::read_dir(sandbox.path("elsewhere")).unwrap().count(), 0);
}

#[test]
fn lock_folder_of_another_user_is_not_used() {
    let sandbox = Sandbox::new();
    let folder = sandbox.path(LOCKS);
    std::fs::create_dir(&folder).unwrap();
    std::os::unix::fs::chown(&folder, Some(65_534), None).unwrap();
    sandbox.run(&["process", "prod", "-v"]).ok().says(&["no lock in", "another user"]);
    assert_eq!(std::fs::read_dir(&folder).unwrap().count(), 0);
}

#[test]
fn children_inherit_no_lock() {
    let sandbox = guarded();
    let code = sandbox.aws.mfa_code(DEV, "bob");
    let script =
        sandbox.script("code", &format!("ls -l /proc/self/fd > \"$HOME/open\"; echo {code}"));
    sandbox.credentials(&format!("[dev]\n{}mfa_process = {script}\n", sandbox.key_lines()));
    let run = sandbox.run(&["exec", "guarded", "--", "ls", "-l", "/proc/self/fd"]).ok();
    let open = std::fs::read_to_string(sandbox.path("open")).unwrap();
    for text in [open, run.stdout] {
        assert!(text.contains(" 1 -> ") && !text.contains(".lock"), "{text}");
    }
}

#[test]
fn stopped_question_restores_terminal_and_continues_after_fg() {
    let sandbox = guarded();
    // A shell with job control, whose job has its own group.
    let line = "set -m; \"$0\" \"$@\"; echo stopped >/dev/tty; read -r go </dev/tty; fg >/dev/null";
    let mut terminal = sandbox.command(&["process", "guarded"]).by_shell(line).on_a_terminal();
    terminal.wait_for(QUESTION, 1);
    let modes = |terminal: &Terminal| {
        let modes = terminal.modes();
        (modes.input_modes, modes.output_modes, modes.control_modes, modes.local_modes)
    };
    let before = modes(&terminal);
    terminal.enter("12\u{1a}");
    terminal.wait_for("stopped", 1);
    assert_eq!(modes(&terminal), before);
    terminal.enter("go\n");
    std::thread::sleep(Duration::from_millis(300));
    answer(&sandbox, &mut terminal);
    until("the call", || sandbox.assumed() == 1);
    assert_eq!(modes(&terminal), before);
    assert!(terminal.finish().ok().key().starts_with("ASIA"));
}
