//! One hop of a chain: which source a role profile names, and the parameters of its AssumeRole
//! call, checked before any call (AWS STS API Reference, AssumeRole).

use std::borrow::Cow;

use super::mfa::AUTO;
use super::overrides::Overrides;
use super::resolve::property;
use super::{AssumeRole, Mfa, MfaUse};
use crate::aws::arn::Arn;
use crate::aws::partition::Endpoint;
use crate::aws::{MfaSerial, duration};
use crate::config::profiles::{Merged, Place};
use crate::error::{Error, Result};
use crate::hint;
use crate::text;

/// AWS's managed policy that `--read-only` stands for.
const READ_ONLY_POLICY: &str = "iam::aws:policy/ReadOnlyAccess";

/// Where a role profile's credentials come from.
pub(super) enum Source {
    Profile { name: String, place: Place },
    Credentials(CredentialSource),
}

/// The values of `credential_source`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum CredentialSource {
    Environment,
    Ec2InstanceMetadata,
    EcsContainer,
}

pub(super) struct Hops<'a> {
    pub overrides: &'a Overrides,
}

impl Hops<'_> {
    /// Returns the one source of a role profile; `first` is the selected profile, to which
    /// `--source-profile` belongs.
    pub fn source(&self, profile: &Merged, first: bool) -> Result<Source> {
        if let (true, Some(name)) = (first, &self.overrides.source_profile) {
            return Ok(Source::Profile { name: name.clone(), place: profile.place.clone() });
        }
        let error = |what: &str| {
            let place = property(profile, "role_arn").map_or(&profile.place, |p| &p.place);
            Error::configuration(format!("{place}: profile `{}` {what}", profile.name)).hint(
                format!(
                    "give it exactly one of them, then try: {}",
                    hint::command("explain", &profile.name)
                ),
            )
        };
        match (property(profile, "source_profile"), property(profile, "credential_source")) {
            (Some(_), Some(_)) => Err(error("has both source_profile and credential_source")),
            (None, None) => {
                Err(error("has role_arn but neither source_profile nor credential_source"))
            }
            (Some(name), None) => Ok(Source::Profile {
                name: name.value.trim().to_owned(),
                place: name.place.clone(),
            }),
            (None, Some(source)) => match source.value.to_ascii_lowercase().as_str() {
                "environment" => Ok(Source::Credentials(CredentialSource::Environment)),
                "ec2instancemetadata" => {
                    Ok(Source::Credentials(CredentialSource::Ec2InstanceMetadata))
                }
                "ecscontainer" => Ok(Source::Credentials(CredentialSource::EcsContainer)),
                other => Err(Error::configuration(format!(
                    "{}: credential_source `{other}` is not known",
                    source.place
                ))
                .cause(format!("profile `{}`", profile.name))
                .hint(format!(
                    "use Environment, Ec2InstanceMetadata or EcsContainer, then try: {}",
                    hint::command("explain", &profile.name)
                ))),
            },
        }
    }

    /// Builds the call of a role profile. `last` is the selected profile, whose values the command
    /// line overrides.
    #[expect(
        clippy::too_many_arguments,
        reason = "each is a different fact of the chain, used once"
    )]
    pub fn assume_role(
        &self,
        profile: &Merged,
        last: bool,
        chained: bool,
        source: Option<&Merged>,
        user: Option<&str>,
        region: String,
        endpoint: Endpoint,
    ) -> Result<AssumeRole> {
        let typed = |value: &Option<String>| if last { value.clone() } else { None };
        let values = Values { profile };
        let o = self.overrides;
        let role_arn = values.or_typed(
            typed(&o.role_arn),
            "role_arn",
            "--role-arn",
            |v| Arn::parse_role(v).is_some(),
            "an IAM role's ARN (arn:aws:iam::ACCOUNT:role/NAME)",
        )?;
        let role_arn = role_arn.ok_or_else(|| {
            Error::usage("--source-profile needs a role: name it with --role-arn")
        })?;
        let session_name = values.or_typed(
            typed(&o.role_session_name),
            "role_session_name",
            "--role-session-name",
            is_session_name,
            "2 to 64 letters, digits or _+=,.@-",
        )?;
        let external_id = values.or_typed(
            typed(&o.external_id),
            "external_id",
            "--external-id",
            is_external_id,
            "2 to 1224 letters, digits or _+=,.@:/-",
        )?;
        let mfa = self.mfa(profile, last, source)?.map_or(MfaUse::None, MfaUse::Code);
        let source_identity = values.or_typed(
            typed(&o.source_identity),
            "source_identity",
            "--source-identity",
            is_session_name,
            "2 to 64 letters, digits or _+=,.@-",
        )?;
        let (tags, transitive_tags) = self.tags(profile, last)?;
        let (policy, policy_arns) = self.policies(profile, last, &role_arn)?;
        Ok(AssumeRole {
            profile: profile.named().map(str::to_owned),
            role_session_name: session_name.unwrap_or_else(|| default_session_name(user)),
            mfa,
            duration_seconds: self.duration(profile, last, chained)?,
            endpoint: Some(endpoint),
            role_arn,
            external_id,
            source_identity,
            tags,
            transitive_tags,
            policy,
            policy_arns,
            region,
        })
    }

    /// Returns the MFA device that a profile names, and where its codes may come from by the
    /// profile or else by its source.
    pub fn mfa(
        &self,
        profile: &Merged,
        last: bool,
        source: Option<&Merged>,
    ) -> Result<Option<Mfa>> {
        let typed = if last { self.overrides.mfa_serial.clone() } else { None };
        let rule = "auto, or an MFA device's serial number or ARN (9 to 256 characters)";
        let serial = Values { profile }.or_typed(
            typed,
            "mfa_serial",
            "--mfa-serial",
            |v| v == AUTO || MfaSerial::parse(v).is_some(),
            rule,
        )?;
        let of_either = |key| {
            property(profile, key)
                .or_else(|| source.and_then(|s| property(s, key)))
                .map(|p| p.value.to_string())
        };
        Ok(serial.map(|serial| Mfa {
            serial,
            process: of_either("mfa_process"),
            oath: of_either("mfa_yubikey_oath"),
        }))
    }

    /// Returns the length, in seconds, of the session with MFA that goes before a chain; `None`
    /// when there is to be none.
    pub fn mfa_session<'a>(
        &self,
        mut profiles: impl Iterator<Item = &'a Merged>,
    ) -> Result<Option<u32>> {
        let Some(seconds) = self.overrides.mfa_session else { return Ok(None) };
        let Some(property) = profiles.find_map(|p| property(p, "mfa_session_duration")) else {
            return Ok(Some(seconds));
        };
        mfa_session_duration(&property.value).map_err(|rule| {
            Error::configuration(format!(
                "{}: mfa_session_duration must be {rule}, not `{}`",
                property.place, *property.value
            ))
        })
    }

    /// Returns the session length, in seconds, of a hop. `None` leaves it to STS.
    pub fn duration(&self, profile: &Merged, last: bool, chained: bool) -> Result<Option<u32>> {
        if let (true, Some(seconds)) = (last, self.overrides.duration_seconds) {
            return check_duration(seconds, chained, "--duration").map(Some).map_err(Error::usage);
        }
        let Some(property) = property(profile, "duration_seconds") else { return Ok(None) };
        let what = format!("{}: duration_seconds", property.place);
        let wrong = |what: String| {
            Error::configuration(what)
                .cause(format!("profile `{}`", profile.name))
                .hint(hint::correct(&profile.name))
        };
        let seconds = property.value.trim().parse::<u32>();
        let seconds = seconds.map_err(|_| {
            wrong(format!("{what} must be a whole number of seconds, not `{}`", *property.value))
        })?;
        check_duration(seconds, chained, &what).map(Some).map_err(wrong)
    }

    fn tags(&self, profile: &Merged, last: bool) -> Result<(Vec<(String, String)>, Vec<String>)> {
        let typed = if last { &self.overrides.tags[..] } else { &[] };
        let error = |is_typed: bool, what: &str| match property(profile, "session_tags") {
            Some(property) if !is_typed => {
                Error::configuration(format!("{}: session_tags {what}", property.place))
                    .cause(format!("profile `{}`", profile.name))
                    .hint(hint::correct(&profile.name))
            }
            _ => Error::usage(format!("--tag {what}")),
        };
        let mut tags = Vec::new();
        if let Some(property) = property(profile, "session_tags") {
            for item in list(&property.value) {
                let (key, value) = item.split_once('=').ok_or_else(|| {
                    error(false, &format!("must be `key=value, key=value`, not `{item}`"))
                })?;
                tags.push((key.trim().to_owned(), value.trim().to_owned()));
            }
        }
        let mut transitive: Vec<String> = property(profile, "transitive_session_tags")
            .map(|p| list(&p.value).map(str::to_owned).collect())
            .unwrap_or_default();
        let of_profile = tags.len();
        for (key, value) in typed {
            tags.retain(|(existing, _)| existing != key);
            tags.push((key.clone(), value.clone()));
        }
        if last {
            transitive.extend(self.overrides.transitive_tags.iter().cloned());
        }
        for (key, value) in &tags {
            if key.is_empty() || key.chars().count() > 128 || value.chars().count() > 256 {
                let what = format!(
                    "must have a key of 1 to 128 characters and a value of up to 256, and `{}` has not",
                    shortened(key)
                );
                return Err(error(typed.iter().any(|(typed, _)| typed == key), &what));
            }
        }
        if tags.len() > 50 {
            return Err(error(
                of_profile <= 50,
                &format!("must be at most 50, and here are {}", tags.len()),
            ));
        }
        Ok((tags, transitive))
    }

    /// Returns the session policies of a hop: the inline document and the managed ones.
    pub fn policies(
        &self,
        profile: &Merged,
        last: bool,
        role_arn: &str,
    ) -> Result<(Option<String>, Vec<String>)> {
        let own = property(profile, "policy_arns");
        let mut arns: Vec<String> =
            own.map(|p| list(&p.value).map(str::to_owned).collect()).unwrap_or_default();
        let of_profile = arns.len();
        let mut inline = None;
        if last {
            arns.extend(self.overrides.policy_arns.iter().cloned());
            if self.overrides.read_only {
                let partition = Arn::parse(role_arn).map_or("aws", |arn| arn.partition);
                arns.push(format!("arn:{partition}:{READ_ONLY_POLICY}"));
            }
            inline.clone_from(&self.overrides.policy);
        }
        let error = |is_typed: bool, what: &str| match own {
            Some(property) if !is_typed => {
                Error::configuration(format!("{}: policy_arns: {what}", property.place))
                    .cause(format!("profile `{}`", profile.name))
            }
            _ if last && self.overrides.policy_arns.is_empty() => {
                Error::usage(format!("--read-only: {what}"))
            }
            _ => Error::usage(format!("--policy-arn: {what}")),
        };
        let is_policy = |arn: &String| {
            Arn::parse(arn)
                .is_some_and(|arn| arn.service == "iam" && arn.resource.starts_with("policy/"))
        };
        if let Some((at, bad)) = arns.iter().enumerate().find(|(_, arn)| !is_policy(arn)) {
            let error =
                error(at >= of_profile, &format!("`{}` is not a policy's ARN", shortened(bad)));
            return Err(error.hint("list them with: aws iam list-policies"));
        }
        if arns.len() > 10 {
            return Err(error(
                of_profile <= 10,
                &format!("{} policy ARNs, and STS takes at most 10", arns.len()),
            ));
        }
        Ok((inline, arns))
    }
}

