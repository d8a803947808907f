//! The kernel's user keyring `@u`, which all processes of a user share: keys by their descriptions.

use std::thread;
use std::time::{Duration, Instant};

use linux_keyutils::{
    Key, KeyError, KeyPermissionsBuilder, KeyRing, KeyRingIdentifier, KeySerialId, KeyType,
    Metadata, Permission,
};
use secrecy::{ExposeSecret, SecretString};
use zeroize::Zeroizing;

use crate::store::envelope;
use crate::store::error::StoreError;

/// Begins the description of every key of ours.
pub const PREFIX: &str = "rolecall:";
/// Begins the description of what is dearest to lose: an unwrapped identity of the file store.
pub const IDENTITY_PREFIX: &str = "rolecall:identity:";
/// The most that a key of type `user` holds.
const MAX_PAYLOAD_BYTES: usize = 32_767;
/// `@u` in place of a serial number, from `linux/keyctl.h`.
const USER_KEYRING: i32 = -4;
/// How often and how long to wait for the room of one removed key.
const RETRIES: u32 = 5;
const RETRY_DELAY: Duration = Duration::from_millis(2);
/// The longest that making room may take.
const EVICTION_TIMEOUT: Duration = Duration::from_millis(500);

const ENOSYS: i32 = 38;

/// A secret as the kernel holds it.
pub struct KeyValue {
    pub secret: SecretString,
    /// Unix seconds.
    pub expires_at: Option<i64>,
}

/// When the kernel drops a key.
#[derive(Clone, Copy)]
pub struct Expiry {
    /// When the secret becomes worthless, where it does; in unix seconds.
    pub at: Option<i64>,
    /// In seconds from now.
    pub left: u32,
}

/// Reads a key; `None` when there is none, or none that was written here.
///
/// # Errors
/// When the kernel has no keyring for this process.
pub fn read(description: &str) -> Result<Option<KeyValue>, StoreError> {
    let found = match look_up(description) {
        // Keys that another program wrote may be readable to those only who hold their keyring.
        Err(KeyError::AccessDenied) => possess().and_then(|_| look_up(description)),
        other => other,
    };
    let payload = match found {
        Ok(payload) => payload,
        Err(error) if is_absent(error) => return Ok(None),
        Err(error) => return Err(explain(error)),
    };
    Ok(envelope::open(&payload)
        .map(|(expires_at, secret)| KeyValue { secret: SecretString::from(secret), expires_at }))
}

/// Writes a key over what was there. The kernel drops it when it expires.
///
/// # Errors
/// When the secret is too long, the user's quota is used up by other programs, or the kernel has no
/// keyring for this process.
pub fn write(
    description: &str,
    secret: &SecretString,
    expiry: Option<Expiry>,
) -> Result<(), StoreError> {
    let payload = envelope::seal(expiry.and_then(|expiry| expiry.at), secret.expose_secret());
    if payload.len() > MAX_PAYLOAD_BYTES {
        return Err(StoreError::Full(format!(
            "a kernel key holds {MAX_PAYLOAD_BYTES} bytes, this takes {}",
            payload.len()
        )));
    }
    let ring = possess().map_err(explain)?;
    let key = add(ring, description, &payload)?;
    let finish = || -> Result<(), KeyError> {
        if let Some(expiry) = expiry {
            key.set_timeout(expiry.left as usize)?;
        }
        // Without these only who holds the keyring could read the key, which a process in another
        // session may not.
        let permissions = KeyPermissionsBuilder::builder().posessor(Permission::ALL);
        key.set_perms(permissions.user(Permission::ALL).build())
    };
    finish().map_err(|error| {
        // A key that would outlive its session is worse than none.
        discard(ring, key);
        explain(error)
    })
}

/// Removes a key and returns whether there was one.
///
/// # Errors
/// When the kernel has no keyring for this process.
pub fn remove(description: &str) -> Result<bool, StoreError> {
    let removed = possess().and_then(|ring| {
        let key = ring.search(description)?;
        ring.unlink_key(key)
    });
    match removed {
        Ok(()) => Ok(true),
        Err(error) if is_absent(error) => Ok(false),
        Err(error) => Err(explain(error)),
    }
}

