//! The place in the command line that words lead to, by clap's own description of it. The parser
//! finds the command of `exec` by it, and completion what may stand at the cursor, so that both
//! mean the same.

use clap::{Arg, ArgAction, ArgGroup, Command};

/// The group of arguments that each name what a verb is about. Where one of its options does, the
/// positional one is another word.
pub const SUBJECT: &str = "subject";

/// The place in the command line after some words.
pub struct LinePosition<'a> {
    pub command: &'a Command,
    /// The option whose value comes next.
    pub pending: Option<&'a Arg>,
    /// The number of positional words so far.
    pub positional: usize,
    pub used: Vec<&'a Arg>,
    /// The values so far, each with its argument.
    pub typed: Vec<(&'a Arg, String)>,
    /// The number of words so far.
    words: usize,
    /// The number of words before those that are taken as they are, whatever they look like: they
    /// follow a `--`, or are another command and its arguments.
    verbatim_from: Option<usize>,
    /// Whether a `--` came before those.
    is_marked: bool,
}

impl<'a> LinePosition<'a> {
    pub fn after(command: &'a Command, words: &[String]) -> Self {
        let mut position = Self {
            command,
            pending: None,
            positional: 0,
            used: Vec::new(),
            typed: Vec::new(),
            words: 0,
            verbatim_from: None,
            is_marked: false,
        };
        for word in words {
            position.step(word);
            position.words += 1;
        }
        position
    }

    /// Returns whether the next word is taken as it is.
    pub fn is_verbatim(&self) -> bool {
        self.verbatim_from.is_some()
    }

    /// Returns the number of words before those that are taken as they are; the next one would be
    /// the first where there is none.
    pub fn verbatim_begins(&self) -> usize {
        self.verbatim_from.unwrap_or(self.words)
    }

    /// Returns the number of words before a command that has no `--` before it.
    pub fn unmarked_command(&self) -> Option<usize> {
        self.verbatim_from.filter(|_| !self.is_marked)
    }

    /// Returns the argument that a plain word is a value of at this place. Where all before the
    /// last argument are named, that is the last one, as after a `--`.
    pub fn positional(&self) -> Option<&'a Arg> {
        let last = self.command.get_positionals().find(|arg| arg.is_last_set());
        let next = self.command.get_positionals().find(|arg| self.takes_next(arg));
        if self.is_verbatim() { last.or(next) } else { next.or(last) }
    }

    /// Returns whether a plain word would be the value of an argument that is not the last.
    fn takes_next(&self, arg: &Arg) -> bool {
        let named = |other: &&Arg| other.get_index() < arg.get_index() && self.is_named(other);
        let next = self.positional + 1 + self.command.get_positionals().filter(named).count();
        let here = arg.get_index() == Some(next);
        let repeated = matches!(arg.get_action(), ArgAction::Append)
            && arg.get_index().is_some_and(|index| index < next);
        (here || repeated) && !arg.is_last_set() && !arg.is_hide_set() && !self.is_named(arg)
    }

    /// Returns whether an option has named what an argument names: `-p NAME` for PROFILE.
    fn is_named(&self, arg: &Arg) -> bool {
        let subject = self.command.get_groups().find(|group| group.get_id() == SUBJECT);
        let subjects: Vec<_> = subject.into_iter().flat_map(ArgGroup::get_args).collect();
        self.used.iter().any(|used| {
            let conflicts = self.command.get_arg_conflicts_with(used);
            conflicts.iter().any(|other| other.get_id() == arg.get_id())
                || [used.get_id(), arg.get_id()].iter().all(|id| subjects.contains(id))
        })
    }

    fn step(&mut self, word: &str) {
        if let Some(option) = self.pending.take() {
            self.typed.push((option, word.to_owned()));
            return;
        }
        if self.is_verbatim() {
            self.step_positional(word);
        } else if word == "--" {
            (self.verbatim_from, self.is_marked) = (Some(self.words + 1), true);
        } else if let Some(long) = word.strip_prefix("--") {
            self.step_long(long);
        } else if let Some(shorts) = word.strip_prefix('-').filter(|shorts| !shorts.is_empty()) {
            self.step_shorts(shorts);
        } else if let Some(verb) =
            self.command.find_subcommand(word).filter(|_| self.positional == 0)
        {
            *self = Self { words: self.words, ..Self::after(verb, &[]) };
        } else {
            if self.positional().is_some_and(Arg::is_last_set) {
                self.verbatim_from = Some(self.words);
            }
            self.step_positional(word);
        }
    }

    fn step_positional(&mut self, word: &str) {
        self.typed.extend(self.positional().map(|arg| (arg, word.to_owned())));
        self.positional += 1;
    }

    /// Takes `--name` or `--name=value`, without its dashes.
    fn step_long(&mut self, long: &str) {
        let (name, value) =
            long.split_once('=').map_or((long, None), |(name, value)| (name, Some(value)));
        let option = long_option(self.command, name);
        self.used.extend(option);
        let option = option.filter(|arg| takes_value(arg));
        match value {
            Some(value) => self.typed.extend(option.map(|arg| (arg, value.to_owned()))),
            None => self.pending = option,
        }
    }

    /// Takes `-v`, `-vv`, `-pNAME` and the like, without the dash.
    fn step_shorts(&mut self, shorts: &str) {
        for (at, short) in shorts.char_indices() {
            let option = self.command.get_arguments().find(|arg| arg.get_short() == Some(short));
            self.used.extend(option);
            if option.is_none_or(takes_value) {
                match &shorts[at + short.len_utf8()..] {
                    "" => self.pending = option,
                    value => self.typed.extend(option.map(|arg| (arg, value.to_owned()))),
                }
                break;
            }
        }
    }
}

pub fn long_option<'a>(command: &'a Command, name: &str) -> Option<&'a Arg> {
    command.get_arguments().find(|arg| arg.get_long() == Some(name))
}

pub fn takes_value(arg: &Arg) -> bool {
    arg.get_action().takes_values()
}
