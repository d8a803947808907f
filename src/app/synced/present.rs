//! The profiles of IAM Identity Center that the config file has: which of them `rolecall sso sync`
//! made, and what else somebody wrote into them.

use std::collections::{HashMap, HashSet};

use crate::chain::keys;
use crate::config::document::{FileKind, SectionKind};
use crate::config::profiles::Profiles;
use crate::error::FileLine;

/// An account's ID and a role's name.
pub type Key = (String, String);

/// A profile that was made for an account and role.
#[derive(Debug, Clone)]
pub struct Marked {
    pub name: String,
    pub place: FileLine,
    pub key: Key,
    /// What the config file has of the keys that are written.
    pub session: Option<String>,
    pub region: Option<String>,
    /// Whether there is more in it than what was written.
    pub has_more: bool,
}

/// What the files have, for one session.
#[derive(Debug, Default)]
pub struct Present {
    /// All names, of whatever profile.
    pub names: HashSet<String>,
    /// In the order of the file.
    pub marked: Vec<Marked>,
    /// The profiles that somebody made for an account and role of the session.
    pub by_hand: HashMap<Key, String>,
}

/// What is written into a profile, besides the region.
const WRITTEN: [&str; 4] =
    [keys::SSO_SESSION, keys::SSO_ACCOUNT_ID, keys::SSO_ROLE_NAME, keys::SYNCED];

impl Present {
    /// Looks through the files. `regions` are those that are or were written.
    pub fn find(profiles: &Profiles, session: &str, regions: &[&str]) -> Self {
        let mut present = Self::default();
        for name in profiles.names() {
            present.names.insert(name.to_owned());
            present.look_at(profiles, name, session, regions);
        }
        present
    }

    fn look_at(&mut self, profiles: &Profiles, name: &str, session: &str, regions: &[&str]) {
        let document = profiles.document(FileKind::Config);
        let sections_in = |file| profiles.sections_in(file, SectionKind::Profile, name);
        let sections: Vec<_> = sections_in(FileKind::Config).collect();
        let bodies: Vec<_> = sections.iter().map(|section| document.body(section)).collect();
        let [first, ..] = sections.as_slice() else { return };
        // What is malformed is somebody's own, and cannot be changed.
        if bodies.iter().any(|body| !body.malformed.is_empty()) {
            return;
        }
        let properties = || bodies.iter().flat_map(|body| &body.properties);
        let value = |key: &str| {
            let last = properties().rfind(|property| property.key == key);
            last.map(|property| property.value.to_string()).filter(|value| !value.is_empty())
        };
        let (Some(account), Some(role)) = (value(keys::SSO_ACCOUNT_ID), value(keys::SSO_ROLE_NAME))
        else {
            return;
        };
        let (key, of) = ((account, role), value(keys::SSO_SESSION));
        match value(keys::SYNCED) {
            Some(mark) if mark == session => {
                let region = value(keys::REGION);
                let is_written = |key: &str| {
                    let is_region = key == keys::REGION;
                    WRITTEN.contains(&key)
                        || is_region && region.as_deref().is_some_and(|r| regions.contains(&r))
                };
                let has_more = sections.len() > 1
                    || !document.holds_only_keys(first)
                    || sections_in(FileKind::Credentials).next().is_some()
                    || !properties().all(|property| is_written(&property.key));
                let place = FileLine { path: document.path.clone(), line: first.line };
                let name = name.to_owned();
                self.marked.push(Marked { name, place, key, session: of, region, has_more });
            }
            None if of.as_deref() == Some(session) => {
                self.by_hand.entry(key).or_insert_with(|| name.to_owned());
            }
            _ => {}
        }
    }
}
