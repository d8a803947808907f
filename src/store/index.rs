//! What is in the store, without a secret: a small JSON file that `list` and a shell's prompt read
//! instead of the keyring. It is rewritten by rename and begun anew when it cannot be read; nothing
//! depends on it being whole.

use std::collections::BTreeMap;
use std::fs::{File, TryLockError};
use std::path::Path;
use std::time::{Duration, Instant};

use chrono::{DateTime, Utc};
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

/// How long the writes of others are waited for: each takes milliseconds, and a hundred may come at
/// once.
const PATIENCE: Duration = Duration::from_secs(5);
/// How often a waiter looks.
const INTERVAL: Duration = Duration::from_millis(2);

/// One kept session.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Entry {
    pub profile: String,
    pub account_id: Option<String>,
    pub role_arn: Option<String>,
    pub expires_at: DateTime<Utc>,
    pub store: String,
}

/// Entries by session key.
pub type Entries = BTreeMap<String, Entry>;

/// Reads the index; one that is missing or broken is empty.
pub fn read(path: &Path) -> Entries {
    read_as(path)
}

pub(super) fn read_as<E: DeserializeOwned + Default>(path: &Path) -> E {
    std::fs::read(path)
        .ok()
        .and_then(|bytes| serde_json::from_slice(&bytes).ok())
        .unwrap_or_default()
}

/// The right to change the index and the store together, one process at a time.
pub struct Index<'a> {
    path: &'a Path,
    /// Nobody's where it could not be had: then the index may lose an entry, but it is never torn.
    _lock: Option<File>,
}

impl<'a> Index<'a> {
    /// Waits for those who change it now. A holder that dies frees it, and one that is stopped is
    /// not waited for long.
    pub fn lock(path: &'a Path) -> Self {
        Self { path, _lock: lock(&path.with_extension("lock")) }
    }

    /// Changes the index. `change` may do in the store what has to be in step with it.
    pub fn update<E: DeserializeOwned + Default + Serialize, T>(
        &self,
        change: impl FnOnce(&mut E) -> T,
    ) -> std::io::Result<T> {
        let mut entries = read_as(self.path);
        let done = change(&mut entries);
        crate::system::files::write_private(self.path, &serde_json::to_vec(&entries)?)?;
        Ok(done)
    }
}

fn lock(path: &Path) -> Option<File> {
    crate::system::files::create_private_folder(path.parent()?).ok()?;
    let begin = Instant::now();
    loop {
        let file = crate::system::files::open_private(path).ok()?;
        while let Err(TryLockError::WouldBlock) = file.try_lock() {
            if begin.elapsed() > PATIENCE {
                return None;
            }
            std::thread::sleep(INTERVAL);
        }
        if crate::system::files::is_at(&file, path) {
            return Some(file);
        }
        if begin.elapsed() > PATIENCE {
            return None;
        }
    }
}
