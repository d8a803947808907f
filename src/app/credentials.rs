//! From the options of a command to a chain and its credentials.

use std::cell::{OnceCell, RefCell};

use chrono::TimeDelta;

use crate::app::context::{Context, min_ttl};
use crate::audit::{self, Entry};
use crate::aws::Credentials;
use crate::aws::arn::Arn;
use crate::chain::overrides::Overrides;
use crate::chain::resolve::resolve;
use crate::chain::{Base, Chain};
use crate::cli;
use crate::clients::sts::AwsSts;
use crate::config::profiles::Profiles;
use crate::error::{Error, Result};
use crate::executor::{Executor, Policy, Walked};
use crate::hint;
use crate::prompt::seed::Seeds;
use crate::prompt::{Ladder, State};
use crate::sources::Sources;
use crate::store::index::Index;
use crate::store::sessions::StoredSessions;
use crate::store::{StoreName, UnlockPolicy};
use crate::system::clock::Clock;
use crate::system::clock::SystemClock;
use crate::system::locks::FileLocks;
use crate::system::report::Report;

/// botocore asks again when less than this is left, so `process` never hands out less.
pub const FOR_SDKS: TimeDelta = TimeDelta::minutes(15);
/// What is enough for a person or a command.
pub const FOR_PEOPLE: TimeDelta = TimeDelta::minutes(5);

/// A policy document longer than this is not one (STS takes 2,048 characters).
const LONGEST_POLICY: u64 = 64 * 1024;

/// What was asked for and what came of it.
pub struct Obtained {
    pub chain: Chain,
    pub credentials: Credentials,
}

pub fn load(context: &Context) -> Result<Profiles> {
    crate::config::load::load(&context.paths())
}

/// Resolves what the options name.
pub fn chain(context: &Context, selected: &cli::Selected, role: &cli::Role) -> Result<Chain> {
    checked(context, &load(context)?, &overrides(context, selected, role)?)
}

/// Resolves what the options of a command name that yields credentials.
fn chain_of(context: &Context, options: &cli::Credentials) -> Result<Chain> {
    chain_in(context, &load(context)?, options, true)
}

/// Resolves what the options name in files that are loaded already; `suggest` as in `Overrides`.
pub fn chain_in(
    context: &Context,
    profiles: &Profiles,
    options: &cli::Credentials,
    suggest: bool,
) -> Result<Chain> {
    let mut overrides =
        Overrides { suggest, ..overrides(context, &options.selected, &options.role)? };
    overrides.unkept = options.no_cache || context.keeps_nothing(options.store);
    checked(context, profiles, &overrides)
}

fn checked(context: &Context, profiles: &Profiles, overrides: &Overrides) -> Result<Chain> {
    let chain = resolve(profiles, overrides, &context.environment)?;
    let mut trail = context.trail();
    if let Some(profile) = chain.profile.as_ref().filter(|p| trail.contains(&p.name)) {
        trail.push(profile.name.clone());
        let way = trail.iter().map(|name| format!("`{name}`")).collect::<Vec<_>>().join(" → ");
        return Err(Error::configuration(format!(
            "credential_process leads back to the same profile: {way}"
        ))
        .hint(format!(
            "see where it takes its credentials from: {}",
            hint::command("explain", &profile.name)
        )));
    }
    context.ui.decided(&|| summary(&chain));
    Ok(chain)
}

fn summary(chain: &Chain) -> String {
    let base =
        chain.base_profile.as_ref().map(|p| format!(" of profile `{p}`")).unwrap_or_default();
    format!("{}: {}{base}{}", chain.name(), chain.base.kind(), chain.arrows())
}

fn overrides(context: &Context, selected: &cli::Selected, role: &cli::Role) -> Result<Overrides> {
    Ok(Overrides {
        profile: selected.name().map(str::to_owned),
        region: role.region.clone(),
        duration_seconds: role.duration,
        role_arn: role.role_arn.clone(),
        source_profile: role.source_profile.clone(),
        external_id: role.external_id.clone(),
        role_session_name: role.role_session_name.clone(),
        mfa_serial: role.mfa_serial.clone(),
        mfa_session: context.mfa_session().filter(|_| !role.no_mfa_session),
        unkept: context.keeps_nothing(None),
        source_identity: role.source_identity.clone(),
        tags: role.tags.clone(),
        transitive_tags: role.transitive_tags.clone(),
        policy: role.policy.as_deref().map(|text| policy(context, text)).transpose()?,
        policy_arns: role.policy_arns.clone(),
        read_only: role.read_only,
        suggest: true,
    })
}

/// Reads `--policy`: JSON itself, or the file that holds it.
pub fn policy(context: &Context, text: &str) -> Result<String> {
    use std::io::Read;
    let json = if text.trim_start().starts_with('{') {
        text.to_owned()
    } else {
        let path = context.directories.expand(text);
        let error = |e: &str| Error::usage(format!("--policy {}: {e}", path.display()));
        let metadata = std::fs::metadata(&path).map_err(|e| error(&e.to_string()))?;
        if metadata.is_dir() {
            return Err(error("is a folder"));
        }
        let mut json = String::new();
        let file = std::fs::File::open(&path).map_err(|e| error(&e.to_string()))?;
        file.take(LONGEST_POLICY).read_to_string(&mut json).map_err(|e| error(&e.to_string()))?;
        json
    };
    match serde_json::from_str::<serde_json::Map<String, serde_json::Value>>(&json) {
        Ok(_) => Ok(json.trim().to_owned()),
        Err(e) => Err(Error::usage(format!("--policy is not a JSON object: {e}"))),
    }
}

