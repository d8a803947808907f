//! Sessions in the store: each as JSON under its key, with an entry in the index. A store that
//! fails costs the cache, never the credentials.

use chrono::{DateTime, SecondsFormat, Utc};
use secrecy::{ExposeSecret, SecretString};
use serde::{Deserialize, Serialize};
use zeroize::Zeroizing;

use crate::aws::{Session, expiration};
use crate::chain::session_key::SessionKey;
use crate::error::Result;
use crate::executor::{Metadata, Sessions};
use crate::store::choice::Stores;
use crate::store::entry_name::EntryName;
use crate::store::error::StoreError;
use crate::store::index::{Entries, Entry, Index};
use crate::store::remedy::remedy;
use crate::store::secret_store::NewEntry;
use crate::system::clock::Clock;
use crate::system::report::Report;
use crate::text::clean;

/// How many dead sessions are deleted when a new one is stored.
const DELETED_AT_ONCE: usize = 4;
/// The store that holds nothing, of which there is no index.
const NOWHERE: &str = "none";

/// The sessions in the stores, with the index of them.
pub struct StoredSessions<'a> {
    pub stores: Stores<'a>,
    pub index: Option<Index>,
    pub clock: &'a dyn Clock,
    pub report: &'a dyn Report,
}

/// A session as the store holds it. Read, it owns its fields; written, it borrows the secrets.
#[derive(Serialize, Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Stored<Text, Secret, Time> {
    access_key_id: Text,
    secret_access_key: Secret,
    session_token: Option<Secret>,
    expiration: Time,
    issued_at: Option<Time>,
    account_id: Option<Text>,
}

