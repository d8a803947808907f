//! The passphrase of the `file` store: asked for on the terminal, hidden, and left alone by an
//! interruption.

use rustix::termios::LocalModes;

use super::support::{LIMIT, Run, Sandbox, Terminal, has_ended, until};

const QUESTION: &str = "Passphrase";
const PASSPHRASE: &str = "correct horse battery staple";

fn file_store() -> Sandbox {
    let sandbox = Sandbox::new();
    sandbox.set("ROLECALL_STORE", "file");
    sandbox.secret(PASSPHRASE);
    sandbox
}

/// Answers every question for the passphrase until the run ends.
fn answer(mut terminal: Terminal, passphrase: &str) -> (Run, String) {
    let mut answered = 0;
    let begin = std::time::Instant::now();
    while terminal.running.is_running() && begin.elapsed() < LIMIT {
        if terminal.shown().matches(QUESTION).count() > answered {
            answered += 1;
            // Echo goes away right after the question shows.
            until("a hidden answer", || !terminal.modes().local_modes.contains(LocalModes::ECHO));
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
    let before = terminal.modes().local_modes;
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
    let before = terminal.modes().local_modes;
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
        if terminal.shown().matches(QUESTION).count() > asked && !terminal.echoes() {
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
    let before = terminal.modes().local_modes;
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
