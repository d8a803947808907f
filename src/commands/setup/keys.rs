//! Access keys: typed in, or moved from plain text.

use super::ask::{Ask, legal};
use crate::app::context::Context;
use crate::app::service::CredentialsService;
use crate::app::shared_files::uncolored_diff;
use crate::chain::keys;
use crate::commands::keys::add::{KeysAddArgs, add};
use crate::commands::keys::import::{self, KeysImportArgs, in_plain_text};
use crate::config::document::FileKind;
use crate::config::profiles::Profiles;
use crate::error::Result;

/// Keeps an access key, and returns the profile that names it; `None` where the person did not want
/// it.
pub fn add_step(service: &CredentialsService, ask: &Ask) -> Result<Option<String>> {
    let profiles = ask.context.profiles()?;
    let guess = profiles.profile("default")?.is_none().then_some("default");
    let profile = ask.text("Name of the profile", guess, legal)?;
    let before = profiles.profile(&profile)?;
    let value = |key| before.as_ref().and_then(|profile| profile.value(key));
    if let Some(id) = value(keys::STORED_KEY_ID) {
        ask.say(&format!("Profile `{profile}` has stored keys already: {id}"));
        return Ok(Some(profile));
    }
    let region = match value(keys::REGION) {
        Some(_) => None,
        None => Some(ask.region("Its region", ask.usual_region())?),
    };
    let args = KeysAddArgs {
        profile: profile.clone(),
        more: Vec::new(),
        csv: None,
        region,
        no_verify: false,
        force: false,
        store: None,
    };
    let added = add(service, &args, |before, after| {
        ask.agree(&diff(before, after), "AWS takes the keys. Keep them, and write this?")
    })?;
    Ok(added.then_some(profile))
}

/// Moves the keys that lie in plain text, and returns the first profile of which they are.
pub fn move_step(service: &CredentialsService, ask: &Ask) -> Result<Option<String>> {
    let context = ask.context;
    let names = in_plain_text(&context.profiles()?);
    let region = match ask.usual_region() {
        Some(_) => None,
        None if has_regions(context, &names)? => None,
        None => Some(ask.region("The region of the profiles that have none", None)?),
    };
    let args = KeysImportArgs::all_in_plain_text(region);
    let before = context.profiles()?;
    let (table, after) = import::preview(service, args.clone())?;
    let diff = diff(&before, &after);
    if diff.is_empty() {
        ask.say(&table);
        return Ok(None);
    }
    if !ask.agree(&format!("{table}\n{diff}"), "Move them into the store, and write this?")? {
        return Ok(None);
    }
    import::run(service, &args)?;
    let left = in_plain_text(&context.profiles()?);
    Ok(names.into_iter().find(|name| !left.contains(name)))
}

fn has_regions(context: &Context, names: &[String]) -> Result<bool> {
    let profiles = context.profiles()?;
    let has_region = |name: &String| {
        profiles.profile(name).ok().flatten().is_some_and(|p| p.get(keys::REGION).is_some())
    };
    Ok(names.iter().all(has_region))
}

fn diff(before: &Profiles, after: &Profiles) -> String {
    FileKind::ALL.map(|file| uncolored_diff(before.document(file), after.document(file))).concat()
}
