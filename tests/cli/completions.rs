//! `completions`, what its scripts ask, `man`, and the examples in every verb's help.

use std::collections::BTreeMap;
use std::path::Path;

use crate::support::Sandbox;

const SHELLS: [&str; 6] = ["bash", "zsh", "fish", "powershell", "nushell", "elvish"];

#[test]
fn each_shell_gets_script_that_calls_complete_verb() {
    let sandbox = Sandbox::new();
    for shell in SHELLS {
        let run = sandbox.run(&["completions", shell]).ok().silent();
        assert!(run.stdout.contains(&format!("__complete {shell} ")), "{shell}: {run:#?}");
    }
    sandbox.run(&["completions", "tcsh"]).fails(2).says(&["bash", "elvish"]);
    sandbox.run(&["completions"]).fails(2);
}

#[test]
fn complete_prints_profiles_and_roles_quoted_for_each_shell() {
    let sandbox = Sandbox::new();
    sandbox.config(
        "[profile prod]\nrole_arn = arn:aws:iam::222222222222:role/admin\ndescription = live\n[profile a'b $(x)]\n[profile \"c d\"]\n",
    );
    sandbox.keys("dev");
    let ask = |arguments: &[&str]| {
        sandbox.run(&[&["__complete"], arguments].concat()).ok().silent().stdout
    };
    assert_eq!(
        ask(&["zsh", "--", "rolecall", "env", "pr"]),
        "values\nprod\t222222222222 admin, live\n"
    );
    assert_eq!(
        ask(&["fish", "--", "rolecall", "env", "'pr"]),
        "values\nprod\t222222222222 admin, live\nc d\ndev\n"
    );
    assert_eq!(ask(&["elvish", "--", "rolecall", "env", "--profile=d"]), "values\n--profile=dev\n");
    assert_eq!(ask(&["powershell", "--", "rolecall", "env", "=c"]), "values\n'c d'\tc d\n");
    assert_eq!(
        ask(&["nushell", "--", "rolecall env c"]),
        "[{\"value\":\"'c d'\",\"description\":\"\"}]\n"
    );
    assert_eq!(ask(&["bash", "--", "rolecall env c", "c", "9", "80"]), "values\nc\\ d\n");
    // Readline's words end at a colon.
    let role = "rolecall env --role-arn arn:aws:iam::2";
    assert_eq!(ask(&["bash", "--", role, "2", "9", "80"]), "values\n222222222222:role/admin\n");
    assert_eq!(ask(&["zsh", "--", "rolecall", "exec", "prod", "--", "ls"]), "command\n3\n");
    // In COMP_WORDS the word `k=v` is three.
    let line = "rolecall exec --tag k=v prod ls";
    let words = ["rolecall", "exec", "--tag", "k", "=", "v", "prod", "ls"];
    let sent = [&["bash", "--", line, "ls", "9", "80"], &words[..]].concat();
    assert_eq!(ask(&sent), "command\n7\n");
    assert_eq!(ask(&["zsh", "--", "rolecall", "env", "--policy", ""]), "files\n");
    assert_eq!(ask(&["nushell", "--", "rolecall env --policy "]), "null\n");
    sandbox.no_calls();
}

#[test]
fn keys_of_a_section_are_completed_in_each_shell() {
    let sandbox = Sandbox::new();
    sandbox.config("[profile prod]\nregion = eu-west-1\nnew_key = old\n");
    let ask = |shell: &str, words: &[&str]| {
        sandbox.run(&[&["__complete", shell, "--"], words].concat()).ok().silent().stdout
    };
    let set = |last| ["rolecall", "profile", "set", "prod", last];
    for shell in ["zsh", "fish", "elvish"] {
        assert_eq!(ask(shell, &set("new")), "values\nnew_key=\told\n", "{shell}");
        assert_eq!(ask(shell, &set("region=eu")), "values\nregion=eu-west-1\tprod\n", "{shell}");
    }
    let bash = |line: &str, word: &str| ask("bash", &[line, word, "9", "80"]);
    assert_eq!(bash("rolecall profile set prod new", "new"), "values\nnew_key=\n");
    // Readline's words end at an equals sign.
    assert_eq!(bash("rolecall profile set prod region=eu", "eu"), "values\neu-west-1\n");
    assert_eq!(ask("powershell", &set("=new")), "values\nnew_key=\tnew_key=\told\n");
    assert_eq!(
        ask("nushell", &["rolecall profile unset prod new"]),
        "[{\"value\":\"new_key\",\"description\":\"old\"}]\n"
    );
    sandbox.no_calls();
}

