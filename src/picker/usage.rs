//! Which profiles were used most and last: a small file beside the index. The picker reads it, and
//! each choice of a profile is written to it. Without it only the order of the list is lost.

use std::collections::HashMap;
use std::io;
use std::path::Path;

use serde::{Deserialize, Serialize};

use crate::system::state_file::StateFile;

/// The age at which a use counts half, in seconds: a week.
const HALF_LIFE: f64 = 7.0 * 86_400.0;
/// The number of names in the file: those with the greatest weight.
const MAX_NAMES: usize = 1_000;

/// How much a profile was used, as counted at its last use.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
struct Use {
    score: f64,
    /// Seconds since 1970.
    last: i64,
}

/// Uses by profile.
#[derive(Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct UsageHistory(HashMap<String, Use>);

impl UsageHistory {
    /// Reads the file; one that is missing or broken is empty.
    pub fn read(path: &Path) -> Self {
        StateFile::new(path).read()
    }

    /// Returns how much a profile counts at a time: the more and the later it was used.
    pub fn weight(&self, name: &str, now: i64) -> f64 {
        self.0.get(name).map_or(0.0, |one| faded(*one, now))
    }

    fn add(&mut self, name: &str, now: i64) {
        let score = self.weight(name, now) + 1.0;
        self.0.insert(name.to_owned(), Use { score, last: now });
        if self.0.len() > MAX_NAMES {
            let mut all: Vec<_> = self.0.drain().collect();
            all.sort_by(|(_, a), (_, b)| faded(*b, now).total_cmp(&faded(*a, now)));
            all.truncate(MAX_NAMES);
            self.0.extend(all);
        }
    }
}

/// A clock that was ahead, or a file that somebody wrote, must not hold a profile at the top for
/// ever.
fn faded(one: Use, now: i64) -> f64 {
    #[expect(clippy::cast_precision_loss, reason = "seconds of some years")]
    let age = now.saturating_sub(one.last).max(0) as f64;
    one.score.clamp(0.0, 10_000.0) * (-age / HALF_LIFE).exp2()
}

/// Counts a use in the file.
///
/// # Errors
/// Where the file cannot be written.
pub fn record(path: &Path, name: &str, now: i64) -> io::Result<()> {
    StateFile::new(path).update(|history: &mut UsageHistory| history.add(name, now))
}

#[cfg(test)]
mod tests {
    use super::*;

    const DAY: i64 = 86_400;

    #[test]
    fn weight_grows_with_uses_and_fades_with_time() {
        let mut used = UsageHistory::default();
        for day in 0..10 {
            used.add("often", day * DAY);
        }
        used.add("once", 10 * DAY);
        let weight = |name: &str, day: i64| used.weight(name, day * DAY);
        assert!(weight("often", 10) > weight("once", 10));
        assert!(weight("once", 10) > weight("never", 10));
        assert!(weight("often", 17) < weight("often", 10));
        let mut later = UsageHistory::default();
        later.add("long ago", 0);
        later.add("long ago", 0);
        later.add("now", 30 * DAY);
        assert!(later.weight("now", 30 * DAY) > later.weight("long ago", 30 * DAY));
    }

    #[test]
    fn malformed_file_reads_as_empty_and_forged_weights_are_bounded() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("state/used.json");
        record(&path, "prod", 0).unwrap();
        record(&path, "prod", 0).unwrap();
        assert!((UsageHistory::read(&path).weight("prod", 0) - 2.0).abs() < 1e-9);
        for text in
            ["", "{", "[]", "null", "{\"prod\":1}", "{\"prod\":{\"score\":1e999,\"last\":0}}"]
        {
            std::fs::write(&path, text).unwrap();
            assert_eq!(UsageHistory::read(&path), UsageHistory::default(), "{text}");
        }
        for text in [
            "{\"prod\":{\"score\":-5,\"last\":-9223372036854775808}}",
            "{\"prod\":{\"score\":1e300,\"last\":9223372036854775807}}",
        ] {
            std::fs::write(&path, text).unwrap();
            assert!(
                (0.0..=10_000.0).contains(&UsageHistory::read(&path).weight("prod", 0)),
                "{text}"
            );
            record(&path, "prod", 0).unwrap();
        }
        let mut used = UsageHistory::default();
        for number in 0..MAX_NAMES + 10 {
            used.add(&number.to_string(), i64::try_from(number).unwrap() * DAY);
        }
        assert_eq!(used.0.len(), MAX_NAMES);
        assert!(used.0.contains_key("1009") && !used.0.contains_key("0"));
    }
}
