//! Where in a chain MFA is presented, so that a person is asked least.
//!
//! AWS's rules (IAM User Guide, "Configuring MFA-protected API access" and "Role chaining"): a code
//! is taken from the user who owns the device, never from a role's session; MFA given to
//! GetSessionToken counts for every AssumeRole made from its session; such a call is no role
//! chaining, so that roles of up to twelve hours are allowed; each code works once.

use super::{AssumeRole, Base, Mfa, MfaUse};

/// The value of `mfa_serial` that has the device looked up.
pub const AUTO: &str = "auto";

/// Decides how each role's device is used, and returns the device of the session that goes first,
/// if one does.
///
/// | base           | first role's device | sessions are kept | what is done                                      |
/// |----------------|---------------------|-------------------|---------------------------------------------------|
/// | long-term keys | named               | yes               | GetSessionToken with a code goes first            |
/// | long-term keys | named               | no                | the role's own call carries the code              |
/// | long-term keys | no role; the keys' profile names one | any | GetSessionToken with a code                   |
/// | long-term keys | none                | any               | nobody is asked                                   |
/// | others' session| named               | any               | the role's own call carries the code              |
/// | a role         | named               | any               | nobody is asked: no code would be taken           |
///
/// A later role's caller is always a role, whatever it names.
pub(super) fn plan(
    base: &Base,
    own: Option<Mfa>,
    roles: &mut [AssumeRole],
    kept: bool,
) -> Option<Mfa> {
    let mut by_role = base.is_role_session();
    for role in roles.iter_mut() {
        if let (true, MfaUse::Code(mfa)) = (by_role, &role.mfa) {
            role.mfa = MfaUse::Impossible(mfa.clone());
        }
        by_role = true;
    }
    if !base.is_long_term() {
        return None;
    }
    let Some(first) = roles.first_mut() else { return own };
    if !kept {
        return None;
    }
    let mfa = first.mfa.code()?.clone();
    first.mfa = MfaUse::Session(mfa.clone());
    Some(mfa)
}