/// Reads checked values of a profile.
struct Values<'a> {
    profile: &'a Merged,
}

impl Values<'_> {
    fn or_typed(
        &self,
        typed: Option<String>,
        key: &str,
        option: &str,
        valid: impl Fn(&str) -> bool,
        rule: &str,
    ) -> Result<Option<String>> {
        if let Some(value) = typed {
            return if valid(&value) {
                Ok(Some(value))
            } else {
                Err(Error::usage(format!("{option} must be {rule}")))
            };
        }
        let Some(property) = property(self.profile, key) else { return Ok(None) };
        let value = property.value.trim();
        if valid(value) {
            return Ok(Some(value.to_owned()));
        }
        Err(Error::configuration(format!("{}: {key} must be {rule}", property.place))
            .cause(format!("profile `{}` has `{value}`", self.profile.name))
            .hint(hint::correct(&self.profile.name)))
    }
}

/// Checks a role session's length, in seconds, against STS's bounds; the error is the whole
/// message.
pub(super) fn check_duration(seconds: u32, chained: bool, what: &str) -> Result<u32, String> {
    if !(duration::SHORTEST..=duration::LONGEST_ROLE).contains(&seconds) {
        return Err(format!(
            "{what} must be from {} to {} seconds (15m to 12h), not {seconds}",
            duration::SHORTEST,
            duration::LONGEST_ROLE
        ));
    }
    if chained && seconds > duration::LONGEST_CHAINED {
        return Err(format!(
            "{what} is {seconds} seconds, and AWS caps role chaining at {} (1h)",
            duration::LONGEST_CHAINED
        ));
    }
    Ok(seconds)
}

