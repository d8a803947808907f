//! The passphrase of the `file` store: asked for on the terminal, hidden, and left alone by an
//! interruption.

use rustix::termios::LocalModes;

use super::support::{
    ADMIN, LIMIT, Run, Sandbox, Terminal, code, guarded_config, has_ended, until,
};

const QUESTION: &str = "assphrase of the rolecall file store: ";
const AGAIN: &str = "once more: ";
const PASSPHRASE: &str = "correct horse battery staple";

fn file_store() -> Sandbox {
    let sandbox = Sandbox::new();
    sandbox.set("ROLECALL_STORE", "file");
    sandbox.secret(PASSPHRASE);
    sandbox
}

/// How many questions for a passphrase show.
fn questions(shown: &str) -> usize {
    shown.matches(QUESTION).count() + shown.matches(AGAIN).count()
}

/// Answers every question for the passphrase until the run ends.
fn answer(mut terminal: Terminal, passphrase: &str) -> (Run, String) {
    let mut answered = 0;
    let begin = std::time::Instant::now();
    while terminal.running.is_running() && begin.elapsed() < LIMIT {
        if questions(&terminal.shown()) > answered {
            answered += 1;
            assert!(!terminal.echoes(), "the question shows before the answer is hidden");
            terminal.enter(&format!("{passphrase}\n"));
        }
        std::thread::sleep(std::time::Duration::from_millis(10));
    }
    let shown = terminal.shown();
    (terminal.finish(), shown)
}

#[test]
fn passphrase_is_read_from_terminal_without_echo() {
    let sandbox = file_store();
    let terminal = sandbox.command(&["process", "prod"]).on_a_terminal();
    let before = terminal.modes_before().local_modes;
    assert!(before.contains(LocalModes::ECHO));
    let (run, shown) = answer(terminal, PASSPHRASE);
    let run = run.ok();
    assert!(!shown.contains(PASSPHRASE), "{shown}");
    // What was kept opens with the same passphrase from the environment.
    sandbox.set("ROLECALL_FILE_PASSPHRASE", PASSPHRASE);
    assert_eq!(sandbox.run(&["process", "prod"]).ok().key(), run.key());
}

#[test]
fn interrupt_at_question_restores_echo_and_writes_nothing() {
    let sandbox = file_store();
    let mut terminal = sandbox.command(&["process", "prod"]).on_a_terminal();
    let before = terminal.modes_before().local_modes;
    terminal.wait_for(QUESTION, 1);
    until("a hidden answer", || !terminal.modes().local_modes.contains(LocalModes::ECHO));
    terminal.enter("half a pass\u{3}");
    let pid = terminal.running.pid();
    until("the end", || has_ended(pid));
    assert_eq!(terminal.modes().local_modes, before);
    terminal.finish().fails(130);
    // The folder is made before anybody is asked, so that a disk that cannot be written asks
    // nobody.
    let kept = std::fs::read_dir(sandbox.path("xdg/data/rolecall/store")).unwrap().next();
    assert!(kept.is_none(), "an interruption writes nothing: {kept:?}");
}

#[test]
fn stopped_question_restores_echo_and_asks_again_when_continued() {
    let sandbox = file_store();
    let mut terminal = sandbox.command(&["process", "prod"]).on_a_terminal_as_a_job();
    terminal.wait_for(QUESTION, 1);
    until("a hidden answer", || !terminal.echoes());
    terminal.enter("half a pass\u{1a}");
    until("a stop", || sandbox.path("stopped").exists());
    assert!(terminal.echoes());
    sandbox.file("go", "");
    let mut asked = 1;
    while terminal.running.is_running() {
        if questions(&terminal.shown()) > asked && !terminal.echoes() {
            asked += 1;
            terminal.enter(&format!("{PASSPHRASE}\n"));
        }
        std::thread::sleep(std::time::Duration::from_millis(10));
    }
    assert!(asked > 1 && terminal.echoes());
    let shown = terminal.shown();
    let run = terminal.finish().ok();
    assert!(!shown.contains("half") && !shown.contains(PASSPHRASE), "{shown}");
    // What was typed before the stop is no part of it.
    sandbox.set("ROLECALL_FILE_PASSPHRASE", PASSPHRASE);
    assert_eq!(sandbox.run(&["process", "prod"]).ok().key(), run.key());
}

