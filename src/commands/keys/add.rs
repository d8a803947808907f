//! `rolecall keys add`: puts long-term keys into the store, and their ID into the profile.

use std::path::PathBuf;

use clap::Args;

use super::checks::{caller_identity, check_asked_by_sdks, check_words, facts, target};
use super::input;
use super::keep::{is_same, keep};
use super::plan::{Wanted, key_lines, leads_to, planned};
use crate::app::call::AskPolicy;
use crate::app::context::Context;
use crate::app::service::CredentialsService;
use crate::app::stores::StoreOpener;
use crate::aws::Credentials;
use crate::aws::names::AccessKeyId;
use crate::chain::{Chain, Step, keys};
use crate::clients::sts::CallerIdentity;
use crate::config::profiles::{Profile, Profiles};
use crate::error::{Error, Result};
use crate::hint;
use crate::store::StoreName;
use crate::system::report::Report;

/// Keep an IAM user's access key in the store, and name it in the profile
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  rolecall keys add dev                               asks for both halves, the secret hidden
  rolecall keys add dev --csv ~/Downloads/bob_accessKeys.csv --region eu-west-1
  aws iam create-access-key --user-name bob | rolecall keys add dev
  pass show aws/bob | rolecall keys add dev --store file
                                                      two lines: the ID, then the secret

The profile gets two lines, which are no secret:
  rolecall_access_key_id = AKIAIOSFODNN7EXAMPLE
  credential_process     = rolecall process dev

What is handed out is a session of 12 hours, so that the keys never leave the store; with MFA \
where the profile names a device.
IAM refuses sessions without MFA: for its calls there is --long-term-keys, or \
rolecall_hand_out_keys = true in the profile.")]
pub struct KeysAddArgs {
    /// The profile of the keys, which is made if it is not there yet
    #[arg(value_name = "PROFILE")]
    pub profile: String,
    // A secret typed here would be shown by the message that it does not belong here.
    #[arg(hide = true)]
    pub more: Vec<String>,
    /// Read the CSV file that AWS's console lets one download
    #[arg(long, value_name = "FILE")]
    pub csv: Option<PathBuf>,
    /// Write this region into the profile too
    #[arg(long, value_name = "NAME")]
    pub region: Option<String>,
    /// Do not ask AWS whose keys they are
    #[arg(long)]
    pub no_verify: bool,
    /// Replace stored keys or the credential_process of the profile
    #[arg(long)]
    pub force: bool,
    /// Where the secret is kept: keyring or file
    #[arg(long, value_name = "STORE", value_parser = StoreName::value_parser())]
    pub store: Option<StoreName>,
}

pub fn run(service: &CredentialsService, args: &KeysAddArgs) -> Result<()> {
    add(service, args, |_, _| Ok(true)).map(drop)
}

/// Adds keys where `agree` does, which gets the shared files as they are and as they would be; and
/// returns whether it did. It is called after AWS has accepted the keys.
///
/// # Errors
/// Those of `agree`, and where the keys cannot be read, verified, kept or named.
pub fn add(
    service: &CredentialsService,
    args: &KeysAddArgs,
    agree: impl FnOnce(&Profiles, &Profiles) -> Result<bool>,
) -> Result<bool> {
    let context = service.context();
    check_words(&args.profile, &args.more, "add")?;
    let target = target(&context.settings, args.store)?;
    let profiles = context.profiles()?;
    let before = profiles.profile(&args.profile)?;
    before.as_ref().map_or(Ok(()), |profile| check_profile(profile, args))?;
    let stored = StoreOpener::new(context, &context.ui, AskPolicy::Allowed).access_keys(args.store);
    let given = input::read(context, &args.profile, args.csv.as_deref())?;
    let id = AccessKeyId::new(&given.access_key_id);
    let lines = key_lines(before.as_ref(), &args.profile, &id, args.region.as_deref())?;
    let again = hint::command("keys add", &args.profile);
    let wanted = Wanted { profile: &args.profile, id: &id, place: None, again: &again };
    let after = lines.preview(&profiles)?;
    let chain = planned(context, &after, &wanted)?;
    let kept = stored.existing(&id, target)?;
    if !args.force && kept.is_some_and(|kept| !is_same(&kept, &given)) {
        let what = format!("another secret of {id} is kept");
        return Err(Error::failed(what).hint(format!("replace it: {again} --force")));
    }
    let identity = if args.no_verify {
        None
    } else {
        Some(caller_identity(service, &chain, &Credentials::LongTerm(given.clone()), &again)?)
    };
    if !agree(&profiles, &after)? {
        return Ok(false);
    }
    keep(&stored, (&id, &given), target, facts(identity.as_ref()))?;
    lines.write(context)?;
    report(context, &chain, (&id, target), identity.as_ref());
    let replaced = before.as_ref().and_then(|profile| profile.get(keys::STORED_KEY_ID));
    if let Some(old) = replaced.filter(|old| *old.value != *id) {
        let old = old.value.as_str();
        context.ui.hint(&format!(
            "the secret of {old} stays in the store; forget it: rolecall keys remove {}",
            hint::word(old)
        ));
    }
    Ok(true)
}

/// Refuses a profile whose credentials come from elsewhere, or that has keys already.
fn check_profile(profile: &Profile, args: &KeysAddArgs) -> Result<()> {
    let name = &profile.name;
    check_asked_by_sdks(profile)?;
    if args.force {
        return Ok(());
    }
    let replace = format!("replace it: {} --force", hint::command("keys add", name));
    if let Some(id) = profile.get(keys::STORED_KEY_ID) {
        let what = format!("profile `{name}` has stored keys, {}", *id.value);
        return Err(Error::misconfigured(&id.place, what).about(name).hint(replace));
    }
    match profile.get(keys::CREDENTIAL_PROCESS) {
        Some(process) if !leads_to(&process.value, name) => {
            let what = format!("profile `{name}` has a credential_process");
            Err(Error::misconfigured(&process.place, what).about(name).hint(replace))
        }
        _ => Ok(()),
    }
}

/// Says what was done, and what the keys are handed out as.
fn report(
    context: &Context,
    chain: &Chain,
    (id, target): (&AccessKeyId, StoreName),
    identity: Option<&CallerIdentity>,
) {
    let of = identity.map(|identity| format!(" of {}", identity.arn)).unwrap_or_default();
    let who = chain.who();
    context.ui.note(&format!("the keys {id}{of} are in the store {target}, and {who} names them"));
    if identity.is_some_and(|identity| identity.arn.ends_with(":root")) {
        context.ui.warn(
            "these are keys of the account's root user, whom no policy limits; AWS advises to \
             delete them",
        );
    }
    if let [Step::GetSessionToken(call)] = &chain.plan.steps[..] {
        if call.mfa.is_none() {
            context.ui.hint(&format!(
                "a session of them is handed out, which IAM refuses; for calls of IAM: {} \
                 --long-term-keys -- aws iam list-access-keys",
                chain.command("exec")
            ));
        }
    }
}
