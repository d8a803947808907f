//! The adapter on `keyring_core`'s own mock, with errors that carry the codes of the systems.

use std::cell::{Cell, RefCell};
use std::sync::{Mutex, mpsc};

use keyring_core::mock::{Cred, Store};
use secrecy::{ExposeSecret, SecretString};

use super::codes::{credential_manager, keychain, shown_code};
use super::*;
use crate::store::entry_name::EntryName;
use crate::store::keyring::Keyring;
use crate::store::secret_store::{NewEntry, SecretStore};

/// An error of macOS, as `security_framework` has it.
#[derive(Debug)]
struct OsStatus(i32);

impl fmt::Display for OsStatus {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("what macOS says")
    }
}

impl std::error::Error for OsStatus {}

/// The errors of Windows, with the name that they have in `windows_native_keyring_store`.
mod windows {
    use std::fmt;

    #[derive(Debug)]
    pub struct PlatformError(pub u32);

    impl fmt::Display for PlatformError {
        fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
            write!(f, "Windows error code {}", self.0)
        }
    }

    impl std::error::Error for PlatformError {}
}

impl Platform for Store {
    const NAME: &'static str = "mock";
    const UNLOCK: Option<fn() -> Result<()>> = Some(|| Ok(()));

    fn judge(cause: &PlatformError, dialogs: Dialogs) -> StoreError {
        match (cause.downcast_ref::<OsStatus>(), shown_code(cause.as_ref())) {
            (Some(OsStatus(code)), _) => keychain(*code, dialogs, cause),
            (None, Some(code)) => credential_manager(code, cause),
            (None, None) => StoreError::Failed(cause.to_string()),
        }
    }
}

fn name() -> EntryName {
    EntryName::parse(&"a".repeat(64)).unwrap()
}

/// Returns how a look-up fails when the keyring fails with an error.
fn failure(dialogs: Dialogs, error: Error) -> StoreError {
    let store = Store::new().unwrap();
    let keyring = Keyring::new(Ok(Native::new(Arc::clone(&store), Runtime::default())));
    if dialogs == Dialogs::Allowed {
        keyring.unlock(&|| {}).unwrap();
    }
    let item = store.build(SERVICE, name().as_str(), None).unwrap();
    item.as_any().downcast_ref::<Cred>().unwrap().set_error(error);
    keyring.get(&name()).unwrap_err()
}

fn state(error: &StoreError) -> &'static str {
    match error {
        StoreError::Locked(_) => "locked",
        StoreError::Denied(_) => "denied",
        StoreError::Unavailable(_) => "absent",
        StoreError::Full(_) => "full",
        StoreError::Failed(_) => "failed",
        _ => "another",
    }
}

#[test]
fn codes_of_the_keychain_map_to_states() {
    for (code, unattended, attended) in [
        (-25308, "locked", "locked"),
        (-25315, "locked", "locked"),
        (-25320, "locked", "locked"),
        (-60007, "locked", "locked"),
        (-60008, "locked", "locked"),
        // Without a dialog nobody was asked.
        (-25293, "locked", "denied"),
        (-128, "denied", "denied"),
        (-25243, "denied", "denied"),
        (-25244, "denied", "denied"),
        (-60005, "denied", "denied"),
        (-60006, "denied", "denied"),
        (-25291, "absent", "absent"),
        (-25292, "absent", "absent"),
        (-25294, "absent", "absent"),
        (-25295, "absent", "absent"),
        (-25307, "absent", "absent"),
        (-61, "absent", "absent"),
        (-34, "full", "full"),
        (-25302, "full", "full"),
        (-25299, "failed", "failed"),
        (-36, "failed", "failed"),
        (-34018, "failed", "failed"),
    ] {
        for (dialogs, expected) in [(Dialogs::Suppressed, unattended), (Dialogs::Allowed, attended)]
        {
            // The crate wraps some codes in the one and some in the other.
            for wrap in [Error::PlatformFailure, Error::NoStorageAccess] {
                let error = failure(dialogs, wrap(Box::new(OsStatus(code))));
                assert_eq!(state(&error), expected, "{code}, {dialogs:?}");
                assert!(error.to_string().ends_with(&format!("what macOS says ({code})")));
            }
        }
    }
}

