//! Keys from the stores of another program, which keeps its own.

use std::collections::BTreeMap;

use super::into_profile::into_profile;
use super::mover::{Moved, Mover, Outcome};
use crate::app::call::AskPolicy;
use crate::app::context::Context;
use crate::app::stores::StoreOpener;
use crate::error::{Error, Result};
use crate::other_stores::{Access, Content, OtherStore, Program};
use crate::store::UnlockPolicy;
use crate::system::report::Report;

/// Moves the keys of the profiles that are meant.
///
/// # Errors
/// Where a store cannot be read, one is meant that no store has, or the command ends before it is
/// through.
pub fn import(mover: &Mover, program: Program) -> Result<Vec<Outcome>> {
    let context = mover.service.context();
    let unlock = StoreOpener::new(context, &context.ui, AskPolicy::Allowed).unlock;
    let ask_hidden = |question: &str| context.ask_hidden(question);
    let access = Access {
        environment: &context.environment,
        directories: &context.directories,
        runtime: &context.runtime,
        report: &context.ui,
        unlock,
        limit: match unlock {
            UnlockPolicy::Ask => context.settings.prompt_timeout(),
            UnlockPolicy::Never => context.settings.process_timeout(),
        },
        ask_hidden: &ask_hidden,
    };
    let stores = program.stores(access)?;
    let import = Import { mover, program, found: find(context, program, &stores)? };
    let outcomes = mover.each(&import.chosen()?, |name| import.one(name))?;
    import.say_what_stays(context, &outcomes);
    Ok(outcomes)
}

/// Which store has a name.
type Found<'a> = BTreeMap<String, &'a dyn OtherStore>;

/// Looks into each store. A name that several have is taken from the first, as the program does.
fn find<'a>(
    context: &Context,
    program: Program,
    stores: &'a [Box<dyn OtherStore + 'a>],
) -> Result<Found<'a>> {
    let mut found: Found = BTreeMap::new();
    let mut absent = Vec::new();
    for store in stores {
        if store.is_last_resort() && absent.len() < stores.len() - 1 {
            continue;
        }
        let Some(names) = store.names()? else {
            absent.push(store.title());
            continue;
        };
        for name in names.into_iter().filter(|name| program.may_name_keys(name)) {
            if let Some(first) = found.get(&name) {
                context.ui.warn(&format!(
                    "`{name}` is taken from the {}, and not from the {}; {} chooses",
                    first.title(),
                    store.title(),
                    program.choose_store()
                ));
            } else {
                found.insert(name, store.as_ref());
            }
        }
    }
    if absent.len() == stores.len() {
        let error = Error::failed(format!("no store of {} was found", program.name()));
        let error = absent.iter().fold(error, |error, store| error.cause(format!("no {store}")));
        return Err(error.hint(format!("see what it has itself: {}", program.list())));
    }
    Ok(found)
}

/// What holds for all profiles of one call.
struct Import<'a, 'm> {
    mover: &'a Mover<'m>,
    program: Program,
    found: Found<'a>,
}

impl Import<'_, '_> {
    /// Returns the names that are meant.
    fn chosen(&self) -> Result<Vec<String>> {
        if self.mover.args.all {
            let profiles = self.mover.profiles()?;
            let is_profile = |name: &str| !matches!(profiles.profile(name), Ok(None));
            let all = self.found.iter();
            let meant = all.filter(|(name, store)| !store.is_shared() || is_profile(name));
            return Ok(meant.map(|(name, _)| name.clone()).collect());
        }
        let names = self.mover.args.selected.names();
        match names.iter().find(|name| !self.found.contains_key(**name)) {
            Some(name) => Err(self.unknown(name)),
            None => Ok(names.into_iter().map(str::to_owned).collect()),
        }
    }

    fn unknown(&self, name: &str) -> Error {
        let program = self.program.name();
        Error::failed(format!("{program} has no keys under the name `{name}`"))
            .about(name)
            .hint(format!("see what it has: rolecall keys import --all --from {program} --dry-run"))
    }

    /// Moves the keys that lie under a name, and returns their ID.
    fn one(&self, name: &str) -> (Option<String>, Result<Moved>) {
        let Some(store) = self.found.get(name) else { return (None, Err(self.unknown(name))) };
        match store.read(name) {
            Ok(Content::Keys(given)) => {
                let moved = into_profile(self.mover, name, &given, self.program.names());
                (Some(given.access_key_id.clone()), moved)
            }
            Ok(Content::Other(what)) if self.mover.args.all => (None, Ok(Moved::PassedOver(what))),
            Ok(Content::Other(what)) => {
                let place = store.title();
                let error = Error::failed(format!("{place}: `{name}`: {what}")).about(name);
                let others = format!(
                    "see what else there is: rolecall keys import --all --from {} --dry-run",
                    self.program.name()
                );
                (None, Err(error.hint(others)))
            }
            Err(error) => (None, Err(error.about(name))),
        }
    }

    /// Says how the other program's keys are deleted, which are still there.
    fn say_what_stays(&self, context: &Context, outcomes: &[Outcome]) {
        let moved = outcomes.iter().filter(|outcome| matches!(outcome.result, Ok(Moved::Yes)));
        let moved: Vec<&Outcome> = moved.collect();
        let Some(first) = moved.first() else { return };
        let what =
            if moved.len() == 1 { "its copy" } else { "its copies, here of the first profile" };
        context.ui.hint(&format!(
            "{} still has them; delete {what}: {}",
            self.program.name(),
            self.program.remove(&first.profile)
        ));
    }
}
