//! The prompt methods in their order, as the executor's [`Prompt`].

use std::cell::{Cell, RefCell};
use std::time::Duration;

use super::dialog::{self, Dialog};
use super::environment::PromptEnvironment;
use super::is_token_code;
use super::method::{NO_INPUT, NO_TERMINAL, Outcome, PromptMethod};
use super::person::{AskPerson, NOT_SIX_DIGITS, OnTerminal, QuestionText, REFUSED};
use super::pinentry::Pinentry;
use super::programs::Programs;
use super::seed::Seeds;
use super::tty::Tty;
use crate::error::{Error, Kind, Result};
use crate::executor::{ConfirmQuestion, Prompt, Question};
use crate::hint;
use crate::system::clock::Clock;
use crate::system::files::LockFile;
use crate::system::locks::FileLocks;
use crate::system::report::Report;
use crate::system::runtime::Runtime;

/// The number of answers to one question that are read or sent to AWS.
const MAX_TRIES: u32 = 3;

/// What `--yes` says about a confirmation.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum YesOption {
    NotGiven,
    /// Given, and settings.ini allows it.
    Allowed,
    /// Given, but settings.ini does not allow it.
    Forbidden,
}

pub struct PromptChain<'a> {
    /// `--mfa-token`, which is used once: AWS accepts a code for one call only.
    pub token_code: RefCell<Option<String>>,
    /// The methods in the order in which they are tried.
    pub methods: &'a [PromptMethod],
    /// `--no-input`.
    pub no_input: bool,
    pub yes: YesOption,
    /// How long a program may run that asks nobody.
    pub process_timeout: Duration,
    /// How long a person is waited for.
    pub prompt_timeout: Duration,
    pub environment: &'a PromptEnvironment<'a>,
    pub clock: &'a dyn Clock,
    pub runtime: &'a Runtime,
    pub report: &'a dyn Report,
    pub seeds: Seeds<'a>,
    pub locks: &'a FileLocks<'a>,
    pub progress: Progress,
}

/// How far the current question has come.
#[derive(Default)]
pub struct Progress {
    /// The number of answers so far.
    tries: Cell<u32>,
    /// The method that gave the last code.
    last: Cell<Option<PromptMethod>>,
}

/// Asks a person whom no other process asks at the same time. The fields are dropped in this order.
struct Asking<'a> {
    asker: Box<dyn AskPerson + 'a>,
    _turn: Option<LockFile>,
}

/// What the methods gave.
struct Tried<T> {
    /// The method with the outcome; `None` when all were absent.
    method: Option<PromptMethod>,
    outcome: Outcome<T>,
    /// Why the methods before it could not be used.
    skipped: Vec<String>,
}

