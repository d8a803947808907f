//! Every way out of every question gives the terminal back: its modes, its screen, and nothing that
//! was typed for the question is left for the shell.

use rustix::process::{Pid, Signal, kill_process};

use super::support::{BOB_MFA, MFA_SEED, Sandbox, Terminal, code, guarded_config, until};

const PASSPHRASE: &str = "correct horse battery staple";
/// What QR codes are drawn with.
const BLOCKS: [char; 3] = ['█', '▀', '▄'];

/// A question, and how to come to it.
struct Question {
    name: &'static str,
    args: &'static [&'static str],
    prepare: fn(&Sandbox),
    /// What is answered before.
    before: &'static [(&'static str, &'static str)],
    shows: &'static str,
    answer: fn(&Sandbox) -> String,
    /// Whether it has a time limit of a second here.
    limited: bool,
}

impl Question {
    fn sandbox(&self) -> Sandbox {
        let sandbox = Sandbox::new();
        sandbox.secret(PASSPHRASE);
        sandbox.secret(MFA_SEED);
        sandbox.set("TERM", "xterm-256color");
        (self.prepare)(&sandbox);
        sandbox
    }

    /// Starts the program as an SDK does, and the picker as a shell does.
    fn start<'a>(&self, sandbox: &'a Sandbox) -> Terminal<'a> {
        let command = sandbox.command(self.args);
        if self.name == "picker" {
            command.by_shell("exec \"$0\" \"$@\"").on_a_terminal()
        } else {
            command.on_a_terminal()
        }
    }

    /// Starts it as a job of a shell that lets it go on once the file `go` is there.
    fn start_as_a_job<'a>(&self, sandbox: &'a Sandbox) -> Terminal<'a> {
        let stdin = if self.name == "picker" { "" } else { "<&-" };
        let line = format!(
            "set -m; \"$0\" \"$@\" {stdin}; touch stopped; until [ -e go ]; do sleep 0.05; done; \
             fg >/dev/null"
        );
        sandbox.command(self.args).by_shell(&line).on_a_terminal()
    }

    /// Answers what comes before.
    fn come_to(&self, sandbox: &Sandbox, terminal: &mut Terminal) {
        for (shows, answer) in self.before {
            terminal.wait_for(shows, 1);
            terminal.enter(&format!("{answer}\n"));
        }
        terminal.wait_for(self.shows, 1);
        if self.name == "mfa_process" || self.name == "pinentry" {
            until("a hidden answer", || sandbox.path("hidden").exists());
        }
    }
}

fn file_store(sandbox: &Sandbox) {
    sandbox.set("ROLECALL_STORE", "file");
}

fn closed_file_store(sandbox: &Sandbox) {
    file_store(sandbox);
    sandbox.set("ROLECALL_FILE_PASSPHRASE", PASSPHRASE);
    sandbox.run(&["process", "prod"]).ok();
    sandbox.unset("ROLECALL_FILE_PASSPHRASE");
    sandbox.close_store();
}

/// A program that hides what is typed on the terminal, and never ends.
fn hiding(sandbox: &Sandbox, name: &str, answer: &str) -> String {
    sandbox.script(
        name,
        &format!("stty -echo </dev/tty; printf asking >/dev/tty; touch \"$HOME/hidden\"; {answer}"),
    )
}

fn passphrase(_: &Sandbox) -> String {
    format!("{PASSPHRASE}\n")
}

