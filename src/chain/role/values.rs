//! Values that are typed or else set in the profile, checked.

use super::Role;
use super::limits::{self, Chaining, check_duration};
use crate::aws::names::MfaSerial;
use crate::chain::keys;
use crate::chain::profile_view::ProfileView;
use crate::chain::step::Mfa;
use crate::config::profiles::Property;
use crate::error::{Error, Kind, Place, Result};
use crate::hint;

/// A parameter of a role's call: where it is set, and the rule that it keeps.
pub struct Parameter {
    pub key: &'static str,
    pub option: &'static str,
    pub rule: &'static str,
}

pub const SESSION_NAME_RULE: &str = "2 to 64 letters, digits or _+=,.@-";

impl Role<'_> {
    /// Returns the name of the role's profile, empty for a role that is only typed.
    pub(super) fn name(&self) -> &str {
        self.view.name().unwrap_or_default()
    }

    /// Returns an error about a value of the profile.
    pub(super) fn wrong(&self, message: String) -> Error {
        Error::configuration(message)
            .about(self.name())
            .cause(format!("profile `{}`", self.name()))
            .hint(hint::correct(self.name()))
    }

    /// Reads a value: what is typed, else what the profile sets.
    pub(super) fn value<T>(
        &self,
        parameter: &Parameter,
        typed: Option<&str>,
        parse: impl Fn(&str) -> Option<T>,
    ) -> Result<Option<T>> {
        let Parameter { key, option, rule } = parameter;
        if let Some(value) = typed {
            let parsed = parse(value);
            return parsed.map(Some).ok_or_else(|| {
                Error::usage(format!("{option} must be {rule}")).at(Place::Option(option))
            });
        }
        let Some(property) = self.view.property(key) else { return Ok(None) };
        let value = property.value.trim();
        parse(value).map(Some).ok_or_else(|| {
            Error::configuration(format!("{}: {key} must be {rule}", property.place))
                .at(&property.place)
                .about(self.name())
                .cause(format!("profile `{}` has `{value}`", self.name()))
                .hint(hint::correct(self.name()))
        })
    }

    /// Returns the MFA device that the role names, and where its codes may come from by its profile
    /// or else by its source.
    pub fn mfa(&self, source: ProfileView) -> Result<Option<Mfa>> {
        let serial = self.value(
            &Parameter {
                key: keys::MFA_SERIAL,
                option: "--mfa-serial",
                rule: "auto, or an MFA device's serial number or ARN (9 to 256 characters)",
            },
            self.typed.mfa_serial.as_deref(),
            MfaSerial::parse,
        )?;
        let of_either = |key| {
            let property = self.view.property(key).or_else(|| source.property(key));
            property.map(|property: &Property| property.value.to_string())
        };
        Ok(serial.map(|serial| Mfa {
            serial,
            process: of_either(keys::MFA_PROCESS),
            oath: of_either(keys::MFA_YUBIKEY_OATH),
        }))
    }

    /// Returns the session length, in seconds. `None` leaves it to STS.
    pub fn duration(&self, chaining: Chaining) -> Result<Option<u32>> {
        if let Some(seconds) = self.typed.duration {
            let checked = check_duration(seconds, chaining, "--duration");
            return checked.map(Some).map_err(Error::usage);
        }
        let Some(property) = self.view.property(keys::DURATION_SECONDS) else { return Ok(None) };
        let what = format!("{}: {}", property.place, keys::DURATION_SECONDS);
        let seconds = property.value.trim().parse::<u32>().map_err(|_| {
            let value = &*property.value;
            self.wrong(format!("{what} must be a whole number of seconds, not `{value}`"))
                .at(&property.place)
        })?;
        check_duration(seconds, chaining, &what)
            .map(Some)
            .map_err(|message| self.wrong(message).at(&property.place))
    }

    /// Returns the role session name: typed, else set, with the place where it is, else made of the
    /// local user's.
    pub fn session_name(&self, set: Option<(&str, Place)>, user: Option<&str>) -> Result<String> {
        match (self.typed.role_session_name.as_deref(), set) {
            (Some(name), _) if !limits::is_session_name(name) => {
                Err(wrong_session_name(Place::Option("--role-session-name")))
            }
            (None, Some((name, place))) if !limits::is_session_name(name) => {
                Err(wrong_session_name(place))
            }
            (Some(name), _) | (None, Some((name, _))) => Ok(name.to_owned()),
            (None, None) => Ok(limits::default_session_name(user)),
        }
    }
}

fn wrong_session_name(place: Place) -> Error {
    let (kind, what) = match place {
        Place::Option(option) => (Kind::Usage, option.to_owned()),
        Place::Variable(_) => (Kind::Configuration, place.to_string()),
        _ => (Kind::Configuration, format!("{place}: {}", keys::ROLE_SESSION_NAME)),
    };
    Error::new(kind, format!("{what} must be {SESSION_NAME_RULE}")).at(place)
}
