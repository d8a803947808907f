//! The options that verbs share, and how their values are read.

use std::collections::HashSet;

use clap::Args;
use serde::{Deserialize, Serialize};

use crate::output::formats::Format;
use crate::output::shells::Shell;
use crate::shell::Side;
use crate::store::StoreName;

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
#[derive(Debug, Clone, Args)]
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

/// Choosing the profile on the terminal.
#[derive(Debug, Clone, Args)]
pub struct Pick {
    /// Choose the profile from a list, which begins with those that match PROFILE
    #[arg(short = 'i', long)]
    pub pick: bool,
}

/// The options of every command that yields credentials.
#[derive(Debug, Clone, Default, Args)]
pub struct Credentials {
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
    #[arg(long, value_name = "DURATION", value_parser = duration)]
    pub min_ttl: Option<u32>,
    /// Neither read nor write the cache
    #[arg(long)]
    pub no_cache: bool,
    /// Where sessions are kept
    #[arg(long, value_name = "STORE")]
    pub store: Option<StoreName>,
    // Last, because its heading holds for all that follows.
    #[command(flatten)]
    pub role: Role,
}

/// What shapes a chain beside the profile: an ad-hoc role, or overrides of the profile's last hop.
/// A shell remembers it in this form, to go back to it and to renew it.
#[derive(Debug, Clone, Default, PartialEq, Eq, Args, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
#[command(next_help_heading = "Role options")]
pub struct Role {
    /// Session length: 15m to 12h, at most 1h for a chained role
    #[arg(long, value_name = "DURATION", value_parser = duration)]
    pub duration: Option<u32>,
    /// Region of the call and of the exported variables
    #[arg(long, value_name = "NAME")]
    pub region: Option<String>,
    /// Role to assume
    #[arg(long, value_name = "ARN")]
    pub role_arn: Option<String>,
    /// Profile whose credentials assume the role
    #[arg(long, value_name = "NAME")]
    pub source_profile: Option<String>,
    /// External ID that the role's trust policy asks for
    #[arg(long, value_name = "ID")]
    pub external_id: Option<String>,
    /// Name of the session in CloudTrail (default: your user name)
    #[arg(long, value_name = "NAME")]
    pub role_session_name: Option<String>,
    /// Serial number or ARN of the MFA device; `auto` looks it up
    #[arg(long, value_name = "SERIAL")]
    pub mfa_serial: Option<String>,
    /// Ask for a code for each role, instead of once for all roles of the same keys
    #[arg(long)]
    pub no_mfa_session: bool,
    /// Source identity of the session
    #[arg(long, value_name = "NAME")]
    pub source_identity: Option<String>,
    /// Session tag (repeatable)
    #[arg(long = "tag", value_name = "KEY=VALUE", value_parser = tag)]
    pub tags: Vec<(String, String)>,
    /// Session tag that chained sessions inherit (repeatable)
    #[arg(long = "transitive-tag", value_name = "KEY")]
    pub transitive_tags: Vec<String>,
    /// Session policy that scopes the session down: JSON, or a file that holds it
    #[arg(long, value_name = "FILE-OR-JSON")]
    pub policy: Option<String>,
    /// Managed policy that scopes the session down (repeatable)
    #[arg(long = "policy-arn", value_name = "ARN")]
    pub policy_arns: Vec<String>,
    /// Scope the session down to AWS's ReadOnlyAccess
    #[arg(long)]
    pub read_only: bool,
}

pub fn duration(text: &str) -> Result<u32, String> {
    crate::aws::duration::parse(text)
        .ok_or_else(|| "a duration is written 15m, 1h30m or 3600".to_owned())
}

pub fn token_code(text: &str) -> Result<String, String> {
    if crate::prompt::is_token_code(text) {
        Ok(text.to_owned())
    } else {
        Err("a token code has six digits".to_owned())
    }
}

pub fn tag(text: &str) -> Result<(String, String), String> {
    let (key, value) = text
        .split_once('=')
        .filter(|(key, _)| !key.is_empty())
        .ok_or("a tag is written KEY=VALUE")?;
    Ok((key.to_owned(), value.to_owned()))
}

pub fn shell(text: &str) -> Result<Shell, String> {
    Shell::parse(text).ok_or_else(|| format!("known shells: {}", Shell::NAMES.join(", ")))
}

pub fn side(text: &str) -> Result<Side, String> {
    Side::parse(text).ok_or_else(|| format!("known shells: {}", Side::NAMES.join(", ")))
}

pub fn format(text: &str) -> Result<Format, String> {
    Format::parse(text).ok_or_else(|| format!("known formats: {}", Format::NAMES.join(", ")))
}
