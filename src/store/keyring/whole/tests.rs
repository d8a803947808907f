//! The two items on `keyring_core`'s own mock, behind a counter of what is read and written.

use std::any::Any;
use std::collections::HashMap;
use std::path::Path;
use std::sync::atomic::{AtomicI64, AtomicUsize, Ordering};
use std::thread;

use chrono::{DateTime, Utc};
use keyring_core::api::{Credential, CredentialApi, CredentialStoreApi};
use keyring_core::mock::Store;
use keyring_core::{Entry, Error};

use super::*;
use crate::aws::names::MfaSerial;
use crate::chain::session_key::SessionKey;
use crate::system::locks::FileLocks;
use crate::system::report::Silent;
use crate::system::runtime::Runtime;

#[derive(Default)]
struct Counts {
    reads: AtomicUsize,
    writes: AtomicUsize,
}

/// The mock, which counts.
struct Counting {
    mock: Arc<Store>,
    counts: Arc<Counts>,
}

struct CountingItem {
    item: Entry,
    counts: Arc<Counts>,
}

impl CredentialStoreApi for Counting {
    fn vendor(&self) -> String {
        self.mock.vendor()
    }
    fn id(&self) -> String {
        self.mock.id()
    }
    fn build(
        &self,
        service: &str,
        user: &str,
        _: Option<&HashMap<&str, &str>>,
    ) -> KeyringResult<Entry> {
        let item = self.mock.build(service, user, None)?;
        let counts = Arc::clone(&self.counts);
        Ok(Entry::new_with_credential(Arc::new(CountingItem { item, counts })))
    }
    fn as_any(&self) -> &dyn Any {
        self
    }
}

impl CredentialApi for CountingItem {
    fn set_secret(&self, secret: &[u8]) -> KeyringResult<()> {
        self.counts.writes.fetch_add(1, Ordering::Relaxed);
        self.item.set_secret(secret)
    }
    fn get_secret(&self) -> KeyringResult<Vec<u8>> {
        self.counts.reads.fetch_add(1, Ordering::Relaxed);
        self.item.get_secret()
    }
    fn delete_credential(&self) -> KeyringResult<()> {
        self.item.delete_credential()
    }
    fn get_credential(&self) -> KeyringResult<Option<Arc<Credential>>> {
        Ok(None)
    }
    fn get_specifiers(&self) -> Option<(String, String)> {
        None
    }
    fn as_any(&self) -> &dyn Any {
        self
    }
}

impl OsKeyring for Counting {
    fn modifiers(_: &str) -> HashMap<&'static str, &str> {
        HashMap::new()
    }
    fn search_spec() -> HashMap<&'static str, &'static str> {
        HashMap::new()
    }
    fn probe(&self) -> KeyringResult<String> {
        Ok("mock".to_owned())
    }
}

/// The clock of a test.
#[derive(Default)]
struct Now(AtomicI64);

impl Clock for Now {
    fn now(&self) -> DateTime<Utc> {
        DateTime::from_timestamp(self.0.load(Ordering::Relaxed), 0).unwrap()
    }
}

/// One keyring, its folder of locks, and the time.
struct Scene {
    keyring: Arc<Counting>,
    locks: tempfile::TempDir,
    now: Now,
}

impl Scene {
    fn new() -> Self {
        let keyring = Counting { mock: Store::new().unwrap(), counts: Arc::default() };
        Self {
            keyring: Arc::new(keyring),
            locks: tempfile::tempdir().unwrap(),
            now: Now::default(),
        }
    }

