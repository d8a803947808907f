//! `rolecall console`: AWS's console in the browser, as a profile.

mod federation;
mod opener;
mod way;

use clap::Args;
use secrecy::ExposeSecret;

use self::federation::{Federated, federate};
use self::opener::{Opener, Person};
use self::way::{Route, Way};
use super::choose::do_or_pick;
use super::whoami::caller_identity;
use crate::app::call::{Call, Caller};
use crate::app::options::{CredentialOptions, PickOptions};
use crate::app::service::{CredentialsService, Obtained};
use crate::aws::console::{Destination, portal_url};
use crate::error::Result;
use crate::output::print_line;
use crate::system::report::Report;

/// Open AWS's console in the browser as a profile
///
/// A role's session signs in by federation; a user's keys get a federated session first; a profile
/// of IAM Identity Center is opened by its access portal, which takes no credentials.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  rolecall console prod
  rolecall console prod --service s3
  rolecall console prod --service arn:aws:lambda:eu-west-1:222222222222:function:resize
  rolecall console prod --print                       the address, for a browser elsewhere
  rolecall console prod --browser 'firefox --private-window'

The address is a secret for 15 minutes: who has it is signed in. It is printed only with --print.
The browser is that of BROWSER, else the system's; `browser` in the section [console] of \
settings.ini gives each account a Firefox container or a Chromium profile.")]
pub struct ConsoleArgs {
    /// What to open: a service's name, an address of the console, or a resource's ARN
    #[arg(long, value_name = "NAME|URL|ARN")]
    pub service: Option<String>,
    /// Print the address, and open nothing
    #[arg(long, conflicts_with = "browser")]
    pub print: bool,
    /// The command that opens it, `firefox-containers` or `chromium-profiles`; {url}, {profile},
    /// {account} and {color} stand for their values
    #[arg(long, value_name = "CMD")]
    pub browser: Option<String>,
    /// End the session that the browser has with AWS first, and sign in with credentials of its own
    #[arg(long)]
    pub new_session: bool,
    #[command(flatten)]
    pub options: PickOptions,
}

pub fn run(service: &CredentialsService, args: &ConsoleArgs) -> Result<()> {
    do_or_pick(service, &args.options, |options| open(service, args, options))
}

fn open(
    service: &CredentialsService,
    args: &ConsoleArgs,
    options: &CredentialOptions,
) -> Result<()> {
    let context = service.context();
    let route = Route::find(service, options, args.new_session)?;
    // What can be wrong without asking anybody is looked at first.
    let destination = route.site.destination(&route.region, args.service.as_deref())?;
    let opener = if args.print {
        None
    } else {
        Some(Opener::find(context, args.browser.as_deref(), &route.chain)?)
    };
    let signed_in = sign_in(service, args, options, &route, &destination)?;
    let account = match (signed_in.account, &signed_in.obtained) {
        (None, Some(obtained)) if opener.as_ref().is_some_and(Opener::needs_account) => {
            Some(caller_identity(service, obtained)?.account)
        }
        (account, _) => account,
    };
    warn_of_other_account(service, account.as_deref(), &destination);
    let url = &signed_in.url;
    let Some(opener) = opener else { return print_line(url.expose_secret()) };
    let profile = route.chain.name();
    let person = Person::new(context, profile, account.as_deref());
    let program = opener.open(context, url, &person, &route.chain)?.display();
    context.ui.note(&format!("{}: {program} opens {}", route.chain.who(), destination.what));
    Ok(())
}

/// Returns the address that signs the browser in, by the way that fits the credentials.
fn sign_in(
    service: &CredentialsService,
    args: &ConsoleArgs,
    options: &CredentialOptions,
    route: &Route,
    destination: &Destination,
) -> Result<Federated> {
    if let Way::Portal(sso) = &route.way {
        // Where nothing was asked for, the portal shows the console's home.
        let page = args.service.is_some().then_some(destination.url.as_str());
        let url = portal_url(&sso.session.start_url, &sso.account_id, &sso.role_name, page);
        return Ok(Federated {
            url: url.into(),
            account: Some(sso.account_id.clone()),
            obtained: None,
        });
    }
    let acquired = service.acquire(&route.chain, &Call::typed(options, Caller::Person))?;
    let obtained = Obtained { chain: route.chain.clone(), credentials: acquired.credentials };
    federate(service, route, obtained, &destination.url, args.new_session)
}

/// Says that a resource is of another account than the session: the console then shows none.
fn warn_of_other_account(
    service: &CredentialsService,
    account: Option<&str>,
    destination: &Destination,
) {
    if let (Some(own), Some(other)) = (account, &destination.account)
        && own != other
    {
        service.context().ui.warn(&format!(
            "the resource is of account {other} and the session of {own}, where the console may \
             not find it"
        ));
    }
}
