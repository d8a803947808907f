//! What a hint says to type does what it says, and nothing else, when it is pasted.

use super::support::{ADMIN, BOB_MFA, DEV, Run, Sandbox, code, role};

/// Names that a shell, an option parser or a terminal could take for something else.
const HOSTILE: [&str; 8] = [
    "a b; touch pwned",
    "$(touch pwned)",
    "`touch pwned`",
    "it's & touch pwned #",
    "-x",
    "--version",
    "%s\\0101",
    "a\u{1b}[2J\u{202e}b",
];

/// The commands of rolecall that a run's hints end in.
fn commands(run: &Run) -> Vec<String> {
    let hints = run.stderr.lines().filter_map(|line| line.strip_prefix("hint: "));
    hints.filter_map(|hint| Some(hint[hint.find(": rolecall ")? + 2..].to_owned())).collect()
}

/// Runs a hint's command as it would be pasted.
#[track_caller]
fn paste(sandbox: &Sandbox, command: &str) -> Run {
    let run = sandbox.shell("/bin/sh", command);
    assert!(!sandbox.path("pwned").exists(), "it ran something else: {command}");
    assert!(
        run.code != 2 && !run.stderr.contains("is in neither"),
        "it means something else: {command}\n{run:#?}"
    );
    run
}

/// How a message shows a name.
fn shown(name: &str) -> String {
    let shown: String = name
        .chars()
        .map(|c| if c.is_control() || c == '\u{202e}' { '\u{fffd}' } else { c })
        .collect();
    format!("`{shown}`")
}

#[test]
fn hint_command_for_hostile_profile_name_names_that_profile() {
    for name in HOSTILE {
        let sandbox = Sandbox::new();
        let header = format!("[profile \"{name}\"]\n");
        let of = |name: &str| format!("--profile={name}");
        // A configuration error: the command shows it again.
        for lines in [
            format!("role_arn = {ADMIN}\n"),
            format!("role_arn = {ADMIN}\nsource_profile = {name}\n"),
            format!("role_arn = {ADMIN}\ncredential_source = Ec2\n"),
            format!("role_arn = {ADMIN}\nsource_profile = dev\nduration_seconds = soon\n"),
            format!("role_arn = {ADMIN}\nsource_profile = dev\nexternal_id = a b\n"),
            "web_identity_token_file = /x\n".to_owned(),
            "output = json\n".to_owned(),
        ] {
            // A value ends where a comment begins.
            if lines.contains(name) && name.contains(" #") {
                continue;
            }
            sandbox.config(&format!("{header}{lines}"));
            let run = sandbox.run(&["process", &of(name)]).fails(3).error_form();
            let commands = commands(&run);
            let [command] = &commands[..] else { panic!("{name}: {run:#?}") };
            let command = command.rsplit("; after a change: ").next().unwrap();
            paste(&sandbox, command).fails(3).says(&[&shown(name)]);
        }
        // A failing process: the command explains the profile.
        sandbox.config(&format!("{header}credential_process = false\n"));
        let run = sandbox.run(&["process", &of(name)]).fails(1).error_form();
        let explained = paste(&sandbox, &commands(&run)[0]).ok();
        assert!(explained.stdout.contains("(a command)"), "{explained:#?}");
        // A denial: the commands print the two policies.
        sandbox.config(&format!("{header}role_arn = {}\nsource_profile = dev\n", role("closed")));
        let run = sandbox.run(&["process", &of(name)]).fails(1).error_form();
        let both = commands(&run);
        let [trust, caller, ..] = &both[..] else { panic!("{run:#?}") };
        assert_eq!(
            paste(&sandbox, trust).ok().json()["Statement"][0]["Principal"]["AWS"],
            format!("arn:aws:iam::{DEV}:user/bob")
        );
        assert_eq!(paste(&sandbox, caller).ok().json()["Statement"][0]["Resource"], role("closed"));
        // A question that nobody can be asked: the command takes the code.
        sandbox.config(&format!(
            "{header}role_arn = {}\nsource_profile = dev\nmfa_serial = {BOB_MFA}\n",
            role("guarded")
        ));
        let run = sandbox
            .command(&["process", "--no-input", &of(name)])
            .without_terminal()
            .run()
            .fails(4)
            .error_form();
        paste(&sandbox, &commands(&run)[0].replace("CODE", &code(&sandbox))).ok();
    }
}

