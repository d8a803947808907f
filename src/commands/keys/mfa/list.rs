//! `rolecall keys mfa list`: the devices whose seeds are kept, from the records beside the store.

use chrono::SecondsFormat;
use clap::Args;
use serde_json::{Value, json};

use crate::app::call::AskPolicy;
use crate::app::context::Context;
use crate::app::stores::StoreOpener;
use crate::error::Result;
use crate::output::{print, table};
use crate::system::report::Report;

/// List the devices whose seeds are kept
#[derive(Debug, Args)]
#[command(after_help = "Examples:\n  rolecall keys mfa list --json")]
pub struct MfaListArgs {
    /// Print one JSON array
    #[arg(long)]
    pub json: bool,
}

pub fn run(context: &Context, args: &MfaListArgs) -> Result<()> {
    let records = StoreOpener::new(context, &context.ui, AskPolicy::Never).seeds(None).records();
    let time = |at: chrono::DateTime<chrono::Utc>| at.to_rfc3339_opts(SecondsFormat::Secs, true);
    if args.json {
        let all = records.iter().map(|(serial, one)| json!({"serial": serial, "store": one.store, "added_at": time(one.added_at)}));
        return print(&format!("{}\n", Value::Array(all.collect())));
    }
    if records.is_empty() {
        context.ui.note("no MFA seed is kept; add one: rolecall keys mfa add SERIAL");
        return Ok(());
    }
    let rows: Vec<_> = records
        .iter()
        .map(|(serial, one)| vec![serial.clone(), one.store.clone(), time(one.added_at)])
        .collect();
    print(&table::plain(&["SERIAL", "STORE", "ADDED"], &rows))
}
