//! `rolecall profile set` and the other verbs that edit the shared files: every byte that was not
//! meant stays. The rows of `tests/data/profiles` say what each command makes of which files.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use test_tables::Case;

use super::support::{Run, Sandbox, check_rows};

const BLOCKS: [&str; 7] =
    ["config", "credentials", "run", "undo", "config after", "credentials after", "refused"];
/// The secret of the rows.
const SECRET: &str = "HIDDEN";
const FILES: [&str; 2] = ["config", "credentials"];

#[test]
fn each_command_changes_the_bytes_that_it_means() {
    check_rows(&test_tables::read("profiles", &BLOCKS), 118, check);
}

/// Returns the shared files of a sandbox; one that is not there is left out.
fn files(sandbox: &Sandbox) -> BTreeMap<&'static str, Vec<u8>> {
    let read = |name| Some((name, fs::read(sandbox.path(&format!(".aws/{name}"))).ok()?));
    FILES.into_iter().filter_map(read).collect()
}

/// Runs the lines of a block.
fn run(sandbox: &Sandbox, block: &str, options: &[&str]) -> Result<Vec<Run>, String> {
    let mut runs = Vec::new();
    // A line break in quotes ends no line.
    let mut words = shlex::split(&block.replace("'\n", "' \u{1} ").replace('\n', " \u{1} "))
        .ok_or("its quotes do not match")?;
    words.retain(|word| !word.is_empty());
    for line in words.split(|word| word == "\u{1}").filter(|line| !line.is_empty()) {
        let line: Vec<String> = line.iter().map(|word| word.replace(" \u{1} ", "\n")).collect();
        let words = line.iter().map(String::as_str).chain(options.iter().copied());
        let args: Vec<&str> = ["profile"].into_iter().chain(words).collect();
        runs.push(sandbox.run(&args));
    }
    Ok(runs)
}

fn check(case: &Case) -> Result<(), String> {
    let sandbox = Sandbox::empty();
    sandbox.secret(SECRET);
    for name in FILES {
        if let Some(bytes) = case.bytes(name) {
            sandbox.file(&format!(".aws/{name}"), bytes);
        }
    }
    let before = files(&sandbox);
    let mut after = before.clone();
    for name in FILES {
        if let Some(bytes) = case.bytes(&format!("{name} after")) {
            after.insert(name, bytes.to_vec());
        }
    }
    let expect = |what: &str, expected: &BTreeMap<&str, Vec<u8>>| {
        let found = files(&sandbox);
        let differs = |name: &&str| found.get(*name) != expected.get(*name);
        FILES.into_iter().find(differs).map_or(Ok(()), |name| {
            let text = |bytes: Option<&Vec<u8>>| {
                bytes.map(|bytes| bytes.escape_ascii().to_string().replace("\\n", "\n"))
            };
            let (is, not) = (text(found.get(name)), text(expected.get(name)));
            Err(format!(
                "{what}, {name}:\n{}\nnot:\n{}",
                is.unwrap_or_default(),
                not.unwrap_or_default()
            ))
        })
    };

    let runs = run(&sandbox, case.block("run"), &["--dry-run"])?;
    expect("after a dry run", &before)?;
    if let ([dry @ Run { code: 0, .. }], None) = (runs.as_slice(), case.optional("refused")) {
        diff_says(&sandbox, dry, &before, &after)?;
    }
    let runs = run(&sandbox, case.block("run"), &[])?;
    expect("after", &after)?;
    match case.optional("refused") {
        Some(text) => {
            let last = runs.last().ok_or("nothing was run")?;
            if last.code == 0 || !last.stderr.contains(text.trim()) {
                return Err(format!("not refused as it should be: {last:#?}"));
            }
            last.clone().error_form();
        }
        None => {
            if let Some(failed) = runs.iter().find(|run| run.code != 0) {
                return Err(format!("it failed: {failed:#?}"));
            }
        }
    }
    if let Some(undo) = case.optional("undo") {
        run(&sandbox, undo, &[])?;
        expect("after undo", &before)?;
    }
    Ok(())
}

/// Demands that the diff of a dry run, applied to the files, gives what the command makes of them.
/// Secrets, line ends and bytes that are not UTF-8 are not in it.
fn diff_says(
    sandbox: &Sandbox,
    dry: &Run,
    before: &BTreeMap<&str, Vec<u8>>,
    after: &BTreeMap<&str, Vec<u8>>,
) -> Result<(), String> {
    let lines = |files: &BTreeMap<&str, Vec<u8>>, name: &str| -> Vec<String> {
        let text = String::from_utf8_lossy(files.get(name).map_or(&[][..], Vec::as_slice));
        text.replace('\u{feff}', "\u{fffd}").lines().map(masked).collect()
    };
    for name in FILES {
        let path = sandbox.path(&format!(".aws/{name}"));
        let patched = patched(lines(before, name), &dry.stdout, &path);
        if patched != lines(after, name) {
            return Err(format!("the diff of {name} says something else: {dry:#?}"));
        }
    }
    Ok(())
}

fn masked(line: &str) -> String {
    line.replace(SECRET, "****")
}

/// Applies the part of a unified diff that is about a file.
fn patched(mut lines: Vec<String>, diff: &str, path: &Path) -> Vec<String> {
    let of_file = format!("--- {}\n", path.display());
    let Some(at) = diff.find(&of_file) else { return lines };
    let part = &diff[at + of_file.len()..];
    let part = &part[..part.find("\n--- /").map_or(part.len(), |at| at + 1)];
    let mut moved = 0_isize;
    let mut at = 0_usize;
    for line in part.lines().skip(1) {
        let (mark, text) = line.split_at(1);
        match mark {
            "@" => {
                let old = text.split_once('-').unwrap().1;
                let old = old.split(' ').next().unwrap();
                let (first, count) = old.split_once(',').unwrap_or((old, "1"));
                let first: isize = first.parse().unwrap();
                let first = if count == "0" { first } else { first - 1 };
                at = usize::try_from(first + moved).unwrap();
            }
            " " => {
                assert_eq!(lines[at], text, "the context is another one: {diff}");
                at += 1;
            }
            "-" => {
                assert_eq!(lines.remove(at), text, "another line is removed: {diff}");
                moved -= 1;
            }
            "+" => {
                lines.insert(at, text.to_owned());
                at += 1;
                moved += 1;
            }
            _ => assert_eq!(line, "\\ No newline at end of file"),
        }
    }
    lines
}