/// Renders a session for the store; `None` when it has no end, so that it is not cached.
pub fn render(session: &Session) -> Option<SecretString> {
    let json = Zeroizing::new(
        serde_json::to_string(&Stored {
            access_key_id: session.access_key_id.as_str(),
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

/// Parses what `render` wrote; anything else is a miss.
pub fn parse(secret: &SecretString) -> Option<Session> {
    let stored: Stored<String, SecretString, DateTime<Utc>> =
        serde_json::from_str(secret.expose_secret()).ok()?;
    let expires_at = expiration::from_seconds(stored.expiration.timestamp()).ok()?;
    Some(Session {
        access_key_id: stored.access_key_id,
        secret_access_key: stored.secret_access_key,
        session_token: stored.session_token,
        expires_at: Some(expires_at),
        issued_at: stored.issued_at,
        account_id: stored.account_id,
    })
}

impl Sessions for StoredSessions<'_> {
    fn get(&self, key: &SessionKey) -> Result<Option<Session>> {
        let secret = match self.stores.get(&key.into()) {
            Ok(secret) => secret,
            Err(error) => {
                self.report_miss(&error.unless_interrupted()?);
                None
            }
        };
        let session = secret.as_ref().and_then(parse);
        if secret.is_some() && session.is_none() {
            self.report
                .decided(&|| "the cached session cannot be read and is fetched anew".to_owned());
        }
        Ok(session)
    }

    fn put(&self, key: &SessionKey, session: &Session, metadata: &Metadata) -> Result<()> {
        let (Some(secret), Some(expires_at)) = (render(session), session.expires_at) else {
            return Ok(());
        };
        let label = match &metadata.role_arn {
            Some(role_arn) => format!("rolecall: {} ({role_arn})", metadata.profile),
            None => format!("rolecall: {}", metadata.profile),
        };
        let name = EntryName::from(key);
        let expiry = Some(expires_at.timestamp());
        let new = NewEntry { label: &clean(&label), secret: &secret, expires_at: expiry };
        let put = || self.stores.put(&name, &new);
        let entry = |store: &str| Entry {
            profile: metadata.profile.clone(),
            account_id: session.account_id.clone(),
            role_arn: metadata.role_arn.clone(),
            expires_at,
            store: store.to_owned(),
        };
        let stored = match self.index.as_ref().filter(|_| self.stores.name() != NOWHERE) {
            None => put(),
            Some(index) => self.put_with_entry(index, key, &entry, &put),
        };
        if let Err(error) = stored {
            let error = error.unless_interrupted()?;
            self.report.warn(&format!(
                "the session could not be kept in the store {}: {error}",
                self.stores.name()
            ));
        }
        Ok(())
    }
}

impl StoredSessions<'_> {
    /// Says why a store gave nothing, and warns where a person can mend it.
    fn report_miss(&self, error: &StoreError) {
        let name = self.stores.name();
        self.report.decided(&|| format!("the store {name} gave nothing: {error}"));
        let state = match error {
            StoreError::Locked(_) | StoreError::Passphrase(_) => "is locked",
            StoreError::Denied(_) => "does not let rolecall in",
            _ => return,
        };
        let remedy = remedy(name, error);
        self.report.warn(&format!(
            "the store {name} {state}, so cached sessions are not used; {remedy}, or choose \
             another with --store"
        ));
    }

    /// Stores a session and its entry in step: the entry is there before the secret, so that a
    /// process that is killed in between leaves nothing in the store that nobody knows of.
    fn put_with_entry(
        &self,
        index: &Index,
        key: &SessionKey,
        entry: &dyn Fn(&str) -> Entry,
        put: &dyn Fn() -> Result<(), StoreError>,
    ) -> Result<(), StoreError> {
        let locked = index.lock();
        let expected = self.stores.name();
        let before = locked.update(|entries| {
            let before = entries.insert(key.clone(), entry(expected));
            self.delete_dead(entries);
            before
        });
        let stored = put();
        let store = self.stores.name();
        let updated = before.and_then(|before| {
            let right = match &stored {
                Ok(()) if store == expected => return Ok(()),
                Ok(()) if store != NOWHERE => Some(entry(store)),
                // The session that was there before still is.
                _ => before,
            };
            locked.update(|entries| match right {
                Some(right) => drop(entries.insert(key.clone(), right)),
                None => drop(entries.remove(key)),
            })
        });
        if let Err(error) = updated {
            let path = index.path().display();
            self.report.decided(&|| format!("the index {path} could not be written: {error}"));
        }
        stored
    }

    /// Deletes some of the sessions that have ended.
    fn delete_dead(&self, entries: &mut Entries) {
        let now = self.clock.now();
        let ended = entries.iter().filter(|(_, entry)| entry.expires_at <= now);
        let dead: Vec<_> = ended.map(|(key, _)| key.clone()).take(DELETED_AT_ONCE).collect();
        for key in dead {
            // One that stays is dead all the same.
            let _ = self.stores.delete(&EntryName::from(&key));
            entries.remove(&key);
        }
    }
}

#[cfg(test)]
mod tests {
    use std::cell::RefCell;

    use super::*;
    use crate::error::Kind;
    use crate::store::NoStore;
    use crate::store::secret_store::{SecretStore, UnlockPolicy};
    use crate::system::report::Silent;

    #[test]
    fn rendered_session_is_parsed_back_and_garbage_is_a_miss() {
        let session = Session {
            access_key_id: "ASIA1".to_owned(),
            secret_access_key: SecretString::from("s\"ecret\n"),
            session_token: Some(SecretString::from("tökén")),
            expires_at: DateTime::from_timestamp(2_000_000_000, 0),
            issued_at: DateTime::from_timestamp_micros(1_999_990_000_000_001),
            account_id: Some("1".to_owned()),
        };
        let rendered = render(&session).unwrap();
        let back = parse(&rendered).unwrap();
        assert_eq!(render(&back).unwrap().expose_secret(), rendered.expose_secret());
        assert_eq!(back.session_token.unwrap().expose_secret(), "tökén");
        for end in 0..rendered.expose_secret().len() {
            let torn = rendered.expose_secret().get(..end).map(SecretString::from);
            assert!(torn.is_none_or(|t| parse(&t).is_none()), "cut at {end}");
        }
        assert!(parse(&SecretString::from("\0\u{ff}garbage")).is_none());
    }

    /// A store that fails when it is told to, and demands that the index knows what it holds.
    struct Witness {
        index: Index,
        failure: RefCell<Option<StoreError>>,
        deleted: RefCell<Vec<EntryName>>,
    }

    impl Witness {
        fn knows(&self, name: &EntryName) -> bool {
            self.index.read().keys().any(|key| EntryName::from(key) == *name)
        }
    }

    impl SecretStore for &Witness {
        fn name(&self) -> &'static str {
            "keyutils"
        }
        fn get(&self, _: &EntryName) -> Result<Option<SecretString>, StoreError> {
            self.failure.take().map_or(Ok(None), Err)
        }
        fn put(&self, name: &EntryName, _: &NewEntry) -> Result<(), StoreError> {
            assert!(
                self.knows(name),
                "who is killed now would leave a session that nobody knows of"
            );
            self.failure.take().map_or(Ok(()), Err)
        }
        fn delete(&self, name: &EntryName) -> Result<bool, StoreError> {
            assert!(self.knows(name));
            self.deleted.borrow_mut().push(name.clone());
            Ok(true)
        }
        fn list(&self) -> Result<Vec<EntryName>, StoreError> {
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

    fn key(digit: char) -> SessionKey {
        SessionKey::parse(&digit.to_string().repeat(64)).unwrap()
    }

    fn session(now: i64, life: i64) -> Session {
        Session {
            access_key_id: "ASIA1".to_owned(),
            secret_access_key: SecretString::from("secret"),
            session_token: None,
            expires_at: DateTime::from_timestamp(now + life, 0),
            issued_at: None,
            account_id: None,
        }
    }

    fn witness(home: &tempfile::TempDir) -> Witness {
        Witness {
            index: Index::new(home.path().join("state/index.json")),
            failure: RefCell::default(),
            deleted: RefCell::default(),
        }
    }

    #[test]
    fn index_matches_store_after_put_failure_or_expiry() {
        let home = tempfile::tempdir().unwrap();
        let witness = witness(&home);
        let report = Silent;
        let put = |second: Option<Box<dyn SecretStore>>, digit: char, now: i64, life: i64| {
            let first: Box<dyn SecretStore> = Box::new(&witness);
            let order = [Some(first), second].into_iter().flatten().collect();
            let sessions = StoredSessions {
                stores: Stores::new(order, &report, UnlockPolicy::Never),
                index: Some(Index::new(witness.index.path())),
                clock: &Now(now),
                report: &report,
            };
            let metadata = Metadata { profile: "p".to_owned(), role_arn: None };
            sessions.put(&key(digit), &session(now, life), &metadata)
        };
        let known = || {
            let entries = witness.index.read().into_iter();
            entries.map(|(key, e)| (key, e.store, e.expires_at.timestamp())).collect::<Vec<_>>()
        };
        let one = |digit: char, end: i64| (key(digit), "keyutils".to_owned(), end);
        put(None, 'a', 100, 50).unwrap();
        assert_eq!(known(), [one('a', 150)]);
        // A new session that is not stored leaves the old one, whatever the reason.
        for digit in ['a', 'b'] {
            witness.failure.replace(Some(StoreError::Full("x".to_owned())));
            put(None, digit, 110, 90).unwrap();
            assert_eq!(known(), [one('a', 150)], "{digit}");
            witness.failure.replace(Some(StoreError::Interrupted));
            assert_eq!(put(None, digit, 110, 90).unwrap_err().kind(), Kind::Interrupted);
            assert_eq!(known(), [one('a', 150)], "{digit}");
        }
        // Where the next store takes it, that one is named; nothing is known of what lies nowhere.
        witness.failure.replace(Some(StoreError::Unavailable("x".to_owned())));
        put(Some(Box::new(NoStore)), 'b', 110, 90).unwrap();
        assert_eq!(known(), [one('a', 150)]);
        // The dead are forgotten.
        put(None, 'c', 150, 50).unwrap();
        assert_eq!(known(), [one('c', 200)]);
        assert_eq!(*witness.deleted.borrow(), [EntryName::from(&key('a'))]);
    }

    #[test]
    fn interrupted_look_up_is_an_error_and_any_other_failure_a_miss() {
        let home = tempfile::tempdir().unwrap();
        let witness = witness(&home);
        let report = Silent;
        let sessions = StoredSessions {
            stores: Stores::new(vec![Box::new(&witness)], &report, UnlockPolicy::Never),
            index: None,
            clock: &Now(0),
            report: &report,
        };
        for error in [
            StoreError::Unavailable(String::new()),
            StoreError::Full(String::new()),
            StoreError::Failed(String::new()),
        ] {
            witness.failure.replace(Some(error));
            assert!(sessions.get(&key('a')).unwrap().is_none());
        }
        witness.failure.replace(Some(StoreError::Interrupted));
        assert_eq!(sessions.get(&key('a')).unwrap_err().kind(), Kind::Interrupted);
    }
}
