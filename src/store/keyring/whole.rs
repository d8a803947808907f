//! Two items for all entries, one for the sessions and one for the long-term secrets, each read and
//! written whole. macOS asks its user for each item when an unsigned program has changed: so it asks
//! twice at most, and not once per session.
//!
//! A look-up reads one item. Writers take turns by a lock file, because each writes what the others
//! have put there as well.

mod content;

use std::fs::File;
use std::sync::Arc;
use std::time::Duration;

use keyring_core::Result as KeyringResult;
use secrecy::{ExposeSecret, SecretString};
use zeroize::Zeroizing;

use crate::error::Kind;
use crate::store::entry_name::EntryName;
use crate::store::error::StoreError;
use crate::store::keyring::items::{ItemName, Items};
use crate::store::keyring::whole::content::{Content, Unreadable};
use crate::store::keyring::{OsKeyring, text};
use crate::store::secret_store::{NewEntry, SecretStore};
use crate::system::clock::Clock;
use crate::system::locks::Locks;

/// The user of both items; their services are what people see.
const USER: &str = "rolecall";
/// The most that one item holds: some 500 sessions. The Keychain itself names no limit.
const MAX_BYTES: usize = 1024 * 1024;
/// How long one other writer is waited for, which takes some hundredths of a second.
const LOCK_TIMEOUT: Duration = Duration::from_secs(5);

/// A keyring in which all entries lie in two items.
pub struct WholeItems<'a, K> {
    items: Items<K>,
    locks: Box<dyn Locks + 'a>,
    clock: &'a dyn Clock,
}

/// One of the two items.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum SharedItem {
    Sessions,
    LongTermSecrets,
}

impl SharedItem {
    const ALL: [Self; 2] = [Self::Sessions, Self::LongTermSecrets];

    fn of(name: &EntryName) -> Self {
        match name {
            EntryName::Session(_) => Self::Sessions,
            EntryName::MfaSeed(_) | EntryName::LongTermKeys(_) | EntryName::SsoToken(_) => {
                Self::LongTermSecrets
            }
        }
    }

    /// Returns the service of the item, under which a keyring manager lists it.
    fn service(self) -> &'static str {
        match self {
            Self::Sessions => "rolecall sessions",
            Self::LongTermSecrets => "rolecall long-term secrets",
        }
    }

    fn lock(self) -> &'static str {
        match self {
            Self::Sessions => "keyring-sessions",
            Self::LongTermSecrets => "keyring-long-term-secrets",
        }
    }

    fn name(self) -> ItemName<'static> {
        ItemName { service: self.service(), user: USER.into() }
    }
}

impl<'a, K: OsKeyring> WholeItems<'a, K> {
    /// Takes a keyring as its crate opens it. Where that failed, every call fails so.
    pub fn new(
        opened: KeyringResult<Arc<K>>,
        locks: Box<dyn Locks + 'a>,
        clock: &'a dyn Clock,
    ) -> Self {
        Self { items: Items::new(opened), locks, clock }
    }

    fn now(&self) -> i64 {
        self.clock.now().timestamp()
    }

    /// Waits for the turn to write an item; `None` where there can be no locks.
    fn turn(&self, shared: SharedItem) -> Result<Option<File>, StoreError> {
        let turn = self.locks.acquire(shared.lock(), "the keyring", LOCK_TIMEOUT);
        turn.map_err(|error| match error.kind() {
            Kind::Interrupted => StoreError::Interrupted,
            _ => StoreError::Failed(error.to_string()),
        })
    }

    fn read(&self, shared: SharedItem) -> Result<Zeroizing<Vec<u8>>, StoreError> {
        Ok(self.items.read(&shared.name())?.unwrap_or_default())
    }

    fn write(&self, shared: SharedItem, mut content: Content) -> Result<(), StoreError> {
        content.drop_expired(self.now());
        if content.is_empty() {
            return self.items.remove(&shared.name()).map(drop);
        }
        self.items.write(&shared.name(), shared.service(), &content.render()?)
    }

