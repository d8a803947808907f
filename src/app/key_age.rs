//! How old the long-term keys in the store are, and whether that is too old.

use chrono::{DateTime, TimeDelta, Utc};

use super::call::AskPolicy;
use super::context::Context;
use super::stores::StoreOpener;
use crate::store::access_keys::KeyFacts;
use crate::store::long_lived::Records;
use crate::system::clock::{Clock, SystemClock};

/// The ages of keys, from the records beside the stores: no store is asked.
pub struct KeyAges {
    pub records: Records<KeyFacts>,
    /// The `max_key_age` of the settings.
    pub limit: Option<TimeDelta>,
    now: DateTime<Utc>,
}

impl KeyAges {
    pub fn read(context: &Context) -> Self {
        let stored = StoreOpener::new(context, &context.ui, AskPolicy::Never).access_keys(None);
        let limit = context.settings.max_key_age();
        Self { records: stored.records(), limit, now: SystemClock.now() }
    }

    /// Returns how old a key is since AWS made it or else since it was added, where that is known.
    pub fn of(&self, id: &str) -> Option<TimeDelta> {
        Some(self.now - self.records.get(id)?.since())
    }

    pub fn days(&self, id: &str) -> Option<i64> {
        self.of(id).map(|age| age.num_days())
    }

    /// Returns whether a key is as old as the settings allow.
    pub fn is_old(&self, id: &str) -> bool {
        self.of(id).zip(self.limit).is_some_and(|(age, limit)| age >= limit)
    }
}
