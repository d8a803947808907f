//! The values that may stand at the cursor, read from clap's own description of the command line.

use clap::{Arg, ArgAction, Command};

use super::candidate::{Candidate, Matching};
use super::position::{LinePosition, long_option, takes_value};
use super::profiles::ProfileCompleter;
use super::section_keys::SectionKeys;
use super::source::ValueSource;

/// What a shell is to offer.
#[derive(Debug, PartialEq, Eq)]
pub enum Answer {
    Values(Vec<Candidate>),
    /// Paths, which the shell completes itself.
    Files,
    /// Another command and its arguments, which begin after so many words.
    Command(usize),
}

/// Answers one question of a shell.
pub struct Engine<'a> {
    pub matching: Matching,
    pub profiles: &'a ProfileCompleter,
}

impl Engine<'_> {
    /// Returns the values that may stand at the cursor; `words` are those between the program's
    /// name and the cursor.
    pub fn answer(&self, root: &mut Command, words: &[String], current: &str) -> Answer {
        root.build();
        let position = LinePosition::after(root, words);
        if let Some(option) = position.pending {
            return self.values(&position, option, "", current);
        }
        if !position.is_verbatim() && current.starts_with('-') {
            return self.option(&position, current);
        }
        self.word(&position, current)
    }

    /// Completes an option's name, or its value after `--name=`.
    fn option(&self, position: &LinePosition, current: &str) -> Answer {
        match current.strip_prefix("--").and_then(|long| long.split_once('=')) {
            Some((name, typed)) => {
                match long_option(position.command, name).filter(|arg| takes_value(arg)) {
                    Some(option) => self.values(position, option, &format!("--{name}="), typed),
                    None => Answer::Values(Vec::new()),
                }
            }
            None => Answer::Values(Matching::Prefix.candidates(options(position), current)),
        }
    }

    /// Completes a verb or the value of a positional argument.
    fn word(&self, position: &LinePosition, current: &str) -> Answer {
        let argument = position.positional();
        if argument.is_some_and(|arg| ValueSource::of(arg) == ValueSource::Command) {
            return Answer::Command(position.verbatim_begins());
        }
        let mut found = Vec::new();
        if !position.is_verbatim() && position.positional == 0 {
            found = self.matching.candidates(verbs(position.command), current);
        }
        match argument.map(|arg| self.values(position, arg, "", current)) {
            Some(Answer::Values(more)) => found.extend(more),
            Some(other) if found.is_empty() => return other,
            _ => {}
        }
        if found.is_empty() && current.is_empty() && !position.is_verbatim() {
            found = options(position);
        }
        Answer::Values(found)
    }

    /// Returns the values of an argument, each behind `prefix` (`--name=`, or nothing).
    fn values(&self, position: &LinePosition, arg: &Arg, prefix: &str, typed: &str) -> Answer {
        let possible = arg.get_possible_values();
        let found = if possible.is_empty() {
            match ValueSource::of(arg) {
                ValueSource::Files | ValueSource::Command => return Answer::Files,
                source @ (ValueSource::Keys | ValueSource::Assignments) => {
                    let keys = SectionKeys::of(self.profiles, self.matching, position);
                    let found = keys.map(|keys| match source {
                        ValueSource::Keys => keys.present(typed),
                        _ => keys.assignments(typed),
                    });
                    found.unwrap_or_default()
                }
                source => self.profiles.candidates(source, typed, self.matching),
            }
        } else {
            let shown = possible.iter().filter(|value| !value.is_hide_set());
            let shown =
                shown.filter_map(|value| Candidate::new(value.get_name(), &text(value.get_help())));
            self.matching.candidates(shown.collect(), typed)
        };
        // A value that looks like an option would be taken for one.
        let found = found.into_iter().filter(|c| !prefix.is_empty() || !c.value.starts_with('-'));
        Answer::Values(
            found.map(|c| Candidate { value: format!("{prefix}{}", c.value), ..c }).collect(),
        )
    }
}

fn verbs(command: &Command) -> Vec<Candidate> {
    let verbs = command.get_subcommands().filter(|verb| !verb.is_hide_set());
    verbs.filter_map(|verb| Candidate::new(verb.get_name(), &text(verb.get_about()))).collect()
}

fn options(position: &LinePosition) -> Vec<Candidate> {
    let used = |arg: &Arg| position.used.iter().any(|used| used.get_id() == arg.get_id());
    let offered = position.command.get_arguments().filter(|arg| !arg.is_hide_set());
    let offered = offered.filter(|arg| {
        !used(arg) || matches!(arg.get_action(), ArgAction::Append | ArgAction::Count)
    });
    offered
        .filter_map(|arg| Candidate::new(&format!("--{}", arg.get_long()?), &text(arg.get_help())))
        .collect()
}

fn text(help: Option<&clap::builder::StyledStr>) -> String {
    help.map(ToString::to_string).unwrap_or_default()
}
