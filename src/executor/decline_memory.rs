//! A question that a person declined is not asked again by the processes that waited meanwhile.
//! Otherwise thirty processes of one SDK would ask thirty times.

use std::fs::File;

use super::{ConfirmQuestion, Prompt, Question};
use crate::error::{Kind, Result};
use crate::system::clock::Clock;
use crate::system::locks::{DeclinedQuestion, Locks};

/// Asks, except for the questions that were declined while this process waited. A question that is
/// declined now is recorded in the lock, for the processes that wait.
pub struct DeclineMemory<'a> {
    pub prompt: &'a dyn Prompt,
    pub clock: &'a dyn Clock,
    pub locks: &'a dyn Locks,
    pub lock: Option<&'a File>,
    pub meanwhile: &'a [DeclinedQuestion],
}

impl DeclineMemory<'_> {
    fn ask<T>(&self, question: String, ask: impl FnOnce(bool) -> Result<T>) -> Result<T> {
        let declined = self.meanwhile.iter().any(|one| one.question == question);
        let answer = ask(declined);
        let is_new =
            !declined && answer.as_ref().is_err_and(|error| error.kind() == Kind::Declined);
        if let Some(lock) = self.lock.filter(|_| is_new) {
            self.locks.record(lock, &DeclinedQuestion { question, at: self.clock.now() });
        }
        answer
    }
}

impl Prompt for DeclineMemory<'_> {
    fn token_code(&self, question: &Question) -> Result<String> {
        self.ask(format!("code of {}", question.serial), |declined| {
            self.prompt.token_code(&Question { declined, ..*question })
        })
    }

    fn confirm(&self, question: &ConfirmQuestion) -> Result<()> {
        let role_arn = question.role_arn.unwrap_or_default();
        self.ask(format!("confirmation of {} {role_arn}", question.profile), |declined| {
            self.prompt.confirm(&ConfirmQuestion { declined, ..*question })
        })
    }
}
