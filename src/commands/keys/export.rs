//! `rolecall keys export`: gives long-term keys back in plain text, after a person has said yes, so
//! that nobody is locked in.

use clap::Args;
use secrecy::ExposeSecret;
use serde_json::json;
use zeroize::Zeroizing;

use super::checks::{check_words, names_no_keys};
use crate::app::call::{Call, Caller};
use crate::app::context::Context;
use crate::app::options::CredentialOptions;
use crate::app::service::CredentialsService;
use crate::aws::Credentials;
use crate::chain::{Base, Chain, ProfileView, Request, RoleOptions, keys};
use crate::config::profiles::Profile;
use crate::error::{Error, Kind, Result};
use crate::hint;
use crate::output::print;
use crate::store::StoreName;

/// Print an access key with its secret, after a yes at the terminal
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  rolecall keys export dev                            two lines: the ID, then the secret
  rolecall keys export dev --json
  rolecall keys export dev | ssh server rolecall keys add dev --store file

What is printed here is in plain text wherever it goes. The export stands in the log.")]
pub struct KeysExportArgs {
    /// The profile of the keys
    #[arg(value_name = "PROFILE")]
    pub profile: String,
    /// Print one JSON object, with the names that AWS's programs use
    #[arg(long)]
    pub json: bool,
    /// The store that has them
    #[arg(long, value_name = "STORE", value_parser = StoreName::value_parser())]
    pub store: Option<StoreName>,
}

pub fn run(service: &CredentialsService, args: &KeysExportArgs) -> Result<()> {
    let context = service.context();
    check_words(&args.profile, &[], "export")?;
    let profiles = context.profiles()?;
    let profile = profiles.profile(&args.profile)?;
    let profile = profile.ok_or_else(|| profiles.unknown(&args.profile))?;
    if profile.get(keys::STORED_KEY_ID).is_none() {
        return Err(names_no_keys(&profile));
    }
    let request = request(context, &profile);
    let mut chain = service.resolve(&profiles, &request)?;
    // A role of the profile's own is not what is exported.
    chain.plan.steps.clear();
    confirm(context, &chain, &profile)?;
    let options = CredentialOptions { store: args.store, ..CredentialOptions::default() };
    let call = Call::typed(&options, Caller::Person);
    let credentials = service.acquire(&chain, &call)?.credentials;
    print(&text(&credentials, args.json))
}

/// Asks for the keys themselves, for which no region is needed.
fn request(context: &Context, profile: &Profile) -> Request {
    let long_term_keys = !ProfileView::from(profile).is_role();
    let role = RoleOptions { long_term_keys, ..RoleOptions::default() };
    Request::typed(Some(&profile.name), role, context.settings.request_defaults())
}

/// Asks a person whether the secret is to be printed.
fn confirm(context: &Context, chain: &Chain, profile: &Profile) -> Result<()> {
    let Base::Stored(keys) = &chain.plan.base else { return Err(names_no_keys(profile)) };
    let what = format!("print the secret of {} (profile `{}`)", keys.access_key_id, profile.name);
    let export = hint::command("keys export", &profile.name);
    let answer = context.ask(&format!("Shall rolecall {what}? [y/N] "))?;
    match answer.as_deref().map(|answer| answer.trim().to_ascii_lowercase()).as_deref() {
        Some("y" | "yes") => Ok(()),
        Some(_) => Err(Error::new(Kind::Declined, format!("nobody wanted to {what}"))
            .about(&profile.name)
            .hint(format!("answer with y: {export}"))),
        None => Err(Error::needs_person(format!("a yes at the terminal is needed to {what}"))
            .about(&profile.name)
            .hint(format!("run it at a terminal: {export}"))),
    }
}

fn text(keys: &Credentials, as_json: bool) -> Zeroizing<String> {
    let (id, secret) = (keys.access_key_id(), keys.secret_access_key().expose_secret());
    Zeroizing::new(if as_json {
        format!("{}\n", json!({"AccessKeyId": id, "SecretAccessKey": secret}))
    } else {
        format!("{id}\n{secret}\n")
    })
}
