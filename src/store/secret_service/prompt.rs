//! Unlocking: the one place that lets the keyring ask a person.

use std::collections::BTreeMap;
use std::future::poll_fn;
use std::pin::pin;

use zbus::export::futures_core::Stream;
use zbus::message::Type;
use zbus::{MatchRule, MessageStream, ObjectPath, OwnedObjectPath, Variant};

use crate::store::error::StoreError;
use crate::store::secret_service::bus::{BUS_NAME, ROOT};
use crate::store::secret_service::client::{Client, NONE, ROOT_INTERFACE};

const PROMPT: &str = "org.freedesktop.Secret.Prompt";

impl Client {
    /// Unlocks the collection that new items go to and whatever holds items of a service, and makes
    /// the default collection where there is none.
    pub(super) async fn unlock(&self, service: &str) -> Result<(), StoreError> {
        let (found, collection) = tokio::join!(self.search(service, None), self.collection());
        let mut objects = found?.locked;
        match collection? {
            Some(path) if self.is_locked(&path).await? => objects.push(path),
            Some(_) => {}
            None => self.create_collection().await?,
        }
        if objects.is_empty() {
            return Ok(());
        }
        self.unlock_objects(objects).await
    }

    /// Unlocks collections and items.
    pub(super) async fn unlock_objects(
        &self,
        objects: Vec<OwnedObjectPath>,
    ) -> Result<(), StoreError> {
        let reply = self.call(ROOT, ROOT_INTERFACE, "Unlock", &(objects,)).await?;
        let body = reply.body();
        let (_, prompt): (Vec<ObjectPath>, ObjectPath) = body.deserialize()?;
        self.answer(&prompt).await
    }

    async fn create_collection(&self) -> Result<(), StoreError> {
        let label = Variant::from("Login");
        let properties = BTreeMap::from([("org.freedesktop.Secret.Collection.Label", label)]);
        let reply =
            self.call(ROOT, ROOT_INTERFACE, "CreateCollection", &(properties, "default")).await?;
        let body = reply.body();
        let (_, prompt): (OwnedObjectPath, ObjectPath) = body.deserialize()?;
        self.answer(&prompt).await
    }

    /// Shows a prompt and waits until the person has answered or dismissed it.
    async fn answer(&self, prompt: &str) -> Result<(), StoreError> {
        if prompt == NONE {
            return Ok(());
        }
        let rule = MatchRule::builder()
            .msg_type(Type::Signal)
            .sender(BUS_NAME)
            .interface(PROMPT)
            .member("Completed")
            .path(prompt)
            .build()?;
        // Listening starts before the prompt does, so that its end cannot be missed.
        let signals = MessageStream::for_match_rule(rule, &self.connection, None).await?;
        self.call(prompt, PROMPT, "Prompt", &("",)).await?;
        let mut signals = pin!(signals);
        let signal = poll_fn(|context| signals.as_mut().poll_next(context))
            .await
            .ok_or_else(|| StoreError::Unavailable("the session bus went away".to_owned()))??;
        let body = signal.body();
        let (dismissed, _): (bool, Variant) = body.deserialize()?;
        if dismissed {
            return Err(StoreError::Denied("unlocking the keyring was declined".to_owned()));
        }
        Ok(())
    }
}
