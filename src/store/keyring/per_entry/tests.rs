//! The adapter on `keyring_core`'s own mock.

use std::collections::HashMap;

use keyring_core::api::CredentialStoreApi;
use keyring_core::mock::{Cred, Store};

use super::*;
use crate::aws::names::MfaSerial;
use crate::chain::session_key::SessionKey;

const LIMIT: usize = 64;

impl OsKeyring for Store {
    const MAX_ENTRY_BYTES: usize = LIMIT;

    fn modifiers(_label: &str) -> HashMap<&'static str, &str> {
        HashMap::new()
    }

    fn search_spec() -> HashMap<&'static str, &'static str> {
        HashMap::from([("service", SERVICE)])
    }

    fn probe(&self) -> keyring_core::Result<String> {
        Ok("mock".to_owned())
    }
}

fn keyring() -> Keyring<Store> {
    Keyring::new(Store::new())
}

fn session(digit: char) -> EntryName {
    EntryName::from(&SessionKey::parse(&digit.to_string().repeat(64)).unwrap())
}

fn seed() -> EntryName {
    EntryName::from(&MfaSerial::parse("GAHT12345678").unwrap())
}

fn put(keyring: &Keyring<Store>, name: &EntryName, secret: &str) {
    let secret = &SecretString::from(secret);
    keyring.put(name, &NewEntry { label: "label", secret, expires_at: None }).unwrap();
}

fn get(keyring: &Keyring<Store>, name: &EntryName) -> Option<String> {
    keyring.get(name).unwrap().map(|secret| secret.expose_secret().to_owned())
}

/// Lets the next call of an entry fail.
fn fail(keyring: &Keyring<Store>, name: &EntryName, error: Error) {
    let entry = keyring.0.item(&item(name.as_str(), 0)).unwrap();
    entry.as_any().downcast_ref::<Cred>().unwrap().set_error(error);
}

/// How many entries of the keyring hold something.
fn held(keyring: &Keyring<Store>) -> usize {
    let entries = keyring.0.keyring().unwrap().search(&HashMap::new()).unwrap();
    entries.iter().filter(|entry| entry.get_secret().is_ok()).count()
}

#[test]
fn secret_of_any_length_comes_back_until_it_is_deleted() {
    let keyring = keyring();
    let name = session('a');
    assert_eq!(get(&keyring, &name), None);
    for length in [0, 1, LIMIT, LIMIT + 1, 10 * LIMIT, 3 * LIMIT, LIMIT] {
        let secret: String = ('a'..='z').cycle().take(length).collect();
        put(&keyring, &name, &secret);
        assert_eq!(get(&keyring, &name), Some(secret), "{length}");
        let entries = if length > LIMIT { 1 + length.div_ceil(LIMIT) } else { 1 };
        assert_eq!(held(&keyring), entries, "{length}");
    }
    put(&keyring, &name, &"x".repeat(5 * LIMIT));
    assert_eq!(keyring.delete(&name), Ok(true));
    assert_eq!(held(&keyring), 0);
    assert_eq!(keyring.delete(&name), Ok(false));
    assert_eq!(get(&keyring, &name), None);
}

#[test]
fn secret_that_misses_a_part_is_absent() {
    let keyring = keyring();
    let name = session('a');
    put(&keyring, &name, &"x".repeat(3 * LIMIT));
    assert_eq!(keyring.0.remove(&item(name.as_str(), 2)), Ok(true));
    assert_eq!(get(&keyring, &name), None);
    put(&keyring, &name, "whole");
    assert_eq!(get(&keyring, &name).as_deref(), Some("whole"));
}

#[test]
fn only_entries_of_rolecall_are_listed() {
    let keyring = keyring();
    put(&keyring, &session('a'), "short");
    put(&keyring, &session('b'), &"long".repeat(LIMIT));
    put(&keyring, &seed(), "seed");
    for (service, user) in [
        ("rolecall", "identity"),
        ("rolecall", "a"),
        ("another", &*"c".repeat(64)),
        ("my-rolecall", &*"d".repeat(64)),
    ] {
        let entry = keyring.0.keyring().unwrap().build(service, user, None).unwrap();
        entry.set_password("x").unwrap();
    }
    let mut listed = keyring.list().unwrap();
    listed.sort();
    assert_eq!(listed, [session('a'), session('b'), seed()]);
}

#[test]
fn store_errors_pass_through_keyring_traits_unchanged() {
    let keyring = keyring();
    let name = session('a');
    for error in [
        StoreError::Locked("x".to_owned()),
        StoreError::Unavailable("x".to_owned()),
        StoreError::TimedOut(std::time::Duration::from_secs(1)),
        StoreError::Interrupted,
    ] {
        fail(&keyring, &name, Error::PlatformFailure(Box::new(error.clone())));
        assert_eq!(keyring.get(&name).unwrap_err(), error);
        fail(&keyring, &name, Error::NoStorageAccess(Box::new(error.clone())));
        assert_eq!(keyring.delete(&name).unwrap_err(), error);
    }
}

#[test]
fn keyring_errors_map_to_store_errors_without_secret() {
    let keyring = keyring();
    let name = session('a');
    put(&keyring, &name, "kept");
    let cause = || Box::new(std::io::Error::other("cause"));
    for (error, expected) in [
        (Error::NoStorageAccess(cause()), StoreError::Locked("keyring: cause".to_owned())),
        (Error::PlatformFailure(cause()), StoreError::Failed("keyring: cause".to_owned())),
        (
            Error::TooLong("secret".to_owned(), 9),
            StoreError::Full("the keyring allows 9 bytes of secret".to_owned()),
        ),
        (
            Error::BadEncoding(b"secret".to_vec()),
            StoreError::Failed("the keyring's entry cannot be read".to_owned()),
        ),
        (
            Error::BadDataFormat(b"secret".to_vec(), cause()),
            StoreError::Failed("the keyring's entry cannot be read".to_owned()),
        ),
    ] {
        fail(&keyring, &name, error);
        assert_eq!(keyring.get(&name).unwrap_err(), expected);
        assert_eq!(get(&keyring, &name).as_deref(), Some("kept"));
    }
}

#[test]
fn keyring_that_cannot_be_opened_fails_at_each_call() {
    let keyring = Keyring::<Store>::new(Err(Error::NoDefaultStore));
    assert!(matches!(keyring.get(&session('a')), Err(StoreError::Failed(_))));
    assert!(matches!(keyring.list(), Err(StoreError::Failed(_))));
    assert!(matches!(keyring.probe(), Err(StoreError::Failed(_))));
    assert!(matches!(keyring.unlock(&|| {}), Err(StoreError::Failed(_))));
}
