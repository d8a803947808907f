//! One profile as `list` and the picker show it, from the files and the index alone: no store, no
//! network.

use crate::app::context::Context;
use crate::aws::arn::Arn;
use crate::aws::duration;
use crate::chain::base::is_settings_only;
use crate::chain::overrides::Overrides;
use crate::chain::resolve::resolve;
use crate::chain::session_key::SessionKeys;
use crate::chain::{Base, Chain};
use crate::config::profiles::{Merged, Profiles};
use crate::error::Result;
use crate::store::index::{Entries, Entry};
use crate::system::clock::Clock;
use crate::system::clock::SystemClock;

/// One profile as it is listed.
pub struct Row {
    pub name: String,
    pub account: Option<String>,
    pub role: Option<String>,
    pub region: Option<String>,
    /// The base's kind, and its profile where that is another one.
    pub source: String,
    pub source_profile: Option<String>,
    pub mfa: Option<String>,
    pub session: Option<Entry>,
    pub description: Option<String>,
    pub problem: Option<String>,
    /// What the filter looks through.
    pub searched: String,
}

impl Row {
    /// Returns the role's name, without its ARN and path.
    pub fn role_name(&self) -> Option<&str> {
        self.role.as_deref().map(|role| Arn::parse(role).map_or(role, |arn| arn.name()))
    }

    /// Returns how long the kept session lives.
    pub fn left(&self) -> Option<String> {
        self.session
            .as_ref()
            .map(|entry| duration::render((entry.expires_at - SystemClock.now()).num_seconds()))
    }
}

/// Resolves a profile as the commands do when only it is named; `suggest` as in `Overrides`.
pub fn chain(context: &Context, profiles: &Profiles, name: &str, suggest: bool) -> Result<Chain> {
    let (mfa_session, unkept) = (context.mfa_session(), context.keeps_nothing(None));
    let overrides = Overrides {
        profile: Some(name.to_owned()),
        mfa_session,
        unkept,
        suggest,
        ..Overrides::default()
    };
    resolve(profiles, &overrides, &context.environment)
}

/// Reads a profile and resolves it.
pub fn row(context: &Context, profiles: &Profiles, entries: &Entries, name: &str) -> Row {
    let merged = profiles.profile(name).ok().flatten();
    let value = |key: &str| merged.as_ref().and_then(|p| p.value(key)).map(str::to_owned);
    let mut row = Row {
        name: name.to_owned(),
        account: value("aws_account_id"),
        role: None,
        region: value("region"),
        source: String::new(),
        source_profile: None,
        mfa: None,
        session: None,
        description: value("description"),
        problem: None,
        searched: String::new(),
    };
    match chain(context, profiles, name, false) {
        Ok(chain) => fill(&mut row, &chain, entries),
        Err(_) if merged.as_ref().is_some_and(is_settings_only) => {}
        Err(error) => row.problem = Some(error.to_string()),
    }
    row.searched = searched(&row, merged.as_ref());
    row
}

fn fill(row: &mut Row, chain: &Chain, entries: &Entries) {
    row.region.clone_from(&chain.region);
    chain.base.kind().clone_into(&mut row.source);
    row.source_profile = chain.base_profile.clone().filter(|p| *p != row.name);
    let role_arn = chain.role_arn().map(str::to_owned);
    if let (None, Base::Sso(sso)) = (&role_arn, &chain.base) {
        row.account = Some(sso.account_id.clone());
        row.role = Some(sso.role_name.clone());
    }
    if let Some(arn) = &role_arn {
        row.account = Arn::parse(arn).map(|a| a.account.to_owned());
        row.role = Some(arn.clone());
    }
    row.mfa = chain.mfa_serial().map(str::to_owned);
    let now = SystemClock.now();
    row.session =
        entries.get(SessionKeys::of(chain).last()).filter(|e| e.expires_at > now).cloned();
    row.account = row.account.take().or_else(|| row.session.as_ref()?.account_id.clone());
}

/// Name, account, role, ARN, SSO fields, description and tags, in lower case.
fn searched(row: &Row, merged: Option<&Merged>) -> String {
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
