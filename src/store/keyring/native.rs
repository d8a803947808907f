//! The keyrings of macOS (Keychain) and Windows (Credential Manager). The calls of their crates
//! block, and may block for ever: each is done on a thread of its own and waited for no longer than
//! a time limit. Errors leave as those of `keyring_core` and carry ours inside, by their codes.

pub mod codes;
#[cfg(windows)]
mod credential_manager;
#[cfg(target_os = "macos")]
mod keychain;
mod worker;

use std::any::Any;
use std::collections::HashMap;
use std::fmt;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use keyring_core::api::{Credential, CredentialApi, CredentialStoreApi};
use keyring_core::error::PlatformError;
use keyring_core::{Entry, Error, Result};
use zeroize::{Zeroize, Zeroizing};

use self::codes::Dialogs;
#[cfg(windows)]
pub use self::credential_manager::keyring;
#[cfg(target_os = "macos")]
pub use self::keychain::keyring;
use self::worker::Worker;
use crate::store::error::StoreError;
use crate::store::keyring::{
    LOOK_UP_TIMEOUT, OsKeyring, SERVICE, UNLOCK_TIMEOUT, WRITE_TIMEOUT, Wait, Waiter, pass_on,
};
use crate::system::runtime::Runtime;

/// The user of the item that `probe` writes, reads and deletes.
const PROBE: &str = "probe";

/// What the systems differ in.
pub trait Platform: CredentialStoreApi + Send + Sync + 'static {
    /// What people call the keyring.
    const NAME: &'static str;
    /// The most that one item holds.
    const MAX_ITEM_BYTES: usize = usize::MAX;
    /// Modifiers for every item.
    const MODIFIERS: &'static [(&'static str, &'static str)] = &[];
    /// What narrows a search to items of ours, as far as the system can.
    #[cfg_attr(target_os = "macos", allow(dead_code, reason = "there nothing is searched for"))]
    const SEARCH: (&'static str, &'static str) = ("service", SERVICE);
    /// Lets the system show the dialog that unlocks the keyring, and waits for the answer.
    const UNLOCK: Option<fn() -> Result<()>> = None;

    /// Judges an error of the system by its code.
    fn judge(cause: &PlatformError, dialogs: Dialogs) -> StoreError;

    /// Tells the system whether it may show dialogs for the calls that follow.
    ///
    /// # Errors
    /// Where it does not obey.
    fn set_dialogs(_: Dialogs) -> Result<()> {
        Ok(())
    }

    /// Shows a label with an item.
    ///
    /// # Errors
    /// Where the system does not take it.
    fn label(_item: &Entry, _label: &str) -> Result<()> {
        Ok(())
    }
}

/// A keyring of the system.
pub struct Native<P>(Arc<Calls<P>>);

impl<P: Platform> Native<P> {
    /// Takes a keyring of the system's crate, whose calls are waited for in `runtime`.
    pub fn new(platform: Arc<P>, runtime: Runtime) -> Arc<Self> {
        Arc::new(Self(Arc::new(Calls {
            platform,
            worker: Worker::default(),
            waiter: Waiter::new(runtime),
            is_attended: AtomicBool::new(false),
        })))
    }

    fn item(&self, entry: Entry, label: Option<String>) -> Entry {
        let (entry, calls) = (Arc::new(entry), Arc::clone(&self.0));
        Entry::new_with_credential(Arc::new(Item { entry, label, calls }))
    }
}

/// A keyring, and how its calls are done.
struct Calls<P> {
    platform: Arc<P>,
    worker: Worker,
    waiter: Waiter,
    /// Whether a call may wait for a person's answer to a dialog.
    is_attended: AtomicBool,
}

impl<P: Platform> Calls<P> {
    /// Does a call that takes at most `timeout`, and longer where it may wait for a person.
    fn run<T: Send + 'static>(
        &self,
        timeout: Duration,
        call: impl FnOnce() -> Result<T> + Send + 'static,
    ) -> Result<T> {
        let dialogs = self.dialogs();
        let wait = match dialogs {
            Dialogs::Suppressed => Wait::Keyring(timeout),
            Dialogs::Allowed => Wait::Person(UNLOCK_TIMEOUT),
        };
        self.wait(wait, dialogs, &|| {}, call)
    }

    /// Does a call on the thread, and judges what it failed with.
    fn wait<T: Send + 'static>(
        &self,
        wait: Wait,
        dialogs: Dialogs,
        announce: &dyn Fn(),
        call: impl FnOnce() -> Result<T> + Send + 'static,
    ) -> Result<T> {
        let done = self.waiter.wait(wait, async {
            announce();
            self.worker.call(move || P::set_dialogs(dialogs).and_then(|()| call())).await
        });
        done.map_err(pass_on)?.map_err(|error| match error {
            Error::PlatformFailure(cause) | Error::NoStorageAccess(cause) => {
                pass_on(P::judge(&cause, dialogs))
            }
            other => other,
        })
    }

    fn dialogs(&self) -> Dialogs {
        if self.is_attended.load(Ordering::Relaxed) {
            Dialogs::Allowed
        } else {
            Dialogs::Suppressed
        }
    }
}

