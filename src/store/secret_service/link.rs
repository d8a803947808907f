//! The connection to the session bus, and the time that each call over it may take. Failures leave
//! as errors of `keyring_core`, which carry ours inside.

use std::path::PathBuf;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use tokio::runtime::{Builder, Runtime};

use crate::store::error::StoreError;
use crate::store::secret_service::client::Client;

/// The longest that one call may take, connecting included.
const LOOK_UP_TIMEOUT: Duration = Duration::from_secs(1);
const WRITE_TIMEOUT: Duration = Duration::from_secs(2);
/// The longest that a person is waited for.
const UNLOCK_TIMEOUT: Duration = Duration::from_mins(1);
/// How long a bus that stayed silent once is taken to stay so.
const SILENCE: Duration = Duration::from_secs(5);

pub(super) struct Link {
    bus_address: Option<String>,
    runtime_dir: Option<PathBuf>,
    state: Mutex<State>,
}

/// The connection, made by the first call and left open for the next.
#[derive(Default)]
struct State {
    runtime: Option<Runtime>,
    client: Option<Client>,
    silent: Option<(Instant, Duration)>,
}

impl Link {
    pub(super) fn new(bus_address: Option<String>, runtime_dir: Option<PathBuf>) -> Self {
        Self { bus_address, runtime_dir, state: Mutex::default() }
    }

    /// Runs an operation that reads.
    pub(super) fn look_up<T>(
        &self,
        operation: impl AsyncFnOnce(&Client) -> Result<T, StoreError>,
    ) -> keyring_core::Result<T> {
        self.run(LOOK_UP_TIMEOUT, operation).map_err(pass_on)
    }

    /// Runs an operation that writes or lists.
    pub(super) fn write<T>(
        &self,
        operation: impl AsyncFnOnce(&Client) -> Result<T, StoreError>,
    ) -> keyring_core::Result<T> {
        self.run(WRITE_TIMEOUT, operation).map_err(pass_on)
    }

    /// Runs an operation that waits for a person.
    pub(super) fn unlock(
        &self,
        operation: impl AsyncFnOnce(&Client) -> Result<(), StoreError>,
    ) -> keyring_core::Result<()> {
        self.state().silent = None;
        let outcome = self.run(UNLOCK_TIMEOUT, operation);
        // A person who stays away says nothing about the bus.
        self.state().silent = None;
        outcome.map_err(pass_on)
    }

    fn state(&self) -> MutexGuard<'_, State> {
        // A poisoned state is one like any other: nothing in it is half made.
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Runs one operation to its end, or for `timeout`.
    fn run<T>(
        &self,
        timeout: Duration,
        operation: impl AsyncFnOnce(&Client) -> Result<T, StoreError>,
    ) -> Result<T, StoreError> {
        let mut guard = self.state();
        let state = &mut *guard;
        if let Some((since, waited)) = state.silent {
            if since.elapsed() < SILENCE {
                return Err(StoreError::TimedOut(waited));
            }
            state.silent = None;
        }
        let runtime = match state.runtime.take() {
            Some(runtime) => runtime,
            None => Builder::new_current_thread()
                .enable_io()
                .enable_time()
                .build()
                .map_err(|error| StoreError::Failed(format!("no runtime: {error}")))?,
        };
        let client = &mut state.client;
        let outcome = runtime.block_on(async {
            tokio::time::timeout(timeout, async {
                let client = match client {
                    Some(client) => client,
                    None => client.insert(
                        Client::connect(self.bus_address.as_deref(), self.runtime_dir.as_deref())
                            .await?,
                    ),
                };
                operation(client).await
            })
            .await
            .unwrap_or(Err(StoreError::TimedOut(timeout)))
        });
        match &outcome {
            Ok(_) | Err(StoreError::Locked(_)) => {}
            Err(error) => {
                // The next call starts afresh: the service may have been restarted.
                state.client = None;
                if matches!(error, StoreError::TimedOut(_)) {
                    state.silent = Some((Instant::now(), timeout));
                }
            }
        }
        state.runtime = Some(runtime);
        outcome
    }
}

impl Drop for State {
    fn drop(&mut self) {
        self.client = None;
        if let Some(runtime) = self.runtime.take() {
            // Waits for nothing, and is allowed inside another runtime.
            runtime.shutdown_background();
        }
    }
}

/// Gives an error of ours to `keyring_core`, which passes it on as it is.
fn pass_on(error: StoreError) -> keyring_core::Error {
    match error {
        StoreError::Locked(_) => keyring_core::Error::NoStorageAccess(Box::new(error)),
        _ => keyring_core::Error::PlatformFailure(Box::new(error)),
    }
}
