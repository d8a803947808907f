//! From a request to credentials: the one place where the adapters are put together.

use std::borrow::Cow;
use std::cell::{Cell, RefCell};

use chrono::TimeDelta;

use super::call::{AskPolicy, Call, Caller, Confirmation, Voice};
use super::context::Context;
use super::identify::identify;
use super::options::CredentialOptions;
use super::requests;
use super::sso::AutomaticLogins;
use super::stores::StoreOpener;
use crate::audit::{self, LogEntry};
use crate::aws::Credentials;
use crate::aws::names::RoleArn;
use crate::aws::partition::of_region;
use crate::chain::{self, Chain, Request};
use crate::clients::calls::AwsCalls;
use crate::clients::factory::{Service, Target};
use crate::config::ProfileName;
use crate::config::profiles::Profiles;
use crate::error::{Error, Kind, Remedy, Result};
use crate::executor::{Acquired, CachePolicy, Executor};
use crate::hint;
use crate::output::variables::Values;
use crate::platform::ancestors::ancestors;
use crate::prompt::seed::Seeds;
use crate::prompt::{Progress, PromptChain, PromptEnvironment, YesOption};
use crate::settings::EffectiveSettings;
use crate::sources::{self, Sources};
use crate::store::index::Index;
use crate::store::sessions::StoredSessions;
use crate::system::clock::{Clock, SystemClock};
use crate::system::locks::FileLocks;
use crate::system::report::{Report, Silent};
use crate::system::runtime::Runtime;

/// What was asked for and what came of it.
pub struct Obtained {
    pub chain: Chain,
    pub credentials: Credentials,
}

impl Obtained {
    /// Returns the variables that hand the credentials to a program.
    pub fn values(&self) -> Values {
        let name = self.chain.subject.profile_name().map(ProfileName::as_str);
        Values::new(&self.credentials, self.chain.plan.region.as_deref(), name)
    }

    /// Returns the target of calls of IAM that the credentials sign.
    ///
    /// # Errors
    /// When the configured endpoint is wrong.
    pub fn iam_target(&self) -> Result<Target<'_>> {
        let plan = &self.chain.plan;
        let region = of_region(plan.region.as_deref().unwrap_or_default()).iam_region;
        let endpoint = plan.endpoints.iam.as_ref().map_err(Error::clone)?;
        let target = Target::of(Service::Iam, &plan.network, region, endpoint.as_ref());
        Ok(target.signed_by(&self.credentials))
    }
}

/// Resolves requests and acquires credentials. It owns what it needs, so that a worker thread can
/// own it.
pub struct CredentialsService {
    context: Context,
}

impl CredentialsService {
    pub fn new(context: Context) -> Self {
        Self { context }
    }

    pub fn context(&self) -> &Context {
        &self.context
    }

    /// Resolves a request.
    ///
    /// # Errors
    /// Where the shared files, the environment or the request are wrong, and where the processes
    /// that led here lead round in a loop.
    pub fn resolve(&self, profiles: &Profiles, request: &Request) -> Result<Chain> {
        let chain = resolve(&self.context, profiles, request)?;
        let mut trail = trail(&self.context);
        if let Some(name) =
            chain.subject.profile_name().filter(|name| trail.contains(&name.to_string()))
        {
            trail.push(name.to_string());
            let way = trail.iter().map(|name| format!("`{name}`")).collect::<Vec<_>>().join(" → ");
            return Err(Error::configuration(format!(
                "credential_process leads back to the same profile: {way}"
            ))
            .hint(format!(
                "see where it takes its credentials from: {}",
                hint::command("explain", name)
            )));
        }
        self.context.ui.decided(&|| summary(&chain));
        for error in &chain.plan.unneeded {
            self.context.ui.decided(&|| format!("not needed here, and wrong: {error}"));
        }
        Ok(chain)
    }

    /// Acquires the credentials that a chain ends in: from the cache, else by the steps that are
    /// missing. Waits for another process until the call's `lock_timeout`, for a person until the
    /// `prompt_timeout` of the settings, for AWS until the client's limits, and for none of them
    /// beyond the call's `deadline`.
    ///
    /// # Errors
    /// Where AWS, a source or a person refuses, nobody can be asked, or it was interrupted.
    pub fn acquire(&self, chain: &Chain, call: &Call) -> Result<Acquired> {
        self.acquirer(call).acquire(chain)
    }

