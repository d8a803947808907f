//! A chain in words, as `explain` and the picker show it. It holds no secret.

use std::fmt::Write;

use crate::aws::duration;
use crate::chain::{AssumeRole, Base, Chain, DefaultProvider, GetSessionToken, MfaUse, Plan, Step};
use crate::config::profiles::{Profile, Property, shown};
use crate::text::{flat, shown_url, without_url_secrets};

/// Renders a chain, one line for each fact.
pub fn text(chain: &Chain) -> String {
    let mut lines = Lines::default();
    let (profile, plan) = (&chain.subject.profile, &chain.plan);
    lines.add("profile", profile.as_ref().map_or("none", |profile| &profile.name));
    if let Some(profile) = profile {
        lines.more(&profile.place.to_string());
    }
    lines.add("region", plan.region.as_deref().unwrap_or("none"));
    let of = plan.base_profile.as_ref().map(|name| format!(" of profile `{name}`"));
    lines.add("start", &format!("{}{}", describe(plan), of.unwrap_or_default()));
    for (number, step) in (1..).zip(&plan.steps) {
        let name = format!("step {number}");
        match step {
            Step::GetSessionToken(call) => lines.get_session_token(&name, call),
            Step::AssumeRole(call) => lines.assume_role(&name, call),
        }
    }
    if let Some(profile) = profile {
        lines.settings(profile);
    }
    lines.0
}

#[derive(Default)]
struct Lines(String);

impl Lines {
    fn add(&mut self, name: &str, value: &str) {
        // Writing to a string cannot fail.
        let _ = writeln!(self.0, "{name:<10} {}", flat(&without_url_secrets(value)));
    }

    /// Adds a line that belongs to the one before.
    fn more(&mut self, value: &str) {
        self.add("", value);
    }

    /// Adds a detail of a step, unless it is empty.
    fn detail(&mut self, name: &str, value: &str) {
        if !value.is_empty() {
            self.more(&format!("{name} {value}"));
        }
    }

    fn get_session_token(&mut self, name: &str, call: &GetSessionToken) {
        let duration = duration::render(i64::from(call.duration_seconds));
        if let Some(mfa) = &call.mfa {
            self.add(
                name,
                "get a session with MFA, so that one code serves every role of these keys",
            );
            self.more(&format!("MFA device {} for {duration}", mfa.serial));
        } else {
            self.add(name, "get a session, so that the keys themselves never leave the store");
            self.more(&format!("without MFA for {duration}; IAM refuses it"));
        }
        self.more(&format!("at {}", call.endpoint.url));
    }

    fn assume_role(&mut self, name: &str, call: &AssumeRole) {
        self.add(name, &format!("assume {}", call.role_arn));
        let seconds = call.duration_seconds.unwrap_or(duration::DEFAULT_ROLE);
        let duration = duration::render(i64::from(seconds));
        self.more(&format!("as {} for {duration}", call.role_session_name));
        self.more(&format!("at {}", call.endpoint.url));
        match &call.mfa {
            MfaUse::None => {}
            MfaUse::Code(mfa) => self.detail("MFA device", &mfa.serial.to_string()),
            MfaUse::Session(mfa) => {
                self.more(&format!("MFA of {} comes with the session of step 1", mfa.serial));
            }
            MfaUse::Impossible(mfa) => self.more(&format!(
                "MFA of {} is not used: AWS takes no code from a role's session",
                mfa.serial
            )),
        }
        self.detail("external ID", call.external_id.as_deref().unwrap_or_default());
        self.detail("source identity", call.source_identity.as_deref().unwrap_or_default());
        let tags = call.tags.all.iter().map(|(key, value)| format!("{key}={value}"));
        self.detail("session tags", &tags.collect::<Vec<_>>().join(", "));
        self.detail("session policy", call.policies.inline.as_deref().unwrap_or_default());
        self.detail("session policies", &call.policies.arns.join(", "));
    }

    fn settings(&mut self, profile: &Profile) {
        for Property { key, value, file, place, .. } in &profile.properties {
            // A command line may hold a secret, such as a TOTP seed.
            let is_command =
                ["credential_process", "mfa_process"].iter().any(|name| key.ends_with(name));
            let value = if is_command { "(a command)".into() } else { shown(key, value) };
            let (file, line) = (file.name(), place.line);
            self.add("setting", &format!("{key} = {value}  ({file}:{line})"));
        }
    }
}

/// Says where the first credentials of a chain come from.
fn describe(plan: &Plan) -> String {
    match &plan.base {
        Base::Static(keys) => {
            format!(
                "keys {} in a shared file{}",
                keys.access_key_id,
                keys.place.as_ref().map(|p| format!(" ({p})")).unwrap_or_default()
            )
        }
        Base::Stored(keys) => {
            let place = keys.place.as_ref().map(|place| format!(" ({place})")).unwrap_or_default();
            let out = if plan.steps.is_empty() { ", which are handed out themselves" } else { "" };
            format!("keys {} in the store{place}{out}", keys.access_key_id)
        }
        Base::Environment(keys) => format!("keys {} of the environment", keys.access_key_id),
        Base::Ec2InstanceMetadata | Base::DefaultProviders(DefaultProvider::Instance) => {
            "EC2 instance metadata".to_owned()
        }
        Base::EcsContainer | Base::DefaultProviders(DefaultProvider::Container) => {
            format!(
                "the container endpoint {}",
                plan.network.container.as_deref().map_or("(not set)".to_owned(), shown_url)
            )
        }
        Base::WebIdentity(call) => {
            format!("web identity of {} for {}", call.token_file, call.role_arn)
        }
        Base::Sso(sso) => format!(
            "IAM Identity Center {}: role {} in account {}",
            sso.session.start_url, sso.role_name, sso.account_id
        ),
        Base::LoginSession { session, .. } => format!("login session {session}"),
        Base::Process { place, .. } => format!("the credential_process at {place}"),
    }
}
