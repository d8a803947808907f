//! A login of IAM Identity Center by itself: which sessions there are, and the chain that makes calls
//! for one. Such a chain ends in no credentials; its base names neither account nor role.

use super::base::{Base, Sso, SsoSession, of_section, session_of_profile};
use super::endpoints::Endpoints;
use super::inputs::Inputs;
use super::invocation::Invocation;
use super::network::{EndpointUrl, Network};
use super::plan::{Plan, ServiceEndpoints};
use super::principal::Principal;
use super::request::{Caching, Defaults, Request};
use super::resolve::resolve;
use super::unneeded::{Need, Unneeded};
use super::{Chain, Origins, Subject, keys};
use crate::config::document::SectionKind;
use crate::config::profiles::{Profile, Profiles};
use crate::error::{Error, Result};
use crate::hint;
use crate::system::environment::Environment;

/// How the portal is called for tokens that no session is known for.
pub struct AnyPortal {
    pub network: Network,
    pub endpoint: Option<EndpointUrl>,
}

/// Finds the logins of the shared files.
#[derive(Clone, Copy)]
pub struct SsoLogins<'a> {
    pub profiles: &'a Profiles,
    pub environment: &'a Environment,
    /// The verb that asks, for hints: `sso login`.
    pub verb: &'a str,
}

impl SsoLogins<'_> {
    /// Returns the login of a name: that of an `[sso-session]`, or else that of a profile, which
    /// names a session, is of the legacy form, or takes its credentials from one that does.
    ///
    /// # Errors
    /// Where neither has that name, the profile does not log in, or a value is missing or wrong.
    pub fn named(self, name: &str) -> Result<Chain> {
        if let Some(section) = self.profiles.section(SectionKind::SsoSession, name)? {
            return self.of_section(&section);
        }
        let Some(profile) = self.profiles.profile(name)? else { return Err(self.unknown(name)) };
        if let Some(login) = self.of_profile(&profile) {
            return login;
        }
        // The profile that a role's credentials come from may log in.
        let chain = resolve(self.profiles, &request(name), self.environment).ok();
        let source = chain.and_then(|chain| chain.plan.base_profile);
        let source = source.map(|source| self.profiles.profile(&source)).transpose()?.flatten();
        source.and_then(|source| self.of_profile(&source)).unwrap_or_else(|| {
            let what = format!("profile `{name}` has no login of IAM Identity Center");
            Err(Error::misconfigured(&profile.place, what)
                .about(name)
                .hint(format!("see what it has: {}", hint::command("explain", name))))
        })
    }

    /// Returns the names by which each login can be had, each once: those of the `[sso-session]`
    /// sections, or where there is none those of profiles of the legacy form.
    pub fn names(self) -> Vec<String> {
        let sections = self.profiles.names_of(SectionKind::SsoSession).map(str::to_owned);
        let mut names: Vec<String> = sections.collect();
        if !names.is_empty() {
            return names;
        }
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

    fn of_section(self, section: &Profile) -> Result<Chain> {
        let settings = self.settings_of_environment();
        self.chain(settings.as_ref(), |endpoints| Ok((of_section(endpoints, section)?, None)))
    }

    /// Returns the login that a profile names or holds, by its settings; `None` where it has none.
    fn of_profile(self, profile: &Profile) -> Option<Result<Chain>> {
        let has = |key| profile.get(key).is_some();
        (has(keys::SSO_SESSION) || has(keys::SSO_START_URL)).then(|| {
            self.chain(Some(profile), |endpoints| {
                let session = session_of_profile(endpoints, profile)?;
                let legacy = session.name.is_none().then(|| profile.clone());
                Ok((session, legacy))
            })
        })
    }

    /// Makes the chain of a session, which in the legacy form is that of a profile.
    fn chain(
        self,
        settings: Option<&Profile>,
        read: impl FnOnce(&Endpoints) -> Result<(SsoSession, Option<Profile>)>,
    ) -> Result<Chain> {
        let (sso, profile, network, unneeded) = self.with_settings(settings, |endpoints| {
            let (session, profile) = read(endpoints)?;
            let sso = Sso {
                session,
                account_id: String::new(),
                role_name: String::new(),
                endpoint: endpoints.configured("sso")?,
            };
            let network = endpoints.network_for(Need::Unneeded, Need::Needed)?;
            Ok((sso, profile, network, endpoints.unneeded.errors()))
        })?;
        let base_profile = profile.as_ref().map(|profile| profile.name.clone());
        let name = base_profile.as_ref().map_or("", |name| name.as_str());
        let login = Some(hint::session(self.verb, sso.session.label(name)));
        let invocation = Invocation { profile: base_profile.clone(), options: Vec::new(), login };
        let plan = Plan {
            base: Base::Sso(Box::new(sso)),
            principal: Principal::default(),
            folder: None,
            base_profile,
            steps: Vec::new(),
            region: None,
            network,
            endpoints: ServiceEndpoints { sts: Ok(None), iam: Ok(None), sign_in: Ok(None) },
            confirm: Vec::new(),
            unneeded,
        };
        let origins = Origins { has_profiles: true, ..Origins::default() };
        Ok(Chain { subject: Subject { profile, invocation }, plan, origins, inner: None })
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
        let request = request("");
        let inputs = Inputs::new(self.profiles, &request, self.environment);
        let unneeded = Unneeded::default();
        let selected = None;
        read(&Endpoints { inputs: &inputs, settings, selected, region: Ok(None), unneeded })
    }

    fn unknown(self, name: &str) -> Error {
        let what = format!("there is neither an sso-session `{name}` nor a profile of that name");
        let error = Error::configuration(what);
        let error = self.profiles.say_like_sections(error, SectionKind::SsoSession, name);
        self.profiles
            .say_missing(error)
            .hint("see which sections there are: rolecall profile dump --json")
    }
}

fn request(profile: &str) -> Request {
    Request::of_profile(profile, Defaults { mfa_session: None, caching: Caching::Off })
}
