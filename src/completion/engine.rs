//! What may stand at the cursor, read from clap's own description of the command line.

use clap::{Arg, ArgAction, Command};

use super::live::{Live, Source};

/// One value that may stand there.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Candidate {
    pub value: String,
    pub description: String,
}

impl Candidate {
    /// `None` for a value that a terminal would not show as it is.
    pub fn new(value: &str, description: &str) -> Option<Self> {
        let description = description
            .split(|c: char| c.is_control() || c.is_whitespace())
            .filter(|word| !word.is_empty());
        let description = description.collect::<Vec<_>>().join(" ").chars().take(100).collect();
        (!value.is_empty() && !value.chars().any(char::is_control))
            .then(|| Self { value: value.to_owned(), description })
    }
}

/// What a shell is to offer.
#[derive(Debug, PartialEq, Eq)]
pub enum Answer {
    Values(Vec<Candidate>),
    /// Paths, which the shell knows better.
    Files,
    /// Another command and its arguments, behind a `--`.
    Command,
}

/// Which values fit what is typed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Matching {
    /// Those that begin with it.
    Prefix,
    /// Those that begin with it; when there is none, those that contain it in any case, for shells
    /// that complete so.
    Loose,
}

impl Matching {
    pub fn choose<T>(self, all: Vec<T>, typed: &str, text: impl Fn(&T) -> &str) -> Vec<T> {
        if self == Self::Loose && !all.iter().any(|one| text(one).starts_with(typed)) {
            let typed = typed.to_lowercase();
            return all
                .into_iter()
                .filter(|one| text(one).to_lowercase().contains(&typed))
                .collect();
        }
        all.into_iter().filter(|one| text(one).starts_with(typed)).collect()
    }
}

/// Where the words before the cursor have led.
struct Place<'a> {
    command: &'a Command,
    /// The option whose value is at the cursor.
    pending: Option<&'a Arg>,
    /// How many positional words there were.
    positional: usize,
    /// Whether a `--` has been.
    escaped: bool,
    used: Vec<&'a Arg>,
}

impl<'a> Place<'a> {
    fn after(command: &'a Command, words: &[String]) -> Self {
        let mut place =
            Self { command, pending: None, positional: 0, escaped: false, used: Vec::new() };
        for word in words {
            place.step(word);
        }
        place
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
            let (name, value) =
                long.split_once('=').map_or((long, None), |(name, value)| (name, Some(value)));
            self.option(long_option(self.command, name), value.is_some());
        } else if let Some(shorts) = word.strip_prefix('-').filter(|shorts| !shorts.is_empty()) {
            for (at, short) in shorts.char_indices() {
                let option =
                    self.command.get_arguments().find(|arg| arg.get_short() == Some(short));
                self.option(option, at + short.len_utf8() < shorts.len());
                if option.is_none_or(takes_value) {
                    break;
                }
            }
        } else if let Some(verb) =
            self.command.find_subcommand(word).filter(|_| self.positional == 0)
        {
            *self = Self::after(verb, &[]);
        } else {
            self.positional += 1;
        }
    }

    fn option(&mut self, option: Option<&'a Arg>, has_value: bool) {
        self.used.extend(option);
        self.pending = option.filter(|arg| takes_value(arg) && !has_value);
    }
}

fn long_option<'a>(command: &'a Command, name: &str) -> Option<&'a Arg> {
    command.get_arguments().find(|arg| arg.get_long() == Some(name))
}

pub fn takes_value(arg: &Arg) -> bool {
    matches!(arg.get_action(), ArgAction::Set | ArgAction::Append)
}

/// Returns what may stand at the cursor; `words` are those between the program's name and it.
pub fn answer(
    root: &mut Command,
    words: &[String],
    current: &str,
    matching: Matching,
    live: &Live,
) -> Answer {
    root.build();
    let place = Place::after(root, words);
    if let Some(option) = place.pending {
        return values(option, "", current, matching, live);
    }
    if !place.escaped && current.starts_with('-') {
        let attached = current.strip_prefix("--").and_then(|long| long.split_once('='));
        return match attached {
            Some((name, typed)) => {
                match long_option(place.command, name).filter(|arg| takes_value(arg)) {
                    Some(option) => values(option, &format!("--{name}="), typed, matching, live),
                    None => Answer::Values(Vec::new()),
                }
            }
            None => Answer::Values(Matching::Prefix.choose(options(&place), current, |c| &c.value)),
        };
    }
    let mut found = Vec::new();
    if !place.escaped && place.positional == 0 {
        let verbs = place.command.get_subcommands().filter(|verb| !verb.is_hide_set());
        found.extend(
            verbs.filter_map(|verb| Candidate::new(verb.get_name(), &text(verb.get_about()))),
        );
        found = matching.choose(found, current, |c| &c.value);
    }
    match positional(&place).map(|arg| values(arg, "", current, matching, live)) {
        Some(Answer::Values(more)) => found.extend(more),
        Some(other) if found.is_empty() => return other,
        _ => {}
    }
    if found.is_empty() && current.is_empty() && !place.escaped {
        found = options(&place);
    }
    Answer::Values(found)
}

/// Returns the argument whose value a plain word at the cursor would be.
fn positional<'a>(place: &Place<'a>) -> Option<&'a Arg> {
    let mut all = place.command.get_positionals();
    if place.escaped {
        if let Some(last) = place.command.get_positionals().find(|arg| arg.is_last_set()) {
            return Some(last);
        }
    }
    let named = |arg: &Arg| {
        place.used.iter().any(|used| {
            place
                .command
                .get_arg_conflicts_with(used)
                .iter()
                .any(|other| other.get_id() == arg.get_id())
        })
    };
    all.find(|arg| {
        let here = arg.get_index() == Some(place.positional + 1);
        let repeated = matches!(arg.get_action(), ArgAction::Append)
            && arg.get_index().is_some_and(|index| index <= place.positional);
        (here || repeated) && !arg.is_last_set() && !arg.is_hide_set() && !named(arg)
    })
}

fn options(place: &Place<'_>) -> Vec<Candidate> {
    let used = |arg: &Arg| place.used.iter().any(|used| used.get_id() == arg.get_id());
    let offered = place.command.get_arguments().filter(|arg| !arg.is_hide_set());
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

/// Returns the values of an argument, each behind `prefix` (`--name=`, or nothing).
fn values(arg: &Arg, prefix: &str, typed: &str, matching: Matching, live: &Live) -> Answer {
    let possible = arg.get_possible_values();
    let found = if possible.is_empty() {
        match Source::of(arg) {
            Source::Files => return Answer::Files,
            Source::Command => return Answer::Command,
            source => live.candidates(source, typed, matching),
        }
    } else {
        let shown = possible.iter().filter(|value| !value.is_hide_set());
        matching.choose(
            shown
                .filter_map(|value| Candidate::new(value.get_name(), &text(value.get_help())))
                .collect(),
            typed,
            |c| &c.value,
        )
    };
    // A value that looks like an option would be taken for one.
    let found = found.into_iter().filter(|c| !prefix.is_empty() || !c.value.starts_with('-'));
    Answer::Values(
        found.map(|c| Candidate { value: format!("{prefix}{}", c.value), ..c }).collect(),
    )
}

#[cfg(test)]
mod tests;
