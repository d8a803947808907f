//! `rolecall use`: the lines that the function of an integrated shell evaluates. They are printed
//! only when all went well, so that a failure changes nothing.

mod change;
mod renewal;

use clap::Args;

use self::change::Change;
use self::renewal::{expiration_of_own_keys, renew, renew_at};
use super::calling_shell::calling_shell_name;
use super::choose::pick_profile;
use crate::app::call::{Call, Caller};
use crate::app::context::Context;
use crate::app::options::CredentialOptions;
use crate::app::requests::policy;
use crate::app::service::{CredentialsService, Obtained};
use crate::aws::names::Region;
use crate::chain::process_command::is_asked_by_sdks;
use crate::chain::{Caching, RoleOptions};
use crate::config::ProfileName;
use crate::error::{Error, Result};
use crate::hint;
use crate::output::print;
use crate::output::time::left;
use crate::output::variables::{KEY_ID, OWNER, PREVIOUS, RENEW_AT, SAVED, SELECTION_VAR, Values};
use crate::picker;
use crate::shell::IntegratedShell;
use crate::shell::state::{CallingShell, RESTORED, Selection, ShellState};
use crate::system::clock::{Clock, SystemClock};
use crate::system::exit::Exit;
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
    /// Clear: this shell gets back the profile, region and account ID that it had before
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

pub fn run(context: Context, args: &UseArgs) -> Exit {
    let Some(shell) = CallingShell::of(&context.environment) else {
        return context.conclude::<()>(Err(not_set_up(&context)));
    };
    let state = ShellState::read(&context.environment);
    let expiration = expiration_of_own_keys(&context.environment);
    let nothing = Values::none();
    let ours: Vec<&str> = nothing.variables().iter().map(|variable| variable.name).collect();
    // The variables that `use` has set must not shape the next chain.
    let environment = state.undo(context.environment, &ours);
    let service = CredentialsService::new(Context { environment, ..context });
    let change = if args.renew {
        Ok(renew(&service, &state, expiration))
    } else {
        change(&service, &shell, &state, args)
    };
    let printed = change.and_then(|change| print(&change.render(shell.shell.syntax())?));
    service.context().conclude(printed)
}

fn change(
    service: &CredentialsService,
    shell: &CallingShell,
    state: &ShellState,
    args: &UseArgs,
) -> Result<Change> {
    let context = service.context();
    let Some(selection) = select(service, args, state)? else { return Ok(off(state)) };
    let typed = &args.credentials;
    let options = CredentialOptions {
        mfa_token: typed.mfa_token.clone(),
        refresh: typed.refresh,
        yes: typed.yes,
        ..selection.options()
    };
    let change = switch(service, shell, state, &selection, &options)?;
    if let Some(name) = typed.selected.name().filter(|name| *name != "-") {
        picker::record(context, name);
    }
    Ok(change)
}

/// Returns the selection that the shell switches to; `None` when it goes back to having none.
fn select(
    service: &CredentialsService,
    args: &UseArgs,
    state: &ShellState,
) -> Result<Option<Selection>> {
    let context = service.context();
    let typed = &args.credentials;
    if args.off {
        return Ok(None);
    }
    let mut selection = if typed.selected.positional.as_deref() == Some("-") {
        let Some(previous) = go_back(typed, state)? else { return Ok(None) };
        previous
    } else {
        let name = match typed.selected.name() {
            Some(name) => Some(name.to_owned()),
            None if typed.role.role_arn.is_some() => None,
            None => Some(pick_profile(service, "")?),
        };
        Selection::new(name, typed)
    };
    selection.keep |= args.keep;
    // The policy's file may be gone or changed when the selection is used again.
    let read = |text: &str| policy(context, text);
    selection.role.policy = selection.role.policy.as_deref().map(read).transpose()?;
    Ok(Some(selection))
}

/// Returns the previous selection; `None` when there was none before the current one.
fn go_back(typed: &CredentialOptions, state: &ShellState) -> Result<Option<Selection>> {
    let narrows = typed.role != RoleOptions::default()
        || typed.no_cache
        || typed.store.is_some()
        || typed.min_ttl.is_some();
    if narrows {
        return Err(Error::usage("`use -` goes back to a profile with the options that it had")
            .hint("to use others, name the profile: rolecall use PROFILE --read-only"));
    }
    match (&state.previous, &state.selection) {
        (Some(previous), _) => Ok(Some(previous.clone())),
        (None, Some(_)) => Ok(None),
        (None, None) => Err(Error::usage("there is nothing to go back to")
            .hint("name a profile: rolecall use PROFILE")),
    }
}

