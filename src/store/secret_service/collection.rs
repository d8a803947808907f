//! A collection of the Secret Service in which another program keeps its items: read, and never
//! written.

use std::collections::BTreeMap;
use std::path::PathBuf;

use zbus::OwnedObjectPath;
use zeroize::Zeroizing;

use crate::store::error::StoreError;
use crate::store::keyring::{UNLOCK_TIMEOUT, WRITE_TIMEOUT, Wait};
use crate::store::secret_service::bus::{BusError, ROOT};
use crate::store::secret_service::client::{COLLECTION, Client, ITEM, ROOT_INTERFACE};
use crate::store::secret_service::link::Link;
use crate::system::runtime::Runtime;
use crate::text::unescape;

/// Begins the object paths of collections.
const PATH_PREFIX: &str = "/org/freedesktop/secrets/collection/";

/// A collection by its name. A call takes two seconds at most, and `unlock` a minute.
pub struct Collection {
    link: Link,
    name: String,
}

impl Collection {
    /// Returns a collection, whose calls wait in `runtime`. The bus is found as by
    /// `SecretService::keyring`. Nothing is opened before the first call.
    #[must_use]
    pub fn new(
        runtime: Runtime,
        bus_address: Option<String>,
        runtime_dir: Option<PathBuf>,
        name: &str,
    ) -> Self {
        Self { link: Link::new(runtime, bus_address, runtime_dir), name: name.to_owned() }
    }

    /// Returns the values of an attribute of its items; `None` where there is no such collection.
    ///
    /// # Errors
    /// `Locked`, since the attributes of locked items may be hashed on the disk; `Unavailable` where
    /// there is no Secret Service, or what else the service says.
    pub fn values(&self, attribute: &str) -> Result<Option<Vec<String>>, StoreError> {
        self.read(async |client| {
            let Some(collection) = client.named_collection(&self.name).await? else {
                return Ok(None);
            };
            if client.is_locked(&collection).await? {
                return Err(StoreError::Locked(format!("the collection `{}`", self.name)));
            }
            let mut values = Vec::new();
            for item in client.items(&collection).await? {
                values.extend(client.attributes(&item).await?.remove(attribute));
            }
            Ok(Some(values))
        })
    }

    /// Returns the secret of the first item that has a value of an attribute; `None` where there is
    /// none.
    ///
    /// # Errors
    /// As [`values`](Self::values).
    pub fn secret(
        &self,
        attribute: &str,
        value: &str,
    ) -> Result<Option<Zeroizing<Vec<u8>>>, StoreError> {
        self.read(async |client| {
            let Some(collection) = client.named_collection(&self.name).await? else {
                return Ok(None);
            };
            let session = client.session().await?;
            for item in client.items_with(&collection, attribute, value).await? {
                match client.secret(&item, session).await {
                    Ok(secret) => return Ok(Some(Zeroizing::new(secret))),
                    Err(BusError::Gone) => {}
                    Err(BusError::Store(error)) => return Err(error),
                }
            }
            Ok(None)
        })
    }

    /// Lets the keyring ask its user to unlock the collection, and waits for the answer. `announce`
    /// says so to the user.
    ///
    /// # Errors
    /// `Denied` when the person declines, `TimedOut` when nobody answers, `Interrupted` on Ctrl-C.
    pub fn unlock(&self, announce: &dyn Fn()) -> Result<(), StoreError> {
        self.link.attempt(Wait::Person(UNLOCK_TIMEOUT), async |client| {
            announce();
            match client.named_collection(&self.name).await? {
                Some(collection) => client.unlock_objects(vec![collection]).await,
                None => Ok(()),
            }
        })
    }

    fn read<T>(
        &self,
        operation: impl AsyncFnOnce(&Client) -> Result<T, StoreError>,
    ) -> Result<T, StoreError> {
        self.link.attempt(Wait::Keyring(WRITE_TIMEOUT), operation)
    }
}

impl Client {
    /// Finds a collection by its path, as the programs do that made it, or else by its label.
    async fn named_collection(&self, name: &str) -> Result<Option<OwnedObjectPath>, StoreError> {
        let all: Vec<OwnedObjectPath> = self.property(ROOT, ROOT_INTERFACE, "Collections").await?;
        let is_named = |path: &&OwnedObjectPath| {
            path.as_str()
                .strip_prefix(PATH_PREFIX)
                .is_some_and(|part| unescape(part, b'_') == name.as_bytes())
        };
        if let Some(path) = all.iter().find(is_named) {
            return Ok(Some(path.clone()));
        }
        for path in all {
            match self.property::<String>(&path, COLLECTION, "Label").await {
                Ok(label) if label == name => return Ok(Some(path)),
                Ok(_) | Err(BusError::Gone) => {}
                Err(BusError::Store(error)) => return Err(error),
            }
        }
        Ok(None)
    }

    async fn items(&self, collection: &str) -> Result<Vec<OwnedObjectPath>, StoreError> {
        Ok(self.property(collection, COLLECTION, "Items").await?)
    }

    /// Returns the attributes of an item; none where it is gone.
    async fn attributes(&self, item: &str) -> Result<BTreeMap<String, String>, StoreError> {
        match self.property(item, ITEM, "Attributes").await {
            Ok(attributes) => Ok(attributes),
            Err(BusError::Gone) => Ok(BTreeMap::new()),
            Err(BusError::Store(error)) => Err(error),
        }
    }

    async fn items_with(
        &self,
        collection: &str,
        attribute: &str,
        value: &str,
    ) -> Result<Vec<OwnedObjectPath>, StoreError> {
        let attributes = BTreeMap::from([(attribute, value)]);
        let reply = self.call(collection, COLLECTION, "SearchItems", &(attributes,)).await?;
        let body = reply.body();
        let (items,) = body.deserialize()?;
        Ok(items)
    }
}
