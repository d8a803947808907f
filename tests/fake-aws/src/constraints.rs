//! Lengths and patterns of request members, refused in AWS's words.

use crate::rules::Refusal;

/// `[\w+=,.@-]`, the characters of session names and source identities.
pub const NAME: Pattern = Pattern { extra: "+=,.@-", text: r"[\w+=,.@-]*" };
/// `[\w+=,.@:\/-]`, the characters of external IDs.
pub const EXTERNAL_ID: Pattern = Pattern { extra: "+=,.@:/-", text: r"[\w+=,.@:\/-]*" };
/// `[\w+=/:,.@-]`, the characters of MFA serials.
pub const SERIAL: Pattern = Pattern { extra: "+=/:,.@-", text: r"[\w+=/:,.@-]*" };

/// A class of characters made of ASCII word characters and some others.
pub struct Pattern {
    extra: &'static str,
    text: &'static str,
}

impl Pattern {
    /// Returns whether every character belongs to the class.
    pub fn covers(&self, text: &str) -> bool {
        text.chars().all(|c| c.is_ascii_alphanumeric() || c == '_' || self.extra.contains(c))
    }
}

/// Collects every violation of a request, as AWS reports them together.
#[derive(Default)]
pub struct Checks {
    found: Vec<String>,
}

impl Checks {
    fn add(&mut self, value: &str, member: &str, constraint: &str) {
        self.found.push(format!(
            "Value {value} at '{member}' failed to satisfy constraint: Member must {constraint}"
        ));
    }

    /// The member must be there.
    pub fn required(&mut self, member: &str, value: Option<&str>) {
        if value.is_none() {
            self.add("null", member, "not be null");
        }
    }

    /// The number of characters must lie within bounds.
    pub fn length(&mut self, member: &str, value: Option<&str>, least: usize, most: usize) {
        let Some(value) = value else { return };
        let shown = format!("'{value}'");
        let count = value.chars().count();
        if count < least {
            self.add(&shown, member, &format!("have length greater than or equal to {least}"));
        }
        if count > most {
            self.add(&shown, member, &format!("have length less than or equal to {most}"));
        }
    }

    /// Every character must belong to a class.
    pub fn pattern(&mut self, member: &str, value: Option<&str>, pattern: &Pattern) {
        if let Some(value) = value
            && !pattern.covers(value)
        {
            self.add(
                &format!("'{value}'"),
                member,
                &format!("satisfy regular expression pattern: {}", pattern.text),
            );
        }
    }

    /// Every character must be a digit.
    pub fn digits(&mut self, member: &str, value: Option<&str>) {
        if let Some(value) = value
            && !value.bytes().all(|byte| byte.is_ascii_digit())
        {
            self.add(&format!("'{value}'"), member, r"satisfy regular expression pattern: [\d]*");
        }
    }

    /// A number must lie within bounds.
    pub fn range(&mut self, member: &str, value: Option<u32>, least: u32, most: u32) {
        let Some(value) = value else { return };
        let shown = format!("'{value}'");
        if value < least {
            self.add(&shown, member, &format!("have value greater than or equal to {least}"));
        }
        if value > most {
            self.add(&shown, member, &format!("have value less than or equal to {most}"));
        }
    }

    /// A list must not be longer than a bound.
    pub fn items(&mut self, member: &str, items: &[String], most: usize) {
        if items.len() > most {
            self.add(
                &format!("'[{}]'", items.join(", ")),
                member,
                &format!("have length less than or equal to {most}"),
            );
        }
    }

    /// Refuses the request when anything was found.
    pub fn finish(self) -> Result<(), Refusal> {
        if self.found.is_empty() {
            return Ok(());
        }
        let count = self.found.len();
        let plural = if count == 1 { "" } else { "s" };
        Err(Refusal::validation(format!(
            "{count} validation error{plural} detected: {}",
            self.found.join("; ")
        )))
    }
}

/// Checks a role ARN's length.
pub fn role_arn(checks: &mut Checks, value: Option<&str>) {
    checks.required("roleArn", value);
    checks.length("roleArn", value, 20, 2048);
}

/// Checks a role session name.
pub fn session_name(checks: &mut Checks, value: Option<&str>) {
    checks.required("roleSessionName", value);
    checks.pattern("roleSessionName", value, &NAME);
    checks.length("roleSessionName", value, 2, 64);
}

