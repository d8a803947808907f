//! What `doctor` finds, and how it is shown.

use serde_json::json;

use crate::error::Error;
use crate::text::{flat, without_url_secrets};

#[derive(Clone, Copy, PartialEq, Eq)]
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
    hint: Option<String>,
}

#[derive(Default)]
pub struct Findings(Vec<Finding>);

impl Findings {
    pub fn ok(&mut self, check: &'static str, message: impl Into<String>) {
        self.add(check, Status::Ok, &message.into(), None);
    }

    pub fn warning(&mut self, check: &'static str, message: impl Into<String>, hint: Option<&str>) {
        self.add(check, Status::Warning, &message.into(), hint.map(str::to_owned));
    }

    pub fn problem(&mut self, check: &'static str, message: impl Into<String>, hint: Option<&str>) {
        self.add(check, Status::Problem, &message.into(), hint.map(str::to_owned));
    }

    /// Adds an error as a problem, with its first hint.
    pub fn error(&mut self, check: &'static str, error: &Error) {
        self.add(check, Status::Problem, &error.to_string(), error.hints().first().cloned());
    }

    fn add(&mut self, check: &'static str, status: Status, message: &str, hint: Option<String>) {
        let message = without_url_secrets(message).into_owned();
        self.0.push(Finding { check, status, message, hint });
    }

    pub fn has_problem(&self) -> bool {
        self.0.iter().any(|finding| finding.status == Status::Problem)
    }

    pub fn json(&self) -> String {
        let one = |finding: &Finding| {
            json!({
                "check": finding.check,
                "status": finding.status.name(),
                "message": finding.message,
                "hint": finding.hint,
            })
        };
        format!("{}\n", json!(self.0.iter().map(one).collect::<Vec<_>>()))
    }

    pub fn text(&self) -> String {
        let mut text = String::new();
        for finding in &self.0 {
            text += &format!(
                "{:<8} {:<9} {}\n",
                finding.status.name(),
                finding.check,
                flat(&finding.message)
            );
            if let (Some(hint), false) = (&finding.hint, finding.status == Status::Ok) {
                text += &format!("{:18} hint: {}\n", "", flat(hint));
            }
        }
        text
    }
}
