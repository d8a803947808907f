//! The values that may stand at the cursor, read from clap's own description of the command line.

use clap::{Arg, ArgAction, Command};

use super::candidate::{Candidate, Matching};
use super::profiles::ProfileCompleter;
use super::source::ValueSource;

/// What a shell is to offer.
#[derive(Debug, PartialEq, Eq)]
pub enum Answer {
    Values(Vec<Candidate>),
    /// Paths, which the shell completes itself.
    Files,
    /// Another command and its arguments, behind a `--`.
    Command,
}

/// The place in the command line that the words before the cursor lead to.
struct LinePosition<'a> {
    command: &'a Command,
    /// The option whose value is at the cursor.
    pending: Option<&'a Arg>,
    /// The number of positional words so far.
    positional: usize,
    /// Whether a `--` came before.
    escaped: bool,
    used: Vec<&'a Arg>,
}

impl<'a> LinePosition<'a> {
    fn after(command: &'a Command, words: &[String]) -> Self {
        let mut position =
            Self { command, pending: None, positional: 0, escaped: false, used: Vec::new() };
        for word in words {
            position.step(word);
        }
        position
    }

    fn step(&mut self, word: &str) {
        if self.pending.take().is_some() {
            return;
        }
        if self.escaped {
            self.positional += 1;
        } else if word == "--" {
            self.escaped = true;
        } else if let Some(long) = word.strip_prefix("--") {
            self.step_long(long);
        } else if let Some(shorts) = word.strip_prefix('-').filter(|shorts| !shorts.is_empty()) {
            self.step_shorts(shorts);
        } else if let Some(verb) =
            self.command.find_subcommand(word).filter(|_| self.positional == 0)
        {
            *self = Self::after(verb, &[]);
        } else {
            self.positional += 1;
        }
    }

    /// Takes `--name` or `--name=value`, without its dashes.
    fn step_long(&mut self, long: &str) {
        let (name, value) =
            long.split_once('=').map_or((long, None), |(name, value)| (name, Some(value)));
        let option = long_option(self.command, name);
        self.used.extend(option);
        self.pending = option.filter(|arg| takes_value(arg) && value.is_none());
    }

    /// Takes `-v`, `-vv`, `-pNAME` and the like, without the dash.
    fn step_shorts(&mut self, shorts: &str) {
        for (at, short) in shorts.char_indices() {
            let option = self.command.get_arguments().find(|arg| arg.get_short() == Some(short));
            let is_last = at + short.len_utf8() == shorts.len();
            self.used.extend(option);
            self.pending = option.filter(|arg| takes_value(arg) && is_last);
            if option.is_none_or(takes_value) {
                break;
            }
        }
    }
}

fn long_option<'a>(command: &'a Command, name: &str) -> Option<&'a Arg> {
    command.get_arguments().find(|arg| arg.get_long() == Some(name))
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
            return self.values(option, "", current);
        }
        if !position.escaped && current.starts_with('-') {
            return self.option(&position, current);
        }
        self.word(&position, current)
    }

    /// Completes an option's name, or its value after `--name=`.
    fn option(&self, position: &LinePosition, current: &str) -> Answer {
        match current.strip_prefix("--").and_then(|long| long.split_once('=')) {
            Some((name, typed)) => {
                match long_option(position.command, name).filter(|arg| takes_value(arg)) {
                    Some(option) => self.values(option, &format!("--{name}="), typed),
                    None => Answer::Values(Vec::new()),
                }
            }
            None => Answer::Values(Matching::Prefix.candidates(options(position), current)),
        }
    }

    /// Completes a verb or the value of a positional argument.
    fn word(&self, position: &LinePosition, current: &str) -> Answer {
        let mut found = Vec::new();
        if !position.escaped && position.positional == 0 {
            found = self.matching.candidates(verbs(position.command), current);
        }
        match positional(position).map(|arg| self.values(arg, "", current)) {
            Some(Answer::Values(more)) => found.extend(more),
            Some(other) if found.is_empty() => return other,
            _ => {}
        }
        if found.is_empty() && current.is_empty() && !position.escaped {
            found = options(position);
        }
        Answer::Values(found)
    }

    /// Returns the values of an argument, each behind `prefix` (`--name=`, or nothing).
    fn values(&self, arg: &Arg, prefix: &str, typed: &str) -> Answer {
        let possible = arg.get_possible_values();
        let found = if possible.is_empty() {
            match ValueSource::of(arg) {
                ValueSource::Files => return Answer::Files,
                ValueSource::Command => return Answer::Command,
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

fn takes_value(arg: &Arg) -> bool {
    arg.get_action().takes_values()
}

fn verbs(command: &Command) -> Vec<Candidate> {
    let verbs = command.get_subcommands().filter(|verb| !verb.is_hide_set());
    verbs.filter_map(|verb| Candidate::new(verb.get_name(), &text(verb.get_about()))).collect()
}

/// Returns the argument whose value a plain word at the cursor would be.
fn positional<'a>(position: &LinePosition<'a>) -> Option<&'a Arg> {
    let mut all = position.command.get_positionals();
    if position.escaped {
        if let Some(last) = position.command.get_positionals().find(|arg| arg.is_last_set()) {
            return Some(last);
        }
    }
    let named = |arg: &Arg| {
        position.used.iter().any(|used| {
            position
                .command
                .get_arg_conflicts_with(used)
                .iter()
                .any(|other| other.get_id() == arg.get_id())
        })
    };
    all.find(|arg| {
        let here = arg.get_index() == Some(position.positional + 1);
        let repeated = matches!(arg.get_action(), ArgAction::Append)
            && arg.get_index().is_some_and(|index| index <= position.positional);
        (here || repeated) && !arg.is_last_set() && !arg.is_hide_set() && !named(arg)
    })
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