#[test]
fn complete_is_silent_with_malformed_files_and_words() {
    let sandbox = Sandbox::new();
    sandbox.config("[profile broken\n[profile good]\nno equals sign\n[profile better]\n");
    sandbox.file("xdg/config/rolecall/settings.ini", "nonsense = 1\n");
    sandbox.set("ROLECALL_STORE", "nonsense");
    let run = sandbox.run(&["__complete", "zsh", "--", "rolecall", "env", ""]).ok().silent();
    assert_eq!(run.stdout, "values\ngood\nbetter\ndev\n");
    for words in [
        &[][..],
        &["rolecall"],
        &["--", "--", "-"],
        &["rolecall", "env", "--role-arn="],
        &["", ""],
        &["rolecall", "nonsense", "\u{1b}["],
    ] {
        for shell in SHELLS {
            sandbox.run(&[&["__complete", shell, "--"], words].concat()).ok().silent();
        }
    }
    sandbox.set("AWS_CONFIG_FILE", "/");
    let run = sandbox.run(&["__complete", "zsh", "--", "rolecall", "init", "e"]).ok().silent();
    assert_eq!(run.stdout, "values\nelvish\n");
    // The scripts come all the same, and the pages.
    for shell in SHELLS {
        sandbox.run(&["completions", shell]).ok().silent();
    }
    sandbox.run(&["man", "pages"]).ok().silent();
    sandbox.unset("HOME");
    sandbox.run(&["__complete", "fish", "--", "rolecall", "env", ""]).ok().silent();
    sandbox
        .command(&["__complete", "fish", "--", "rolecall", ""])
        .redirected(">&-")
        .run()
        .ok()
        .silent();
    assert!(!sandbox.run(&["--help"]).ok().stdout.contains("__complete"));
}

/// The pages of a folder by name.
fn pages(folder: &Path) -> BTreeMap<String, String> {
    let files = std::fs::read_dir(folder).into_iter().flatten().map(|entry| entry.unwrap().path());
    files
        .map(|path| {
            (
                path.file_name().unwrap().to_str().unwrap().to_owned(),
                std::fs::read_to_string(path).unwrap(),
            )
        })
        .collect()
}

#[test]
fn committed_man_pages_match_generated_ones() {
    let sandbox = Sandbox::new();
    let run = sandbox.run(&["man", "new/man1"]).ok().silent();
    let made = pages(&sandbox.path("new/man1"));
    assert!(made.values().all(|page| page.is_ascii()));
    assert!(
        made["rolecall.1"].contains("lock_timeout")
            && made["rolecall.1"].contains("ROLECALL_CONFIG")
    );
    assert_eq!(run.stdout.lines().count(), made.len());
    let committed = pages(&Path::new(env!("CARGO_MANIFEST_DIR")).join("packaging/man"));
    let stale: Vec<&String> = made
        .keys()
        .chain(committed.keys())
        .filter(|name| made.get(*name) != committed.get(*name))
        .collect();
    assert!(
        stale.is_empty(),
        "packaging/man is not up to date: {stale:?}; mend it with: cargo xtask bless"
    );
}

#[test]
fn man_into_unwritable_path_is_error_that_names_path() {
    let sandbox = Sandbox::new();
    let file = sandbox.file("file", "");
    sandbox
        .run(&["man", file.to_str().unwrap()])
        .fails(1)
        .error_form()
        .says(&["file cannot be written", "hint: "]);
    sandbox
        .run(&["man", "/proc/none"])
        .fails(1)
        .error_form()
        .says(&["/proc/none cannot be written"]);
    sandbox.run(&["man"]).fails(2);
}

/// A new verb has to show how it is used.
#[test]
fn the_help_of_every_verb_begins_with_examples() {
    let sandbox = Sandbox::new();
    sandbox.run(&["man", "pages"]).ok();
    let mut without = Vec::new();
    for (name, page) in pages(&sandbox.path("pages")) {
        let words: Vec<&str> = name.strip_suffix(".1").unwrap().split('-').skip(1).collect();
        let help = sandbox.run(&[&words[..], &["--help"]].concat()).ok().stdout;
        let at = |text: &str| help.find(text).unwrap_or(usize::MAX);
        let is_verb = help.contains("\nCommands:") && !words.is_empty();
        if !is_verb && at("\nExamples:\n") >= at("\nUsage: ") {
            without.push(name.clone());
        }
        assert_eq!(page.contains(".SH EXAMPLES\n"), at("\nExamples:\n") < usize::MAX, "{name}");
    }
    assert!(without.is_empty(), "give them examples, in `after_help` of cli.rs: {without:?}");
}