impl PromptChain<'_> {
    fn programs(&self) -> Programs<'_> {
        Programs {
            runtime: self.runtime,
            clock: self.clock,
            report: self.report,
            timeout: self.process_timeout,
            no_input: self.no_input,
        }
    }

    /// Tries one method for a code.
    fn code_by(&self, method: PromptMethod, question: &Question) -> Result<Outcome<String>> {
        match method {
            PromptMethod::Token => Ok(self.code_of_option()),
            PromptMethod::Process => self.programs().mfa_process(question, self.environment),
            PromptMethod::Seed => {
                let code = self.seeds.token_code(question)?;
                let absent = || Outcome::absent("no seed of this device is kept");
                Ok(code.map_or_else(absent, Outcome::Had))
            }
            PromptMethod::Ykman if self.no_input => Ok(Outcome::absent(NO_INPUT)),
            PromptMethod::Ykman => self.programs().ykman(question, self.environment),
            PromptMethod::Tty | PromptMethod::Pinentry | PromptMethod::Dialog => {
                self.ask_for_code(method, question)
            }
        }
    }

    fn code_of_option(&self) -> Outcome<String> {
        let Some(code) = self.token_code.take() else {
            return Outcome::absent("no --mfa-token is left");
        };
        self.report.decided(&|| "using the code of --mfa-token".to_owned());
        Outcome::Had(code)
    }

    /// Prepares a method that asks a person on behalf of `who`. Waits for the turn to ask.
    fn asker(&self, method: PromptMethod, who: &str) -> Result<Outcome<Asking<'_>>> {
        if self.no_input {
            return Ok(Outcome::absent(NO_INPUT));
        }
        let (runtime, timeout) = (self.runtime, self.prompt_timeout);
        let turn = || self.locks.turn_to_ask(who, timeout);
        let (turn, asker): (_, Outcome<Box<dyn AskPerson>>) = match method {
            PromptMethod::Tty => {
                let Some(tty) = Tty::open() else { return Ok(Outcome::absent(NO_TERMINAL)) };
                (turn()?, Outcome::Had(Box::new(OnTerminal { tty, runtime, timeout })))
            }
            PromptMethod::Pinentry => {
                let turn = turn()?;
                let limit = self.process_timeout;
                let pinentry = Pinentry::start(runtime, self.environment, limit, timeout)?;
                (turn, pinentry.map(|pinentry| Box::new(pinentry) as _))
            }
            PromptMethod::Dialog => match dialog::find(self.environment) {
                Ok(programs) => {
                    (turn()?, Outcome::Had(Box::new(Dialog { programs, runtime, timeout })))
                }
                Err(why) => return Ok(Outcome::Absent(why)),
            },
            _ => return Ok(Outcome::absent("it asks no person")),
        };
        Ok(asker.map(|asker| Asking { asker, _turn: turn }))
    }

    /// Asks a person until the answer is a code.
    fn ask_for_code(&self, method: PromptMethod, question: &Question) -> Result<Outcome<String>> {
        if question.declined && !self.no_input {
            return Ok(Outcome::DeclinedMeanwhile);
        }
        let mut asking = match self.asker(method, question.who)? {
            Outcome::Had(asking) => asking,
            other => return Ok(other.map(|_| String::new())),
        };
        self.report.decided(&|| format!("asking for a code: {method}"));
        let text = QuestionText::code(question);
        let mut complaint = question.refused.map(|_| REFUSED);
        while self.progress.tries.get() < MAX_TRIES {
            let answer = match asking.asker.code(&text, complaint)? {
                Outcome::Had(answer) => answer,
                other => return Ok(other.map(|_| String::new())),
            };
            // Devices show their digits in groups.
            let code: String = answer.split_whitespace().collect();
            if is_token_code(&code) {
                return Ok(Outcome::Had(code));
            }
            self.progress.tries.set(self.progress.tries.get() + 1);
            complaint = Some(NOT_SIX_DIGITS);
        }
        Err(question.refused.cloned().unwrap_or_else(|| {
            needs_code(question)
                .cause(format!("{MAX_TRIES} answers were not codes of six digits"))
                .hint(give_code(question))
        }))
    }

    /// Tries the methods until one is not absent, and reports each that is.
    fn first<T>(
        &self,
        methods: impl Iterator<Item = PromptMethod>,
        attempt: impl Fn(PromptMethod) -> Result<Outcome<T>>,
    ) -> Result<Tried<T>> {
        let mut skipped = Vec::new();
        for method in methods {
            match attempt(method)? {
                Outcome::Absent(why) => {
                    self.report.decided(&|| format!("not asking by {method}: {why}"));
                    if method != PromptMethod::Token {
                        skipped.push(format!("{method}: {why}"));
                    }
                }
                outcome => return Ok(Tried { method: Some(method), outcome, skipped }),
            }
        }
        Ok(Tried { method: None, outcome: Outcome::absent(""), skipped })
    }

    /// Returns the place of the first method to try for a question. Where AWS refused a code, only
    /// the method that gave it is asked again, if it can give another one.
    ///
    /// # Errors
    /// AWS's error, when no other code is to be had.
    fn begin(&self, question: &Question) -> Result<usize> {
        let Progress { tries, last } = &self.progress;
        let Some(error) = question.refused else {
            tries.set(0);
            last.set(None);
            return Ok(0);
        };
        let gives_another = |method: &PromptMethod| match method {
            // It counts its codes itself.
            PromptMethod::Seed => true,
            PromptMethod::Ykman => tries.get() < 2,
            method => method.is_person() && tries.get() < MAX_TRIES,
        };
        let Some(method) = last.get().filter(gives_another) else { return Err(error.clone()) };
        Ok(self.methods.iter().position(|one| *one == method).unwrap_or_default())
    }

    /// Returns the error for a question that no method could ask.
    fn nobody(&self, error: Error, skipped: &[String]) -> Error {
        let why = if self.no_input { NO_INPUT } else { "nobody can be asked" };
        let message = format!("{}, and {why}", error.message());
        let mut error = error.with_message(message);
        if !self.no_input && !skipped.is_empty() {
            error = error.cause(skipped.join("; "));
        }
        error
    }

    /// Returns the error for a question that a person did not answer.
    fn unanswered<T>(
        &self,
        error: Error,
        method: Option<PromptMethod>,
        outcome: &Outcome<T>,
    ) -> Error {
        let method = method.map_or_else(String::new, |method| format!(" ({method})"));
        let why = match outcome {
            Outcome::DeclinedMeanwhile => {
                "another process asked the same meanwhile, and got no answer".to_owned()
            }
            Outcome::Silent => {
                format!("nobody answered within {} s{method}", self.prompt_timeout.as_secs())
            }
            _ => format!("the question was declined{method}"),
        };
        error.with_kind(Kind::Declined).cause(why)
    }

    /// Asks a person to confirm a new session.
    fn ask_to_confirm(&self, question: &ConfirmQuestion) -> Result<()> {
        let profile = question.profile;
        let text = QuestionText::confirmation(question);
        let methods = self.methods.iter().copied().filter(|method| method.is_person());
        let who = format!("profile `{profile}`");
        let tried = self.first(methods, |method| {
            if question.declined && !self.no_input {
                return Ok(Outcome::DeclinedMeanwhile);
            }
            match self.asker(method, &who)? {
                Outcome::Had(mut asking) => asking.asker.confirm(&text),
                other => Ok(other.map(|_| ())),
            }
        })?;
        let hint = format!("answer where you can be asked: {}", hint::command("process", profile));
        match tried.outcome {
            Outcome::Had(()) => Ok(()),
            Outcome::Absent(_) => {
                let error = Error::needs_person(format!(
                    "profile `{profile}` asks for confirmation before each new session \
                     (rolecall_confirm)"
                ))
                .about(profile);
                Err(self.nobody(error, &tried.skipped).hint(hint))
            }
            outcome => {
                let error = Error::needs_person(format!(
                    "the new session for profile `{profile}` was not confirmed"
                ))
                .about(profile);
                Err(self.unanswered(error, tried.method, &outcome).hint(hint))
            }
        }
    }
}

