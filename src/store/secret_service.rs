//! The Secret Service (freedesktop.org): gnome-keyring, `KWallet`, `KeePassXC` and others on Linux.
//!
//! A client of our own over D-Bus, because every call has to end in a known time and a look-up may
//! cost three round trips at most. Items carry the attributes `service` and `username`, as programs
//! built on the `keyring` crate write them.

mod bus;
mod client;
mod prompt;

use std::{
    path::PathBuf,
    sync::{Mutex, PoisonError},
    time::{Duration, Instant},
};

use secrecy::SecretString;
use tokio::runtime::{Builder, Runtime};

use self::client::Client;
use super::{SecretStore, StoreError};

/// How long a bus that stayed silent once is taken to stay so.
const SILENCE: Duration = Duration::from_secs(5);

/// The longest that one call may take, connecting included.
#[derive(Debug, Clone, Copy)]
pub struct Limits {
    /// For `get` and `probe`.
    pub get: Duration,
    /// For `put`, `delete` and `keys`.
    pub put: Duration,
    /// For `unlock`, which waits for a person.
    pub unlock: Duration,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            get: Duration::from_secs(1),
            put: Duration::from_secs(2),
            unlock: Duration::from_mins(1),
        }
    }
}

/// The keyring of the user's session, reached over the session bus.
pub struct SecretService {
    /// The longest that each call may take.
    pub limits: Limits,
    bus_address: Option<String>,
    runtime_dir: Option<PathBuf>,
    link: Mutex<Link>,
}

/// The connection, made by the first call and kept for the next.
#[derive(Default)]
struct Link {
    runtime: Option<Runtime>,
    client: Option<Client>,
    silent: Option<(Instant, Duration)>,
}

impl SecretService {
    /// `bus_address` is the value of `DBUS_SESSION_BUS_ADDRESS`; without one the bus is looked for
    /// at `bus` under `runtime_dir` (`XDG_RUNTIME_DIR`). Nothing is opened before the first call.
    #[must_use]
    pub fn new(bus_address: Option<String>, runtime_dir: Option<PathBuf>) -> Self {
        Self { limits: Limits::default(), bus_address, runtime_dir, link: Mutex::default() }
    }

    fn link(&self) -> std::sync::MutexGuard<'_, Link> {
        // A poisoned link is a link like any other: it holds no half-made state.
        self.link.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Runs one operation to its end, or to `limit`.
    fn run<T>(
        &self,
        limit: Duration,
        operation: impl AsyncFnOnce(&Client) -> Result<T, StoreError>,
    ) -> Result<T, StoreError> {
        let mut guard = self.link();
        let link = &mut *guard;
        if let Some((since, waited)) = link.silent {
            if since.elapsed() < SILENCE {
                return Err(StoreError::TimedOut(waited));
            }
            link.silent = None;
        }
        let runtime = match link.runtime.take() {
            Some(runtime) => runtime,
            None => Builder::new_current_thread()
                .enable_io()
                .enable_time()
                .build()
                .map_err(|error| StoreError::Failed(format!("no runtime: {error}")))?,
        };
        let client = &mut link.client;
        let outcome = runtime.block_on(async {
            tokio::time::timeout(limit, async {
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
            .unwrap_or(Err(StoreError::TimedOut(limit)))
        });
        match &outcome {
            Ok(_) | Err(StoreError::Locked(_)) => {}
            Err(error) => {
                // The next call starts afresh: the service may have been restarted.
                link.client = None;
                if matches!(error, StoreError::TimedOut(_)) {
                    link.silent = Some((Instant::now(), limit));
                }
            }
        }
        link.runtime = Some(runtime);
        outcome
    }
}

impl Drop for Link {
    fn drop(&mut self) {
        self.client = None;
        if let Some(runtime) = self.runtime.take() {
            // Waits for nothing, and is allowed inside another runtime.
            runtime.shutdown_background();
        }
    }
}

impl SecretStore for SecretService {
    fn unlock(&self) -> Result<(), StoreError> {
        self.link().silent = None;
        let outcome = self.run(self.limits.unlock, async |client| client.unlock().await);
        // A person who stays away says nothing about the bus.
        self.link().silent = None;
        outcome
    }

    fn name(&self) -> &'static str {
        "keyring"
    }

    fn get(&self, key: &str) -> Result<Option<SecretString>, StoreError> {
        self.run(self.limits.get, async |client| client.get(key).await)
    }

    fn put(
        &self,
        key: &str,
        label: &str,
        secret: &SecretString,
        _expires_at: Option<i64>,
    ) -> Result<(), StoreError> {
        self.run(self.limits.put, async |client| client.put(key, label, secret).await)
    }

    fn delete(&self, key: &str) -> Result<bool, StoreError> {
        self.run(self.limits.put, async |client| client.delete(key).await)
    }

    fn keys(&self) -> Result<Vec<String>, StoreError> {
        self.run(self.limits.put, async |client| client.keys().await)
    }

    fn probe(&self) -> Result<String, StoreError> {
        self.run(self.limits.get, async |client| client.probe().await)
    }
}