#[test]
fn stop_key_without_job_control_asks_again() {
    let sandbox = file_store();
    let mut terminal = sandbox.command(&["process", "prod"]).on_a_terminal();
    terminal.wait_for(QUESTION, 1);
    until("a hidden answer", || !terminal.echoes());
    terminal.enter("half a pass\u{1a}");
    terminal.wait_for(QUESTION, 2);
    until("a hidden answer", || !terminal.echoes());
    terminal.enter("\u{3}");
    terminal.finish().fails(130);
}

#[test]
fn unanswered_question_ends_at_prompt_timeout_and_run_succeeds() {
    let sandbox = file_store();
    sandbox.file("xdg/config/rolecall/settings.ini", "prompt_timeout = 1\n");
    let mut terminal = sandbox.command(&["process", "prod"]).on_a_terminal();
    let before = terminal.modes_before().local_modes;
    terminal.wait_for(QUESTION, 1);
    until("a hidden answer", || !terminal.echoes());
    terminal.enter("half a pass");
    let end = terminal.another_end();
    terminal.finish().ok().says(&["ROLECALL_FILE_PASSPHRASE"]);
    assert_eq!(rustix::termios::tcgetattr(&end).unwrap().local_modes, before);
    // The shell does not get it.
    assert_eq!(rustix::io::ioctl_fionread(&end).unwrap(), 0);
}

#[test]
fn no_input_asks_for_no_passphrase() {
    let sandbox = file_store();
    let terminal = sandbox.command(&["process", "prod", "--no-input"]).on_a_terminal();
    let run = terminal.finish();
    assert!(matches!(run.code, 0 | 4), "{run:#?}");
}

#[test]
fn eight_processes_create_one_store_and_all_sessions_stay_readable() {
    let sandbox = file_store();
    sandbox.set("ROLECALL_FILE_PASSPHRASE", PASSPHRASE);
    sandbox.config(
        &(0..8)
            .map(|n| {
                format!(
                    "[profile p{n}]\nrole_arn = arn:aws:iam::222222222222:role/other\nsource_profile = dev\nrole_session_name = name-{n}\n"
                )
            })
            .collect::<String>(),
    );
    let sources: Vec<String> = (0..8).map(|n| format!("p{n}")).collect();
    let all: Vec<_> =
        sources.iter().map(|name| sandbox.command(&["process", name]).start()).collect();
    let first: Vec<String> = all.into_iter().map(|one| one.finish().ok().key()).collect();
    let second: Vec<String> =
        sources.iter().map(|name| sandbox.run(&["process", name]).ok().key()).collect();
    assert_eq!(first, second);
}

#[test]
fn passphrase_of_the_environment_is_taken_as_it_is() {
    let sandbox = file_store();
    let passphrase = " with blanks around ";
    sandbox.set("ROLECALL_FILE_PASSPHRASE", passphrase);
    let key = sandbox.run(&["process", "prod"]).ok().key();
    sandbox.run(&["logout", "nobody"]).fails(3);
    // Another process, on a machine whose kernel has forgotten the key.
    sandbox.close_store();
    sandbox.set("ROLECALL_FILE_PASSPHRASE", passphrase.trim());
    sandbox.run(&["process", "prod"]).ok().says(&["it is wrong"]);
    sandbox.unset("ROLECALL_FILE_PASSPHRASE");
    let (run, _) = answer(sandbox.command(&["process", "prod"]).on_a_terminal(), passphrase);
    assert_eq!(run.ok().key(), key);
}

