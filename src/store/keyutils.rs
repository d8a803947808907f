//! The kernel's user keyring, see keyrings(7): for servers, containers and WSL without a session
//! bus. Nothing there survives a reboot, and the kernel itself drops a key when its session ends.

use std::{
    thread,
    time::{Duration, Instant},
};

use linux_keyutils::{
    Key, KeyError, KeyPermissionsBuilder, KeyRing, KeyRingIdentifier, KeySerialId, Permission,
};
use secrecy::{ExposeSecret, SecretString};
use zeroize::Zeroizing;

use super::{Clock, SecretStore, StoreError, envelope};

/// Begins the description of every key of ours.
const PREFIX: &str = "rolecall:";
/// Begins the description of what is dearest to lose: an unwrapped identity of the file store.
const IDENTITY_PREFIX: &str = "rolecall:identity:";
/// The most that a key of type `user` holds, in bytes.
const MAX_PAYLOAD: usize = 32_767;
/// `@u` in place of a serial number, from `linux/keyctl.h`.
const USER_KEYRING: i32 = -4;
/// How often and how long to wait for the room of one removed key.
const RETRIES: u32 = 5;
const RETRY_PAUSE: Duration = Duration::from_millis(2);
/// The longest that making room may take.
const PATIENCE: Duration = Duration::from_millis(500);

const ENOSYS: i32 = 38;

/// Keys in the user keyring `@u`, which all processes of the user share.
pub struct Keyutils {
    now: Clock,
}

impl Keyutils {
    /// `now` gives unix seconds; the kernel counts a key's lifetime from when it is written.
    #[must_use]
    pub fn new(now: Clock) -> Self {
        Self { now }
    }
}

impl SecretStore for Keyutils {
    fn name(&self) -> &'static str {
        "keyutils"
    }

    fn get(&self, key: &str) -> Result<Option<SecretString>, StoreError> {
        let description = describe(key);
        let found = match look_up(&description) {
            // Keys that another program wrote may be readable to those only who hold their keyring.
            Err(KeyError::AccessDenied) => possess().and_then(|_| look_up(&description)),
            other => other,
        };
        let payload = match found {
            Ok(payload) => payload,
            Err(error) if is_absent(error) => return Ok(None),
            Err(error) => return Err(explain(error)),
        };
        Ok(match envelope::open(&payload) {
            Some((Some(expires_at), _)) if expires_at <= (self.now)() => None,
            Some((_, secret)) => Some(SecretString::from(secret)),
            None => None,
        })
    }

    fn put(
        &self,
        key: &str,
        _label: &str,
        secret: &SecretString,
        expires_at: Option<i64>,
    ) -> Result<(), StoreError> {
        let lifetime = expires_at.map(|end| end.saturating_sub((self.now)()));
        if lifetime.is_some_and(|seconds| seconds <= 0) {
            return self.delete(key).map(drop);
        }
        let payload = envelope::seal(expires_at, secret.expose_secret());
        if payload.len() > MAX_PAYLOAD {
            return Err(StoreError::Full(format!(
                "a kernel key holds {MAX_PAYLOAD} bytes, this takes {}",
                payload.len()
            )));
        }
        let ring = possess().map_err(explain)?;
        let key = add(ring, &describe(key), &payload)?;
        let finish = || -> Result<(), KeyError> {
            if let Some(seconds) = lifetime {
                key.set_timeout(u32::try_from(seconds).unwrap_or(u32::MAX) as usize)?;
            }
            // Without these only who holds the keyring could read the key, which a process in
            // another session may not.
            let permissions = KeyPermissionsBuilder::builder().posessor(Permission::ALL);
            key.set_perms(permissions.user(Permission::ALL).build())
        };
        finish().map_err(|error| {
            // A key that would outlive its session is worse than none.
            discard(ring, key);
            explain(error)
        })
    }

    fn delete(&self, key: &str) -> Result<bool, StoreError> {
        let removed = possess().and_then(|ring| {
            let key = ring.search(&describe(key))?;
            ring.unlink_key(key)
        });
        match removed {
            Ok(()) => Ok(true),
            Err(error) if is_absent(error) => Ok(false),
            Err(error) => Err(explain(error)),
        }
    }

    fn keys(&self) -> Result<Vec<String>, StoreError> {
        possess().map_err(explain)?;
        let names = descriptions().map_err(explain)?;
        let own = names.into_iter().filter(|(_, name)| !name.starts_with(IDENTITY_PREFIX));
        Ok(own.filter_map(|(_, name)| name.strip_prefix(PREFIX).map(str::to_owned)).collect())
    }

    fn probe(&self) -> Result<String, StoreError> {
        let secret = SecretString::from("probe");
        self.put("probe", "", &secret, Some((self.now)() + 60))?;
        let found = self.get("probe")?;
        self.delete("probe")?;
        if found.is_none() {
            return Err(StoreError::Unavailable("the kernel lost a key".to_owned()));
        }
        Ok(format!("kernel user keyring, {} keys of ours", own_keys().len()))
    }
}

fn describe(key: &str) -> String {
    format!("{PREFIX}{key}")
}

