//! Where a role's credentials come from.

use super::Role;
use crate::chain::{keys, near_keys};
use crate::config::ProfileName;
use crate::config::profiles::Property;
use crate::error::{Error, FileLine, Result};
use crate::hint;

/// Where a role's credentials come from.
pub enum Source<'a> {
    /// `place`: where it is named, unless that is the command line, for a role without a profile.
    Profile { name: ProfileName, place: Option<FileLine> },
    /// `credential_source`.
    Credentials(&'a Property),
}

impl<'a> Role<'a> {
    /// Returns the one source of the role.
    ///
    /// # Errors
    /// Where it names none or two.
    pub fn source(&self) -> Result<Source<'a>> {
        if let Some(name) = &self.typed.source_profile {
            let place = self.view.profile().map(|profile| profile.place.clone());
            return Ok(Source::Profile { name: ProfileName::new(name), place });
        }
        let source = self.view.property(keys::CREDENTIAL_SOURCE);
        match (self.view.property(keys::SOURCE_PROFILE), source) {
            (Some(_), Some(_)) => {
                Err(self.no_source("has both source_profile and credential_source"))
            }
            (None, None) => {
                let what = "has role_arn but neither source_profile nor credential_source";
                let error = self.no_source(what);
                let lacking = [keys::SOURCE_PROFILE, keys::CREDENTIAL_SOURCE];
                Err(match self.view.profile() {
                    Some(profile) => near_keys::explain(error, profile, &lacking),
                    None => error,
                })
            }
            (Some(name), None) => Ok(Source::Profile {
                name: ProfileName::new(name.value.trim()),
                place: Some(name.place.clone()),
            }),
            (None, Some(source)) => Ok(Source::Credentials(source)),
        }
    }

    fn no_source(&self, what: &str) -> Error {
        let arn = self.view.property(keys::ROLE_ARN);
        let place = arn.map(|property| &property.place);
        let place = place.or_else(|| self.view.profile().map(|profile| &profile.place));
        let message = format!("profile `{}` {what}", self.name());
        let error = match place {
            Some(place) => Error::misconfigured(place, message),
            None => Error::configuration(message),
        };
        error.about(self.name()).hint(format!(
            "give it exactly one of them, then try: {}",
            hint::command("explain", self.name())
        ))
    }
}
