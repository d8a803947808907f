//! The way from a profile to its credentials, in words, as `explain` and the picker show it. No
//! secret is in it.

use std::fmt::Write;

use crate::aws::duration;
use crate::chain::{Base, Chain, DefaultProvider, MfaUse, Step};
use crate::config::profiles::is_secret;

/// Returns a value as it may be shown.
pub fn shown<'a>(key: &str, value: &'a str) -> &'a str {
    if is_secret(key) && !value.is_empty() { "****" } else { value }
}

/// Renders the way to a profile's credentials, a line for each fact.
pub fn text(chain: &Chain) -> String {
    let mut text = String::new();
    let mut line = |name: &str, value: &str| {
        let clean: String = value.chars().map(|c| if c.is_control() { ' ' } else { c }).collect();
        let _ = writeln!(text, "{name:<10} {}", clean.trim());
    };
    line("profile", chain.subject.profile.as_ref().map_or("none", |profile| &profile.name));
    if let Some(profile) = &chain.subject.profile {
        line("", &profile.place.to_string());
    }
    line("region", chain.plan.region.as_deref().unwrap_or("none"));
    let of =
        chain.plan.base_profile.as_ref().map(|p| format!(" of profile `{p}`")).unwrap_or_default();
    line("start", &format!("{}{of}", describe(&chain.plan.base, chain)));
    for (number, step) in chain.plan.steps.iter().enumerate() {
        let call = match step {
            Step::AssumeRole(call) => call,
            Step::GetSessionToken(call) => {
                line(
                    &format!("step {}", number + 1),
                    "get a session with MFA, so that one code serves every role of these keys",
                );
                line(
                    "",
                    &format!(
                        "MFA device {} for {}",
                        call.mfa.serial,
                        duration::render(i64::from(call.duration_seconds))
                    ),
                );
                line("", &format!("at {}", call.endpoint.url));
                continue;
            }
        };
        line(&format!("step {}", number + 1), &format!("assume {}", call.role_arn));
        line(
            "",
            &format!(
                "as {} for {}",
                call.role_session_name,
                duration::render(i64::from(
                    call.duration_seconds.unwrap_or(duration::DEFAULT_ROLE)
                ))
            ),
        );
        line("", &format!("at {}", call.endpoint.url));
        let mut detail = |name: &str, value: Option<String>| {
            if let Some(value) = value.filter(|v| !v.is_empty()) {
                line("", &format!("{name} {value}"));
            }
        };
        match &call.mfa {
            MfaUse::None => {}
            MfaUse::Code(mfa) => detail("MFA device", Some(mfa.serial.to_string())),
            MfaUse::Session(mfa) => {
                detail("MFA of", Some(format!("{} comes with the session of step 1", mfa.serial)));
            }
            MfaUse::Impossible(mfa) => {
                detail(
                    "MFA of",
                    Some(format!(
                        "{} is not used: AWS takes no code from a role's session",
                        mfa.serial
                    )),
                );
            }
        }
        detail("external ID", call.external_id.clone());
        detail("source identity", call.source_identity.clone());
        detail(
            "session tags",
            Some(
                call.tags
                    .all
                    .iter()
                    .map(|(k, v)| format!("{k}={v}"))
                    .collect::<Vec<_>>()
                    .join(", "),
            ),
        );
        detail("session policy", call.policies.inline.clone());
        detail("session policies", Some(call.policies.arns.join(", ")));
    }
    for property in chain.subject.profile.iter().flat_map(|p| &p.properties) {
        // A command line may hold a secret, such as a TOTP seed.
        let command =
            ["credential_process", "mfa_process"].iter().any(|key| property.key.ends_with(key));
        let value = if command { "(a command)" } else { shown(&property.key, &property.value) };
        line(
            "setting",
            &format!(
                "{} = {value}  ({}:{})",
                property.key,
                property.file.name(),
                property.place.line
            ),
        );
    }
    text
}

fn describe(base: &Base, chain: &Chain) -> String {
    match base {
        Base::Static(keys) => {
            format!(
                "keys {} in a shared file{}",
                keys.access_key_id,
                keys.place.as_ref().map(|p| format!(" ({p})")).unwrap_or_default()
            )
        }
        Base::Environment(keys) => format!("keys {} of the environment", keys.access_key_id),
        Base::Ec2InstanceMetadata | Base::DefaultProviders(DefaultProvider::Instance) => {
            "EC2 instance metadata".to_owned()
        }
        Base::EcsContainer | Base::DefaultProviders(DefaultProvider::Container) => {
            format!(
                "the container endpoint {}",
                chain.plan.network.container.as_deref().unwrap_or("(not set)")
            )
        }
        Base::WebIdentity(call) => {
            format!("web identity of {} for {}", call.token_file, call.role_arn)
        }
        Base::Sso(sso) => format!(
            "IAM Identity Center {}: role {} in account {}",
            sso.start_url, sso.role_name, sso.account_id
        ),
        Base::LoginSession { session, .. } => format!("login session {session}"),
        Base::Process { place, .. } => format!("the credential_process at {place}"),
    }
}
