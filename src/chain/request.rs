//! What was asked for. It is built once for each chain, and every verb builds it here, so that no
//! two verbs see different chains of one profile.

use clap::Args;
use serde::{Deserialize, Serialize};

use super::invocation::Invocation;
use crate::aws::duration;
use crate::config::ProfileName;

/// A request for a chain: the profile, what changes it, and what sessions on its way may serve.
#[derive(Debug, Clone)]
pub struct Request {
    profile: Option<ProfileName>,
    role: RoleOptions,
    defaults: Defaults,
    near_misses: NearMisses,
    has_typed_code: bool,
}

/// What holds for every request of one run of the program, by its settings.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Defaults {
    /// How long, in seconds, the session with MFA of an identity is to live; `None` where there is
    /// to be none.
    pub mfa_session: Option<u32>,
    pub caching: Caching,
}

/// Whether sessions are cached: one that is made for others on the way would serve only one else.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Caching {
    On,
    Off,
}

/// Whether the error about a profile that is not there says what comes nearest, which is too long a
/// search for each of many profiles.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum NearMisses {
    Search,
    Skip,
}

impl Request {
    /// What was typed: a profile, or none for the SDKs' default chain, and options of a role, whose
    /// `policy` is the document itself.
    pub fn typed(profile: Option<&str>, role: RoleOptions, defaults: Defaults) -> Self {
        let mfa_session = defaults.mfa_session.filter(|_| !role.no_mfa_session);
        Self {
            profile: profile.map(ProfileName::new),
            role,
            defaults: Defaults { mfa_session, ..defaults },
            near_misses: NearMisses::Search,
            has_typed_code: false,
        }
    }

    /// One of many profiles, as `process` sees it where only its name is typed.
    pub fn of_profile(name: &str, defaults: Defaults) -> Self {
        Self {
            profile: Some(ProfileName::new(name)),
            role: RoleOptions::default(),
            defaults,
            near_misses: NearMisses::Skip,
            has_typed_code: false,
        }
    }

    /// Returns the request with another answer to a profile that is not there.
    #[must_use]
    pub fn with_near_misses(self, near_misses: NearMisses) -> Self {
        Self { near_misses, ..self }
    }

    /// Returns the request with a typed MFA code, which a call of the chain must carry.
    #[must_use]
    pub fn with_typed_code(self) -> Self {
        Self { has_typed_code: true, ..self }
    }

    pub fn profile(&self) -> Option<&ProfileName> {
        self.profile.as_ref()
    }

    pub fn role(&self) -> &RoleOptions {
        &self.role
    }

    pub fn defaults(&self) -> Defaults {
        self.defaults
    }

    pub fn near_misses(&self) -> NearMisses {
        self.near_misses
    }

    pub fn has_typed_code(&self) -> bool {
        self.has_typed_code
    }

    /// Returns how to ask for the chain of a profile again with the same options.
    pub fn invocation(&self, profile: Option<&ProfileName>) -> Invocation {
        Invocation { profile: profile.cloned(), options: self.role.naming(), login: None }
    }
}

/// What shapes a chain beside the profile: an ad-hoc role, or overrides of the profile's last hop.
///
/// One type for what is typed, what a shell remembers (to go back to it and to renew it), and what
/// the resolver reads, so that no option is lost between them.
#[derive(Debug, Clone, Default, PartialEq, Eq, Args, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
#[command(next_help_heading = "Role options")]
pub struct RoleOptions {
    /// Session length: 15m to 12h, at most 1h for a chained role
    #[arg(long, value_name = "DURATION", value_parser = duration::parse_typed)]
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
    /// Hand out keys of the store themselves, in place of a session of theirs
    #[arg(long)]
    pub long_term_keys: bool,
    /// Source identity of the session
    #[arg(long, value_name = "NAME")]
    pub source_identity: Option<String>,
    /// Session tag (repeatable)
    #[arg(long = "tag", value_name = "KEY=VALUE", value_parser = parse_tag)]
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

impl RoleOptions {
    /// Returns the options that say which role is meant and what its trust policy looks at, as they
    /// would be typed again.
    fn naming(&self) -> Vec<(&'static str, String)> {
        let single = [
            ("--role-arn", &self.role_arn),
            ("--source-profile", &self.source_profile),
            ("--external-id", &self.external_id),
            ("--mfa-serial", &self.mfa_serial),
            ("--source-identity", &self.source_identity),
            ("--region", &self.region),
        ];
        let typed = single.into_iter().filter_map(|(option, value)| Some((option, value.clone()?)));
        let tags = self.tags.iter().map(|(key, value)| ("--tag", format!("{key}={value}")));
        typed.chain(tags).collect()
    }

    /// Returns the options that were given of those that shape a role's call.
    pub(super) fn typed(&self) -> Vec<&'static str> {
        let role_arn = self.role_arn.as_ref().map(|_| "--role-arn");
        role_arn.into_iter().chain(self.role_parameters().map(|(option, _)| option)).collect()
    }

    /// Returns the first option that only means something where a role is assumed.
    pub(super) fn first_for_a_role(&self) -> Option<&'static str> {
        self.role_parameters().map(|(option, _)| option).next()
    }

    /// Returns the first option that AssumeRole takes and AssumeRoleWithWebIdentity does not.
    pub(super) fn first_for_assume_role(&self) -> Option<&'static str> {
        self.role_parameters()
            .find_map(|(option, by)| (by == TakenBy::AssumeRole).then_some(option))
    }

    /// Returns the options that were given of those that become parameters of a role's call.
    fn role_parameters(&self) -> impl Iterator<Item = (&'static str, TakenBy)> {
        use TakenBy::{AssumeRole, BothCalls};
        [
            (self.source_profile.is_some(), "--source-profile", AssumeRole),
            (self.external_id.is_some(), "--external-id", AssumeRole),
            (self.role_session_name.is_some(), "--role-session-name", BothCalls),
            (self.mfa_serial.is_some(), "--mfa-serial", AssumeRole),
            (self.source_identity.is_some(), "--source-identity", AssumeRole),
            (!self.tags.is_empty(), "--tag", AssumeRole),
            (!self.transitive_tags.is_empty(), "--transitive-tag", AssumeRole),
            (self.policy.is_some(), "--policy", BothCalls),
            (!self.policy_arns.is_empty(), "--policy-arn", BothCalls),
            (self.read_only, "--read-only", BothCalls),
            (self.duration.is_some(), "--duration", BothCalls),
        ]
        .into_iter()
        .filter_map(|(given, option, by)| given.then_some((option, by)))
    }
}

/// Which calls of STS have a parameter.
#[derive(Clone, Copy, PartialEq, Eq)]
enum TakenBy {
    AssumeRole,
    /// AssumeRoleWithWebIdentity too.
    BothCalls,
}

fn parse_tag(text: &str) -> Result<(String, String), String> {
    let (key, value) = text
        .split_once('=')
        .filter(|(key, _)| !key.is_empty())
        .ok_or("a tag is written KEY=VALUE")?;
    Ok((key.to_owned(), value.to_owned()))
}
