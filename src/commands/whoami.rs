//! `rolecall whoami`: sts:GetCallerIdentity with a profile's credentials.

use std::process::ExitCode;

use chrono::SecondsFormat;
use serde_json::json;

use super::choose::obtain_or_pick;
use super::credentials::sts;
use crate::aws::duration;
use crate::cli::Whoami;
use crate::context::{Context, SystemClock};
use crate::error::{Error, Result};
use crate::executor::Clock;
use crate::output::print;

pub fn run(context: &Context, args: &Whoami) -> Result<ExitCode> {
    let obtained = obtain_or_pick(context, &args.credentials, &args.pick)?;
    let chain = &obtained.chain;
    let endpoint = chain.sts.as_ref().ok_or_else(|| {
        Error::configuration(format!("no region for {}, and STS is called in one", chain.name()))
            .hint(format!("name one: rolecall whoami {} --region eu-west-1", chain.profile.as_ref().map_or("", |p| &p.name)))
    })?;
    let identity = sts(context).get_caller_identity(&chain.network, endpoint, &obtained.credentials)?.map_err(|failure| {
        failure
            .into_error(format!("{}: AWS does not accept the credentials", chain.name()))
            .hint("fetch new ones: rolecall whoami --refresh")
    })?;
    let end = obtained.credentials.expires_at();
    let text = if args.json {
        let expiration = end.map(|end| end.to_rfc3339_opts(SecondsFormat::Secs, true));
        let profile = chain.profile.as_ref().map(|p| &p.name);
        let value = json!({"profile": profile, "account": identity.account, "arn": identity.arn, "user_id": identity.user_id, "expiration": expiration});
        format!("{value}\n")
    } else {
        let left = |end: chrono::DateTime<chrono::Utc>| duration::render((end - SystemClock.now()).num_seconds());
        let expiry = end
            .map_or_else(|| "never".to_owned(), |end| format!("{} ({} left)", end.to_rfc3339_opts(SecondsFormat::Secs, true), left(end)));
        format!("Account  {}\nARN      {}\nUser ID  {}\nExpires  {expiry}\n", identity.account, identity.arn, identity.user_id)
    };
    print(&text)?;
    Ok(ExitCode::SUCCESS)
}