    /// Returns the store as one process has it.
    fn store(&self) -> WholeItems<'_, Counting> {
        WholeItems::new(Ok(Arc::clone(&self.keyring)), locks(self.locks.path()), &self.now)
    }

    /// Returns an item that belongs to the keyring's user.
    fn item(&self, shared: SharedItem) -> Entry {
        self.keyring.mock.build(shared.service(), USER, None).unwrap()
    }

    fn content(&self, shared: SharedItem) -> String {
        String::from_utf8(self.item(shared).get_secret().unwrap()).unwrap()
    }

    /// Returns how often items were read and written, and begins to count anew.
    fn counts(&self) -> (usize, usize) {
        let Counts { reads, writes } = &*self.keyring.counts;
        (reads.swap(0, Ordering::Relaxed), writes.swap(0, Ordering::Relaxed))
    }
}

fn locks<'a>(folder: &Path) -> Box<dyn Locks + 'a> {
    let folders = vec![folder.join("rolecall")];
    Box::new(FileLocks::new(folders, None, Runtime::default(), &Silent))
}

fn session(number: usize) -> EntryName {
    EntryName::from(&SessionKey::parse(&format!("{number:064x}")).unwrap())
}

fn seed(serial: &str) -> EntryName {
    EntryName::from(&MfaSerial::parse(serial).unwrap())
}

fn put(store: &WholeItems<Counting>, name: &EntryName, secret: &str, expires_at: Option<i64>) {
    let secret = &SecretString::from(secret);
    store.put(name, &NewEntry { label: "label", secret, expires_at }).unwrap();
}

fn get(store: &WholeItems<Counting>, name: &EntryName) -> Option<String> {
    store.get(name).unwrap().map(|secret| secret.expose_secret().to_owned())
}

#[test]
fn secrets_come_back_until_they_are_deleted() {
    let scene = Scene::new();
    let store = scene.store();
    let names = [session(1), session(2), seed("GAHT12345678")];
    for name in &names {
        assert_eq!(get(&store, name), None);
        for secret in ["", "x", "{\"a\":\"b\\n\"}", "größer"] {
            put(&store, name, secret, None);
            assert_eq!(get(&store, name).as_deref(), Some(secret));
        }
    }
    assert_eq!(store.list().unwrap(), names);
    for name in &names {
        assert_eq!(store.delete(name), Ok(true));
        assert_eq!(store.delete(name), Ok(false));
        assert_eq!(get(&store, name), None);
    }
    assert_eq!(store.list().unwrap(), []);
    for shared in SharedItem::ALL {
        assert!(matches!(scene.item(shared).get_secret(), Err(Error::NoEntry)), "{shared:?}");
    }
}

#[test]
fn look_up_reads_one_item_and_write_touches_one() {
    let scene = Scene::new();
    let store = scene.store();
    for number in 0..20 {
        put(&store, &session(number), "session", Some(100));
    }
    put(&store, &seed("GAHT12345678"), "seed", None);
    scene.counts();
    assert!(get(&store, &session(7)).is_some());
    assert_eq!(scene.counts(), (1, 0));
    assert!(get(&store, &seed("GAHT12345678")).is_some());
    assert_eq!(scene.counts(), (1, 0));
    assert_eq!(get(&store, &session(99)), None);
    assert_eq!(scene.counts(), (1, 0));
    put(&store, &session(99), "session", Some(100));
    assert_eq!(scene.counts(), (1, 1));
    assert_eq!(store.delete(&session(98)), Ok(false));
    assert_eq!(scene.counts(), (1, 0));
    assert_eq!(scene.keyring.mock.search(&HashMap::new()).unwrap().len(), 2, "items");
}

#[test]
fn sessions_and_long_term_secrets_lie_apart() {
    let scene = Scene::new();
    let store = scene.store();
    put(&store, &session(1), "session", Some(100));
    put(&store, &seed("GAHT12345678"), "seed", None);
    let (session, seed) = (content::encode("session"), content::encode("seed"));
    assert!(scene.content(SharedItem::Sessions).contains(&*session));
    assert!(!scene.content(SharedItem::Sessions).contains(&*seed));
    assert!(scene.content(SharedItem::LongTermSecrets).contains(&*seed));
    assert_eq!(store.probe().unwrap(), "mock, 1 sessions and 1 long-term secrets of ours");
}