/// Obtains the credentials, so that a failure shows now and SDKs find them in the cache, and
/// returns the variables that the shell holds from now on.
fn switch(
    service: &CredentialsService,
    shell: &CallingShell,
    state: &ShellState,
    selection: &Selection,
    options: &CredentialOptions,
) -> Result<Change> {
    let context = service.context();
    let by_name = is_switched_by_name(context, selection)?;
    let mut call = Call::typed(options, Caller::Person);
    if by_name && context.settings.min_ttl().is_none() {
        // SDKs ask for this life, and find it in the cache.
        call.min_ttl = call.min_ttl.or(Some(Caller::Sdk.min_ttl()));
    }
    let obtained = service.obtain_with(options, &call)?;
    let chain = &obtained.chain;
    // Without a cache each program would ask for a code.
    let asks =
        chain.mfa_serial().is_some() && context.settings.caching(options.store) == Caching::Off;
    let name = chain.subject.profile_name().filter(|_| by_name && !asks).map(ProfileName::as_str);
    let previous = match &state.selection {
        Some(current) if current == selection => &state.previous,
        current => current,
    };
    let owner = if selection.keep { "keep".to_owned() } else { shell.process.clone() };
    let mut own = vec![
        (OWNER, Some(owner)),
        (SELECTION_VAR, Some(selection.render())),
        (PREVIOUS, previous.as_ref().map(Selection::render)),
        (SAVED, state.render_saved()),
    ];
    let values = if let Some(name) = name {
        own.extend([(RENEW_AT, None), (KEY_ID, None), ("AWS_PROFILE", Some(name.to_owned()))]);
        Values::profile(name, chain.plan.region.as_deref())
    } else {
        own.push((RENEW_AT, renew_at(context, &call, &obtained.credentials)));
        own.push((KEY_ID, Some(obtained.credentials.access_key_id().to_owned())));
        obtained.values()
    };
    context.ui.note(&summary(&obtained));
    Ok(Change { values: Some(values), own })
}

/// Returns whether programs can resolve the profile themselves: its `credential_process` knows
/// everything that was selected.
fn is_switched_by_name(context: &Context, selection: &Selection) -> Result<bool> {
    let region = selection.role.region.clone();
    let is_plain = selection.role == RoleOptions { region, ..RoleOptions::default() }
        && !selection.no_cache
        && selection.store.is_none();
    let Some(name) = selection.profile.as_deref().filter(|_| is_plain) else { return Ok(false) };
    let profile = context.profiles()?.profile(name)?;
    Ok(profile.is_some_and(|profile| is_asked_by_sdks(&profile, &context.environment)))
}

fn summary(obtained: &Obtained) -> String {
    let Obtained { chain, credentials } = obtained;
    let left = credentials.expires_at().map(|end| format!("{} left", left(end, SystemClock.now())));
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

/// Returns the shell to what it had before the first `use`.
fn off(state: &ShellState) -> Change {
    let previous = state.selection.as_ref().or(state.previous.as_ref()).map(Selection::render);
    let mut own = vec![
        (OWNER, None),
        (SELECTION_VAR, None),
        (PREVIOUS, previous),
        (SAVED, None),
        (RENEW_AT, None),
        (KEY_ID, None),
    ];
    own.extend(RESTORED.map(|name| (name, state.saved(name).map(str::to_owned))));
    Change { values: Some(Values::none()), own }
}

/// Returns the error of a `use` that has no shell to change.
fn not_set_up(context: &Context) -> Error {
    let error =
        Error::usage("`use` changes the shell that calls it, and this one is not set up for that");
    match calling_shell_name(context).as_deref().and_then(IntegratedShell::parse) {
        Some(shell) => {
            let (place, line) = shell.installation();
            error.hint(format!("set it up with one line {place}, and start the shell anew: {line}"))
        }
        None => error
            .hint(format!(
                "there is a shell side for {}: rolecall init --help",
                IntegratedShell::NAMES.join(", ")
            ))
            .hint(format!("without one: {}", hint::evaluate_env())),
    }
}