/// Reads `mfa_session_duration`: seconds, or `None` for no such session. The error is the rule.
pub fn mfa_session_duration(text: &str) -> Result<Option<u32>, &'static str> {
    match duration::parse(text) {
        Some(0) => Ok(None),
        Some(seconds @ duration::SHORTEST..=duration::LONGEST_TOKEN) => Ok(Some(seconds)),
        _ => Err("15m to 36h, or 0 for none"),
    }
}

/// Returns as much of a value as an error needs to show which is meant.
fn shortened(value: &str) -> Cow<'_, str> {
    text::cut(value, 60)
}

fn list(value: &str) -> impl Iterator<Item = &str> {
    value.split([',', '\n']).map(str::trim).filter(|item| !item.is_empty())
}

fn is_word(c: char, more: &str) -> bool {
    c.is_ascii_alphanumeric() || c == '_' || more.contains(c)
}

/// RoleSessionName and SourceIdentity: `[\w+=,.@-]{2,64}`.
pub(super) fn is_session_name(value: &str) -> bool {
    (2..=64).contains(&value.len()) && value.chars().all(|c| is_word(c, "+=,.@-"))
}

/// ExternalId: `[\w+=,.@:\/-]{2,1224}`.
fn is_external_id(value: &str) -> bool {
    (2..=1224).contains(&value.len()) && value.chars().all(|c| is_word(c, "+=,.@:/-"))
}

