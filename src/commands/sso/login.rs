//! `rolecall sso login`: logs in at IAM Identity Center.

use clap::Args;

use crate::app::context::Context;
use crate::app::sso::{LoginOptions, choose_session, log_in};
use crate::error::Result;
use crate::output::time::left;
use crate::system::clock::{Clock, SystemClock};
use crate::system::report::Report;

/// Log in at IAM Identity Center, in the browser
///
/// The token is kept where the AWS CLI and the SDKs look for it, so that one login serves all; with
/// `sso_token_store = keyring` in settings.ini it is in the store. Over SSH, in containers and where
/// there is no browser it goes by a code that a browser on any machine takes.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  rolecall sso login                    the only session, or the one that you choose
  rolecall sso login corp               [sso-session corp], or the session of profile corp
  rolecall sso login corp --use-device-code
  rolecall sso login corp --port 8400   on a machine that was reached by: ssh -L 8400:127.0.0.1:8400")]
pub struct SsoLoginArgs {
    /// The [sso-session], or a profile that logs in
    #[arg(value_name = "SESSION")]
    pub session: Option<String>,
    /// Log in by a code that a browser on any machine takes
    #[arg(long, conflicts_with = "port")]
    pub use_device_code: bool,
    /// Only show the address of the page to open
    #[arg(long)]
    pub no_browser: bool,
    /// The port of this machine to which the browser comes back (0: any that is free)
    #[arg(long, value_name = "N")]
    pub port: Option<u16>,
}

pub fn run(context: &Context, args: &SsoLoginArgs) -> Result<()> {
    let profiles = context.profiles()?;
    let login = choose_session(context, &profiles, args.session.as_deref(), "sso login")?;
    let options = LoginOptions {
        device_code: args.use_device_code,
        no_browser: args.no_browser,
        port: args.port,
    };
    let token = log_in(context, &login, options)?;
    let renewed = if token.is_renewable { ", renewed by itself" } else { "" };
    let left = left(token.expires_at, SystemClock.now());
    let store = token.store.map(|store| format!("; kept in the store {store}, for rolecall alone"));
    context.ui.note(&format!(
        "signed in to {}: {left} left{renewed}{}",
        login.login_name(),
        store.unwrap_or_default()
    ));
    Ok(())
}
