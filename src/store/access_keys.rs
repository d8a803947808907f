//! Long-term keys in the store: each pair under its access key ID, so that old and new keys of a
//! user stand side by side.

use chrono::{DateTime, Utc};
use secrecy::{ExposeSecret, SecretString};
use serde::{Deserialize, Serialize};
use serde_json::json;
use zeroize::Zeroizing;

use crate::aws::names::AccessKeyId;
use crate::aws::process_json;
use crate::aws::{Credentials, LongTermKeys};
use crate::hint;
use crate::store::entry_name::EntryName;
use crate::store::long_lived::{self, LongLived, LongLivedSecrets};

/// Whose keys they are, as far as AWS was asked.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct KeyFacts {
    #[serde(skip_serializing_if = "Option::is_none")]
    pub account_id: Option<String>,
    /// The user's ARN.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub arn: Option<String>,
    /// When AWS made them.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub created_at: Option<DateTime<Utc>>,
}

/// What is known of stored keys.
pub type Record = long_lived::Record<KeyFacts>;

/// The long-term keys in the stores.
pub type StoredAccessKeys<'a> = LongLivedSecrets<'a, LongTermKeys>;

impl Record {
    /// Returns since when they are known to exist: AWS made them then, or they were added.
    pub fn since(&self) -> DateTime<Utc> {
        self.facts.created_at.unwrap_or(self.added_at)
    }
}

impl LongLived for LongTermKeys {
    type Name = AccessKeyId;
    type Facts = KeyFacts;

    fn title(id: &AccessKeyId) -> String {
        format!("the secret of {id}")
    }

    fn label(id: &AccessKeyId) -> String {
        format!("rolecall: long-term keys {id}")
    }

    fn entry(id: &AccessKeyId) -> EntryName {
        id.into()
    }

    fn add_anew(id: &AccessKeyId) -> String {
        format!("rolecall keys remove {id}")
    }

    fn use_files(_: &AccessKeyId) -> String {
        hint::set("ROLECALL_STORE", "file")
    }

    fn parse(text: &str, id: &AccessKeyId) -> Result<Self, String> {
        match process_json::parse(text.as_bytes(), None) {
            Ok(Credentials::LongTerm(keys)) if keys.access_key_id == id.as_str() => Ok(keys),
            Ok(_) => Err("it holds other keys".to_owned()),
            Err(_) => Err("it holds no keys".to_owned()),
        }
    }

    fn to_secret(&self) -> SecretString {
        let json = json!({
            "Version": 1,
            "AccessKeyId": self.access_key_id,
            "SecretAccessKey": self.secret_access_key.expose_secret(),
        });
        SecretString::from(Zeroizing::new(json.to_string()).as_str())
    }
}

impl StoredAccessKeys<'_> {
    /// Returns the account of keys, where AWS said it when they were added.
    pub fn account_of(&self, id: &AccessKeyId) -> Option<String> {
        self.records().remove(id.as_str())?.facts.account_id
    }
}
