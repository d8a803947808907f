//! `rolecall login`: sessions fetched ahead of time, for many profiles with as few questions as
//! there can be.

use std::collections::HashMap;
use std::process::ExitCode;

use chrono::{DateTime, SecondsFormat, TimeDelta, Utc};
use clap::Args;
use serde_json::{Value, json};

use crate::app::call::{Call, Caller};
use crate::app::context::Context;
use crate::app::options::{self, CredentialOptions, Selected, Several};
use crate::app::requests;
use crate::app::service::{Acquirer, CredentialsService};
use crate::aws::{Credentials, duration};
use crate::chain::session_key::{SessionKey, SessionKeys};
use crate::chain::{Caching, Chain, NearMisses, ProfileView, RoleOptions, Step};
use crate::config::profiles::Profiles;
use crate::error::{Error, Kind, Result};
use crate::executor::{Acquired, Origin};
use crate::output::print;
use crate::store::StoreName;
use crate::system::clock::{Clock, SystemClock};
use crate::system::report::Report;

/// Fetch sessions, and ask for what they need, ahead of time
///
/// Without a profile, for the SDKs' default chain. One profile that fails keeps none of the others
/// from it; the exit code is that of the first that failed.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  rolecall login dev staging prod       one MFA code serves all roles of an identity
  rolecall login --all --mfa-token 123456
  rolecall login prod --refresh --json")]
#[expect(clippy::struct_excessive_bools, reason = "each is an option of its own")]
pub struct LoginArgs {
    #[command(flatten)]
    pub selected: Several,
    /// Every profile that there is a session to fetch for
    #[arg(long, conflicts_with_all = ["positional", "profile"])]
    pub all: bool,
    /// Print one JSON array: what came of each profile
    #[arg(long)]
    pub json: bool,
    /// Token code of the MFA device, instead of the first question
    #[arg(long, value_name = "CODE", value_parser = options::token_code)]
    pub mfa_token: Option<String>,
    /// Fetch new sessions; the cached ones stay until the new ones exist
    #[arg(long)]
    pub refresh: bool,
    /// Confirm new sessions of profiles with `rolecall_confirm`, where settings.ini has `allow_yes
    /// = true`
    #[arg(long)]
    pub yes: bool,
    /// How long a cached session must live to be left as it is (default: 15m)
    #[arg(long, value_name = "DURATION", value_parser = duration::parse_typed)]
    pub min_ttl: Option<u32>,
    /// Where sessions are kept
    #[arg(long, value_enum, value_name = "STORE")]
    pub store: Option<StoreName>,
    /// Session length: 15m to 12h, at most 1h for a chained role; for calls with the same
    /// --duration
    #[arg(long, value_name = "DURATION", value_parser = duration::parse_typed)]
    pub duration: Option<u32>,
    /// Region of the calls; for calls with the same --region
    #[arg(long, value_name = "NAME")]
    pub region: Option<String>,
    /// Ask for a code for each role, instead of once for all roles of the same keys
    #[arg(long)]
    pub no_mfa_session: bool,
}

/// One profile, or the default chain, and how far it came.
struct Task {
    /// The profile; `None` where the default chain leads to none.
    name: Option<String>,
    outcome: Result<Chain>,
    result: Option<Acquired>,
}