/// Returns a role session name that shows the person in CloudTrail: the local user's name made
/// legal.
pub(super) fn default_session_name(user: Option<&str>) -> String {
    let name: String = user
        .unwrap_or_default()
        .chars()
        .map(|c| if is_word(c, "+=,.@-") { c } else { '-' })
        .take(64)
        .collect();
    if name.trim_matches('-').len() < 2 { "rolecall".to_owned() } else { name }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn session_names_are_legal() {
        for (user, name) in [
            (Some("bob"), "bob"),
            (Some("DOM\\bob smith"), "DOM-bob-smith"),
            (Some("b"), "rolecall"),
            (Some(""), "rolecall"),
            (None, "rolecall"),
            (Some("日本"), "rolecall"),
        ] {
            assert_eq!(default_session_name(user), name);
            assert!(is_session_name(&default_session_name(user)));
        }
        assert!(is_session_name(&default_session_name(Some(&"x".repeat(100)))));
    }

    #[test]
    fn durations_have_bounds() {
        for (seconds, chained, ok) in [
            (899, false, false),
            (900, false, true),
            (43_200, false, true),
            (43_201, false, false),
            (3600, true, true),
            (3601, true, false),
        ] {
            assert_eq!(check_duration(seconds, chained, "x").is_ok(), ok, "{seconds} {chained}");
        }
    }
}
