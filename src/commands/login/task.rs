//! One profile to fetch a session for, and what came of it.

use serde_json::{Value, json};

use crate::aws::Credentials;
use crate::chain::Chain;
use crate::error::{Error, Result};
use crate::executor::{Acquired, Origin};
use crate::output::time::{left, timestamp};
use crate::system::clock::{Clock, SystemClock};

/// One profile, or the default chain.
pub struct Task {
    /// The profile's name; `None` when the default chain leads to no profile.
    name: Option<String>,
    /// The chain to perform, or the error that the task ended with.
    pub chain: Result<Chain>,
    acquired: Option<Acquired>,
}

impl Task {
    /// Makes a task of a typed name, or of the profile that the default chain leads to.
    pub fn new(typed: Option<&str>, chain: Result<Chain>) -> Self {
        let profile = chain.as_ref().ok().and_then(|chain| chain.subject.profile.as_ref());
        let found = profile.map(|profile| profile.name.to_string());
        Self { name: typed.map(str::to_owned).or(found), chain, acquired: None }
    }

    pub fn name(&self) -> &str {
        match (&self.name, &self.chain) {
            (Some(name), _) => name,
            (None, Ok(chain)) => chain.name(),
            (None, Err(_)) => "the default chain",
        }
    }

    /// Ends the task with credentials, and returns what came of it in words.
    pub fn succeed(&mut self, acquired: Acquired) -> String {
        let text = format!("{}: {}", self.name(), describe(&acquired));
        self.acquired = Some(acquired);
        text
    }

    /// Ends the task with an error, and returns the error with the profile's name in it.
    pub fn fail(&mut self, error: Error) -> Error {
        let error = match &self.name {
            Some(name) if error.profile() != Some(name) => error.cause(format!("profile `{name}`")),
            _ => error,
        };
        self.chain = Err(error.clone());
        error
    }

    pub fn json(&self) -> Value {
        let acquired = self.acquired.as_ref();
        let end = acquired.and_then(|acquired| acquired.credentials.expires_at());
        json!({
            "profile": self.name,
            "expiration": end.map(timestamp),
            "origin": acquired.map(|acquired| acquired.origin.name()),
            "error": self.chain.as_ref().err().map(ToString::to_string),
        })
    }
}

fn describe(acquired: &Acquired) -> String {
    let left = match acquired.credentials.expires_at() {
        Some(end) => format!("{} left", left(end, SystemClock.now())),
        None => "without an end".to_owned(),
    };
    match (&acquired.credentials, acquired.origin) {
        (Credentials::LongTerm(_), _) => "long-term keys, there is nothing to fetch".to_owned(),
        (_, Origin::Source) => {
            format!("a session that stands there as it is, {left}; there is nothing to fetch")
        }
        (_, Origin::Cached) => format!("ok, {left} (kept from before)"),
        (_, Origin::New) => format!("ok, {left}"),
    }
}
