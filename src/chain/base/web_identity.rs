//! AssumeRoleWithWebIdentity, by a profile or by the environment.

use super::{Base, WebIdentity};
use crate::aws::names::RoleArn;
use crate::chain::endpoints::Endpoints;
use crate::chain::profile_view::ProfileView;
use crate::chain::request::RoleOptions;
use crate::chain::role::Role;
use crate::chain::role::limits::{self, Chaining};
use crate::chain::{keys, near_keys};
use crate::config::profiles::{Profile, Property};
use crate::error::{Error, Place, Result};
use crate::hint;

const SESSION_NAME: &str = "AWS_ROLE_SESSION_NAME";

/// Reads the web identity of a profile. `typed` is what was typed of its role.
pub fn of_profile(
    endpoints: &Endpoints,
    profile: &Profile,
    typed: &RoleOptions,
) -> Result<WebIdentity> {
    let view = ProfileView::from(profile);
    let required = |key: &str| -> Result<&Property> {
        view.property(key).ok_or_else(|| {
            let what =
                format!("profile `{}` has web_identity_token_file but no {key}", profile.name);
            let error = Error::misconfigured(&profile.place, what).about(&profile.name);
            near_keys::explain(error, profile, &[key])
                .hint(format!("add it, then try: {}", hint::command("explain", &profile.name)))
        })
    };
    let token_file = required(keys::WEB_IDENTITY_TOKEN_FILE)?;
    let arn = required(keys::ROLE_ARN)?;
    let role = Role { view, typed };
    let role_arn = RoleArn::parse(arn.value.trim()).ok_or_else(|| {
        let what = format!("`{}` is not an IAM role's ARN", *arn.value);
        role.with_role_meant(Error::misconfigured(&arn.place, what))
            .about(&profile.name)
            .hint(hint::correct(&profile.name))
    })?;
    let policies = role.policies(&role_arn)?;
    let role_session_name = role.session_name(endpoints.inputs.environment)?;
    refuse_parameters(typed, &format!("profile `{}` is a web identity", profile.name))?;
    let (region, endpoint) = endpoints.required_sts()?;
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
pub fn of_environment(endpoints: &Endpoints) -> Result<Base> {
    let inputs = endpoints.inputs;
    let variable = |name: &str| inputs.environment.get(name);
    let set = "AWS_WEB_IDENTITY_TOKEN_FILE is set";
    let arn = variable("AWS_ROLE_ARN").ok_or_else(|| {
        Error::configuration(format!("{set} in the environment but AWS_ROLE_ARN is not"))
            .hint(format!("set both or none: {}", hint::unset(&["AWS_WEB_IDENTITY_TOKEN_FILE"])))
    })?;
    let role_arn = RoleArn::parse(arn).ok_or_else(|| {
        let what = format!("`{arn}` is not an IAM role's ARN");
        let error = Error::misconfigured(Place::variable("AWS_ROLE_ARN"), what);
        let error = match RoleArn::meant_by(arn) {
            Some(meant) => error.cause(format!("the ARN of the role itself is {meant}")),
            None => error,
        };
        let both = ["AWS_WEB_IDENTITY_TOKEN_FILE", "AWS_ROLE_ARN"];
        error.hint(format!("set both variables, or none: {}", hint::unset(&both)))
    })?;
    // A role that is typed on top has the options to itself.
    let on_top = inputs.typed().role_arn.is_some();
    let typed = if on_top { &inputs.nothing } else { inputs.typed() };
    refuse_parameters(typed, set)?;
    let role = Role { view: ProfileView::from(None), typed };
    let set = variable(SESSION_NAME).filter(|_| typed.role_session_name.is_none());
    let role_session_name = match set {
        Some(name) => limits::session_name(name).ok_or_else(|| {
            Error::configuration(format!("{SESSION_NAME} must be {}", limits::SESSION_NAME_RULE))
                .at(Place::variable(SESSION_NAME))
                .hint(format!("take it away: {}", hint::unset(&[SESSION_NAME])))
        })?,
        None => role.session_name(inputs.environment)?,
    };
    let (region, endpoint) = endpoints.required_sts()?;
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
    let refuse = |option| Err(Error::usage(format!("{option} cannot be given: {why}")));
    typed.first_for_assume_role().map_or(Ok(()), refuse)
}
