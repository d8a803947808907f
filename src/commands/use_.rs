//! `rolecall use`: what the function of the shell side evaluates. It prints lines only when all
//! went well, so a failure changes nothing.

use std::process::ExitCode;
use std::time::{Duration, Instant};

use chrono::{DateTime, TimeDelta, Utc};
use clap::Args;
use zeroize::Zeroizing;

use super::calling_shell::calling_shell_name;
use crate::app::call::{AskPolicy, Call, Caller, Voice};
use crate::app::context::Context;
use crate::app::options::CredentialOptions;
use crate::app::requests::policy;
use crate::app::service::{CredentialsService, Obtained, min_ttl};
use crate::aws::names::Region;
use crate::aws::{Credentials, duration};
use crate::chain::process_command::is_asked_by_sdks;
use crate::chain::{Caching, RoleOptions};
use crate::config::ProfileName;
use crate::error::{Error, Kind, Result};
use crate::executor::least_life;
use crate::output::print;
use crate::output::shells::{RenderError, Shell, Variable, render_shell};
use crate::output::variables::{BEFORE, KEY_ID, OWNER, PREVIOUS, RENEW_AT, SAID, Values};
use crate::picker;
use crate::shell::Side;
use crate::shell::state::{CallingShell, GIVEN_BACK, Said, State};
use crate::system::clock::{Clock, SystemClock};
use crate::system::environment::Environment;
use crate::system::report::Report;

/// Switch this shell to a profile
///
/// A profile that every SDK resolves through `credential_process = rolecall process …` is switched
/// by AWS_PROFILE alone, and so renews itself. For others the shell holds keys, which it renews
/// before a command when little time is left and nobody has to be asked. A shell that is started
/// from this one begins without them, unless --keep was said; programs inherit them.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  rolecall use prod                     switch this shell
  rolecall use -                        go back to what it had before
  rolecall use --off                    clear
  rolecall use prod --read-only         prod, but only to look
  rolecall use --keep prod              shells started from here keep it

It needs the shell side, once: rolecall init --help",
    mut_arg("positional", |arg| arg.help("The profile, or `-` for what the shell had before")))]
pub struct UseArgs {
    /// Clear: this shell gets back the profile and region that it had before
    #[arg(long, conflicts_with_all = ["positional", "profile", "keep"])]
    pub off: bool,
    /// Shells that are started from this one keep it
    #[arg(long)]
    pub keep: bool,
    /// What the hook of the shell side says
    #[arg(long, hide = true, conflicts_with_all = ["positional", "profile", "keep", "off"])]
    pub renew: bool,
    #[command(flatten)]
    pub credentials: CredentialOptions,
}

/// When a shell tries again after a renewal that failed.
const PAUSE: TimeDelta = TimeDelta::minutes(2);
/// The soonest that a shell renews after a switch, however short the session: not before every
/// command.
const SOONEST: TimeDelta = TimeDelta::minutes(1);
/// The longest that a prompt may wait for its keys to be renewed.
const HURRY: Duration = Duration::from_secs(3);
/// What marks lines to evaluate, in place of help to show.
const MARK: &str = "# rolecall\n";

