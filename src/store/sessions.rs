//! Sessions in the store: as JSON under their key, with their entry in the index. A store that
//! fails costs the cache, never the credentials.

use std::path::{Path, PathBuf};

use chrono::{DateTime, SecondsFormat, Utc};
use secrecy::{ExposeSecret, SecretString};
use serde::{Deserialize, Serialize};
use zeroize::Zeroizing;

use super::StoreError;
use super::choice::Stores;
use super::index::{Entries, Entry, Index};
use crate::aws::Session;
use crate::chain::session_key::SessionKey;
use crate::executor::{Metadata, Sessions};
use crate::system::clock::Clock;
use crate::system::report::Report;

/// How many dead sessions are cleared away when a new one is kept.
const CLEARED_AT_ONCE: usize = 4;
/// The store that keeps nothing, of which there is no index.
const NOWHERE: &str = "none";

pub struct StoredSessions<'a> {
    pub stores: Stores<'a>,
    pub index: Option<PathBuf>,
    pub clock: &'a dyn Clock,
    pub report: &'a dyn Report,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Kept {
    access_key_id: String,
    secret_access_key: SecretString,
    session_token: Option<SecretString>,
    expiration: DateTime<Utc>,
    issued_at: Option<DateTime<Utc>>,
    account_id: Option<String>,
}

/// Borrows the secrets only while they are written.
#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
struct Keeping<'a> {
    access_key_id: &'a str,
    secret_access_key: &'a str,
    session_token: Option<&'a str>,
    expiration: String,
    issued_at: Option<String>,
    account_id: Option<&'a str>,
}

/// Renders a session for the store; `None` when it has no end, so that it is not kept.
pub fn render(session: &Session) -> Option<SecretString> {
    let json = Zeroizing::new(
        serde_json::to_string(&Keeping {
            access_key_id: &session.access_key_id,
            secret_access_key: session.secret_access_key.expose_secret(),
            session_token: session.session_token.as_ref().map(ExposeSecret::expose_secret),
            expiration: session.expires_at?.to_rfc3339_opts(SecondsFormat::Secs, true),
            issued_at: session.issued_at.map(|at| at.to_rfc3339_opts(SecondsFormat::Micros, true)),
            account_id: session.account_id.as_deref(),
        })
        .ok()?,
    );
    Some(SecretString::from(json.as_str()))
}

/// Reads what `render` wrote; anything else is a miss.
pub fn parse(secret: &SecretString) -> Option<Session> {
    let kept: Kept = serde_json::from_str(secret.expose_secret()).ok()?;
    Some(Session {
        access_key_id: kept.access_key_id,
        secret_access_key: kept.secret_access_key,
        session_token: kept.session_token,
        expires_at: Some(kept.expiration),
        issued_at: kept.issued_at,
        account_id: kept.account_id,
    })
}

impl Sessions for StoredSessions<'_> {
    fn get(&self, key: &SessionKey) -> Option<Session> {
        match self.stores.get(key.as_str()) {
            Ok(None) => None,
            Ok(Some(secret)) => {
                let session = parse(&secret);
                if session.is_none() {
                    self.report.decided(&|| {
                        "the cached session cannot be read and is fetched anew".to_owned()
                    });
                }
                session
            }
            Err(error) => {
                self.report
                    .decided(&|| format!("the store {} gave nothing: {error}", self.stores.name()));
                if let StoreError::Locked(_) | StoreError::Passphrase(_) = error {
                    let name = self.stores.name();
                    self.report.warn(&format!(
                        "the store {name} is locked, so cached sessions are not used; unlock it, or choose another with --store"
                    ));
                }
                None
            }
        }
    }

    fn put(&self, key: &SessionKey, session: &Session, metadata: &Metadata) {
        let (Some(secret), Some(expires_at)) = (render(session), session.expires_at) else {
            return;
        };
        let label = match &metadata.role_arn {
            Some(role_arn) => format!("rolecall: {} ({role_arn})", metadata.profile),
            None => format!("rolecall: {}", metadata.profile),
        };
        let put = || self.stores.put(key.as_str(), &label, &secret, Some(expires_at.timestamp()));
        let entry = |store: &str| Entry {
            profile: metadata.profile.clone(),
            account_id: session.account_id.clone(),
            role_arn: metadata.role_arn.clone(),
            expires_at,
            store: store.to_owned(),
        };
        let kept = match self.index.as_deref().filter(|_| self.stores.name() != NOWHERE) {
            None => put(),
            Some(path) => self.put_with_entry(path, key.as_str(), &entry, &put),
        };
        if let Err(error) = kept {
            self.report.warn(&format!(
                "the session could not be kept in the store {}: {error}",
                self.stores.name()
            ));
        }
    }
}

impl StoredSessions<'_> {
    /// Keeps a session and its entry in step: the entry is there before the secret, so that a
    /// process that is killed in between leaves nothing in the store that nobody knows of.
    fn put_with_entry(
        &self,
        path: &Path,
        key: &str,
        entry: &dyn Fn(&str) -> Entry,
        put: &dyn Fn() -> Result<(), StoreError>,
    ) -> Result<(), StoreError> {
        let index = Index::lock(path);
        let expected = self.stores.name();
        let before = index.update(|entries: &mut Entries| {
            let now = self.clock.now();
            let before = entries.insert(key.to_owned(), entry(expected));
            let dead: Vec<_> = entries
                .iter()
                .filter(|(_, e)| e.expires_at <= now)
                .map(|(key, _)| key.clone())
                .take(CLEARED_AT_ONCE)
                .collect();
            for key in dead {
                // One that stays is dead all the same.
                let _ = self.stores.delete(&key);
                entries.remove(&key);
            }
            before
        });
        let kept = put();
        let store = self.stores.name();
        let updated = before.and_then(|before| {
            let right = match &kept {
                Ok(()) if store == expected => return Ok(()),
                Ok(()) if store != NOWHERE => Some(entry(store)),
                // The session that was kept before is there still.
                _ => before,
            };
            index.update(|entries: &mut Entries| match right {
                Some(right) => drop(entries.insert(key.to_owned(), right)),
                None => drop(entries.remove(key)),
            })
        });
        if let Err(error) = updated {
            self.report
                .decided(&|| format!("the index {} could not be written: {error}", path.display()));
        }
        kept
    }
}

