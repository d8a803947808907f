//! Where a chain starts, and the one place that knows what each kind of base is.

mod environment;
mod keys;
mod profile;
mod sso;
mod sso_session;
mod web_identity;

use secrecy::SecretString;

use super::network::EndpointUrl;
use super::step::SessionPolicies;
use crate::aws::names::{AccessKeyId, Region, RoleArn};
use crate::aws::partition::Endpoint;
use crate::error::{FileLine, Place};

pub(super) use environment::default_provider;
pub use environment::of_environment;
pub(super) use profile::{nothing, of_profile, with_look_alikes};
pub use sso_session::{Placed, SsoSession};
pub(super) use sso_session::{of_section, session_of_profile};
pub(super) use web_identity::of_environment as web_identity_of_environment;

/// Where a chain starts.
#[derive(Debug, Clone)]
pub enum Base {
    /// Keys in a shared file.
    Static(StaticKeys),
    /// Long-term keys in the store, under the ID that the profile names.
    Stored(StoredKeys),
    /// `AWS_ACCESS_KEY_ID` and the rest.
    Environment(StaticKeys),
    Ec2InstanceMetadata,
    EcsContainer,
    WebIdentity(WebIdentity),
    Sso(Box<Sso>),
    LoginSession {
        session: String,
        place: FileLine,
    },
    Process {
        command: SecretString,
        place: FileLine,
        account_id: Option<String>,
        source: ProcessSource,
    },
    /// No profile named and none of the above certain: container first, then instance metadata, as
    /// the SDKs' default chain ends.
    DefaultProviders(DefaultProvider),
}

/// Whose credentials a process gives, as far as its command tells.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ProcessSource {
    /// Those of a program, which are cached until they end.
    Program,
    /// Those of another rolecall, which caches them itself.
    Rolecall,
    /// Those of another rolecall whose chain cannot be told, or of a program whose profile wants
    /// nothing to be cached.
    Uncached,
}

/// The one of the default chain's last providers that the environment points to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum DefaultProvider {
    Container,
    Instance,
}

/// Keys as they stand in a shared file or in the environment; with a session token they are
/// somebody else's session.
#[derive(Debug, Clone)]
pub struct StaticKeys {
    pub access_key_id: AccessKeyId,
    pub secret_access_key: SecretString,
    pub session_token: Option<SecretString>,
    pub account_id: Option<String>,
    pub expiration: Option<WrittenEnd>,
    pub place: Option<FileLine>,
}

/// Where in the store long-term keys are.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StoredKeys {
    pub access_key_id: AccessKeyId,
    pub account_id: Option<String>,
    /// Where the profile names them; `None` as long as it does not.
    pub place: Option<FileLine>,
}

/// When keys with a token end, as it is written beside them (RFC 3339), and where.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct WrittenEnd {
    pub text: String,
    pub place: Place,
}

/// AssumeRoleWithWebIdentity, an unsigned call.
#[derive(Debug, Clone)]
pub struct WebIdentity {
    pub role_arn: RoleArn,
    pub token_file: String,
    pub role_session_name: String,
    pub duration_seconds: Option<u32>,
    pub policies: SessionPolicies,
    pub region: Region,
    pub endpoint: Endpoint,
}

/// IAM Identity Center: the role credentials that a cached token gives.
#[derive(Debug, Clone)]
pub struct Sso {
    pub session: SsoSession,
    /// The account and the role; both are empty where only the login is meant.
    pub account_id: String,
    pub role_name: String,
    pub endpoint: Option<EndpointUrl>,
}

/// What is to be known of a base, whatever it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Facts<'a> {
    /// The kind as `explain --json` has it.
    pub kind: &'static str,
    /// Whether its own credentials are cached: not what stands in a file or is handed out on this
    /// machine, nor what another rolecall caches, whose key knows more than its command line.
    pub cacheable: bool,
    pub identity: Identity,
    /// Whether it gives what this machine or container is, which others that share a store are not.
    pub of_this_machine: bool,
    pub role_arn: Option<&'a RoleArn>,
    /// The role's name and its account, where they are known without a call.
    pub role_name: Option<&'a str>,
    pub account_id: Option<&'a str>,
    /// Who must have been asked for it to give anything.
    pub asks: Asks,
}

