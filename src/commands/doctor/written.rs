//! Sessions that `rolecall write` left in the credentials file.

use super::findings::Findings;
use crate::app::written;
use crate::config::profiles::Profiles;
use crate::hint;
use crate::output::time::timestamp;
use crate::system::clock::{Clock, SystemClock};

/// Warns of those that have ended.
pub fn check(profiles: &Profiles, names: &[&str], findings: &mut Findings) {
    let now = SystemClock.now();
    for name in names {
        let Ok(Some(profile)) = profiles.profile(name) else { continue };
        let Some((end, place)) = written::ended(&profile, now) else { continue };
        let end = timestamp(end);
        let message = format!("{place}: what `rolecall write` put into [{name}] ended at {end}");
        let hint = format!("take it out: {}", hint::option("rolecall write --clear", name));
        findings.about(name).warning("files", &message, Some(&hint));
    }
}
