//! The way from a profile to its credentials, as data: one `Base` and the `Step`s that follow.
//! Nothing here performs anything.

pub mod base;
pub mod endpoints;
pub mod hop;
pub mod mfa;
pub mod overrides;
pub mod resolve;
pub mod session_key;

use std::fmt;

use secrecy::{ExposeSecret, SecretString};

use crate::aws::duration;
use crate::aws::partition::Endpoint;
use crate::config::profiles::{Merged, Place};
use crate::hint;

/// What `resolve` found.
#[derive(Debug)]
pub struct Chain {
    /// The selected profile; `None` when the credentials come from the environment or the machine
    /// alone.
    pub profile: Option<Merged>,
    /// How to ask for the same again.
    pub named_by: NamedBy,
    /// The profile that the base stands in.
    pub base_profile: Option<String>,
    pub base: Base,
    pub steps: Vec<Step>,
    /// The region for STS and for export.
    pub region: Option<String>,
    pub network: Network,
    /// Where STS is called beside the steps, when the region is known.
    pub sts: Option<Endpoint>,
    /// The configured endpoint of IAM, which is asked for the device of `mfa_serial = auto`.
    pub iam: Option<String>,
    /// The account that the selected profile claims (`aws_account_id`).
    pub account_id: Option<String>,
    /// The profiles on the way with `rolecall_confirm`: each new session of theirs is asked about.
    pub confirm: Vec<String>,
}

impl Chain {
    /// Returns the roles in their order, each after an arrow.
    pub fn arrows(&self) -> String {
        let name = |step| match step {
            &Step::GetSessionToken(_) => "session with MFA",
            Step::AssumeRole(call) => call.role_arn.as_str(),
        };
        self.steps.iter().flat_map(|step| [" → ", name(step)]).collect()
    }

    /// Returns the roles in their order.
    pub fn roles(&self) -> impl DoubleEndedIterator<Item = &AssumeRole> {
        self.steps.iter().filter_map(|step| match step {
            Step::AssumeRole(call) => Some(&**call),
            Step::GetSessionToken(_) => None,
        })
    }

    /// Returns the role that the chain ends in.
    pub fn role_arn(&self) -> Option<&str> {
        match (self.roles().next_back(), &self.base) {
            (Some(call), _) => Some(&call.role_arn),
            (None, Base::WebIdentity(call)) => Some(&call.role_arn),
            (None, _) => None,
        }
    }

    /// Returns the MFA device that a person needs for it.
    pub fn mfa_serial(&self) -> Option<&str> {
        self.steps.iter().find_map(|step| match step {
            Step::GetSessionToken(call) => Some(call.mfa.serial.as_str()),
            Step::AssumeRole(call) => call.mfa.code().map(|mfa| mfa.serial.as_str()),
        })
    }

    /// Returns who it is for, for a message: the profile, or else the role, or where the
    /// credentials come from.
    pub fn who(&self) -> String {
        match &self.profile {
            Some(profile) => format!("profile `{}`", profile.name),
            None => self.role_arn().unwrap_or_else(|| self.base.kind()).to_owned(),
        }
    }

    /// Returns a verb that asks for the same again.
    pub fn command(&self, verb: &str) -> String {
        self.named_by.command(verb)
    }

    /// Returns a verb about one of the roles on the way, which has a profile of its own.
    pub fn command_of(&self, verb: &str, call: &AssumeRole) -> String {
        match &call.profile {
            Some(name) if self.profile.as_ref().is_none_or(|profile| profile.name != *name) => {
                hint::command(verb, name)
            }
            _ => self.command(verb),
        }
    }

    /// Returns the name to show and to record: the profile's, or where the credentials come from.
    pub fn name(&self) -> &str {
        self.profile.as_ref().map_or_else(|| self.base.kind(), |p| p.name.as_str())
    }
}

