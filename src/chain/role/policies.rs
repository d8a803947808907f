//! Session policies (IAM User Guide, "Session policies").

use std::borrow::Cow;

use super::Role;
use crate::aws::arn::Arn;
use crate::aws::names::RoleArn;
use crate::chain::keys;
use crate::chain::request::RoleOptions;
use crate::chain::step::SessionPolicies;
use crate::config::profiles::Property;
use crate::error::{Error, Result};
use crate::text;

/// AWS's managed policy that `--read-only` stands for.
const READ_ONLY: &str = "iam::aws:policy/ReadOnlyAccess";
const MAX_ARNS: usize = 10;

impl Role<'_> {
    /// Returns the session policies of the role: the inline document and the managed ones.
    pub fn policies(&self, role_arn: &RoleArn) -> Result<SessionPolicies> {
        let own = self.view.property(keys::POLICY_ARNS).map(|own| (own, self.name()));
        session_policies(own, self.typed, role_arn.partition())
    }
}

/// Returns the policies that options name.
///
/// # Errors
/// Where one is no policy's ARN, or there are too many.
pub fn typed_policies(typed: &RoleOptions, partition: &str) -> Result<SessionPolicies> {
    session_policies(None, typed, partition)
}

/// Returns those of a profile, whose property and name are `own`, with those that options name.
fn session_policies(
    own: Option<(&Property, &str)>,
    typed: &RoleOptions,
    partition: &str,
) -> Result<SessionPolicies> {
    let mut arns: Vec<String> =
        own.into_iter().flat_map(|(own, _)| list(&own.value)).map(str::to_owned).collect();
    let of_profile = arns.len();
    arns.extend(typed.policy_arns.iter().cloned());
    if typed.read_only {
        arns.push(format!("arn:{partition}:{READ_ONLY}"));
    }
    let error = |at: usize, what: &str| match own {
        Some((property, name)) if at < of_profile => {
            Error::misconfigured(&property.place, format!("policy_arns: {what}"))
                .about(name)
                .cause(format!("profile `{name}`"))
        }
        _ if typed.policy_arns.is_empty() => Error::usage(format!("--read-only: {what}")),
        _ => Error::usage(format!("--policy-arn: {what}")),
    };
    let is_policy = |arn: &str| {
        Arn::parse(arn)
            .is_some_and(|arn| arn.service == "iam" && arn.resource.starts_with("policy/"))
    };
    if let Some(at) = arns.iter().position(|arn| !is_policy(arn)) {
        let what = format!("`{}` is not a policy's ARN", shortened(&arns[at]));
        return Err(error(at, &what).hint("list them with: aws iam list-policies"));
    }
    if arns.len() > MAX_ARNS {
        let what = format!("{} policy ARNs, and STS takes at most {MAX_ARNS}", arns.len());
        return Err(error(MAX_ARNS, &what));
    }
    Ok(SessionPolicies { inline: typed.policy.clone(), arns })
}

/// Returns the items of a list in a profile's value.
pub(super) fn list(value: &str) -> impl Iterator<Item = &str> {
    value.split([',', '\n']).map(str::trim).filter(|item| !item.is_empty())
}

/// Returns as much of a value as an error needs to show which is meant.
pub(super) fn shortened(value: &str) -> Cow<'_, str> {
    text::cut(value, 60)
}
