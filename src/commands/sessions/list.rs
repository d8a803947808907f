//! `rolecall sessions list`: the sessions in the stores, read from the files and the index alone.

use std::collections::HashMap;

use chrono::{DateTime, Utc};
use clap::Args;
use serde_json::{Value, json};

use super::chains::{along, chains};
use crate::app::context::Context;
use crate::aws::arn::Arn;
use crate::chain::session_key::{SessionKey, SessionKeys};
use crate::chain::{Base, Chain, Step};
use crate::error::Result;
use crate::output::time::{left, timestamp};
use crate::output::{print, print_line, table};
use crate::store::index::Entry;
use crate::system::clock::{Clock, SystemClock};
use crate::system::report::Report;

#[derive(Debug, Args)]
pub struct SessionsListArgs {
    /// Print one JSON array
    #[arg(long)]
    pub json: bool,
}

/// The number of profiles that the table names for a session that they share.
const MAX_NAMES: usize = 3;

/// One session of the list.
struct SessionRow<'a> {
    entry: &'a Entry,
    /// The kind of step or base that makes it; `None` when no profile leads to it any more.
    kind: Option<&'static str>,
    account: Option<String>,
    /// The name that a person has for it.
    what: String,
    profiles: Vec<&'a str>,
}

pub fn run(context: &Context, args: &SessionsListArgs) -> Result<()> {
    let profiles = context.profiles()?;
    let entries = context.known_sessions();
    let now = SystemClock.now();
    let mut rows: HashMap<&SessionKey, SessionRow> = entries
        .iter()
        .filter(|(_, entry)| entry.expires_at > now)
        .map(|(key, entry)| (key, row(entry)))
        .collect();
    for (name, chain) in chains(context, &profiles) {
        let keys = SessionKeys::of(&chain);
        for (at, key) in (0..).zip(along(&keys)) {
            if let Some(row) = rows.get_mut(key) {
                row.used_by(name, &chain, at);
            }
        }
    }
    let mut rows: Vec<SessionRow> = rows.into_values().collect();
    for row in &mut rows {
        if row.profiles.is_empty() {
            row.profiles.push(&row.entry.profile);
        }
    }
    rows.sort_by(|a, b| {
        (&a.profiles, &a.what, a.entry.expires_at).cmp(&(&b.profiles, &b.what, b.entry.expires_at))
    });
    if args.json {
        print_line(rows.iter().map(|row| json(row, now)).collect::<Value>())
    } else if rows.is_empty() {
        context.ui.note("no session is kept");
        Ok(())
    } else {
        let cells: Vec<Vec<String>> = rows.iter().map(|row| cells(row, now)).collect();
        print(&table::plain(&["SESSION", "PROFILES", "ACCOUNT", "UNTIL", "LEFT", "STORE"], &cells))
    }
}

/// Begins a row with what the index knows.
fn row(entry: &Entry) -> SessionRow<'_> {
    let role = entry.role_arn.as_deref();
    let account = entry.account_id.clone().or_else(|| Some(Arn::parse(role?)?.account.to_owned()));
    SessionRow {
        entry,
        kind: None,
        account,
        what: role.unwrap_or("session").to_owned(),
        profiles: Vec::new(),
    }
}

impl<'a> SessionRow<'a> {
    /// Adds a profile whose chain leads over this session. `at` is 0 for the base's session, else
    /// the step's number from 1.
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
            (Some(step), _) => step.title().clone_into(&mut self.what),
            (None, Base::Sso(sso)) => {
                self.what = format!("sso: {}", sso.role_name);
                self.account.get_or_insert_with(|| sso.account_id.clone());
            }
            (None, Base::WebIdentity(call)) => self.what = call.role_arn.to_string(),
            (None, base) => base.kind().clone_into(&mut self.what),
        }
    }
}

fn json(row: &SessionRow, now: DateTime<Utc>) -> Value {
    json!({
        "session": row.what,
        "kind": row.kind,
        "role_arn": row.entry.role_arn,
        "profiles": row.profiles,
        "account": row.account,
        "expiration": timestamp(row.entry.expires_at),
        "seconds_left": (row.entry.expires_at - now).num_seconds(),
        "store": row.entry.store,
    })
}

fn cells(row: &SessionRow, now: DateTime<Utc>) -> Vec<String> {
    let more = row.profiles.len().saturating_sub(MAX_NAMES);
    let named = row.profiles.iter().take(MAX_NAMES).copied().collect::<Vec<_>>().join(", ");
    vec![
        row.what.clone(),
        if more == 0 { named } else { format!("{named} and {more} more") },
        table::or_dash(row.account.as_deref()),
        timestamp(row.entry.expires_at),
        left(row.entry.expires_at, now),
        row.entry.store.clone(),
    ]
}
