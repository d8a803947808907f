//! `rolecall_confirm`: who is asked, once for all who wait, and what an answer is good for.

use super::prompt::{QUESTION, ran};
use super::support::{Sandbox, code, guarded, guarded_config, until};

fn confirming() -> Sandbox {
    let sandbox = guarded();
    let admin = super::support::ADMIN;
    sandbox.config(&format!(
        "[profile prod]\nrole_arn = {admin}\nsource_profile = dev\nrolecall_confirm = true\n"
    ));
    sandbox
}

#[test]
fn confirmation_is_asked_by_pinentry_or_dialog_and_not_by_ykman() {
    let sandbox = confirming();
    // What gives codes cannot say yes.
    sandbox.script("ykman", "echo ykman >> \"$HOME/ran\"");
    let confirm = |answer: &str| super::pinentry::fake("echo 'ERR 1 no code is due'", answer);
    let pinentry = |answer: &str| {
        sandbox.script("pinentry", &confirm(&format!("echo pinentry >> \"$HOME/ran\"; {answer}")))
    };
    pinentry("echo OK");
    sandbox.command(&["process", "prod", "--no-cache"]).without_terminal().run().ok().silent();
    assert_eq!(ran(&sandbox), "pinentry ");
    sandbox.set("GPG_TTY", "/dev/pts/4711");
    for no in [
        "echo 'ERR 83886194 Not confirmed <Pinentry>'",
        "echo 'ERR 83886179 Operation cancelled <Pinentry>'",
    ] {
        pinentry(no);
        let run = sandbox
            .command(&["process", "prod", "--no-cache"])
            .without_terminal()
            .run()
            .fails(4)
            .error_form();
        run.says(&["not confirmed", "declined (pinentry)"]);
    }
    sandbox.set("ROLECALL_PROMPT", "dialog");
    sandbox.set("DISPLAY", ":99");
    sandbox.script("zenity", "echo \"$*\" > \"$HOME/asked\"");
    sandbox.command(&["process", "prod", "--no-cache"]).without_terminal().run().ok().silent();
    let asked = std::fs::read_to_string(sandbox.path("asked")).unwrap();
    assert!(
        asked.contains("--question") && asked.contains("role admin in account 222222222222"),
        "{asked}"
    );
    sandbox.script("zenity", "exit 1");
    sandbox
        .command(&["process", "prod", "--no-cache"])
        .without_terminal()
        .run()
        .fails(4)
        .error_form();
    assert_eq!(sandbox.assumed(), 2);
}

#[test]
fn terminal_shows_one_question_at_a_time() {
    let sandbox = confirming();
    // Without a cache they do not wait for each other's sessions.
    let one = |name: &str| {
        format!(
            "\"$0\" process prod --no-cache -v <&- >{name}.out 2>{name}.log || echo refused >{name}.out"
        )
    };
    let line = format!("cd \"$HOME\"; ({}) & ({}) & wait", one("a"), one("b"));
    let mut terminal = sandbox.command(&[]).by_shell(&line).on_a_terminal();
    let read = |name: &str| std::fs::read_to_string(sandbox.path(name)).unwrap_or_default();
    let waits = |name: &str| read(&format!("{name}.log")).contains("waiting for another question");
    until("one that waits", || waits("a") || waits("b"));
    terminal.wait_for("[y/N]", 1);
    assert_eq!(terminal.shown().matches("[y/N]").count(), 1, "{}", terminal.shown());
    terminal.enter("n\n");
    terminal.wait_for("[y/N]", 2);
    terminal.enter("y\n");
    terminal.finish().ok();
    let (first, second) = if waits("a") { ("b.out", "a.out") } else { ("a.out", "b.out") };
    assert_eq!(read(first).trim(), "refused");
    assert!(read(second).contains("AccessKeyId"), "{}", read(second));
    // Nothing is left behind of it.
    let left = std::fs::read_dir(sandbox.path("xdg/cache/rolecall")).unwrap();
    assert!(left.flatten().all(|entry| !entry.file_name().to_string_lossy().contains("asks-")));
}

