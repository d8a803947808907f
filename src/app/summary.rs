//! One profile as `list` and the picker show it, from the files and the index alone: no store, no
//! network.

use super::context::Context;
use super::requests;
use super::service::resolve;
use crate::aws::arn::Arn;
use crate::aws::names::{MfaSerial, Region};
use crate::chain::session_key::SessionKeys;
use crate::chain::{Chain, ProfileView};
use crate::config::profiles::{Profile, Profiles};
use crate::error::Place;
use crate::output::time::left;
use crate::store::index::{Entries, Entry};
use crate::system::clock::{Clock, SystemClock};

/// One profile as it is listed.
#[derive(Default)]
pub struct ProfileSummary {
    pub name: String,
    pub account: Option<String>,
    pub role: Option<String>,
    pub region: Option<String>,
    /// The base's kind, and its profile where that is another one.
    pub source: String,
    pub source_profile: Option<String>,
    pub mfa: Option<String>,
    pub session: Option<Entry>,
    /// How many days old its own keys in the store are, where the ages of keys were looked at.
    pub key_age_days: Option<i64>,
    /// Whether they are older than the settings allow.
    pub has_old_key: bool,
    pub description: Option<String>,
    pub problem: Option<String>,
    /// Where the problem is, in short.
    pub problem_at: Option<String>,
    /// What the filter looks through.
    pub searched: String,
}

impl ProfileSummary {
    /// Returns the role's name, without its ARN and path.
    pub fn role_name(&self) -> Option<&str> {
        self.role.as_deref().map(|role| Arn::parse(role).map_or(role, |arn| arn.name()))
    }

    /// Returns how long the kept session lives.
    pub fn left(&self) -> Option<String> {
        self.session.as_ref().map(|entry| left(entry.expires_at, SystemClock.now()))
    }
}

/// Reads a profile and resolves it.
pub fn summarize(
    context: &Context,
    profiles: &Profiles,
    entries: &Entries,
    name: &str,
) -> ProfileSummary {
    let merged = profiles.profile(name).ok().flatten();
    let value = |key: &str| merged.as_ref().and_then(|p| p.value(key)).map(str::to_owned);
    let mut row = ProfileSummary {
        name: name.to_owned(),
        account: value("aws_account_id"),
        region: value("region"),
        description: value("description"),
        ..ProfileSummary::default()
    };
    match resolve(context, profiles, &requests::of_profile(context, name)) {
        Ok(chain) => fill(&mut row, &chain, entries),
        Err(_) if is_settings_only(profiles, name) => {}
        Err(error) => {
            row.problem = Some(error.to_string());
            row.problem_at = error.place().map(Place::short);
        }
    }
    row.searched = searched(&row, merged.as_ref());
    row
}

/// Returns whether a profile holds settings alone: nothing in it is about credentials.
pub fn is_settings_only(profiles: &Profiles, name: &str) -> bool {
    let profile = profiles.profile(name).ok().flatten();
    profile.is_some_and(|profile| ProfileView::from(&profile).is_settings_only())
}

fn fill(row: &mut ProfileSummary, chain: &Chain, entries: &Entries) {
    let plan = &chain.plan;
    let facts = plan.base.facts();
    row.region = plan.region.as_ref().map(Region::to_string);
    facts.kind.clone_into(&mut row.source);
    row.source_profile = plan
        .base_profile
        .as_ref()
        .filter(|name| name.as_str() != row.name)
        .map(ToString::to_string);
    if let Some(arn) = chain.role_arn() {
        row.account = Some(arn.account().to_owned());
        row.role = Some(arn.to_string());
    } else if let Some(role) = facts.role_name {
        row.account = facts.account_id.map(str::to_owned);
        row.role = Some(role.to_owned());
    }
    row.mfa = chain.mfa_serial().map(MfaSerial::to_string);
    let now = SystemClock.now();
    row.session =
        entries.get(SessionKeys::of(chain).last()).filter(|e| e.expires_at > now).cloned();
    row.account = row.account.take().or_else(|| row.session.as_ref()?.account_id.clone());
}

/// Name, account, role, ARN, SSO fields, description and tags, in lower case.
fn searched(row: &ProfileSummary, merged: Option<&Profile>) -> String {
    let sso = merged
        .into_iter()
        .flat_map(|p| &p.properties)
        .filter(|p| p.key.starts_with("sso_") || p.key == "session_tags")
        .map(|p| p.value.as_str());
    let own = [Some(&row.name), row.account.as_ref(), row.role.as_ref(), row.description.as_ref()];
    own.into_iter()
        .flatten()
        .map(String::as_str)
        .chain(sso)
        .collect::<Vec<_>>()
        .join("\n")
        .to_lowercase()
}
