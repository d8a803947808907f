//! Where a chain starts and which roles it goes through, before regions and parameters are known:
//! the SDKs' default chain, then `source_profile` from profile to profile (AWS SDKs and Tools
//! Reference Guide, "Assume role credential provider").

use std::collections::HashSet;

use super::base::{self, Base};
use super::inputs::Inputs;
use super::profile_view::ProfileView;
use super::role::{Role, Source};
use crate::config::ProfileName;
use crate::config::profiles::{Profile, Property};
use crate::error::{Error, FileLine, Kind, Place, Result};
use crate::hint;

/// What the way to the base came to.
#[derive(Default)]
pub(super) struct SourceChain {
    /// The profile whose settings (region, endpoints, retries) hold.
    pub settings: Option<Profile>,
    /// The selected profile, when the credentials come from it.
    pub profile: Option<Profile>,
    /// The profiles of the roles, the selected one first; `None` for a role that is only typed.
    pub roles: Vec<Option<Profile>>,
    pub base: BaseSource,
}

/// The base, or the profile that it will be read from once the region is known.
#[derive(Default)]
pub(super) enum BaseSource {
    Ready(Box<Base>),
    Profile(Box<Profile>),
    /// AWS_WEB_IDENTITY_TOKEN_FILE.
    #[default]
    WebIdentityOfEnvironment,
}

impl SourceChain {
    /// Returns the profile that the base stands in.
    pub fn base_profile(&self) -> Option<&Profile> {
        if let BaseSource::Profile(profile) = &self.base { Some(profile) } else { None }
    }

    /// Returns all profiles on the way, that of the settings first.
    pub fn profiles(&self) -> impl Iterator<Item = &Profile> {
        self.settings.iter().chain(self.roles.iter().flatten()).chain(self.base_profile())
    }

    /// Returns the selected profile's name.
    pub fn profile_name(&self) -> Option<&ProfileName> {
        self.profile.as_ref().map(|profile| &profile.name)
    }
}

/// Chooses where to start: the named profile, or the SDKs' default chain.
pub(super) fn select(inputs: &Inputs) -> Result<SourceChain> {
    if let Some(name) = inputs.request.profile() {
        let profile = inputs.profiles.profile(name)?.ok_or_else(|| inputs.unknown(name))?;
        return follow_sources(inputs, Some(profile));
    }
    if inputs.typed().role_arn.is_some() && inputs.typed().source_profile.is_some() {
        return follow_sources(inputs, None);
    }
    default_chain(inputs)
}

fn default_chain(inputs: &Inputs) -> Result<SourceChain> {
    let environment = inputs.environment;
    let variable = ["AWS_PROFILE", "AWS_DEFAULT_PROFILE"]
        .into_iter()
        .find_map(|variable| Some((variable, environment.get(variable)?)));
    let name = variable.map_or("default", |(_, name)| name);
    if let Some(base) = base::of_environment(environment)? {
        let settings = inputs.profiles.profile(name).ok().flatten();
        return Ok(SourceChain {
            settings,
            base: BaseSource::Ready(Box::new(base)),
            ..SourceChain::default()
        });
    }
    let profile = inputs.profiles.profile(name)?;
    if let (None, Some((variable, name))) = (&profile, variable) {
        return Err(inputs.unknown(name).cause(format!("it is named by {variable}")));
    }
    let view = ProfileView::from(profile.as_ref());
    if view.is_role() || view.has_credentials() {
        return follow_sources(inputs, profile);
    }
    let base = match base::default_provider(environment) {
        Some(base) => BaseSource::Ready(Box::new(base)),
        None if environment.has_web_identity() => BaseSource::WebIdentityOfEnvironment,
        None => return Err(no_credentials(inputs, name, profile.as_ref())),
    };
    Ok(SourceChain { settings: profile, base, ..SourceChain::default() })
}

/// Returns the error of a default chain that ends nowhere. What a profile says of credentials that
/// it does not give is said of that profile.
fn no_credentials(inputs: &Inputs, name: &str, profile: Option<&Profile>) -> Error {
    if let Some(profile) = profile.filter(|p| !ProfileView::from(*p).is_settings_only()) {
        return base::nothing(profile);
    }
    let what = if profile.is_some() { "holds none" } else { "is not there" };
    let error = Error::configuration(
        "no credentials found: no profile is named and the default chain has none",
    )
    .about(name)
    .cause(format!(
        "profile `{name}` {what}, and neither environment, container nor instance gives any"
    ));
    let Some(profile) = profile else {
        let unknown = inputs.profiles.unknown(name);
        let error = unknown.causes().iter().fold(error, Error::cause);
        return unknown.hints().iter().fold(error, Error::hint);
    };
    base::with_look_alikes(error, profile).hint("name a profile, see: rolecall list")
}

