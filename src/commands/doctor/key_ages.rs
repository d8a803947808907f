//! Long-term keys in the store that are older than `max_key_age`.

use super::findings::Findings;
use crate::app::context::Context;
use crate::app::key_age::KeyAges;
use crate::aws::names::AccessKeyId;
use crate::chain::keys;
use crate::config::profiles::Profiles;
use crate::hint;
use crate::store::rotations::Journal;

/// Warns of each that no rotation is replacing.
pub fn check(context: &Context, profiles: &Profiles, names: &[&str], findings: &mut Findings) {
    let ages = KeyAges::read(context);
    let Some(limit) = ages.limit.filter(|_| !ages.records.is_empty()) else { return };
    let journal = Journal::new(context.directories.rotations());
    for name in names {
        let Ok(Some(profile)) = profiles.profile(name) else { continue };
        let Some(id) = profile.get(keys::STORED_KEY_ID) else { continue };
        let days = ages.days(&id.value).filter(|_| ages.is_old(&id.value));
        let Some(days) = days else { continue };
        if journal.find(&AccessKeyId::new(&id.value)).is_some() {
            continue;
        }
        let limit = limit.num_days();
        let message = format!(
            "{}: the access key {} is {days} days old, and max_key_age is {limit}",
            id.place, *id.value
        );
        let hint = format!("replace it: {}", hint::command("keys rotate", name));
        findings.about(name).warning("keys", &message, Some(&hint));
    }
}
