//! The kernel's user keyring, see keyrings(7): for servers, containers and WSL without a session
//! bus. Nothing there survives a reboot, and the kernel itself drops a key when its session ends.

pub mod user_keyring;

use secrecy::SecretString;

use crate::store::entry_name::EntryName;
use crate::store::error::StoreError;
use crate::store::keyutils::user_keyring::{Expiry, PREFIX};
use crate::store::secret_store::{NewEntry, SecretStore};
use crate::system::clock::Clock;

/// What `probe` writes and removes, and how long it would live otherwise, in seconds.
const PROBE: &str = "rolecall:probe";
const PROBE_LIFE: u32 = 60;

/// One key of the user keyring per entry.
pub struct Keyutils<'a> {
    clock: &'a dyn Clock,
}

impl<'a> Keyutils<'a> {
    #[must_use]
    pub fn new(clock: &'a dyn Clock) -> Self {
        Self { clock }
    }

    fn now(&self) -> i64 {
        self.clock.now().timestamp()
    }
}

impl SecretStore for Keyutils<'_> {
    fn name(&self) -> &'static str {
        "keyutils"
    }

    fn get(&self, name: &EntryName) -> Result<Option<SecretString>, StoreError> {
        let value = user_keyring::read(&describe(name))?;
        Ok(value
            .filter(|value| value.expires_at.is_none_or(|end| end > self.now()))
            .map(|value| value.secret))
    }

    fn put(&self, name: &EntryName, entry: &NewEntry) -> Result<(), StoreError> {
        let expiry = match entry.expires_at {
            None => None,
            Some(at) => match at.saturating_sub(self.now()) {
                left if left <= 0 => return self.delete(name).map(drop),
                left => Some(Expiry { at, left: u32::try_from(left).unwrap_or(u32::MAX) }),
            },
        };
        user_keyring::write(&describe(name), entry.secret, expiry)
    }

    fn delete(&self, name: &EntryName) -> Result<bool, StoreError> {
        user_keyring::remove(&describe(name))
    }

    fn list(&self) -> Result<Vec<EntryName>, StoreError> {
        let name = |description: &String| EntryName::parse(description.strip_prefix(PREFIX)?);
        Ok(user_keyring::list()?.iter().filter_map(name).collect())
    }

    fn probe(&self) -> Result<String, StoreError> {
        let expiry = Expiry { at: self.now() + i64::from(PROBE_LIFE), left: PROBE_LIFE };
        user_keyring::write(PROBE, &SecretString::from("probe"), Some(expiry))?;
        let found = user_keyring::read(PROBE)?;
        user_keyring::remove(PROBE)?;
        if found.is_none() {
            return Err(StoreError::Unavailable("the kernel lost a key".to_owned()));
        }
        let ours = user_keyring::list()?.iter().filter(|name| name.starts_with(PREFIX)).count();
        Ok(format!("kernel user keyring, {ours} keys of ours"))
    }
}

fn describe(name: &EntryName) -> String {
    format!("{PREFIX}{}", name.as_str())
}
