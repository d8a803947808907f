//! `rolecall whoami`: sts:GetCallerIdentity with a profile's credentials.

use std::process::ExitCode;

use chrono::SecondsFormat;
use clap::Args;
use serde_json::json;

use super::choose::obtain_or_pick;
use crate::app::options::{CredentialOptions, Pick};
use crate::app::service::CredentialsService;
use crate::aws::duration;
use crate::chain::Base;
use crate::error::{Error, Result};
use crate::output::print;
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
    pub pick: Pick,
    #[command(flatten)]
    pub credentials: CredentialOptions,
}

pub fn run(service: &CredentialsService, args: &WhoamiArgs) -> Result<ExitCode> {
    let obtained = obtain_or_pick(service, &args.credentials, &args.pick)?;
    let chain = &obtained.chain;
    let endpoint = chain.plan.endpoints.sts.as_ref().ok_or_else(|| {
        Error::configuration(format!("no region for {}, and STS is called in one", chain.who()))
            .hint(format!("name one: {} --region eu-west-1", chain.command("whoami")))
    })?;
    let identity = service
        .sts()
        .get_caller_identity(&chain.plan.network, endpoint, &obtained.credentials)?
        .map_err(|failure| {
            let error =
                failure.into_error(format!("{}: AWS does not accept the credentials", chain.who()));
            // What stands in a file or in the environment stays as it is.
            if matches!(chain.plan.base, Base::Static(_) | Base::Environment(_))
                && chain.plan.steps.is_empty()
            {
                error.hint(format!("see where they come from: {}", chain.command("explain")))
            } else {
                error.hint(format!("fetch new ones: {} --refresh", chain.command("whoami")))
            }
        })?;
    let end = obtained.credentials.expires_at();
    let text = if args.json {
        let expiration = end.map(|end| end.to_rfc3339_opts(SecondsFormat::Secs, true));
        let profile = chain.subject.profile.as_ref().map(|p| &p.name);
        let value = json!({"profile": profile, "account": identity.account, "arn": identity.arn, "user_id": identity.user_id, "expiration": expiration});
        format!("{value}\n")
    } else {
        let left = |end: chrono::DateTime<chrono::Utc>| {
            duration::render((end - SystemClock.now()).num_seconds())
        };
        let expiry = end.map_or_else(
            || "never".to_owned(),
            |end| {
                format!("{} ({} left)", end.to_rfc3339_opts(SecondsFormat::Secs, true), left(end))
            },
        );
        let (account, arn, user_id) =
            (clean(&identity.account), clean(&identity.arn), clean(&identity.user_id));
        format!("Account  {account}\nARN      {arn}\nUser ID  {user_id}\nExpires  {expiry}\n")
    };
    print(&text)?;
    Ok(ExitCode::SUCCESS)
}