    /// Returns what acquires for several chains, which share the stores that work and the code of
    /// `--mfa-token`.
    pub fn acquirer(&self, call: &Call) -> Acquirer<'_> {
        Acquirer::new(&self.context, call.clone())
    }

    /// Resolves what the options of a verb name, and acquires its credentials.
    ///
    /// # Errors
    /// As [`Self::resolve`] and [`Self::acquire`].
    pub fn obtain(&self, options: &CredentialOptions, caller: Caller) -> Result<Obtained> {
        self.obtain_with(options, &Call::typed(options, caller))
    }

    /// As [`Self::obtain`], where the call may do less than was typed.
    ///
    /// # Errors
    /// As [`Self::obtain`].
    pub fn obtain_with(&self, options: &CredentialOptions, call: &Call) -> Result<Obtained> {
        let request = requests::of_options(&self.context, options)?;
        let chain = self.resolve(&self.context.profiles()?, &request)?;
        let Acquired { credentials, .. } = self.acquire(&chain, call)?;
        Ok(Obtained { chain, credentials })
    }

    /// Returns what calls AWS beside the steps of chains.
    pub fn calls(&self) -> AwsCalls<'_> {
        let Context { clients, runtime, environment, .. } = &self.context;
        AwsCalls { factory: clients, runtime, clock: &SystemClock, environment }
    }
}

/// Resolves a request as every verb does, for those who perform nothing.
///
/// # Errors
/// Where the shared files, the environment or the request are wrong.
pub fn resolve(context: &Context, profiles: &Profiles, request: &Request) -> Result<Chain> {
    let mut chain = chain::resolve(profiles, request, &context.environment)?;
    identify(context, &mut chain);
    Ok(chain)
}

/// Returns the profiles whose `credential_process` led to this process.
fn trail(context: &Context) -> Vec<String> {
    let trail = context.environment.get(sources::process::TRAIL);
    trail.map(|names| names.lines().map(str::to_owned).collect()).unwrap_or_default()
}

fn summary(chain: &Chain) -> String {
    let plan = &chain.plan;
    let of = plan.base_profile.as_ref().map(|name| format!(" of profile `{name}`"));
    format!("{}: {}{}{}", chain.name(), plan.base.kind(), of.unwrap_or_default(), chain.arrows())
}

/// The real adapters, for all chains that one command acquires credentials of.
pub struct Acquirer<'a> {
    context: &'a Context,
    call: Call,
    report: &'a dyn Report,
    stores: StoreOpener<'a>,
    runtime: Runtime,
    locks: FileLocks<'a>,
    sessions: StoredSessions<'a>,
    /// `--mfa-token`, until it was used.
    token_code: RefCell<Option<String>>,
    logins: AutomaticLogins<'a>,
    /// Whether the warning about a clock that runs wrong was given.
    clock_warned: Cell<bool>,
}

impl<'a> Acquirer<'a> {
    fn new(context: &'a Context, call: Call) -> Self {
        let unlock = match call.caller {
            Caller::Sdk => AskPolicy::Never,
            Caller::Person => call.ask,
        };
        let report: &dyn Report = match call.voice {
            Voice::Normal => &context.ui,
            Voice::Silent => &Silent,
        };
        let stores = StoreOpener::new(context, report, unlock);
        let lock_timeout = call.lock_timeout.or(context.settings.lock_timeout());
        let runtime = match call.deadline {
            Some(deadline) => context.runtime.until(deadline),
            None => context.runtime.clone(),
        };
        let folder = context.directories.locks();
        let locks = FileLocks::new(folder, lock_timeout, runtime.clone(), report);
        let sessions = StoredSessions {
            stores: stores.in_order(call.store),
            index: context.directories.index().map(Index::new),
            clock: &SystemClock,
            report,
        };
        let token_code = RefCell::new(call.token_code.clone());
        let clock_warned = Cell::new(false);
        let logins = AutomaticLogins::new(context, call.caller, call.ask);
        Self {
            context,
            call,
            report,
            stores,
            runtime,
            locks,
            sessions,
            token_code,
            logins,
            clock_warned,
        }
    }

