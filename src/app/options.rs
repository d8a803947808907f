//! The options that verbs share, and how their values are read.

use std::collections::HashSet;

use clap::{ArgAction, Args};

use crate::aws::duration;
use crate::chain::RoleOptions;
use crate::store::StoreName;
use crate::text::color::ColorChoice;

/// The options of every verb.
#[derive(Debug, Clone, Default, Args)]
#[command(next_help_heading = "Global options")]
pub struct Global {
    /// Explain on stderr what is decided and why, with secrets left out
    #[arg(short, long, global = true, action = ArgAction::Count)]
    pub verbose: u8,
    /// Leave out warnings and hints
    #[arg(short, long, global = true)]
    pub quiet: bool,
    /// When to use colours (NO_COLOR and CLICOLOR_FORCE are honoured)
    #[arg(long, global = true, value_enum, default_value_t, value_name = "WHEN")]
    pub color: ColorChoice,
    /// Never ask anything: exit 4 instead (also ROLECALL_NO_INPUT=1)
    #[arg(long, global = true)]
    pub no_input: bool,
}

/// A profile, by position or by option.
#[derive(Debug, Clone, Default, Args)]
pub struct Selected {
    /// The profile; without one, the SDKs' default chain (on a terminal, where that has none, a
    /// list to choose from)
    #[arg(value_name = "PROFILE", index = 1)]
    pub positional: Option<String>,
    /// The profile
    #[arg(short, long, value_name = "NAME", conflicts_with = "positional")]
    pub profile: Option<String>,
}

impl Selected {
    pub fn name(&self) -> Option<&str> {
        self.positional.as_deref().or(self.profile.as_deref())
    }
}

/// Any number of profiles, by position or by option.
#[derive(Debug, Clone, Default, Args)]
pub struct Several {
    /// The profiles
    #[arg(value_name = "PROFILE")]
    pub positional: Vec<String>,
    /// A profile (repeatable)
    #[arg(short, long, value_name = "NAME")]
    pub profile: Vec<String>,
}

impl Several {
    /// Returns each name once, in the order in which it was typed.
    pub fn names(&self) -> Vec<&str> {
        let mut seen = HashSet::new();
        self.positional
            .iter()
            .chain(&self.profile)
            .map(String::as_str)
            .filter(|name| seen.insert(*name))
            .collect()
    }
}

/// The options of a verb for whose credentials a person may choose the profile on the terminal.
#[derive(Debug, Clone, Args)]
pub struct PickOptions {
    /// Choose the profile from a list, which begins with those that match PROFILE
    #[arg(short = 'i', long)]
    pub pick: bool,
    #[command(flatten)]
    pub credentials: CredentialOptions,
}

/// The options of every command that yields credentials.
#[derive(Debug, Clone, Default, Args)]
pub struct CredentialOptions {
    #[command(flatten)]
    pub selected: Selected,
    /// Token code of the MFA device, instead of a question
    /// (ROLECALL_PROMPT=process,seed,ykman,tty,pinentry,dialog orders who is asked)
    #[arg(long, value_name = "CODE", value_parser = token_code)]
    pub mfa_token: Option<String>,
    /// Confirm new sessions of profiles with `rolecall_confirm`, where settings.ini has `allow_yes
    /// = true`
    #[arg(long)]
    pub yes: bool,
    /// Fetch a new session; the cached one stays until the new one exists
    #[arg(long)]
    pub refresh: bool,
    /// How long a cached session must live (default: 15m for `process`, else 5m)
    #[arg(long, value_name = "DURATION", value_parser = duration::parse_typed)]
    pub min_ttl: Option<u32>,
    /// Neither read nor write the cache
    #[arg(long)]
    pub no_cache: bool,
    /// Where sessions are kept
    #[arg(long, value_name = "STORE", value_parser = StoreName::value_parser())]
    pub store: Option<StoreName>,
    // Last, because its heading holds for all that follows.
    #[command(flatten)]
    pub role: RoleOptions,
}

/// Parses the code of `--mfa-token`.
///
/// # Errors
/// The rule, where the text is no token code.
pub fn token_code(text: &str) -> Result<String, String> {
    if crate::prompt::is_token_code(text) {
        Ok(text.to_owned())
    } else {
        Err("a token code has six digits".to_owned())
    }
}
