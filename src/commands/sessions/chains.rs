//! The chains of all profiles, and the keys of the sessions along them.

use crate::app::context::Context;
use crate::app::requests;
use crate::app::service::resolve;
use crate::chain::Chain;
use crate::chain::session_key::{SessionKey, SessionKeys};
use crate::config::profiles::Profiles;

/// Resolves all profiles. Those that cannot be resolved are left out.
pub fn chains<'a>(
    context: &'a Context,
    profiles: &'a Profiles,
) -> impl Iterator<Item = (&'a str, Chain)> {
    profiles.names().filter_map(|name| {
        let request = requests::of_profile(context, name);
        Some((name, resolve(context, profiles, &request).ok()?))
    })
}

/// Returns the keys along a chain: the base's, then each step's.
pub fn along(keys: &SessionKeys) -> impl Iterator<Item = &SessionKey> {
    std::iter::once(&keys.base).chain(&keys.steps)
}
