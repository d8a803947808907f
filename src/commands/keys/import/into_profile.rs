//! Keys that come from outside the shared files: the profile comes to name them.

use secrecy::SecretString;

use super::mover::{Files, Moved, Mover};
use crate::aws::LongTermKeys;
use crate::aws::names::AccessKeyId;
use crate::chain::keys;
use crate::chain::process_command::runs_for;
use crate::commands::keys::checks::{check_asked_by_sdks, check_other_keys};
use crate::commands::keys::lines::ProfileLines;
use crate::commands::keys::plan::{Wanted, key_lines, leads_to, planned};
use crate::config::profiles::Profile;
use crate::error::{Error, Result};
use crate::hint;

/// Moves keys, and lets a profile name them. A `credential_process` of one of the `programs` makes
/// way.
///
/// # Errors
/// Where the profile gets its credentials from elsewhere, and those of [`Mover::finish`].
pub fn into_profile(
    mover: &Mover,
    name: &str,
    given: &LongTermKeys,
    programs: &[&str],
) -> Result<Moved> {
    let context = mover.service.context();
    let id = AccessKeyId::new(&given.access_key_id);
    let profiles = mover.profiles()?;
    let profile = profiles.profile(name)?;
    if let Some(profile) = &profile {
        check_asked_by_sdks(profile)?;
        check_other_keys(profile, &id)?;
        check_process(profile, programs)?;
    }
    let lines = lines(mover, profile.as_ref(), name, &id)?;
    let after = lines.preview(&profiles).map_err(|error| match &profile {
        // A name with blanks, say: its section can be read, and is not made here.
        None => error
            .about(name)
            .hint(format!("begin its section by hand, then try again: {}", mover.again(name))),
        Some(_) => error,
    })?;
    let again = mover.again(name);
    let wanted = Wanted { profile: name, id: &id, place: None, again: &again };
    let chain = planned(context, &after, &wanted)?;
    mover.finish((&chain, after), (&id, given), || {
        lines.write(context).map(drop).map_err(|error| (error, Files::AsBefore))
    })
}

/// Refuses a `credential_process` that gets something else than these keys.
fn check_process(profile: &Profile, programs: &[&str]) -> Result<()> {
    let Some(process) = profile.get(keys::CREDENTIAL_PROCESS) else { return Ok(()) };
    let (command, name) = (&process.value, &profile.name);
    let is_theirs = |program: &&str| runs_for(command, program, name);
    if leads_to(command, name) || programs.iter().any(is_theirs) {
        return Ok(());
    }
    let what = format!("profile `{name}` has a credential_process too");
    Err(Error::misconfigured(&process.place, what)
        .about(name)
        .hint(format!("see the way: {}", hint::command("explain", name))))
}

/// Returns the lines that name the keys.
fn lines(
    mover: &Mover,
    profile: Option<&Profile>,
    name: &str,
    id: &AccessKeyId,
) -> Result<ProfileLines> {
    let get = |key| profile.and_then(|profile| profile.get(key));
    let region = mover.args.region.as_deref().filter(|_| get(keys::REGION).is_none());
    let mut lines = key_lines(profile, name, id, region)?;
    let process = get(keys::CREDENTIAL_PROCESS).map(|process| process.value.as_str());
    lines.expected.extend(process.map(|line| (keys::CREDENTIAL_PROCESS, SecretString::from(line))));
    Ok(lines)
}