#[test]
fn concurrent_writers_lose_nothing() {
    const WRITERS: usize = 6;
    const ENTRIES: usize = 8;
    let scene = Scene::new();
    thread::scope(|scope| {
        for writer in 0..WRITERS {
            let scene = &scene;
            scope.spawn(move || {
                let store = scene.store();
                for number in 0..ENTRIES {
                    let number = writer * ENTRIES + number;
                    put(&store, &session(number), "session", Some(100));
                    put(&store, &seed(&format!("GAHT{number:08}")), "seed", None);
                    // Every other session goes again.
                    if number % 2 == 1 {
                        assert_eq!(store.delete(&session(number)), Ok(true));
                    }
                }
            });
        }
    });
    let names = scene.store().list().unwrap();
    let is_session = |name: &&EntryName| matches!(name, EntryName::Session(_));
    assert_eq!(names.iter().filter(is_session).count(), WRITERS * ENTRIES / 2);
    assert_eq!(names.len(), WRITERS * ENTRIES * 3 / 2);
}

#[test]
fn expired_session_is_a_miss_and_goes_with_the_next_write() {
    let scene = Scene::new();
    let store = scene.store();
    put(&store, &session(1), "one", Some(100));
    put(&store, &session(2), "two", Some(200));
    put(&store, &seed("GAHT12345678"), "seed", None);
    scene.now.0.store(100, Ordering::Relaxed);
    assert_eq!(get(&store, &session(1)), None);
    assert_eq!(get(&store, &session(2)).as_deref(), Some("two"));
    assert_eq!(store.list().unwrap().len(), 3);
    put(&store, &session(3), "three", Some(200));
    assert_eq!(store.list().unwrap(), [session(2), session(3), seed("GAHT12345678")]);
    assert_eq!(get(&store, &seed("GAHT12345678")).as_deref(), Some("seed"));
}

#[test]
fn sessions_make_room_for_a_new_one() {
    let scene = Scene::new();
    let store = scene.store();
    let large = "x".repeat(100 * 1024);
    for number in 0..9 {
        put(&store, &session(number), &large, Some(100 + i64::try_from(number).unwrap()));
    }
    assert_eq!(get(&store, &session(0)), None);
    assert_eq!(get(&store, &session(8)), Some(large.clone()));
    let secret = &SecretString::from(large.repeat(10));
    let entry = NewEntry { label: "label", secret, expires_at: Some(100) };
    assert!(matches!(store.put(&session(9), &entry), Err(StoreError::Full(_))));
    assert_eq!(get(&store, &session(8)), Some(large), "what was there still is");
}

#[test]
fn sessions_that_cannot_be_read_are_begun_anew() {
    let scene = Scene::new();
    let store = scene.store();
    for garbage in [&b"garbage"[..], b"\xff\0", br#"{"version":1,"entries":[]}"#] {
        scene.item(SharedItem::Sessions).set_secret(garbage).unwrap();
        assert_eq!(get(&store, &session(1)), None);
        assert_eq!(store.delete(&session(1)), Ok(false));
        put(&store, &session(1), "new", Some(100));
        assert_eq!(get(&store, &session(1)).as_deref(), Some("new"));
    }
    let torn = format!(
        r#"{{"version":1,"entries":{{"{}":{{"secret":"no base64!"}}}}}}"#,
        session(2).as_str()
    );
    scene.item(SharedItem::Sessions).set_secret(torn.as_bytes()).unwrap();
    assert_eq!(get(&store, &session(2)), None);
}

