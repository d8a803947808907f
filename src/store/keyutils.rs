//! The kernel's user keyring, see keyrings(7): for servers and WSL without a session bus. Nothing
//! there survives a reboot, and the kernel itself drops a key when its session ends.
//!
//! All containers of a user that share the host's users have one such keyring with the host, and
//! can read each other's keys. There it is used only where somebody chose it.

pub mod named_keyring;
pub mod user_keyring;

use secrecy::SecretString;

use crate::store::entry_name::EntryName;
use crate::store::error::StoreError;
use crate::store::keyutils::user_keyring::{Expiry, PREFIX};
use crate::store::secret_store::{NewEntry, SecretStore};
use crate::system::clock::Clock;
use crate::system::container::shares_users_with_host;

/// What `probe` writes and removes, and how long it would live otherwise, in seconds.
const PROBE: &str = "rolecall:probe";
const PROBE_LIFE: u32 = 60;

/// One key of the user keyring per entry.
pub struct Keyutils<'a> {
    clock: &'a dyn Clock,
    choice: Choice,
}

/// Who chose this store.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Choice {
    /// A person, by an option or a setting.
    Chosen,
    /// Nobody: the stores before it do not work.
    Fallback,
}

impl<'a> Keyutils<'a> {
    #[must_use]
    pub fn new(clock: &'a dyn Clock) -> Self {
        Self { clock, choice: Choice::Chosen }
    }

    /// Returns the store for where nobody chose one: it hands out and takes nothing in a container
    /// that shares it with others.
    #[must_use]
    pub fn fallback(clock: &'a dyn Clock) -> Self {
        Self { clock, choice: Choice::Fallback }
    }

    fn check_choice(&self) -> Result<(), StoreError> {
        if self.choice == Choice::Fallback && shares_users_with_host() {
            let what = "this container shares the kernel keyring with its host and with other \
                        containers; to use it all the same: --store keyutils";
            return Err(StoreError::Unavailable(what.to_owned()));
        }
        Ok(())
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
        self.check_choice()?;
        let value = user_keyring::read(&describe(name))?;
        Ok(value
            .filter(|value| value.expires_at.is_none_or(|end| end > self.now()))
            .map(|value| value.secret))
    }

    fn put(&self, name: &EntryName, entry: &NewEntry) -> Result<(), StoreError> {
        self.check_choice()?;
        let expiry = match entry.expires_at {
            None => None,
            Some(at) => match at.saturating_sub(self.now()) {
                left if left <= 0 => return self.delete(name).map(drop),
                left => {
                    Some(Expiry { at: Some(at), left: u32::try_from(left).unwrap_or(u32::MAX) })
                }
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
        self.check_choice()?;
        let expiry = Expiry { at: None, left: PROBE_LIFE };
        // Two that probe at once have a key each.
        let name = format!("{PROBE}:{}", std::process::id());
        user_keyring::write(&name, &SecretString::from("probe"), Some(expiry))?;
        let found = user_keyring::read(&name)?;
        user_keyring::remove(&name)?;
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
