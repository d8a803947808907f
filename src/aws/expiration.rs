//! When credentials end, from whoever says it. No credentials end before 1970 or after 9999: such an
//! answer is a bad one, and programs that read the end from us could not read it back.

use std::time::{SystemTime, UNIX_EPOCH};

use chrono::{DateTime, Datelike, Utc};

/// Why an end is none, as the end of a sentence: `the expiration is …`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Unusable {
    NoTime,
    OutOfRange,
}

impl Unusable {
    pub fn text(self) -> &'static str {
        match self {
            Self::NoTime => "is no RFC 3339 time",
            Self::OutOfRange => "is outside the years 1970 to 9999",
        }
    }
}

/// Reads RFC 3339.
///
/// # Errors
/// For any other text, and a time that no credentials end at.
pub fn parse(text: &str) -> Result<DateTime<Utc>, Unusable> {
    let time = DateTime::parse_from_rfc3339(text.trim()).map_err(|_| Unusable::NoTime)?;
    checked(Some(time.to_utc()))
}

/// Reads milliseconds since 1970.
///
/// # Errors
/// For a time that no credentials end at.
pub fn from_millis(millis: i64) -> Result<DateTime<Utc>, Unusable> {
    checked(DateTime::from_timestamp_millis(millis))
}

/// Reads seconds since 1970.
///
/// # Errors
/// As [`from_millis`].
pub fn from_seconds(seconds: i64) -> Result<DateTime<Utc>, Unusable> {
    checked(DateTime::from_timestamp(seconds, 0))
}

/// Reads a time of the standard library.
///
/// # Errors
/// As [`from_millis`].
pub fn from_system(time: SystemTime) -> Result<DateTime<Utc>, Unusable> {
    let since = time.duration_since(UNIX_EPOCH).map_err(|_| Unusable::OutOfRange)?;
    i64::try_from(since.as_secs()).map_err(|_| Unusable::OutOfRange).and_then(from_seconds)
}

fn checked(time: Option<DateTime<Utc>>) -> Result<DateTime<Utc>, Unusable> {
    time.filter(|time| (1970..=9999).contains(&time.year())).ok_or(Unusable::OutOfRange)
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    #[test]
    fn ends_from_1970_to_9999_are_read() {
        for text in ["1970-01-01T00:00:00Z", "9999-12-31T23:59:59Z", " 2031-02-03T04:05:06+01:00 "]
        {
            assert!(parse(text).is_ok(), "{text}");
        }
        assert!(from_seconds(0).is_ok() && from_millis(253_402_300_799_000).is_ok());
    }

    #[test]
    fn ends_outside_are_refused() {
        for text in ["1969-12-31T23:59:59Z", "0001-01-01T00:00:00Z", "9999-12-31T23:59:59-01:00"] {
            assert_eq!(parse(text), Err(Unusable::OutOfRange), "{text}");
        }
        for text in ["", "soon", "10000-01-01T00:00:00Z", "2031-02-03", "1800000000"] {
            assert_eq!(parse(text), Err(Unusable::NoTime), "{text}");
        }
        for number in [-1, i64::MIN, i64::MAX, 253_402_300_800_000] {
            assert_eq!(from_millis(number), Err(Unusable::OutOfRange), "{number}");
            assert_eq!(from_seconds(number), Err(Unusable::OutOfRange), "{number}");
        }
        let far = UNIX_EPOCH + Duration::from_secs(300_000_000_000);
        assert_eq!(from_system(far), Err(Unusable::OutOfRange));
        assert_eq!(from_system(UNIX_EPOCH - Duration::from_secs(1)), Err(Unusable::OutOfRange));
    }
}
