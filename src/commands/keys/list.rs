//! `rolecall keys list`: the long-term keys that profiles name, from the shared files and the
//! records beside the stores. It opens no store and calls nobody.

use std::collections::BTreeMap;

use chrono::{DateTime, Utc};
use clap::Args;
use serde_json::{Value, json};

use crate::app::call::AskPolicy;
use crate::app::context::Context;
use crate::app::stores::StoreOpener;
use crate::aws::arn::Arn;
use crate::chain::keys;
use crate::config::profiles::Profiles;
use crate::error::Result;
use crate::output::table::{self, or_dash};
use crate::output::time::timestamp;
use crate::output::{print, print_line};
use crate::store::access_keys::Record;
use crate::system::clock::{Clock, SystemClock};
use crate::system::report::Report;

/// List the access keys in the store: profiles, account, user, store and age
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  rolecall keys list
  rolecall keys list --json | jq -r '.[] | select(.age_days > 90) | .access_key_id'

The age is that of the stored secret, where it is not known when AWS made the key.")]
pub struct KeysListArgs {
    /// Print one JSON array
    #[arg(long)]
    pub json: bool,
}

/// An access key that profiles name, or that is on record.
#[derive(Default)]
struct Row {
    profiles: Vec<String>,
    record: Option<Record>,
}

pub fn run(context: &Context, args: &KeysListArgs) -> Result<()> {
    let records =
        StoreOpener::new(context, &context.ui, AskPolicy::Never).access_keys(None).records();
    let mut rows = named(&context.profiles()?);
    for (id, record) in records {
        rows.entry(id).or_default().record = Some(record);
    }
    let now = SystemClock.now();
    if args.json {
        return print_line(rows.iter().map(|(id, row)| json(id, row, now)).collect::<Value>());
    }
    if rows.is_empty() {
        context.ui.note("no keys are stored; add some: rolecall keys add PROFILE");
        return Ok(());
    }
    let rows: Vec<_> = rows.iter().map(|(id, row)| cells(id, row, now)).collect();
    print(&table::plain(&["PROFILE", "ACCESS KEY", "ACCOUNT", "USER", "STORE", "AGE"], &rows))
}

/// Returns the access keys that profiles name.
fn named(profiles: &Profiles) -> BTreeMap<String, Row> {
    let mut rows = BTreeMap::<String, Row>::new();
    for name in profiles.names() {
        let Ok(Some(profile)) = profiles.profile(name) else { continue };
        if let Some(id) = profile.value(keys::STORED_KEY_ID) {
            rows.entry(id.to_owned()).or_default().profiles.push(name.to_owned());
        }
    }
    rows
}

impl Row {
    fn user(&self) -> Option<&str> {
        let arn = Arn::parse(self.record.as_ref()?.facts.arn.as_deref()?)?;
        Some(arn.name())
    }

    fn account(&self) -> Option<&str> {
        self.record.as_ref()?.facts.account_id.as_deref()
    }

    fn age_days(&self, now: DateTime<Utc>) -> Option<i64> {
        Some((now - self.record.as_ref()?.since()).num_days())
    }
}

fn json(id: &str, row: &Row, now: DateTime<Utc>) -> Value {
    let record = row.record.as_ref();
    json!({
        "access_key_id": id,
        "profiles": row.profiles,
        "account": row.account(),
        "arn": record.and_then(|record| record.facts.arn.as_deref()),
        "user": row.user(),
        "store": record.map(|record| &record.store),
        "added_at": record.map(|record| timestamp(record.added_at)),
        "created_at": record.and_then(|record| record.facts.created_at).map(timestamp),
        "age_days": row.age_days(now),
    })
}

fn cells(id: &str, row: &Row, now: DateTime<Utc>) -> Vec<String> {
    let profiles = (!row.profiles.is_empty()).then(|| row.profiles.join(", "));
    let age = row.age_days(now).map(|days| format!("{days}d"));
    vec![
        or_dash(profiles.as_deref()),
        id.to_owned(),
        or_dash(row.account()),
        or_dash(row.user()),
        or_dash(row.record.as_ref().map(|record| record.store.as_str())),
        or_dash(age.as_deref()),
    ]
}