/// Resolves and walks.
pub fn obtain(
    context: &Context,
    options: &cli::Credentials,
    default_min_ttl: TimeDelta,
) -> Result<Obtained> {
    let chain = chain_of(context, options)?;
    let Walked { credentials, .. } = walk(context, options, default_min_ttl, &chain)?;
    Ok(Obtained { chain, credentials })
}

/// Makes the STS adapter.
pub fn sts(context: &Context) -> AwsSts<'_> {
    AwsSts {
        runtime: &context.runtime,
        clock: &SystemClock,
        native_roots: context.native_roots(),
        http: OnceCell::new(),
    }
}

/// Walks a chain with the real adapters.
pub fn walk(
    context: &Context,
    options: &cli::Credentials,
    default_min_ttl: TimeDelta,
    chain: &Chain,
) -> Result<Walked> {
    let unlock =
        if default_min_ttl == FOR_PEOPLE { UnlockPolicy::Ask } else { UnlockPolicy::Never };
    Walks::new(context, options, default_min_ttl, unlock).walk(chain)
}

/// The real adapters, for all chains that one command walks.
pub struct Walks<'a> {
    context: &'a Context,
    policy: Policy,
    sts: AwsSts<'a>,
    locks: FileLocks<'a>,
    sessions: StoredSessions<'a>,
    store: Option<StoreName>,
    /// `--yes`, and whether the settings allow it.
    yes: Option<bool>,
    unlock: UnlockPolicy,
    /// `--mfa-token`, until it was used.
    token_code: RefCell<Option<String>>,
}

impl<'a> Walks<'a> {
    pub fn new(
        context: &'a Context,
        options: &cli::Credentials,
        default_min_ttl: TimeDelta,
        unlock: UnlockPolicy,
    ) -> Self {
        Self {
            context,
            policy: Policy {
                min_ttl: min_ttl(options.min_ttl, &context.settings, default_min_ttl),
                refresh: options.refresh,
                no_cache: options.no_cache,
            },
            sts: sts(context),
            locks: FileLocks::new(
                context.directories.locks(),
                context.settings.lock_timeout,
                &context.runtime,
                &context.ui,
            ),
            sessions: StoredSessions {
                stores: context.stores(options.store, unlock),
                index: context.directories.index().map(Index::new),
                clock: &SystemClock,
                report: &context.ui,
            },
            store: options.store,
            yes: options.yes.then_some(context.settings.allow_yes),
            unlock,
            token_code: RefCell::new(options.mfa_token.clone()),
        }
    }

    /// Walks a chain, and logs what came of it.
    pub fn walk(&self, chain: &Chain) -> Result<Walked> {
        let context = self.context;
        let sources = Sources {
            runtime: &context.runtime,
            clock: &SystemClock,
            sts: &self.sts,
            locks: &self.locks,
            report: &context.ui,
            directories: &context.directories,
            process_limit: context.process_limit(),
            trail: context.trail(),
        };
        let surroundings = || context.surroundings();
        let seeds = || context.seeds(self.store, self.unlock);
        let prompt = Ladder {
            token_code: RefCell::new(self.token_code.take()),
            seeds: Seeds::new(&seeds, &SystemClock, &context.runtime, &context.ui),
            rungs: context.rungs(),
            no_input: context.no_input,
            yes: self.yes,
            process_limit: context.process_limit(),
            patience: context.patience(),
            surroundings: &surroundings,
            clock: &SystemClock,
            runtime: &context.runtime,
            report: &context.ui,
            locks: &self.locks,
            state: State::default(),
        };
        let walked = Executor {
            clock: &SystemClock,
            sts: &self.sts,
            sources: &sources,
            sessions: &self.sessions,
            prompt: &prompt,
            locks: &self.locks,
            report: &context.ui,
            policy: self.policy,
        }
        .walk(chain);
        // Unused, it is the next chain's.
        self.token_code.replace(prompt.token_code.take());
        walked.inspect(|walked| log(context, chain, walked))
    }
}

/// Logs credentials that were had. A log that cannot be written costs nothing but the line.
fn log(context: &Context, chain: &Chain, walked: &Walked) {
    if context.settings.log == Some(false) {
        return;
    }
    let sso = if let (Base::Sso(sso), true) = (&chain.base, chain.steps.is_empty()) {
        Some(sso)
    } else {
        None
    };
    let arn = chain.role_arn().and_then(Arn::parse);
    let account = walked
        .credentials
        .account_id()
        .or(arn.map(|arn| arn.account))
        .or(sso.map(|sso| &*sso.account_id));
    let entry = Entry {
        time: SystemClock.now(),
        command: context.command.as_str().into(),
        profile: chain.profile.as_ref().map(|profile| profile.name.as_str().into()),
        role: arn.map(|arn| arn.name()).or(sso.map(|sso| &*sso.role_name)).map(Into::into),
        role_arn: chain.role_arn().map(Into::into),
        account_id: account.map(Into::into),
        access_key_id: walked.credentials.access_key_id().into(),
        origin: walked.origin.name().into(),
        expiration: walked.credentials.expires_at(),
        asked_by: audit::askers(),
    };
    let written = context
        .directories
        .log()
        .ok_or(std::io::ErrorKind::NotFound.into())
        .and_then(|path| audit::append(&path, &entry));
    if let Err(error) = written {
        context.ui.decided(&|| format!("not logged: {error}"));
    }
}