#[test]
fn long_term_secrets_that_cannot_be_read_are_left_as_they_are() {
    let scene = Scene::new();
    let store = scene.store();
    let name = seed("GAHT12345678");
    let secret = &SecretString::from("seed");
    let entry = NewEntry { label: "label", secret, expires_at: None };
    for garbage in ["garbage", r#"{"version":2,"entries":{}}"#] {
        scene.item(SharedItem::LongTermSecrets).set_secret(garbage.as_bytes()).unwrap();
        assert!(matches!(store.get(&name), Err(StoreError::Failed(_))));
        assert!(matches!(store.put(&name, &entry), Err(StoreError::Failed(_))));
        assert!(matches!(store.delete(&name), Err(StoreError::Failed(_))));
        assert!(matches!(store.probe(), Err(StoreError::Failed(_))));
        assert_eq!(scene.content(SharedItem::LongTermSecrets), garbage);
    }
    // Sessions are another item.
    put(&store, &session(1), "session", Some(100));
    assert_eq!(get(&store, &session(1)).as_deref(), Some("session"));
}

#[test]
fn item_of_a_later_layout_is_left_as_it_is() {
    let scene = Scene::new();
    let store = scene.store();
    let later = r#"{"version":2,"entries":{}}"#;
    scene.item(SharedItem::Sessions).set_secret(later.as_bytes()).unwrap();
    let secret = &SecretString::from("session");
    let entry = NewEntry { label: "label", secret, expires_at: Some(100) };
    assert!(matches!(store.get(&session(1)), Err(StoreError::Failed(_))));
    assert!(matches!(store.put(&session(1), &entry), Err(StoreError::Failed(_))));
    assert_eq!(scene.content(SharedItem::Sessions), later);
}

#[test]
fn entry_that_this_version_does_not_know_is_kept_and_not_listed() {
    let scene = Scene::new();
    let store = scene.store();
    let unknown = r#"{"version":1,"entries":{"keys-AKIA1":{"secret":"eA=="}}}"#;
    scene.item(SharedItem::LongTermSecrets).set_secret(unknown.as_bytes()).unwrap();
    let name = seed("GAHT12345678");
    put(&store, &name, "seed", None);
    assert_eq!(store.list().unwrap(), std::slice::from_ref(&name));
    assert_eq!(store.delete(&name), Ok(true));
    assert_eq!(scene.content(SharedItem::LongTermSecrets), unknown);
}

#[test]
fn probe_says_denied_where_only_one_item_is_closed() {
    let scene = Scene::new();
    let store = scene.store();
    put(&store, &session(1), "session", Some(100));
    let item = scene.item(SharedItem::Sessions);
    let mock: &keyring_core::mock::Cred = item.as_any().downcast_ref().unwrap();
    let locked = StoreError::Locked("User interaction is not allowed. (-25308)".to_owned());
    mock.set_error(Error::NoStorageAccess(Box::new(locked)));
    let error = store.probe().unwrap_err();
    assert!(matches!(error, StoreError::Denied(_)), "{error:?}");
    assert!(error.to_string().contains("`rolecall sessions`"), "{error}");
}

#[test]
fn writer_that_waits_in_vain_changes_nothing() {
    let scene = Scene::new();
    let store = scene.store();
    put(&store, &session(1), "old", Some(100));
    let folders = vec![scene.locks.path().join("rolecall")];
    let limit = Some(Duration::from_millis(20));
    let holder = FileLocks::new(folders.clone(), None, Runtime::default(), &Silent);
    let held = holder.acquire(SharedItem::Sessions.lock(), "a test", LOCK_TIMEOUT).unwrap();
    let impatient = FileLocks::new(folders, limit, Runtime::default(), &Silent);
    let keyring = Ok(Arc::clone(&scene.keyring));
    let waiting = WholeItems::new(keyring, Box::new(impatient), &scene.now);
    let secret = &SecretString::from("new");
    let entry = NewEntry { label: "label", secret, expires_at: Some(100) };
    assert!(matches!(waiting.put(&session(1), &entry), Err(StoreError::Failed(_))));
    assert_eq!(get(&waiting, &session(1)).as_deref(), Some("old"), "readers wait for nobody");
    drop(held);
    put(&waiting, &session(1), "new", Some(100));
    assert_eq!(get(&store, &session(1)).as_deref(), Some("new"));
}
