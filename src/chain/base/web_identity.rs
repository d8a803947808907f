//! AssumeRoleWithWebIdentity, by a profile or by the environment.

use super::{Base, WebIdentity};
use crate::aws::names::RoleArn;
use crate::chain::inputs::Inputs;
use crate::chain::keys;
use crate::chain::profile_view::ProfileView;
use crate::chain::request::RoleOptions;
use crate::chain::role::Role;
use crate::chain::role::limits::Chaining;
use crate::chain::sts_site::StsSite;
use crate::config::profiles::{Profile, Property};
use crate::error::{Error, Kind, Place, Result};
use crate::hint;

/// Reads the web identity of a profile. `typed` is what was typed of its role.
pub fn of_profile(
    inputs: &Inputs,
    profile: &Profile,
    typed: &RoleOptions,
    site: &StsSite,
) -> Result<WebIdentity> {
    let view = ProfileView::from(profile);
    let required = |key: &str| -> Result<&Property> {
        view.property(key).ok_or_else(|| {
            Error::configuration(format!(
                "{}: profile `{}` has web_identity_token_file but no {key}",
                profile.place, profile.name
            ))
            .at(&profile.place)
            .about(&profile.name)
            .hint(format!("add it, then try: {}", hint::command("explain", &profile.name)))
        })
    };
    let token_file = required(keys::WEB_IDENTITY_TOKEN_FILE)?;
    let arn = required(keys::ROLE_ARN)?;
    let role_arn = RoleArn::parse(arn.value.trim()).ok_or_else(|| {
        Error::configuration(format!("{}: `{}` is not an IAM role's ARN", arn.place, *arn.value))
            .at(&arn.place)
    })?;
    let role = Role { view, typed };
    let policies = role.policies(&role_arn)?;
    let set = view.property(keys::ROLE_SESSION_NAME);
    let set = set.map(|p| (p.value.trim(), Place::from(&p.place)));
    let user = inputs.environment.user.as_deref();
    let role_session_name = role.session_name(set, user).map_err(|error| match error.kind() {
        Kind::Usage => error,
        _ => error
            .about(&profile.name)
            .cause(format!("profile `{}`", profile.name))
            .hint(hint::correct(&profile.name)),
    })?;
    refuse_parameters(typed, &format!("profile `{}` is a web identity", profile.name))?;
    let (region, endpoint) = site.required()?;
    Ok(WebIdentity {
        role_arn,
        token_file: token_file.value.to_string(),
        role_session_name,
        duration_seconds: role.duration(Chaining::No)?,
        policies,
        region,
        endpoint,
    })
}

/// Reads the web identity of the environment (AWS_WEB_IDENTITY_TOKEN_FILE, AWS_ROLE_ARN,
/// AWS_ROLE_SESSION_NAME).
pub fn of_environment(inputs: &Inputs, site: &StsSite) -> Result<Base> {
    let variable = |name: &str| inputs.environment.get(name);
    let set = "AWS_WEB_IDENTITY_TOKEN_FILE is set";
    let arn = variable("AWS_ROLE_ARN").ok_or_else(|| {
        Error::configuration(format!("{set} in the environment but AWS_ROLE_ARN is not"))
            .hint("set both or none: unset AWS_WEB_IDENTITY_TOKEN_FILE")
    })?;
    let role_arn = RoleArn::parse(arn).ok_or_else(|| {
        Error::configuration(format!("AWS_ROLE_ARN: `{arn}` is not an IAM role's ARN"))
    })?;
    // A role that is typed on top has the options to itself.
    let on_top = inputs.typed().role_arn.is_some();
    let typed = if on_top { &inputs.nothing } else { inputs.typed() };
    refuse_parameters(typed, set)?;
    let role = Role { view: ProfileView::from(None), typed };
    let name = variable("AWS_ROLE_SESSION_NAME");
    let name = name.map(|name| (name, Place::variable("AWS_ROLE_SESSION_NAME")));
    let role_session_name = role.session_name(name, inputs.environment.user.as_deref())?;
    let (region, endpoint) = site.required()?;
    Ok(Base::WebIdentity(WebIdentity {
        token_file: variable("AWS_WEB_IDENTITY_TOKEN_FILE").unwrap_or_default().to_owned(),
        duration_seconds: role.duration(Chaining::No)?,
        policies: role.policies(&role_arn)?,
        role_arn,
        role_session_name,
        region,
        endpoint,
    }))
}

/// AssumeRoleWithWebIdentity has fewer parameters than AssumeRole.
fn refuse_parameters(typed: &RoleOptions, why: &str) -> Result<()> {
    match typed.first_for_assume_role() {
        Some(option) => Err(Error::usage(format!("{option} cannot be given: {why}"))),
        None => Ok(()),
    }
}
