//! The questions of `setup`, and what comes before a yes.

use crate::app::choice::{self, Choice};
use crate::app::context::Context;
use crate::app::shared_files::{Commit, change, preview};
use crate::aws::names::Region;
use crate::commands::profile::add;
use crate::config::edit::SectionName;
use crate::config::profiles::Profiles;
use crate::error::{Error, Result};

/// How often a person may answer with something that cannot be.
const ANSWERS: usize = 3;
/// The longest diff that is shown unasked, in lines.
const SHORT_DIFF: usize = 40;

/// Asks a person on the terminal.
pub struct Ask<'a> {
    pub context: &'a Context,
}

impl<'a> Ask<'a> {
    pub fn new(context: &'a Context) -> Self {
        Self { context }
    }

    /// Shows lines on the terminal.
    pub fn say(&self, lines: &str) {
        if let Some(mut terminal) = self.context.terminal() {
            terminal.say(&format!("{lines}\n"));
        }
    }

    /// Asks for a text. An empty answer means `default`; `check` returns the text that is meant, or
    /// says what is wrong.
    ///
    /// # Errors
    /// Nobody answers, three answers are wrong, or the call is interrupted.
    pub fn text(
        &self,
        question: &str,
        default: Option<&str>,
        check: impl Fn(&str) -> Result<String, String>,
    ) -> Result<String> {
        let shown = default.filter(|text| !text.is_empty());
        let shown = shown.map(|text| format!(" [{text}]")).unwrap_or_default();
        for _ in 0..ANSWERS {
            let answer = self.context.ask(&format!("{question}{shown}: "))?;
            let answer = answer.ok_or_else(|| unanswered(question))?;
            let answer = match answer.trim() {
                "" => default,
                answer => Some(answer),
            };
            match answer.map(&check) {
                Some(Ok(text)) => return Ok(text),
                Some(Err(why)) => self.say(&format!("  {why}")),
                None => {}
            }
        }
        Err(unanswered(question))
    }

    /// Asks for a region.
    ///
    /// # Errors
    /// As [`Self::text`].
    pub fn region(&self, question: &str, guess: Option<&str>) -> Result<String> {
        self.text(question, guess, |text| match (Region::parse(text), Region::near(text)) {
            (Some(region), None) => Ok(region.to_string()),
            (_, Some(near)) if near != text => {
                Err(format!("`{text}` is no region that is known; is {near} meant?"))
            }
            _ => Err(format!("`{text}` is no region, as eu-west-1 is")),
        })
    }

    /// Returns the region that the environment names.
    pub fn usual_region(&self) -> Option<&str> {
        let get = |name| self.context.environment.get(name);
        get("AWS_REGION").or_else(|| get("AWS_DEFAULT_REGION"))
    }

    /// Asks for the name of a section that is not there yet.
    ///
    /// # Errors
    /// As [`Self::text`].
    pub fn new_name(
        &self,
        question: &str,
        guess: Option<&str>,
        section: impl Fn(&str) -> SectionName,
    ) -> Result<SectionName> {
        let profiles = self.context.profiles()?;
        let name = self.text(question, guess, |text| {
            let taken = |error: Error| error.message().to_owned();
            add::check_new(&profiles, &section(text)).map_err(taken)?;
            legal(text)
        })?;
        Ok(section(&name))
    }

    /// Lets a person choose one of several.
    ///
    /// # Errors
    /// Nobody answers, three answers are wrong, or the call is interrupted.
    pub fn choose(&self, question: &str, choices: &[Choice]) -> Result<usize> {
        choice::choose(self.context, question, choices)?.ok_or_else(|| unanswered(question))
    }

    /// Asks for a yes; an empty answer is a no.
    ///
    /// # Errors
    /// Nobody answers, or the call is interrupted.
    pub fn yes(&self, question: &str) -> Result<bool> {
        Ok(self.letter(&format!("{question} [y/N]"))? == "y")
    }

    fn letter(&self, question: &str) -> Result<String> {
        let answer = self.context.ask(&format!("{question} "))?;
        let answer = answer.ok_or_else(|| unanswered(question))?.trim().to_ascii_lowercase();
        Ok(if answer == "yes" { "y".to_owned() } else { answer })
    }

    /// Shows what would be written, a long text only when the person wants to see it, and asks for a
    /// yes.
    ///
    /// # Errors
    /// As [`Self::yes`].
    pub fn agree(&self, diff: &str, question: &str) -> Result<bool> {
        let lines = diff.lines().count();
        if lines <= SHORT_DIFF {
            self.say(&format!("\n{diff}"));
            return self.yes(question);
        }
        loop {
            let letters = format!("[y/N, or d to see the {lines} lines]");
            match self.letter(&format!("{question} {letters}"))?.as_str() {
                "d" => self.say(&format!("\n{diff}")),
                answer => return Ok(answer == "y"),
            }
        }
    }

    /// Adds a section after a yes, and returns whether it did. Each word is `KEY=VALUE`.
    ///
    /// # Errors
    /// As [`Self::yes`], and when the file cannot be read, edited so or written.
    pub fn add_section(&self, section: &SectionName, words: &[String]) -> Result<bool> {
        let plan = add::planned(section.clone(), words)?;
        let plan = |profiles: &Profiles| plan(profiles);
        let diff = preview(self.context, plan)?;
        if !self.agree(&diff, "Write this?")? {
            return Ok(false);
        }
        change(self.context, Commit::Write, plan)?;
        Ok(true)
    }
}

/// Returns the error where there is nobody to ask, with what to type instead.
pub fn nobody(context: &Context) -> Error {
    let why = if context.settings.no_input() {
        "input is switched off (--no-input or ROLECALL_NO_INPUT)"
    } else {
        "there is no terminal"
    };
    Error::needs_person(format!("setup asks for everything that it does, and {why}"))
        .hint(
            "sign in by IAM Identity Center: rolecall profile add --sso-session corp \
             sso_start_url=URL sso_region=REGION",
        )
        .hint("log in there: rolecall sso login corp")
        .hint("then have profiles made: rolecall sso sync corp")
        .hint("or keep an access key: rolecall keys add --help")
        .hint("or add a role: rolecall profile add --help")
        .hint("let the shell be switched: rolecall init --help")
}

/// Returns the error about a question that nobody answered.
fn unanswered(question: &str) -> Error {
    Error::needs_person(format!("there is no answer to: {question}"))
        .hint("what you said yes to is done; take it up again: rolecall setup")
}

/// Checks that a section can have a name.
///
/// # Errors
/// Says what names are made of.
pub fn legal(name: &str) -> Result<String, String> {
    let is_legal = SectionName::profile(name).is_legal();
    let legal = is_legal.then(|| name.to_owned());
    legal.ok_or_else(|| "AWS accepts letters, digits and _ - / . % @ : +".to_owned())
}
