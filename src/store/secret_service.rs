//! The Secret Service (freedesktop.org) as a store of `keyring_core`: gnome-keyring, `KWallet`,
//! `KeePassXC` and others on Linux.
//!
//! `keyring_core` has such stores already. This client is our own for three reasons:
//! - Theirs encrypt what goes over the bus, which cannot be switched off. The key exchange is
//!   nearly the whole cost of a look-up: 16 ms and 31 M instructions, against 2.9 ms and 0.9 M. The
//!   bus is a private socket of the user, and who can listen there can ask the keyring itself. So
//!   secrets travel as they are (a session of the kind `plain`).
//! - Theirs wait 25 s and more for a keyring that is silent or whose prompt nobody answers. Here
//!   every call ends within a time limit.
//! - Theirs ask the user to unlock the keyring in the midst of a look-up. Here only `unlock` asks.
//!
//! A look-up is two messages that travel together and one more, and lists nothing. Items carry the
//! attributes `service` and `username`, as programs of the keyring family write them.

mod bus;
mod client;
mod collection;
mod item;
mod link;
mod prompt;

use std::any::Any;
use std::collections::HashMap;
use std::fmt;
use std::path::PathBuf;
use std::sync::Arc;

use keyring_core::api::CredentialStoreApi;
use keyring_core::attributes::parse_attributes;
use keyring_core::{Entry, Error, Result};

pub use self::collection::Collection;
use crate::store::keyring::{Keyring, OsKeyring, SERVICE};
use crate::store::secret_service::item::Item;
use crate::store::secret_service::link::Link;
use crate::system::runtime::Runtime;

/// The keyring of the user's session, reached over the session bus.
pub struct SecretService {
    link: Arc<Link>,
}

impl SecretService {
    /// Returns the store `keyring`, whose calls wait in `runtime`. `bus_address` is the value of
    /// `DBUS_SESSION_BUS_ADDRESS`; without one the bus is looked for at `bus` under `runtime_dir`
    /// (`XDG_RUNTIME_DIR`). Nothing is opened before the first call.
    #[must_use]
    pub fn keyring(
        runtime: Runtime,
        bus_address: Option<String>,
        runtime_dir: Option<PathBuf>,
    ) -> Keyring<Self> {
        let link = Arc::new(Link::new(runtime, bus_address, runtime_dir));
        Keyring::new(Ok(Arc::new(Self { link })))
    }

    fn item(&self, service: &str, user: &str, label: Option<String>) -> Entry {
        let item = Item {
            link: Arc::clone(&self.link),
            service: service.to_owned(),
            user: user.to_owned(),
            label,
        };
        Entry::new_with_credential(Arc::new(item))
    }
}

impl CredentialStoreApi for SecretService {
    fn vendor(&self) -> String {
        "Secret Service, https://crates.io/crates/rolecall".to_owned()
    }

    fn id(&self) -> String {
        concat!("rolecall ", env!("CARGO_PKG_VERSION")).to_owned()
    }

    /// Takes one modifier: `label`, which a new item is shown under.
    fn build(
        &self,
        service: &str,
        user: &str,
        modifiers: Option<&HashMap<&str, &str>>,
    ) -> Result<Entry> {
        let label = match modifiers {
            Some(_) => parse_attributes(&["+label"], modifiers)?.remove("label"),
            None => None,
        };
        Ok(self.item(service, user, label))
    }

    /// Takes the whole name of a `service`, and returns entries by their specifiers. The names of
    /// locked items may be hashed on the disk, so that one among them is an error.
    fn search(&self, spec: &HashMap<&str, &str>) -> Result<Vec<Entry>> {
        let spec = parse_attributes(&["+service"], Some(spec))?;
        let Some(service) = spec.get("service") else {
            return Err(Error::Invalid("service".to_owned(), "must be given".to_owned()));
        };
        let users = self.link.write(async |client| client.users(service).await);
        Ok(users?.iter().map(|user| self.item(service, user, None)).collect())
    }

    fn as_any(&self) -> &dyn Any {
        self
    }

    fn debug_fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("SecretService")
    }
}

impl OsKeyring for SecretService {
    fn modifiers(label: &str) -> HashMap<&'static str, &str> {
        HashMap::from([("label", label)])
    }

    fn search_spec() -> HashMap<&'static str, &'static str> {
        HashMap::from([("service", SERVICE)])
    }

    fn probe(&self) -> Result<String> {
        let collection = self.link.look_up(async |client| client.probe().await);
        collection.map(|path| format!("Secret Service, unlocked: {path}"))
    }

    fn unlock(&self, announce: &dyn Fn()) -> Result<()> {
        self.link.unlock(announce, async |client| client.unlock(SERVICE).await)
    }
}
