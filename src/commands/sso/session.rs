//! What the verbs about one login share.

use std::io::IsTerminal;

use crate::app::service::CredentialsService;
use crate::chain::Chain;
use crate::chain::login::Login;
use crate::error::Result;
use crate::output::print;
use crate::output::table::{self, Column};
use crate::system::terminal::stdout_width;

/// Returns the chain of the login that SESSION means.
pub fn chain(service: &CredentialsService, session: Option<&str>) -> Result<Chain> {
    let context = service.context();
    let profiles = context.profiles()?;
    let login = Login::find(&profiles, session, &context.environment)?;
    login.resolve(&profiles, context.settings.request_defaults(), &context.environment)
}

/// Prints a table, as wide as the terminal; into a pipe it is printed whole.
pub fn print_table(columns: &[Column], rows: &[Vec<String>]) -> Result<()> {
    let width = std::io::stdout().is_terminal().then(stdout_width).flatten();
    print(&table::render(columns, rows, width, |_| None))
}
