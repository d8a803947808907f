use std::cell::{Cell, RefCell};
use std::collections::BTreeMap;
use std::rc::Rc;

use chrono::{DateTime, Utc};
use secrecy::{ExposeSecret, SecretString};

use super::*;
use crate::chain::Invocation;
use crate::store::entry_name::EntryName;
use crate::store::secret_store::NewEntry;
use crate::store::seeds::SeedFacts;
use crate::store::{SecretStore, StoreError, StoreName, UnlockPolicy};
use crate::ui::Ui;

const SERIAL: &str = "arn:aws:iam::111111111111:mfa/bob";
const NOW: i64 = 1_900_000_000;

/// A clock that stands at so many milliseconds after a moment.
#[derive(Default)]
struct Still(Cell<i64>);

impl Clock for Still {
    fn now(&self) -> DateTime<Utc> {
        DateTime::from_timestamp_millis(NOW * 1000 + self.0.get()).unwrap()
    }
}

/// Entries that all stores of a test share, or the error that each gives.
#[derive(Default)]
struct SeedWorld {
    entries: RefCell<BTreeMap<EntryName, String>>,
    asked: Cell<usize>,
    broken: Option<StoreError>,
}

struct MemoryStore(Rc<SeedWorld>);

impl SecretStore for MemoryStore {
    fn name(&self) -> &'static str {
        "keyring"
    }
    fn get(&self, name: &EntryName) -> Result<Option<SecretString>, StoreError> {
        self.0.asked.set(self.0.asked.get() + 1);
        match &self.0.broken {
            Some(error) => Err(error.clone()),
            None => {
                Ok(self.0.entries.borrow().get(name).map(|text| SecretString::from(text.as_str())))
            }
        }
    }
    fn put(&self, name: &EntryName, entry: &NewEntry) -> Result<(), StoreError> {
        assert_eq!(entry.expires_at, None, "a seed has no end");
        self.0.entries.borrow_mut().insert(name.clone(), entry.secret.expose_secret().to_owned());
        Ok(())
    }
    fn delete(&self, name: &EntryName) -> Result<bool, StoreError> {
        Ok(self.0.entries.borrow_mut().remove(name).is_some())
    }
    fn list(&self) -> Result<Vec<EntryName>, StoreError> {
        Ok(self.0.entries.borrow().keys().cloned().collect())
    }
    fn probe(&self) -> Result<String, StoreError> {
        Ok(String::new())
    }
}

fn open<'a>(world: &Rc<SeedWorld>, ui: &'a Ui, chosen: Option<StoreName>) -> StoredSeeds<'a> {
    let world = Rc::clone(world);
    StoredSeeds {
        open: Box::new(move |_| Box::new(MemoryStore(Rc::clone(&world)))),
        chosen,
        records: None,
        unlock: UnlockPolicy::Never,
        report: ui,
    }
}

fn question<'a>(serial: &'a str, refused: Option<&'a Error>) -> Question<'a> {
    static AGAIN: std::sync::LazyLock<Invocation> = std::sync::LazyLock::new(Invocation::default);
    Question {
        who: "profile `p`",
        invocation: &AGAIN,
        role_arn: None,
        serial,
        process: None,
        process_place: None,
        oath: None,
        refused,
        declined: false,
    }
}

fn serial() -> MfaSerial {
    MfaSerial::parse(SERIAL).unwrap()
}

/// A world with a seed whose codes change each second.
fn world() -> (Rc<SeedWorld>, Seed) {
    let (world, ui) = (Rc::new(SeedWorld::default()), Ui::default());
    let seed =
        Seed::parse("otpauth://totp/x?secret=GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ&period=1", SERIAL)
            .unwrap();
    open(&world, &ui, Some(StoreName::Keyring))
        .put(&serial(), &seed, StoreName::Keyring, (Still::default().now(), SeedFacts::default()))
        .unwrap();
    (world, seed)
}

#[test]
fn refused_code_is_followed_by_next_one_up_to_three_codes() {
    let (world, seed) = world();
    let (ui, runtime, clock) = (Ui::default(), Runtime::default(), Still::default());
    let stores = || open(&world, &ui, None);
    let seeds = Seeds::new(&stores, &clock, &runtime, &ui);
    let refusal = Error::failed("no").cause("AccessDenied");
    let now = u64::try_from(NOW).unwrap();
    let asked = world.asked.get();
    assert_eq!(seeds.token_code(&question(SERIAL, None)).unwrap(), Some(seed.code(now)));
    for later in [1, 2] {
        // Just before the window ends, so that the wait is short.
        clock.0.set(i64::try_from(later).unwrap() * 1000 - 50);
        assert_eq!(
            seeds.token_code(&question(SERIAL, Some(&refusal))).unwrap(),
            Some(seed.code(now + later))
        );
    }
    let error = seeds.token_code(&question(SERIAL, Some(&refusal))).unwrap_err();
    assert_eq!((error.message(), error.causes()), ("no", refusal.causes()));
    assert!(error.hints()[0].ends_with(&format!("rolecall keys mfa add {SERIAL} --force")));
    // The next call begins behind them all, and has three tries of its own. The store was asked
    // once.
    clock.0.set(2950);
    assert_eq!(seeds.token_code(&question(SERIAL, None)).unwrap(), Some(seed.code(now + 3)));
    clock.0.set(7000);
    assert_eq!(
        seeds.token_code(&question(SERIAL, Some(&refusal))).unwrap(),
        Some(seed.code(now + 7))
    );
    assert_eq!(world.asked.get(), asked + 1);
}

#[test]
fn missing_seed_or_locked_store_gives_no_code() {
    let (ui, runtime, clock) = (Ui::default(), Runtime::default(), Still::default());
    let refusal = Error::failed("no");
    for broken in
        [None, Some(StoreError::Locked(String::new())), Some(StoreError::Passphrase(String::new()))]
    {
        let world = Rc::new(SeedWorld { broken, ..SeedWorld::default() });
        let stores = || open(&world, &ui, None);
        let seeds = Seeds::new(&stores, &clock, &runtime, &ui);
        for refused in [None, Some(&refusal), None] {
            assert_eq!(seeds.token_code(&question(SERIAL, refused)).unwrap(), None);
        }
        assert_eq!(world.asked.get(), 2, "once in each store that keeps seeds");
    }
}

#[test]
fn refusal_of_code_from_other_method_gives_no_code() {
    let (world, _) = world();
    let (ui, runtime, clock) = (Ui::default(), Runtime::default(), Still::default());
    let stores = || open(&world, &ui, None);
    let seeds = Seeds::new(&stores, &clock, &runtime, &ui);
    assert_eq!(seeds.token_code(&question(SERIAL, Some(&Error::failed("no")))).unwrap(), None);
}

#[test]
fn store_none_is_not_searched_for_seed() {
    let (world, _) = world();
    let (ui, asked) = (Ui::default(), world.asked.get());
    assert!(
        open(&world, &ui, Some(StoreName::None))
            .find(&serial(), Still::default().now())
            .unwrap()
            .is_none()
    );
    assert_eq!(world.asked.get(), asked);
    assert!(
        open(&world, &ui, Some(StoreName::Keyutils))
            .find(&serial(), Still::default().now())
            .unwrap()
            .is_some()
    );
}
