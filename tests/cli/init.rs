//! `rolecall init`: the shell side as text.

use std::path::Path;

use super::support::{Run, Sandbox};

/// The system's own bash, which is 3.2 on macOS.
const BASH: &str = if cfg!(target_os = "macos") { "/bin/bash" } else { "bash" };
const SHELLS: [&str; 6] = ["bash", "zsh", "fish", "powershell", "nushell", "elvish"];

fn init(sandbox: &Sandbox, args: &[&str]) -> Run {
    sandbox.run(&[&["init"], args].concat()).ok().silent()
}

#[test]
fn each_shell_gets_integration_and_on_request_its_prompt() {
    let sandbox = Sandbox::new();
    for shell in SHELLS {
        let side = init(&sandbox, &[shell]).stdout;
        assert!(
            side.contains("_rolecall_eval")
                && side.contains("ROLECALL_RENEW_AT")
                && side.contains("ROLECALL_INIT"),
            "{shell}: {side}"
        );
        assert!(!side.contains("rolecall --quiet prompt"), "{shell}: {side}");
        let prompted = init(&sandbox, &[shell, "--prompt"]).stdout;
        assert!(prompted.starts_with(&side) && prompted.contains("prompt"), "{shell}: {prompted}");
    }
    for (name, shell) in
        [("/usr/bin/zsh", "zsh"), ("pwsh", "powershell"), ("nu", "nushell"), ("-bash", "bash")]
    {
        assert_eq!(init(&sandbox, &["--", name]).stdout, init(&sandbox, &[shell]).stdout);
    }
    sandbox.no_calls();
}

/// Packages ship the same text as files.
#[test]
fn committed_shell_files_match_output() {
    let sandbox = Sandbox::new();
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("packaging/shell");
    let endings = ["bash", "zsh", "fish", "ps1", "nu", "elv"];
    for (shell, ending) in SHELLS.into_iter().zip(endings) {
        for (name, words) in [("rolecall", &[shell][..]), ("rolecall-prompt", &[shell, "--prompt"])]
        {
            let file = folder.join(format!("{name}.{ending}"));
            let text = std::fs::read_to_string(&file).unwrap();
            let same = text == init(&sandbox, words).stdout;
            assert!(same, "{} is not up to date: cargo xtask bless", file.display());
        }
    }
    assert_eq!(std::fs::read_dir(folder).unwrap().count(), 2 * SHELLS.len());
}

#[test]
fn unsupported_shell_is_usage_error_that_names_supported_ones() {
    let sandbox = Sandbox::new();
    sandbox.run(&["init", "tcsh"]).fails(2).says(&["bash, zsh, fish, powershell, nushell, elvish"]);
    sandbox.run(&["init"]).fails(2);
}

/// A new shell must get its function whatever else is broken.
#[test]
fn output_is_same_with_malformed_files_and_without_home() {
    let sandbox = Sandbox::empty();
    let usual = init(&sandbox, &["zsh"]).stdout;
    sandbox.settings("nonsense = 1\n");
    sandbox.config("[nonsense\n");
    assert_eq!(init(&sandbox, &["zsh"]).stdout, usual);
    sandbox.unset("HOME");
    sandbox.set("ROLECALL_STORE", "nonsense");
    assert_eq!(init(&sandbox, &["zsh"]).stdout, usual);
}

/// The same text for everyone: nothing of the environment gets into what a shell evaluates.
#[test]
fn output_does_not_depend_on_environment() {
    let sandbox = Sandbox::new();
    let usual: Vec<String> =
        SHELLS.iter().map(|shell| init(&sandbox, &[shell, "--prompt"]).stdout).collect();
    for name in [
        "ROLECALL_SHELL",
        "ROLECALL_USE",
        "ROLECALL_RENEW_AT",
        "ROLECALL_PROFILE",
        "AWS_PROFILE",
        "SHELL",
    ] {
        sandbox.set(name, "'; touch ran; '");
    }
    let now: Vec<String> =
        SHELLS.iter().map(|shell| init(&sandbox, &[shell, "--prompt"]).stdout).collect();
    assert_eq!(now, usual);
}

/// Shells evaluate it as it is: no error, no output, and a second time changes nothing.
#[cfg(unix)]
#[test]
fn bash_evaluates_output_twice_without_message() {
    let sandbox = Sandbox::new();
    sandbox.set("FILES", concat!(env!("CARGO_MANIFEST_DIR"), "/packaging/shell"));
    for line in [
        r#"set -eu; eval "$(rolecall init bash --prompt)"; eval "$(rolecall init bash --prompt)"; echo ${PROMPT_COMMAND[*]}"#,
        r#"set -eu; source "$FILES/rolecall-prompt.bash"; source "$FILES/rolecall-prompt.bash"; echo ${PROMPT_COMMAND[*]}"#,
        r#"set -o posix; eval "$(rolecall init bash)"; rolecall use --off; rolecall exec dev -- true"#,
    ] {
        let run = sandbox.shell(BASH, line).ok().silent();
        assert!(
            ["", "_rolecall_hook _rolecall_prompt\n"].contains(&run.stdout.as_str()),
            "{run:#?}"
        );
    }
}

#[cfg(unix)]
#[test]
fn bash_completes_after_output_is_evaluated() {
    let sandbox = Sandbox::new();
    let line = r#"
        set -u
        eval "$(rolecall init bash)"
        COMP_LINE='rolecall explain pr' COMP_POINT=19 COMP_WORDS=(rolecall explain pr) COMP_CWORD=2
        _rolecall rolecall pr explain
        echo "${COMPREPLY[@]}"
        COMP_LINE='rolecall exec prod tr' COMP_POINT=21 COMP_WORDS=(rolecall exec prod tr) COMP_CWORD=3
        _rolecall rolecall tr prod
        echo "$? ${#COMPREPLY[@]}"
    "#;
    assert_eq!(sandbox.shell(BASH, line).ok().silent().stdout, "prod\n0 0\n");
}
