//! The ladder of asking, while stdin, stdout and stderr belong to the SDK: the option, what gives
//! codes by itself, the terminal, then programs that ask in their own way. A rung that cannot be
//! used here says why, and the next is tried.

mod assuan;
mod dialog;
mod person;
mod pinentry;
mod programs;
pub mod qr;
mod rungs;
pub mod seed;
mod surroundings;
pub mod tty;

use std::cell::{Cell, OnceCell, RefCell};
use std::time::Duration;

use crate::error::{Error, Kind, Result};
use crate::executor::{Prompt, Question};
use crate::hint;
use crate::system::clock::Clock;
use crate::system::locks::{FileLocks, Turn};
use crate::system::report::Report;
use crate::system::runtime::Runtime;
use person::{Asker, NOT_SIX_DIGITS, OnTerminal, REFUSED, Request};
use rungs::Outcome;
pub use rungs::Rung;
pub use surroundings::Surroundings;

/// How many codes of one question are sent or looked at.
const TRIES: u32 = 3;
/// How long a code of a TOTP device is shown, in seconds (RFC 6238), and what clocks may differ.
const WINDOW: i64 = 30;
const SLACK: i64 = 1;
const NO_INPUT: &str = "input is switched off (--no-input or ROLECALL_NO_INPUT)";

pub struct Ladder<'a> {
    /// `--mfa-token`, used once: a code works for one call only.
    pub token_code: RefCell<Option<String>>,
    /// What is tried, in this order.
    pub rungs: &'a [Rung],
    /// `--no-input`.
    pub no_input: bool,
    /// `--yes`, and whether the settings allow it.
    pub yes: Option<bool>,
    /// How long a program may take that asks nobody.
    pub process_limit: Duration,
    /// How long a person is waited for.
    pub patience: Duration,
    /// Read when the first rung needs them.
    pub surroundings: &'a dyn Fn() -> Surroundings,
    pub clock: &'a dyn Clock,
    pub runtime: &'a Runtime,
    pub report: &'a dyn Report,
    pub seeds: seed::Seeds<'a>,
    pub locks: &'a FileLocks<'a>,
    pub state: State,
}

/// Asks a person whom no other process asks meanwhile. (Fields are dropped in this order.)
struct Asking<'a> {
    asker: Box<dyn Asker + 'a>,
    _turn: Option<Turn>,
}

/// What was done for the question at hand.
#[derive(Default)]
pub struct State {
    surroundings: OnceCell<Surroundings>,
    /// How many codes were had.
    tried: Cell<u32>,
    /// Where the last one came from.
    last: Cell<Option<Rung>>,
}

/// Returns whether a text is a token code: six digits.
pub fn is_token_code(text: &str) -> bool {
    text.len() == 6 && text.bytes().all(|b| b.is_ascii_digit())
}

/// Returns for each rung what it asks with here, or why it cannot be used.
pub fn available(
    rungs: &[Rung],
    surroundings: &Surroundings,
) -> Vec<(Rung, Result<String, String>)> {
    let path =
        |found: Result<std::path::PathBuf, String>| found.map(|path| path.display().to_string());
    let one = |rung: Rung| match rung {
        Rung::Token | Rung::Seed => None,
        Rung::Process => Some(Ok("mfa_process of a profile".to_owned())),
        Rung::Ykman => Some(path(surroundings.program("ykman"))),
        Rung::Tty => Some(
            tty::Tty::open()
                .map(|_| "this terminal".to_owned())
                .ok_or_else(|| NO_TERMINAL.to_owned()),
        ),
        Rung::Pinentry if pinentry::is_blind(surroundings, tty::Tty::open().is_some()) => {
            Some(Err(NOWHERE.to_owned()))
        }
        Rung::Pinentry => Some(path(pinentry::find(surroundings))),
        Rung::Dialog => Some(dialog::find(surroundings).map(|programs| {
            let paths: Vec<_> =
                programs.iter().map(|(_, path)| path.display().to_string()).collect();
            paths.join(" or ")
        })),
    };
    rungs.iter().filter_map(|rung| Some((*rung, one(*rung)?))).collect()
}

const NO_TERMINAL: &str = "there is no terminal";
const NOWHERE: &str = "there is neither a terminal nor a display";