impl Prompt for PromptChain<'_> {
    fn token_code(&self, question: &Question) -> Result<String> {
        let methods = self.methods.iter().copied().skip(self.begin(question)?);
        let tried = self.first(methods, |method| self.code_by(method, question))?;
        match tried.outcome {
            Outcome::Had(code) => {
                self.progress.tries.set(self.progress.tries.get() + 1);
                self.progress.last.set(tried.method);
                Ok(code)
            }
            Outcome::Absent(_) => Err(match question.refused {
                Some(error) => error.clone(),
                None => self.nobody(needs_code(question), &tried.skipped).hint(give_code(question)),
            }),
            outcome => Err(self
                .unanswered(needs_code(question), tried.method, &outcome)
                .hint(give_code(question))),
        }
    }

    fn confirm(&self, question: &ConfirmQuestion) -> Result<()> {
        let profile = question.profile;
        match self.yes {
            YesOption::NotGiven => self.ask_to_confirm(question),
            YesOption::Allowed => {
                self.report.decided(&|| {
                    format!("the new session of profile `{profile}` is confirmed by --yes")
                });
                Ok(())
            }
            YesOption::Forbidden => {
                let command = hint::command("process", profile);
                Err(Error::usage(format!(
                    "--yes may not confirm the new session of profile `{profile}` \
                     (rolecall_confirm)"
                ))
                .about(profile)
                .cause("settings.ini does not have allow_yes = true")
                .hint(format!("allow it there, or answer yourself: {command}")))
            }
        }
    }
}

fn needs_code(question: &Question) -> Error {
    let purpose = question
        .role_arn
        .filter(|arn| *arn != question.who)
        .map_or_else(String::new, |arn| format!(" to assume {arn}"));
    Error::needs_person(format!(
        "{} needs an MFA code of {}{purpose}",
        question.who, question.serial
    ))
    .about(question.invocation.profile().map_or("", |name| name))
}

fn give_code(question: &Question) -> String {
    format!("give it: {} --mfa-token CODE", question.invocation.command("process"))
}