/// Follows `source_profile` from a profile, or from a role that is only typed, to the base.
pub(super) fn follow_sources(inputs: &Inputs, selected: Option<Profile>) -> Result<SourceChain> {
    let mut roles: Vec<Option<Profile>> = Vec::new();
    let mut seen: HashSet<ProfileName> = selected.iter().map(|p| p.name.clone()).collect();
    let mut current = selected.clone();
    let base = loop {
        let view = ProfileView::from(current.as_ref());
        let typed = if roles.is_empty() { inputs.typed() } else { &inputs.nothing };
        let role = Role { view, typed };
        // A profile with keys of its own ends a chain that comes from another one.
        let ends = !roles.is_empty() && view.has_keys();
        if ends || !has_source(&role) {
            break BaseSource::Profile(Box::new(current.ok_or_else(no_role)?));
        }
        let source = role.source()?;
        roles.push(current.clone());
        match source {
            Source::Credentials(source) => {
                break BaseSource::Ready(Box::new(credential_source(inputs, source, &role)?));
            }
            Source::Profile { name, place } if view.name() == Some(&*name) => {
                if !view.has_keys() {
                    return Err(own_source(&name, place.as_ref()));
                }
                let Some(profile) = current else { return Err(no_role()) };
                break BaseSource::Profile(Box::new(profile));
            }
            Source::Profile { name, place } => {
                if !seen.insert(name.clone()) {
                    return Err(loop_error(&roles, &name, place.as_ref()));
                }
                let next = inputs.profiles.profile(&name)?;
                current =
                    Some(next.ok_or_else(|| missing_source(inputs, &name, place.as_ref(), &role))?);
            }
        }
    };
    Ok(SourceChain { settings: selected.clone(), profile: selected, roles, base })
}

/// Returns whether a role goes on to a source, in place of being the base itself.
fn has_source(role: &Role) -> bool {
    let Role { view, typed } = role;
    if typed.source_profile.is_some() && (typed.role_arn.is_some() || view.is_role()) {
        return true;
    }
    // A typed role may complete a profile that names everything else.
    if typed.role_arn.is_some() && !view.has_credentials() && view.names_source() {
        return true;
    }
    view.is_role()
}

/// Reads `credential_source`.
fn credential_source(inputs: &Inputs, source: &Property, role: &Role) -> Result<Base> {
    match source.value.to_ascii_lowercase().as_str() {
        "ec2instancemetadata" => Ok(Base::Ec2InstanceMetadata),
        "ecscontainer" => Ok(Base::EcsContainer),
        "environment" => base::of_environment(inputs.environment)?.ok_or_else(|| {
            Error::misconfigured(
                &source.place,
                format!(
                    "profile `{}` takes its credentials from the environment, which has none",
                    role.name()
                ),
            )
            .about(role.name())
            .hint(
                "set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, or name a source_profile, one \
                 of: rolecall list",
            )
        }),
        _ => Err(Error::misconfigured(
            &source.place,
            format!("credential_source `{}` is not known", *source.value),
        )
        .about(role.name())
        .cause(format!("profile `{}`", role.name()))
        .hint(format!(
            "use Environment, Ec2InstanceMetadata or EcsContainer, then try: {}",
            hint::command("explain", role.name())
        ))),
    }
}

const SOURCE_PROFILE: Place = Place::Option("--source-profile");

fn no_role() -> Error {
    Error::usage("--source-profile needs a role: name it with --role-arn").at(SOURCE_PROFILE)
}

fn own_source(name: &str, place: Option<&FileLine>) -> Error {
    let error = Error::configuration(format!(
        "profile `{name}` is its own source_profile and holds no keys"
    ))
    .about(name);
    at(error, place, name).hint(format!("see the profile: {}", hint::command("explain", name)))
}

fn missing_source(inputs: &Inputs, name: &str, place: Option<&FileLine>, role: &Role) -> Error {
    let error = inputs.unknown(name);
    let shared = error.message().to_owned();
    let bare = name.trim_matches(['"', '\'']);
    let error = if let Some(meant) = bare.strip_prefix("profile ").map(str::trim) {
        error.cause(format!("`profile` stands in headers only: is `{meant}` meant?"))
    } else if bare == name {
        error
    } else {
        error.cause(format!("the quotes belong to the name: is `{bare}` meant?"))
    };
    match place.filter(|_| role.typed.source_profile.is_none()) {
        None => {
            let message = format!("--source-profile: {}", error.message());
            error.with_kind(Kind::Usage).with_message(message).at(SOURCE_PROFILE)
        }
        Some(place) => {
            error.with_shared_cause(shared).at(place).about(role.name()).with_message(format!(
                "{place}: the source_profile `{name}` of profile `{}` does not exist",
                role.name()
            ))
        }
    }
}

fn loop_error(roles: &[Option<Profile>], name: &str, place: Option<&FileLine>) -> Error {
    let names: Vec<&str> =
        roles.iter().flatten().map(|profile| &*profile.name).chain([name]).collect();
    let error =
        Error::configuration(format!("source_profile leads round in a loop: {}", way(&names)))
            .with_shared_cause(format!(
                "source_profile leads round in a loop: {}",
                loop_alone(&names)
            ))
            .about(names[0]);
    at(error, place, name).hint(format!(
        "end the chain at a profile that holds credentials, then try: {}",
        hint::command("explain", names[0])
    ))
}

fn at(error: Error, place: Option<&FileLine>, name: &str) -> Error {
    match place {
        Some(place) => error.at(place).cause(format!("{place}: source_profile = {name}")),
        None => error,
    }
}

/// Shows a loop without the way to it, the same from wherever it is entered.
fn loop_alone(names: &[&str]) -> String {
    let last = names.last().copied().unwrap_or_default();
    let begin = names.iter().position(|name| *name == last).unwrap_or(0);
    let mut round = names[begin..names.len() - 1].to_vec();
    let first = (0..round.len()).min_by_key(|at| round[*at]).unwrap_or(0);
    round.rotate_left(first);
    round.extend(round.first().copied());
    way(&round)
}

/// Shows the way round a loop; of a long one, where it begins and where it closes.
pub(super) fn way(names: &[&str]) -> String {
    match names {
        [first, more @ .., before, last] if names.len() > 12 => {
            format!("`{first}` → … {} more … → `{before}` → `{last}`", more.len())
        }
        _ => names.iter().map(|name| format!("`{name}`")).collect::<Vec<_>>().join(" → "),
    }
}