/// What names a chain on a command line: a profile, and what was typed beside or instead of it.
#[derive(Debug, Clone, Default)]
pub struct NamedBy {
    pub profile: Option<String>,
    /// Options with their values.
    pub typed: Vec<(&'static str, String)>,
}

impl NamedBy {
    /// Returns a verb for the chain.
    pub fn command(&self, verb: &str) -> String {
        let begin = self
            .profile
            .as_ref()
            .map_or_else(|| format!("rolecall {verb}"), |name| hint::command(verb, name));
        self.typed
            .iter()
            .fold(begin, |line, (option, value)| format!("{line} {}", hint::option(option, value)))
    }

    #[must_use]
    pub fn without(&self, option: &str) -> Self {
        let typed = self.typed.iter().filter(|(name, _)| *name != option).cloned().collect();
        Self { profile: self.profile.clone(), typed }
    }
}

/// Where a chain starts.
#[derive(Debug, Clone)]
pub enum Base {
    /// Keys in a shared file.
    Static(StaticKeys),
    /// `AWS_ACCESS_KEY_ID` and the rest.
    Environment(StaticKeys),
    Ec2InstanceMetadata,
    EcsContainer,
    WebIdentity(WebIdentity),
    Sso(Sso),
    LoginSession {
        session: String,
        place: Place,
    },
    Process {
        command: SecretString,
        place: Place,
        account_id: Option<String>,
    },
    /// No profile named and none of the above certain: container first, then instance metadata, as
    /// the SDKs' default chain ends.
    Machine {
        container: bool,
    },
}

impl Base {
    /// Returns the kind as `explain --json` has it.
    pub fn kind(&self) -> &'static str {
        match self {
            Self::Static(_) => "static",
            Self::Environment(_) => "environment",
            Self::Ec2InstanceMetadata | Self::Machine { container: false } => {
                "ec2_instance_metadata"
            }
            Self::EcsContainer | Self::Machine { container: true } => "ecs_container",
            Self::WebIdentity(_) => "web_identity",
            Self::Sso(_) => "sso",
            Self::LoginSession { .. } => "login_session",
            Self::Process { .. } => "process",
        }
    }

    /// Returns whether it is another rolecall for another profile.
    pub fn is_rolecall(&self) -> bool {
        matches!(self, Self::Process { command, .. } if base::rolecall_target(command.expose_secret()).is_some())
    }

    /// Returns whether it gives what this machine or container is, which others that share a store
    /// are not.
    pub fn is_of_this_machine(&self) -> bool {
        matches!(
            self,
            Self::Ec2InstanceMetadata
                | Self::EcsContainer
                | Self::Machine { .. }
                | Self::WebIdentity(_)
        )
    }

    /// Returns whether it is an IAM user's own keys, which alone may call sts:GetSessionToken.
    pub fn is_long_term(&self) -> bool {
        matches!(self, Self::Static(keys) | Self::Environment(keys) if keys.session_token.is_none())
    }

    /// Returns whether AssumeRole from it is certainly role chaining, which STS caps at one hour.
    pub fn is_role_session(&self) -> bool {
        matches!(
            self,
            Self::Ec2InstanceMetadata
                | Self::EcsContainer
                | Self::Machine { .. }
                | Self::WebIdentity(_)
                | Self::Sso(_)
        )
    }
}

/// Keys as they stand in a shared file or in the environment; with a session token they are
/// somebody else's session.
#[derive(Clone)]
pub struct StaticKeys {
    pub access_key_id: String,
    pub secret_access_key: SecretString,
    pub session_token: Option<SecretString>,
    pub account_id: Option<String>,
    /// RFC 3339, when the environment says it.
    pub expiration: Option<String>,
    pub place: Option<Place>,
}

impl fmt::Debug for StaticKeys {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("StaticKeys")
            .field("access_key_id", &self.access_key_id)
            .finish_non_exhaustive()
    }
}

/// AssumeRoleWithWebIdentity, an unsigned call.
#[derive(Debug, Clone)]
pub struct WebIdentity {
    pub role_arn: String,
    pub token_file: String,
    pub role_session_name: String,
    pub duration_seconds: Option<u32>,
    pub policy: Option<String>,
    pub policy_arns: Vec<String>,
    pub region: String,
    pub endpoint: Endpoint,
}

