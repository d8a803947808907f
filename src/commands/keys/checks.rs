//! Checks of several verbs.

use crate::app::service::CredentialsService;
use crate::aws::Credentials;
use crate::aws::names::AccessKeyId;
use crate::chain::process_command::hides_process;
use crate::chain::{Chain, ProfileView, keys};
use crate::clients::asked::Asked;
use crate::clients::factory::Target;
use crate::clients::sts::CallerIdentity;
use crate::config::profiles::Profile;
use crate::error::{Error, Place, Result};
use crate::hint;
use crate::settings::EffectiveSettings;
use crate::store::StoreName;
use crate::store::access_keys::KeyFacts;

/// Refuses what may be a secret on the command line, without repeating it.
///
/// # Errors
/// Where there are more words than a profile, or the profile looks like a secret.
pub fn check_words(profile: &str, more: &[String], verb: &str) -> Result<()> {
    if more.is_empty() && !is_like_secret(profile) {
        return Ok(());
    }
    Err(Error::usage(
        "a secret does not belong on the command line, where every user of this machine can read it",
    )
    .hint(format!("type it when asked, or pipe it in: rolecall keys {verb} PROFILE")))
}

/// Returns whether a text has the form of AWS's secret access keys.
fn is_like_secret(text: &str) -> bool {
    let is_of_base64 = |b: u8| b.is_ascii_alphanumeric() || matches!(b, b'/' | b'+' | b'=');
    text.len() == 40
        && text.bytes().all(is_of_base64)
        && text.bytes().any(|b| b.is_ascii_uppercase())
        && text.bytes().any(|b| b.is_ascii_lowercase())
}

/// Returns the store that new keys go to.
///
/// # Errors
/// Where the store that is chosen takes none.
pub fn target(settings: &EffectiveSettings, typed: Option<StoreName>) -> Result<StoreName> {
    match settings.store(typed) {
        None => Ok(StoreName::Keyring),
        Some(name) if name.takes_long_lived_secrets() => Ok(name),
        Some(name) => Err(keeps_none(name)),
    }
}

fn keeps_none(name: StoreName) -> Error {
    let why = if name == StoreName::Keyutils {
        "the store keyutils keeps sessions only, because nothing there survives a reboot"
    } else {
        "the store none keeps nothing"
    };
    Error::usage(why).at(Place::Option("--store")).hint(format!(
        "choose another for this command: --store keyring, or for all: {}",
        hint::set("ROLECALL_STORE", "file")
    ))
}

/// Refuses a profile that SDKs take for something else than keys that rolecall hands out.
///
/// # Errors
/// Where it has a key that SDKs look at first.
pub fn check_asked_by_sdks(profile: &Profile) -> Result<()> {
    let Some(other) = hides_process(profile) else { return Ok(()) };
    let name = &profile.name;
    let what = format!("profile `{name}` has {}, so SDKs would not ask rolecall", other.key);
    let error = Error::misconfigured(&other.place, what).about(name);
    Err(if ProfileView::from(profile).holds_keys() {
        error.hint(format!("move them into the store: {}", hint::command("keys import", name)))
    } else {
        error.hint("add the keys to another profile; see which there are: rolecall list")
    })
}

/// Refuses a profile that names other keys in the store.
///
/// # Errors
/// Where it does.
pub fn check_other_keys(profile: &Profile, id: &AccessKeyId) -> Result<()> {
    let stored = profile.get(keys::STORED_KEY_ID);
    let Some(other) = stored.filter(|stored| *stored.value != **id) else { return Ok(()) };
    let what = format!("profile `{}` names other keys in the store", profile.name);
    Err(Error::misconfigured(&other.place, what)
        .about(&profile.name)
        .hint(format!("forget those: {}", hint::command("keys remove", &profile.name))))
}

/// Returns the error about a profile that has no keys in the store.
pub fn names_no_keys(profile: &Profile) -> Error {
    let what = format!("profile `{}` names no keys in the store", profile.name);
    Error::misconfigured(&profile.place, what)
        .about(&profile.name)
        .hint("see the keys that are stored: rolecall keys list")
}

/// Asks AWS whose keys they are (sts:GetCallerIdentity). `again` is the command to type where it
/// does not take them.
///
/// # Errors
/// When AWS refuses them or does not answer, when no region is named, or the wait is interrupted.
pub fn caller_identity(
    service: &CredentialsService,
    chain: &Chain,
    keys: &Credentials,
    again: &str,
) -> Result<CallerIdentity> {
    let endpoint = chain.plan.endpoints.sts.as_ref().map_err(Error::clone)?;
    let endpoint = endpoint.as_ref().ok_or_else(|| {
        let what = format!("no region for {}, and STS is called in one", chain.who());
        Error::configuration(what)
            .hint(format!("name one: {}", hint::set("AWS_REGION", "eu-west-1")))
    })?;
    let target = Target::sts(&chain.plan.network, endpoint).signed_by(keys);
    service.calls().get_caller_identity(&target).map_err(|error| {
        let purpose = "ask whose keys they are".to_owned();
        let refused = format!("{}: AWS does not accept the keys", chain.who());
        let error =
            error.explained(&Asked { chain, role: None, target: &target, purpose }, refused);
        if error.code().is_none() {
            return error;
        }
        // The other hints are for profiles that have their keys.
        let bare = Error::new(error.kind(), error.message());
        let bare = bare.refused(error.code().cloned(), error.refusal()).about(chain.name());
        let bare = error.causes().iter().fold(bare, Error::cause);
        bare.hint(format!("copy both anew; a new key is known after some ten seconds: {again}"))
    })
}

/// Returns what is recorded of keys, of which AWS said whose they are.
pub fn facts(identity: Option<&CallerIdentity>) -> KeyFacts {
    KeyFacts {
        account_id: identity.map(|identity| identity.account.clone()),
        arn: identity.map(|identity| identity.arn.clone()),
        created_at: None,
    }
}
