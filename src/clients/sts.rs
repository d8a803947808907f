//! The calls of STS beside those of a chain's steps, and what all of them share.

use aws_sdk_sts::types::{AssumedRoleUser, PolicyDescriptorType, Tag};
use chrono::{DateTime, Utc};
use secrecy::{ExposeSecret, SecretString};

use crate::aws::Session;
use crate::aws::arn::Arn;
use crate::aws::expiration::{self, Unusable};
use crate::chain::{AssumeRole, SessionPolicies, WebIdentity};
use crate::clients::calls::AwsCalls;
use crate::clients::factory::Target;
use crate::clients::failure::CallError;
use crate::error::{Error, Result};

/// Who a set of credentials belongs to, as sts:GetCallerIdentity says.
#[derive(Debug, Clone)]
pub struct CallerIdentity {
    pub account: String,
    pub arn: String,
    pub user_id: String,
}

impl AwsCalls<'_> {
    /// Returns who signs the target's calls (sts:GetCallerIdentity).
    ///
    /// # Errors
    /// When AWS refuses or does not answer, or the wait is interrupted.
    pub fn get_caller_identity(&self, target: &Target) -> Result<CallerIdentity, CallError> {
        let client = self.factory.sts(target)?;
        let identity = self.answer(target, client.get_caller_identity().send())?;
        Ok(CallerIdentity {
            account: identity.account().unwrap_or_default().to_owned(),
            arn: identity.arn().unwrap_or_default().to_owned(),
            user_id: identity.user_id().unwrap_or_default().to_owned(),
        })
    }

    /// Returns a session of a federated user, who may do what the caller's policies and those of the
    /// call allow (sts:GetFederationToken, for a user's long-term keys alone).
    ///
    /// # Errors
    /// When AWS refuses, does not answer or answers without a session, or the wait is interrupted.
    pub fn get_federation_token(
        &self,
        target: &Target,
        user: &FederatedUser,
    ) -> Result<Session, CallError> {
        let client = self.factory.sts(target)?;
        let request = client
            .get_federation_token()
            .name(user.name)
            .set_duration_seconds(user.seconds.map(u32::cast_signed))
            .set_policy(user.policies.inline.clone())
            .set_policy_arns(policies(&user.policies.arns));
        let asked_at = self.clock.now();
        let answer = self.answer(target, request.send())?;
        let of = answer.federated_user().map(aws_sdk_sts::types::FederatedUser::arn);
        Ok(session(answer.credentials(), of, asked_at, "a federated user")?)
    }

    /// Returns a session of a role for the subject of a token (sts:AssumeRoleWithWebIdentity, which
    /// is not signed).
    ///
    /// # Errors
    /// When AWS refuses, does not answer or answers without a session, or the wait is interrupted.
    pub fn assume_role_with_web_identity(
        &self,
        target: &Target,
        call: &WebIdentity,
        token: &SecretString,
    ) -> Result<Session, CallError> {
        let client = self.factory.sts(target)?;
        let request = client
            .assume_role_with_web_identity()
            .role_arn(call.role_arn.as_str())
            .role_session_name(&call.role_session_name)
            .web_identity_token(token.expose_secret())
            .set_duration_seconds(call.duration_seconds.map(u32::cast_signed))
            .set_policy(call.policies.inline.clone())
            .set_policy_arns(policies(&call.policies.arns));
        let asked_at = self.clock.now();
        let answer = self.answer(target, request.send())?;
        let user = answer.assumed_role_user().map(AssumedRoleUser::arn);
        Ok(session(answer.credentials(), user, asked_at, &call.role_arn)?)
    }
}

/// The parameters of sts:GetFederationToken.
pub struct FederatedUser<'a> {
    /// 2 to 32 characters.
    pub name: &'a str,
    pub policies: &'a SessionPolicies,
    /// `None` leaves it to STS: twelve hours.
    pub seconds: Option<u32>,
}

pub(super) fn tags(call: &AssumeRole) -> Result<Vec<Tag>> {
    let tags =
        call.tags.all.iter().map(|(key, value)| Tag::builder().key(key).value(value).build());
    tags.collect::<Result<_, _>>()
        .map_err(|e| Error::usage(format!("a session tag is not valid: {e}")))
}

pub(super) fn policies(arns: &[String]) -> Option<Vec<PolicyDescriptorType>> {
    (!arns.is_empty())
        .then(|| arns.iter().map(|arn| PolicyDescriptorType::builder().arn(arn).build()).collect())
}

/// Returns the error about an answer whose end is none.
pub fn unusable_end(who: &str, end: Unusable) -> Error {
    Error::failed(format!("{who} answered with an expiration that {}", end.text()))
        .hint("ask once more, and look at the endpoint: rolecall doctor")
}

/// Reads a session from an answer; `user` is the assumed role's user, where there is one.
pub(super) fn session(
    credentials: Option<&aws_sdk_sts::types::Credentials>,
    user: Option<&str>,
    asked_at: DateTime<Utc>,
    role_arn: &str,
) -> Result<Session> {
    let credentials = credentials
        .ok_or_else(|| Error::failed(format!("STS answered without credentials for {role_arn}")))?;
    let expires_at = expiration::from_seconds(credentials.expiration().secs())
        .map_err(|e| unusable_end("STS", e))?;
    if credentials.access_key_id().is_empty()
        || credentials.secret_access_key().is_empty()
        || credentials.session_token().is_empty()
    {
        return Err(Error::failed(format!("STS answered with empty credentials for {role_arn}")));
    }
    Ok(Session {
        access_key_id: credentials.access_key_id().to_owned(),
        secret_access_key: SecretString::from(credentials.secret_access_key()),
        session_token: Some(SecretString::from(credentials.session_token())),
        expires_at: Some(expires_at),
        issued_at: Some(asked_at),
        account_id: user.or(Some(role_arn)).and_then(Arn::parse).map(|arn| arn.account.to_owned()),
    })
}
