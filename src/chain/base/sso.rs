//! IAM Identity Center: a profile with `sso_account_id` and `sso_role_name`, and the session that
//! it names, or the legacy form without one.

use super::Sso;
use crate::chain::endpoints::Endpoints;
use crate::chain::{keys, near_keys};
use crate::config::document::SectionKind;
use crate::config::profiles::{Profile, Profiles, Property};
use crate::error::{Error, Result};
use crate::hint;

/// Reads the SSO configuration of a profile.
pub fn of_profile(endpoints: &Endpoints, profile: &Profile) -> Result<Sso> {
    let own = |key: &str| profile.get(key).cloned().ok_or_else(|| missing(profile, key, profile));
    let (session, start_url, region) = match profile.get(keys::SSO_SESSION) {
        None => (None, own(keys::SSO_START_URL)?, own(keys::SSO_REGION)?),
        Some(named) => {
            let section = section(endpoints.inputs.profiles, profile, named)?;
            let value = |key| of_session(profile, &section, key);
            (Some(named.value.to_string()), value(keys::SSO_START_URL)?, value(keys::SSO_REGION)?)
        }
    };
    Ok(Sso {
        account_id: own(keys::SSO_ACCOUNT_ID)?.value.to_string(),
        role_name: own(keys::SSO_ROLE_NAME)?.value.to_string(),
        endpoint: endpoints.configured("sso")?,
        oidc_endpoint: endpoints.unneeded.note(endpoints.configured("sso_oidc")),
        session,
        start_url: start_url.value.to_string(),
        start_url_place: start_url.place,
        region: region.value.to_string(),
        region_place: region.place,
    })
}

/// Returns the `[sso-session …]` section that a profile names.
fn section(profiles: &Profiles, profile: &Profile, named: &Property) -> Result<Profile> {
    let (name, place) = (named.value.as_str(), &named.place);
    profiles.section(SectionKind::SsoSession, name)?.ok_or_else(|| {
        let what = format!("there is no section [sso-session {name}]");
        let error = Error::misconfigured(place, &what)
            .with_shared_cause(what)
            .about(&profile.name)
            .cause(format!("profile `{}` names it", profile.name));
        profiles
            .say_like_sections(error, SectionKind::SsoSession, name)
            .hint("make it with: aws configure sso-session")
    })
}

/// Returns a value of the session's section, which the profile must not contradict.
fn of_session(profile: &Profile, section: &Profile, key: &str) -> Result<Property> {
    let value = section.get(key).ok_or_else(|| missing(profile, key, section))?;
    match profile.get(key).filter(|own| own.value != value.value) {
        None => Ok(value.clone()),
        Some(own) => Err(Error::configuration(format!(
            "profile `{}` and its sso-session `{}` have different {key}",
            profile.name, section.name
        ))
        .at(&own.place)
        .about(&profile.name)
        .cause(format!("{}: {}", own.place, *own.value))
        .cause(format!("{}: {}", value.place, *value.value))
        .hint("leave it in the sso-session only; see: rolecall profile dump --json")),
    }
}

/// Returns the error about a key that is missing in a section: the profile itself, or its session.
fn missing(profile: &Profile, key: &str, holder: &Profile) -> Error {
    let place = &holder.place;
    let what = format!("`{key}` is missing for the SSO credentials of profile `{}`", profile.name);
    let error = Error::misconfigured(place, what).about(&profile.name);
    // Where the session lacks it, all that use the session fail.
    let error = if *place == profile.place {
        error
    } else {
        error.with_shared_cause(format!("{place}: `{key}` is missing for SSO credentials"))
    };
    // What a session may hold need not stand in the profile.
    let lacking = match profile.get(keys::SSO_SESSION) {
        None => &[key, keys::SSO_SESSION][..],
        Some(_) => &[key],
    };
    near_keys::explain(error, holder, lacking).hint(format!(
        "complete it with: aws configure sso {}",
        hint::option("--profile", &profile.name)
    ))
}
