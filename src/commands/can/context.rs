//! The condition keys of the simulated calls: those that are known, and those that were typed.

use std::net::IpAddr;

use chrono::{DateTime, SecondsFormat, Utc};

use super::principal::{MfaContext, Principal};
use crate::aws::arn::Arn;
use crate::chain::Chain;
use crate::clients::simulation::{ContextEntry, ContextType};

const MFA_PRESENT: &str = "aws:MultiFactorAuthPresent";
const MFA_AGE: &str = "aws:MultiFactorAuthAge";

/// Condition keys whose type their values do not tell (IAM User Guide, "AWS global condition context
/// keys").
const TYPES: [(&str, ContextType); 8] = [
    (MFA_PRESENT, ContextType::Boolean),
    (MFA_AGE, ContextType::Numeric),
    ("aws:SecureTransport", ContextType::Boolean),
    ("aws:ViaAWSService", ContextType::Boolean),
    ("aws:SourceIp", ContextType::Ip),
    ("aws:VpcSourceIp", ContextType::Ip),
    ("aws:CurrentTime", ContextType::Date),
    ("aws:EpochTime", ContextType::Date),
];

/// Parses `KEY=VALUE` of `--context`.
///
/// # Errors
/// The rule, where the text breaks it.
pub fn parse(text: &str) -> Result<(String, String), String> {
    match text.split_once('=') {
        Some((key, value)) if key.contains(':') && !value.is_empty() => {
            Ok((key.to_owned(), value.to_owned()))
        }
        _ => Err("a condition key has the form aws:SourceIp=192.0.2.1".to_owned()),
    }
}

/// Returns the condition keys of a call of the principal: the known ones, and the typed ones, which
/// come before them.
pub fn entries(
    chain: &Chain,
    principal: &Principal,
    typed: &[(String, String)],
    now: DateTime<Utc>,
) -> Vec<ContextEntry> {
    let mut entries: Vec<ContextEntry> = Vec::new();
    for (key, value) in typed {
        match entries.iter_mut().find(|one| one.key.eq_ignore_ascii_case(key)) {
            Some(one) => one.values.push(value.clone()),
            None => entries.push(entry(key, value)),
        }
    }
    for (key, value) in known(chain, principal, now) {
        if !entries.iter().any(|one| one.key.eq_ignore_ascii_case(&key)) {
            entries.push(entry(&key, &value));
        }
    }
    entries
}

/// Returns whether calls of the principal have no such condition key, which is known too.
pub fn is_absent(principal: &Principal, key: &str) -> bool {
    let is = |name: &str| key.eq_ignore_ascii_case(name);
    match principal.mfa {
        MfaContext::NoKey => is(MFA_PRESENT) || is(MFA_AGE),
        MfaContext::Absent => is(MFA_AGE),
        MfaContext::Present | MfaContext::Unknown => false,
    }
}

/// Returns the condition keys whose values follow from the chain.
fn known(chain: &Chain, principal: &Principal, now: DateTime<Utc>) -> Vec<(String, String)> {
    let mut known = Vec::new();
    let mut add = |key: &str, value: Option<&str>| {
        known.extend(value.map(|value| (key.to_owned(), value.to_owned())));
    };
    let arn = Arn::parse(&principal.arn);
    add("aws:RequestedRegion", chain.plan.region.as_deref());
    add("aws:PrincipalArn", Some(&principal.arn));
    add("aws:PrincipalAccount", arn.map(|arn| arn.account));
    add("aws:userid", principal.user_id.as_deref());
    let user = arn.filter(|arn| arn.resource.starts_with("user/"));
    add("aws:username", user.map(|arn| arn.name()));
    add(
        MFA_PRESENT,
        match principal.mfa {
            MfaContext::Present => Some("true"),
            MfaContext::Absent => Some("false"),
            MfaContext::NoKey | MfaContext::Unknown => None,
        },
    );
    add("aws:SourceIdentity", chain.roles().rev().find_map(|call| call.source_identity.as_deref()));
    add("aws:SecureTransport", Some("true"));
    add("aws:CurrentTime", Some(&now.to_rfc3339_opts(SecondsFormat::Secs, true)));
    for (key, value) in session_tags(chain) {
        add(&format!("aws:PrincipalTag/{key}"), Some(value));
    }
    known
}

/// Returns the tags of the session that a chain ends in: those of its last role, and those that
/// earlier roles hand on.
fn session_tags(chain: &Chain) -> Vec<(&str, &str)> {
    let mut tags: Vec<(&str, &str)> = Vec::new();
    let mut handed_on: Vec<&str> = Vec::new();
    for call in chain.roles() {
        tags.retain(|(key, _)| handed_on.contains(key));
        for (key, value) in &call.tags.all {
            tags.retain(|(other, _)| other != key);
            tags.push((key, value));
        }
        handed_on.extend(call.tags.transitive.iter().map(String::as_str));
    }
    tags
}

fn entry(key: &str, value: &str) -> ContextEntry {
    let by_name = TYPES.iter().find(|(name, _)| name.eq_ignore_ascii_case(key));
    let of_type = by_name.map_or_else(|| type_of(value), |(_, of_type)| *of_type);
    ContextEntry { key: key.to_owned(), of_type, values: vec![value.to_owned()] }
}

fn type_of(value: &str) -> ContextType {
    /// An account's number has so many digits, and is a string.
    const ACCOUNT_DIGITS: usize = 12;
    let address = value.split('/').next().unwrap_or(value);
    let is_number = value.bytes().all(|b| b.is_ascii_digit());
    if ["true", "false"].contains(&value) {
        ContextType::Boolean
    } else if is_number && value.len() != ACCOUNT_DIGITS {
        ContextType::Numeric
    } else if address.parse::<IpAddr>().is_ok() {
        ContextType::Ip
    } else if DateTime::parse_from_rfc3339(value).is_ok() {
        ContextType::Date
    } else {
        ContextType::String
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn type_of_condition_key_follows_from_its_name_or_value() {
        for (key, value, of_type) in [
            ("aws:SourceIp", "192.0.2.1", ContextType::Ip),
            ("aws:sourceip", "10.0.0.0/8", ContextType::Ip),
            ("x:Address", "2001:db8::/32", ContextType::Ip),
            ("aws:PrincipalAccount", "222222222222", ContextType::String),
            ("s3:max-keys", "10", ContextType::Numeric),
            ("aws:EpochTime", "1800000000", ContextType::Date),
            ("x:When", "2030-01-01T00:00:00Z", ContextType::Date),
            ("x:On", "true", ContextType::Boolean),
            ("s3:prefix", "home/", ContextType::String),
            ("aws:PrincipalTag/team", "a b", ContextType::String),
        ] {
            assert_eq!(entry(key, value).of_type, of_type, "{key}={value}");
        }
    }

    #[test]
    fn only_key_with_value_is_context() {
        assert_eq!(parse("aws:PrincipalTag/a=b=c").unwrap().1, "b=c");
        for text in ["aws:SourceIp", "aws:SourceIp=", "SourceIp=1", "=x", ""] {
            assert!(parse(text).is_err(), "{text}");
        }
    }
}
