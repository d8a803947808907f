//! Values that are typed or else set in the profile, checked.

use super::Role;
use super::limits::{self, Chaining, check_duration};
use crate::aws::names::MfaSerial;
use crate::chain::keys;
use crate::chain::profile_view::ProfileView;
use crate::chain::step::Mfa;
use crate::config::profiles::Property;
use crate::error::{Error, Place, Result};
use crate::hint;
use crate::system::environment::Environment;

impl Role<'_> {
    /// Returns the name of the role's profile, empty for a role that is only typed.
    pub fn name(&self) -> &str {
        self.view.name().unwrap_or_default()
    }

    /// Returns an error about a value of the profile.
    pub(super) fn wrong(&self, message: String) -> Error {
        Error::configuration(message)
            .about(self.name())
            .cause(format!("profile `{}`", self.name()))
            .hint(hint::correct(self.name()))
    }

    /// Reads a value: what is typed, else what the profile sets; `rule` says in an error what
    /// `parse` takes.
    pub(super) fn value<T>(
        &self,
        (key, option): (&str, &'static str),
        typed: Option<&str>,
        rule: &str,
        parse: impl Fn(&str) -> Option<T>,
    ) -> Result<Option<T>> {
        if let Some(value) = typed {
            let parsed = parse(value);
            return parsed.map(Some).ok_or_else(|| {
                Error::usage(format!("{option} must be {rule}"))
                    .at(Place::Option(option))
                    .hint("see what the options take: rolecall process --help")
            });
        }
        let Some(property) = self.view.property(key) else { return Ok(None) };
        let value = property.value.trim();
        parse(value).map(Some).ok_or_else(|| {
            Error::misconfigured(&property.place, format!("{key} must be {rule}"))
                .about(self.name())
                .cause(format!("profile `{}` has `{value}`", self.name()))
                .hint(hint::correct(self.name()))
        })
    }

    /// Returns the MFA device that the role names, and where its codes may come from by its profile
    /// or else by its source.
    pub fn mfa(&self, source: ProfileView) -> Result<Option<Mfa>> {
        let serial = self.value(
            (keys::MFA_SERIAL, "--mfa-serial"),
            self.typed.mfa_serial.as_deref(),
            "auto, or an MFA device's serial number or ARN (9 to 256 characters)",
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

    /// Returns the role session name: typed, else set, else made of the local user's.
    pub fn session_name(&self, environment: &Environment) -> Result<String> {
        let name = self.value(
            (keys::ROLE_SESSION_NAME, "--role-session-name"),
            self.typed.role_session_name.as_deref(),
            limits::SESSION_NAME_RULE,
            limits::session_name,
        )?;
        Ok(name.unwrap_or_else(|| limits::default_session_name(environment.user.as_deref())))
    }
}