impl<P: Platform> CredentialStoreApi for Native<P> {
    fn vendor(&self) -> String {
        self.0.platform.vendor()
    }

    fn id(&self) -> String {
        self.0.platform.id()
    }

    /// Takes one modifier: `label`, which a new item is shown under where the system can.
    fn build(
        &self,
        service: &str,
        user: &str,
        modifiers: Option<&HashMap<&str, &str>>,
    ) -> Result<Entry> {
        let label = modifiers.and_then(|all| all.get("label")).map(|label| (*label).to_owned());
        let modifiers = P::MODIFIERS.iter().copied().collect();
        let entry = self.0.platform.build(service, user, Some(&modifiers))?;
        Ok(self.item(entry, label))
    }

    fn search(&self, spec: &HashMap<&str, &str>) -> Result<Vec<Entry>> {
        let own = |(key, value): (&&str, &&str)| ((*key).to_owned(), (*value).to_owned());
        let spec: Vec<(String, String)> = spec.iter().map(own).collect();
        let platform = Arc::clone(&self.0.platform);
        let search =
            move || platform.search(&spec.iter().map(|(key, value)| (&**key, &**value)).collect());
        let found = self.0.run(WRITE_TIMEOUT, search)?;
        Ok(found.into_iter().map(|entry| self.item(entry, None)).collect())
    }

    fn as_any(&self) -> &dyn Any {
        self
    }

    fn debug_fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(P::NAME)
    }
}

impl<P: Platform> OsKeyring for Native<P> {
    const MAX_ENTRY_BYTES: usize = P::MAX_ITEM_BYTES;

    fn modifiers(label: &str) -> HashMap<&'static str, &str> {
        HashMap::from([("label", label)])
    }

    fn search_spec() -> HashMap<&'static str, &'static str> {
        HashMap::from([P::SEARCH])
    }

    /// Writes an item of its own, reads it and deletes it.
    fn probe(&self) -> Result<String> {
        let label = HashMap::from([("label", "rolecall: probe")]);
        let item = self.build(SERVICE, PROBE, Some(&label))?;
        // One that was left behind may be another build's, which this one may not write.
        absent_or(item.delete_credential())?;
        item.set_secret(PROBE.as_bytes())?;
        let found = item.get_secret();
        absent_or(item.delete_credential())?;
        if found? == PROBE.as_bytes() {
            return Ok(P::NAME.to_owned());
        }
        Err(pass_on(StoreError::Failed("it gave back something else than it took".to_owned())))
    }

    fn unlock(&self, announce: &dyn Fn()) -> Result<()> {
        let Some(unlock) = P::UNLOCK else {
            return Err(pass_on(StoreError::Locked("it cannot be unlocked from here".to_owned())));
        };
        let wait = Wait::Person(UNLOCK_TIMEOUT);
        self.0.wait(wait, Dialogs::Allowed, announce, unlock)?;
        // Each item may ask for a consent of its own.
        self.0.is_attended.store(true, Ordering::Relaxed);
        Ok(())
    }
}

fn absent_or(deleted: Result<()>) -> Result<()> {
    match deleted {
        Err(Error::NoEntry) => Ok(()),
        deleted => deleted,
    }
}

/// An item of the system's keyring, whether it is there or not.
struct Item<P> {
    entry: Arc<Entry>,
    label: Option<String>,
    calls: Arc<Calls<P>>,
}

impl<P: Platform> CredentialApi for Item<P> {
    fn set_secret(&self, secret: &[u8]) -> Result<()> {
        let (entry, label) = (Arc::clone(&self.entry), self.label.clone());
        let secret = Zeroizing::new(secret.to_vec());
        self.calls.run(WRITE_TIMEOUT, move || {
            entry.set_secret(&secret)?;
            if let Some(label) = label {
                // The secret is stored, whatever it is shown under.
                let _ = P::label(&entry, &label);
            }
            Ok(())
        })
    }

    fn get_secret(&self) -> Result<Vec<u8>> {
        let entry = Arc::clone(&self.entry);
        let read = move || entry.get_secret().map(Zeroizing::new);
        self.calls.run(LOOK_UP_TIMEOUT, read).map(|mut secret| std::mem::take(&mut *secret))
    }

    fn delete_credential(&self) -> Result<()> {
        let entry = Arc::clone(&self.entry);
        self.calls.run(WRITE_TIMEOUT, move || entry.delete_credential())
    }

    fn get_credential(&self) -> Result<Option<Arc<Credential>>> {
        self.get_secret()?.zeroize();
        Ok(None)
    }

    fn get_specifiers(&self) -> Option<(String, String)> {
        self.entry.get_specifiers()
    }

    fn as_any(&self) -> &dyn Any {
        self
    }

    fn debug_fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Item({:?})", self.entry.get_specifiers())
    }
}

#[cfg(test)]
mod tests;
