//! Rotations of long-term keys that are not finished, as the journal has them. Nobody is called.

use super::findings::Findings;
use crate::app::context::Context;
use crate::aws::names::AccessKeyId;
use crate::chain::keys;
use crate::config::profiles::Profiles;
use crate::hint;
use crate::output::time::timestamp;
use crate::store::rotations::{Goal, Journal, Rotation};

const KEYS: &str = "keys";

/// Warns of each, with the command that goes on.
pub fn check(context: &Context, profiles: &Profiles, names: &[&str], findings: &mut Findings) {
    for (old, rotation) in Journal::new(context.directories.rotations()).read() {
        let old = AccessKeyId::new(&old);
        let new = rotation.new.as_deref();
        let named_by = |name: &str| {
            let profile = profiles.profile(name).ok().flatten();
            profile.and_then(|profile| profile.value(keys::STORED_KEY_ID).map(str::to_owned))
        };
        let names_it =
            |name: &&str| named_by(name).is_some_and(|id| id == *old || Some(&*id) == new);
        let message = message(&old, &rotation);
        if let Some(name) = names.iter().copied().find(|name| names_it(name)) {
            let again = hint::command("keys rotate", name);
            let hint = match (rotation.goal, rotation.switched_off_at) {
                (Goal::Rotate, None) => format!("go on where it stopped: {again}"),
                (Goal::Rotate, Some(_)) => {
                    format!("once everything works, delete the old key: {again} --finish")
                }
                (Goal::Finish, _) => format!("go on where it stopped: {again} --finish"),
                (Goal::Undo, _) => format!("go on where it stopped: {again} --undo"),
            };
            findings.about(name).warning(KEYS, &message, Some(&hint));
        } else if !profiles.names().any(|name| names_it(&name)) {
            let hint = format!("forget it: {}", hint::command("keys remove", &old));
            findings.warning(KEYS, format!("{message}; no profile names it"), Some(&hint));
        }
    }
}

fn message(old: &AccessKeyId, rotation: &Rotation) -> String {
    let of = format!("the rotation of {old} (user `{}`)", rotation.user);
    match (rotation.goal, rotation.switched_off_at, &rotation.new) {
        (Goal::Undo, ..) => format!("{of}: going back to it was interrupted"),
        (Goal::Finish, ..) => format!("{of}: its deletion was interrupted"),
        (Goal::Rotate, Some(at), Some(new)) => {
            format!("{old} was switched off at {}, and {new} is used", timestamp(at))
        }
        (Goal::Rotate, _, Some(new)) => {
            format!("{of} was interrupted: {new} is there, and {old} is not switched off")
        }
        (Goal::Rotate, _, None) => {
            format!("{of} was interrupted: AWS may have made a key whose secret nobody has")
        }
    }
}
