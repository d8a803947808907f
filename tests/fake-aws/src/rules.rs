//! The rules of STS, each stated once and without any input or output.

use crate::constraints::Checks;
use std::borrow::Cow;

/// The seconds of a role session when nobody asks for another length.
pub const ROLE_DEFAULT: u32 = 3_600;
/// The most seconds of a role that was assumed from another role.
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
}

/// Returns the seconds of a session from `AssumeRole`.
pub fn assume_role_seconds(
    asked: Option<u32>,
    caller: CallerKind,
    role_most: u32,
) -> Result<u32, Refusal> {
    bounds(asked, ROLE_MOST)?;
    let seconds = asked.unwrap_or(ROLE_DEFAULT);
    if caller == CallerKind::RoleSession && seconds > CHAIN_MOST {
        return Err(Refusal::validation(
            "The requested DurationSeconds exceeds the 1 hour session limit for roles assumed by role chaining",
        ));
    }
    within_role(seconds, role_most)
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
    checks.range("durationSeconds", asked, LEAST, most);
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
        CallerKind::UserSession { .. } | CallerKind::RoleSession => {
            Err(Refusal::denied("Cannot call GetSessionToken with session credentials"))
        }
    }
}

/// Refuses IAM to `GetSessionToken` sessions that were made without MFA.
pub fn may_call_iam(caller: CallerKind) -> Result<(), Refusal> {
    match caller {
        CallerKind::UserSession { mfa: false } => Err(invalid_token()),
        _ => Ok(()),
    }
}

/// Returns the refusal of credentials that AWS does not know, or not for this use.
pub fn invalid_token() -> Refusal {
    Refusal::new(
        403,
        "InvalidClientTokenId",
        "The security token included in the request is invalid.",
    )
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
        CallerKind::RoleSession => Err(unknown_device()),
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

/// Returns how much of the room for policies and tags a request takes, in per cent.
pub fn packed_percent(policy: &str, arns: &[String], tags: &[(String, String)]) -> usize {
    let policy = policy.chars().filter(|c| !c.is_whitespace()).count();
    let arns: usize = arns.iter().map(String::len).sum();
    let tags: usize = tags.iter().map(|(key, value)| key.len() + value.len()).sum();
    (policy + arns / 4 + tags) * 100 / 2_200
}

#[cfg(test)]
mod tests;