/// IAM Identity Center: the role credentials that a cached token gives.
#[derive(Debug, Clone)]
pub struct Sso {
    /// `None` in the legacy form, whose token is cached under the start URL.
    pub session: Option<String>,
    pub start_url: String,
    pub region: String,
    pub account_id: String,
    pub role_name: String,
    pub endpoint: Option<String>,
    pub oidc_endpoint: Option<String>,
}

/// One call that turns credentials into others.
#[derive(Debug, Clone)]
pub enum Step {
    GetSessionToken(Box<GetSessionToken>),
    AssumeRole(Box<AssumeRole>),
}

impl Step {
    /// Returns the length of its session, in seconds.
    pub fn seconds(&self) -> u32 {
        match self {
            Self::GetSessionToken(call) => call.duration_seconds,
            Self::AssumeRole(call) => call.duration_seconds.unwrap_or(duration::DEFAULT_ROLE),
        }
    }
}

/// The parameters of sts:GetSessionToken. It always has MFA, because AWS closes IAM to such
/// sessions without it.
#[derive(Debug, Clone)]
pub struct GetSessionToken {
    /// The profile that holds the long-term keys; `None` when they are the environment's.
    pub profile: Option<String>,
    pub mfa: Mfa,
    pub duration_seconds: u32,
    pub region: String,
    pub endpoint: Endpoint,
    /// What one session serves: all that call the same configured endpoint, else a partition; not
    /// each region by itself.
    pub realm: String,
}

/// The parameters of sts:AssumeRole.
#[derive(Debug, Clone, Default)]
pub struct AssumeRole {
    /// `None` for a role that is only typed.
    pub profile: Option<String>,
    pub role_arn: String,
    pub role_session_name: String,
    pub external_id: Option<String>,
    pub mfa: MfaUse,
    /// `None` leaves it to STS: one hour.
    pub duration_seconds: Option<u32>,
    pub source_identity: Option<String>,
    pub tags: Vec<(String, String)>,
    pub transitive_tags: Vec<String>,
    pub policy: Option<String>,
    pub policy_arns: Vec<String>,
    pub region: String,
    pub endpoint: Option<Endpoint>,
}

impl AssumeRole {
    /// Returns who it is for, for a message: the profile, or else the role.
    pub fn who(&self) -> String {
        self.profile
            .as_ref()
            .map_or_else(|| self.role_arn.clone(), |name| format!("profile `{name}`"))
    }
}

/// How the `mfa_serial` of a role's profile is met.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub enum MfaUse {
    /// The profile names no device.
    #[default]
    None,
    /// The call carries a code.
    Code(Mfa),
    /// The session that calls was made with a code, which counts for every role assumed from it.
    Session(Mfa),
    /// The caller is a role's session, from which AWS takes no code.
    Impossible(Mfa),
}

impl MfaUse {
    /// Returns the device whose code the call carries.
    pub fn code(&self) -> Option<&Mfa> {
        if let Self::Code(mfa) = self { Some(mfa) } else { None }
    }
}

/// The device that a step's token code comes from.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Mfa {
    /// The device's serial number or ARN, or `auto`.
    pub serial: String,
    /// `mfa_process`: a command that prints a token code.
    pub process: Option<String>,
    /// `mfa_yubikey_oath`: the name of its OATH account on a YubiKey.
    pub oath: Option<String>,
}

/// How AWS is called, from the profile and the environment.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Network {
    pub fips: bool,
    pub dual_stack: bool,
    /// Attempts per call, the first included.
    pub max_attempts: Option<u32>,
    pub adaptive_retries: bool,
    pub ca_bundle: Option<String>,
    pub imds: Imds,
    /// The machine's name where the environment says it, as in containers; credentials of a machine
    /// are that one's alone.
    pub host: Option<String>,
    /// The container endpoint's address (AWS_CONTAINER_CREDENTIALS_FULL_URI or …_RELATIVE_URI).
    pub container: Option<String>,
}

/// `ec2_metadata_…` settings.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Imds {
    pub endpoint: Option<String>,
    pub ipv6: bool,
    pub attempts: Option<u32>,
    /// Seconds.
    pub timeout: Option<u32>,
    pub disabled: bool,
}

#[cfg(test)]
pub(crate) mod tests;
