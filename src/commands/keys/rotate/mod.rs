//! `rolecall keys rotate`: a new access key in the place of an old one, in the order in which
//! nothing is lost wherever it is interrupted.

mod back;
mod forward;
mod propagation;
mod rotator;
mod switch;

use std::collections::BTreeMap;
use std::fs::File;
use std::time::Duration;

use chrono::TimeDelta;
use clap::Args;
use serde_json::{Value, json};

use self::rotator::{Done, Outcome, Rotator};
use super::checks::{check_words, names_no_keys};
use crate::app::call::AskPolicy;
use crate::app::context::Context;
use crate::app::key_age::KeyAges;
use crate::app::requests;
use crate::app::service::{CredentialsService, resolve};
use crate::app::stores::StoreOpener;
use crate::aws::duration;
use crate::aws::names::AccessKeyId;
use crate::chain::{Base, keys};
use crate::config::profiles::{Profile, Profiles};
use crate::error::{Error, Kind, Place, Result};
use crate::hint;
use crate::output::{print, print_line, table};
use crate::store::rotations::Journal;
use crate::system::exit::Exit;
use crate::system::locks::{FileLocks, Locks};
use crate::system::report::Report;

/// The name of the lock that lets one rotation go on at a time.
const LOCK: &str = "rotate-keys";
/// How long another rotation is waited for: it may ask for two codes and wait for AWS.
const LOCK_TIMEOUT: Duration = Duration::from_secs(600);

/// Make a new access key in the place of an old one, and switch the old one off
///
/// A new key is made, kept in the store beside the old one, and used until AWS has taken it three
/// times in a row. Then every profile that named the old key names the new one, and the new one
/// switches the old one off. The old one stays, to go back to, until --finish deletes it.
/// What was interrupted goes on with the next call.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  rolecall keys rotate dev
  rolecall keys rotate dev --finish                   once everything works with the new key
  rolecall keys rotate dev --undo                     back to the old key
  rolecall keys rotate --all --max-age 90d            every stored key that is older

Calls of IAM are signed by the keys themselves or, where the profile names an MFA device, by a \
session with MFA: once of the old key, once of the new one.")]
pub struct KeysRotateArgs {
    /// The profile of the keys
    #[arg(value_name = "PROFILE", conflicts_with = "all")]
    pub profile: Option<String>,
    /// Every stored key that is older than it may be; with --finish or --undo, every rotation
    #[arg(long)]
    pub all: bool,
    /// Rotate only what is older than this (default for --all: max_key_age of settings.ini, 90d)
    #[arg(long, value_name = "DURATION", value_parser = duration::parse_typed,
        conflicts_with_all = ["finish", "undo"])]
    pub max_age: Option<u32>,
    #[command(flatten)]
    pub end: EndOptions,
    /// Print one JSON array: what came of each key
    #[arg(long)]
    pub json: bool,
}

/// How a rotation ends.
#[derive(Debug, Clone, Copy, Args)]
pub struct EndOptions {
    /// Delete the old key at AWS and in the store
    #[arg(long, conflicts_with = "undo")]
    pub finish: bool,
    /// Use the old key again, and delete the new one
    #[arg(long)]
    pub undo: bool,
}

/// What came of the key of some profiles.
struct Row {
    profiles: Vec<String>,
    id: AccessKeyId,
    result: Result<Done>,
}

pub fn run(service: &CredentialsService, args: &KeysRotateArgs) -> Result<Exit> {
    let context = service.context();
    let stored = StoreOpener::new(context, &context.ui, AskPolicy::Allowed).access_keys(None);
    let rotator =
        Rotator { service, stored, journal: Journal::new(context.directories.rotations()) };
    if args.profile.is_none() && !args.all {
        return Err(Error::usage("which profile is meant? name it, or give --all")
            .at(Place::Option("--all"))
            .hint("see the keys that are stored: rolecall keys list"));
    }
    if let Some(name) = &args.profile {
        check_words(name, &[], "rotate")?;
        named_by(context, &context.profiles()?, name)?;
    }
    let _lock = lock(context)?;
    // Another rotation may have changed them while this one waited.
    let profiles = context.profiles()?;
    let chosen = match &args.profile {
        Some(name) => vec![(named_by(context, &profiles, name)?, vec![name.clone()])],
        None => due(&rotator, &profiles, args),
    };
    let mut rows = Vec::new();
    for (done, (id, names)) in chosen.iter().enumerate() {
        context.ui.progress(&format!("{} of {}: {id} …", done + 1, chosen.len()));
        let result = one(&rotator, args, &names[0], id);
        match result {
            Err(error) if !args.all || error.kind() == Kind::Interrupted => return Err(error),
            Err(ref error) => context.ui.error(error),
            Ok(_) => {}
        }
        rows.push(Row { profiles: names.clone(), id: id.clone(), result });
    }
    show(context, args, &rows)?;
    let has_failed = rows.iter().any(|row| row.result.is_err());
    Ok(if has_failed { Exit::from(Kind::Failed.exit_code()) } else { Exit::SUCCESS })
}

/// Lets one rotation go on at a time.
///
/// # Errors
/// When another one takes too long, no lock can be had, or the wait is interrupted.
fn lock(context: &Context) -> Result<File> {
    let limit = context.settings.lock_timeout();
    let folders = context.directories.locks();
    let locks = FileLocks::new(folders, limit, context.runtime.clone(), &context.ui);
    locks.acquire(LOCK, "a rotation of access keys", LOCK_TIMEOUT)?.ok_or_else(|| {
        Error::failed("no lock can be had, without which two rotations could meet")
            .at(Place::variable("XDG_CACHE_HOME"))
            .hint("see which folders there are: rolecall doctor")
    })
}