fn questions() -> Vec<Question> {
    let with_code = |sandbox: &Sandbox| format!("{}\n", code(sandbox));
    let question = |name, args, prepare, shows, answer| Question {
        name,
        args,
        prepare,
        before: &[],
        shows,
        answer,
        limited: true,
    };
    let guarded = |sandbox: &Sandbox| {
        sandbox.set("ROLECALL_PROMPT", "tty");
        drop(sandbox.config(&guarded_config("")));
    };
    vec![
        question("code", &["process", "guarded"], guarded, "MFA code of", with_code),
        question(
            "confirmation",
            &["process", "guarded"],
            |sandbox| {
                sandbox.set("ROLECALL_PROMPT", "tty");
                let config = "[profile guarded]\nrole_arn = arn:aws:iam::222222222222:role/admin\n\
                              source_profile = dev\nrolecall_confirm = true\n";
                drop(sandbox.config(config));
            },
            "[y/N]",
            |_| "y\n".to_owned(),
        ),
        question("new", &["process", "prod"], file_store, "New passphrase", |_| {
            format!("{PASSPHRASE}\n{PASSPHRASE}\n")
        }),
        Question {
            before: &[("New passphrase", PASSPHRASE)],
            ..question("again", &["process", "prod"], file_store, "once more", passphrase)
        },
        question(
            "passphrase",
            &["process", "prod"],
            closed_file_store,
            "Passphrase of the rolecall",
            passphrase,
        ),
        Question {
            limited: false,
            ..question(
                "seed",
                &["keys", "mfa", "add", BOB_MFA, "--store", "file", "--no-qr"],
                |sandbox| sandbox.set("ROLECALL_FILE_PASSPHRASE", PASSPHRASE),
                "Seed of",
                |_| format!("{MFA_SEED}\n"),
            )
        },
        question(
            "mfa_process",
            &["process", "guarded"],
            |sandbox| {
                let program = hiding(sandbox, "mfa", "exec sleep 100");
                sandbox.config(&guarded_config(&format!("mfa_process = {program}\n")));
            },
            "asking",
            |_| String::new(),
        ),
        question(
            "pinentry",
            &["process", "guarded"],
            |sandbox| {
                sandbox.config(&guarded_config(""));
                let ask = "stty -echo </dev/tty; printf asking >/dev/tty; \
                           touch \"$HOME/hidden\"; exec sleep 100";
                let program = sandbox.script("pinentry", &super::pinentry::fake(ask, "echo OK"));
                sandbox.set("ROLECALL_PROMPT", "pinentry");
                sandbox.set("PINENTRY_PROGRAM", program);
            },
            "asking",
            |_| String::new(),
        ),
        Question {
            limited: false,
            ..question("picker", &["env"], |_| {}, "esc leave", |_| "prod\r".to_owned())
        },
    ]
}

/// All of a terminal's modes.
fn modes(terminal: &Terminal) -> String {
    format!("{:?}", terminal.modes())
}

fn modes_before(terminal: &Terminal) -> String {
    format!("{:?}", terminal.modes_before())
}

/// Checks the terminal after the end.
#[track_caller]
fn given_back(terminal: Terminal, before: &str, case: &str) -> super::support::Run {
    let end = terminal.another_end();
    let pid = terminal.running.pid();
    until(&format!("the end of {case}"), || super::support::has_ended(pid));
    assert_eq!(modes(&terminal), before, "{case}");
    let shown = terminal.shown();
    let run = terminal.finish();
    assert_eq!(rustix::io::ioctl_fionread(&end).unwrap(), 0, "{case}: input is left");
    assert!(!shown.contains(PASSPHRASE) && !shown.contains(MFA_SEED), "{case}: {shown}");
    run
}

#[test]
fn signal_at_question_gives_terminal_back_and_is_the_exit_status() {
    let of_timers = [Signal::ALARM, Signal::VTALARM, Signal::PROF, Signal::XCPU, Signal::XFSZ];
    let of_others = [Signal::USR1, Signal::USR2, Signal::ABORT];
    for question in questions() {
        let mut signals = vec![Signal::INT, Signal::TERM, Signal::HUP, Signal::QUIT];
        if question.name == "new" {
            signals.extend(of_timers.into_iter().chain(of_others));
        }
        for signal in signals {
            let case = format!("{} {signal:?}", question.name);
            let sandbox = question.sandbox();
            let mut terminal = question.start(&sandbox);
            let before = modes_before(&terminal);
            question.come_to(&sandbox, &mut terminal);
            if question.name != "picker" {
                terminal.enter("half");
            }
            terminal.running.signal(signal);
            let run = given_back(terminal, &before, &case);
            assert_eq!(run.code, 128 + signal.as_raw(), "{case}: {run:#?}");
            assert_eq!(run.stdout, "", "{case}");
            if signal != Signal::INT {
                assert_eq!(run.stderr, "", "{case}");
            }
        }
    }
}

#[test]
fn answer_end_of_input_and_time_limit_give_terminal_back() {
    for question in questions() {
        let answer = (question.answer)(&question.sandbox());
        let ways = [
            (!answer.is_empty()).then_some("answer"),
            (!answer.is_empty() && question.name != "picker").then_some("\u{4}"),
            question.limited.then_some("late"),
        ];
        for way in ways.into_iter().flatten() {
            let case = format!("{} {way:?}", question.name);
            let sandbox = question.sandbox();
            if way == "late" {
                sandbox.file(
                    "xdg/config/rolecall/settings.ini",
                    "prompt_timeout = 1\nprocess_timeout = 1\n",
                );
            }
            let mut terminal = question.start(&sandbox);
            let before = modes_before(&terminal);
            question.come_to(&sandbox, &mut terminal);
            match way {
                "answer" => terminal.enter(&(question.answer)(&sandbox)),
                "late" => terminal.enter("half"),
                key => terminal.enter(key),
            }
            let run = if way == "answer" && question.name == "new" {
                // What is typed ahead of a hidden question is thrown away.
                terminal.wait_for("once more", 1);
                terminal.enter(&passphrase(&sandbox));
                given_back(terminal, &before, &case)
            } else {
                given_back(terminal, &before, &case)
            };
            if way == "answer" {
                run.ok();
            }
        }
    }
}

