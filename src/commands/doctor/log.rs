//! The audit log.

use super::findings::Findings;
use crate::app::context::Context;
use crate::audit;
use crate::hint;
use crate::system::files::readable_by_others;

const LOG: &str = "log";

/// Tries to write to the log.
pub fn check(context: &Context, findings: &mut Findings) {
    let Some(path) = context.directories.log() else {
        let what = "there is no folder for the log";
        return findings.warning(LOG, what, Some(&hint::set_home()));
    };
    if !context.settings.logs() {
        return findings.ok(LOG, "nothing is logged (`log = false` in the settings)");
    }
    let shown = path.display();
    let written = audit::probe(&path).and_then(|length| Ok((length, std::fs::metadata(&path)?)));
    match written {
        Ok((length, metadata)) => match readable_by_others(&path, &metadata) {
            Some(message) => findings.warning(LOG, message, Some(&hint::keep_to_yourself(&path))),
            None => findings.ok(
                LOG,
                format!(
                    "{shown} holds {} KiB of what was handed out (see it: rolecall log)",
                    length.div_ceil(1024)
                ),
            ),
        },
        Err(error) => {
            let hint = format!(
                "look at it, or switch it off by `log = false` in settings.ini: {}",
                hint::look_at(&path)
            );
            findings.warning(LOG, format!("{shown} cannot be written: {error}"), Some(&hint));
        }
    }
}