/// Checks an external ID.
pub fn external_id(checks: &mut Checks, value: Option<&str>) {
    checks.pattern("externalId", value, &EXTERNAL_ID);
    checks.length("externalId", value, 2, 1224);
}

/// Checks an MFA device's serial number and its code.
pub fn mfa(checks: &mut Checks, serial: Option<&str>, code: Option<&str>) {
    checks.pattern("serialNumber", serial, &SERIAL);
    checks.length("serialNumber", serial, 9, 256);
    checks.digits("tokenCode", code);
    checks.length("tokenCode", code, 6, 6);
}

/// Checks a source identity.
pub fn source_identity(checks: &mut Checks, value: Option<&str>) {
    checks.pattern("sourceIdentity", value, &NAME);
    checks.length("sourceIdentity", value, 2, 64);
}

/// Checks a session policy's length and its companions' number.
pub fn policies(checks: &mut Checks, policy: Option<&str>, arns: &[String]) {
    checks.length("policy", policy, 1, 2048);
    checks.items("policyArns", arns, 10);
    for (index, arn) in arns.iter().enumerate() {
        let member = format!("policyArns.{}.member.arn", index + 1);
        checks.length(&member, Some(arn), 20, 2048);
    }
}

/// Checks the lengths of session tags.
pub fn tags(checks: &mut Checks, tags: &[(String, String)], transitive: &[String]) {
    let names: Vec<String> = tags.iter().map(|(key, _)| key.clone()).collect();
    checks.items("tags", &names, 50);
    checks.items("transitiveTagKeys", transitive, 50);
    for (index, (key, value)) in tags.iter().enumerate() {
        let place = index + 1;
        checks.length(&format!("tags.{place}.member.key"), Some(key), 1, 128);
        checks.length(&format!("tags.{place}.member.value"), Some(value), 0, 256);
    }
}

#[cfg(test)]
mod tests {
    use super::{Checks, external_id, mfa, session_name, source_identity};

    fn message(check: impl FnOnce(&mut Checks)) -> String {
        let mut checks = Checks::default();
        check(&mut checks);
        checks.finish().map_or_else(|no| no.message, |()| String::new())
    }

    #[test]
    fn invalid_session_name_gives_message_of_aws() {
        assert_eq!(message(|c| session_name(c, Some("bob@x.y=+,-_1"))), "");
        assert_eq!(
            message(|c| session_name(c, Some("a b"))),
            r"1 validation error detected: Value 'a b' at 'roleSessionName' failed to satisfy constraint: Member must satisfy regular expression pattern: [\w+=,.@-]*"
        );
        assert_eq!(
            message(|c| session_name(c, None)),
            "1 validation error detected: Value null at 'roleSessionName' failed to satisfy constraint: Member must not be null"
        );
        assert!(message(|c| session_name(c, Some("/"))).starts_with("2 validation errors"));
        assert!(message(|c| session_name(c, Some("é1"))).contains("pattern"));
        assert_eq!(message(|c| session_name(c, Some(&"x".repeat(64)))), "");
        assert_ne!(message(|c| session_name(c, Some(&"x".repeat(65)))), "");
    }

    #[test]
    fn other_parameters_outside_bounds_are_refused() {
        assert_eq!(message(|c| external_id(c, Some("a:/b"))), "");
        assert_ne!(message(|c| external_id(c, Some("a"))), "");
        assert_ne!(message(|c| external_id(c, Some("a b"))), "");
        assert_eq!(message(|c| external_id(c, Some(&"x".repeat(1224)))), "");
        assert_ne!(message(|c| external_id(c, Some(&"x".repeat(1225)))), "");
        assert_eq!(message(|c| mfa(c, Some("GAHT12345"), Some("000000"))), "");
        assert_ne!(message(|c| mfa(c, Some("GAHT1234"), None)), "");
        assert_ne!(message(|c| mfa(c, None, Some("12345"))), "");
        assert_ne!(message(|c| mfa(c, None, Some("12345x"))), "");
        assert_eq!(message(|c| source_identity(c, Some("al"))), "");
        assert_ne!(message(|c| source_identity(c, Some("a"))), "");
    }
}
