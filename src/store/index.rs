//! What sessions are in the stores, without a secret: a small JSON file that `list` and a shell's
//! prompt read instead of the keyring.

use std::collections::BTreeMap;
use std::path::Path;

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

use crate::chain::session_key::SessionKey;
use crate::system::state_file::StateFile;

/// One cached session.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Entry {
    pub profile: String,
    pub account_id: Option<String>,
    pub role_arn: Option<String>,
    pub expires_at: DateTime<Utc>,
    pub store: String,
}

/// Entries by session.
pub type Entries = BTreeMap<SessionKey, Entry>;

/// The file of the index.
pub type Index = StateFile<Entries>;

/// Reads the index; one that is missing or broken is empty.
pub fn read(path: &Path) -> Entries {
    Index::new(path).read()
}