/// Whose credentials a base gives.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Identity {
    /// An IAM user's own keys, which alone may call sts:GetSessionToken.
    User,
    /// Certainly a role's session.
    Role,
    /// A session, of a user or of a role.
    Session,
    /// Only AWS knows.
    Unknown,
}

impl Identity {
    /// Returns whether AssumeRole with the credentials is certainly role chaining to STS, which caps
    /// it at one hour.
    pub fn is_session(self) -> bool {
        matches!(self, Self::Role | Self::Session)
    }
}

/// Who must have been asked before a base gives credentials.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Asks {
    Nobody,
    /// A person logs in, by a browser.
    Login,
    /// A program, which may ask whom it likes.
    Program,
}

impl Base {
    /// Returns what is to be known of it.
    pub fn facts(&self) -> Facts<'_> {
        let plain = Facts {
            kind: "",
            cacheable: false,
            identity: Identity::Unknown,
            of_this_machine: false,
            role_arn: None,
            role_name: None,
            account_id: None,
            asks: Asks::Nobody,
        };
        let machine =
            |kind| Facts { kind, identity: Identity::Role, of_this_machine: true, ..plain };
        match self {
            Self::Static(keys) | Self::Environment(keys) => Facts {
                kind: if let Self::Static(_) = self { "static" } else { "environment" },
                identity: match keys.session_token {
                    None => Identity::User,
                    Some(_) => Identity::Session,
                },
                account_id: keys.account_id.as_deref(),
                ..plain
            },
            Self::Stored(keys) => Facts {
                kind: "stored",
                identity: Identity::User,
                account_id: keys.account_id.as_deref(),
                ..plain
            },
            Self::Ec2InstanceMetadata | Self::DefaultProviders(DefaultProvider::Instance) => {
                machine("ec2_instance_metadata")
            }
            Self::EcsContainer | Self::DefaultProviders(DefaultProvider::Container) => {
                machine("ecs_container")
            }
            Self::WebIdentity(call) => Facts {
                cacheable: true,
                role_arn: Some(&call.role_arn),
                role_name: Some(call.role_arn.name()),
                account_id: Some(call.role_arn.account()),
                ..machine("web_identity")
            },
            Self::Sso(sso) => Facts {
                kind: "sso",
                cacheable: true,
                identity: Identity::Role,
                role_name: Some(sso.role_name.as_str()).filter(|name| !name.is_empty()),
                account_id: Some(sso.account_id.as_str()).filter(|id| !id.is_empty()),
                asks: Asks::Login,
                ..plain
            },
            Self::LoginSession { .. } => {
                Facts { kind: "login_session", asks: Asks::Login, ..plain }
            }
            Self::Process { account_id, source, .. } => Facts {
                kind: "process",
                cacheable: matches!(source, ProcessSource::Program),
                account_id: account_id.as_deref(),
                asks: Asks::Program,
                ..plain
            },
        }
    }

    /// Returns the name of the `[sso-session]` whose login it needs.
    pub fn sso_session(&self) -> Option<&str> {
        match self {
            Self::Sso(sso) => sso.session.name.as_deref(),
            _ => None,
        }
    }

    /// Returns the kind as `explain --json` has it.
    pub fn kind(&self) -> &'static str {
        self.facts().kind
    }

    /// Returns keys that stand in a file or in the environment.
    pub fn static_keys(&self) -> Option<&StaticKeys> {
        match self {
            Self::Static(keys) | Self::Environment(keys) => Some(keys),
            _ => None,
        }
    }

    /// Returns the ID of keys that stand in a file or in the environment, or lie in the store.
    pub fn access_key_id(&self) -> Option<&AccessKeyId> {
        match self {
            Self::Stored(keys) => Some(&keys.access_key_id),
            base => base.static_keys().map(|keys| &keys.access_key_id),
        }
    }
}