/// Returns the program that a shell runs as its only job.
fn job(shell: u32) -> Option<Pid> {
    let children = std::fs::read_to_string(format!("/proc/{shell}/task/{shell}/children")).ok()?;
    Pid::from_raw(children.split_whitespace().next()?.parse().ok()?)
}

#[test]
fn stopped_question_gives_terminal_back_and_asks_again_when_it_goes_on() {
    let asks_itself = |question: &Question| !["mfa_process", "pinentry"].contains(&question.name);
    for question in questions().into_iter().filter(asks_itself) {
        for key in [true, false] {
            if key && question.name == "picker" {
                continue;
            }
            let case = format!("{}, by a key: {key}", question.name);
            let sandbox = question.sandbox();
            let mut terminal = question.start_as_a_job(&sandbox);
            let before = modes_before(&terminal);
            question.come_to(&sandbox, &mut terminal);
            if key {
                terminal.enter("half\u{1a}");
            } else {
                kill_process(job(terminal.running.pid()).unwrap(), Signal::TSTP).unwrap();
            }
            until("a stop", || sandbox.path("stopped").exists());
            assert_eq!(modes(&terminal), before, "{case}");
            let asked = terminal.shown().matches(question.shows).count();
            sandbox.file("go", "");
            terminal.wait_for(question.shows, asked + 1);
            if question.name == "new" {
                terminal.enter(&passphrase(&sandbox));
                terminal.wait_for("once more", 1);
                terminal.enter(&passphrase(&sandbox));
            } else {
                terminal.enter(&(question.answer)(&sandbox));
            }
            given_back(terminal, &before, &case).ok();
        }
    }
}

/// Starts to add a seed and comes to its QR code.
fn qr_code(sandbox: &Sandbox, job: bool) -> Terminal<'_> {
    sandbox.secret(MFA_SEED);
    sandbox.set("ROLECALL_FILE_PASSPHRASE", PASSPHRASE);
    let line = "exec \"$0\" \"$@\" <&- 2>/dev/tty";
    let line = if job {
        "set -m; \"$0\" \"$@\" <&- 2>/dev/tty; touch stopped; \
         until [ -e go ]; do sleep 0.05; done; fg >/dev/null"
    } else {
        line
    };
    let command = sandbox.command(&["keys", "mfa", "add", BOB_MFA, "--store", "file"]);
    let mut terminal = command.by_shell(line).on_a_terminal_of(100, 60);
    terminal.wait_for("Seed of", 1);
    until("a hidden answer", || !terminal.echoes());
    terminal.enter(&format!("{MFA_SEED}\n"));
    terminal.wait_for("Press Enter", 1);
    terminal
}

/// Demands that whatever was drawn last was erased.
#[track_caller]
fn is_erased(shown: &str, case: &str) {
    let drawn = shown.rfind(BLOCKS).expect("a QR code");
    let erased = shown.rfind("\u{1b}[J").unwrap_or_default();
    assert!(drawn < erased, "{case}: {shown}");
}

#[test]
fn qr_code_is_erased_whatever_ends_it() {
    for signal in [Signal::INT, Signal::TERM, Signal::HUP, Signal::QUIT] {
        let sandbox = Sandbox::new();
        let terminal = qr_code(&sandbox, false);
        terminal.running.signal(signal);
        let pid = terminal.running.pid();
        until("the end", || super::support::has_ended(pid));
        until("an erased code", || terminal.shown().contains("\u{1b}[J"));
        is_erased(&terminal.shown(), &format!("{signal:?}"));
        terminal.finish().fails(128 + signal.as_raw());
    }
}

#[test]
fn qr_code_is_erased_while_it_is_stopped() {
    let sandbox = Sandbox::new();
    let mut terminal = qr_code(&sandbox, true);
    terminal.enter("\u{1a}");
    until("a stop", || sandbox.path("stopped").exists());
    until("an erased code", || terminal.shown().contains("\u{1b}[J"));
    is_erased(&terminal.shown(), "stopped");
    sandbox.file("go", "");
    terminal.wait_for("Press Enter", 2);
    terminal.enter("\n");
    let pid = terminal.running.pid();
    until("the end", || super::support::has_ended(pid));
    is_erased(&terminal.shown(), "answered");
    terminal.finish().ok();
}
