//! `rolecall sessions clear`: forgets sessions, in every store.

use std::cell::Cell;

use clap::Args;

use super::reach::keys_of;
use crate::app::call::AskPolicy;
use crate::app::context::Context;
use crate::app::options::Several;
use crate::app::stores::StoreOpener;
use crate::error::{Error, Result};
use crate::hint;
use crate::store::StoreError;
use crate::store::clear::{Clearing, Which};
use crate::store::index::Index;
use crate::store::remedy::remedy;
use crate::system::clock::SystemClock;
use crate::system::report::Report;

/// Forget the sessions of profiles, or all, in every store
///
/// The session that a profile ends in always goes. One on the way to it goes unless another
/// profile uses it too.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  rolecall sessions clear prod
  rolecall sessions clear               all of them")]
pub struct SessionsClearArgs {
    #[command(flatten)]
    pub selected: Several,
}

pub fn run(context: &Context, args: &SessionsClearArgs) -> Result<()> {
    clear(context, &args.selected.names())
}

/// Forgets the sessions of the named profiles, or all, in every store.
///
/// # Errors
/// A name is no profile, a session may be left in a store, or the call was interrupted.
pub fn clear(context: &Context, names: &[&str]) -> Result<()> {
    let which = if names.is_empty() { Which::All } else { Which::Keys(keys_of(context, names)?) };
    let opener = StoreOpener::new(context, &context.ui, AskPolicy::Allowed);
    let clearing = Clearing {
        stores: opener.all(),
        index: context.directories.index().map(Index::new),
        clock: &SystemClock,
        report: &context.ui,
        unlock: Cell::new(opener.unlock),
    };
    let cleared = clearing.clear(&which)?;
    context.ui.note(&match cleared.sessions.len() {
        0 => "there was no session to forget".to_owned(),
        1 => "1 session is forgotten".to_owned(),
        many => format!("{many} sessions are forgotten"),
    });
    match cleared.left.first() {
        None => Ok(()),
        Some((first, _)) => Err(may_be_left(&cleared.left).hint(
            match cleared.left.iter().find(|(_, cause)| is_closed(cause)) {
                Some((store, cause)) => {
                    format!("{}, then try again: {}", remedy(store, cause), again(names))
                }
                None => format!("see what is wrong with it: rolecall doctor --store {first}"),
            },
        )),
    }
}

/// Returns whether a person can open the store.
fn is_closed(cause: &StoreError) -> bool {
    matches!(cause, StoreError::Locked(_) | StoreError::Denied(_))
}

/// Returns the error for stores in which sessions may be left.
fn may_be_left(left: &[(&'static str, StoreError)]) -> Error {
    let stores = left.iter().map(|(store, _)| *store).collect::<Vec<_>>().join(" and ");
    let error = Error::store(format!("sessions may be left in the store {stores}"));
    left.iter().fold(error, |error, (store, cause)| error.cause(format!("{store}: {cause}")))
}

/// Returns the command that clears the same sessions.
fn again(names: &[&str]) -> String {
    let words = std::iter::once("rolecall sessions clear".into());
    words.chain(names.iter().map(|name| hint::profile(name))).collect::<Vec<_>>().join(" ")
}