#[test]
fn a_hostile_path_in_a_hint_is_one_word() {
    let sandbox = Sandbox::new();
    sandbox.config(&format!("[profile p]\nrole_arn = {ADMIN}\nweb_identity_token_file = /gone; touch pwned\nregion = eu-west-1\n"));
    let run =
        sandbox.run(&["process", "p"]).fails(3).error_form().says(&["ls -ld '/gone; touch pwned'"]);
    let hint = run
        .stderr
        .lines()
        .find_map(|line| line.strip_prefix("hint: look at it with: "))
        .unwrap()
        .to_owned();
    assert_ne!(sandbox.shell("/bin/sh", &hint).code, 0);
    assert!(!sandbox.path("pwned").exists());
}

#[test]
fn errors_and_hints_name_ad_hoc_role_by_its_arn() {
    let sandbox = Sandbox::new();
    sandbox.config(&format!("[profile next]\nrole_arn = {ADMIN}\nsource_profile = dev\n"));
    let closed = role("closed");
    for source in ["dev", "next"] {
        let typed = ["--role-arn", &closed, "--source-profile", source, "--external-id", "a-b"];
        let run = sandbox.run(&[&["process"], &typed[..]].concat()).fails(1).error_form();
        assert!(!run.stderr.contains('`'), "no profile is named: {run:#?}");
        run.clone().says(&[
            &format!("error: AWS did not let {closed} be assumed"),
            &format!("--source-profile {source}"),
        ]);
        let commands = commands(&run);
        let [trust, caller, ..] = &commands[..] else { panic!("{run:#?}") };
        assert_eq!(
            paste(&sandbox, trust).ok().json()["Statement"][0]["Condition"]["StringEquals"]["sts:ExternalId"],
            "a-b"
        );
        assert_eq!(paste(&sandbox, caller).ok().json()["Statement"][0]["Resource"], closed);
    }
    let guarded = role("guarded");
    let typed = ["--role-arn", &guarded, "--source-profile", "dev", "--mfa-serial", BOB_MFA];
    let run = sandbox
        .command(&[&["process", "--no-input"], &typed[..]].concat())
        .without_terminal()
        .run()
        .fails(4)
        .error_form();
    run.clone().says(&[&format!("error: {guarded} needs an MFA code of {BOB_MFA}, and")]);
    paste(&sandbox, &commands(&run)[0].replace("CODE", &code(&sandbox))).ok();
    sandbox.unset("AWS_REGION");
    let run = sandbox
        .run(&["process", "--role-arn", &closed, "--source-profile", "dev"])
        .fails(3)
        .error_form();
    run.clone().says(&[&closed]);
    paste(&sandbox, &commands(&run)[0]).fails(1);
}

#[test]
fn explain_shows_no_profile_for_ad_hoc_role() {
    let sandbox = Sandbox::new();
    let run =
        sandbox.run(&["explain", "--json", "--role-arn", ADMIN, "--source-profile", "dev"]).ok();
    assert_eq!(run.json()["steps"][0]["profile"], serde_json::Value::Null, "{run:#?}");
    assert_eq!(run.json()["base"]["profile"], "dev");
    sandbox.keys_in_environment();
    let run = sandbox.run(&["explain", "--json", "--role-arn", ADMIN]).ok();
    assert_eq!(run.json()["steps"][0]["profile"], serde_json::Value::Null, "{run:#?}");
}

#[test]
fn loop_below_ad_hoc_role_names_profiles_only() {
    let sandbox = Sandbox::empty();
    let of = |name: &str, source: &str| {
        format!("[profile {name}]\nrole_arn = {ADMIN}\nsource_profile = {source}\n")
    };
    sandbox.config(&(of("a", "b") + &of("b", "a")));
    let run = sandbox
        .run(&["process", "--role-arn", ADMIN, "--source-profile", "a"])
        .fails(3)
        .error_form();
    paste(&sandbox, &commands(&run)[0]).fails(3).says(&["`a` → `b` → `a`"]);
    run.says(&["loop: `a` → `b` → `a`"]);
}
