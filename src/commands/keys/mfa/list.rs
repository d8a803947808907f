//! `rolecall keys mfa list`: lists the devices with a seed, from the records beside the stores.

use clap::Args;
use serde_json::{Value, json};

use crate::app::call::AskPolicy;
use crate::app::context::Context;
use crate::app::stores::StoreOpener;
use crate::error::Result;
use crate::output::time::timestamp;
use crate::output::{print, print_line, table};
use crate::store::seeds::Record;
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
    if args.json {
        let json = |(serial, one): (&String, &Record)| {
            let added_at = timestamp(one.added_at);
            json!({"serial": serial, "store": one.store, "added_at": added_at})
        };
        return print_line(records.iter().map(json).collect::<Value>());
    }
    if records.is_empty() {
        context.ui.note("no MFA seed is kept; add one: rolecall keys mfa add SERIAL");
        return Ok(());
    }
    let rows: Vec<_> = records
        .iter()
        .map(|(serial, one)| vec![serial.clone(), one.store.clone(), timestamp(one.added_at)])
        .collect();
    print(&table::plain(&["SERIAL", "STORE", "ADDED"], &rows))
}
