//! Completions: one script per shell asks the program at each Tab (`rolecall __complete`), so that
//! it always offers the verbs, options and profiles that exist. It reads the shared files and
//! nothing else: no store, no network.
//!
//! clap_complete's engine does the same behind an unstable feature. A `cargo install` without a
//! lock file may break it, and it prints values for bash without quotes.

mod candidate;
mod engine;
pub mod position;
mod profiles;
mod quoting;
mod section_keys;
pub mod source;

use clap::Command;
use serde_json::{Value, json};

use self::candidate::{Candidate, Matching};
use self::engine::{Answer, Engine};
pub use self::profiles::ProfileCompleter;
use self::quoting::TypedLine;
use crate::shell::IntegratedShell;

/// Returns a shell's script.
pub fn script(shell: IntegratedShell) -> &'static str {
    match shell {
        IntegratedShell::Bash => include_str!("../../completions/rolecall.bash"),
        IntegratedShell::Zsh => include_str!("../../completions/_rolecall"),
        IntegratedShell::Fish => include_str!("../../completions/rolecall.fish"),
        IntegratedShell::PowerShell => include_str!("../../completions/rolecall.ps1"),
        IntegratedShell::Nushell => include_str!("../../completions/rolecall.nu"),
        IntegratedShell::Elvish => include_str!("../../completions/rolecall.elv"),
    }
}

/// Answers a shell's script. The first line says what follows: `values`, one per line; `files`,
/// which the shell completes itself; `command`, which the shell completes too, with the number of
/// words before it (those after rolecall's name). Nushell gets JSON.
///
/// - bash sends the line up to the cursor, readline's word, `COMP_TYPE`, `COLUMNS` and
///   `COMP_WORDS`. It gets the text that replaces readline's word, and before a command the index
///   of that in `COMP_WORDS`.
/// - PowerShell sends the words before the cursor, and `=` with the word at the cursor, because it
///   drops empty arguments. It gets text, value and description.
/// - nushell sends the line up to the cursor. It gets `{"value", "description"}`.
/// - The others send the words up to the cursor. They get value and description, and quote the
///   value themselves.
pub fn answer(
    command: &mut Command,
    shell: IntegratedShell,
    sent: &[String],
    profiles: &ProfileCompleter,
) -> String {
    let matching = if shell == IntegratedShell::Bash { Matching::Prefix } else { Matching::Loose };
    let engine = Engine { matching, profiles };
    match shell {
        IntegratedShell::Bash => bash(&engine, command, sent),
        IntegratedShell::Nushell => {
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
fn sent_word(shell: IntegratedShell, word: &str) -> &str {
    match shell {
        IntegratedShell::PowerShell => word.strip_prefix('=').unwrap_or(word),
        // fish sends the word as typed, and filters the candidates itself.
        IntegratedShell::Fish => {
            word.split(['\'', '"', '\\', '$', '~', '*', '?', '{']).next().unwrap_or_default()
        }
        _ => word,
    }
}

fn line(shell: IntegratedShell, candidate: &Candidate) -> String {
    let Candidate { value, description } = candidate;
    match shell {
        IntegratedShell::PowerShell => {
            format!("{}\t{value}\t{description}", quoting::powershell(value))
        }
        _ => format!("{value}\t{description}"),
    }
}

fn lines(answer: &Answer, line: impl Fn(&Candidate) -> String) -> String {
    match answer {
        Answer::Files => "files\n".to_owned(),
        Answer::Command(before) => format!("command\n{before}\n"),
        Answer::Values(candidates) => {
            candidates.iter().fold("values\n".to_owned(), |text, candidate| {
                text + line(candidate).trim_end_matches('\t') + "\n"
            })
        }
    }
}

/// Answers bash. Readline inserts a value as it is, in place of its own word, which ends at `:` and
/// `=`. Only lists show descriptions.
fn bash(engine: &Engine, command: &mut Command, sent: &[String]) -> String {
    let comp_words = sent.get(4..).unwrap_or_default();
    let sent = |at: usize| sent.get(at).map_or("", String::as_str);
    let typed = TypedLine::bash(sent(0));
    let answer = match engine.answer(command, typed.words(), &typed.current) {
        Answer::Command(before) => Answer::Command(typed.comp_word(before, comp_words)),
        answer => answer,
    };
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
        // nushell offers paths when it gets nothing.
        Answer::Files | Answer::Command(_) => Value::Null,
        Answer::Values(candidates) => candidates
            .iter()
            .map(|c| json!({"value": quoting::nushell(&c.value), "description": c.description}))
            .collect(),
    };
    format!("{value}\n")
}
