//! `rolecall sessions list`: what is kept, for whom, until when and where, from the files and the
//! index alone.

use std::collections::HashMap;
use std::process::ExitCode;

use chrono::{DateTime, SecondsFormat, Utc};
use clap::Args;
use serde_json::{Value, json};

use super::chains::{along, chains};
use crate::app::context::Context;
use crate::aws::arn::Arn;
use crate::aws::duration;
use crate::chain::session_key::SessionKeys;
use crate::chain::{Base, Chain, Step};
use crate::error::Result;
use crate::output::{print, table};
use crate::store::index::{self, Entry};
use crate::system::clock::{Clock, SystemClock};
use crate::system::report::Report;

#[derive(Debug, Args)]
pub struct SessionsListArgs {
    /// Print one JSON array
    #[arg(long)]
    pub json: bool,
}

/// How many of the profiles that share a session the table names.
const NAMED: usize = 3;

/// One session as it is listed.
struct Row<'a> {
    entry: &'a Entry,
    /// Where in a chain it stands; `None` when no profile leads to it any more.
    kind: Option<&'static str>,
    account: Option<String>,
    /// What a person calls it.
    what: String,
    profiles: Vec<&'a str>,
}

pub fn run(context: &Context, args: &SessionsListArgs) -> Result<ExitCode> {
    let profiles = context.profiles()?;
    let entries = context.directories.index().map(|path| index::read(&path)).unwrap_or_default();
    let now = SystemClock.now();
    let mut rows: HashMap<&str, Row> = entries
        .iter()
        .filter(|(_, entry)| entry.expires_at > now)
        .map(|(key, entry)| (key.as_str(), row(entry)))
        .collect();
    for (name, chain) in chains(context, &profiles) {
        let keys = SessionKeys::of(&chain);
        for (at, key) in (0..).zip(along(&keys)) {
            if let Some(row) = rows.get_mut(key.as_str()) {
                row.used_by(name, &chain, at);
            }
        }
    }
    let mut rows: Vec<Row> = rows.into_values().collect();
    for row in &mut rows {
        if row.profiles.is_empty() {
            row.profiles.push(&row.entry.profile);
        }
    }
    rows.sort_by(|a, b| {
        (&a.profiles, &a.what, a.entry.expires_at).cmp(&(&b.profiles, &b.what, b.entry.expires_at))
    });
    if args.json {
        print(&format!("{}\n", Value::Array(rows.iter().map(|row| json(row, now)).collect())))?;
    } else if rows.is_empty() {
        context.ui.note("no session is kept");
    } else {
        let cells: Vec<Vec<String>> = rows.iter().map(|row| cells(row, now)).collect();
        print(&table::plain(
            &["SESSION", "PROFILES", "ACCOUNT", "UNTIL", "LEFT", "STORE"],
            &cells,
        ))?;
    }
    Ok(ExitCode::SUCCESS)
}

/// Begins a row with what the index says.
fn row(entry: &Entry) -> Row<'_> {
    let role = entry.role_arn.as_deref();
    let account = entry.account_id.clone().or_else(|| Some(Arn::parse(role?)?.account.to_owned()));
    Row {
        entry,
        kind: None,
        account,
        what: role.unwrap_or("session").to_owned(),
        profiles: Vec::new(),
    }
}

impl<'a> Row<'a> {
    /// Takes note of a profile whose chain leads over this session. `at`: 0 for the base's own,
    /// else the step's number.
    fn used_by(&mut self, profile: &'a str, chain: &Chain, at: usize) {
        self.profiles.push(profile);
        if self.kind.is_some() {
            return;
        }
        let step = at.checked_sub(1).and_then(|at| chain.plan.steps.get(at));
        self.kind = Some(match step {
            Some(Step::AssumeRole(_)) => "assume_role",
            Some(Step::GetSessionToken(_)) => "get_session_token",
            None => chain.plan.base.kind(),
        });
        match (step, &chain.plan.base) {
            (Some(Step::AssumeRole(call)), _) => self.what = call.role_arn.to_string(),
            (Some(Step::GetSessionToken(_)), _) => "session with MFA".clone_into(&mut self.what),
            (None, Base::Sso(sso)) => {
                self.what = format!("sso: {}", sso.role_name);
                self.account.get_or_insert_with(|| sso.account_id.clone());
            }
            (None, Base::WebIdentity(call)) => self.what = call.role_arn.to_string(),
            (None, base) => base.kind().clone_into(&mut self.what),
        }
    }
}

fn expiration(entry: &Entry) -> String {
    entry.expires_at.to_rfc3339_opts(SecondsFormat::Secs, true)
}

fn json(row: &Row, now: DateTime<Utc>) -> Value {
    json!({
        "session": row.what,
        "kind": row.kind,
        "role_arn": row.entry.role_arn,
        "profiles": row.profiles,
        "account": row.account,
        "expiration": expiration(row.entry),
        "seconds_left": (row.entry.expires_at - now).num_seconds(),
        "store": row.entry.store,
    })
}

fn cells(row: &Row, now: DateTime<Utc>) -> Vec<String> {
    let more = row.profiles.len().saturating_sub(NAMED);
    let named = row.profiles.iter().take(NAMED).copied().collect::<Vec<_>>().join(", ");
    vec![
        row.what.clone(),
        if more == 0 { named } else { format!("{named} and {more} more") },
        row.account.clone().unwrap_or_else(|| "-".to_owned()),
        expiration(row.entry),
        duration::render((row.entry.expires_at - now).num_seconds()),
        row.entry.store.clone(),
    ]
}
