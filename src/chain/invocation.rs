//! How to ask for a chain again, for hints.

use crate::config::ProfileName;
use crate::hint;

/// What names a chain on a command line: a profile, and what was typed beside or instead of it.
#[derive(Debug, Clone, Default)]
pub struct Invocation {
    pub(super) profile: Option<ProfileName>,
    /// Options with their values.
    pub(super) options: Vec<(&'static str, String)>,
    /// The command of a login of IAM Identity Center by itself, which ends in no credentials.
    pub(super) login: Option<String>,
}

impl Invocation {
    pub fn profile(&self) -> Option<&ProfileName> {
        self.profile.as_ref()
    }

    /// Returns a verb for the chain. For a login by itself it is always the one that was typed.
    pub fn command(&self, verb: &str) -> String {
        if let Some(command) = &self.login {
            return command.clone();
        }
        let begin = match &self.profile {
            Some(name) => hint::command(verb, name),
            None => format!("rolecall {verb}"),
        };
        self.options
            .iter()
            .fold(begin, |line, (option, value)| format!("{line} {}", hint::option(option, value)))
    }

    /// Returns the invocation without one of its options.
    #[must_use]
    pub fn without(mut self, option: &str) -> Self {
        self.options.retain(|(name, _)| *name != option);
        self
    }
}
