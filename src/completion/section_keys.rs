//! The keys of the section that a command line is about, for `profile set`, `add` and `unset`.

use super::candidate::{Candidate, Matching};
use super::position::LinePosition;
use super::profiles::ProfileCompleter;
use super::source::{ValueSource, of_key};
use crate::chain::adoption::ROLE_KEYS;
use crate::chain::{keys, known_keys};
use crate::config::document::SectionKind;
use crate::config::edit::SectionName;
use crate::config::profiles::{Profile, is_secret, shown, sub_properties};

/// What an sso-session may have.
const OF_SSO_SESSION: [&str; 3] =
    [keys::SSO_START_URL, keys::SSO_REGION, "sso_registration_scopes"];
/// What rolecall writes itself.
const WRITTEN: [&str; 2] = [keys::WRITTEN, keys::TOKEN_EXPIRES];

/// Completes keys of one section.
pub struct SectionKeys<'a> {
    pub completer: &'a ProfileCompleter,
    pub matching: Matching,
    kind: SectionKind,
    /// The section, where the files have it.
    section: Option<Profile>,
    /// The words that are keys already.
    typed: Vec<&'a str>,
}

impl<'a> SectionKeys<'a> {
    /// Finds the section that a line names; `None` where it names none.
    pub fn of(
        completer: &'a ProfileCompleter,
        matching: Matching,
        position: &'a LinePosition,
    ) -> Option<Self> {
        let SectionName { kind, name } = position.typed.iter().find_map(|(arg, word)| {
            let kind = match ValueSource::of(arg) {
                ValueSource::Profiles => SectionKind::Profile,
                ValueSource::SsoSessions => SectionKind::SsoSession,
                ValueSource::Services => SectionKind::Services,
                _ => return None,
            };
            Some(SectionName { kind, name: word.clone() })
        })?;
        let is_key = |source| matches!(source, ValueSource::Keys | ValueSource::Assignments);
        let typed = position.typed.iter().filter(|(arg, _)| is_key(ValueSource::of(arg)));
        let typed = typed.map(|(_, word)| word.split('=').next().unwrap_or_default()).collect();
        let section = completer.section(kind, &name);
        Some(Self { completer, matching, kind, section, typed })
    }

    /// Returns the keys that the section has, each with its value.
    pub fn present(&self, typed: &str) -> Vec<Candidate> {
        self.matching.candidates(self.keys(), typed)
    }

    /// Returns the keys that the section may have, each with `=`; behind a `=` the values of its
    /// key that are known.
    pub fn assignments(&self, typed: &str) -> Vec<Candidate> {
        if let Some((key, typed)) = typed.split_once('=') {
            let values = self.completer.candidates(of_key(key), typed, self.matching);
            return values
                .into_iter()
                .map(|c| Candidate { value: format!("{key}={}", c.value), ..c })
                .collect();
        }
        let present = self.keys();
        let known = self.known(typed).filter(|key| present.iter().all(|c| c.value != *key));
        let known: Vec<_> = known.filter_map(|key| Candidate::new(&key, "")).collect();
        let all = present.into_iter().chain(known);
        let all = all.filter(|candidate| !is_secret(&candidate.value));
        let all = all.map(|c| Candidate { value: format!("{}=", c.value), ..c });
        self.matching.candidates(all.collect(), typed)
    }

    /// Returns the keys of the section that are not on the line yet, those in blocks too.
    fn keys(&self) -> Vec<Candidate> {
        let properties = self.section.iter().flat_map(|section| &section.properties);
        let keys = properties.flat_map(|property| {
            let (key, value) = (property.key.as_str(), property.value.as_str());
            let block = value.starts_with('\n');
            let nested = block.then(|| sub_properties(value)).into_iter().flatten();
            let nested = nested.map(move |(name, value)| (format!("{key}.{name}"), value));
            let whole = (!block).then(|| (key.to_owned(), value));
            whole.into_iter().chain(nested)
        });
        keys.filter(|(key, _)| !self.typed.contains(&key.as_str()))
            .filter_map(|(key, value)| Candidate::new(&key, &shown(&key, value)))
            .collect()
    }

    /// Returns the keys that a section of its kind may have and that are not on the line yet. Those
    /// of a role come with the prefix where it is typed.
    fn known(&self, typed: &str) -> impl Iterator<Item = String> {
        let plain: Vec<&str> = match self.kind {
            SectionKind::Profile => known_keys().filter(|key| !WRITTEN.contains(key)).collect(),
            SectionKind::SsoSession => OF_SSO_SESSION.to_vec(),
            SectionKind::Services => Vec::new(),
        };
        let is_prefixed = self.kind == SectionKind::Profile && typed.starts_with(keys::PREFIX);
        let prefixed = ROLE_KEYS.iter().filter(move |_| is_prefixed);
        let prefixed = prefixed.map(|key| format!("{}{key}", keys::PREFIX));
        let all = prefixed.chain(plain.into_iter().map(str::to_owned));
        all.filter(|key| !self.typed.contains(&key.as_str()))
    }
}
