//! What a person is asked, in the words of each way to ask.

use std::time::Duration;

use super::rungs::{Outcome, Text};
use super::tty::Tty;
use crate::aws::arn::Arn;
use crate::error::Result;
use crate::executor::Question;
use crate::system::runtime::Runtime;

/// The title of windows.
pub const TITLE: &str = "rolecall";
pub const NOT_SIX_DIGITS: &str = "An MFA code has six digits.";
pub const REFUSED: &str = "AWS did not accept this code: it is wrong, or was used before. Wait for the device's next one.";

/// A question, for a terminal and for a window.
pub struct Request {
    pub line: String,
    pub text: String,
}

impl Request {
    pub fn code(question: &Question) -> Self {
        let Question { who, serial, role_arn, invocation, .. } = question;
        let role = role(*role_arn);
        let (line, asks) = match (invocation.profile(), &role) {
            (Some(profile), None) => {
                (format!("profile {profile}"), format!("Profile {profile} needs an MFA code."))
            }
            (Some(profile), Some(role)) => (
                format!("profile {profile} ({role})"),
                format!("Profile {profile} needs an MFA code."),
            ),
            (None, Some(role)) => (role.clone(), "An MFA code is needed.".to_owned()),
            (None, None) => ((*who).to_owned(), "An MFA code is needed.".to_owned()),
        };
        let line = format!("MFA code of {serial} for {line}: ");
        let text = format!(
            "{asks}{}\nDevice: {serial}",
            role.map(|role| format!("\nFor: {role}")).unwrap_or_default()
        );
        Self { line, text }
    }

    pub fn confirmation(profile: &str, role_arn: Option<&str>) -> Self {
        let role = role(role_arn).map(|role| format!(" ({role})")).unwrap_or_default();
        let text = format!("New session for profile {profile}{role}?");
        Self { line: format!("{text} [y/N] "), text }
    }
}

fn role(arn: Option<&str>) -> Option<String> {
    arn.map(|arn| match Arn::parse(arn) {
        Some(parsed) => format!("role {} in account {}", parsed.name(), parsed.account),
        None => format!("role {arn}"),
    })
}

/// One way to ask a person.
pub trait Asker {
    /// Asks for a code; `complaint` is what was wrong with the one before.
    fn code(&mut self, request: &Request, complaint: Option<&str>) -> Result<Outcome<Text>>;
    fn confirm(&mut self, request: &Request) -> Result<Outcome<()>>;
}

/// The terminal.
pub struct OnTerminal<'a> {
    pub tty: Tty,
    pub runtime: &'a Runtime,
    pub patience: Duration,
}

impl Asker for OnTerminal<'_> {
    fn code(&mut self, request: &Request, complaint: Option<&str>) -> Result<Outcome<Text>> {
        if let Some(complaint) = complaint {
            self.tty.say(&format!("{complaint}\n"));
        }
        self.tty.ask_within(self.runtime, &request.line, self.patience)
    }

    fn confirm(&mut self, request: &Request) -> Result<Outcome<()>> {
        Ok(match self.tty.ask_within(self.runtime, &request.line, self.patience)? {
            Outcome::Had(answer)
                if matches!(answer.trim().to_ascii_lowercase().as_str(), "y" | "yes") =>
            {
                Outcome::Had(())
            }
            Outcome::Had(_) => Outcome::Declined,
            other => other.map(|_| ()),
        })
    }
}