#[test]
fn codes_of_the_credential_manager_map_to_states() {
    for (code, expected) in [
        (1312, "absent"),
        (50, "absent"),
        (120, "absent"),
        (1058, "absent"),
        (1062, "absent"),
        (1245, "absent"),
        (1722, "absent"),
        (5, "denied"),
        (1260, "denied"),
        (1314, "denied"),
        (112, "full"),
        (1816, "full"),
        (87, "failed"),
        (1783, "failed"),
    ] {
        for wrap in [Error::PlatformFailure, Error::NoStorageAccess] {
            let cause = Box::new(windows::PlatformError(code));
            let error = failure(Dialogs::Suppressed, wrap(cause));
            assert_eq!(state(&error), expected, "{code}");
            assert!(error.to_string().ends_with(&format!("Windows error code {code}")));
        }
    }
}

#[test]
fn error_without_a_code_is_a_failure() {
    let other = || Box::new(std::io::Error::other("other"));
    for error in [Error::PlatformFailure(other()), Error::NoStorageAccess(other())] {
        assert_eq!(failure(Dialogs::Suppressed, error), StoreError::Failed("other".to_owned()));
    }
    let invalid = Error::Invalid("user".to_owned(), "empty".to_owned());
    assert_eq!(state(&failure(Dialogs::Suppressed, invalid)), "failed");
    for shown in ["PlatformError(x)", "PlatformError(-1)", "PlatformError(1", "Other(1)"] {
        let error: Box<dyn std::error::Error> = shown.into();
        assert_eq!(shown_code(error.as_ref()), None);
    }
}

#[test]
fn secrets_and_entries_pass_through() {
    let keyring = Keyring::new(Ok(Native::new(Store::new().unwrap(), Runtime::default())));
    assert!(keyring.get(&name()).unwrap().is_none());
    let secret = &SecretString::from("secret");
    keyring.put(&name(), &NewEntry { label: "label", secret, expires_at: None }).unwrap();
    assert_eq!(keyring.get(&name()).unwrap().unwrap().expose_secret(), "secret");
    assert_eq!(keyring.list().unwrap(), [name()]);
    assert_eq!(keyring.delete(&name()), Ok(true));
    assert_eq!(keyring.delete(&name()), Ok(false));
}

#[test]
fn probe_writes_reads_and_deletes_an_item_of_its_own() {
    let store = Store::new().unwrap();
    let keyring = Keyring::new(Ok(Native::new(Arc::clone(&store), Runtime::default())));
    let item = store.build(SERVICE, PROBE, None).unwrap();
    item.set_secret(b"left behind").unwrap();
    assert_eq!(keyring.probe().unwrap(), "mock");
    assert!(matches!(item.get_secret(), Err(Error::NoEntry)));
    let mock: &Cred = item.as_any().downcast_ref().unwrap();
    mock.set_error(Error::PlatformFailure(Box::new(OsStatus(-25308))));
    assert_eq!(state(&keyring.probe().unwrap_err()), "locked");
}

/// A keyring whose items hold what the thread of the calls was told last: whether dialogs may come
/// up, and a label. Its item `stuck` does not answer before the test ends.
struct Observed<const UNLOCKS: bool> {
    end: Arc<Mutex<mpsc::Receiver<()>>>,
}

thread_local! {
    static LABEL: RefCell<String> = const { RefCell::new(String::new()) };
    static TOLD: Cell<Option<Dialogs>> = const { Cell::new(None) };
}

struct ObservedItem {
    end: Option<Arc<Mutex<mpsc::Receiver<()>>>>,
}

impl<const UNLOCKS: bool> CredentialStoreApi for Observed<UNLOCKS> {
    fn vendor(&self) -> String {
        String::new()
    }
    fn id(&self) -> String {
        String::new()
    }
    fn build(&self, _: &str, user: &str, _: Option<&HashMap<&str, &str>>) -> Result<Entry> {
        let end = (user == "stuck").then(|| Arc::clone(&self.end));
        Ok(Entry::new_with_credential(Arc::new(ObservedItem { end })))
    }
    fn as_any(&self) -> &dyn Any {
        self
    }
}

