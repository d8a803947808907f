//! Which sessions of IAM Identity Center there are to log in at, and how AWS is called for them.

use super::base::{Base, SsoSession, of_section, session_of_profile};
use super::endpoints::Endpoints;
use super::inputs::Inputs;
use super::network::{EndpointUrl, Network};
use super::request::{Caching, Defaults, Request};
use super::resolve::resolve;
use super::unneeded::{Need, Unneeded};
use super::{Chain, keys};
use crate::config::ProfileName;
use crate::config::document::SectionKind;
use crate::config::profiles::{Profile, Profiles};
use crate::error::{Error, Result};
use crate::hint;
use crate::system::environment::Environment;

/// A session to log in at.
#[derive(Debug, Clone)]
pub struct SsoLogin {
    pub session: SsoSession,
    /// How AWS is called.
    pub network: Network,
    /// Where the portal is called; an error where that is configured and wrong.
    pub portal_endpoint: Result<Option<EndpointUrl>>,
    /// The profile whose session it is, where one was named.
    pub profile: Option<ProfileName>,
}

/// How the portal is called for tokens that no session is known for.
pub struct AnyPortal {
    pub network: Network,
    pub endpoint: Option<EndpointUrl>,
}

impl SsoLogin {
    /// Returns the login that the base of a chain needs; `None` where it needs none.
    pub fn of_chain(chain: &Chain) -> Option<Self> {
        let Base::Sso(sso) = &chain.plan.base else { return None };
        Some(Self {
            session: sso.session.clone(),
            network: chain.plan.network.clone(),
            portal_endpoint: Ok(sso.endpoint.clone()),
            profile: chain.plan.base_profile.clone(),
        })
    }

    /// Returns the name to show: the session's, or the profile's in the legacy form.
    pub fn name(&self) -> &str {
        let legacy = || self.profile.as_ref().map_or(&*self.session.start_url, |name| name);
        self.session.name.as_deref().unwrap_or_else(legacy)
    }

    /// Returns the command that logs in here.
    pub fn command(&self) -> String {
        self.session.login(self.name())
    }
}

/// Finds the sessions of the shared files.
#[derive(Clone, Copy)]
pub struct SsoLogins<'a> {
    pub profiles: &'a Profiles,
    pub environment: &'a Environment,
}

impl SsoLogins<'_> {
    /// Returns the session of a name: an `[sso-session]`, or else that of a profile.
    ///
    /// # Errors
    /// Where neither has that name, the profile does not log in, or a value is missing or wrong.
    pub fn named(self, name: &str) -> Result<SsoLogin> {
        if let Some(section) = self.profiles.section(SectionKind::SsoSession, name)? {
            return self.of_section(&section);
        }
        let Some(profile) = self.profiles.profile(name)? else { return Err(self.unknown(name)) };
        let is_own = [keys::SSO_SESSION, keys::SSO_START_URL];
        if is_own.iter().any(|key| profile.get(key).is_some()) {
            return self.with_settings(Some(&profile), |endpoints| {
                let session = session_of_profile(endpoints, &profile)?;
                login(endpoints, session, Some(&profile.name))
            });
        }
        let chain = resolve(self.profiles, &request(name), self.environment)?;
        SsoLogin::of_chain(&chain).ok_or_else(|| {
            let what = format!("profile `{name}` needs no login at IAM Identity Center");
            Error::misconfigured(&profile.place, what).about(name).hint(format!(
                "see where its credentials come from: {}",
                hint::command("explain", name)
            ))
        })
    }

    /// Returns the names by which each session can be had, each session once: those of the
    /// `[sso-session]` sections, then profiles of the legacy form.
    pub fn names(self) -> Vec<String> {
        let sections = self.profiles.names_of(SectionKind::SsoSession).map(str::to_owned);
        let mut names: Vec<String> = sections.collect();
        let mut urls: Vec<String> = Vec::new();
        for name in self.profiles.names() {
            let Ok(Some(profile)) = self.profiles.profile(name) else { continue };
            let url = profile.value(keys::SSO_START_URL);
            let is_legacy = profile.get(keys::SSO_SESSION).is_none();
            if let Some(url) = url.filter(|url| is_legacy && !urls.iter().any(|one| one == url)) {
                urls.push(url.to_owned());
                names.push(name.to_owned());
            }
        }
        names
    }

    /// Returns how the portal is called by the settings of the environment's profile.
    ///
    /// # Errors
    /// Where they are wrong.
    pub fn any_portal(self) -> Result<AnyPortal> {
        let settings = self.settings_of_environment();
        self.with_settings(settings.as_ref(), |endpoints| {
            let network = endpoints.network_for(Need::Unneeded, Need::Needed)?;
            Ok(AnyPortal { network, endpoint: endpoints.configured("sso")? })
        })
    }

    fn of_section(self, section: &Profile) -> Result<SsoLogin> {
        let settings = self.settings_of_environment();
        self.with_settings(settings.as_ref(), |endpoints| {
            login(endpoints, of_section(endpoints, section)?, None)
        })
    }

    /// Returns the profile that the environment names, or `default`, whose settings the SDKs take.
    fn settings_of_environment(self) -> Option<Profile> {
        let named = ["AWS_PROFILE", "AWS_DEFAULT_PROFILE"];
        let named = named.iter().find_map(|name| self.environment.get(name)).unwrap_or("default");
        self.profiles.profile(named).ok().flatten()
    }

    /// Reads by the settings of a profile.
    fn with_settings<T>(
        self,
        settings: Option<&Profile>,
        read: impl FnOnce(&Endpoints) -> Result<T>,
    ) -> Result<T> {
        let request = request("default");
        let inputs = Inputs::new(self.profiles, &request, self.environment);
        let selected = settings.map(|profile| &profile.name);
        let unneeded = Unneeded::default();
        read(&Endpoints { inputs: &inputs, settings, selected, region: Ok(None), unneeded })
    }

    fn unknown(self, name: &str) -> Error {
        let places: Vec<String> =
            self.profiles.paths().map(|path| path.display().to_string()).collect();
        let what = format!(
            "neither a section [sso-session {name}] nor a profile `{name}` is in {}",
            places.join(" or ")
        );
        let error = Error::configuration(what).about(name);
        let error = self.profiles.say_like_sections(error, SectionKind::SsoSession, name);
        let error = self.profiles.say_missing(error);
        match self.names() {
            names if names.is_empty() => hint::first_steps(error),
            names => error.hint(format!(
                "log in at one that there is: {}",
                hint::session("sso login", &names[0])
            )),
        }
    }
}

fn login(
    endpoints: &Endpoints,
    session: SsoSession,
    profile: Option<&ProfileName>,
) -> Result<SsoLogin> {
    Ok(SsoLogin {
        session,
        network: endpoints.network_for(Need::Unneeded, Need::Needed)?,
        portal_endpoint: endpoints.configured("sso"),
        profile: profile.cloned(),
    })
}

fn request(profile: &str) -> Request {
    Request::of_profile(profile, Defaults { mfa_session: None, caching: Caching::Off })
}
