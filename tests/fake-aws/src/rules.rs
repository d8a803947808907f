//! The rules of STS, each stated once and without any input or output.

use crate::constraints::Checks;
use std::borrow::Cow;

/// The seconds of a role session when nobody asks for another length.
pub const ROLE_DEFAULT: u32 = 3_600;
/// The most seconds of a role that was assumed with a session of any kind.
pub const CHAIN_MOST: u32 = 3_600;
/// The most seconds of any role session.
pub const ROLE_MOST: u32 = 43_200;
/// The least seconds of a session of any kind.
pub const LEAST: u32 = 900;
/// The seconds of a `GetSessionToken` session when nobody asks for another length.
pub const TOKEN_DEFAULT: u32 = 43_200;
/// The most seconds of a `GetSessionToken` session.
pub const TOKEN_MOST: u32 = 129_600;

/// Why STS refuses a request.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Refusal {
    pub status: u16,
    pub code: Cow<'static, str>,
    /// Empty where AWS says nothing.
    pub message: String,
}

impl Refusal {
    /// Returns a refusal with a status of its own.
    pub fn new(
        status: u16,
        code: impl Into<Cow<'static, str>>,
        message: impl Into<String>,
    ) -> Self {
        Self { status, code: code.into(), message: message.into() }
    }

    /// Returns the refusal of a caller who may not do this.
    pub fn denied(message: impl Into<String>) -> Self {
        Self::new(403, "AccessDenied", message)
    }

    /// Returns the refusal of a malformed request.
    pub fn validation(message: impl Into<String>) -> Self {
        Self::new(400, "ValidationError", message)
    }

    /// Returns the refusal of a caller who may not do this to a resource.
    pub fn unauthorized(caller: &str, action: &str, resource: &str) -> Self {
        Self::denied(format!(
            "User: {caller} is not authorized to perform: {action} on resource: {resource}"
        ))
    }
}

/// What kind of credentials signed a request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CallerKind {
    /// A user's access key.
    LongTerm,
    /// A session from `GetSessionToken`.
    UserSession { mfa: bool },
    /// A session of a role, however it came about.
    RoleSession,
    /// A session from `GetFederationToken`.
    FederatedUser,
}

/// Returns the seconds of a session from `AssumeRole`. The role's own maximum is looked at before
/// the hour of chaining.
pub fn assume_role_seconds(
    asked: Option<u32>,
    caller: CallerKind,
    role_most: u32,
) -> Result<u32, Refusal> {
    bounds(asked, ROLE_MOST)?;
    let seconds = within_role(asked.unwrap_or(ROLE_DEFAULT), role_most)?;
    if caller != CallerKind::LongTerm && seconds > CHAIN_MOST {
        return Err(Refusal::validation(
            "The requested DurationSeconds exceeds the 1 hour session limit for roles assumed by role chaining.",
        ));
    }
    Ok(seconds)
}

/// Returns the seconds of a session from `AssumeRoleWithWebIdentity`.
pub fn web_identity_seconds(asked: Option<u32>, role_most: u32) -> Result<u32, Refusal> {
    bounds(asked, ROLE_MOST)?;
    within_role(asked.unwrap_or(ROLE_DEFAULT), role_most)
}

/// Returns the seconds of a session from `GetSessionToken`.
pub fn session_token_seconds(asked: Option<u32>) -> Result<u32, Refusal> {
    bounds(asked, TOKEN_MOST)?;
    Ok(asked.unwrap_or(TOKEN_DEFAULT))
}

fn bounds(asked: Option<u32>, most: u32) -> Result<(), Refusal> {
    let mut checks = Checks::default();
    checks.range("durationSeconds", asked.map(i64::from), LEAST, most);
    checks.finish()
}

fn within_role(seconds: u32, role_most: u32) -> Result<u32, Refusal> {
    if seconds > role_most {
        return Err(Refusal::validation(
            "The requested DurationSeconds exceeds the MaxSessionDuration set for this role.",
        ));
    }
    Ok(seconds)
}

/// Refuses `GetSessionToken` to session credentials of any kind.
pub fn may_get_session_token(caller: CallerKind) -> Result<(), Refusal> {
    match caller {
        CallerKind::LongTerm => Ok(()),
        _ => Err(Refusal::denied("Cannot call GetSessionToken with session credentials")),
    }
}

/// Refuses `GetFederationToken` to session credentials of any kind.
pub fn may_get_federation_token(caller: CallerKind) -> Result<(), Refusal> {
    match caller {
        CallerKind::LongTerm => Ok(()),
        _ => Err(Refusal::denied("Cannot call GetFederationToken with session credentials")),
    }
}

