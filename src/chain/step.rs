//! One call that turns credentials into others, with all its parameters. Plain data.

use crate::aws::duration;
use crate::aws::names::{MfaSerial, Region, RoleArn};
use crate::aws::partition::Endpoint;
use crate::config::ProfileName;

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

    /// Returns the profile that it is made for.
    pub fn profile(&self) -> Option<&ProfileName> {
        match self {
            Self::GetSessionToken(call) => call.profile.as_ref(),
            Self::AssumeRole(call) => call.profile.as_ref(),
        }
    }

    /// Returns the role that its session is of.
    pub fn role_arn(&self) -> Option<&RoleArn> {
        match self {
            Self::GetSessionToken(_) => None,
            Self::AssumeRole(call) => Some(&call.role_arn),
        }
    }

    /// Returns the device whose code its call carries.
    pub fn code_device(&self) -> Option<&Mfa> {
        match self {
            Self::GetSessionToken(call) => call.mfa.as_ref(),
            Self::AssumeRole(call) => call.mfa.code(),
        }
    }

    /// Returns what its session is, for a message: the role, or a user's session.
    pub fn title(&self) -> &str {
        match self {
            Self::GetSessionToken(call) if call.mfa.is_some() => "session with MFA",
            Self::GetSessionToken(_) => "session without MFA",
            Self::AssumeRole(call) => &call.role_arn,
        }
    }
}

/// The parameters of sts:GetSessionToken. AWS closes IAM to sessions without MFA, so that only
/// stored keys, which are not handed out themselves, are turned into one.
#[derive(Debug, Clone)]
pub struct GetSessionToken {
    /// The profile that holds the long-term keys; `None` when they are the environment's.
    pub profile: Option<ProfileName>,
    pub mfa: Option<Mfa>,
    pub duration_seconds: u32,
    pub region: Region,
    pub endpoint: Endpoint,
    /// What one session serves: all that call the same configured endpoint, else a partition; not
    /// each region by itself.
    pub sts_scope: String,
}

/// The parameters of sts:AssumeRole.
#[derive(Debug, Clone)]
pub struct AssumeRole {
    /// `None` for a role that is only typed.
    pub profile: Option<ProfileName>,
    pub role_arn: RoleArn,
    pub role_session_name: String,
    pub external_id: Option<String>,
    pub mfa: MfaUse,
    /// `None` leaves it to STS: one hour.
    pub duration_seconds: Option<u32>,
    pub source_identity: Option<String>,
    pub tags: SessionTags,
    pub policies: SessionPolicies,
    pub region: Region,
    pub endpoint: Endpoint,
}

impl AssumeRole {
    /// Returns who it is for, for a message: the profile, or else the role.
    pub fn who(&self) -> String {
        self.profile
            .as_ref()
            .map_or_else(|| self.role_arn.to_string(), |name| format!("profile `{name}`"))
    }
}

/// The tags of a role's session.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct SessionTags {
    pub all: Vec<(String, String)>,
    /// The keys that chained sessions inherit.
    pub transitive: Vec<String>,
}

/// What scopes a role's session down.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct SessionPolicies {
    /// A document, as JSON.
    pub inline: Option<String>,
    /// Managed policies.
    pub arns: Vec<String>,
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
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Mfa {
    pub serial: MfaSerial,
    /// `mfa_process`: a command that prints a token code.
    pub process: Option<String>,
    /// `mfa_yubikey_oath`: the name of its OATH account on a YubiKey.
    pub oath: Option<String>,
}
