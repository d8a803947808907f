//! A login of IAM Identity Center by itself: which one is meant, and the chain that makes calls for
//! it. Such a chain ends in no credentials; its base names neither account nor role.

use super::base::{Base, Sso};
use super::endpoints::Endpoints;
use super::inputs::Inputs;
use super::invocation::Invocation;
use super::plan::{Plan, ServiceEndpoints};
use super::principal::Principal;
use super::request::{Defaults, Request};
use super::unneeded::Unneeded;
use super::{Chain, Origins, ProfileView, Subject, keys, near_keys};
use crate::config::document::{FileKind, SectionKind};
use crate::config::profiles::{Profile, Profiles, Property};
use crate::error::{Error, Result};
use crate::hint;
use crate::system::environment::Environment;

/// How many names an error shows.
const SHOWN: usize = 8;

/// A login that is meant.
#[derive(Debug, Clone)]
pub enum Login {
    /// That of an `[sso-session]`, and whose settings hold for its calls: those of the profile that
    /// named it, or of the selected one.
    Session { name: String, settings: Option<Profile> },
    /// That of a profile which holds start URL and region itself (the legacy form).
    Legacy(Box<Profile>),
}

impl Login {
    /// Finds the login that is meant: by the name of an `[sso-session]`, or else by that of a profile
    /// that has one. Where nothing is typed it is that of the selected profile, or else the only one.
    ///
    /// # Errors
    /// When there is none, or when there are several and nothing says which.
    pub fn find(
        profiles: &Profiles,
        typed: Option<&str>,
        environment: &Environment,
    ) -> Result<Self> {
        let selected = selected(profiles, environment);
        let Some(name) = typed else {
            return match selected.as_ref().and_then(Self::of_profile) {
                Some(login) => Ok(login),
                None => Self::only(profiles, selected),
            };
        };
        if profiles.section(SectionKind::SsoSession, name)?.is_some() {
            return Ok(Self::Session { name: name.to_owned(), settings: selected });
        }
        match profiles.profile(name)? {
            Some(profile) => Self::of_profile(&profile).ok_or_else(|| {
                let what = format!("profile `{name}` has no login of IAM Identity Center");
                Error::misconfigured(&profile.place, what)
                    .about(name)
                    .hint(format!("see what it has: {}", hint::command("explain", name)))
            }),
            None => Err(unknown(profiles, name)),
        }
    }

    /// Returns the login that a profile names or holds.
    fn of_profile(profile: &Profile) -> Option<Self> {
        let view = ProfileView::from(profile);
        if let Some(session) = view.property(keys::SSO_SESSION) {
            let name = session.value.to_string();
            return Some(Self::Session { name, settings: Some(profile.clone()) });
        }
        let is_legacy = view.property(keys::SSO_START_URL).is_some();
        is_legacy.then(|| Self::Legacy(Box::new(profile.clone())))
    }

    /// Returns the only `[sso-session]`.
    fn only(profiles: &Profiles, settings: Option<Profile>) -> Result<Self> {
        let names: Vec<&str> = profiles.names_of(SectionKind::SsoSession).collect();
        match names.as_slice() {
            [] => Err(no_session(profiles)),
            [name] => Ok(Self::Session { name: (*name).to_owned(), settings }),
            [first, ..] => {
                let all: Vec<String> =
                    names.iter().take(SHOWN).map(|name| format!("`{name}`")).collect();
                let more = if names.len() > SHOWN { " and more" } else { "" };
                let what = "there are several logins, and no SESSION is named";
                Err(Error::usage(what)
                    .cause(format!("there are {}{more}", all.join(", ")))
                    .hint(format!("name one: rolecall sso accounts {}", hint::word(first))))
            }
        }
    }

    /// Returns the profile whose settings hold for calls.
    fn settings(&self) -> Option<&Profile> {
        match self {
            Self::Session { settings, .. } => settings.as_ref(),
            Self::Legacy(profile) => Some(profile),
        }
    }

