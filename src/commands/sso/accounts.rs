//! `rolecall sso accounts`: the accounts that whoever logged in may use.

use clap::Args;
use serde_json::{Value, json};

use super::session::{chain, print_table};
use crate::app::assignments::Lister;
use crate::app::service::CredentialsService;
use crate::clients::assignments::Account;
use crate::error::Result;
use crate::output::print_line;
use crate::output::table::{Column, or_dash};
use crate::system::report::Report;

/// List the accounts that a login of IAM Identity Center may use
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  rolecall sso accounts
  rolecall sso accounts corp
  rolecall sso accounts corp --json")]
pub struct SsoAccountsArgs {
    /// An `[sso-session]`, or a profile with a login (default: that of the selected profile, or the
    /// only one)
    #[arg(value_name = "SESSION")]
    pub session: Option<String>,
    /// Print one JSON array
    #[arg(long)]
    pub json: bool,
}

const COLUMNS: [Column; 3] = [
    Column { title: "ACCOUNT", least: 12, leaves: None },
    Column { title: "NAME", least: 12, leaves: None },
    Column { title: "EMAIL", least: 12, leaves: Some(1) },
];

pub fn run(service: &CredentialsService, args: &SsoAccountsArgs) -> Result<()> {
    let chain = chain(service, args.session.as_deref(), "sso accounts")?;
    let accounts = Lister::new(service, &chain)?.accounts()?;
    if args.json {
        return print_line(accounts.iter().map(json).collect::<Value>());
    }
    if accounts.is_empty() {
        service.context().ui.note("no account is assigned to whoever logged in");
        return Ok(());
    }
    let rows: Vec<Vec<String>> = accounts.iter().map(cells).collect();
    print_table(&COLUMNS, &rows)
}

fn cells(account: &Account) -> Vec<String> {
    let Account { id, name, email } = account;
    vec![id.clone(), or_dash(name.as_deref()), or_dash(email.as_deref())]
}

fn json(account: &Account) -> Value {
    let Account { id, name, email } = account;
    json!({"account_id": id, "account_name": name, "email": email})
}
