//! What the verbs about one login share.

use std::io::IsTerminal;

use crate::app::service::CredentialsService;
use crate::app::sso::choose_session;
use crate::chain::Chain;
use crate::error::Result;
use crate::output::print;
use crate::output::table::{self, Column};
use crate::system::terminal::stdout_width;

/// Returns the chain of the login that SESSION means.
pub fn chain(service: &CredentialsService, session: Option<&str>, verb: &str) -> Result<Chain> {
    let context = service.context();
    choose_session(context, &context.profiles()?, session, verb)
}

/// Prints a table, as wide as the terminal; into a pipe it is printed whole.
pub fn print_table(columns: &[Column], rows: &[Vec<String>]) -> Result<()> {
    let width = std::io::stdout().is_terminal().then(stdout_width).flatten();
    print(&table::render(columns, rows, width, |_| None))
}