    /// Returns the chain of the login.
    ///
    /// # Errors
    /// When a key of it is missing, or a setting for its calls is wrong.
    pub fn resolve(
        &self,
        profiles: &Profiles,
        defaults: Defaults,
        environment: &Environment,
    ) -> Result<Chain> {
        let request = Request::of_profile("", defaults);
        let inputs = Inputs::new(profiles, &request, environment);
        let (settings, unneeded) = (self.settings(), Unneeded::default());
        let endpoints =
            Endpoints { inputs: &inputs, settings, selected: None, region: Ok(None), unneeded };
        let base = Base::Sso(self.base(profiles, &endpoints)?);
        let network = endpoints.network(&base, &[])?;
        let (profile, login) = match self {
            Self::Session { name, .. } => (None, Some(name.clone())),
            Self::Legacy(profile) => (Some((**profile).clone()), None),
        };
        let base_profile = profile.as_ref().map(|profile| profile.name.clone());
        let invocation = Invocation { profile: base_profile.clone(), options: Vec::new(), login };
        let plan = Plan {
            base,
            principal: Principal::default(),
            folder: None,
            base_profile,
            steps: Vec::new(),
            region: None,
            network,
            endpoints: ServiceEndpoints { sts: Ok(None), iam: Ok(None) },
            confirm: Vec::new(),
            unneeded: endpoints.unneeded.into_errors(),
        };
        let origins = Origins { has_profiles: true, ..Origins::default() };
        Ok(Chain { subject: Subject { profile, invocation }, plan, origins, inner: None })
    }

    fn base(&self, profiles: &Profiles, endpoints: &Endpoints) -> Result<Sso> {
        let (session, holder) = match self {
            Self::Legacy(profile) => (None, (**profile).clone()),
            Self::Session { name, settings } => {
                let section = profiles.section(SectionKind::SsoSession, name)?;
                let section = section.ok_or_else(|| unknown_of(profiles, name, settings.as_ref()));
                (Some(name.clone()), section?)
            }
        };
        let own = |key: &str| own(&holder, session.as_deref(), key);
        let (start_url, region) = (own(keys::SSO_START_URL)?, own(keys::SSO_REGION)?);
        Ok(Sso {
            account_id: String::new(),
            role_name: String::new(),
            endpoint: endpoints.configured("sso")?,
            oidc_endpoint: endpoints.unneeded.note(endpoints.configured("sso_oidc")),
            start_url: start_url.value.to_string(),
            start_url_place: start_url.place,
            region: region.value.to_string(),
            region_place: region.place,
            session,
        })
    }
}

/// Returns a key of a login's section.
fn own(holder: &Profile, session: Option<&str>, key: &str) -> Result<Property> {
    holder.get(key).cloned().ok_or_else(|| {
        let argument = match session {
            Some(name) => hint::option("--sso-session", name),
            None => hint::profile(&holder.name).into_owned(),
        };
        let error =
            Error::misconfigured(&holder.place, format!("`{key}` is missing for the login"));
        near_keys::explain(error, holder, &[key])
            .hint(format!("set it: rolecall profile set {argument} {key}=VALUE"))
    })
}

/// Returns the profile that the environment selects, where it is there and well formed.
fn selected(profiles: &Profiles, environment: &Environment) -> Option<Profile> {
    let named = ["AWS_PROFILE", "AWS_DEFAULT_PROFILE"];
    let name = named.into_iter().find_map(|name| environment.get(name)).unwrap_or("default");
    profiles.profile(name).ok().flatten()
}

fn no_session(profiles: &Profiles) -> Error {
    let path = profiles.document(FileKind::Config).path.display();
    let error = Error::configuration(format!("{path} has no section [sso-session …]"));
    profiles.say_missing(error).hint(
        "make one: rolecall profile add --sso-session corp sso_start_url=URL sso_region=REGION",
    )
}

/// Returns the error about a name that is neither that of a session nor that of a profile.
fn unknown(profiles: &Profiles, name: &str) -> Error {
    let what = format!("there is neither an sso-session `{name}` nor a profile of that name");
    profiles
        .say_like_sections(Error::configuration(what), SectionKind::SsoSession, name)
        .hint("see which sections there are: rolecall profile dump --json")
}

/// Returns the error about a session that a profile names and that is not there.
fn unknown_of(profiles: &Profiles, name: &str, by: Option<&Profile>) -> Error {
    let what = format!("there is no section [sso-session {name}]");
    let place = by.and_then(|profile| Some((profile, profile.get(keys::SSO_SESSION)?)));
    let error = match place {
        Some((profile, named)) => Error::misconfigured(&named.place, what).about(&profile.name),
        None => Error::configuration(what),
    };
    profiles
        .say_like_sections(error, SectionKind::SsoSession, name)
        .hint("see which sections there are: rolecall profile dump --json")
}