    /// Acquires the credentials that a chain ends in, and logs them.
    ///
    /// # Errors
    /// As [`CredentialsService::acquire`].
    pub fn acquire(&self, chain: &Chain) -> Result<Acquired> {
        let Context { environment, directories, settings, clients, .. } = self.context;
        let (report, runtime) = (self.report, &self.runtime);
        let calls = AwsCalls { factory: clients, runtime, clock: &SystemClock, environment };
        let access_keys = || self.stores.access_keys(self.call.store);
        let login_tokens = || self.stores.login_tokens(self.call.store);
        let sources = Sources {
            calls,
            access_keys: &access_keys,
            login_tokens: &login_tokens,
            report,
            directories,
            process_limit: settings.process_timeout(),
            trail: trail(self.context),
        };
        let prompt_environment =
            PromptEnvironment::read(environment, directories, settings.pinentry());
        let seeds = || self.stores.seeds(self.call.store);
        let prompt = PromptChain {
            token_code: RefCell::new(self.token_code.take()),
            seeds: Seeds::new(&seeds, &SystemClock, runtime, report),
            methods: settings.prompt_methods(),
            no_input: settings.no_input() || self.call.ask == AskPolicy::Never,
            yes: match self.call.confirmation {
                Confirmation::Ask => YesOption::NotGiven,
                Confirmation::Yes if settings.allows_yes() => YesOption::Allowed,
                Confirmation::Yes => YesOption::Forbidden,
            },
            process_timeout: settings.process_timeout(),
            prompt_timeout: settings.prompt_timeout(),
            environment: &prompt_environment,
            clock: &SystemClock,
            runtime,
            report,
            locks: &self.locks,
            progress: Progress::default(),
        };
        let executor = Executor {
            clock: &SystemClock,
            sts: &calls,
            sources: &sources,
            sessions: &self.sessions,
            prompt: &prompt,
            locks: &self.locks,
            report,
            policy: CachePolicy { min_ttl: min_ttl(&self.call, settings), mode: self.call.cache },
            clock_warned: &self.clock_warned,
        };
        let acquired = self.perform(chain, |chain| executor.acquire(chain));
        // Unused, it is the next chain's.
        self.token_code.replace(prompt.token_code.take());
        acquired.inspect(|acquired| self.log(chain, acquired))
    }

    /// Performs a chain: anew where another login or token has come to stand behind it meanwhile, and
    /// again after a login that starts here.
    fn perform(
        &self,
        chain: &Chain,
        acquire: impl Fn(&Chain) -> Result<Acquired>,
    ) -> Result<Acquired> {
        let mut chain = Cow::Borrowed(chain);
        let mut acquired = acquire(&chain);
        if let Some(anew) = acquired.as_ref().err().and_then(|e| self.replaced(&chain, e)) {
            acquired = acquire(&anew);
            chain = Cow::Owned(anew);
        }
        acquired.or_else(|error| {
            self.logins.mend(&chain, error)?;
            acquire(&self.identified_anew(&chain))
        })
    }

    /// Returns the chain anew where it failed and another login or token has come to stand behind it
    /// meanwhile: the AWS CLI renews tokens too.
    fn replaced(&self, chain: &Chain, error: &Error) -> Option<Chain> {
        let may_be = error.kind() == Kind::Failed || error.remedy() == Some(Remedy::SsoLogin);
        let anew = may_be.then(|| self.identified_anew(chain))?;
        (anew.plan.principal != chain.plan.principal).then_some(anew)
    }

    fn identified_anew(&self, chain: &Chain) -> Chain {
        let mut anew = chain.clone();
        identify(self.context, &mut anew);
        anew
    }

    /// Appends one line to the audit log for the credentials just handed out. A write error is a
    /// warning, once per command, and fails nothing.
    fn log(&self, chain: &Chain, acquired: &Acquired) {
        if !self.context.settings.logs() {
            return;
        }
        let facts = chain.plan.base.facts();
        let role = chain.role_arn();
        let base = chain.plan.steps.is_empty().then_some(facts);
        let account = acquired
            .credentials
            .account_id()
            .or(role.map(RoleArn::account))
            .or(base.and_then(|facts| facts.role_name.and(facts.account_id)));
        let name = role.map(RoleArn::name).or(base.and_then(|facts| facts.role_name));
        let entry = LogEntry {
            time: SystemClock.now(),
            command: self.context.verb.as_str().into(),
            profile: chain.subject.profile_name().map(|name| name.as_str().into()),
            role: name.map(Into::into),
            role_arn: role.map(|arn| arn.as_str().into()),
            account_id: account.map(Into::into),
            access_key_id: acquired.credentials.access_key_id().into(),
            origin: acquired.origin.name().into(),
            expiration: acquired.credentials.expires_at(),
            asked_by: ancestors(),
        };
        let Some(path) = self.context.directories.log() else {
            return self
                .report
                .decided(&|| "not logged: there is no folder for the log".to_owned());
        };
        if let Err(error) = audit::append(&path, &entry) {
            self.report.warn(&format!(
                "not logged: {} cannot be written: {error}; see: rolecall doctor",
                path.display()
            ));
        }
    }
}

/// Returns the shortest life that a cached session must have left: typed, else set, else what the
/// caller needs.
pub fn min_ttl(call: &Call, settings: &EffectiveSettings) -> TimeDelta {
    let set = settings.min_ttl().map(|seconds| TimeDelta::seconds(i64::from(seconds)));
    call.min_ttl.or(set).unwrap_or_else(|| call.caller.min_ttl())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn service_can_be_owned_by_a_worker_thread() {
        fn can_move<T: Send + 'static>() {}
        can_move::<CredentialsService>();
        can_move::<Call>();
    }
}
