//! The audit log: one JSON object per line for credentials that were handed out, in a file that
//! only the user reads, and never a secret. `rolecall log` shows it. A log that cannot be written
//! never fails a call.

mod append;
mod read;

use std::borrow::Cow;
use std::path::{Path, PathBuf};

use chrono::{DateTime, SecondsFormat, Utc};
use serde::{Deserialize, Serialize, Serializer};

pub use append::{append, probe};
pub use read::read;

use crate::platform::ancestors::Ancestor;

/// The number of old files beside the one that is written.
const OLD_FILES: usize = 3;

/// One line: credentials that were handed out, or that a command used itself.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct LogEntry<'a> {
    #[serde(serialize_with = "milliseconds")]
    pub time: DateTime<Utc>,
    pub command: Cow<'a, str>,
    /// Absent when no profile was named, and the environment or the machine gave the credentials.
    pub profile: Option<Cow<'a, str>>,
    /// The role's name, from its ARN or from IAM Identity Center, which gives no ARN.
    pub role: Option<Cow<'a, str>>,
    pub role_arn: Option<Cow<'a, str>>,
    pub account_id: Option<Cow<'a, str>>,
    /// No secret: CloudTrail shows it beside every call.
    pub access_key_id: Cow<'a, str>,
    pub origin: Cow<'a, str>,
    #[serde(serialize_with = "seconds")]
    pub expiration: Option<DateTime<Utc>>,
    /// The processes that asked: the direct parent, and those above it.
    pub asked_by: Vec<Ancestor>,
}

fn milliseconds<S: Serializer>(time: &DateTime<Utc>, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_str(&time.to_rfc3339_opts(SecondsFormat::Millis, true))
}

#[expect(clippy::ref_option, reason = "serde calls it so")]
fn seconds<S: Serializer>(time: &Option<DateTime<Utc>>, serializer: S) -> Result<S::Ok, S::Error> {
    time.map(|time| time.to_rfc3339_opts(SecondsFormat::Secs, true)).serialize(serializer)
}

/// Returns the path of the nth old file: `log.1.jsonl` is the newest.
fn old(path: &Path, n: usize) -> PathBuf {
    path.with_extension(format!("{n}.jsonl"))
}

/// Escapes the characters that JSON allows and a terminal obeys: DEL and the control characters of
/// ISO 8859.
pub fn escape(json: String) -> String {
    const DELETE: u8 = 0x7f;
    if json.is_ascii() && memchr::memchr(DELETE, json.as_bytes()).is_none() {
        return json;
    }
    let mut escaped = String::with_capacity(json.len());
    for c in json.chars() {
        if c.is_control() {
            escaped += &format!("\\u{:04x}", u32::from(c));
        } else {
            escaped.push(c);
        }
    }
    escaped
}

#[cfg(test)]
mod tests;
