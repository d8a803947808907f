//! Questions in words, and the ways to ask them.

use std::time::Duration;

use super::method::{Outcome, Text};
use super::tty::Tty;
use crate::aws::arn::Arn;
use crate::error::Result;
use crate::executor::{ConfirmQuestion, Question};
use crate::system::runtime::Runtime;

/// The title of windows.
pub const TITLE: &str = "rolecall";
pub const NOT_SIX_DIGITS: &str = "An MFA code has six digits.";
pub const REFUSED: &str = "AWS did not accept this code: it is wrong, or was used before. Wait for \
                           the device's next one.";

/// The text of a question: one line for a terminal, several for a window.
pub struct QuestionText {
    pub line: String,
    pub text: String,
}

impl QuestionText {
    pub fn code(question: &Question) -> Self {
        let Question { who, serial, role_arn, invocation, .. } = question;
        let role = role(*role_arn);
        let (line, asks) = if let Some(profile) = invocation.profile() {
            let line = format!("profile {profile}{}", in_brackets(role.as_deref()));
            (line, format!("Profile {profile} needs an MFA code."))
        } else {
            (role.as_deref().unwrap_or(who).to_owned(), "An MFA code is needed.".to_owned())
        };
        let line = format!("MFA code of {serial} for {line}: ");
        let text = format!(
            "{asks}{}\nDevice: {serial}",
            role.map(|role| format!("\nFor: {role}")).unwrap_or_default()
        );
        Self { line, text }
    }

    pub fn confirmation(question: &ConfirmQuestion) -> Self {
        let ConfirmQuestion { profile, role_arn, .. } = question;
        let role = in_brackets(role(*role_arn).as_deref());
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

fn in_brackets(role: Option<&str>) -> String {
    role.map_or_else(String::new, |role| format!(" ({role})"))
}

/// One way to ask a person.
pub trait AskPerson {
    /// Asks for a code. `complaint` says what was wrong with the answer before.
    fn code(&mut self, question: &QuestionText, complaint: Option<&str>) -> Result<Outcome<Text>>;
    fn confirm(&mut self, question: &QuestionText) -> Result<Outcome<()>>;
}

/// The terminal.
pub struct OnTerminal<'a> {
    pub tty: Tty,
    pub runtime: &'a Runtime,
    pub timeout: Duration,
}

impl AskPerson for OnTerminal<'_> {
    fn code(&mut self, question: &QuestionText, complaint: Option<&str>) -> Result<Outcome<Text>> {
        if let Some(complaint) = complaint {
            self.tty.say(&format!("{complaint}\n"));
        }
        self.tty.ask_within(self.runtime, &question.line, self.timeout)
    }

    fn confirm(&mut self, question: &QuestionText) -> Result<Outcome<()>> {
        Ok(match self.tty.ask_within(self.runtime, &question.line, self.timeout)? {
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
