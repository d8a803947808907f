//! `rolecall keys remove`: takes long-term keys out of the store, and their lines out of the
//! profile.

use clap::Args;

use super::checks::{check_words, names_no_keys};
use super::lines::ProfileLines;
use super::signer::Signer;
use crate::app::call::AskPolicy;
use crate::app::context::Context;
use crate::app::service::CredentialsService;
use crate::app::stores::StoreOpener;
use crate::aws::names::AccessKeyId;
use crate::chain::process_command::target;
use crate::chain::{ProfileView, keys};
use crate::config::document::FileKind;
use crate::config::profiles::{Profile, Profiles};
use crate::error::{Error, Place, Result};
use crate::hint;
use crate::store::StoreName;
use crate::store::rotations::Journal;
use crate::system::report::Report;

/// Forget an access key: its secret in the store, and its lines in the profile
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  rolecall keys remove dev
  rolecall keys remove AKIAIOSFODNN7EXAMPLE           keys that no profile names any more

  rolecall keys remove dev --at-aws                   deletes it at AWS first

Without --at-aws AWS still knows the key afterwards.")]
pub struct KeysRemoveArgs {
    /// The profile of the keys, or their access key ID
    #[arg(value_name = "PROFILE")]
    pub profile: String,
    /// Delete the key at AWS too; no other profile may name it
    #[arg(long)]
    pub at_aws: bool,
    /// The only store to look in
    #[arg(long, value_name = "STORE", value_parser = StoreName::value_parser())]
    pub store: Option<StoreName>,
}

pub fn run(service: &CredentialsService, args: &KeysRemoveArgs) -> Result<()> {
    let context = service.context();
    check_words(&args.profile, &[], "remove")?;
    let profiles = context.profiles()?;
    let stored = StoreOpener::new(context, &context.ui, AskPolicy::Allowed).access_keys(args.store);
    let profile = profiles.profile(&args.profile)?;
    let named = profile.as_ref().and_then(|profile| profile.get(keys::STORED_KEY_ID));
    let id = AccessKeyId::new(named.map_or(&args.profile, |id| &id.value));
    let others = others(&profiles, &id, &args.profile);
    if named.is_none() && !others.is_empty() {
        let first = hint::command("keys remove", &others[0]);
        return Err(Error::configuration(format!("{id} is named by profile {}", list(&others)))
            .hint(format!("remove it there: {first}")));
    }
    if args.at_aws {
        check_deletable(context, (&args.profile, named.is_some()), &id, &others)?;
        let signer = Signer::new(service, &args.profile, &id)?;
        signer.delete(&signer.user()?, &id)?;
    }
    // The profile still names what a failing store has.
    let is_found = others.is_empty() && stored.remove(&id)?;
    match profile.as_ref().filter(|_| named.is_some()) {
        Some(profile) => take_lines(context, profile)?,
        None if is_found => {}
        None => return Err(unknown(profile.as_ref(), &args.profile)),
    }
    if others.is_empty() {
        forget_rotation(context, &id)?;
    }
    let what = if others.is_empty() {
        let at_aws = if args.at_aws { "deleted at AWS too" } else { "AWS still knows them" };
        format!("the keys {id} are forgotten; {at_aws}")
    } else {
        format!("the secret of {id} stays: it is named by profile {}", list(&others))
    };
    context.ui.note(&what);
    Ok(())
}

/// Refuses to delete a key at AWS that something still needs, or that nobody can sign for.
fn check_deletable(
    context: &Context,
    (typed, is_named): (&str, bool),
    id: &AccessKeyId,
    others: &[String],
) -> Result<()> {
    if let Some((old, _)) = Journal::new(context.directories.rotations()).find(id) {
        let what = format!("{id} is in the rotation of {old}, which is not finished");
        return Err(Error::failed(what)
            .at(Place::Option("--at-aws"))
            .about(typed)
            .hint("see which profile it is of, and finish or undo it: rolecall doctor"));
    }
    if !is_named {
        let what =
            format!("--at-aws: no profile names {id}, so that nothing can sign its deletion");
        let delete = hint::option("aws iam delete-access-key --access-key-id", id);
        return Err(Error::usage(what)
            .at(Place::Option("--at-aws"))
            .hint(format!("delete it with an administrator's profile: {delete}")));
    }
    match others.first() {
        None => Ok(()),
        Some(first) => {
            let what = format!("--at-aws: {id} is named by profile {} too", list(others));
            Err(Error::configuration(what)
                .at(Place::Option("--at-aws"))
                .about(typed)
                .hint(format!("remove it there first: {}", hint::command("keys remove", first))))
        }
    }
}

/// Forgets the rotation that a key was in: it cannot go on without its secret.
fn forget_rotation(context: &Context, id: &AccessKeyId) -> Result<()> {
    let journal = Journal::new(context.directories.rotations());
    let Some((old, rotation)) = journal.find(id) else { return Ok(()) };
    journal.forget(&old)?;
    let both = [Some(old.to_string()), rotation.new];
    let other = both.into_iter().flatten().find(|one| *one != id.as_str());
    let other = other.map(|other| format!("; the other key, {other}, stays")).unwrap_or_default();
    context.ui.warn(&format!("the rotation of {old} is forgotten with it{other}"));
    Ok(())
}

/// Returns the other profiles that name keys.
fn others(profiles: &Profiles, id: &AccessKeyId, own: &str) -> Vec<String> {
    let names_it = |name: &&str| {
        let profile = profiles.profile(name).ok().flatten();
        *name != own && profile.is_some_and(|p| p.value(keys::STORED_KEY_ID) == Some(id))
    };
    profiles.names().filter(names_it).map(str::to_owned).collect()
}

fn list(names: &[String]) -> String {
    names.iter().map(|name| format!("`{name}`")).collect::<Vec<_>>().join(", ")
}

/// Takes out the lines that `keys add` writes. The process stays where it leads to a role too.
fn take_lines(context: &Context, profile: &Profile) -> Result<()> {
    let has_role = ProfileView::from(profile).is_role();
    let goes = |key: &&str| match (*key, profile.get(key)) {
        (_, None) => false,
        (keys::CREDENTIAL_PROCESS, Some(process)) => {
            !has_role && target(&process.value).as_deref() == Some(&profile.name)
        }
        _ => true,
    };
    let all = [keys::STORED_KEY_ID, keys::HAND_OUT_KEYS, keys::CREDENTIAL_PROCESS];
    let unset: Vec<&'static str> = all.into_iter().filter(goes).collect();
    for file in [FileKind::Config, FileKind::Credentials] {
        let is_there = |key: &&str| profile.get(key).is_some_and(|p| p.file == file);
        let unset: Vec<_> = unset.iter().copied().filter(is_there).collect();
        if !unset.is_empty() {
            let profile = profile.name.to_string();
            ProfileLines { file, profile, unset, ..ProfileLines::default() }.write(context)?;
        }
    }
    Ok(())
}

fn unknown(profile: Option<&Profile>, typed: &str) -> Error {
    let unknown = || {
        Error::configuration(format!("`{typed}` is neither a profile nor a stored key"))
            .about(typed)
            .hint("see the keys that are stored: rolecall keys list")
    };
    profile.map_or_else(unknown, names_no_keys)
}