/// Returns the descriptions of all keys in the user keyring.
///
/// # Errors
/// When the kernel has no keyring for this process.
pub fn list() -> Result<Vec<String>, StoreError> {
    possess().map_err(explain)?;
    let keys = descriptions().map_err(explain)?;
    Ok(keys.into_iter().map(|(_, description)| description).collect())
}

/// Returns the user keyring, linked into this process so that the process possesses what is in it.
/// That is needed where the process has no session keyring that leads there (cron, containers).
pub(super) fn possess() -> Result<KeyRing, KeyError> {
    let ring = KeyRing::from_special_id(KeyRingIdentifier::User, true)?;
    KeyRing::from_special_id(KeyRingIdentifier::Process, true)?.link_keyring(ring)?;
    Ok(ring)
}

fn look_up(description: &str) -> Result<Zeroizing<Vec<u8>>, KeyError> {
    let ring = KeyRing::from_special_id(KeyRingIdentifier::User, true)?;
    payload(ring.search(description)?)
}

/// Returns the whole payload. Asks for its length first, so that no more is wiped than was written.
pub(super) fn payload(key: Key) -> Result<Zeroizing<Vec<u8>>, KeyError> {
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
    let begin = Instant::now();
    let mut added = ring.add_key(description, payload);
    let mut victims = None;
    // A removed key counts until the kernel's next sweep, so what is due may just need a moment.
    while is_full(added) && begin.elapsed() < EVICTION_TIMEOUT {
        let victims = victims.get_or_insert_with(|| own_keys().into_iter());
        if let Some((victim, _)) = victims.next() {
            discard(ring, victim);
        }
        for _ in 0..RETRIES {
            added = ring.add_key(description, payload);
            if !is_full(added) {
                break;
            }
            thread::sleep(RETRY_DELAY);
        }
    }
    added.map_err(explain)
}

fn is_full(added: Result<Key, KeyError>) -> bool {
    added.err() == Some(KeyError::QuotaExceeded)
}

/// Removes a key. Revoking gives back its room at once, unlinking only after the kernel's next
/// sweep. Either may fail on a key that is gone already.
fn discard(ring: KeyRing, key: Key) {
    let _ = key.revoke();
    let _ = ring.unlink_key(key);
}

/// Returns our keys in the user keyring: dead ones first, then by expiry, identities last.
fn own_keys() -> Vec<(Key, String)> {
    let mut keys = descriptions().unwrap_or_default();
    keys.retain(|(_, description)| description.starts_with(PREFIX));
    keys.sort_by_cached_key(|(key, description)| {
        (description.starts_with(IDENTITY_PREFIX), expiry(*key))
    });
    keys
}

/// Returns the keys in the user keyring with their descriptions.
fn descriptions() -> Result<Vec<(Key, String)>, KeyError> {
    keys_of(KeySerialId::from(USER_KEYRING), |_| true)
}

/// Returns the keys of one type in a keyring with their descriptions.
pub(super) fn keys_in(ring: KeySerialId, kind: KeyType) -> Result<Vec<(Key, String)>, KeyError> {
    keys_of(ring, |metadata| metadata.get_type() == kind)
}

/// Returns some keys in a keyring with their descriptions; dead ones have none.
fn keys_of(
    ring: KeySerialId,
    is_meant: impl Fn(&Metadata) -> bool,
) -> Result<Vec<(Key, String)>, KeyError> {
    let serials = payload(Key::from_id(ring))?;
    let keys = serials
        .as_chunks()
        .0
        .iter()
        .map(|serial| Key::from_id(KeySerialId::from(i32::from_ne_bytes(*serial))));
    let described = keys.filter_map(|key| Some((key, key.metadata().ok()?)));
    let meant = described.filter(|(_, metadata)| is_meant(metadata));
    Ok(meant.map(|(key, metadata)| (key, metadata.get_description().to_owned())).collect())
}

fn expiry(key: Key) -> i64 {
    let Ok(payload) = payload(key) else {
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

pub(super) fn explain(error: KeyError) -> StoreError {
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
    fn forbidden_keyring_calls_give_unavailable_error() {
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
