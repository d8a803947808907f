//! The one error type of the program: what happened, why, what to type next, and the exit code it
//! means.

mod aws;
mod place;

use std::borrow::Cow;
use std::error::Error as StdError;
use std::fmt;
use std::sync::Arc;

use crate::text::without_url_secrets;

pub use aws::{AwsCode, Refusal};
pub use place::{FileLine, Place};

/// What went wrong, by who can mend it. Each kind has one exit code (see the contract, "Exit
/// codes").
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Kind {
    /// AWS denied it, or the network or a source failed.
    #[default]
    Failed,
    /// The command line is wrong.
    Usage,
    /// The shared files or the settings are wrong.
    Configuration,
    /// A person has to answer or log in, and nobody can be asked.
    NeedsPerson,
    /// A person was asked, and declined or did not answer in time.
    Declined,
    /// The store failed, where that was the whole task.
    Store,
    /// SIGINT.
    Interrupted,
}

impl Kind {
    /// Returns the exit code of the contract.
    pub fn exit_code(self) -> u8 {
        match self {
            Self::Failed => 1,
            Self::Usage => 2,
            Self::Configuration => 3,
            Self::NeedsPerson | Self::Declined => 4,
            Self::Store => 5,
            Self::Interrupted => 130,
        }
    }
}

/// What mends an error without another command line.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Remedy {
    /// A login at IAM Identity Center.
    SsoLogin,
}

/// An error as the user sees it: `error:`, then `cause:` lines, then `hint:` lines. What is decided
/// by an error is decided by its data, never by its text.
#[derive(Debug, Clone)]
pub struct Error(Box<Parts>);

#[derive(Debug, Clone, Default)]
struct Parts {
    kind: Kind,
    message: String,
    causes: Vec<String>,
    hints: Vec<String>,
    code: Option<AwsCode>,
    refusal: Option<Refusal>,
    remedy: Option<Remedy>,
    profile: Option<String>,
    place: Option<Place>,
    shared: Option<String>,
    source: Option<Arc<dyn StdError + Send + Sync>>,
}

pub type Result<T, E = Error> = std::result::Result<T, E>;

impl Error {
    pub fn new(kind: Kind, message: impl Into<String>) -> Self {
        Self(Box::new(Parts { kind, message: shown(message), ..Parts::default() }))
    }
    pub fn failed(message: impl Into<String>) -> Self {
        Self::new(Kind::Failed, message)
    }
    pub fn usage(message: impl Into<String>) -> Self {
        Self::new(Kind::Usage, message)
    }
    pub fn configuration(message: impl Into<String>) -> Self {
        Self::new(Kind::Configuration, message)
    }
    /// Makes an error about a value of the shared files or the environment. It begins with the
    /// value's place.
    pub fn misconfigured(place: impl Into<Place>, what: impl fmt::Display) -> Self {
        let place = place.into();
        Self::configuration(format!("{place}: {what}")).at(place)
    }
    pub fn needs_person(message: impl Into<String>) -> Self {
        Self::new(Kind::NeedsPerson, message)
    }
    pub fn store(message: impl Into<String>) -> Self {
        Self::new(Kind::Store, message)
    }
    pub fn interrupted() -> Self {
        Self::new(Kind::Interrupted, "interrupted")
    }

    #[must_use]
    pub fn cause(mut self, cause: impl Into<String>) -> Self {
        self.0.causes.push(shown(cause));
        self
    }
    #[must_use]
    pub fn hint(mut self, hint: impl Into<String>) -> Self {
        let hint = shown(hint);
        if !self.0.hints.contains(&hint) {
            self.0.hints.push(hint);
        }
        self
    }
    /// Adds the error that caused this one: what it says becomes a cause, and it is kept as the
    /// source.
    #[must_use]
    pub fn caused_by(mut self, source: impl StdError + Send + Sync + 'static) -> Self {
        self.0.causes.push(shown(source.to_string()));
        self.0.source = Some(Arc::new(source));
        self
    }
    /// Says which profile the message or a cause names; an empty name is none.
    #[must_use]
    pub fn about(mut self, profile: &str) -> Self {
        self.0.profile = Some(profile.to_owned());
        self
    }
    /// Says where the value stands that caused it.
    #[must_use]
    pub fn at(mut self, place: impl Into<Place>) -> Self {
        self.0.place = Some(place.into());
        self
    }
    /// Says what is wrong in words that name none of the profiles that fail by it.
    #[must_use]
    pub fn with_shared_cause(mut self, shared: impl Into<String>) -> Self {
        self.0.shared = Some(shared.into());
        self
    }
    /// Says how AWS refused.
    #[must_use]
    pub fn refused(mut self, code: Option<AwsCode>, refusal: Option<Refusal>) -> Self {
        self.0.code = code;
        self.0.refusal = refusal;
        self
    }
    /// Says what mends it.
    #[must_use]
    pub fn mended_by(mut self, remedy: Remedy) -> Self {
        self.0.remedy = Some(remedy);
        self
    }
    #[must_use]
    pub fn with_kind(mut self, kind: Kind) -> Self {
        self.0.kind = kind;
        self
    }
    #[must_use]
    pub fn with_message(mut self, message: impl Into<String>) -> Self {
        self.0.message = shown(message);
        self
    }

    pub fn kind(&self) -> Kind {
        self.0.kind
    }
    pub fn message(&self) -> &str {
        &self.0.message
    }
    pub fn causes(&self) -> &[String] {
        &self.0.causes
    }
    pub fn hints(&self) -> &[String] {
        &self.0.hints
    }
    /// Returns the code that AWS refused with.
    pub fn code(&self) -> Option<&AwsCode> {
        self.0.code.as_ref()
    }
    /// Returns what AWS refused, where its code alone does not tell.
    pub fn refusal(&self) -> Option<Refusal> {
        self.0.refusal
    }
    /// Returns what mends it, where something does.
    pub fn remedy(&self) -> Option<Remedy> {
        self.0.remedy
    }
    /// Returns the profile that the message or a cause names.
    pub fn profile(&self) -> Option<&str> {
        self.0.profile.as_deref()
    }
    /// Returns what is wrong in words that name none of the profiles that fail by it; errors of one
    /// cause say the same.
    pub fn shared_cause(&self) -> Option<&str> {
        self.0.shared.as_deref()
    }
    pub fn place(&self) -> Option<&Place> {
        self.0.place.as_ref()
    }
}

/// No error shows what may be secret in a URL, wherever its text comes from.
fn shown(text: impl Into<String>) -> String {
    let text = text.into();
    match without_url_secrets(&text) {
        Cow::Borrowed(_) => text,
        Cow::Owned(shown) => shown,
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.message())?;
        for cause in self.causes() {
            write!(f, ": {cause}")?;
        }
        Ok(())
    }
}

impl StdError for Error {
    fn source(&self) -> Option<&(dyn StdError + 'static)> {
        self.0.source.as_ref().map(|source| &**source as _)
    }
}
