//! What AWS takes as the values of a role's call.

use crate::aws::duration;
use crate::error::{Error, Result};

/// Whether the caller of AssumeRole is a session, which STS calls role chaining.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Chaining {
    Yes,
    No,
}

/// Checks a role session's length, in seconds, against STS's bounds; the error is the whole
/// message.
pub fn check_duration(seconds: u32, chaining: Chaining, what: &str) -> Result<u32, String> {
    let (shortest, longest) = (duration::SHORTEST, duration::LONGEST_ROLE);
    if !(shortest..=longest).contains(&seconds) {
        return Err(format!(
            "{what} must be from {shortest} to {longest} seconds (15m to 12h), not {seconds}"
        ));
    }
    if chaining == Chaining::Yes && seconds > duration::LONGEST_CHAINED {
        return Err(format!(
            "{what} is {seconds} seconds, and AWS caps role chaining at {} (1h)",
            duration::LONGEST_CHAINED
        ));
    }
    Ok(seconds)
}

/// Checks what `--duration` says of a session that may be as long as any.
///
/// # Errors
/// Where it is out of STS's bounds.
pub fn check_typed_duration(seconds: u32) -> Result<()> {
    check_duration(seconds, Chaining::No, "--duration").map_err(Error::usage).map(|_| ())
}

/// The rule of `session_name`, in words.
pub const SESSION_NAME_RULE: &str = "2 to 64 letters, digits or _+=,.@-";

/// Takes a RoleSessionName: `[\w+=,.@-]{2,64}`.
pub fn session_name(value: &str) -> Option<String> {
    let legal = (2..=64).contains(&value.len()) && value.chars().all(|c| is_word(c, "+=,.@-"));
    legal.then(|| value.to_owned())
}

/// Takes a SourceIdentity: `[\w+=,.@-]{2,256}`.
pub fn source_identity(value: &str) -> Option<String> {
    let legal = (2..=256).contains(&value.len()) && value.chars().all(|c| is_word(c, "+=,.@-"));
    legal.then(|| value.to_owned())
}

/// Takes an ExternalId: `[\w+=,.@:\/-]{2,1224}`.
pub fn external_id(value: &str) -> Option<String> {
    let legal = (2..=1224).contains(&value.len()) && value.chars().all(|c| is_word(c, "+=,.@:/-"));
    legal.then(|| value.to_owned())
}

fn is_word(c: char, more: &str) -> bool {
    c.is_ascii_alphanumeric() || c == '_' || more.contains(c)
}

/// Returns a role session name that shows the person in CloudTrail: the local user's name made
/// legal.
pub fn default_session_name(user: Option<&str>) -> String {
    let legal = |c| if is_word(c, "+=,.@-") { c } else { '-' };
    let name: String = user.unwrap_or_default().chars().map(legal).take(64).collect();
    if name.trim_matches('-').len() < 2 { "rolecall".to_owned() } else { name }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn default_session_name_is_legal_for_any_user() {
        for (user, name) in [
            (Some("bob"), "bob"),
            (Some("DOM\\bob smith"), "DOM-bob-smith"),
            (Some("b"), "rolecall"),
            (Some(""), "rolecall"),
            (None, "rolecall"),
            (Some("日本"), "rolecall"),
        ] {
            assert_eq!(default_session_name(user), name);
            assert!(session_name(&default_session_name(user)).is_some());
        }
        assert!(session_name(&default_session_name(Some(&"x".repeat(100)))).is_some());
    }

    #[test]
    fn source_identity_takes_2_to_256_characters() {
        for (value, legal) in [
            ("a".to_owned(), false),
            ("ab".to_owned(), true),
            ("x".repeat(65), true),
            ("x".repeat(256), true),
            ("x".repeat(257), false),
            ("aws:x".to_owned(), false),
        ] {
            assert_eq!(source_identity(&value).is_some(), legal, "{value}");
        }
    }

    #[test]
    fn duration_outside_limits_is_error() {
        for (seconds, chaining, legal) in [
            (899, Chaining::No, false),
            (900, Chaining::No, true),
            (43_200, Chaining::No, true),
            (43_201, Chaining::No, false),
            (3600, Chaining::Yes, true),
            (3601, Chaining::Yes, false),
        ] {
            let checked = check_duration(seconds, chaining, "x");
            assert_eq!(checked.is_ok(), legal, "{seconds} {chaining:?}");
        }
    }
}
