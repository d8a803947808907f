//! The chains of all profiles, and the keys of the sessions along them.

use crate::app::context::Context;
use crate::chain::Chain;
use crate::chain::overrides::Overrides;
use crate::chain::resolve::resolve;
use crate::chain::session_key::{SessionKey, SessionKeys};
use crate::config::profiles::Profiles;

/// Resolves every profile that can be.
pub fn chains<'a>(
    context: &'a Context,
    profiles: &'a Profiles,
) -> impl Iterator<Item = (&'a str, Chain)> {
    profiles.names().filter_map(|name| {
        let (mfa_session, unkept) = (context.mfa_session(), context.keeps_nothing(None));
        let overrides = Overrides {
            profile: Some(name.to_owned()),
            mfa_session,
            unkept,
            ..Overrides::default()
        };
        Some((name, resolve(profiles, &overrides, &context.environment).ok()?))
    })
}

/// The keys along a chain: the base's, then each step's.
pub fn along(keys: &SessionKeys) -> impl Iterator<Item = &SessionKey> {
    std::iter::once(&keys.base).chain(&keys.steps)
}
