//! What a call for a login asked IAM Identity Center for, in the words of the session's section.

use crate::chain::{SsoLogin, keys};
use crate::clients::asked::{Purpose, endpoint};
use crate::clients::factory::{Target, attempts};
use crate::error::Place;
use crate::hint;

/// A call for a login.
pub struct AskedByLogin<'a> {
    pub login: &'a SsoLogin,
    pub target: &'a Target<'a>,
    /// What it was to do: `register`.
    pub purpose: &'a str,
}

impl Purpose for AskedByLogin<'_> {
    fn target(&self) -> &Target<'_> {
        self.target
    }

    fn purpose(&self) -> &str {
        self.purpose
    }

    fn who(&self) -> String {
        match &self.login.session.name {
            Some(name) => format!("sso-session `{name}`"),
            None => format!("profile `{}`", self.login.name()),
        }
    }

    fn profile(&self) -> Option<&str> {
        self.login.profile.as_deref().map(|name| name as _)
    }

    fn place_of_region(&self) -> Option<Place> {
        Some((&self.login.session.region_place).into())
    }

    fn look(&self) -> String {
        "rolecall profile dump --json".to_owned()
    }

    fn value(&self, name: &str, _: &str) -> Option<(String, Option<Place>)> {
        let session = &self.login.session;
        let placed = |key: &str, value: &str, place| {
            Some((format!("{key} = {value} ({place})"), Some(Place::from(place))))
        };
        match name {
            "login" | "rolecall explain" | "rolecall whoami" => Some((self.login.command(), None)),
            "endpoint" => Some(endpoint(self.target)),
            "attempts" => Some((attempts(self.target.network).to_string(), None)),
            "sso_region" => placed(keys::SSO_REGION, &session.region, &session.region_place),
            "sso_start_url" => {
                placed(keys::SSO_START_URL, &session.start_url, &session.start_url_place)
            }
            "sso_registration_scopes" => match &session.scopes {
                Some(scopes) => placed(name, &scopes.value.join(","), &scopes.place),
                None => Some((name.to_owned(), None)),
            },
            "curl" => Some((hint::SYSTEM.curl.to_owned(), None)),
            "endpoint_word" => Some((hint::word(&self.target.url()).into_owned(), None)),
            _ => None,
        }
    }
}
