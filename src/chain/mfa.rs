//! Where in a chain MFA is presented, so that a person is asked least.
//!
//! AWS's rules (IAM User Guide, "Configuring MFA-protected API access" and "Role chaining"): a code
//! is taken from the user who owns the device, never from a role's session; MFA given to
//! GetSessionToken counts for every AssumeRole made from its session; such a call is held to one
//! hour, as role chaining is; each code works once.

use super::base::{Base, Identity};
use super::keys;
use super::profile_view::ProfileView;
use super::request::{Caching, Request};
use super::step::{AssumeRole, Mfa, MfaUse};
use crate::aws::duration;
use crate::error::{Error, Result};
use crate::hint;

/// Decides how each role's device is used, and returns the device of the session that goes first,
/// if one does.
///
/// | base            | first role's device | cache | what is done                            |
/// |-----------------|---------------------|-------|-----------------------------------------|
/// | long-term keys  | named               | on    | GetSessionToken with a code goes first  |
/// | long-term keys  | named               | off   | the role's own call carries the code    |
/// | long-term keys  | named, for a role   | any   | the role's own call carries the code    |
/// |                 | of over an hour     |       |                                         |
/// | long-term keys  | no role; the keys'  | any   | GetSessionToken with a code             |
/// |                 | profile names one   |       |                                         |
/// | long-term keys  | none                | any   | nobody is asked                         |
/// | others' session | named               | any   | the role's own call carries the code    |
/// | a role          | named               | any   | nobody is asked: no code would be taken |
///
/// A later role's caller is always a role, whatever it names.
pub(super) fn plan(
    base: &Base,
    own: Option<Mfa>,
    roles: &mut [AssumeRole],
    caching: Caching,
) -> Option<Mfa> {
    let identity = base.facts().identity;
    let mut by_role = identity == Identity::Role;
    for role in roles.iter_mut() {
        if let (true, MfaUse::Code(mfa)) = (by_role, &role.mfa) {
            role.mfa = MfaUse::Impossible(mfa.clone());
        }
        by_role = true;
    }
    if identity != Identity::User {
        return None;
    }
    let Some(first) = roles.first_mut() else { return own };
    let capped = first.duration_seconds.is_some_and(|seconds| seconds > duration::LONGEST_CHAINED);
    if capped || caching == Caching::Off {
        return None;
    }
    let mfa = first.mfa.code()?.clone();
    first.mfa = MfaUse::Session(mfa.clone());
    Some(mfa)
}

/// Returns the length, in seconds, of the session with MFA that goes before a chain: that of the
/// first profile that sets one, else what holds for all; `None` when there is to be none.
pub(super) fn session_of<'a>(
    request: &Request,
    mut profiles: impl Iterator<Item = ProfileView<'a>>,
) -> Result<Option<u32>> {
    let Some(seconds) = request.defaults().mfa_session else { return Ok(None) };
    let of = |view: ProfileView<'a>| Some((view, view.property(keys::MFA_SESSION_DURATION)?));
    let Some((view, property)) = profiles.find_map(of) else { return Ok(Some(seconds)) };
    session_duration(&property.value).map_err(|rule| {
        Error::misconfigured(
            &property.place,
            format!("{} must be {rule}, not `{}`", keys::MFA_SESSION_DURATION, *property.value),
        )
        .hint(hint::correct(view.name().unwrap_or_default()))
    })
}

/// Reads `mfa_session_duration`: seconds, or `None` for no such session.
///
/// # Errors
/// The rule, where the text breaks it.
pub fn session_duration(text: &str) -> Result<Option<u32>, &'static str> {
    match duration::parse(text) {
        Some(0) => Ok(None),
        Some(seconds @ duration::SHORTEST..=duration::LONGEST_TOKEN) => Ok(Some(seconds)),
        _ => Err("15m to 36h, or 0 for none"),
    }
}