/// Returns the key in the store that a profile names.
fn named_by(context: &Context, profiles: &Profiles, name: &str) -> Result<AccessKeyId> {
    let profile = profiles.profile(name)?.ok_or_else(|| profiles.unknown(name))?;
    match profile.value(keys::STORED_KEY_ID) {
        Some(id) => Ok(AccessKeyId::new(id)),
        None => Err(not_stored(context, profiles, &profile)),
    }
}

fn not_stored(context: &Context, profiles: &Profiles, profile: &Profile) -> Error {
    let name = &profile.name;
    if let Some(secret) = profile.get(keys::SECRET_ACCESS_KEY) {
        let what = format!("profile `{name}` has its keys in plain text");
        return Error::misconfigured(&secret.place, what).about(name).hint(format!(
            "move them into the store first: {}",
            hint::command("keys import", name)
        ));
    }
    let chain = resolve(context, profiles, &requests::of_profile(context, name)).ok();
    let base = chain.filter(|chain| matches!(chain.plan.base, Base::Stored(_)));
    let error = names_no_keys(profile);
    match base.and_then(|chain| chain.plan.base_profile) {
        Some(base) => error
            .hint(format!("rotate those of its source: {}", hint::command("keys rotate", &base))),
        None => error,
    }
}

/// Returns the keys that are meant by `--all`, with the profiles that name each.
fn due(
    rotator: &Rotator,
    profiles: &Profiles,
    args: &KeysRotateArgs,
) -> Vec<(AccessKeyId, Vec<String>)> {
    let mut named = BTreeMap::<String, Vec<String>>::new();
    for name in profiles.names() {
        let profile = profiles.profile(name).ok().flatten();
        if let Some(id) = profile.as_ref().and_then(|profile| profile.value(keys::STORED_KEY_ID)) {
            named.entry(id.to_owned()).or_default().push(name.to_owned());
        }
    }
    let is_end = args.end.finish || args.end.undo;
    let ages = KeyAges::read(rotator.context());
    let limit = max_age(args).or(ages.limit);
    let is_due = |id: &AccessKeyId| match rotator.journal.find(id) {
        Some((_, rotation)) => is_end || rotation.switched_off_at.is_none(),
        None => !is_end && ages.of(id).zip(limit).is_some_and(|(age, limit)| age >= limit),
    };
    let all = named.into_iter().map(|(id, names)| (AccessKeyId::new(&id), names));
    all.filter(|(id, _)| is_due(id)).collect()
}

/// Returns the age that was typed.
fn max_age(args: &KeysRotateArgs) -> Option<TimeDelta> {
    args.max_age.map(|seconds| TimeDelta::seconds(i64::from(seconds)))
}

fn one(rotator: &Rotator, args: &KeysRotateArgs, profile: &str, id: &AccessKeyId) -> Result<Done> {
    if !args.end.finish && !args.end.undo {
        let age = KeyAges::read(rotator.context()).of(id);
        let is_young = max_age(args).zip(age).is_some_and(|(limit, age)| age < limit);
        if is_young && rotator.course(profile, id).is_none() {
            return Ok(Done { old: id.clone(), new: None, outcome: Outcome::NotDue });
        }
        return rotator.rotate(profile, id);
    }
    let course = rotator.course(profile, id).ok_or_else(|| {
        Error::failed(format!("{id} of profile `{profile}` is in no rotation that is not finished"))
            .about(profile)
            .hint("see the keys that are stored: rolecall keys list")
    })?;
    if args.end.finish { rotator.finish(course) } else { rotator.undo(course) }
}

fn show(context: &Context, args: &KeysRotateArgs, rows: &[Row]) -> Result<()> {
    let outcome = |row: &Row| row.result.as_ref().map_or("failed", |done| done.outcome.name());
    let old = |row: &Row| row.result.as_ref().map_or(&row.id, |done| &done.old).to_string();
    let new = |row: &Row| {
        let done = row.result.as_ref().ok()?;
        done.new.as_ref().map(ToString::to_string)
    };
    if args.json {
        let json = |row: &Row| {
            json!({
                "profiles": row.profiles,
                "access_key_id": old(row),
                "new_access_key_id": new(row),
                "result": outcome(row).replace(' ', "_"),
                "error": row.result.as_ref().err().map(ToString::to_string),
            })
        };
        return print_line(rows.iter().map(json).collect::<Value>());
    }
    if rows.is_empty() {
        let what = if args.end.finish || args.end.undo { "is in a rotation" } else { "is older" };
        context.ui.note(&format!("no stored key {what}; see their age: rolecall keys list"));
        return Ok(());
    }
    let cells = |row: &Row| {
        let new = table::or_dash(new(row).as_deref());
        vec![row.profiles.join(", "), old(row), new, outcome(row).to_owned()]
    };
    let cells: Vec<_> = rows.iter().map(cells).collect();
    print(&table::plain(&["PROFILE", "OLD KEY", "NEW KEY", "RESULT"], &cells))?;
    if rows.iter().any(|row| outcome(row) == Outcome::Rotated.name()) {
        let who = args.profile.as_deref().map_or_else(
            || "rolecall keys rotate --all".to_owned(),
            |name| hint::command("keys rotate", name),
        );
        context.ui.hint(&format!("once everything works, delete the old key: {who} --finish"));
        context.ui.hint(&format!("or go back to it: {who} --undo"));
    }
    Ok(())
}