/// Refuses IAM to `GetSessionToken` sessions that were made without MFA.
pub fn may_call_iam(caller: CallerKind) -> Result<(), Refusal> {
    match caller {
        CallerKind::UserSession { mfa: false } | CallerKind::FederatedUser => {
            Err(invalid_token("iam"))
        }
        _ => Ok(()),
    }
}

/// Returns a service's refusal of credentials that AWS does not know, or not for this use.
pub fn invalid_token(service: &str) -> Refusal {
    let full_stop = if service == "iam" { "" } else { "." };
    let message = format!("The security token included in the request is invalid{full_stop}");
    Refusal::new(403, "InvalidClientTokenId", message)
}

/// Returns whether a request counts as made with MFA. A role's session never hands its own MFA on.
pub fn mfa_present(caller: CallerKind, code_accepted: bool) -> bool {
    code_accepted || caller == CallerKind::UserSession { mfa: true }
}

/// Refuses a token code from a role's session. A code counts only for the user whose device shows
/// it.
pub fn may_present_code(caller: CallerKind) -> Result<(), Refusal> {
    match caller {
        CallerKind::LongTerm | CallerKind::UserSession { .. } => Ok(()),
        CallerKind::RoleSession | CallerKind::FederatedUser => Err(unknown_device()),
    }
}

/// Returns the refusal of a device that is not the caller's own.
pub fn unknown_device() -> Refusal {
    Refusal::denied(
        "MultiFactorAuthentication failed, unable to validate MFA code.  Please verify your MFA serial number is valid and associated with this user.",
    )
}

/// Returns whether an external ID meets a trust policy's demand. A policy that demands none accepts
/// every one.
pub fn external_id_met(wanted: Option<&str>, given: Option<&str>) -> bool {
    wanted.is_none() || wanted == given
}

/// Returns the tags of a new session: those asked for, and the transitive ones of the caller's
/// session.
pub fn session_tags(
    asked: &[(String, String)],
    transitive: &[String],
    inherited: &[(String, String)],
) -> Result<Vec<(String, String)>, Refusal> {
    let invalid = |message: &str| Err(Refusal::new(400, "InvalidParameterValue", message));
    let same = |left: &str, right: &str| left.eq_ignore_ascii_case(right);
    for (index, (key, _)) in asked.iter().enumerate() {
        if key.to_ascii_lowercase().starts_with("aws:") {
            return invalid("aws: prefixed tag key names are not allowed for external use.");
        }
        if asked[..index].iter().any(|(other, _)| same(other, key)) {
            return invalid(
                "Duplicate tag keys found. Please note that Tag keys are case insensitive.",
            );
        }
        if inherited.iter().any(|(other, _)| same(other, key)) {
            return invalid(
                "One of the specified transitive tag keys can't be set because it conflicts with a transitive tag key from the calling session.",
            );
        }
    }
    let mut all = asked.to_vec();
    all.extend(inherited.iter().cloned());
    for key in transitive {
        if !all.iter().any(|(other, _)| same(other, key)) {
            return invalid(
                "The specified transitive tag key must be included in the requested tags.",
            );
        }
    }
    if all.len() > 50 {
        return invalid("The number of session tags exceeds the limit of 50.");
    }
    Ok(all)
}

/// Returns how much of the room for policies and tags a request takes, in per cent. Observed: a
/// policy of 1,690 characters takes 157, six tags of 280 characters take 74.
pub fn packed_percent(policy: &str, arns: &[String], tags: &[(String, String)]) -> usize {
    let policy = policy.chars().filter(|c| !c.is_whitespace()).count();
    let arns: usize = arns.iter().map(String::len).sum();
    let tags: usize = tags.iter().map(|(key, value)| key.len() + value.len()).sum();
    policy / 9 + arns / 36 + tags / 4
}

/// Returns how many per cent of the allowed size the policies and tags of a request take, when it
/// has any.
///
/// # Errors
/// Refuses what takes more than all, or does so with the tags that the caller's session hands on.
pub fn packed_size(
    policy: Option<&str>,
    arns: &[String],
    tags: &[(String, String)],
    inherited: &[(String, String)],
) -> Result<Option<usize>, Refusal> {
    let too_large = |message| Err(Refusal::new(400, "PackedPolicyTooLarge", message));
    let only_tags = policy.is_none() && arns.is_empty();
    let percent = packed_percent(policy.unwrap_or(""), arns, tags);
    if percent > 100 && only_tags {
        return too_large(format!(
            "Packed size of session tags consumes {percent}% of allotted space."
        ));
    }
    if percent > 100 {
        return too_large(format!(
            "Packed policy consumes {percent}% of allotted space, please use smaller policy."
        ));
    }
    if percent + packed_percent("", &[], inherited) > 100 {
        return too_large("Serialized token too large for session".to_owned());
    }
    Ok((!only_tags || !tags.is_empty()).then(|| percent.max(1)))
}

#[cfg(test)]
mod tests;