impl CredentialApi for ObservedItem {
    fn set_secret(&self, _: &[u8]) -> Result<()> {
        Ok(())
    }
    fn get_secret(&self) -> Result<Vec<u8>> {
        if let Some(end) = &self.end {
            let _ = end.lock().unwrap().recv();
        }
        Ok(format!("{:?}{}", TOLD.get(), LABEL.take()).into_bytes())
    }
    fn delete_credential(&self) -> Result<()> {
        Ok(())
    }
    fn get_credential(&self) -> Result<Option<Arc<Credential>>> {
        Ok(None)
    }
    fn get_specifiers(&self) -> Option<(String, String)> {
        None
    }
    fn as_any(&self) -> &dyn Any {
        self
    }
}

impl<const UNLOCKS: bool> Platform for Observed<UNLOCKS> {
    const NAME: &'static str = "observed";
    const UNLOCK: Option<fn() -> Result<()>> = Some(|| {
        assert_eq!(TOLD.get(), Some(Dialogs::Allowed));
        if UNLOCKS { Ok(()) } else { Err(Error::PlatformFailure(Box::new(OsStatus(-128)))) }
    });

    fn judge(cause: &PlatformError, dialogs: Dialogs) -> StoreError {
        <Store as Platform>::judge(cause, dialogs)
    }

    fn set_dialogs(dialogs: Dialogs) -> Result<()> {
        TOLD.set(Some(dialogs));
        Ok(())
    }

    fn label(item: &Entry, label: &str) -> Result<()> {
        item.delete_credential()?;
        LABEL.set(label.to_owned());
        Err(Error::NotSupportedByStore("labels".to_owned()))
    }
}

fn observed<const UNLOCKS: bool>() -> (mpsc::Sender<()>, Arc<Native<Observed<UNLOCKS>>>) {
    let (end, ended) = mpsc::channel();
    let platform = Arc::new(Observed { end: Arc::new(Mutex::new(ended)) });
    (end, Native::new(platform, Runtime::default()))
}

fn read<const UNLOCKS: bool>(keyring: &Native<Observed<UNLOCKS>>) -> String {
    let item = keyring.build(SERVICE, "item", None).unwrap();
    String::from_utf8(item.get_secret().unwrap()).unwrap()
}

#[test]
fn dialogs_are_suppressed_until_the_keyring_was_unlocked() {
    let (_end, keyring) = observed::<true>();
    assert_eq!(read(&keyring), "Some(Suppressed)");
    let announced = Cell::new(0);
    keyring.unlock(&|| announced.set(announced.get() + 1)).unwrap();
    assert_eq!(announced.get(), 1);
    assert_eq!(read(&keyring), "Some(Allowed)");
    let (_end, another) = observed::<true>();
    assert_eq!(read(&another), "Some(Suppressed)");
}

#[test]
fn item_is_labelled_after_it_is_written_and_a_label_that_is_refused_costs_nothing() {
    let (_end, keyring) = observed::<true>();
    let modifiers = Native::<Observed<true>>::modifiers("rolecall: prod");
    let item = keyring.build(SERVICE, "item", Some(&modifiers)).unwrap();
    item.set_secret(b"secret").unwrap();
    assert_eq!(read(&keyring), "Some(Suppressed)rolecall: prod");
}

#[test]
fn dialogs_stay_suppressed_after_a_person_declined() {
    let (_end, keyring) = observed::<false>();
    let declined = crate::store::keyring::explain(keyring.unlock(&|| {}).unwrap_err());
    assert_eq!(state(&declined), "denied");
    assert_eq!(read(&keyring), "Some(Suppressed)");
}

#[test]
fn call_that_never_ends_times_out_and_those_after_it_at_once() {
    let (end, keyring) = observed::<true>();
    for _ in 0..2 {
        let stuck = keyring.build(SERVICE, "stuck", None).unwrap();
        let error = crate::store::keyring::explain(stuck.get_secret().unwrap_err());
        assert_eq!(error, StoreError::TimedOut(LOOK_UP_TIMEOUT));
    }
    drop(end);
}
