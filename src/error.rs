//! The one error type of the program: what happened, why, what to type next, and the exit code it
//! means.

use std::fmt;

/// What went wrong, by who can mend it. Each kind has one exit code (see the contract, "Exit
/// codes").
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// AWS denied it, or the network or a source failed.
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

/// An error as the user sees it: `error:`, then `cause:` lines, then `hint:` lines.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Error {
    pub kind: Kind,
    pub message: String,
    pub causes: Vec<String>,
    pub hints: Vec<String>,
}

pub type Result<T, E = Error> = std::result::Result<T, E>;

impl Error {
    pub fn new(kind: Kind, message: impl Into<String>) -> Self {
        Self { kind, message: message.into(), causes: Vec::new(), hints: Vec::new() }
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
        self.causes.push(cause.into());
        self
    }
    #[must_use]
    pub fn hint(mut self, hint: impl Into<String>) -> Self {
        self.hints.push(hint.into());
        self
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)?;
        for cause in &self.causes {
            write!(f, ": {cause}")?;
        }
        Ok(())
    }
}

impl std::error::Error for Error {}
