//! `rolecall keys list`: the long-term keys that profiles name, from the shared files and the
//! records beside the stores. It opens no store and calls nobody, unless IAM is to be asked.

use std::collections::BTreeMap;

use clap::Args;
use serde_json::{Value, json};

use super::signer::Signer;
use crate::app::context::Context;
use crate::app::key_age::KeyAges;
use crate::app::service::CredentialsService;
use crate::aws::arn::Arn;
use crate::aws::names::AccessKeyId;
use crate::chain::keys;
use crate::clients::access_keys::{KeyStatus, LastUsed, ListedKey};
use crate::config::profiles::Profiles;
use crate::error::{Kind, Result};
use crate::output::table::{self, or_dash};
use crate::output::time::timestamp;
use crate::output::{print, print_line};
use crate::store::access_keys::Record;
use crate::store::rotations::Journal;
use crate::system::exit::Exit;
use crate::system::report::Report;

/// List the access keys in the store: profiles, account, user, store and age
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  rolecall keys list
  rolecall keys list --check                          and ask IAM for status and last use
  rolecall keys list --json | jq -r '.[] | select(.is_old) | .access_key_id'

The age is that of the stored secret, where it is not known when AWS made the key. Keys older than \
max_key_age of settings.ini (90d) are marked.")]
pub struct KeysListArgs {
    /// Print one JSON array
    #[arg(long)]
    pub json: bool,
    /// Ask IAM whether each key is active, and when it was used last
    #[arg(long)]
    pub check: bool,
}

/// An access key that profiles name, or that is on record.
#[derive(Default)]
struct Row {
    profiles: Vec<String>,
    record: Option<Record>,
    age_days: Option<i64>,
    is_old: bool,
    part: Option<Part>,
    /// What IAM says of it.
    checked: Option<Checked>,
}

/// What a key is in a rotation that is not finished.
#[derive(Clone, Copy)]
enum Part {
    Old,
    New,
}

impl Part {
    fn name(self) -> &'static str {
        match self {
            Self::Old => "old",
            Self::New => "new",
        }
    }
}

struct Checked {
    status: KeyStatus,
    last_used: Option<LastUsed>,
}

pub fn run(service: &CredentialsService, args: &KeysListArgs) -> Result<Exit> {
    let context = service.context();
    let mut rows = rows(context, &context.profiles()?);
    let has_failed = args.check && check(service, &mut rows)?;
    if args.json {
        print_line(rows.iter().map(|(id, row)| json(id, row)).collect::<Value>())?;
    } else if rows.is_empty() {
        context.ui.note("no keys are stored; add some: rolecall keys add PROFILE");
    } else {
        let mut titles = vec!["PROFILE", "ACCESS KEY", "ACCOUNT", "USER", "STORE", "AGE"];
        if args.check {
            titles.extend(["STATUS", "LAST USED"]);
        }
        let cells: Vec<_> = rows.iter().map(|(id, row)| cells(id, row, args.check)).collect();
        print(&table::plain(&titles, &cells))?;
    }
    Ok(if has_failed { Exit::from(Kind::Failed.exit_code()) } else { Exit::SUCCESS })
}

/// Returns the access keys that profiles name and those on record.
fn rows(context: &Context, profiles: &Profiles) -> BTreeMap<String, Row> {
    let ages = KeyAges::read(context);
    let mut rows = named(profiles);
    for (id, record) in &ages.records {
        rows.entry(id.clone()).or_default().record = Some(record.clone());
    }
    for (old, rotation) in Journal::new(context.directories.rotations()).read() {
        rows.entry(old).and_modify(|row| row.part = Some(Part::Old));
        if let Some(new) = rotation.new {
            rows.entry(new).and_modify(|row| row.part = Some(Part::New));
        }
    }
    for (id, row) in &mut rows {
        (row.age_days, row.is_old) = (ages.days(id), ages.is_old(id));
    }
    rows
}

/// Asks IAM about the keys of each user, signed by the key that a profile names. Returns whether it
/// did not answer about some.
fn check(service: &CredentialsService, rows: &mut BTreeMap<String, Row>) -> Result<bool> {
    let ui = &service.context().ui;
    let named: Vec<(String, String)> = rows
        .iter()
        .filter_map(|(id, row)| Some((id.clone(), row.profiles.first()?.clone())))
        .collect();
    for (id, profile) in &named {
        if rows.get(id).is_some_and(|row| row.checked.is_some()) {
            continue;
        }
        ui.progress(&format!("asking IAM about {id} …"));
        let checked = checked(service, profile, &AccessKeyId::new(id));
        match checked {
            Ok(all) => {
                for (id, checked) in all {
                    rows.entry(id.to_string()).and_modify(|row| row.checked = Some(checked));
                }
            }
            Err(error) if error.kind() == Kind::Interrupted => return Err(error),
            Err(error) => ui.error(&error),
        }
    }
    Ok(rows.values().any(|row| !row.profiles.is_empty() && row.checked.is_none()))
}

/// Returns what IAM says of all keys of the user.
fn checked(
    service: &CredentialsService,
    profile: &str,
    id: &AccessKeyId,
) -> Result<Vec<(AccessKeyId, Checked)>> {
    let signer = Signer::new(service, profile, id)?;
    let keys = signer.list(&signer.user()?)?;
    let one = |key: ListedKey| {
        let last_used = signer.last_used(&key.id)?;
        Ok((key.id, Checked { status: key.status, last_used }))
    };
    keys.into_iter().map(one).collect()
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
}

fn json(id: &str, row: &Row) -> Value {
    let record = row.record.as_ref();
    let used = row.checked.as_ref().and_then(|checked| checked.last_used.as_ref());
    json!({
        "access_key_id": id,
        "profiles": row.profiles,
        "account": row.account(),
        "arn": record.and_then(|record| record.facts.arn.as_deref()),
        "user": row.user(),
        "store": record.map(|record| &record.store),
        "added_at": record.map(|record| timestamp(record.added_at)),
        "created_at": record.and_then(|record| record.facts.created_at).map(timestamp),
        "age_days": row.age_days,
        "is_old": row.is_old,
        "rotation": row.part.map(Part::name),
        "status": row.checked.as_ref().map(|checked| checked.status.name()),
        "last_used_at": used.map(|used| timestamp(used.at)),
        "last_used_service": used.map(|used| &used.service),
        "last_used_region": used.map(|used| &used.region),
    })
}

fn cells(id: &str, row: &Row, with_check: bool) -> Vec<String> {
    let profiles = (!row.profiles.is_empty()).then(|| row.profiles.join(", "));
    let profiles = match (profiles, row.part) {
        (None, Some(Part::Old)) => Some("(before the rotation)".to_owned()),
        (profiles, _) => profiles,
    };
    let mark = if row.is_old { " (old)" } else { "" };
    let age = row.age_days.map(|days| format!("{days}d{mark}"));
    let mut cells = vec![
        or_dash(profiles.as_deref()),
        id.to_owned(),
        or_dash(row.account()),
        or_dash(row.user()),
        or_dash(row.record.as_ref().map(|record| record.store.as_str())),
        or_dash(age.as_deref()),
    ];
    if with_check {
        let used = row.checked.as_ref().map(|checked| match &checked.last_used {
            Some(used) => format!("{} ({})", timestamp(used.at), used.service),
            None => "never".to_owned(),
        });
        cells.push(or_dash(row.checked.as_ref().map(|checked| checked.status.name())));
        cells.push(or_dash(used.as_deref()));
    }
    cells
}
