//! Keys from the stores of another program, which keeps its own.

use std::collections::BTreeMap;

use secrecy::SecretString;

use super::mover::{Files, Moved, Mover, Outcome};
use crate::app::call::AskPolicy;
use crate::app::context::Context;
use crate::app::stores::StoreOpener;
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
                (Some(given.access_key_id.clone()), self.moved(name, &given))
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

    fn moved(&self, name: &str, given: &LongTermKeys) -> Result<Moved> {
        let context = self.mover.service.context();
        let id = AccessKeyId::new(&given.access_key_id);
        let profiles = self.mover.profiles()?;
        let profile = profiles.profile(name)?;
        if let Some(profile) = &profile {
            check_asked_by_sdks(profile)?;
            check_other_keys(profile, &id)?;
            self.check_process(profile)?;
        }
        let lines = self.lines(profile.as_ref(), name, &id)?;
        let after = lines.preview(&profiles).map_err(|error| match &profile {
            // A name with blanks, say: its section can be read, and is not made here.
            None => error.about(name).hint(format!(
                "begin its section by hand, then try again: {}",
                self.mover.again(name)
            )),
            Some(_) => error,
        })?;
        let again = self.mover.again(name);
        let wanted = Wanted { profile: name, id: &id, place: None, again: &again };
        let chain = planned(context, &after, &wanted)?;
        self.mover.finish((&chain, after), (&id, given), || {
            lines.write(context).map(drop).map_err(|error| (error, Files::AsBefore))
        })
    }

    /// Refuses a `credential_process` that gets something else than these keys.
    fn check_process(&self, profile: &Profile) -> Result<()> {
        let Some(process) = profile.get(keys::CREDENTIAL_PROCESS) else { return Ok(()) };
        let (command, name) = (&process.value, &profile.name);
        let is_theirs = |program: &&str| runs_for(command, program, name);
        if leads_to(command, name) || self.program.names().iter().any(is_theirs) {
            return Ok(());
        }
        let what = format!("profile `{name}` has a credential_process too");
        Err(Error::misconfigured(&process.place, what)
            .about(name)
            .hint(format!("see the way: {}", hint::command("explain", name))))
    }

    /// Returns the lines that name the keys.
    fn lines(
        &self,
        profile: Option<&Profile>,
        name: &str,
        id: &AccessKeyId,
    ) -> Result<ProfileLines> {
        let get = |key| profile.and_then(|profile| profile.get(key));
        let region = self.mover.args.region.as_deref();
        let mut lines =
            key_lines(profile, name, id, region.filter(|_| get(keys::REGION).is_none()))?;
        let process = get(keys::CREDENTIAL_PROCESS).map(|process| process.value.as_str());
        lines
            .expected
            .extend(process.map(|line| (keys::CREDENTIAL_PROCESS, SecretString::from(line))));
        Ok(lines)
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
