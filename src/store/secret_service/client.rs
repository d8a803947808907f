//! The calls of the Secret Service specification that a look-up and a write take.

use std::collections::BTreeMap;
use std::sync::OnceLock;

use zbus::export::serde::Serialize;
use zbus::{Connection, DynamicType, Message, ObjectPath, OwnedObjectPath, Variant};

use crate::store::error::StoreError;
use crate::store::secret_service::bus::{BUS_NAME, BusError, ROOT, judge};

pub(super) const ROOT_INTERFACE: &str = "org.freedesktop.Secret.Service";
pub(super) const COLLECTION: &str = "org.freedesktop.Secret.Collection";
pub(super) const ITEM: &str = "org.freedesktop.Secret.Item";
const PROPERTIES: &str = "org.freedesktop.DBus.Properties";

/// The collection that lives in memory only and dies with the log-in.
const SESSION_COLLECTION: &str = "/org/freedesktop/secrets/collection/session";
/// The path that stands for "no object".
pub(super) const NONE: &str = "/";

/// One connection and, once opened, its session.
pub(super) struct Client {
    pub(super) connection: Connection,
    session: OnceLock<OwnedObjectPath>,
}

/// What a search found.
pub(super) struct FoundItems {
    pub(super) unlocked: Vec<OwnedObjectPath>,
    pub(super) locked: Vec<OwnedObjectPath>,
}

impl Client {
    pub(super) fn new(connection: Connection) -> Self {
        Self { connection, session: OnceLock::new() }
    }

    /// Returns the secret of the first item of a service and a user; `None` where there is none.
    pub(super) async fn get(
        &self,
        service: &str,
        user: &str,
    ) -> Result<Option<Vec<u8>>, StoreError> {
        let (session, found) = tokio::join!(self.session(), self.search(service, Some(user)));
        let found = found?;
        let mut locked = !found.locked.is_empty();
        if !found.unlocked.is_empty() {
            let session = session?;
            for item in &found.unlocked {
                match self.secret(item, session).await {
                    Ok(secret) => return Ok(Some(secret)),
                    Err(BusError::Gone) => {}
                    Err(BusError::Store(StoreError::Locked(_))) => locked = true,
                    Err(BusError::Store(error)) => return Err(error),
                }
            }
        }
        if locked {
            return Err(StoreError::Locked("the keyring that holds the item".into()));
        }
        Ok(None)
    }

    /// Writes an item over all that have the same service and user.
    pub(super) async fn put(
        &self,
        service: &str,
        user: &str,
        label: &str,
        secret: &[u8],
    ) -> Result<(), StoreError> {
        let (session, found, collection) = tokio::join!(
            self.session(),
            self.search(service, Some(user)),
            self.unlocked_collection()
        );
        let (session, found, collection) = (session?, found?, collection?);
        let attributes = BTreeMap::from([("service", service), ("username", user)]);
        let properties = BTreeMap::from([
            ("org.freedesktop.Secret.Item.Attributes", Variant::from(attributes)),
            ("org.freedesktop.Secret.Item.Label", Variant::from(label)),
        ]);
        let parameters: &[u8] = &[];
        let wire = (session, parameters, secret, "text/plain");
        let reply =
            self.call(&collection, COLLECTION, "CreateItem", &(properties, wire, true)).await?;
        let body = reply.body();
        let (item, prompt): (ObjectPath, ObjectPath) = body.deserialize()?;
        refuse_prompt(&prompt)?;
        // Anything else under the same name would be found beside the new item.
        for stale in found.unlocked.iter().filter(|path| path.as_str() != item.as_str()) {
            self.remove(stale).await?;
        }
        Ok(())
    }

    /// Deletes all items of a service and a user, and returns whether there were any.
    pub(super) async fn delete(&self, service: &str, user: &str) -> Result<bool, StoreError> {
        let found = self.search(service, Some(user)).await?;
        for item in &found.unlocked {
            self.remove(item).await?;
        }
        if found.locked.is_empty() {
            return Ok(!found.unlocked.is_empty());
        }
        Err(StoreError::Locked("the keyring that holds the item".into()))
    }

    /// Returns the users of all items of a service. Those of locked ones may be hashed on the disk,
    /// so that one among them is an error.
    pub(super) async fn users(&self, service: &str) -> Result<Vec<String>, StoreError> {
        let found = self.search(service, None).await?;
        if !found.locked.is_empty() {
            return Err(StoreError::Locked(format!(
                "the keyring that holds {} items",
                found.locked.len()
            )));
        }
        let mut users = Vec::with_capacity(found.unlocked.len());
        for item in &found.unlocked {
            let attributes =
                self.property::<BTreeMap<String, String>>(item, ITEM, "Attributes").await;
            match attributes {
                Ok(mut attributes) => users.extend(attributes.remove("username")),
                Err(BusError::Gone) => {}
                Err(BusError::Store(error)) => return Err(error),
            }
        }
        Ok(users)
    }

