//! Lengths and patterns of request members, refused in AWS's words.

use crate::params::Params;
use crate::rules::{self, Refusal};

/// The characters of session names and source identities.
const NAME: Pattern = Pattern { covers: |text| words(text, "+=,.@-"), text: r"[\w+=,.@-]*" };
/// The characters of external IDs.
const EXTERNAL_ID: Pattern =
    Pattern { covers: |text| words(text, "+=,.@:/-"), text: r"[\w+=,.@:\/-]*" };
/// The characters of MFA serials.
const SERIAL: Pattern = Pattern { covers: |text| words(text, "+=/:,.@-"), text: r"[\w+=/:,.@-]*" };
/// The characters of token codes.
const CODE: Pattern =
    Pattern { covers: |text| text.bytes().all(|byte| byte.is_ascii_digit()), text: r"[\d]*" };
/// The characters of ARNs. AWS refuses those of the last range, though it shows it.
const ARN: Pattern = Pattern {
    covers: |text| !text.is_empty() && text.chars().all(is_of_arn),
    text: r"[\u0009\u000A\u000D\u0020-\u007E\u0085\u00A0-\uD7FF\uE000-\uFFFD\u10000-\u10FFFF]+",
};

/// What a text must be made of.
struct Pattern {
    covers: fn(&str) -> bool,
    /// As AWS shows it.
    text: &'static str,
}

/// Returns whether a text holds nothing but ASCII word characters and some others.
fn words(text: &str, others: &str) -> bool {
    text.chars().all(|c| c.is_ascii_alphanumeric() || c == '_' || others.contains(c))
}

fn is_of_arn(character: char) -> bool {
    matches!(character, '\t' | '\n' | '\r' | ' '..='~' | '\u{85}' | '\u{a0}'..='\u{fffd}')
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

    /// The text must fit a pattern.
    fn pattern(&mut self, member: &str, value: Option<&str>, pattern: &Pattern) {
        if let Some(value) = value
            && !(pattern.covers)(value)
        {
            self.add(
                &format!("'{value}'"),
                member,
                &format!("satisfy regular expression pattern: {}", pattern.text),
            );
        }
    }

    /// A number must lie within bounds.
    pub fn range(&mut self, member: &str, value: Option<i64>, least: u32, most: u32) {
        let Some(value) = value else { return };
        let shown = format!("'{value}'");
        if value < i64::from(least) {
            self.add(&shown, member, &format!("have value greater than or equal to {least}"));
        }
        if value > i64::from(most) {
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

/// Checks a role's ARN.
pub fn role_arn(checks: &mut Checks, value: Option<&str>) {
    checks.required("roleArn", value);
    arn(checks, "roleArn", value);
}

fn arn(checks: &mut Checks, member: &str, value: Option<&str>) {
    checks.pattern(member, value, &ARN);
    checks.length(member, value, 20, 2048);
}

/// Reads a session's length and checks its bounds.
///
/// # Errors
/// Refuses what is no number.
pub fn duration(checks: &mut Checks, params: &Params, most: u32) -> Result<Option<u32>, Refusal> {
    let asked = params.number("DurationSeconds")?;
    checks.range("durationSeconds", asked.map(i64::from), rules::LEAST, most);
    Ok(asked.and_then(|seconds| u32::try_from(seconds).ok()))
}

/// Checks a role session name.
pub fn session_name(checks: &mut Checks, value: Option<&str>) {
    checks.required("roleSessionName", value);
    checks.pattern("roleSessionName", value, &NAME);
    checks.length("roleSessionName", value, 2, 64);
}

/// Checks the name of a federated user.
pub fn federated_name(checks: &mut Checks, value: Option<&str>) {
    checks.required("name", value);
    checks.pattern("name", value, &NAME);
    checks.length("name", value, 2, 32);
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
    checks.pattern("tokenCode", code, &CODE);
    checks.length("tokenCode", code, 6, 6);
}

/// Checks a source identity.
pub fn source_identity(checks: &mut Checks, value: Option<&str>) {
    checks.pattern("sourceIdentity", value, &NAME);
    checks.length("sourceIdentity", value, 2, 256);
}

/// Checks a session policy's length and its companions' number.
pub fn policies(checks: &mut Checks, policy: Option<&str>, arns: &[String]) {
    checks.length("policy", policy, 1, 2048);
    checks.items("policyArns", arns, 10);
    for (index, value) in arns.iter().enumerate() {
        arn(checks, &format!("policyArns.{}.member.arn", index + 1), Some(value));
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
    use super::{Checks, external_id, mfa, role_arn, session_name, source_identity};

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
        assert_eq!(message(|c| source_identity(c, Some(&"x".repeat(256)))), "");
        assert_ne!(message(|c| source_identity(c, Some(&"x".repeat(257)))), "");
        assert!(message(|c| source_identity(c, Some("aws:x"))).contains("pattern"));
    }

    #[test]
    fn malformed_role_arn_is_refused_in_aws_words() {
        let empty = message(|c| role_arn(c, Some("")));
        assert!(empty.starts_with("2 validation errors detected: "), "{empty}");
        assert!(empty.contains(
            r"[\u0009\u000A\u000D\u0020-\u007E\u0085\u00A0-\uD7FF\uE000-\uFFFD\u10000-\u10FFFF]+"
        ));
        for (character, accepted) in
            [('é', true), ('\u{fffd}', true), ('\t', true), ('\u{1}', false), ('😀', false)]
        {
            let text = character.to_string().repeat(20);
            assert_eq!(message(|c| role_arn(c, Some(&text))).is_empty(), accepted, "{character:?}");
        }
        assert_ne!(message(|c| role_arn(c, Some(&"é".repeat(19)))), "");
        assert_eq!(message(|c| role_arn(c, Some(&"é".repeat(2048)))), "");
        assert_ne!(message(|c| role_arn(c, Some(&"é".repeat(2049)))), "");
    }
}
