//! The sessions that go with a profile when it is cleared.

use std::collections::{BTreeSet, HashMap, HashSet};

use super::chains::{along, chains};
use crate::app::context::Context;
use crate::app::requests;
use crate::app::service::resolve;
use crate::chain::NearMisses;
use crate::chain::session_key::{SessionKey, SessionKeys};
use crate::config::profiles::Profiles;
use crate::error::Result;
use crate::store::index::Entries;
use crate::system::report::Report;

/// Returns the keys of the sessions that go with these profiles: those that a chain ends in, those
/// on the way that no other profile uses, and those that the index has under a profile's name
/// though no chain leads to them any more.
///
/// # Errors
/// A name leads to no session, and its chain cannot be resolved.
pub fn keys_of(context: &Context, names: &[&str]) -> Result<BTreeSet<SessionKey>> {
    let profiles = context.profiles()?;
    let entries = context.known_sessions();
    let chosen: HashSet<&str> = names.iter().copied().collect();
    let reach = Reach::of(context, &profiles, &chosen);
    let abandoned = reach.abandoned(&entries, &chosen);
    let has_abandoned = |name: &str| abandoned.iter().any(|key| entries[key].profile == name);
    for name in names {
        if !reach.resolved.contains(name) && !has_abandoned(name) {
            let request = requests::of_profile(context, name).with_near_misses(NearMisses::Search);
            resolve(context, &profiles, &request)?;
        }
    }
    if let Some(other) = reach.shared_with(&entries) {
        context.ui.note(&format!(
            "a session that profile `{other}` uses too stays; to forget all: rolecall sessions \
             clear"
        ));
    }
    Ok(reach.own().into_iter().chain(abandoned).collect())
}

/// The sessions along the chains of profiles.
#[derive(Default)]
struct Reach<'a> {
    /// Those that the chains of the chosen profiles end in.
    ends: BTreeSet<SessionKey>,
    /// All those of the chosen profiles.
    passed: BTreeSet<SessionKey>,
    /// Those of other profiles, each with the name of one.
    others: HashMap<SessionKey, &'a str>,
    /// The chosen profiles that were resolved.
    resolved: HashSet<&'a str>,
}

impl<'a> Reach<'a> {
    fn of(context: &'a Context, profiles: &'a Profiles, chosen: &HashSet<&str>) -> Self {
        let mut reach = Self::default();
        for (name, chain) in chains(context, profiles) {
            let keys = SessionKeys::of(&chain);
            if chosen.contains(name) {
                reach.resolved.insert(name);
                reach.ends.insert(keys.last().clone());
                reach.passed.extend(along(&keys).cloned());
            } else {
                reach.others.extend(along(&keys).map(|key| (key.clone(), name)));
            }
        }
        reach
    }

    /// Returns the keys that the index has under a chosen name, though no chain leads to them: the
    /// profile was edited since, or options had shaped its chain.
    fn abandoned(&self, entries: &Entries, chosen: &HashSet<&str>) -> BTreeSet<SessionKey> {
        let is_abandoned =
            |key: &SessionKey| !self.passed.contains(key) && !self.others.contains_key(key);
        entries
            .iter()
            .filter(|(key, entry)| chosen.contains(entry.profile.as_str()) && is_abandoned(key))
            .map(|(key, _)| key.clone())
            .collect()
    }

    /// Returns another profile that uses a session on the way, which therefore stays.
    fn shared_with(&self, entries: &Entries) -> Option<&'a str> {
        let on_the_way = self.passed.difference(&self.ends);
        on_the_way
            .filter(|key| entries.contains_key(*key))
            .find_map(|key| self.others.get(key).copied())
    }

    /// Returns the keys that no other profile uses, and those that the chains end in.
    fn own(self) -> BTreeSet<SessionKey> {
        let Self { ends, mut passed, others, .. } = self;
        passed.retain(|key| ends.contains(key) || !others.contains_key(key));
        passed
    }
}
