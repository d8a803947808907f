//! What one call for credentials may do.

use std::time::{Duration, Instant};

use chrono::TimeDelta;

use super::options::CredentialOptions;
use crate::executor::CacheMode;
use crate::store::StoreName;

/// Who asks for credentials.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Caller {
    /// An SDK, which swallows what is said and does not wait for a person.
    Sdk,
    /// A person, or a command of theirs.
    Person,
}

impl Caller {
    /// Returns how long a cached session must live for this caller, unless something else is said:
    /// botocore asks again when less than 15 minutes are left.
    pub fn min_ttl(self) -> TimeDelta {
        match self {
            Self::Sdk => TimeDelta::minutes(15),
            Self::Person => TimeDelta::minutes(5),
        }
    }
}

/// Whether somebody may be asked.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum AskPolicy {
    Allowed,
    Never,
}

/// How a new session of a profile with `rolecall_confirm` is confirmed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Confirmation {
    /// By the person who is asked.
    Ask,
    /// By `--yes`, where the settings allow it.
    Yes,
}

/// Whether what is decided and what goes wrong without costing the result is said.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Voice {
    Normal,
    Silent,
}

/// What one call may do: ask, wait, use the cache. A value, so that two calls of one process can
/// differ.
#[derive(Debug, Clone)]
pub struct Call {
    pub caller: Caller,
    pub ask: AskPolicy,
    pub voice: Voice,
    pub confirmation: Confirmation,
    pub cache: CacheMode,
    /// `--min-ttl`.
    pub min_ttl: Option<TimeDelta>,
    /// `--store`.
    pub store: Option<StoreName>,
    /// `--mfa-token`.
    pub token_code: Option<String>,
    /// How long another process is waited for that gets credentials from the same keys, in place of
    /// what the settings say.
    pub lock_timeout: Option<Duration>,
    /// When all waiting ends.
    pub deadline: Option<Instant>,
}

impl Call {
    /// What the options of a command say.
    pub fn typed(options: &CredentialOptions, caller: Caller) -> Self {
        Self {
            caller,
            ask: AskPolicy::Allowed,
            voice: Voice::Normal,
            confirmation: if options.yes { Confirmation::Yes } else { Confirmation::Ask },
            cache: match (options.no_cache, options.refresh) {
                (true, _) => CacheMode::Off,
                (false, true) => CacheMode::Refresh,
                (false, false) => CacheMode::Use,
            },
            min_ttl: options.min_ttl.map(|seconds| TimeDelta::seconds(i64::from(seconds))),
            store: options.store,
            token_code: options.mfa_token.clone(),
            lock_timeout: None,
            deadline: None,
        }
    }
}
