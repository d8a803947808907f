//! Completions: a script per shell that asks the program at each Tab (`rolecall __complete`), so
//! that they always fit the verbs, options and profiles there are. Reads the shared files and
//! nothing else: no store, no network.
//!
//! clap_complete's engine does the same behind an unstable feature, which a `cargo install` without
//! a lock file may break, and leaves what it prints unquoted for bash.

mod engine;
mod live;
mod quoting;

use clap::Command;
use serde_json::{Value, json};

use crate::shell::Side;
use engine::{Answer, Candidate, Matching};
pub use live::Live;
use quoting::Line;

/// Returns the script that makes a shell ask.
pub fn script(shell: Side) -> &'static str {
    match shell {
        Side::Bash => include_str!("../../completions/rolecall.bash"),
        Side::Zsh => include_str!("../../completions/_rolecall"),
        Side::Fish => include_str!("../../completions/rolecall.fish"),
        Side::PowerShell => include_str!("../../completions/rolecall.ps1"),
        Side::Nushell => include_str!("../../completions/rolecall.nu"),
        Side::Elvish => include_str!("../../completions/rolecall.elv"),
    }
}

/// Returns what a shell's script is told for the words it sends. Its first line says what follows:
/// `values`, one per line; `files`, for which the shell is to look itself; `command`, after a `--`.
/// Nushell gets JSON.
///
/// | shell | sends | gets per value |
/// |---|---|---|
/// | bash | the line up to the cursor, readline's word, `COMP_TYPE`, `COLUMNS` | what replaces readline's word |
/// | PowerShell | the words before, and `=` with the word at the cursor (it drops empty arguments) | text, value, description |
/// | nushell | the line up to the cursor | `{"value", "description"}` |
/// | others | the words up to the cursor | value, description; the shell quotes |
pub fn answer(command: &mut Command, shell: Side, sent: &[String], live: &Live) -> String {
    let matching = if shell == Side::Bash { Matching::Prefix } else { Matching::Loose };
    match shell {
        Side::Bash => bash(command, sent, live),
        Side::Nushell => {
            let typed = Line::nushell(sent.first().map_or("", String::as_str));
            nushell(&engine::answer(command, typed.words(), &typed.current, matching, live))
        }
        _ => {
            let (current, before) =
                sent.split_last().map_or(("", sent), |(last, before)| (last.as_str(), before));
            let current = match shell {
                Side::PowerShell => current.strip_prefix('=').unwrap_or(current),
                // It sends the word as typed, and looks itself for what fits.
                Side::Fish => current
                    .split(['\'', '"', '\\', '$', '~', '*', '?', '{'])
                    .next()
                    .unwrap_or_default(),
                _ => current,
            };
            lines(
                &engine::answer(
                    command,
                    before.get(1..).unwrap_or_default(),
                    current,
                    matching,
                    live,
                ),
                |candidate| match shell {
                    Side::PowerShell => {
                        format!(
                            "{}\t{}\t{}",
                            quoting::powershell(&candidate.value),
                            candidate.value,
                            candidate.description
                        )
                    }
                    _ => format!("{}\t{}", candidate.value, candidate.description),
                },
            )
        }
    }
}

fn lines(answer: &Answer, mut line: impl FnMut(&Candidate) -> String) -> String {
    match answer {
        Answer::Files => "files\n".to_owned(),
        Answer::Command => "command\n".to_owned(),
        Answer::Values(candidates) => {
            candidates.iter().fold("values\n".to_owned(), |text, candidate| {
                text + line(candidate).trim_end_matches('\t') + "\n"
            })
        }
    }
}

/// Readline inserts what it gets as it is and replaces its own idea of a word, which ends at `:`
/// and `=`. Descriptions are only for its lists.
fn bash(command: &mut Command, sent: &[String], live: &Live) -> String {
    let sent = |at: usize| sent.get(at).map_or("", String::as_str);
    let typed = Line::bash(sent(0));
    let (listing, columns) =
        (matches!(sent(2), "33" | "63" | "64"), sent(3).parse::<usize>().unwrap_or(80));
    let answer = engine::answer(command, typed.words(), &typed.current, Matching::Prefix, live);
    let mut texts: Vec<(String, &str)> = Vec::new();
    if let Answer::Values(candidates) = &answer {
        texts.extend(
            candidates
                .iter()
                .map(|c| (typed.replacement(sent(1), &c.value), c.description.as_str())),
        );
    }
    let widest =
        texts.iter().map(|(text, _)| text.chars().count()).max().unwrap_or(0).min(columns / 2);
    let described = listing && texts.len() > 1;
    let mut texts = texts.into_iter().map(|(text, description)| match description {
        "" => text,
        _ if !described => text,
        _ => {
            let padding = " ".repeat(widest.saturating_sub(text.chars().count()));
            let room = columns.saturating_sub(widest.max(text.chars().count()) + 6);
            format!("{text}{padding}  ({})", description.chars().take(room).collect::<String>())
        }
    });
    lines(&answer, |_| texts.next().unwrap_or_default())
}

fn nushell(answer: &Answer) -> String {
    let value = match answer {
        // With nothing it offers paths.
        Answer::Files | Answer::Command => Value::Null,
        Answer::Values(candidates) => candidates
            .iter()
            .map(|c| json!({"value": quoting::nushell(&c.value), "description": c.description}))
            .collect(),
    };
    format!("{value}\n")
}