impl Ladder<'_> {
    fn surroundings(&self) -> &Surroundings {
        self.state.surroundings.get_or_init(self.surroundings)
    }

    /// Tries one rung for a code.
    fn climb(&self, rung: Rung, question: &Question) -> Result<Outcome<String>> {
        match rung {
            Rung::Token => Ok(self.token_code.take().map_or_else(
                || Outcome::absent("no --mfa-token is left"),
                |code| {
                    self.report.decided(&|| "using the code of --mfa-token".to_owned());
                    Outcome::Had(code)
                },
            )),
            Rung::Process => self.process(question),
            Rung::Seed => {
                let code = self.seeds.token_code(question)?;
                Ok(code.map_or_else(
                    || Outcome::absent("no seed of this device is kept"),
                    Outcome::Had,
                ))
            }
            Rung::Ykman => self.ykman(question),
            Rung::Tty | Rung::Pinentry | Rung::Dialog => self.ask_person(rung, question),
        }
    }

    /// Gets a rung ready that asks a person for somebody, unless the question was declined already.
    fn asker(&self, rung: Rung, who: &str, declined: bool) -> Result<Outcome<Asking<'_>>> {
        if self.no_input {
            return Ok(Outcome::absent(NO_INPUT));
        }
        if declined {
            return Ok(Outcome::Declined);
        }
        let (runtime, patience) = (self.runtime, self.patience);
        let turn = || self.locks.turn_to_ask(who, patience);
        let (turn, asker): (_, Outcome<Box<dyn Asker>>) = match rung {
            Rung::Tty => match tty::Tty::open() {
                Some(tty) => {
                    (turn()?, Outcome::Had(Box::new(OnTerminal { tty, runtime, patience })))
                }
                None => return Ok(Outcome::absent(NO_TERMINAL)),
            },
            Rung::Pinentry => {
                let turn = turn()?;
                let pinentry = pinentry::Pinentry::start(
                    runtime,
                    self.surroundings(),
                    self.process_limit,
                    patience,
                )?;
                (turn, pinentry.map(|pinentry| Box::new(pinentry) as _))
            }
            Rung::Dialog => match dialog::find(self.surroundings()) {
                Ok(programs) => (
                    turn()?,
                    Outcome::Had(Box::new(dialog::Dialog { programs, runtime, patience })),
                ),
                Err(why) => return Ok(Outcome::Absent(why)),
            },
            _ => return Ok(Outcome::absent("it asks no person")),
        };
        Ok(asker.map(|asker| Asking { asker, _turn: turn }))
    }

    /// Asks a person until the answer is a code.
    fn ask_person(&self, rung: Rung, question: &Question) -> Result<Outcome<String>> {
        let mut asking = match self.asker(rung, question.who, question.declined)? {
            Outcome::Had(asking) => asking,
            other => return Ok(other.map(|_| String::new())),
        };
        self.report.decided(&|| format!("asking for a code: {rung}"));
        let request = Request::code(question);
        let mut complaint = question.refused.map(|_| REFUSED);
        while self.state.tried.get() < TRIES {
            let answer = match asking.asker.code(&request, complaint)? {
                Outcome::Had(answer) => answer,
                other => return Ok(other.map(|_| String::new())),
            };
            // Devices show their digits in groups.
            let code: String = answer.split_whitespace().collect();
            if is_token_code(&code) {
                return Ok(Outcome::Had(code));
            }
            self.state.tried.set(self.state.tried.get() + 1);
            complaint = Some(NOT_SIX_DIGITS);
        }
        Err(question.refused.cloned().unwrap_or_else(|| {
            needs_code(question)
                .cause(format!("{TRIES} answers were not codes of six digits"))
                .hint(give_code(question))
        }))
    }

    /// Tries the rungs from one on, and says of each that cannot be used why.
    fn first<T>(
        &self,
        rungs: impl Iterator<Item = Rung>,
        skipped: &mut Vec<String>,
        attempt: impl Fn(Rung) -> Result<Outcome<T>>,
    ) -> Result<(Option<Rung>, Outcome<T>)> {
        for rung in rungs {
            match attempt(rung)? {
                Outcome::Absent(why) => {
                    self.report.decided(&|| format!("not asking by {rung}: {why}"));
                    if rung != Rung::Token {
                        skipped.push(format!("{rung}: {why}"));
                    }
                }
                outcome => return Ok((Some(rung), outcome)),
            }
        }
        Ok((None, Outcome::Absent(String::new())))
    }

    /// Says that nobody can be asked, and what was tried.
    fn nobody(&self, error: Error, skipped: &[String]) -> Error {
        let why = if self.no_input { NO_INPUT } else { "nobody can be asked" };
        let mut error = Error { message: format!("{}, and {why}", error.message), ..error };
        if !self.no_input && !skipped.is_empty() {
            error = error.cause(skipped.join("; "));
        }
        error
    }

    /// Says that a person was asked, by another process if `meanwhile`, and gave no answer.
    fn unanswered<T>(
        &self,
        error: Error,
        rung: Option<Rung>,
        outcome: &Outcome<T>,
        meanwhile: bool,
    ) -> Error {
        let rung = rung.map_or_else(String::new, |rung| format!(" ({rung})"));
        let why = match outcome {
            _ if meanwhile => {
                "another process asked the same meanwhile, and got no answer".to_owned()
            }
            Outcome::Silent => {
                format!("nobody answered within {} s{rung}", self.patience.as_secs())
            }
            _ => format!("the question was declined{rung}"),
        };
        Error { kind: Kind::Declined, ..error }.cause(why)
    }

    /// Waits for the code after the one that AWS has just refused: a code works once, and lasts for
    /// half a minute.
    fn wait_for_the_next_code(&self) -> Result<()> {
        let left = WINDOW - self.clock.now().timestamp().rem_euclid(WINDOW) + SLACK;
        self.report.note(&format!(
            "AWS did not accept the code; waiting {left} s for the device's next one"
        ));
        let wait = tokio::time::Duration::from_secs(left.unsigned_abs());
        self.runtime.run(async { tokio::time::sleep(wait).await })
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
}

