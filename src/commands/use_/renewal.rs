//! Renewing the keys that a shell holds, before they end.

use std::time::{Duration, Instant};

use chrono::{DateTime, TimeDelta, Utc};

use super::change::Change;
use crate::app::call::{AskPolicy, Call, Caller, Voice};
use crate::app::context::Context;
use crate::app::service::{CredentialsService, Obtained, min_ttl};
use crate::aws::Credentials;
use crate::chain::RoleOptions;
use crate::error::{Error, Kind};
use crate::executor::least_life;
use crate::hint;
use crate::output::variables::{KEY_ID, RENEW_AT};
use crate::shell::state::{Selection, ShellState};
use crate::system::clock::{Clock, SystemClock};
use crate::system::environment::Environment;
use crate::system::report::Report;

/// How long a shell waits after a renewal that failed.
const RETRY_DELAY: TimeDelta = TimeDelta::minutes(2);
/// How long a shell waits after a switch at least. A session may be so short that each command
/// would renew it.
const MIN_REMAINING: TimeDelta = TimeDelta::minutes(1);
/// How long a prompt of the shell may wait for a renewal.
const RENEW_DEADLINE: Duration = Duration::from_secs(3);

/// Returns when the shell's keys end. `None` when programs do not use them, or when somebody has
/// put other keys in their place.
pub fn expiration_of_own_keys(environment: &Environment) -> Option<DateTime<Utc>> {
    let own = environment.get(KEY_ID).is_some()
        && environment.get(KEY_ID) == environment.get("AWS_ACCESS_KEY_ID");
    let by_name =
        ["AWS_PROFILE", "AWS_DEFAULT_PROFILE"].iter().any(|name| environment.get(name).is_some());
    environment.get("AWS_CREDENTIAL_EXPIRATION").filter(|_| own && !by_name)?.parse().ok()
}

/// Returns the unix second from which the shell asks for new keys; `None` when it never does.
pub fn renew_at(context: &Context, call: &Call, credentials: &Credentials) -> Option<String> {
    let Credentials::Session(session) = credentials else { return None };
    let end = session.expires_at.filter(|_| context.settings.renews_in_shells())?;
    let due = end - least_life(session, min_ttl(call, &context.settings));
    let begin = due.max(SystemClock.now() + MIN_REMAINING);
    // One second more, so that the cached session is no longer enough.
    Some((begin.timestamp() + 1).to_string())
}

/// Renews the shell's keys without a question. Keys that cannot be renewed stay, and once they have
/// ended a warning says so.
pub fn renew(
    service: &CredentialsService,
    state: &ShellState,
    expiration: Option<DateTime<Utc>>,
) -> Change {
    // Without an expiration the keys are no longer those that `use` put there.
    let (Some(selection), Some(end)) = (&state.selection, expiration) else { return next(None) };
    let options = selection.options();
    // The prompt of the shell waits, so the call waits neither for another process, which may ask
    // somebody, nor for a slow network.
    let call = Call {
        ask: AskPolicy::Never,
        voice: Voice::Silent,
        lock_timeout: Some(Duration::ZERO),
        deadline: Some(Instant::now() + RENEW_DEADLINE),
        ..Call::typed(&options, Caller::Person)
    };
    match service.obtain_with(&options, &call) {
        Ok(obtained) => renewed(service.context(), &call, &obtained),
        Err(error) => not_renewed(service.context(), selection, end, &error),
    }
}

fn next(renew_at: Option<String>) -> Change {
    Change { values: None, own: vec![(RENEW_AT, renew_at)] }
}

fn renewed(context: &Context, call: &Call, obtained: &Obtained) -> Change {
    let credentials = &obtained.credentials;
    Change {
        values: Some(obtained.values()),
        own: vec![
            (RENEW_AT, renew_at(context, call, credentials)),
            (KEY_ID, Some(credentials.access_key_id().to_owned())),
        ],
    }
}

/// Tries again later while the keys hold. After that it gives up, and says so once.
fn not_renewed(
    context: &Context,
    selection: &Selection,
    end: DateTime<Utc>,
    error: &Error,
) -> Change {
    let now = SystemClock.now();
    if end > now || error.kind() == Kind::Interrupted {
        let again = if end > now { end.min(now + RETRY_DELAY) } else { now + RETRY_DELAY };
        return next(Some(again.timestamp().to_string()));
    }
    let name = selection.profile.as_deref().unwrap_or("the role");
    let command = if selection.role == RoleOptions::default() {
        hint::command("use", name)
    } else {
        "rolecall use --off; rolecall use -".to_owned()
    };
    context.ui.warn(&format!(
        "the session of `{name}` has ended: {}; to get a new one: {command}",
        error.message()
    ));
    next(None)
}
