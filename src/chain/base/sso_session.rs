//! The session of IAM Identity Center: an `[sso-session]` section, or the legacy keys of a profile.

use crate::chain::endpoints::Endpoints;
use crate::chain::{EndpointUrl, keys, near_keys};
use crate::config::document::SectionKind;
use crate::config::profiles::{Profile, Profiles, Property};
use crate::error::{Error, FileLine, Result};
use crate::hint;

/// Where somebody logs in, and how.
#[derive(Debug, Clone)]
pub struct SsoSession {
    /// `None` in the legacy form, whose token is cached under the start URL.
    pub name: Option<String>,
    pub start_url: String,
    pub start_url_place: FileLine,
    pub region: String,
    pub region_place: FileLine,
    /// What a login asks for, as it is configured.
    pub scopes: Option<Placed<Vec<String>>>,
    /// Whether a device code is wanted; an error where that is neither `true` nor `false`.
    pub device_code: Result<Option<Placed<bool>>>,
    /// Where on this machine a login comes back; an error where that is no port.
    pub redirect_port: Result<Option<Placed<u16>>>,
    /// Needed for a login and where the token is renewed; an error where it is configured and wrong.
    pub oidc_endpoint: Result<Option<EndpointUrl>>,
}

/// A value with its place.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Placed<T> {
    pub value: T,
    pub place: FileLine,
}

impl SsoSession {
    /// Returns whether its portal is the one that IPv6 reaches too.
    pub fn is_dual_stack(&self) -> bool {
        let rest = self.start_url.split_once("://").map_or("", |(_, rest)| rest);
        let host = rest.split(['/', ':', '?', '#']).next().unwrap_or_default();
        host.to_ascii_lowercase().ends_with(".app.aws")
    }

    /// Returns what its token is cached under.
    pub fn cache_name(&self) -> &str {
        self.name.as_deref().unwrap_or(&self.start_url)
    }

    /// Returns the name to show, which in the legacy form is that of its profile.
    pub fn label<'a>(&'a self, profile: &'a str) -> &'a str {
        self.name.as_deref().unwrap_or(profile)
    }

    /// Returns the command that gets its token anew. The legacy form is named by its profile.
    pub fn login(&self, profile: &str) -> String {
        hint::session("sso login", self.label(profile))
    }
}

/// Reads the session of a profile: the one that it names, or its own in the legacy form.
pub fn session_of_profile(endpoints: &Endpoints, profile: &Profile) -> Result<SsoSession> {
    let Some(named) = profile.get(keys::SSO_SESSION) else {
        let own = |key| {
            profile.get(key).cloned().ok_or_else(|| missing_in_profile(profile, key, profile))
        };
        return Ok(session(
            endpoints,
            profile,
            None,
            [own(keys::SSO_START_URL)?, own(keys::SSO_REGION)?],
        ));
    };
    let section = named_section(endpoints.inputs.profiles, profile, named)?;
    let value = |key| of_session(profile, &section, key);
    let values = [value(keys::SSO_START_URL)?, value(keys::SSO_REGION)?];
    Ok(session(endpoints, &section, Some(named.value.to_string()), values))
}

/// Reads an `[sso-session]` section.
pub fn of_section(endpoints: &Endpoints, section: &Profile) -> Result<SsoSession> {
    let value = |key| {
        section.get(key).cloned().ok_or_else(|| {
            let what = format!("`{key}` is missing for the login");
            let error = Error::misconfigured(&section.place, what);
            near_keys::explain(error, section, &[key]).hint(format!(
                "set it: rolecall profile set {} {key}=VALUE",
                hint::option("--sso-session", &section.name)
            ))
        })
    };
    let values = [value(keys::SSO_START_URL)?, value(keys::SSO_REGION)?];
    Ok(session(endpoints, section, Some(section.name.to_string()), values))
}

/// Puts a session together from its section, which in the legacy form is a profile's.
fn session(
    endpoints: &Endpoints,
    section: &Profile,
    name: Option<String>,
    [start_url, region]: [Property; 2],
) -> SsoSession {
    let scopes = section
        .get(keys::SSO_REGISTRATION_SCOPES)
        .map(|property| Placed { value: words(&property.value), place: property.place.clone() });
    SsoSession {
        name,
        start_url: start_url.value.to_string(),
        start_url_place: start_url.place,
        region: region.value.to_string(),
        region_place: region.place,
        scopes: scopes.filter(|scopes| !scopes.value.is_empty()),
        device_code: parsed(section, keys::SSO_USE_DEVICE_CODE, "true or false", |text| {
            text.to_ascii_lowercase().parse().ok()
        }),
        redirect_port: parsed(section, keys::SSO_REDIRECT_PORT, "a port, 1 to 65535", |text| {
            text.parse().ok().filter(|port| *port > 0)
        }),
        oidc_endpoint: endpoints.unneeded.note(endpoints.configured("sso_oidc")),
    }
}

/// Splits a list at its commas.
fn words(text: &str) -> Vec<String> {
    text.split(',').map(str::trim).filter(|word| !word.is_empty()).map(str::to_owned).collect()
}

/// Reads a value that a login alone needs.
fn parsed<T>(
    section: &Profile,
    key: &str,
    rule: &str,
    parse: impl Fn(&str) -> Option<T>,
) -> Result<Option<Placed<T>>> {
    let Some(Property { value, place, .. }) = section.get(key) else { return Ok(None) };
    let wrong = || {
        let what = format!("{key} must be {rule}, not `{}`", **value);
        Error::misconfigured(place, what).hint("correct it; see: rolecall sso login --help")
    };
    let value = parse(value.trim()).ok_or_else(wrong)?;
    Ok(Some(Placed { value, place: place.clone() }))
}

/// Returns the `[sso-session …]` section that a profile names.
fn named_section(profiles: &Profiles, profile: &Profile, named: &Property) -> Result<Profile> {
    let (name, place) = (named.value.as_str(), &named.place);
    profiles.section(SectionKind::SsoSession, name)?.ok_or_else(|| {
        let what = format!("there is no section [sso-session {name}]");
        let error = Error::misconfigured(place, &what)
            .with_shared_cause(what)
            .about(&profile.name)
            .cause(format!("profile `{}` names it", profile.name));
        profiles.say_like_sections(error, SectionKind::SsoSession, name).hint(format!(
            "make it: rolecall profile add {} sso_start_url=URL sso_region=REGION",
            hint::option("--sso-session", name)
        ))
    })
}

/// Returns a value of the session's section, which the profile must not contradict.
fn of_session(profile: &Profile, section: &Profile, key: &str) -> Result<Property> {
    let value = section.get(key).ok_or_else(|| missing_in_profile(profile, key, section))?;
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
pub fn missing_in_profile(profile: &Profile, key: &str, holder: &Profile) -> Error {
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
    let section = if *place == profile.place {
        hint::profile(&profile.name).into_owned()
    } else {
        hint::option("--sso-session", &holder.name)
    };
    near_keys::explain(error, holder, lacking)
        .hint(format!("set it: rolecall profile set {section} {key}=VALUE"))
}
