//! `rolecall whoami`: calls sts:GetCallerIdentity with a profile's credentials.

use clap::Args;
use serde_json::json;

use super::choose::obtain_or_pick;
use crate::app::options::PickOptions;
use crate::app::service::{CredentialsService, Obtained};
use crate::chain::Chain;
use crate::clients::asked::Asked;
use crate::clients::factory::Target;
use crate::clients::failure::CallError;
use crate::clients::sts::CallerIdentity;
use crate::error::{Error, Result};
use crate::output::print_line;
use crate::output::time::{left, timestamp};
use crate::system::clock::{Clock, SystemClock};
use crate::text::clean;

/// Show who a profile's credentials belong to
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  rolecall whoami prod
  rolecall whoami --json                              the SDKs' default chain
  rolecall whoami --role-arn arn:aws:iam::222222222222:role/audit --source-profile dev")]
pub struct WhoamiArgs {
    /// Print one JSON object
    #[arg(long)]
    pub json: bool,
    #[command(flatten)]
    pub options: PickOptions,
}

pub fn run(service: &CredentialsService, args: &WhoamiArgs) -> Result<()> {
    let obtained = obtain_or_pick(service, &args.options)?;
    let identity = caller_identity(service, &obtained)?;
    print_line(if args.json { json(&obtained, &identity) } else { text(&obtained, &identity) })
}

/// Asks STS who the credentials belong to.
///
/// # Errors
/// When the region of the call is not known, AWS refuses or does not answer, or the wait is
/// interrupted.
pub fn caller_identity(
    service: &CredentialsService,
    obtained: &Obtained,
) -> Result<CallerIdentity> {
    let chain = &obtained.chain;
    // What the credentials do not need, this call does.
    let endpoint = chain.plan.endpoints.sts.as_ref().map_err(Error::clone)?;
    let endpoint = endpoint.as_ref().ok_or_else(|| {
        let what = format!("no region for {}, and STS is called in one", chain.who());
        Error::configuration(what)
            .hint(format!("name one: {} --region eu-west-1", chain.command("whoami")))
    })?;
    let target = Target::sts(&chain.plan.network, endpoint).signed_by(&obtained.credentials);
    let identity = service.calls().get_caller_identity(&target);
    identity.map_err(|error| refused(chain, &target, error))
}

fn refused(chain: &Chain, target: &Target, error: CallError) -> Error {
    let purpose = "ask who the credentials belong to".to_owned();
    let refused = format!("{}: AWS does not accept the credentials", chain.who());
    let error = error.explained(&Asked { chain, role: None, target, purpose }, refused);
    // Keys in a file or in the environment cannot be fetched anew.
    if error.code().is_none() {
        error
    } else if chain.is_static() {
        error.hint(format!("see where they come from: {}", chain.command("explain")))
    } else {
        error.hint(format!("fetch new ones: {} --refresh", chain.command("whoami")))
    }
}

fn json(obtained: &Obtained, identity: &CallerIdentity) -> String {
    json!({
        "profile": obtained.chain.subject.profile.as_ref().map(|profile| &profile.name),
        "account": identity.account,
        "arn": identity.arn,
        "user_id": identity.user_id,
        "expiration": obtained.credentials.expires_at().map(timestamp),
    })
    .to_string()
}

fn text(obtained: &Obtained, identity: &CallerIdentity) -> String {
    let expires = match obtained.credentials.expires_at() {
        Some(end) => format!("{} ({} left)", timestamp(end), left(end, SystemClock.now())),
        None => "never".to_owned(),
    };
    let [account, arn, user_id] =
        [&identity.account, &identity.arn, &identity.user_id].map(|text| clean(text));
    format!("Account  {account}\nARN      {arn}\nUser ID  {user_id}\nExpires  {expires}")
}