    /// Returns how many entries an item holds.
    fn count(&self, shared: SharedItem) -> Result<usize, StoreError> {
        let bytes = self.read(shared).map_err(|error| match error {
            // What `probe` wrote has shown that the keyring itself is open.
            StoreError::Locked(why) => StoreError::Denied(format!(
                "the item `{}` does not let this build of rolecall in: {why}",
                shared.service()
            )),
            error => error,
        })?;
        let mut content = parse(shared, &bytes)?;
        content.drop_expired(self.now());
        Ok(content.names().count())
    }
}

/// Reads what an item holds. Sessions that cannot be read are made anew; nobody can make a long-term
/// secret anew, so that an item with one is left as it is.
fn parse(shared: SharedItem, bytes: &[u8]) -> Result<Content<'_>, StoreError> {
    let service = shared.service();
    match (Content::parse(bytes), shared) {
        (Ok(content), _) => Ok(content),
        (Err(Unreadable::Garbage), SharedItem::Sessions) => Ok(Content::default()),
        (Err(Unreadable::Garbage), SharedItem::LongTermSecrets) => {
            Err(StoreError::Failed(format!(
                "the item `{service}` cannot be read, and is left as it is until you delete it in the \
                 keyring"
            )))
        }
        (Err(Unreadable::Later), _) => {
            Err(StoreError::Failed(format!("a newer rolecall wrote the item `{service}`")))
        }
    }
}

impl<K: OsKeyring> SecretStore for WholeItems<'_, K> {
    fn name(&self) -> &'static str {
        "keyring"
    }

    fn get(&self, name: &EntryName) -> Result<Option<SecretString>, StoreError> {
        let shared = SharedItem::of(name);
        let bytes = self.read(shared)?;
        let content = parse(shared, &bytes)?;
        let Some(secret) = content.get(name.as_str(), self.now()) else { return Ok(None) };
        match (content::decode(secret), shared) {
            (Some(secret), _) => text(secret).map(Some),
            (None, SharedItem::Sessions) => Ok(None),
            (None, SharedItem::LongTermSecrets) => Err(StoreError::Failed(format!(
                "an entry of the item `{}` cannot be read",
                shared.service()
            ))),
        }
    }

    fn put(&self, name: &EntryName, entry: &NewEntry) -> Result<(), StoreError> {
        let shared = SharedItem::of(name);
        let secret = content::encode(entry.secret.expose_secret());
        let _turn = self.turn(shared)?;
        let bytes = self.read(shared)?;
        let mut content = parse(shared, &bytes)?;
        content.insert(name.as_str(), &secret, entry.expires_at);
        content.make_room(name.as_str(), MAX_BYTES.min(K::MAX_ENTRY_BYTES))?;
        self.write(shared, content)
    }

    fn delete(&self, name: &EntryName) -> Result<bool, StoreError> {
        let shared = SharedItem::of(name);
        let _turn = self.turn(shared)?;
        let bytes = self.read(shared)?;
        let mut content = parse(shared, &bytes)?;
        if !content.remove(name.as_str()) {
            return Ok(false);
        }
        self.write(shared, content)?;
        Ok(true)
    }

    fn list(&self) -> Result<Vec<EntryName>, StoreError> {
        let mut names = Vec::new();
        for shared in SharedItem::ALL {
            let bytes = self.read(shared)?;
            names.extend(parse(shared, &bytes)?.names().filter_map(EntryName::parse));
        }
        Ok(names)
    }

    fn probe(&self) -> Result<String, StoreError> {
        let keyring = self.items.probe()?;
        let sessions = self.count(SharedItem::Sessions)?;
        let secrets = self.count(SharedItem::LongTermSecrets)?;
        Ok(format!("{keyring}, {sessions} sessions and {secrets} long-term secrets of ours"))
    }

    fn unlock(&self, announce: &dyn Fn()) -> Result<(), StoreError> {
        self.items.unlock(announce)
    }
}

#[cfg(test)]
mod tests;
