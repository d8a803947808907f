//! `rolecall sso logout`: ends logins at IAM Identity Center.

use clap::Args;

use crate::app::context::Context;
use crate::app::sso::{choose_session, log_out, log_out_of_all};
use crate::chain::{Base, Sso, SsoLogins};
use crate::commands::sessions::chains::chains;
use crate::commands::sessions::clear::clear;
use crate::config::profiles::Profiles;
use crate::error::{Error, Result};
use crate::system::report::Report;

const VERB: &str = "sso logout";

/// End a login at IAM Identity Center, at AWS and here
///
/// The token goes, and so do the role sessions that rolecall keeps of it. Other logins stay.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  rolecall sso logout corp
  rolecall sso logout --all             every login, also those of other tools, and the role
                                        sessions of the AWS CLI")]
pub struct SsoLogoutArgs {
    /// The [sso-session], or a profile that logs in
    #[arg(value_name = "SESSION", conflicts_with = "all")]
    pub session: Option<String>,
    /// End every login whose token is found
    #[arg(long)]
    pub all: bool,
}

pub fn run(context: &Context, args: &SsoLogoutArgs) -> Result<()> {
    let profiles = context.profiles()?;
    if args.all {
        return end_all(context, &profiles);
    }
    let login = choose_session(context, &profiles, args.session.as_deref(), VERB)?;
    let Base::Sso(sso) = &login.plan.base else {
        return Err(Error::failed(format!("{} has no login to end", login.who())));
    };
    // By the token it is known whose sessions they are.
    let cleared = forget(context, &profiles, Some(sso));
    let was_in = log_out(context, &login, sso)?;
    let name = login.login_name();
    context.ui.note(&if was_in {
        format!("signed out of {name}")
    } else {
        format!("nobody was signed in to {name}")
    });
    cleared
}

fn end_all(context: &Context, profiles: &Profiles) -> Result<()> {
    let cleared = forget(context, profiles, None);
    let logins = SsoLogins { profiles, environment: &context.environment, verb: VERB };
    let note = match log_out_of_all(context, logins)? {
        0 => "nobody was signed in".to_owned(),
        1 => "1 login is ended".to_owned(),
        many => format!("{many} logins are ended"),
    };
    context.ui.note(&note);
    cleared
}

/// Forgets the role sessions of a login, or of all.
fn forget(context: &Context, profiles: &Profiles, ended: Option<&Sso>) -> Result<()> {
    let names: Vec<&str> = chains(context, profiles)
        .filter(|(_, chain)| match &chain.plan.base {
            Base::Sso(sso) => {
                ended.is_none_or(|ended| sso.session.cache_name() == ended.session.cache_name())
            }
            _ => false,
        })
        .map(|(name, _)| name)
        .collect();
    if names.is_empty() { Ok(()) } else { clear(context, &names) }
}
