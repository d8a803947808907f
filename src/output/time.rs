//! Times as text.

use chrono::{DateTime, SecondsFormat, Utc};

use crate::aws::duration;

/// Renders a time as RFC 3339 in UTC, to the second.
pub fn timestamp(at: DateTime<Utc>) -> String {
    at.to_rfc3339_opts(SecondsFormat::Secs, true)
}

/// Renders how long it is until `end`, such as `1h 30m`, or `expired`.
pub fn left(end: DateTime<Utc>, now: DateTime<Utc>) -> String {
    duration::render((end - now).num_seconds())
}
