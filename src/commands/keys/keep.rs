//! Keys on their way into the store.

use secrecy::ExposeSecret;

use crate::aws::LongTermKeys;
use crate::aws::names::AccessKeyId;
use crate::error::{Error, Result};
use crate::store::StoreName;
use crate::store::access_keys::{KeyFacts, StoredAccessKeys};
use crate::system::clock::{Clock, SystemClock};

/// Writes keys into the store, and returns what it gives back. `facts` is what AWS said of them.
///
/// # Errors
/// When the store does not take them, or does not give them back; an interruption.
pub fn keep(
    stored: &StoredAccessKeys,
    (id, given): (&AccessKeyId, &LongTermKeys),
    target: StoreName,
    facts: KeyFacts,
) -> Result<LongTermKeys> {
    stored.put(id, given, target, (SystemClock.now(), facts))?;
    let kept = stored.existing(id, target)?.filter(|kept| is_same(kept, given));
    kept.ok_or_else(|| {
        Error::store(format!("the store {target} does not give back the secret of {id}"))
            .hint(format!("look at it: rolecall doctor --store {target}"))
    })
}

/// Returns whether two pairs have the same secret.
pub fn is_same(one: &LongTermKeys, other: &LongTermKeys) -> bool {
    one.secret_access_key.expose_secret() == other.secret_access_key.expose_secret()
}