/// What the shell is to set and unset.
struct Change {
    /// Everything that programs look at; `None` where that stays as it is.
    values: Option<Values>,
    /// Variables beside those of `values`, which they replace.
    own: Vec<(&'static str, Option<String>)>,
}

/// Returns when the keys of the shell end, if they are those that `use` put there and what programs
/// take.
fn expiration_of_own_keys(environment: &Environment) -> Option<DateTime<Utc>> {
    let own = environment.get(KEY_ID).is_some()
        && environment.get(KEY_ID) == environment.get("AWS_ACCESS_KEY_ID");
    let by_name =
        ["AWS_PROFILE", "AWS_DEFAULT_PROFILE"].iter().any(|name| environment.get(name).is_some());
    environment.get("AWS_CREDENTIAL_EXPIRATION").filter(|_| own && !by_name)?.parse().ok()
}

pub fn run(context: Context, args: &UseArgs) -> ExitCode {
    let Some(shell) = CallingShell::of(&context.environment) else {
        return context.ui.conclude(Err(not_set_up(&context)));
    };
    let state = State::read(&context.environment);
    let expiration = expiration_of_own_keys(&context.environment);
    let nothing = Values::none();
    let ours: Vec<&str> = nothing.variables().iter().map(|variable| variable.name).collect();
    // What `use` put there shapes no chain.
    let environment = state.undo(context.environment, &ours);
    let service = CredentialsService::new(Context { environment, ..context });
    let change = if args.renew {
        Ok(renew(&service, &state, expiration))
    } else {
        change(&service, &shell, &state, args)
    };
    let printed = change.and_then(|change| print(&change.render(shell.side.dialect())?));
    service.context().ui.conclude(printed.map(|()| ExitCode::SUCCESS))
}

fn change(
    service: &CredentialsService,
    shell: &CallingShell,
    state: &State,
    args: &UseArgs,
) -> Result<Change> {
    let context = service.context();
    let Some((said, options)) = target(context, args, state)? else { return Ok(off(state)) };
    let change = switch(service, shell, state, &said, &options)?;
    if let Some(name) = args.credentials.selected.name().filter(|name| *name != "-") {
        picker::record(context, name);
    }
    Ok(change)
}

/// Returns what is to be used, `None` for nothing, with the options of this call.
fn target(
    context: &Context,
    args: &UseArgs,
    state: &State,
) -> Result<Option<(Said, CredentialOptions)>> {
    let typed = &args.credentials;
    if args.off {
        return Ok(None);
    }
    let mut said = if typed.selected.positional.as_deref() == Some("-") {
        if typed.role != RoleOptions::default()
            || typed.no_cache
            || typed.store.is_some()
            || typed.min_ttl.is_some()
        {
            return Err(Error::usage(
                "`use -` goes back to a profile with the options that it had",
            )
            .hint("to use others, name the profile: rolecall use PROFILE --read-only"));
        }
        match (&state.previous, &state.said) {
            (Some(previous), _) => previous.clone(),
            (None, Some(_)) => return Ok(None),
            (None, None) => {
                return Err(Error::usage("there is nothing to go back to")
                    .hint("name a profile: rolecall use PROFILE"));
            }
        }
    } else {
        let name = match typed.selected.name() {
            Some(name) => Some(name.to_owned()),
            None if typed.role.role_arn.is_some() => None,
            None => Some(picker::pick(context)?),
        };
        Said::new(name.as_deref(), args.keep, typed)
    };
    said.keep |= args.keep;
    // The file may be gone, or another, when it is said again.
    said.role.policy = said.role.policy.as_deref().map(|text| policy(context, text)).transpose()?;
    let options = CredentialOptions {
        mfa_token: typed.mfa_token.clone(),
        refresh: typed.refresh,
        yes: typed.yes,
        ..said.options()
    };
    Ok(Some((said, options)))
}

/// Gets the credentials, so that a failure shows now and SDKs find them kept, and returns what the
/// shell is to hold.
fn switch(
    service: &CredentialsService,
    shell: &CallingShell,
    state: &State,
    said: &Said,
    options: &CredentialOptions,
) -> Result<Change> {
    let context = service.context();
    let alone = is_switched_by_name(context, said)?;
    let mut call = Call::typed(options, Caller::Person);
    if alone && context.settings.min_ttl().is_none() {
        // SDKs will ask for it, and find it there.
        call.min_ttl = call.min_ttl.or(Some(Caller::Sdk.min_ttl()));
    }
    let obtained = service.obtain_with(options, &call)?;
    let chain = &obtained.chain;
    let name = chain.subject.profile_name().map(ProfileName::as_str);
    let asks =
        chain.mfa_serial().is_some() && context.settings.caching(options.store) == Caching::Off;
    let by_name = name.filter(|_| alone && !asks);
    let values = match by_name {
        Some(name) => Values::profile(name, chain.plan.region.as_deref()),
        None => Values::new(&obtained.credentials, chain.plan.region.as_deref(), name),
    };
    let previous = if state.said.as_ref() == Some(said) { &state.previous } else { &state.said };
    let mut own = vec![
        (OWNER, Some(if said.keep { "keep".to_owned() } else { shell.process.clone() })),
        (SAID, Some(said.render())),
        (PREVIOUS, previous.as_ref().map(Said::render)),
        (BEFORE, state.render_before()),
        (RENEW_AT, renew_at(context, &call, &obtained.credentials).filter(|_| by_name.is_none())),
        (KEY_ID, by_name.is_none().then(|| obtained.credentials.access_key_id().to_owned())),
    ];
    own.extend(by_name.map(|name| ("AWS_PROFILE", Some(name.to_owned()))));
    context.ui.note(&summary(&obtained));
    Ok(Change { values: Some(values), own })
}

/// Returns whether programs can be left to resolve it themselves: nothing was said that the
/// profile's `credential_process` does not know.
fn is_switched_by_name(context: &Context, said: &Said) -> Result<bool> {
    let plain = said.role
        == RoleOptions { region: said.role.region.clone(), ..RoleOptions::default() }
        && !said.no_cache
        && said.store.is_none();
    let Some(name) = said.profile.as_deref().filter(|_| plain) else { return Ok(false) };
    let profile = context.profiles()?.profile(name)?;
    Ok(profile.is_some_and(|profile| is_asked_by_sdks(&profile, &context.environment)))
}

fn summary(obtained: &Obtained) -> String {
    let Obtained { chain, credentials } = obtained;
    let left = credentials
        .expires_at()
        .map(|end| format!("{} left", duration::render((end - SystemClock.now()).num_seconds())));
    let account = credentials.account_id().map(str::to_owned);
    let parts: Vec<String> = [account, chain.plan.region.as_ref().map(Region::to_string), left]
        .into_iter()
        .flatten()
        .collect();
    if parts.is_empty() {
        chain.name().to_owned()
    } else {
        format!("{} ({})", chain.name(), parts.join(", "))
    }
}

/// Returns the unix second from which the shell asks for new keys.
fn renew_at(context: &Context, call: &Call, credentials: &Credentials) -> Option<String> {
    let Credentials::Session(session) = credentials else { return None };
    let end = session.expires_at.filter(|_| context.settings.renews_in_shells())?;
    let due = end - least_life(session, min_ttl(call, &context.settings));
    // One second more, so that what is cached is not enough any more.
    Some((due.max(SystemClock.now() + SOONEST).timestamp() + 1).to_string())
}

/// Returns the shell to what it had before the first `use`.
fn off(state: &State) -> Change {
    let previous = state.said.as_ref().or(state.previous.as_ref()).map(Said::render);
    let mut own = vec![
        (OWNER, None),
        (SAID, None),
        (PREVIOUS, previous),
        (BEFORE, None),
        (RENEW_AT, None),
        (KEY_ID, None),
    ];
    own.extend(GIVEN_BACK.map(|name| (name, state.before(name).map(str::to_owned))));
    Change { values: Some(Values::none()), own }
}

/// Renews the shell's keys without a question. What cannot be renewed is left alone, and said once
/// it has ended.
fn renew(service: &CredentialsService, state: &State, expiration: Option<DateTime<Utc>>) -> Change {
    let context = service.context();
    let next = |values, renew_at| Change { values, own: vec![(RENEW_AT, renew_at)] };
    // The keys are no longer those that `use` put there.
    let (Some(said), Some(end)) = (&state.said, expiration) else { return next(None, None) };
    let options = said.options();
    // The prompt waits for this: neither for another process, which may ask somebody, nor for a
    // slow network.
    let call = Call {
        ask: AskPolicy::Never,
        voice: Voice::Silent,
        lock_timeout: Some(Duration::ZERO),
        deadline: Some(Instant::now() + HURRY),
        ..Call::typed(&options, Caller::Person)
    };
    let error = match service.obtain_with(&options, &call) {
        Ok(obtained) => {
            let name = obtained.chain.subject.profile_name().map(ProfileName::as_str);
            let region = obtained.chain.plan.region.as_deref();
            let values = Values::new(&obtained.credentials, region, name);
            let mut change = next(Some(values), renew_at(context, &call, &obtained.credentials));
            change.own.push((KEY_ID, Some(obtained.credentials.access_key_id().to_owned())));
            return change;
        }
        Err(error) => error,
    };
    let now = SystemClock.now();
    if end > now || error.kind == Kind::Interrupted {
        let again = if end > now { end.min(now + PAUSE) } else { now + PAUSE };
        return next(None, Some(again.timestamp().to_string()));
    }
    let name = said.profile.as_deref().unwrap_or("the role");
    let command = if said.role == RoleOptions::default() {
        crate::hint::command("use", name)
    } else {
        "rolecall use --off; rolecall use -".to_owned()
    };
    context.ui.warn(&format!(
        "the session of `{name}` has ended: {}; to get a new one: {command}",
        error.message
    ));
    next(None, None)
}

impl Change {
    /// Renders the lines to evaluate. Nushell takes them in as data.
    fn render(&self, shell: Shell) -> Result<Zeroizing<String>> {
        let mut variables = self.values.as_ref().map(Values::variables).unwrap_or_default();
        variables.retain(|variable| self.own.iter().all(|(name, _)| *name != variable.name));
        variables.extend(self.own.iter().map(|(name, value)| Variable {
            name,
            value: value.as_deref(),
            secret: false,
        }));
        let unprintable = |e: RenderError| {
            Error::failed(e.to_string()).hint("use a child process instead: rolecall shell --help")
        };
        let text = Zeroizing::new(render_shell(shell, &variables).map_err(unprintable)?);
        Ok(if shell == Shell::Nushell { text } else { Zeroizing::new(format!("{MARK}{}", *text)) })
    }
}

/// The error of a `use` that has no shell to change.
fn not_set_up(context: &Context) -> Error {
    let error =
        Error::usage("`use` changes the shell that calls it, and this one is not set up for that");
    match calling_shell_name(context).as_deref().and_then(Side::parse) {
        Some(side) => {
            let (place, line) = side.installation();
            error.hint(format!("set it up with one line {place}, and start the shell anew: {line}"))
        }
        None => error
            .hint(format!(
                "there is a shell side for {}: rolecall init --help",
                Side::NAMES.join(", ")
            ))
            .hint("without one: eval \"$(rolecall env PROFILE)\""),
    }
}
