//! Times as AWS writes them.

use std::time::{SystemTime, UNIX_EPOCH};

use chrono::{DateTime, NaiveDateTime, Utc};

/// Returns the seconds since 1970 by this machine's clock.
#[allow(clippy::disallowed_methods, reason = "the fake's own clock")]
pub fn system_now() -> i64 {
    SystemTime::now()
        .duration_since(UNIX_EPOCH)
        .map_or(0, |since| i64::try_from(since.as_secs()).unwrap_or(0))
}

fn date(seconds: i64) -> DateTime<Utc> {
    DateTime::from_timestamp(seconds, 0).unwrap_or_default()
}

/// Returns a time as `2026-01-31T12:00:00Z`.
pub fn iso(seconds: i64) -> String {
    date(seconds).format("%Y-%m-%dT%H:%M:%SZ").to_string()
}

/// Returns a time as `20260131T120000Z`.
pub fn compact(seconds: i64) -> String {
    date(seconds).format("%Y%m%dT%H%M%SZ").to_string()
}

/// Returns a time as `Sat, 31 Jan 2026 12:00:00 GMT`.
pub fn http(seconds: i64) -> String {
    date(seconds).format("%a, %d %b %Y %H:%M:%S GMT").to_string()
}

/// Returns the seconds since 1970 of a compact time.
pub fn parse_compact(text: &str) -> Option<i64> {
    let time = NaiveDateTime::parse_from_str(text, "%Y%m%dT%H%M%SZ").ok()?;
    Some(time.and_utc().timestamp())
}

#[cfg(test)]
mod tests {
    #[test]
    fn time_renders_in_each_format_and_compact_one_parses() {
        let seconds = super::parse_compact("20150830T123600Z").unwrap();
        assert_eq!(super::compact(seconds), "20150830T123600Z");
        assert_eq!(super::iso(seconds), "2015-08-30T12:36:00Z");
        assert_eq!(super::http(seconds), "Sun, 30 Aug 2015 12:36:00 GMT");
        assert_eq!(super::parse_compact("2015-08-30"), None);
    }
}
