//! `rolecall sessions clear`: forgets sessions, in every store.

use std::cell::Cell;
use std::collections::{BTreeSet, HashMap, HashSet};
use std::process::ExitCode;

use clap::Args;

use super::chains::{along, chains};
use crate::app::call::AskPolicy;
use crate::app::context::Context;
use crate::app::options::Several;
use crate::app::requests;
use crate::app::service::resolve;
use crate::app::stores::StoreOpener;
use crate::chain::NearMisses;
use crate::chain::session_key::SessionKeys;
use crate::error::{Error, Result};
use crate::hint;
use crate::store::StoreError;
use crate::store::clear::{Clearing, Which};
use crate::store::index;
use crate::system::clock::SystemClock;
use crate::system::report::Report;

/// Forget the sessions of profiles, or all, in every store
///
/// The session that a profile ends in always goes. One on the way to it goes unless another
/// profile uses it too.
#[derive(Debug, Args)]
#[command(
    after_help = "Examples:\n  rolecall sessions clear prod\n  rolecall sessions clear               all of them"
)]
pub struct SessionsClearArgs {
    #[command(flatten)]
    pub selected: Several,
}

pub fn run(context: &Context, args: &SessionsClearArgs) -> Result<ExitCode> {
    clear(context, &args.selected.names())
}

/// Forgets the sessions of the named profiles, or all.
pub fn clear(context: &Context, names: &[&str]) -> Result<ExitCode> {
    let which = if names.is_empty() { Which::All } else { Which::Keys(keys(context, names)?) };
    let clearing = Clearing {
        stores: StoreOpener::new(context, &context.ui, AskPolicy::Allowed).all(),
        index: context.directories.index(),
        clock: &SystemClock,
        report: &context.ui,
        person: Cell::new(context.is_attended()),
    };
    let cleared = clearing.clear(&which);
    context.ui.note(&match cleared.sessions.len() {
        0 => "there was no session to forget".to_owned(),
        1 => "1 session is forgotten".to_owned(),
        many => format!("{many} sessions are forgotten"),
    });
    if cleared.left.is_empty() {
        return Ok(ExitCode::SUCCESS);
    }
    let stores = cleared.left.iter().map(|(store, _)| *store).collect::<Vec<_>>().join(" and ");
    let mut error = Error::store(format!("sessions may be left in the store {stores}"));
    for (store, cause) in &cleared.left {
        error = error.cause(format!("{store}: {cause}"));
    }
    let locked = cleared.left.iter().any(|(_, cause)| matches!(cause, StoreError::Locked(_)));
    Err(error.hint(if locked {
        let again = std::iter::once("rolecall sessions clear".into())
            .chain(names.iter().map(|name| hint::profile(name)));
        format!("unlock it, then try again: {}", again.collect::<Vec<_>>().join(" "))
    } else {
        format!("see what is wrong with it: rolecall doctor --store {}", cleared.left[0].0)
    }))
}

/// The keys of what goes with these profiles: what each ends in, what only they pass on the way,
/// and what the index keeps in their names though no profile leads there any more (they were
/// edited, or options shaped it).
fn keys(context: &Context, names: &[&str]) -> Result<BTreeSet<String>> {
    let profiles = context.profiles()?;
    let entries = context.directories.index().map(|path| index::read(&path)).unwrap_or_default();
    let mut missing: HashSet<&str> = names.iter().copied().collect();
    let chosen = missing.clone();
    let (mut ends, mut passed, mut others) = (BTreeSet::new(), BTreeSet::new(), HashMap::new());
    for (name, chain) in chains(context, &profiles) {
        let keys = SessionKeys::of(&chain);
        if chosen.contains(name) {
            missing.remove(name);
            ends.insert(keys.last().as_str().to_owned());
            passed.extend(along(&keys).map(|key| key.as_str().to_owned()));
        } else {
            others.extend(along(&keys).map(|key| (key.as_str().to_owned(), name)));
        }
    }
    let mut strays = BTreeSet::new();
    for (key, entry) in &entries {
        if chosen.contains(entry.profile.as_str())
            && !passed.contains(key)
            && !others.contains_key(key)
        {
            missing.remove(entry.profile.as_str());
            strays.insert(key.clone());
        }
    }
    for name in names.iter().filter(|name| missing.contains(*name)) {
        let request = requests::of_profile(context, name).with_near_misses(NearMisses::Search);
        resolve(context, &profiles, &request)?;
    }
    let mut shared = passed.iter().filter(|key| !ends.contains(*key) && entries.contains_key(*key));
    if let Some(other) = shared.find_map(|key| others.get(key)) {
        context.ui.note(&format!("a session that profile `{other}` uses too stays; to forget all: rolecall sessions clear"));
    }
    passed.retain(|key| ends.contains(key) || !others.contains_key(key));
    passed.extend(strays);
    Ok(passed)
}
