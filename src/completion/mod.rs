//! Completions: a script per shell that asks the program at each Tab (`rolecall __complete`), so
//! that they always fit the verbs, options and profiles there are. Reads the shared files and
//! nothing else: no store, no network.
//!
//! clap_complete's engine does the same behind an unstable feature, which a `cargo install` without
//! a lock file may break, and leaves what it prints unquoted for bash.

mod candidate;
mod engine;
mod profiles;
mod quoting;
pub mod source;

use clap::Command;
use serde_json::{Value, json};

use self::candidate::{Candidate, Matching};
use self::engine::{Answer, Engine};
pub use self::profiles::ProfileCompleter;
use self::quoting::TypedLine;
use crate::shell::Side;

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
pub fn answer(
    command: &mut Command,
    shell: Side,
    sent: &[String],
    profiles: &ProfileCompleter,
) -> String {
    let matching = if shell == Side::Bash { Matching::Prefix } else { Matching::Loose };
    let engine = Engine { matching, profiles };
    match shell {
        Side::Bash => bash(&engine, command, sent),
        Side::Nushell => {
            let typed = TypedLine::nushell(sent.first().map_or("", String::as_str));
            nushell(&engine.answer(command, typed.words(), &typed.current))
        }
        _ => {
            let (current, before) =
                sent.split_last().map_or(("", sent), |(last, before)| (last.as_str(), before));
            let words = before.get(1..).unwrap_or_default();
            let answer = engine.answer(command, words, sent_word(shell, current));
            lines(&answer, |candidate| line(shell, candidate))
        }
    }
}

/// Returns the part of the last word that candidates have to match.
fn sent_word(shell: Side, word: &str) -> &str {
    match shell {
        Side::PowerShell => word.strip_prefix('=').unwrap_or(word),
        // It sends the word as typed, and looks itself for what fits.
        Side::Fish => {
            word.split(['\'', '"', '\\', '$', '~', '*', '?', '{']).next().unwrap_or_default()
        }
        _ => word,
    }
}

fn line(shell: Side, candidate: &Candidate) -> String {
    let Candidate { value, description } = candidate;
    match shell {
        Side::PowerShell => format!("{}\t{value}\t{description}", quoting::powershell(value)),
        _ => format!("{value}\t{description}"),
    }
}

fn lines(answer: &Answer, line: impl Fn(&Candidate) -> String) -> String {
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
fn bash(engine: &Engine, command: &mut Command, sent: &[String]) -> String {
    let sent = |at: usize| sent.get(at).map_or("", String::as_str);
    let typed = TypedLine::bash(sent(0));
    let answer = engine.answer(command, typed.words(), &typed.current);
    let Answer::Values(candidates) = &answer else { return lines(&answer, |_| String::new()) };
    // Readline's codes for a list of what is possible (`COMP_TYPE`: `!`, `?`, `@`).
    let is_list = matches!(sent(2), "33" | "63" | "64") && candidates.len() > 1;
    let columns = sent(3).parse().unwrap_or(80);
    let text = |candidate: &Candidate| typed.replacement(sent(1), &candidate.value);
    if !is_list {
        return lines(&answer, text);
    }
    let longest = candidates.iter().map(|one| text(one).chars().count()).max().unwrap_or(0);
    let widest = longest.min(columns / 2);
    lines(&answer, |candidate| described(&text(candidate), &candidate.description, widest, columns))
}

/// Writes a description behind a text, in a column of its own as far as there is room.
fn described(text: &str, description: &str, widest: usize, columns: usize) -> String {
    if description.is_empty() {
        return text.to_owned();
    }
    let width = text.chars().count();
    let padding = " ".repeat(widest.saturating_sub(width));
    let room = columns.saturating_sub(widest.max(width) + 6);
    format!("{text}{padding}  ({})", description.chars().take(room).collect::<String>())
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
