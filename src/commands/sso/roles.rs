//! `rolecall sso roles`: the roles that whoever logged in may use.

use clap::Args;
use serde_json::{Value, json};

use super::session::{chain, print_table};
use crate::app::assignments::{Lister, Roles};
use crate::app::context::Context;
use crate::app::service::CredentialsService;
use crate::chain::Chain;
use crate::clients::assignments::Account;
use crate::config::document::SectionKind;
use crate::error::{Error, Result};
use crate::hint;
use crate::output::print_line;
use crate::output::table::{Column, or_dash};
use crate::system::report::Report;

/// List the roles that a login of IAM Identity Center may use
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  rolecall sso roles                       of every account
  rolecall sso roles corp 222222222222
  rolecall sso roles corp Production       by the account's name
  rolecall sso roles --json")]
pub struct SsoRolesArgs {
    /// An `[sso-session]`, or a profile with a login (default: that of the selected profile, or the
    /// only one)
    #[arg(value_name = "SESSION")]
    pub session: Option<String>,
    /// An account, by its ID or its name (default: every account); its ID may stand alone
    #[arg(value_name = "ACCOUNT")]
    pub account: Option<String>,
    /// Print one JSON array
    #[arg(long)]
    pub json: bool,
}

const COLUMNS: [Column; 3] = [
    Column { title: "ACCOUNT", least: 12, leaves: None },
    Column { title: "NAME", least: 12, leaves: Some(1) },
    Column { title: "ROLE", least: 12, leaves: None },
];

impl SsoRolesArgs {
    /// Tells the account from the session: an ID that stands alone is no session's name.
    fn words(&self, context: &Context) -> Result<(Option<&str>, Option<&str>)> {
        let (session, account) = (self.session.as_deref(), self.account.as_deref());
        let Some(word) = session.filter(|word| account.is_none() && is_account_id(word)) else {
            return Ok((session, account));
        };
        let profiles = context.profiles()?;
        let is_known = profiles.section(SectionKind::SsoSession, word)?.is_some()
            || profiles.profile(word)?.is_some();
        Ok(if is_known { (session, None) } else { (None, session) })
    }
}

pub fn run(service: &CredentialsService, args: &SsoRolesArgs) -> Result<()> {
    let (session, account) = args.words(service.context())?;
    let chain = chain(service, session, "sso roles")?;
    let mut lister = Lister::new(service, &chain)?;
    let mut accounts = lister.accounts()?;
    if let Some(word) = account {
        accounts = vec![find(&accounts, word, &chain)?.clone()];
    }
    let Roles { listed, refused } = lister.roles(&accounts)?;
    for (Account { id, .. }, failure) in &refused {
        service.context().ui.warn(&format!("the roles of account {id} are not listed: {failure}"));
    }
    let pairs =
        || listed.iter().flat_map(|(account, roles)| roles.iter().map(move |r| (account, r)));
    if args.json {
        return print_line(pairs().map(|(account, role)| json(account, role)).collect::<Value>());
    }
    let rows: Vec<Vec<String>> = pairs().map(|(account, role)| cells(account, role)).collect();
    if rows.is_empty() {
        service.context().ui.note("no role is assigned to whoever logged in");
        return Ok(());
    }
    print_table(&COLUMNS, &rows)
}

fn is_account_id(word: &str) -> bool {
    word.len() == 12 && word.bytes().all(|b| b.is_ascii_digit())
}

/// Finds an account by its ID, or by its name: as it is written, or else in any case.
fn find<'a>(accounts: &'a [Account], word: &str, chain: &Chain) -> Result<&'a Account> {
    if let Some(account) = accounts.iter().find(|account| account.id == word) {
        return Ok(account);
    }
    let see = format!("see which there are: {}", hint::session("sso accounts", chain.login_name()));
    let named = |is: &dyn Fn(&str) -> bool| {
        let has = |account: &&Account| account.name.as_deref().is_some_and(is);
        accounts.iter().filter(has).collect::<Vec<_>>()
    };
    let mut found = named(&|name| name == word);
    if found.is_empty() {
        found = named(&|name| name.to_lowercase() == word.to_lowercase());
    }
    match found.as_slice() {
        [] => Err(Error::usage(format!("ACCOUNT `{word}` is none of this login's")).hint(see)),
        [account] => Ok(account),
        several => {
            let ids: Vec<&str> = several.iter().map(|account| account.id.as_str()).collect();
            let what = format!("ACCOUNT `{word}` is the name of {} accounts", several.len());
            Err(Error::usage(what)
                .cause(format!("name one by its ID: {}", ids.join(", ")))
                .hint(see))
        }
    }
}

fn cells(account: &Account, role: &str) -> Vec<String> {
    vec![account.id.clone(), or_dash(account.name.as_deref()), role.to_owned()]
}

fn json(account: &Account, role: &str) -> Value {
    json!({"account_id": account.id, "account_name": account.name, "role_name": role})
}
