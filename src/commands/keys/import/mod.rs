//! `rolecall keys import`: moves long-term keys into the store, from plain text, from the
//! environment and from the stores of other programs.

mod args;
mod into_profile;
mod mover;
mod other_program;
mod plain_text;
mod variables;

use serde_json::{Value, json};

pub use self::args::KeysImportArgs;
use self::args::Source;
use self::mover::{Moved, Mover, Outcome};
pub use self::plain_text::all as in_plain_text;
use super::checks::target;
use crate::app::call::AskPolicy;
use crate::app::context::Context;
use crate::app::service::CredentialsService;
use crate::app::shared_files::diff;
use crate::app::stores::StoreOpener;
use crate::config::document::FileKind;
use crate::config::profiles::Profiles;
use crate::error::{Error, Kind, Result};
use crate::other_stores::Program;
use crate::output::{print, print_line, table};
use crate::system::exit::Exit;
use crate::system::report::Report;

pub fn run(service: &CredentialsService, args: &KeysImportArgs) -> Result<Exit> {
    let context = service.context();
    if args.selected.names().is_empty() && !args.all {
        return Err(Error::usage("which profiles are meant? name them, or give --all").hint(
            format!("see what would be moved: rolecall keys import {} --dry-run", args.all()),
        ));
    }
    let before = context.profiles()?;
    let (outcomes, after) = import(service, args)?;
    show(context, args, &outcomes)?;
    if args.dry_run && !args.json {
        let diff_of = |file| diff(context, before.document(file), after.document(file));
        print(&FileKind::ALL.map(diff_of).concat())?;
    }
    let has_failed = outcomes.iter().any(|outcome| outcome.result.is_err());
    Ok(if has_failed { Exit::from(Kind::Failed.exit_code()) } else { Exit::SUCCESS })
}

/// Returns what would come of each profile, as a table, and the shared files as they would be.
///
/// # Errors
/// As a dry run of it.
pub fn preview(service: &CredentialsService, args: KeysImportArgs) -> Result<(String, Profiles)> {
    let (outcomes, after) = import(service, &KeysImportArgs { dry_run: true, ..args })?;
    Ok((table(&outcomes), after))
}

/// Moves what is meant, and returns the shared files as they are then, or would be.
fn import(service: &CredentialsService, args: &KeysImportArgs) -> Result<(Vec<Outcome>, Profiles)> {
    let context = service.context();
    let target = target(&context.settings, args.store)?;
    let stored = StoreOpener::new(context, &context.ui, AskPolicy::Allowed).access_keys(args.store);
    let mover = Mover::new(service, args, target, stored);
    let outcomes = match args.from {
        Source::Credentials => plain_text::import(&mover)?,
        Source::Env => variables::import(&mover)?,
        Source::AwsVault => other_program::import(&mover, Program::AwsVault)?,
        Source::Granted => other_program::import(&mover, Program::Granted)?,
    };
    let after = mover.profiles()?;
    Ok((outcomes, after))
}

fn show(context: &Context, args: &KeysImportArgs, outcomes: &[Outcome]) -> Result<()> {
    if args.json {
        let json = |outcome: &Outcome| {
            let why = match outcome.result {
                Ok(Moved::PassedOver(why)) => Some(why.to_owned()),
                Ok(_) => None,
                Err(ref error) => Some(error.to_string()),
            };
            json!({
                "profile": outcome.profile,
                "access_key_id": outcome.access_key_id,
                "result": outcome.word().replace(' ', "_"),
                "error": why.filter(|_| outcome.result.is_err()),
            })
        };
        return print_line(outcomes.iter().map(json).collect::<Value>());
    }
    if outcomes.is_empty() {
        let place = match args.from {
            Source::Credentials => "in plain text",
            _ => "there",
        };
        context.ui.note(&format!("no profile holds long-term keys {place}"));
        return Ok(());
    }
    print(&table(outcomes))
}

fn table(outcomes: &[Outcome]) -> String {
    let cells = |outcome: &Outcome| {
        let id = table::or_dash(outcome.access_key_id.as_deref());
        let why = match outcome.result {
            Ok(Moved::PassedOver(why)) => format!(": {why}"),
            _ => String::new(),
        };
        vec![outcome.profile.clone(), id, format!("{}{why}", outcome.word())]
    };
    let rows: Vec<_> = outcomes.iter().map(cells).collect();
    table::plain(&["PROFILE", "ACCESS KEY", "RESULT"], &rows)
}
