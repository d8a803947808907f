//! What `doctor` finds, and how it is shown: one finding for each cause, with whom it concerns.

use std::collections::HashMap;

use serde_json::json;

use crate::error::Error;
use crate::text::{flat, without_url_secrets};

#[derive(Clone, Copy, PartialEq, Eq, Hash)]
enum Status {
    Ok,
    Warning,
    Problem,
}

impl Status {
    fn name(self) -> &'static str {
        match self {
            Self::Ok => "ok",
            Self::Warning => "warning",
            Self::Problem => "problem",
        }
    }
}

struct Finding {
    /// The name of the check.
    check: &'static str,
    status: Status,
    message: String,
    /// What to say where it concerns several profiles.
    shared: Option<String>,
    hint: Option<String>,
    /// The profiles that it concerns.
    profiles: Vec<String>,
}

impl Finding {
    /// Returns the message with whom it concerns, unless it names that one itself.
    fn message(&self) -> String {
        /// How many profiles are named.
        const SHOWN: usize = 3;
        let quoted = |name: &String| format!("`{name}`");
        let names: Vec<String> = self.profiles.iter().take(SHOWN).map(quoted).collect();
        let shared = self.shared.as_ref().unwrap_or(&self.message);
        match &names[..] {
            [] => self.message.clone(),
            [name] if self.message.contains(name) => self.message.clone(),
            [name] => format!("{} (profile {name})", self.message),
            [others @ .., last] => match self.profiles.len() - names.len() {
                0 => format!("{shared} (profiles {} and {last})", others.join(", ")),
                more => format!("{shared} (profiles {} and {more} more)", names.join(", ")),
            },
        }
    }
}

#[derive(Default)]
pub struct Findings {
    all: Vec<Finding>,
    /// Where findings that concern profiles stand, by check, status and cause.
    causes: HashMap<(&'static str, Status, String), usize>,
}

impl Findings {
    pub fn ok(&mut self, check: &'static str, message: impl Into<String>) {
        self.add(check, Status::Ok, &message.into(), None);
    }

    pub fn warning(&mut self, check: &'static str, message: impl Into<String>, hint: Option<&str>) {
        self.add(check, Status::Warning, &message.into(), hint);
    }

    pub fn problem(&mut self, check: &'static str, message: impl Into<String>, hint: Option<&str>) {
        self.add(check, Status::Problem, &message.into(), hint);
    }

    /// Adds an error as a problem, with its first hint.
    pub fn error(&mut self, check: &'static str, error: &Error) {
        let hint = error.hints().first().map(String::as_str);
        self.problem(check, error.to_string(), hint);
    }

    /// Returns what adds findings that concern a profile: those that say the same of several
    /// profiles are one finding.
    pub fn about<'a>(&'a mut self, profile: &'a str) -> FindingsAbout<'a> {
        FindingsAbout { findings: self, profile }
    }

    fn add(&mut self, check: &'static str, status: Status, message: &str, hint: Option<&str>) {
        let message = without_url_secrets(message).into_owned();
        let hint = hint.map(str::to_owned);
        let (shared, profiles) = (None, Vec::new());
        self.all.push(Finding { check, status, message, shared, hint, profiles });
    }

    pub fn has_problem(&self) -> bool {
        self.all.iter().any(|finding| finding.status == Status::Problem)
    }

    pub fn json(&self) -> String {
        let one = |finding: &Finding| {
            json!({
                "check": finding.check,
                "status": finding.status.name(),
                "message": finding.message(),
                "hint": finding.hint,
                "profiles": finding.profiles,
            })
        };
        format!("{}\n", json!(self.all.iter().map(one).collect::<Vec<_>>()))
    }

    pub fn text(&self) -> String {
        let mut text = String::new();
        for finding in &self.all {
            text += &format!(
                "{:<8} {:<9} {}\n",
                finding.status.name(),
                finding.check,
                flat(&finding.message())
            );
            if let (Some(hint), false) = (&finding.hint, finding.status == Status::Ok) {
                text += &format!("{:18} hint: {}\n", "", flat(hint));
            }
        }
        text
    }
}

/// Adds findings that concern one profile.
pub struct FindingsAbout<'a> {
    findings: &'a mut Findings,
    profile: &'a str,
}

impl FindingsAbout<'_> {
    pub fn ok(&mut self, check: &'static str, message: &str) {
        self.add(check, Status::Ok, (message, None), None);
    }

    pub fn warning(&mut self, check: &'static str, message: &str, hint: Option<&str>) {
        self.add(check, Status::Warning, (message, None), hint);
    }

    /// Adds an error of the profile as a problem, with its first hint.
    pub fn error(&mut self, check: &'static str, error: &Error) {
        self.add_error(check, Status::Problem, error);
    }

    /// Adds an error that costs the profile nothing now.
    pub fn harmless(&mut self, check: &'static str, error: &Error) {
        self.add_error(check, Status::Warning, error);
    }

    fn add_error(&mut self, check: &'static str, status: Status, error: &Error) {
        let hint = error.hints().first().map(String::as_str);
        self.add(check, status, (&error.to_string(), error.shared_cause()), hint);
    }

    fn add(
        &mut self,
        check: &'static str,
        status: Status,
        (message, shared): (&str, Option<&str>),
        hint: Option<&str>,
    ) {
        let Findings { all, causes } = &mut *self.findings;
        let cause = (check, status, shared.unwrap_or(message).to_owned());
        let at = *causes.entry(cause).or_insert_with(|| {
            let (message, hint) =
                (without_url_secrets(message).into_owned(), hint.map(str::to_owned));
            let shared = shared.map(|text| without_url_secrets(text).into_owned());
            all.push(Finding { check, status, message, shared, hint, profiles: Vec::new() });
            all.len() - 1
        });
        all[at].profiles.push(self.profile.to_owned());
    }
}