#[cfg(test)]
mod tests {
    use std::cell::RefCell;

    use super::*;
    use crate::store::{SecretStore, index};

    #[test]
    fn a_session_survives_the_store_and_garbage_is_a_miss() {
        let session = Session {
            access_key_id: "ASIA1".to_owned(),
            secret_access_key: SecretString::from("s\"ecret\n"),
            session_token: Some(SecretString::from("tökén")),
            expires_at: DateTime::from_timestamp(2_000_000_000, 0),
            issued_at: DateTime::from_timestamp_micros(1_999_990_000_000_001),
            account_id: Some("1".to_owned()),
        };
        let kept = render(&session).unwrap();
        let back = parse(&kept).unwrap();
        assert_eq!(render(&back).unwrap().expose_secret(), kept.expose_secret());
        assert_eq!(back.session_token.unwrap().expose_secret(), "tökén");
        for end in 0..kept.expose_secret().len() {
            let torn = kept.expose_secret().get(..end).map(SecretString::from);
            assert!(torn.is_none_or(|t| parse(&t).is_none()), "cut at {end}");
        }
        assert!(parse(&SecretString::from("\0\u{ff}garbage")).is_none());
    }

    /// A store that fails when it is told to, and demands that the index knows what it holds.
    struct Witness {
        index: PathBuf,
        failure: RefCell<Option<StoreError>>,
        deleted: RefCell<Vec<String>>,
    }

    impl SecretStore for &Witness {
        fn name(&self) -> &'static str {
            "keyutils"
        }
        fn get(&self, _: &str) -> Result<Option<SecretString>, StoreError> {
            Ok(None)
        }
        fn put(
            &self,
            key: &str,
            _: &str,
            _: &SecretString,
            _: Option<i64>,
        ) -> Result<(), StoreError> {
            assert!(
                index::read(&self.index).contains_key(key),
                "who is killed now would leave a session that nobody knows of"
            );
            self.failure.take().map_or(Ok(()), Err)
        }
        fn delete(&self, key: &str) -> Result<bool, StoreError> {
            assert!(index::read(&self.index).contains_key(key));
            self.deleted.borrow_mut().push(key.to_owned());
            Ok(true)
        }
        fn keys(&self) -> Result<Vec<String>, StoreError> {
            Ok(Vec::new())
        }
        fn probe(&self) -> Result<String, StoreError> {
            Ok(String::new())
        }
    }

    struct Now(i64);

    impl Clock for Now {
        fn now(&self) -> DateTime<Utc> {
            DateTime::from_timestamp(self.0, 0).unwrap()
        }
    }

    #[test]
    fn store_and_index_stay_in_step() {
        let home = tempfile::tempdir().unwrap();
        let path = home.path().join("state/index.json");
        let witness = Witness {
            index: path.clone(),
            failure: RefCell::default(),
            deleted: RefCell::default(),
        };
        let report = crate::ui::Ui::default();
        let stores = |second: Option<Box<dyn SecretStore>>| {
            let first: Box<dyn SecretStore> = Box::new(&witness);
            Stores::new([Some(first), second].into_iter().flatten().collect(), &report, false)
        };
        let keep = |stores: Stores, key: &str, now: i64, life: i64| {
            let sessions = StoredSessions {
                stores,
                index: Some(path.clone()),
                clock: &Now(now),
                report: &report,
            };
            let expires_at = DateTime::from_timestamp(now + life, 0).unwrap();
            let entry = |store: &str| Entry {
                profile: key.to_owned(),
                account_id: None,
                role_arn: None,
                expires_at,
                store: store.to_owned(),
            };
            let put = || sessions.stores.put(key, "", &SecretString::from("x"), None);
            sessions.put_with_entry(&path, key, &entry, &put)
        };
        let known = || {
            index::read(&path)
                .into_iter()
                .map(|(key, e)| (key, e.store, e.expires_at.timestamp()))
                .collect::<Vec<_>>()
        };
        let one = |end: i64| ("a".to_owned(), "keyutils".to_owned(), end);
        keep(stores(None), "a", 100, 50).unwrap();
        assert_eq!(known(), [one(150)]);
        // A new session that is not kept leaves the old one.
        for key in ["a", "b"] {
            witness.failure.replace(Some(StoreError::Full("x".to_owned())));
            keep(stores(None), key, 110, 90).unwrap_err();
            assert_eq!(known(), [one(150)], "{key}");
        }
        // Where the next store takes it, that one is named; nothing is known of what is kept
        // nowhere.
        witness.failure.replace(Some(StoreError::Unavailable("x".to_owned())));
        keep(stores(Some(Box::new(crate::store::NoStore))), "b", 110, 90).unwrap();
        assert_eq!(known(), [one(150)]);
        // The dead are forgotten.
        keep(stores(None), "c", 150, 50).unwrap();
        assert_eq!(known(), [("c".to_owned(), "keyutils".to_owned(), 200)]);
        assert_eq!(*witness.deleted.borrow(), ["a"]);
    }
}
