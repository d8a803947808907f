//! Values from the user's shared files.

use std::collections::HashSet;

use super::candidate::{Candidate, Matching};
use super::source::ValueSource;
use crate::aws::arn::Arn;
use crate::aws::console::service_names;
use crate::chain::keys;
use crate::config::document::SectionKind;
use crate::config::profiles::{Profile, Profiles};
use crate::output::formats::Format;
use crate::output::shells::Shell;
use crate::shell::IntegratedShell;

/// Completes values from the shared files, or offers nothing where these cannot be read.
pub struct ProfileCompleter {
    profiles: Option<Profiles>,
}

impl ProfileCompleter {
    pub fn new(profiles: Option<Profiles>) -> Self {
        Self { profiles }
    }

    /// Returns the values that match the typed text. Only these are described, because there may be
    /// thousands of profiles.
    pub fn candidates(
        &self,
        source: ValueSource,
        typed: &str,
        matching: Matching,
    ) -> Vec<Candidate> {
        let names = |names: &[&str]| {
            let chosen = matching.choose(names.to_vec(), typed, |name| name);
            chosen.into_iter().filter_map(|name| Candidate::new(name, "")).collect()
        };
        let property = |keys: &[&str]| {
            let all = self.profiles.as_ref().map(|profiles| values_of(profiles, keys));
            matching.candidates(all.unwrap_or_default(), typed)
        };
        match source {
            ValueSource::Shells => names(&Shell::NAMES),
            ValueSource::IntegratedShells => names(&IntegratedShell::NAMES),
            ValueSource::Formats => names(&Format::NAMES),
            ValueSource::Profiles => self.profiles(typed, matching, |_, _| true),
            ValueSource::WrittenSections => self.profiles(typed, matching, is_written),
            ValueSource::SsoSessions => names(&self.names_of(SectionKind::SsoSession)),
            ValueSource::Services => names(&self.names_of(SectionKind::Services)),
            ValueSource::ConsoleServices => {
                let service = |(name, others): (&str, String)| Candidate::new(name, &others);
                matching.candidates(service_names().filter_map(service).collect(), typed)
            }
            ValueSource::RoleArns => property(&["rolecall_role_arn", "role_arn"]),
            ValueSource::MfaSerials => property(&["rolecall_mfa_serial", "mfa_serial"]),
            ValueSource::Regions => property(&["region", "sso_region"]),
            // Keys are those of a section, which `SectionKeys` knows.
            ValueSource::Keys
            | ValueSource::Assignments
            | ValueSource::Files
            | ValueSource::Command
            | ValueSource::Free => Vec::new(),
        }
    }

    /// Returns a section, as far as the files can be read.
    pub fn section(&self, kind: SectionKind, name: &str) -> Option<Profile> {
        self.profiles.as_ref()?.section(kind, name).ok()?
    }

    fn names_of(&self, kind: SectionKind) -> Vec<&str> {
        self.profiles.iter().flat_map(|profiles| profiles.names_of(kind)).collect()
    }

    fn profiles(
        &self,
        typed: &str,
        matching: Matching,
        is_meant: impl Fn(&Profiles, &str) -> bool,
    ) -> Vec<Candidate> {
        let Some(profiles) = &self.profiles else { return Vec::new() };
        let description = |name| {
            let profile = profiles.profile(name).ok().flatten();
            profile.map_or_else(String::new, |profile| describe(&profile))
        };
        let names = profiles.names().filter(|name| is_meant(profiles, name));
        matching
            .choose(names.collect(), typed, |name: &&str| name)
            .into_iter()
            .filter_map(|name| Candidate::new(name, &description(name)))
            .collect()
    }
}

/// Returns whether `rolecall write` wrote something into a profile's section.
fn is_written(profiles: &Profiles, name: &str) -> bool {
    profiles.profile(name).is_ok_and(|found| found.is_some_and(|p| p.get(keys::WRITTEN).is_some()))
}

/// Returns the values that profiles have under some keys, each once. The first profile with a value
/// is its description.
fn values_of(profiles: &Profiles, keys: &[&str]) -> Vec<Candidate> {
    let mut seen = HashSet::new();
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

/// Returns account, role and description, as far as the profile itself has them.
fn describe(profile: &Profile) -> String {
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
