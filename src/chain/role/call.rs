//! The whole call of a role.

use super::Role;
use super::limits::{self, Chaining};
use super::values::{Parameter, SESSION_NAME_RULE};
use crate::aws::names::{Region, RoleArn};
use crate::aws::partition::Endpoint;
use crate::chain::keys;
use crate::chain::profile_view::ProfileView;
use crate::chain::step::{AssumeRole, MfaUse};
use crate::error::{Error, Result};

/// Where and from what a role is called.
pub struct CallSite<'a> {
    pub source: ProfileView<'a>,
    pub chaining: Chaining,
    /// The local user, for the role session name.
    pub user: Option<&'a str>,
    pub region: Region,
    pub endpoint: Endpoint,
}

impl Role<'_> {
    /// Builds the call of the role.
    ///
    /// # Errors
    /// Where a value breaks AWS's rule for it.
    pub fn assume_role(&self, site: CallSite) -> Result<AssumeRole> {
        let text =
            |legal: fn(&str) -> bool| move |value: &str| legal(value).then(|| value.to_owned());
        let role_arn = self.value(
            &Parameter {
                key: keys::ROLE_ARN,
                option: "--role-arn",
                rule: "an IAM role's ARN (arn:aws:iam::ACCOUNT:role/NAME)",
            },
            self.typed.role_arn.as_deref(),
            RoleArn::parse,
        )?;
        let role_arn = role_arn.ok_or_else(|| {
            Error::usage("--source-profile needs a role: name it with --role-arn")
        })?;
        let session_name = self.value(
            &Parameter {
                key: keys::ROLE_SESSION_NAME,
                option: "--role-session-name",
                rule: SESSION_NAME_RULE,
            },
            self.typed.role_session_name.as_deref(),
            text(limits::is_session_name),
        )?;
        let external_id = self.value(
            &Parameter {
                key: keys::EXTERNAL_ID,
                option: "--external-id",
                rule: "2 to 1224 letters, digits or _+=,.@:/-",
            },
            self.typed.external_id.as_deref(),
            text(limits::is_external_id),
        )?;
        let mfa = self.mfa(site.source)?.map_or(MfaUse::None, MfaUse::Code);
        let source_identity = self.value(
            &Parameter {
                key: keys::SOURCE_IDENTITY,
                option: "--source-identity",
                rule: SESSION_NAME_RULE,
            },
            self.typed.source_identity.as_deref(),
            text(limits::is_session_name),
        )?;
        Ok(AssumeRole {
            profile: self.view.profile().map(|profile| profile.name.clone()),
            role_session_name: session_name
                .unwrap_or_else(|| limits::default_session_name(site.user)),
            mfa,
            tags: self.tags()?,
            policies: self.policies(&role_arn)?,
            duration_seconds: self.duration(site.chaining)?,
            role_arn,
            external_id,
            source_identity,
            region: site.region,
            endpoint: site.endpoint,
        })
    }
}