pub fn run(service: &CredentialsService, args: &LoginArgs) -> Result<ExitCode> {
    let context = service.context();
    let profiles = context.profiles()?;
    let options = CredentialOptions {
        selected: Selected::default(),
        mfa_token: args.mfa_token.clone(),
        refresh: args.refresh,
        min_ttl: args.min_ttl,
        no_cache: false,
        yes: args.yes,
        store: args.store,
        role: RoleOptions {
            duration: args.duration,
            region: args.region.clone(),
            no_mfa_session: args.no_mfa_session,
            ..RoleOptions::default()
        },
    };
    if context.settings.caching(args.store) == Caching::Off {
        context
            .ui
            .warn("the store none keeps nothing, so that each call will fetch its session again");
    }
    let mut tasks = tasks(service, &profiles, args, &options);
    if tasks.is_empty() {
        context.ui.note("there is no profile that a session could be fetched for");
    }
    let min_ttl = args.min_ttl.or(context.settings.min_ttl());
    let min_ttl = min_ttl.map(|seconds| TimeDelta::seconds(i64::from(seconds)));
    let call = Call {
        // What SDKs will ask for is to be there already.
        min_ttl: min_ttl.or(Some(Caller::Sdk.min_ttl())),
        ..Call::typed(&options, Caller::Person)
    };
    let sessions = service.acquirer(&call);
    let order = order(&tasks);
    for (done, at) in order.iter().enumerate() {
        let task = &mut tasks[*at];
        context.ui.progress(&format!(
            "{} of {}: waiting for {} …",
            done + 1,
            order.len(),
            task.name()
        ));
        fetch(context, &sessions, task)?;
    }
    if args.json {
        print(&format!("{}\n", Value::Array(tasks.iter().map(Task::json).collect())))?;
    }
    let failed = tasks.iter().find_map(|task| task.outcome.as_ref().err());
    Ok(failed.map_or(ExitCode::SUCCESS, |error| ExitCode::from(error.kind.exit_code())))
}

/// What is to be done, in the order in which it was typed.
fn tasks(
    service: &CredentialsService,
    profiles: &Profiles,
    args: &LoginArgs,
    options: &CredentialOptions,
) -> Vec<Task> {
    let context = service.context();
    let near_misses = if args.all { NearMisses::Skip } else { NearMisses::Search };
    let resolve = |name: Option<&str>| {
        let selected = Selected { positional: name.map(str::to_owned), profile: None };
        let options = CredentialOptions { selected, ..options.clone() };
        let request = requests::of_options(context, &options)?;
        service.resolve(profiles, &request.with_near_misses(near_misses))
    };
    let task = |name: Option<&str>, outcome: Result<Chain>| {
        let found = outcome
            .as_ref()
            .ok()
            .and_then(|chain| chain.subject.profile.as_ref())
            .map(|profile| profile.name.to_string());
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
            Ok(chain) if chain.is_cacheable() => tasks.push(task(Some(name), Ok(chain))),
            Ok(_) => context.ui.decided(&|| format!("{name}: there is nothing to fetch")),
            Err(_)
                if profiles.profile(name).is_ok_and(|profile| {
                    profile.is_some_and(|profile| ProfileView::from(&profile).is_settings_only())
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
        (!matches!(chain.plan.steps.first(), Some(Step::GetSessionToken(_))), identity)
    };
    let mut order: Vec<_> = tasks.iter().map(&mut rank).zip(0..).collect();
    order.sort_unstable();
    order.into_iter().map(|(_, at)| at).collect()
}

/// Fetches for one profile and says what came of it; only an interruption ends the whole.
fn fetch(context: &Context, sessions: &Acquirer, task: &mut Task) -> Result<()> {
    let acquired = match &task.outcome {
        Ok(chain) => sessions.acquire(chain),
        Err(error) => Err(error.clone()),
    };
    match acquired {
        Ok(acquired) => {
            context.ui.note(&format!("{}: {}", task.name(), said(&acquired)));
            task.result = Some(acquired);
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

fn said(acquired: &Acquired) -> String {
    let left = match acquired.credentials.expires_at() {
        Some(end) => format!("{} left", duration::render((end - SystemClock.now()).num_seconds())),
        None => "without an end".to_owned(),
    };
    match (&acquired.credentials, acquired.origin) {
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
        let end = self.result.as_ref().and_then(|acquired| acquired.credentials.expires_at());
        json!({
            "profile": self.name,
            "expiration": end.map(|end: DateTime<Utc>| end.to_rfc3339_opts(SecondsFormat::Secs, true)),
            "origin": self.result.as_ref().map(|acquired| match acquired.origin {
                Origin::Source => "source",
                Origin::Cached => "cached",
                Origin::New => "new",
            }),
            "error": self.outcome.as_ref().err().map(ToString::to_string),
        })
    }
}
