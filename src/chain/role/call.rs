//! The whole call of a role.

use super::Role;
use super::limits::{self, Chaining};
use crate::aws::names::{Region, RoleArn};
use crate::aws::partition::Endpoint;
use crate::chain::keys;
use crate::chain::profile_view::ProfileView;
use crate::chain::step::{AssumeRole, MfaUse};
use crate::chain::unneeded::{Need, Unneeded};
use crate::error::{Error, Result};
use crate::system::environment::Environment;

/// Where and from what a role is called.
pub struct CallSite<'a> {
    pub source: ProfileView<'a>,
    pub chaining: Chaining,
    /// Whether the caller can present a code.
    pub device: Need,
    pub unneeded: &'a Unneeded,
    /// Names the local user, for the role session name.
    pub environment: &'a Environment,
    pub region: Region,
    pub endpoint: Endpoint,
}

impl Role<'_> {
    /// Builds the call of the role.
    ///
    /// # Errors
    /// Where a value breaks AWS's rule for it.
    pub fn assume_role(&self, site: CallSite) -> Result<AssumeRole> {
        let role_arn = self.value(
            (keys::ROLE_ARN, "--role-arn"),
            self.typed.role_arn.as_deref(),
            "an IAM role's ARN (arn:aws:iam::ACCOUNT:role/NAME)",
            RoleArn::parse,
        );
        let role_arn = role_arn.map_err(|error| self.with_role_meant(error))?;
        let role_arn = role_arn.ok_or_else(|| {
            Error::usage("--source-profile needs a role: name it with --role-arn")
        })?;
        let role_session_name = self.session_name(site.environment)?;
        let external_id = self.value(
            (keys::EXTERNAL_ID, "--external-id"),
            self.typed.external_id.as_deref(),
            "2 to 1224 letters, digits or _+=,.@:/-",
            limits::external_id,
        )?;
        let mfa = site.unneeded.take(site.device, self.mfa(site.source))?;
        let source_identity = self.value(
            (keys::SOURCE_IDENTITY, "--source-identity"),
            self.typed.source_identity.as_deref(),
            "2 to 256 letters, digits or _+=,.@-",
            limits::source_identity,
        )?;
        Ok(AssumeRole {
            profile: self.view.profile().map(|profile| profile.name.clone()),
            mfa: mfa.map_or(MfaUse::None, MfaUse::Code),
            tags: self.tags()?,
            policies: self.policies(&role_arn)?,
            duration_seconds: self.duration(site.chaining)?,
            role_arn,
            role_session_name,
            external_id,
            source_identity,
            region: site.region,
            endpoint: site.endpoint,
        })
    }

    /// Says which role the value of role_arn is written for, where that can be told.
    pub fn with_role_meant(&self, error: Error) -> Error {
        let set = self.view.property(keys::ROLE_ARN).map(|property| property.value.as_str());
        match self.typed.role_arn.as_deref().or(set).and_then(RoleArn::meant_by) {
            Some(meant) => error.cause(format!("the ARN of the role itself is {meant}")),
            None => error,
        }
    }
}