    /// Returns the collection that new items go to, which is unlocked.
    pub(super) async fn probe(&self) -> Result<String, StoreError> {
        let (session, collection) = tokio::join!(self.session(), self.unlocked_collection());
        session?;
        Ok(collection?.as_str().to_owned())
    }

    /// Returns the session of this connection, opened at the first use, in which secrets travel as
    /// they are.
    pub(super) async fn session(&self) -> Result<&OwnedObjectPath, StoreError> {
        if let Some(session) = self.session.get() {
            return Ok(session);
        }
        let reply =
            self.call(ROOT, ROOT_INTERFACE, "OpenSession", &("plain", Variant::from(""))).await?;
        let body = reply.body();
        let (_, session): (Variant, OwnedObjectPath) = body.deserialize()?;
        Ok(self.session.get_or_init(|| session))
    }

    /// Finds the items of a service and a user, or all of the service.
    pub(super) async fn search(
        &self,
        service: &str,
        user: Option<&str>,
    ) -> Result<FoundItems, StoreError> {
        let mut attributes = BTreeMap::from([("service", service)]);
        if let Some(user) = user {
            attributes.insert("username", user);
        }
        let reply = self.call(ROOT, ROOT_INTERFACE, "SearchItems", &(attributes,)).await?;
        let body = reply.body();
        let (unlocked, locked) = body.deserialize()?;
        Ok(FoundItems { unlocked, locked })
    }

    pub(super) async fn secret(&self, item: &str, session: &str) -> Result<Vec<u8>, BusError> {
        let session = ObjectPath::try_from(session)?;
        let reply = self.call(item, ITEM, "GetSecret", &(session,)).await?;
        let body = reply.body();
        let ((_, _, value, _),): ((ObjectPath, &[u8], &[u8], &str),) = body.deserialize()?;
        Ok(value.to_vec())
    }

    async fn remove(&self, item: &str) -> Result<(), StoreError> {
        let reply = match self.call(item, ITEM, "Delete", &()).await {
            Ok(reply) => reply,
            Err(BusError::Gone) => return Ok(()),
            Err(BusError::Store(error)) => return Err(error),
        };
        let body = reply.body();
        let prompt: ObjectPath = body.deserialize()?;
        refuse_prompt(&prompt)
    }

    async fn unlocked_collection(&self) -> Result<OwnedObjectPath, StoreError> {
        let collection = self.collection().await?.ok_or_else(|| {
            StoreError::Unavailable("the keyring has no collection yet".to_owned())
        })?;
        if self.is_locked(&collection).await? {
            return Err(StoreError::Locked(format!("the keyring {}", collection.as_str())));
        }
        Ok(collection)
    }

    /// Returns the collection that new items go to: `default`, else `login`, else the first on
    /// the disk.
    pub(super) async fn collection(&self) -> Result<Option<OwnedObjectPath>, StoreError> {
        for alias in ["default", "login"] {
            let reply = self.call(ROOT, ROOT_INTERFACE, "ReadAlias", &(alias,)).await?;
            let body = reply.body();
            let path: ObjectPath = body.deserialize()?;
            if path.as_str() != NONE {
                return Ok(Some(path.to_owned().into()));
            }
        }
        let all: Vec<OwnedObjectPath> = self.property(ROOT, ROOT_INTERFACE, "Collections").await?;
        Ok(all.into_iter().find(|path| path.as_str() != SESSION_COLLECTION))
    }

    pub(super) async fn is_locked(&self, collection: &str) -> Result<bool, StoreError> {
        Ok(self.property(collection, COLLECTION, "Locked").await?)
    }

    pub(super) async fn property<T>(
        &self,
        path: &str,
        interface: &'static str,
        name: &str,
    ) -> Result<T, BusError>
    where
        T: for<'v> TryFrom<Variant<'v>>,
    {
        let reply = self.call(path, PROPERTIES, "Get", &(interface, name)).await?;
        let body = reply.body();
        let value: Variant = body.deserialize()?;
        T::try_from(value).map_err(|_| {
            BusError::Store(StoreError::Failed(format!("the keyring's {name} is of another type")))
        })
    }

    /// Calls a method of the Secret Service on one of its objects.
    pub(super) async fn call(
        &self,
        path: &str,
        interface: &'static str,
        method: &'static str,
        body: &(impl Serialize + DynamicType),
    ) -> Result<Message, BusError> {
        self.connection
            .call_method(Some(BUS_NAME), path, Some(interface), method, body)
            .await
            .map_err(|error| judge(&error))
    }
}

/// Nothing but `unlock` may wait for a person: a call that wants to ask one has met a lock.
fn refuse_prompt(prompt: &str) -> Result<(), StoreError> {
    if prompt == NONE {
        Ok(())
    } else {
        Err(StoreError::Locked("the keyring asks its user first".to_owned()))
    }
}
