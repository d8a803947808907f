//! Where the values of an argument come from.

use clap::Arg;

use crate::chain::keys;

/// The source of an argument's values that clap has no list for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ValueSource {
    Profiles,
    SsoSessions,
    Services,
    /// The services of AWS's console.
    ConsoleServices,
    /// The keys that the section on the line has.
    Keys,
    /// `KEY=VALUE` for the section on the line.
    Assignments,
    /// The sections that `rolecall write` made.
    WrittenSections,
    RoleArns,
    MfaSerials,
    Regions,
    Shells,
    /// The shells that `rolecall init` knows.
    IntegratedShells,
    Formats,
    Files,
    Command,
    /// Anything: nothing is offered.
    Free,
}

impl ValueSource {
    /// Returns the source by an argument's long name or, for one without, by the name of its value.
    pub fn of(arg: &Arg) -> Self {
        let value =
            arg.get_value_names().and_then(|names| names.first()).map_or("", |name| name.as_str());
        match (arg.get_long(), value) {
            (Some("profile" | "source-profile"), _) | (_, "PROFILE") => Self::Profiles,
            (Some("sso-session"), _) | (None, "SESSION") => Self::SsoSessions,
            (Some("services"), _) => Self::Services,
            (Some("service"), _) => Self::ConsoleServices,
            (None, "KEY") => Self::Keys,
            (None, "KEY=VALUE") => Self::Assignments,
            (Some("as" | "clear"), "NAME") => Self::WrittenSections,
            (Some("role-arn"), _) => Self::RoleArns,
            (Some("mfa-serial"), _) | (None, "SERIAL") => Self::MfaSerials,
            (Some("region"), _) => Self::Regions,
            (Some("shell"), _) => Self::Shells,
            (None, "SHELL") => Self::IntegratedShells,
            (Some("format"), _) => Self::Formats,
            (_, "CMD") => Self::Command,
            (_, value)
                if ["FILE", "DIR", "FOLDER", "PATH"].iter().any(|word| value.starts_with(word)) =>
            {
                Self::Files
            }
            _ => Self::Free,
        }
    }
}

/// Returns the source of the values of a key in a section.
pub fn of_key(key: &str) -> ValueSource {
    match key.strip_prefix(keys::PREFIX).unwrap_or(key) {
        keys::SOURCE_PROFILE => ValueSource::Profiles,
        keys::SSO_SESSION => ValueSource::SsoSessions,
        keys::SERVICES => ValueSource::Services,
        keys::ROLE_ARN => ValueSource::RoleArns,
        keys::MFA_SERIAL => ValueSource::MfaSerials,
        keys::REGION | keys::SSO_REGION => ValueSource::Regions,
        _ => ValueSource::Free,
    }
}
