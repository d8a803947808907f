//! The connection to the session bus. Failures leave as errors of `keyring_core`, which carry ours
//! inside.

use std::path::PathBuf;
use std::sync::{Mutex, PoisonError};

use crate::store::error::StoreError;
use crate::store::keyring::{
    LOOK_UP_TIMEOUT, UNLOCK_TIMEOUT, WRITE_TIMEOUT, Wait, Waiter, pass_on,
};
use crate::store::secret_service::bus;
use crate::store::secret_service::client::Client;
use crate::system::runtime::Runtime;

/// (Fields are dropped in this order: the connection before its runtime.)
pub(super) struct Link {
    /// The connection, made by the first call and left open for the next.
    client: Mutex<Option<Client>>,
    bus_address: Option<String>,
    runtime_dir: Option<PathBuf>,
    waiter: Waiter,
}

impl Link {
    pub(super) fn new(
        runtime: Runtime,
        bus_address: Option<String>,
        runtime_dir: Option<PathBuf>,
    ) -> Self {
        let waiter = Waiter::new(runtime);
        Self { client: Mutex::default(), bus_address, runtime_dir, waiter }
    }

    /// Runs an operation that reads.
    pub(super) fn look_up<T>(
        &self,
        operation: impl AsyncFnOnce(&Client) -> Result<T, StoreError>,
    ) -> keyring_core::Result<T> {
        self.run(Wait::Keyring(LOOK_UP_TIMEOUT), operation)
    }

    /// Runs an operation that writes or lists.
    pub(super) fn write<T>(
        &self,
        operation: impl AsyncFnOnce(&Client) -> Result<T, StoreError>,
    ) -> keyring_core::Result<T> {
        self.run(Wait::Keyring(WRITE_TIMEOUT), operation)
    }

    /// Runs an operation that waits for a person.
    pub(super) fn unlock(
        &self,
        announce: &dyn Fn(),
        operation: impl AsyncFnOnce(&Client) -> Result<(), StoreError>,
    ) -> keyring_core::Result<()> {
        self.run(Wait::Person(UNLOCK_TIMEOUT), async |client| {
            announce();
            operation(client).await
        })
    }

    fn run<T>(
        &self,
        wait: Wait,
        operation: impl AsyncFnOnce(&Client) -> Result<T, StoreError>,
    ) -> keyring_core::Result<T> {
        self.attempt(wait, operation).map_err(pass_on)
    }

    /// Runs one operation to its end, or until it was waited for long enough.
    pub(super) fn attempt<T>(
        &self,
        wait: Wait,
        operation: impl AsyncFnOnce(&Client) -> Result<T, StoreError>,
    ) -> Result<T, StoreError> {
        // A poisoned state is one like any other: nothing in it is half made.
        let mut client = self.client.lock().unwrap_or_else(PoisonError::into_inner);
        let (address, folder) = (self.bus_address.as_deref(), self.runtime_dir.as_deref());
        let outcome = self.waiter.wait(wait, async {
            let client = match &mut *client {
                Some(client) => client,
                none => none.insert(Client::new(bus::connect(address, folder).await?)),
            };
            operation(client).await
        });
        if !matches!(outcome, Ok(_) | Err(StoreError::Locked(_))) {
            // The next call starts afresh: the service may have been restarted.
            *client = None;
        }
        outcome
    }
}
