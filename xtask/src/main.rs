//! What a developer of rolecall types: `cargo xtask` lists it. It needs nothing beyond cargo; what
//! it starts may.

#![allow(clippy::print_stderr, reason = "a person reads it")]

use std::fs;
use std::path::Path;
use std::process::{Command, ExitCode};

const USAGE: &str = "\
usage: cargo xtask COMMAND

  check                     formatting, clippy and the documentation
  test [PART…]              on Linux tests/run; elsewhere the tests that need cargo only
  bless                     makes the generated files anew: the manual pages, the shell side
  fuzz [SECONDS [TARGET…]]  fuzz/run
  bench [OPTION…]           benches/run
";

/// What every system compiles. The floors of the benchmarks are for Linux only.
const EVERYWHERE: [&str; 8] =
    ["-p", "rolecall", "-p", "fake-aws", "-p", "rolecall-fuzz", "-p", "xtask"];
/// The black-box tests that need no Linux: on Windows no others are compiled, on macOS no others are
/// known to pass.
const PORTABLE: [&str; 12] = [
    "can::",
    "clients::",
    "errors::",
    "init::",
    "inspect::",
    "overrides::",
    "process::",
    "prompt_segment::",
    "sources::",
    "sso::",
    "whoami::",
    "windows::",
];
const MANUAL: &str = "packaging/man";
const SHELL_SIDE: &str = "packaging/shell";
/// The shells that `rolecall init` knows, each with the ending of its scripts.
const SHELLS: [(&str, &str); 6] = [
    ("bash", "bash"),
    ("zsh", "zsh"),
    ("fish", "fish"),
    ("powershell", "ps1"),
    ("nushell", "nu"),
    ("elvish", "elv"),
];

/// How a command ended; the error says what was started.
type Outcome = Result<(), String>;

fn main() -> ExitCode {
    let mut arguments = std::env::args().skip(1);
    let command = arguments.next();
    let options: Vec<String> = arguments.collect();
    let outcome = match command.as_deref() {
        Some("check") => check(),
        Some("test") => test(&options),
        Some("bless") => bless(),
        Some("fuzz") => script("fuzz/run", &options),
        Some("bench") => script("benches/run", &options),
        _ => {
            eprint!("{USAGE}");
            return ExitCode::from(2);
        }
    };
    match outcome {
        Ok(()) => ExitCode::SUCCESS,
        Err(what) => {
            eprintln!("error: {what}");
            ExitCode::FAILURE
        }
    }
}

fn check() -> Outcome {
    let packages = if cfg!(target_os = "linux") { &["--workspace"][..] } else { &EVERYWHERE };
    cargo(&[&["fmt", "--all", "--check"]])?;
    cargo(&[&["clippy", "--locked", "--all-targets"], packages, &["--", "-D", "warnings"]])?;
    let strict = ["--config", "build.rustdocflags = ['-D', 'warnings']"];
    let pages = ["--no-deps", "--document-private-items", "--lib", "--examples"];
    cargo(&[&["doc", "--locked"], packages, &strict, &pages])
}

fn test(parts: &[String]) -> Outcome {
    if cfg!(target_os = "linux") {
        return script("tests/run", parts);
    }
    cargo(&[
        &["test", "--locked"],
        &EVERYWHERE,
        &["--lib", "--test", "corpora", "--test", "docs"],
    ])?;
    cargo(&[&["test", "--locked"], &EVERYWHERE, &["--test", "cli", "--"], &PORTABLE])
}

fn bless() -> Outcome {
    // The page of a verb that is gone goes too.
    fs::remove_dir_all(root().join(MANUAL)).map_err(|error| format!("{MANUAL}: {error}"))?;
    cargo(&[&["run", "--locked", "--", "man", MANUAL]])?;
    for (shell, ending) in SHELLS {
        init(&[shell], &format!("rolecall.{ending}"))?;
        init(&[shell, "--prompt"], &format!("rolecall-prompt.{ending}"))?;
    }
    Ok(())
}

/// Writes what `rolecall init` prints into a file of the shell side.
fn init(arguments: &[&str], file: &str) -> Outcome {
    let path = root().join(SHELL_SIDE).join(file);
    let failed = |error: std::io::Error| format!("{}: {error}", path.display());
    let file = fs::File::create(&path).map_err(failed)?;
    let words = ["run", "--quiet", "--locked", "--", "init"];
    run(Command::new("cargo").args(words).args(arguments).stdout(file))
}

fn cargo(arguments: &[&[&str]]) -> Outcome {
    run(Command::new("cargo").args(arguments.concat()))
}

fn script(path: &str, arguments: &[String]) -> Outcome {
    run(Command::new(root().join(path)).args(arguments))
}

fn run(command: &mut Command) -> Outcome {
    match command.current_dir(root()).status() {
        Ok(status) if status.success() => Ok(()),
        Ok(status) => Err(format!("{command:?}: {status}")),
        Err(error) => Err(format!("{command:?}: {error}")),
    }
}

/// Returns the root of the repository.
fn root() -> &'static Path {
    Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/.."))
}
