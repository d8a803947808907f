//! What a person declined is not asked again by those who waited meanwhile: thirty processes of one
//! SDK would ask thirty times.

use std::fs::File;

use super::{Prompt, Question};
use crate::error::{Kind, Result};
use crate::system::clock::Clock;
use crate::system::locks::{Declined, Locks};

/// Asks, but no person what was declined while this process waited. What is declined now is left in
/// the lock for those who wait.
pub struct Passing<'a> {
    pub prompt: &'a dyn Prompt,
    pub clock: &'a dyn Clock,
    pub locks: &'a dyn Locks,
    pub lock: Option<&'a File>,
    pub meanwhile: &'a [Declined],
}

impl Passing<'_> {
    fn pass<T>(&self, question: String, ask: impl FnOnce(bool) -> Result<T>) -> Result<T> {
        let declined = self.meanwhile.iter().any(|one| one.question == question);
        let answer = ask(declined);
        let declined_now = answer.as_ref().is_err_and(|error| error.kind() == Kind::Declined);
        if let (Some(lock), false, true) = (self.lock, declined, declined_now) {
            self.locks.leave(lock, &Declined { question, at: self.clock.now() });
        }
        answer
    }
}

impl Prompt for Passing<'_> {
    fn token_code(&self, question: &Question) -> Result<String> {
        self.pass(format!("code of {}", question.serial), |declined| {
            self.prompt.token_code(&Question { declined, ..*question })
        })
    }

    fn confirm(&self, profile: &str, role_arn: Option<&str>, declined: bool) -> Result<()> {
        let question = format!("confirmation of {profile} {}", role_arn.unwrap_or_default());
        self.pass(question, |meanwhile| {
            self.prompt.confirm(profile, role_arn, declined || meanwhile)
        })
    }
}
