//! The way from a profile to its credentials, as data: what was asked for (`Subject`), and what
//! will be done about it (`Plan`: one `Base` and the `Step`s that follow).
//!
//! Nothing here performs anything: no I/O, no clock, no store. All policy is in `resolve`, so that
//! what is explained is what is done.

pub mod adoption;
pub mod base;
mod endpoints;
mod inputs;
pub mod invocation;
pub mod keys;
mod mfa;
mod near_keys;
mod network;
mod origins;
pub mod plan;
mod principal;
pub mod process_command;
mod process_loop;
pub mod profile_view;
pub mod references;
mod region;
pub mod request;
mod resolve;
mod role;
pub mod session_key;
mod sources;
mod sso_login;
mod step;
mod unneeded;

use crate::aws::names::{MfaSerial, RoleArn};
use crate::config::ProfileName;
use crate::config::profiles::Profile;
use crate::hint;

pub use base::{
    Base, DefaultProvider, Identity, Placed, ProcessSource, Sso, SsoSession, StaticKeys,
    StoredKeys, WebIdentity, WrittenEnd,
};
pub use invocation::Invocation;
pub use mfa::session_duration as mfa_session_duration;
pub use near_keys::{known_keys, meant_key, misspelled};
pub use network::{CONTAINER_TOKEN, CONTAINER_TOKEN_FILE, EndpointUrl, Network};
pub use origins::Origins;
pub use plan::Plan;
pub use principal::Principal;
pub use profile_view::ProfileView;
pub use request::{Caching, Defaults, NearMisses, Request, RoleOptions};
pub use resolve::resolve;
pub use role::limits::check_typed_duration;
pub use role::typed_policies;
pub use sso_login::{AnyPortal, SsoLogins};
pub use step::{AssumeRole, GetSessionToken, Mfa, MfaUse, SessionPolicies, Step};

/// What `resolve` found.
#[derive(Debug, Clone)]
pub struct Chain {
    pub subject: Subject,
    pub plan: Plan,
    pub origins: Origins,
    /// The chain of the base, where that is a process that is another rolecall.
    pub inner: Option<Box<Chain>>,
}

/// What a chain is for.
#[derive(Debug, Clone)]
pub struct Subject {
    /// The selected profile; `None` when the credentials come from the environment or the machine
    /// alone.
    pub profile: Option<Profile>,
    /// How to ask for the same again.
    pub invocation: Invocation,
}

impl Subject {
    /// Returns the selected profile's name.
    pub fn profile_name(&self) -> Option<&ProfileName> {
        self.profile.as_ref().map(|profile| &profile.name)
    }
}

impl Chain {
    /// Returns the roles in their order, each after an arrow.
    pub fn arrows(&self) -> String {
        self.plan.steps.iter().flat_map(|step| [" → ", step.title()]).collect()
    }

    /// Returns the roles in their order.
    pub fn roles(&self) -> impl DoubleEndedIterator<Item = &AssumeRole> {
        self.plan.steps.iter().filter_map(|step| match step {
            Step::AssumeRole(call) => Some(&**call),
            Step::GetSessionToken(_) => None,
        })
    }

    /// Returns the role that the chain ends in.
    pub fn role_arn(&self) -> Option<&RoleArn> {
        let last = self.roles().next_back().map(|call| &call.role_arn);
        last.or_else(|| self.plan.base.facts().role_arn)
    }

    /// Returns the MFA device that a person needs for it.
    pub fn mfa_serial(&self) -> Option<&MfaSerial> {
        self.plan.steps.iter().find_map(Step::code_device).map(|mfa| &mfa.serial)
    }

    /// Returns who it is for, for a message: the profile, or else the role, or where the
    /// credentials come from.
    pub fn who(&self) -> String {
        match self.subject.profile_name() {
            Some(name) => format!("profile `{name}`"),
            None if matches!(self.plan.base, Base::DefaultProviders(_)) => {
                "the default chain".to_owned()
            }
            None => match (self.role_arn(), self.plan.base.sso_session()) {
                (Some(arn), _) => arn.as_str().to_owned(),
                (None, Some(session)) => format!("sso-session `{session}`"),
                (None, None) => self.plan.base.kind().to_owned(),
            },
        }
    }

    /// Returns whose base it is, for a message: the profile that the base stands in, or else as
    /// [`Self::who`].
    pub fn base_who(&self) -> String {
        let profile = self.plan.base_profile.as_ref();
        profile.map_or_else(|| self.who(), |name| format!("profile `{name}`"))
    }

    /// Returns a verb that asks for the same again.
    pub fn command(&self, verb: &str) -> String {
        self.subject.invocation.command(verb)
    }

    /// Returns a verb about one of the roles on the way, which has a profile of its own.
    pub fn command_of(&self, verb: &str, call: &AssumeRole) -> String {
        match &call.profile {
            Some(name) if self.subject.profile_name() != Some(name) => hint::command(verb, name),
            _ => self.command(verb),
        }
    }

    /// Returns the name to show and to record: the profile's, or where the credentials come from.
    pub fn name(&self) -> &str {
        self.subject.profile_name().map_or_else(|| self.plan.base.kind(), |name| name.as_str())
    }

    /// Returns the profile that the base stands in, or else the name of the chain.
    pub fn base_name(&self) -> &str {
        self.plan.base_profile.as_ref().map_or_else(|| self.name(), |name| name.as_str())
    }

    /// Returns the name of the login that it begins with: the session's, or that of the profile in
    /// the legacy form.
    pub fn login_name(&self) -> &str {
        match &self.plan.base {
            Base::Sso(sso) => sso.session.label(self.base_name()),
            _ => self.base_name(),
        }
    }

    /// Returns the account that the selected profile claims (`aws_account_id`) for the base, which a
    /// role of that profile says nothing about.
    pub fn claimed_account(&self) -> Option<&str> {
        let profile = self.subject.profile.as_ref().filter(|_| self.plan.steps.is_empty())?;
        profile.value(keys::ACCOUNT_ID)
    }

    /// Returns whether it can be told whose credentials it begins from. Where it cannot, nothing of
    /// it is cached.
    pub fn is_origin_known(&self) -> bool {
        let is_uncached =
            matches!(&self.plan.base, Base::Process { source: ProcessSource::Uncached, .. });
        !is_uncached
            && self.plan.principal != Principal::Unknown
            && self.inner.as_ref().is_none_or(|inner| inner.is_origin_known())
    }

    /// Returns whether what it ends in is cached.
    pub fn is_cacheable(&self) -> bool {
        !self.plan.steps.is_empty() || self.plan.base.facts().cacheable
    }

    /// Returns whether it ends in keys, or somebody's session, as they stand in a file or in the
    /// environment or lie in the store.
    pub fn is_static(&self) -> bool {
        self.plan.steps.is_empty() && self.plan.base.access_key_id().is_some()
    }
}

#[cfg(test)]
pub(crate) mod tests;
