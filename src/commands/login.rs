//! `rolecall login`: fetches sessions ahead of time, for many profiles with as few questions as
//! possible.

mod task;

use std::collections::HashMap;

use chrono::TimeDelta;
use clap::Args;
use serde_json::Value;

use self::task::Task;
use crate::app::call::{Call, Caller};
use crate::app::context::Context;
use crate::app::options::{self, CredentialOptions, Selected, Several};
use crate::app::requests;
use crate::app::service::{Acquirer, CredentialsService};
use crate::app::summary::is_settings_only;
use crate::aws::duration;
use crate::chain::session_key::{SessionKey, SessionKeys};
use crate::chain::{Caching, Chain, NearMisses, RoleOptions, Step};
use crate::config::profiles::Profiles;
use crate::error::{Error, Kind, Place, Result};
use crate::output::print_line;
use crate::store::StoreName;
use crate::system::exit::Exit;
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
    #[arg(long, value_name = "STORE", value_parser = StoreName::value_parser())]
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

impl LoginArgs {
    /// Returns the options that hold for each profile.
    fn options(&self) -> CredentialOptions {
        CredentialOptions {
            mfa_token: self.mfa_token.clone(),
            refresh: self.refresh,
            min_ttl: self.min_ttl,
            yes: self.yes,
            store: self.store,
            role: RoleOptions {
                duration: self.duration,
                region: self.region.clone(),
                no_mfa_session: self.no_mfa_session,
                ..RoleOptions::default()
            },
            ..CredentialOptions::default()
        }
    }
}

pub fn run(service: &CredentialsService, args: &LoginArgs) -> Result<Exit> {
    let context = service.context();
    let profiles = context.profiles()?;
    let options = args.options();
    if context.settings.caching(args.store) == Caching::Off {
        context
            .ui
            .warn("the store none keeps nothing, so that each call will fetch its session again");
    }
    let names = args.selected.names();
    let is_for_many = args.all || names.len() > 1;
    // Of one chain a call must carry the typed code, of many chains a call of any.
    let token = options.mfa_token.clone().filter(|_| !is_for_many);
    let each = CredentialOptions { mfa_token: token, ..options.clone() };
    let resolver = Resolver { service, profiles: &profiles, options: &each };
    let mut tasks = if args.all { resolver.all() } else { resolver.typed(&names) };
    if is_for_many && options.mfa_token.is_some() {
        check_code_is_taken(&tasks)?;
    }
    if tasks.is_empty() {
        context.ui.note("there is no profile that a session could be fetched for");
    }
    let min_ttl = args.min_ttl.or(context.settings.min_ttl());
    let min_ttl = min_ttl.map(|seconds| TimeDelta::seconds(i64::from(seconds)));
    let call = Call {
        // SDKs ask for this life, and find it in the cache.
        min_ttl: min_ttl.or(Some(Caller::Sdk.min_ttl())),
        ..Call::typed(&options, Caller::Person)
    };
    fetch_all(context, &service.acquirer(&call), &mut tasks)?;
    if args.json {
        print_line(tasks.iter().map(Task::json).collect::<Value>())?;
    }
    let failed = tasks.iter().find_map(|task| task.chain.as_ref().err());
    Ok(failed.map_or(Exit::SUCCESS, |error| Exit::from(error.kind().exit_code())))
}

/// Refuses a typed code that no call would carry.
fn check_code_is_taken(tasks: &[Task]) -> Result<()> {
    let takes = |task: &Task| {
        let Ok(chain) = &task.chain else { return true };
        chain.plan.steps.iter().any(|step| step.code_device().is_some())
    };
    if tasks.is_empty() || tasks.iter().any(takes) {
        return Ok(());
    }
    Err(Error::usage("--mfa-token cannot be used: no call for these profiles takes an MFA code")
        .at(Place::Option("--mfa-token"))
        .cause("no profile on their way names the device that shows the code")
        .hint("see who names a device: rolecall list"))
}

/// Resolves profiles with the options of the call.
struct Resolver<'a> {
    service: &'a CredentialsService,
    profiles: &'a Profiles,
    options: &'a CredentialOptions,
}

impl Resolver<'_> {
    fn resolve(&self, name: Option<&str>, near_misses: NearMisses) -> Result<Chain> {
        let selected = Selected { positional: name.map(str::to_owned), profile: None };
        let options = CredentialOptions { selected, ..self.options.clone() };
        let request = requests::of_options(self.service.context(), &options)?;
        self.service.resolve(self.profiles, &request.with_near_misses(near_misses))
    }

    /// Returns a task for each typed name, or one for the default chain.
    fn typed(&self, names: &[&str]) -> Vec<Task> {
        let task = |name| Task::new(name, self.resolve(name, NearMisses::Search));
        if names.is_empty() {
            return vec![task(None)];
        }
        names.iter().map(|name| task(Some(*name))).collect()
    }

    /// Returns a task for each profile that has a session to fetch.
    fn all(&self) -> Vec<Task> {
        let ui = &self.service.context().ui;
        let mut tasks = Vec::new();
        for name in self.profiles.names() {
            match self.resolve(Some(name), NearMisses::Skip) {
                Ok(chain) if chain.is_cacheable() => tasks.push(Task::new(Some(name), Ok(chain))),
                Ok(_) => ui.decided(&|| format!("{name}: there is nothing to fetch")),
                Err(_) if is_settings_only(self.profiles, name) => {}
                Err(error) => ui.warn(&format!("profile `{name}` is left out: {error}")),
            }
        }
        tasks
    }
}

/// Fetches for each profile, in the order that needs the fewest questions.
fn fetch_all(context: &Context, sessions: &Acquirer, tasks: &mut [Task]) -> Result<()> {
    context.runtime.catch_signals()?;
    let order = order(tasks);
    for (done, at) in order.iter().enumerate() {
        let task = &mut tasks[*at];
        context.ui.progress(&format!(
            "{} of {}: waiting for {} …",
            done + 1,
            order.len(),
            task.name()
        ));
        fetch(context, sessions, task)?;
    }
    Ok(())
}

/// Returns the order in which to fetch: first the chains whose code serves others too, and all
/// chains of one identity together.
fn order(tasks: &[Task]) -> Vec<usize> {
    let mut identities: HashMap<SessionKey, usize> = HashMap::new();
    let mut rank = |task: &Task| {
        let Ok(chain) = &task.chain else { return (false, usize::MAX) };
        let next = identities.len();
        let identity = *identities.entry(SessionKeys::of(chain).base).or_insert(next);
        (
            !matches!(chain.plan.steps.first(), Some(Step::GetSessionToken(call)) if call.mfa.is_some()),
            identity,
        )
    };
    let mut order: Vec<_> = tasks.iter().map(&mut rank).zip(0..).collect();
    order.sort_unstable();
    order.into_iter().map(|(_, at)| at).collect()
}

/// Fetches for one profile, and shows what came of it. Only an interruption is an error.
fn fetch(context: &Context, sessions: &Acquirer, task: &mut Task) -> Result<()> {
    let acquired = match &task.chain {
        Ok(chain) => sessions.acquire(chain),
        Err(error) => Err(error.clone()),
    };
    match acquired {
        Ok(acquired) => context.ui.note(&task.succeed(acquired)),
        Err(error) if error.kind() == Kind::Interrupted => return Err(error),
        Err(error) => context.ui.error(&task.fail(error)),
    }
    Ok(())
}
