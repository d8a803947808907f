//! Stores of other programs: where aws-vault and granted keep long-term keys. They are read, and
//! never written.
//!
//! Both programs use the library `99designs/keyring`, whose back ends are a file here each. What is
//! read lives in memory that is wiped.

mod aws_vault;
mod export;
mod files;
mod granted;
mod item;
mod jwe;
#[cfg(target_os = "linux")]
mod keyctl;
mod pass;
mod runner;
#[cfg(target_os = "linux")]
mod secret_service;

use std::time::Duration;

use zeroize::Zeroizing;

pub use self::item::Content;
use crate::error::{Error, Result};
use crate::hint;
use crate::store::UnlockPolicy;
use crate::system::directories::Directories;
use crate::system::environment::Environment;
use crate::system::report::Report;
use crate::system::runtime::Runtime;

/// A program whose stores are read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Program {
    AwsVault,
    Granted,
}

/// Asks a person a question without showing the answer; `None` where nobody answers.
pub type AskHidden<'a> = &'a dyn Fn(&str) -> Result<Option<Zeroizing<String>>>;

/// What reading takes.
#[derive(Clone, Copy)]
pub struct Access<'a> {
    pub environment: &'a Environment,
    pub directories: &'a Directories,
    pub runtime: &'a Runtime,
    pub report: &'a dyn Report,
    /// Whether a keyring or a program may ask a person.
    pub unlock: UnlockPolicy,
    /// How long a program may run.
    pub limit: Duration,
    pub ask_hidden: AskHidden<'a>,
}

/// One place where a program keeps keys.
pub trait OtherStore {
    /// Returns what it is, in a few words and with its place.
    fn title(&self) -> String;

    /// Returns the names under which something lies there; `None` where there is no such store.
    ///
    /// # Errors
    /// When it does not answer or cannot be read, or is locked and nobody unlocks it; an
    /// interruption.
    fn names(&self) -> Result<Option<Vec<String>>>;

    /// Reads what lies under a name.
    ///
    /// # Errors
    /// When it is not readable, needs a passphrase that nobody gives, or is gone; an interruption.
    fn read(&self, name: &str) -> Result<Content>;

    /// Returns whether other secrets of its user lie there under names of their own. Of those only
    /// what has the name of a profile is read unasked.
    fn is_shared(&self) -> bool {
        false
    }

    /// Returns whether it is looked at only where no other store was found.
    fn is_last_resort(&self) -> bool {
        false
    }
}

impl Program {
    /// Returns its name.
    pub fn name(self) -> &'static str {
        match self {
            Self::AwsVault => "aws-vault",
            Self::Granted => "granted",
        }
    }

    /// Returns the stores where it may keep keys, in the order in which it looks for them itself.
    ///
    /// # Errors
    /// Where its own variables name a store that there is not.
    pub fn stores(self, access: Access) -> Result<Vec<Box<dyn OtherStore + '_>>> {
        match self {
            Self::AwsVault => aws_vault::stores(access),
            Self::Granted => granted::stores(access),
        }
    }

    /// Returns whether a name in its stores may be that of long-term keys: sessions and tokens have
    /// names of their own.
    pub fn may_name_keys(self, name: &str) -> bool {
        match self {
            Self::AwsVault => aws_vault::may_name_keys(name),
            Self::Granted => true,
        }
    }

    /// Returns what chooses one of its stores.
    pub fn choose_store(self) -> &'static str {
        match self {
            Self::AwsVault => aws_vault::BACKEND,
            Self::Granted => granted::BACKEND,
        }
    }

    /// Returns its command that deletes the keys of a profile.
    pub fn remove(self, profile: &str) -> String {
        match self {
            Self::AwsVault => format!("aws-vault remove {}", hint::word(profile)),
            Self::Granted => format!("granted credentials remove {}", hint::word(profile)),
        }
    }

    /// Returns its command that shows what it has.
    pub fn list(self) -> &'static str {
        match self {
            Self::AwsVault => "aws-vault list",
            Self::Granted => "granted credentials list",
        }
    }

    /// Returns the names that its program file may have.
    pub fn names(self) -> &'static [&'static str] {
        match self {
            Self::AwsVault => &["aws-vault"],
            Self::Granted => &["granted", "dgranted"],
        }
    }
}

/// Returns the error about something that cannot be read.
fn unreadable(place: &str, what: impl std::fmt::Display) -> Error {
    Error::failed(format!("{place}: {what}"))
}