/// The user keyring, linked into this process so that the process possesses what is in it. That is
/// needed where the process has no session keyring that leads there (cron, containers).
fn possess() -> Result<KeyRing, KeyError> {
    let ring = KeyRing::from_special_id(KeyRingIdentifier::User, true)?;
    KeyRing::from_special_id(KeyRingIdentifier::Process, true)?.link_keyring(ring)?;
    Ok(ring)
}

fn look_up(description: &str) -> Result<Zeroizing<Vec<u8>>, KeyError> {
    let ring = KeyRing::from_special_id(KeyRingIdentifier::User, true)?;
    read(ring.search(description)?)
}

/// The whole payload. Asks for its length first, so that no more is wiped than was written.
fn read(key: Key) -> Result<Zeroizing<Vec<u8>>, KeyError> {
    let mut length = key.read(&mut [])?;
    loop {
        let mut payload = Zeroizing::new(vec![0; length]);
        let found = key.read(&mut *payload)?;
        if found <= length {
            payload.truncate(found);
            return Ok(payload);
        }
        // It grew in between.
        length = found;
    }
}

/// Adds or replaces a key; where the user's quota is used up, what expires first makes room.
fn add(ring: KeyRing, description: &str, payload: &[u8]) -> Result<Key, StoreError> {
    let mut error = match ring.add_key(description, payload) {
        Ok(key) => return Ok(key),
        Err(error) => error,
    };
    let begin = Instant::now();
    let mut victims =
        if error == KeyError::QuotaExceeded { own_keys() } else { Vec::new() }.into_iter();
    // A removed key counts until the kernel's next sweep, so what is due may just need a moment.
    while error == KeyError::QuotaExceeded && begin.elapsed() < PATIENCE {
        if let Some((_, victim)) = victims.next() {
            discard(ring, victim);
        }
        for _ in 0..RETRIES {
            match ring.add_key(description, payload) {
                Ok(key) => return Ok(key),
                Err(KeyError::QuotaExceeded) => thread::sleep(RETRY_PAUSE),
                Err(other) => {
                    error = other;
                    break;
                }
            }
        }
    }
    Err(explain(error))
}

/// Removes a key. Revoking gives back its room at once, unlinking only after the kernel's next
/// sweep. Either may fail on a key that is gone already.
fn discard(ring: KeyRing, key: Key) {
    let _ = key.revoke();
    let _ = ring.unlink_key(key);
}

/// Our keys in the user keyring: dead ones first, then by expiry, identities last.
fn own_keys() -> Vec<((bool, i64), Key)> {
    let own = descriptions()
        .unwrap_or_default()
        .into_iter()
        .filter(|(_, description)| description.starts_with(PREFIX));
    let mut keys: Vec<_> = own
        .map(|(key, description)| ((description.starts_with(IDENTITY_PREFIX), expiry(key)), key))
        .collect();
    keys.sort_by_key(|(order, _)| *order);
    keys
}

/// The keys in the user keyring with their descriptions; dead ones have none.
fn descriptions() -> Result<Vec<(Key, String)>, KeyError> {
    let serials = read(Key::from_id(KeySerialId::from(USER_KEYRING)))?;
    let keys = serials
        .as_chunks()
        .0
        .iter()
        .map(|serial| Key::from_id(KeySerialId::from(i32::from_ne_bytes(*serial))));
    Ok(keys
        .filter_map(|key| Some((key, key.metadata().ok()?.get_description().to_owned())))
        .collect())
}

fn expiry(key: Key) -> i64 {
    let Ok(payload) = read(key) else {
        return i64::MIN;
    };
    match envelope::open(&payload) {
        Some((expires_at, _)) => expires_at.unwrap_or(i64::MAX),
        None => i64::MIN,
    }
}

fn is_absent(error: KeyError) -> bool {
    matches!(
        error,
        KeyError::KeyDoesNotExist
            | KeyError::KeyExpired
            | KeyError::KeyRevoked
            | KeyError::KeyRejected
            | KeyError::MissingFileOrDirectory
    )
}

fn explain(error: KeyError) -> StoreError {
    let cause = match error {
        KeyError::QuotaExceeded => {
            return StoreError::Full("the kernel's quota of keys for this user".to_owned());
        }
        KeyError::PermissionDenied | KeyError::AccessDenied => "forbidden",
        KeyError::OperationNotSupported | KeyError::Unknown(ENOSYS) => "not in this kernel",
        other => return StoreError::Failed(format!("kernel keyring: {other:?}")),
    };
    StoreError::Unavailable(format!("kernel keyring: {cause}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_kernel_that_forbids_the_calls_is_not_available() {
        for error in [
            KeyError::PermissionDenied,
            KeyError::AccessDenied,
            KeyError::OperationNotSupported,
            KeyError::Unknown(ENOSYS),
        ] {
            assert!(matches!(explain(error), StoreError::Unavailable(_)));
        }
        assert!(matches!(explain(KeyError::QuotaExceeded), StoreError::Full(_)));
        assert!(matches!(explain(KeyError::OutOfMemory), StoreError::Failed(_)));
    }
}