fn give_code(question: &Question) -> String {
    format!("give it: {} --mfa-token CODE", question.invocation.command("process"))
}

impl Prompt for Ladder<'_> {
    fn token_code(&self, question: &Question) -> Result<String> {
        let State { tried, last, .. } = &self.state;
        let from = match question.refused {
            None => {
                tried.set(0);
                last.set(None);
                0
            }
            // What printed or typed the code beforehand would give the same again.
            Some(error) => {
                let again = |rung: &Rung| match rung {
                    // It counts its codes itself.
                    Rung::Seed => true,
                    Rung::Ykman => tried.get() < 2,
                    rung => rung.is_person() && tried.get() < TRIES,
                };
                match last.get().filter(again) {
                    Some(rung) => self.rungs.iter().position(|r| *r == rung).unwrap_or_default(),
                    None => return Err(error.clone()),
                }
            }
        };
        let mut skipped = Vec::new();
        let rungs = self.rungs.iter().copied().skip(from);
        match self.first(rungs, &mut skipped, |rung| self.climb(rung, question))? {
            (rung, Outcome::Had(code)) => {
                tried.set(tried.get() + 1);
                last.set(rung);
                Ok(code)
            }
            (_, Outcome::Absent(_)) => match question.refused {
                Some(error) => Err(error.clone()),
                None => Err(self.nobody(needs_code(question), &skipped).hint(give_code(question))),
            },
            (rung, outcome) => Err(self
                .unanswered(needs_code(question), rung, &outcome, question.declined)
                .hint(give_code(question))),
        }
    }

    fn confirm(&self, profile: &str, role_arn: Option<&str>, declined: bool) -> Result<()> {
        match self.yes {
            Some(true) => {
                self.report.decided(&|| {
                    format!("the new session of profile `{profile}` is confirmed by --yes")
                });
                return Ok(());
            }
            Some(false) => {
                return Err(Error::usage(format!("--yes may not confirm the new session of profile `{profile}` (rolecall_confirm)"))
                    .cause("settings.ini does not have allow_yes = true")
                    .hint(format!("allow it there, or answer yourself: {}", hint::command("process", profile))));
            }
            None => {}
        }
        let request = Request::confirmation(profile, role_arn);
        let mut skipped = Vec::new();
        let rungs = self.rungs.iter().copied().filter(|rung| rung.is_person());
        let attempt = |rung| match self.asker(rung, &format!("profile `{profile}`"), declined)? {
            Outcome::Had(mut asking) => asking.asker.confirm(&request),
            other => Ok(other.map(|_| ())),
        };
        let hint = format!("answer where you can be asked: {}", hint::command("process", profile));
        match self.first(rungs, &mut skipped, attempt)? {
            (_, Outcome::Had(())) => Ok(()),
            (_, Outcome::Absent(_)) => {
                let what = format!(
                    "profile `{profile}` asks for confirmation before each new session (rolecall_confirm)"
                );
                Err(self.nobody(Error::needs_person(what), &skipped).hint(hint))
            }
            (rung, outcome) => {
                let error = Error::needs_person(format!(
                    "the new session for profile `{profile}` was not confirmed"
                ));
                Err(self.unanswered(error, rung, &outcome, declined).hint(hint))
            }
        }
    }
}
