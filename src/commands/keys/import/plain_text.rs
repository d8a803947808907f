//! Keys from the shared files. A secret leaves its file only after the store has given it back and
//! AWS has accepted what it gave.

use secrecy::SecretString;

use super::mover::{Files, Moved, Mover, Outcome};
use crate::app::context::Context;
use crate::aws::names::AccessKeyId;
use crate::aws::{LongTermKeys, key_pair};
use crate::chain::process_command::hides_process;
use crate::chain::{Chain, keys};
use crate::commands::keys::checks::check_other_keys;
use crate::commands::keys::lines::ProfileLines;
use crate::commands::keys::plan::{Wanted, key_lines, leads_to, planned};
use crate::config::document::FileKind;
use crate::config::profiles::{Profile, Profiles};
use crate::error::{Error, Result};
use crate::hint;

/// Moves the keys of the profiles that are meant.
///
/// # Errors
/// Where a profile is meant that there is not, or the command ends before it is through.
pub fn import(mover: &Mover) -> Result<Vec<Outcome>> {
    let profiles = mover.service.context().profiles()?;
    let names = chosen(&profiles, mover)?;
    mover.each(&names, |name| {
        let profile = profiles.profile(name).ok().flatten();
        let id = profile.and_then(|p| p.value(keys::ACCESS_KEY_ID).map(str::to_owned));
        (id, one(mover, name))
    })
}

/// Returns the profiles that are meant.
fn chosen(profiles: &Profiles, mover: &Mover) -> Result<Vec<String>> {
    let names = mover.args.selected.names();
    if let Some(name) = names.iter().find(|name| matches!(profiles.profile(name), Ok(None))) {
        return Err(profiles.unknown(name));
    }
    if mover.args.all {
        return Ok(all(profiles));
    }
    Ok(names.into_iter().map(str::to_owned).collect())
}

/// Returns the profiles that hold long-term keys in plain text.
pub fn all(profiles: &Profiles) -> Vec<String> {
    let holds_keys = |name: &&str| {
        let profile = profiles.profile(name).ok().flatten();
        profile.is_some_and(|p| p.get(keys::SECRET_ACCESS_KEY).is_some() && !has_token(&p))
    };
    profiles.names().filter(holds_keys).map(str::to_owned).collect()
}

fn has_token(profile: &Profile) -> bool {
    [keys::SESSION_TOKEN, keys::SECURITY_TOKEN].iter().any(|key| profile.get(key).is_some())
}

/// Reads the pair of a profile.
fn pair_of(profile: &Profile) -> Result<LongTermKeys> {
    let name = &profile.name;
    let id = profile.get(keys::ACCESS_KEY_ID);
    let (Some(id), Some(secret)) = (id, profile.get(keys::SECRET_ACCESS_KEY)) else {
        let what = format!("profile `{name}` holds no pair of keys in plain text");
        return Err(Error::misconfigured(&profile.place, what)
            .about(name)
            .hint(format!("see what it holds: {}", hint::command("explain", name))));
    };
    if has_token(profile) {
        let what = format!("profile `{name}` holds a session, which ends by itself");
        return Err(Error::misconfigured(&id.place, what)
            .about(name)
            .hint("see which profiles have long-term keys: rolecall keys import --all --dry-run"));
    }
    key_pair::pair(&id.value, &secret.value).map_err(|what| {
        Error::misconfigured(&id.place, what)
            .about(name)
            .hint(format!("see what it holds: {}", hint::command("explain", name)))
    })
}

/// Moves the keys of a profile.
fn one(mover: &Mover, name: &str) -> Result<Moved> {
    let context = mover.service.context();
    // The files are others after each profile.
    let profiles = mover.profiles()?;
    let profile = profiles.profile(name)?.ok_or_else(|| profiles.unknown(name))?;
    let given = pair_of(&profile)?;
    let id = AccessKeyId::new(&given.access_key_id);
    let added = added(&profile, &id, mover.args.region.as_deref())?;
    let gone = gone(&profiles, &profile, &given);
    let mut after = added.preview(&profiles)?;
    for lines in &gone {
        after = lines.preview(&after)?;
    }
    let again = mover.again(name);
    let place = profile.get(keys::ACCESS_KEY_ID).map(|property| &property.place);
    let wanted = Wanted { profile: name, id: &id, place, again: &again };
    let chain = planned(context, &after, &wanted)?;
    check_sdks(&chain)?;
    mover.finish((&chain, after), (&id, &given), || write(context, &added, &gone))
}

/// Returns the lines that name the keys.
fn added(profile: &Profile, id: &AccessKeyId, region: Option<&str>) -> Result<ProfileLines> {
    let process = profile.get(keys::CREDENTIAL_PROCESS);
    if let Some(process) = process.filter(|process| !leads_to(&process.value, &profile.name)) {
        let what = format!("profile `{}` has a credential_process too", profile.name);
        return Err(Error::misconfigured(&process.place, what)
            .about(&profile.name)
            .hint(format!("see the way: {}", hint::command("explain", &profile.name))));
    }
    check_other_keys(profile, id)?;
    let region = region.filter(|_| profile.get(keys::REGION).is_none());
    key_lines(Some(profile), &profile.name, id, region)
}

/// Refuses a profile that SDKs would not ask rolecall for.
fn check_sdks(chain: &Chain) -> Result<()> {
    let Some(profile) = &chain.subject.profile else { return Ok(()) };
    let Some(other) = hides_process(profile) else { return Ok(()) };
    let name = &profile.name;
    let what = format!(
        "profile `{name}` has {}, so SDKs would not ask rolecall once its keys are gone",
        other.key
    );
    Err(Error::misconfigured(&other.place, what)
        .about(name)
        .hint(format!("see the way: {}", hint::command("explain", name))))
}

/// Returns the lines that go: the pair in each file that has a half of it.
fn gone(profiles: &Profiles, profile: &Profile, given: &LongTermKeys) -> Vec<ProfileLines> {
    let pair = [keys::ACCESS_KEY_ID, keys::SECRET_ACCESS_KEY];
    let has_half = |file: &FileKind| {
        let mut properties = profiles.document(*file).properties_of(&profile.name);
        properties.any(|property| pair.contains(&property.key.as_str()))
    };
    let lines = |file| ProfileLines {
        file,
        profile: profile.name.to_string(),
        set: Vec::new(),
        unset: pair.to_vec(),
        expected: vec![
            (keys::ACCESS_KEY_ID, SecretString::from(given.access_key_id.as_str())),
            (keys::SECRET_ACCESS_KEY, given.secret_access_key.clone()),
        ],
    };
    [FileKind::Credentials, FileKind::Config].into_iter().filter(has_half).map(lines).collect()
}

/// Writes the new lines, and then takes the old ones out, so that the profile has its keys at any
/// moment.
fn write(
    context: &Context,
    added: &ProfileLines,
    gone: &[ProfileLines],
) -> Result<(), (Error, Files)> {
    let written = added.write(context).map_err(|error| (error, Files::AsBefore))?;
    for (before, lines) in gone.iter().enumerate() {
        if let Err(error) = lines.write(context) {
            // What is gone from a file is in the store alone.
            let is_undone = before == 0 && written.undo(context).is_ok();
            return Err((error, if is_undone { Files::AsBefore } else { Files::Changed }));
        }
    }
    Ok(())
}
