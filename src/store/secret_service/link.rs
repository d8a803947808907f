//! The connection to the session bus, and the time that each call over it may take. Failures leave
//! as errors of `keyring_core`, which carry ours inside.

use std::path::PathBuf;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use crate::error::{Error, Kind};
use crate::store::error::StoreError;
use crate::store::secret_service::bus;
use crate::store::secret_service::client::Client;
use crate::system::runtime::Runtime;

/// The longest that one call may take, connecting included.
const LOOK_UP_TIMEOUT: Duration = Duration::from_secs(1);
const WRITE_TIMEOUT: Duration = Duration::from_secs(2);
/// The longest that a person is waited for.
const UNLOCK_TIMEOUT: Duration = Duration::from_mins(1);
/// How long a bus that stayed silent once is taken to stay so.
const SILENCE: Duration = Duration::from_secs(5);

/// (Fields are dropped in this order: the connection before its runtime.)
pub(super) struct Link {
    state: Mutex<LinkState>,
    bus_address: Option<String>,
    runtime_dir: Option<PathBuf>,
    runtime: Runtime,
}

/// The connection, made by the first call and left open for the next.
#[derive(Default)]
struct LinkState {
    client: Option<Client>,
    silent: Option<(Instant, Duration)>,
}

/// What a call waits for, and for how long at most.
#[derive(Clone, Copy)]
enum Wait {
    Keyring(Duration),
    Person(Duration),
}

impl Link {
    pub(super) fn new(
        runtime: Runtime,
        bus_address: Option<String>,
        runtime_dir: Option<PathBuf>,
    ) -> Self {
        Self { state: Mutex::default(), bus_address, runtime_dir, runtime }
    }

    /// Runs an operation that reads.
    pub(super) fn look_up<T>(
        &self,
        operation: impl AsyncFnOnce(&Client) -> Result<T, StoreError>,
    ) -> keyring_core::Result<T> {
        self.run(Wait::Keyring(LOOK_UP_TIMEOUT), operation).map_err(pass_on)
    }

    /// Runs an operation that writes or lists.
    pub(super) fn write<T>(
        &self,
        operation: impl AsyncFnOnce(&Client) -> Result<T, StoreError>,
    ) -> keyring_core::Result<T> {
        self.run(Wait::Keyring(WRITE_TIMEOUT), operation).map_err(pass_on)
    }

    /// Runs an operation that waits for a person.
    pub(super) fn unlock(
        &self,
        announce: &dyn Fn(),
        operation: impl AsyncFnOnce(&Client) -> Result<(), StoreError>,
    ) -> keyring_core::Result<()> {
        self.state().silent = None;
        let outcome = self.run(Wait::Person(UNLOCK_TIMEOUT), async |client| {
            announce();
            operation(client).await
        });
        // A person who stays away says nothing about the bus.
        self.state().silent = None;
        outcome.map_err(pass_on)
    }

    fn state(&self) -> MutexGuard<'_, LinkState> {
        // A poisoned state is one like any other: nothing in it is half made.
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Runs one operation to its end, or until it was waited for long enough.
    fn run<T>(
        &self,
        wait: Wait,
        operation: impl AsyncFnOnce(&Client) -> Result<T, StoreError>,
    ) -> Result<T, StoreError> {
        let mut state = self.state();
        match state.silent {
            Some((since, waited)) if since.elapsed() < SILENCE => {
                return Err(StoreError::TimedOut(waited));
            }
            _ => state.silent = None,
        }
        let client = &mut state.client;
        let (address, folder) = (self.bus_address.as_deref(), self.runtime_dir.as_deref());
        let call = async {
            let client = match client {
                Some(client) => client,
                None => client.insert(Client::new(bus::connect(address, folder).await?)),
            };
            operation(client).await
        };
        let (timeout, ended) = match wait {
            Wait::Keyring(timeout) => (timeout, self.runtime.run_briefly(timeout, call)),
            Wait::Person(timeout) => (timeout, self.runtime.run_within(timeout, call)),
        };
        let outcome = match ended {
            Ok(outcome) => outcome.unwrap_or(Err(StoreError::TimedOut(timeout))),
            Err(error) => Err(failed_to_wait(&error)),
        };
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
        outcome
    }
}

fn failed_to_wait(error: &Error) -> StoreError {
    match error.kind() {
        Kind::Interrupted => StoreError::Interrupted,
        _ => StoreError::Failed(error.to_string()),
    }
}

/// Gives an error of ours to `keyring_core`, which passes it on as it is.
fn pass_on(error: StoreError) -> keyring_core::Error {
    match error {
        StoreError::Locked(_) => keyring_core::Error::NoStorageAccess(Box::new(error)),
        _ => keyring_core::Error::PlatformFailure(Box::new(error)),
    }
}
