//! Long-term keys that lie in the store.

use super::Sources;
use crate::aws::{Credentials, LongTermKeys};
use crate::chain::{Chain, StoredKeys};
use crate::error::{Error, Result};
use crate::hint;
use crate::store::access_keys::StoredAccessKeys;

impl Sources<'_> {
    /// Takes keys from the store under the ID that the profile names.
    pub(super) fn stored_keys(&self, chain: &Chain, keys: &StoredKeys) -> Result<Credentials> {
        let id = &keys.access_key_id;
        let profile = chain.base_name();
        let stored: StoredAccessKeys = (self.access_keys)();
        let found = stored.get(id, self.calls.clock.now()).map_err(|error| {
            let message = error.message().to_owned();
            at(keys, error.about(profile), &message)
        })?;
        let found = found.ok_or_else(|| {
            let what = format!("no store has the secret of {id}");
            at(keys, Error::store(&what).about(profile), &what)
                .cause(format!("profile `{profile}` names it"))
                .hint(format!("add it: {} --force", hint::command("keys add", profile)))
                .hint("see what is stored, and where: rolecall keys list")
        })?;
        let account_id = keys.account_id.as_deref().or(chain.claimed_account()).map(str::to_owned);
        let account_id = account_id.or_else(|| stored.account_of(id));
        Ok(Credentials::LongTerm(LongTermKeys { account_id, ..found }))
    }
}

/// Puts before an error where the profile names the keys.
fn at(keys: &StoredKeys, error: Error, what: &str) -> Error {
    match &keys.place {
        Some(place) => error.with_message(format!("{place}: {what}")).at(place),
        None => error,
    }
}