#[test]
fn passphrase_of_a_new_store_is_asked_for_until_it_was_typed_twice() {
    let sandbox = file_store();
    let mut terminal = sandbox.command(&["process", "prod"]).on_a_terminal();
    for (question, times, typed) in [
        ("New passphrase", 1, PASSPHRASE),
        (AGAIN, 1, "another"),
        ("They differ.", 1, ""),
        ("New passphrase", 2, PASSPHRASE),
        (AGAIN, 2, PASSPHRASE),
    ] {
        terminal.wait_for(question, times);
        if !typed.is_empty() {
            terminal.enter(&format!("{typed}\n"));
        }
    }
    let key = terminal.finish().ok().key();
    sandbox.close_store();
    let (run, shown) = answer(sandbox.command(&["process", "prod"]).on_a_terminal(), PASSPHRASE);
    assert_eq!((run.ok().key(), questions(&shown)), (key, 1));
}

/// Starts processes at once on one terminal, and answers each question by its text.
fn all_at_once(sandbox: &Sandbox, profiles: &[&str]) -> String {
    let line = format!(
        "for name in {}; do \"$0\" process $name >out.$name 2>err.$name & done; wait",
        profiles.join(" ")
    );
    let mut terminal = sandbox.command(&[]).by_shell(&line).on_a_terminal();
    let before = format!("{:?}", terminal.modes_before());
    let mut read = 0;
    let begin = std::time::Instant::now();
    while terminal.running.is_running() {
        assert!(begin.elapsed() < LIMIT, "{}", terminal.shown());
        let shown = terminal.shown();
        let next = |end: &str| shown[read..].find(end).map(|at| read + at + end.len());
        let code_end = shown[read..]
            .find("MFA code of")
            .and_then(|at| Some(read + at + shown[read + at..].find("): ")? + 3));
        let ends = [next(QUESTION), next(AGAIN), code_end];
        let first = ends.iter().enumerate().filter_map(|(kind, end)| Some(((*end)?, kind))).min();
        if let Some((end, kind)) = first {
            read = end;
            assert_eq!(terminal.echoes(), kind == 2, "{shown}");
            let answer = if kind == 2 { code(sandbox) } else { PASSPHRASE.to_owned() };
            terminal.enter(&format!("{answer}\n"));
        }
        std::thread::sleep(std::time::Duration::from_millis(10));
    }
    let (modes, shown) = (format!("{:?}", terminal.modes()), terminal.shown());
    terminal.finish().ok();
    assert_eq!(modes, before);
    assert!(!shown.contains("horse"), "{shown}");
    for name in profiles {
        let read = |kind: &str| std::fs::read_to_string(sandbox.path(&format!("{kind}.{name}")));
        assert!(read("out").unwrap().contains("AccessKeyId"), "{name}: {}", read("err").unwrap());
        assert_eq!(read("err").unwrap(), "", "{name}: {shown}");
    }
    shown
}

#[test]
fn processes_on_one_terminal_ask_for_the_passphrase_once_and_one_after_another() {
    for round in 0..4 {
        let sandbox = file_store();
        sandbox.config(&format!(
            "{}[profile a]\nrole_arn = {ADMIN}\nsource_profile = dev\nrole_session_name = one\n\
             [profile b]\nrole_arn = {ADMIN}\nsource_profile = dev\nrole_session_name = two\n\
             [profile c]\nrole_arn = {ADMIN}\nsource_profile = dev\nrole_session_name = three\n",
            guarded_config("")
        ));
        sandbox.set("ROLECALL_PROMPT", "tty");
        let names = ["a", "b", "c", "guarded"];
        let names = if round % 2 == 0 { &names[..3] } else { &names[1..] };
        let shown = all_at_once(&sandbox, names);
        assert_eq!((shown.matches(QUESTION).count(), shown.matches(AGAIN).count()), (1, 1));
        // As after a boot, with sessions to read.
        sandbox.close_store();
        let shown = all_at_once(&sandbox, names);
        assert_eq!(questions(&shown), 1, "{shown}");
    }
}
