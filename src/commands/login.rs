//! `rolecall login`: sessions fetched ahead of time, for many profiles with as few questions as
//! there can be.

use std::collections::HashMap;
use std::process::ExitCode;

use chrono::{DateTime, SecondsFormat, Utc};
use serde_json::{Value, json};

use crate::app::context::Context;
use crate::app::credentials::{FOR_SDKS, Walks, chain_in, load};
use crate::aws::{Credentials, duration};
use crate::chain::base::is_settings_only;
use crate::chain::session_key::{SessionKey, SessionKeys};
use crate::chain::{Chain, Step};
use crate::cli::{self, Login};
use crate::config::profiles::Profiles;
use crate::error::{Error, Kind, Result};
use crate::executor::{Origin, Walked, is_cacheable};
use crate::output::print;
use crate::store::{StoreName, UnlockPolicy};
use crate::system::clock::Clock;
use crate::system::clock::SystemClock;
use crate::system::report::Report;

/// One profile, or the default chain, and how far it came.
struct Task {
    /// The profile; `None` where the default chain leads to none.
    name: Option<String>,
    outcome: Result<Chain>,
    result: Option<Walked>,
}

pub fn run(context: &Context, args: &Login) -> Result<ExitCode> {
    let profiles = load(context)?;
    let options = cli::Credentials {
        selected: cli::Selected::default(),
        mfa_token: args.mfa_token.clone(),
        refresh: args.refresh,
        min_ttl: args.min_ttl,
        no_cache: false,
        yes: args.yes,
        store: args.store,
        role: cli::Role {
            duration: args.duration,
            region: args.region.clone(),
            no_mfa_session: args.no_mfa_session,
            ..cli::Role::default()
        },
    };
    if args.store.or(context.settings.store) == Some(StoreName::None) {
        context
            .ui
            .warn("the store none keeps nothing, so that each call will fetch its session again");
    }
    let mut tasks = tasks(context, &profiles, args, &options);
    if tasks.is_empty() {
        context.ui.note("there is no profile that a session could be fetched for");
    }
    let walks = Walks::new(context, &options, FOR_SDKS, UnlockPolicy::Ask);
    let order = order(&tasks);
    for (done, at) in order.iter().enumerate() {
        let task = &mut tasks[*at];
        context.ui.progress(&format!(
            "{} of {}: waiting for {} …",
            done + 1,
            order.len(),
            task.name()
        ));
        fetch(context, &walks, task)?;
    }
    if args.json {
        print(&format!("{}\n", Value::Array(tasks.iter().map(Task::json).collect())))?;
    }
    let failed = tasks.iter().find_map(|task| task.outcome.as_ref().err());
    Ok(failed.map_or(ExitCode::SUCCESS, |error| ExitCode::from(error.kind.exit_code())))
}

/// What is to be done, in the order in which it was typed.
fn tasks(
    context: &Context,
    profiles: &Profiles,
    args: &Login,
    options: &cli::Credentials,
) -> Vec<Task> {
    let resolve = |name: Option<&str>| {
        let selected = cli::Selected { positional: name.map(str::to_owned), profile: None };
        chain_in(context, profiles, &cli::Credentials { selected, ..options.clone() }, !args.all)
    };
    let task = |name: Option<&str>, outcome: Result<Chain>| {
        let found = outcome
            .as_ref()
            .ok()
            .and_then(|chain| chain.profile.as_ref())
            .map(|profile| profile.name.clone());
        Task { name: name.map(str::to_owned).or(found), outcome, result: None }
    };
    if !args.all {
        let names = args.selected.names();
        let names =
            if names.is_empty() { vec![None] } else { names.into_iter().map(Some).collect() };
        return names.into_iter().map(|name| task(name, resolve(name))).collect();
    }
    let mut tasks = Vec::new();
    for name in profiles.names() {
        match resolve(Some(name)) {
            Ok(chain) if is_cacheable(&chain) => tasks.push(task(Some(name), Ok(chain))),
            Ok(_) => context.ui.decided(&|| format!("{name}: there is nothing to fetch")),
            Err(_)
                if profiles.profile(name).is_ok_and(|profile| {
                    profile.is_some_and(|profile| is_settings_only(&profile))
                }) => {}
            Err(error) => context.ui.warn(&format!("profile `{name}` is left out: {error}")),
        }
    }
    tasks
}

/// The order in which to fetch: first the chains whose code serves others too, and all of one
/// identity together.
fn order(tasks: &[Task]) -> Vec<usize> {
    let mut identities: HashMap<SessionKey, usize> = HashMap::new();
    let mut rank = |task: &Task| {
        let Ok(chain) = &task.outcome else { return (false, usize::MAX) };
        let next = identities.len();
        let identity = *identities.entry(SessionKeys::of(chain).base).or_insert(next);
        (!matches!(chain.steps.first(), Some(Step::GetSessionToken(_))), identity)
    };
    let mut order: Vec<_> = tasks.iter().map(&mut rank).zip(0..).collect();
    order.sort_unstable();
    order.into_iter().map(|(_, at)| at).collect()
}

/// Fetches for one profile and says what came of it; only an interruption ends the whole.
fn fetch(context: &Context, walks: &Walks, task: &mut Task) -> Result<()> {
    let walked = match &task.outcome {
        Ok(chain) => walks.walk(chain),
        Err(error) => Err(error.clone()),
    };
    match walked {
        Ok(walked) => {
            context.ui.note(&format!("{}: {}", task.name(), said(&walked)));
            task.result = Some(walked);
        }
        Err(error) if error.kind == Kind::Interrupted => return Err(error),
        Err(error) => {
            let error = task.place(error);
            context.ui.error(&error);
            task.outcome = Err(error);
        }
    }
    Ok(())
}

fn said(walked: &Walked) -> String {
    let left = match walked.credentials.expires_at() {
        Some(end) => format!("{} left", duration::render((end - SystemClock.now()).num_seconds())),
        None => "without an end".to_owned(),
    };
    match (&walked.credentials, walked.origin) {
        (Credentials::LongTerm(_), _) => "long-term keys, there is nothing to fetch".to_owned(),
        (_, Origin::Source) => {
            format!("a session that stands there as it is, {left}; there is nothing to fetch")
        }
        (_, Origin::Cached) => format!("ok, {left} (kept from before)"),
        (_, Origin::New) => format!("ok, {left}"),
    }
}

impl Task {
    fn name(&self) -> &str {
        match (&self.name, &self.outcome) {
            (Some(name), _) => name,
            (None, Ok(chain)) => chain.name(),
            (None, Err(_)) => "the default chain",
        }
    }

    /// Makes an error name the profile.
    fn place(&self, error: Error) -> Error {
        let says = |name: &str| {
            error.message.contains(name) || error.causes.iter().any(|cause| cause.contains(name))
        };
        match &self.name {
            Some(name) if !says(name) => error.cause(format!("profile `{name}`")),
            _ => error,
        }
    }

    fn json(&self) -> Value {
        let end = self.result.as_ref().and_then(|walked| walked.credentials.expires_at());
        json!({
            "profile": self.name,
            "expiration": end.map(|end: DateTime<Utc>| end.to_rfc3339_opts(SecondsFormat::Secs, true)),
            "origin": self.result.as_ref().map(|walked| match walked.origin {
                Origin::Source => "source",
                Origin::Cached => "cached",
                Origin::New => "new",
            }),
            "error": self.outcome.as_ref().err().map(ToString::to_string),
        })
    }
}