#[test]
fn waiter_does_not_ask_again_after_question_is_declined() {
    let (by_key, by_time) = (
        ("", "\u{4}", "the question was declined"),
        ("prompt_timeout = 5\n", "", "nobody answered within 5 s"),
    );
    for (settings, key, says) in [by_key, by_time] {
        let sandbox = guarded();
        let unguarded =
            format!("[profile prod]\nrole_arn = {}\nsource_profile = dev\n", super::support::ADMIN);
        sandbox.config(&(guarded_config("") + &unguarded));
        sandbox.file("xdg/config/rolecall/settings.ini", settings);
        let one = "(\"$0\" process $profile -v <&- >/dev/null 2>$n.log; echo $? >$n.code)";
        let all = format!(
            "profile=guarded; n=0; {one} & until [ -e go ]; do sleep 0.05; done; for n in 1 2 3 4 5; do {one} & done"
        );
        let line = format!("{all}; profile=prod; n=prod; {one} & wait");
        let mut terminal = sandbox.command(&[]).by_shell(&line).on_a_terminal();
        let read = |name: &str| std::fs::read_to_string(sandbox.path(name)).unwrap_or_default();
        terminal.wait_for(QUESTION, 1);
        sandbox.file("go", "");
        let others = ["1", "2", "3", "4", "5", "prod"];
        until("those who wait", || {
            others.iter().all(|n| read(&format!("{n}.log")).contains("waiting for process"))
        });
        terminal.enter(key);
        until("the end", || others.iter().all(|n| !read(&format!("{n}.code")).is_empty()));
        let shown = terminal.shown();
        terminal.finish();
        assert_eq!(shown.matches(QUESTION).count(), 1, "{shown}");
        assert!(read("0.log").contains(says), "{}", read("0.log"));
        for n in &others[..5] {
            let log = read(&format!("{n}.log"));
            assert!(
                read(&format!("{n}.code")).trim() == "4"
                    && log.contains("another process asked the same"),
                "{log}"
            );
        }
        // Who needs nobody goes on.
        assert_eq!(read("prod.code").trim(), "0", "{}", read("prod.log"));
        let mut later = sandbox.command(&["process", "guarded"]).on_a_terminal();
        later.wait_for(QUESTION, 1);
        later.enter(&format!("{}\n", code(&sandbox)));
        later.finish().ok();
    }
}

#[test]
fn stopped_question_does_not_block_next_one() {
    let sandbox = confirming();
    let process = "\"$0\" process prod --no-cache <&-";
    let line = format!(
        "cd \"$HOME\"; {process} & echo $! >pid; until [ -e go ]; do sleep 0.05; done; {process}; kill -KILL $!"
    );
    let mut terminal = sandbox.command(&[]).by_shell(&line).on_a_terminal();
    terminal.wait_for("[y/N]", 1);
    let pid = std::fs::read_to_string(sandbox.path("pid")).unwrap();
    let stop = || std::process::Command::new("kill").args(["-STOP", pid.trim()]).status().unwrap();
    assert!(stop().success());
    until("a stop", || {
        std::fs::read_to_string(format!("/proc/{}/stat", pid.trim())).unwrap().contains(") T ")
    });
    sandbox.file("go", "");
    terminal.wait_for("[y/N]", 2);
    terminal.enter("y\n");
    assert!(terminal.finish().ok().stdout.contains("AccessKeyId"));
}

#[test]
fn yes_option_confirms_only_with_setting_allow_yes() {
    let sandbox = confirming();
    let run = sandbox
        .command(&["process", "prod", "--yes"])
        .without_terminal()
        .run()
        .fails(2)
        .error_form();
    run.says(&["--yes", "`prod`", "allow_yes = true", "hint: "]);
    sandbox.file("xdg/config/rolecall/settings.ini", "allow_yes = false\n");
    sandbox.command(&["process", "prod", "--yes"]).without_terminal().run().fails(2);
    sandbox.no_calls();
    // Where nothing has to be confirmed it says nothing.
    sandbox.run(&["process", "dev", "--yes"]).ok().silent();
    sandbox.file("xdg/config/rolecall/settings.ini", "allow_yes = true\n");
    sandbox.command(&["process", "prod"]).without_terminal().run().fails(4);
    sandbox
        .command(&["process", "prod", "--yes", "--no-input"])
        .without_terminal()
        .run()
        .ok()
        .silent();
    assert_eq!(sandbox.assumed(), 1);
}

#[test]
fn dependent_role_needs_confirmation_of_its_source_profile() {
    let sandbox = confirming();
    let config = std::fs::read_to_string(sandbox.path(".aws/config")).unwrap();
    let other = super::support::role("other");
    sandbox
        .config(&format!("{config}[profile beyond]\nrole_arn = {other}\nsource_profile = prod\n"));
    sandbox
        .command(&["process", "beyond"])
        .without_terminal()
        .run()
        .fails(4)
        .error_form()
        .says(&["`prod`", "rolecall_confirm"]);
    sandbox
        .command(&["process", "--role-arn", &other, "--source-profile", "prod"])
        .without_terminal()
        .run()
        .fails(4);
    sandbox.no_calls();
}
