//! The values that depend on the user's files.

use clap::Arg;

use super::engine::{Candidate, Matching};
use crate::aws::arn::Arn;
use crate::config::profiles::{Merged, Profiles};
use crate::output::formats::Format;
use crate::output::shells;
use crate::shell::Side;

/// Where the values of an argument come from that clap has no list for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Source {
    Profiles,
    RoleArns,
    MfaSerials,
    Regions,
    Shells,
    /// Those with a shell side.
    Sides,
    Formats,
    Files,
    Command,
    /// Anything: nothing is offered.
    Free,
}

impl Source {
    /// The source by an argument's long name or, for one without, by the name of its value.
    pub fn of(arg: &Arg) -> Self {
        let value =
            arg.get_value_names().and_then(|names| names.first()).map_or("", |name| name.as_str());
        match (arg.get_long(), value) {
            (Some("profile" | "source-profile"), _) | (_, "PROFILE") => Self::Profiles,
            (Some("role-arn"), _) => Self::RoleArns,
            (Some("mfa-serial"), _) | (None, "SERIAL") => Self::MfaSerials,
            (Some("region"), _) => Self::Regions,
            (Some("shell"), _) => Self::Shells,
            (None, "SHELL") => Self::Sides,
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

/// The shared files, or nothing where they cannot be read.
pub struct Live {
    profiles: Option<Profiles>,
}

impl Live {
    pub fn new(profiles: Option<Profiles>) -> Self {
        Self { profiles }
    }

    /// Returns the values that fit what is typed. Only these are looked at closely, because there
    /// may be thousands.
    pub fn candidates(&self, source: Source, typed: &str, matching: Matching) -> Vec<Candidate> {
        let fixed = |names: &[&str]| {
            matching
                .choose(names.to_vec(), typed, |name| name)
                .into_iter()
                .filter_map(|name| Candidate::new(name, ""))
                .collect()
        };
        let property = |profiles, keys: &[&str]| {
            matching.choose(values_of(profiles, keys), typed, |c| &c.value)
        };
        match (source, &self.profiles) {
            (Source::Shells, _) => fixed(&shells::Shell::NAMES),
            (Source::Sides, _) => fixed(&Side::NAMES),
            (Source::Formats, _) => fixed(&Format::NAMES),
            (Source::Files | Source::Command | Source::Free, _) | (_, None) => Vec::new(),
            (Source::Profiles, Some(profiles)) => {
                let described = |name| {
                    Candidate::new(
                        name,
                        &profiles
                            .profile(name)
                            .ok()
                            .flatten()
                            .map_or_else(String::new, |p| describe(&p)),
                    )
                };
                matching
                    .choose(profiles.names().collect(), typed, |name: &&str| name)
                    .into_iter()
                    .filter_map(described)
                    .collect()
            }
            (Source::RoleArns, Some(profiles)) => {
                property(profiles, &["rolecall_role_arn", "role_arn"])
            }
            (Source::MfaSerials, Some(profiles)) => {
                property(profiles, &["rolecall_mfa_serial", "mfa_serial"])
            }
            (Source::Regions, Some(profiles)) => property(profiles, &["region", "sso_region"]),
        }
    }
}

/// Returns the values that profiles have under some keys, each once, with the first profile that
/// has it.
fn values_of(profiles: &Profiles, keys: &[&str]) -> Vec<Candidate> {
    let mut seen = std::collections::HashSet::new();
    let mut found = Vec::new();
    for name in profiles.names() {
        let Some(profile) = profiles.profile(name).ok().flatten() else { continue };
        for value in keys.iter().filter_map(|key| profile.value(key)) {
            if seen.insert(value.to_owned()) {
                found.extend(Candidate::new(value, name));
            }
        }
    }
    found
}

/// Returns account and role, and the description, as far as the profile itself says them.
fn describe(profile: &Merged) -> String {
    let value =
        |key: &str| profile.value(&format!("rolecall_{key}")).or_else(|| profile.value(key));
    let arn = value("role_arn").and_then(Arn::parse);
    let account = arn
        .map(|arn| arn.account)
        .or_else(|| value("sso_account_id"))
        .or_else(|| value("aws_account_id"));
    let role = arn.map(|arn| arn.name()).or_else(|| value("sso_role_name"));
    let who = [account, role].into_iter().flatten().collect::<Vec<_>>().join(" ");
    [Some(who.as_str()), profile.value("description")]
        .into_iter()
        .flatten()
        .filter(|part| !part.is_empty())
        .collect::<Vec<_>>()
        .join(", ")
}
