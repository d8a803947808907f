//! `rolecall write --watch`: writes a new session before the old one ends.

use std::time::Duration;

use chrono::{DateTime, TimeDelta, Utc};

use super::section::Target;
use crate::app::call::{AskPolicy, Call, Caller};
use crate::app::context::Context;
use crate::app::options::CredentialOptions;
use crate::app::service::{CredentialsService, min_ttl};
use crate::aws::Session;
use crate::error::{Error, Kind, Place, Result};
use crate::executor::least_life;
use crate::hint;
use crate::output::time::left;
use crate::system::clock::{Clock, SystemClock};
use crate::system::report::Report;

/// How long it waits at most until it tries again, when no new session came.
const LONGEST_PAUSE: TimeDelta = TimeDelta::minutes(1);
/// How long it waits at least.
const SHORTEST_PAUSE: TimeDelta = TimeDelta::seconds(1);
/// How long it waits without a look at the clock: the runtime's time stands still while the machine
/// sleeps.
const SLICE: Duration = Duration::from_secs(10);

/// Writes a session, and a new one each time before it ends, until a signal comes or no new one
/// comes until the end. It then takes the last one out.
///
/// # Errors
/// Those of [`Target::obtain`] and [`Target::put`]; a session without an end; a signal.
pub fn run(
    service: &CredentialsService,
    target: &Target,
    options: &CredentialOptions,
) -> Result<()> {
    let context = service.context();
    // From here on a signal comes to the waits, and not between them.
    context.runtime.catch_signals()?;
    let session = target.obtain(service, options, &Call::typed(options, Caller::Person))?;
    let end = session.expires_at.ok_or_else(endless)?;
    // What was typed for the first session: a code works once.
    let later = CredentialOptions { mfa_token: None, refresh: false, ..options.clone() };
    let mut watch = Watch { service, target, options: later, session, end };
    let ended = watch.stay();
    target.leave(&watch.session);
    ended
}

fn endless() -> Error {
    let hint = "write it once, without --watch: rolecall write --help";
    let what = "--watch: the session does not say when it ends, so it cannot be renewed in time";
    Error::configuration(what).at(Place::Option("--watch")).hint(hint)
}

/// The session that is written, and how the next one is had.
struct Watch<'a> {
    service: &'a CredentialsService,
    target: &'a Target<'a>,
    options: CredentialOptions,
    session: Session,
    end: DateTime<Utc>,
}

impl Watch<'_> {
    /// Writes the session and each that follows. Returns why no other follows.
    fn stay(&mut self) -> Result<()> {
        self.target.put(&self.session)?;
        self.target.note(&self.session, "; Ctrl-C takes it out");
        let mut ask = AskPolicy::Allowed;
        loop {
            self.wait(self.next_time(SystemClock.now()))?;
            match self.renewed(ask) {
                Ok(session) => {
                    let is_new = session.access_key_id != self.session.access_key_id;
                    ask = if is_new { AskPolicy::Allowed } else { AskPolicy::Never };
                    self.end = session.expires_at.ok_or_else(endless)?;
                    self.session = session;
                    self.target.put(&self.session)?;
                    if is_new {
                        self.target.note(&self.session, "");
                    }
                }
                Err(error) => {
                    self.check_lives(error)?;
                    // Nobody is asked twice for one session.
                    ask = AskPolicy::Never;
                }
            }
        }
    }

    fn call(&self, ask: AskPolicy) -> Call {
        Call { ask, ..Call::typed(&self.options, Caller::Person) }
    }

    fn renewed(&self, ask: AskPolicy) -> Result<Session> {
        self.target.obtain(self.service, &self.options, &self.call(ask))
    }

    /// Returns when the next session is asked for: as soon as the cached one is no longer enough,
    /// and again and again where none came.
    fn next_time(&self, now: DateTime<Utc>) -> DateTime<Utc> {
        let call = self.call(AskPolicy::Never);
        let enough = least_life(&self.session, min_ttl(&call, &self.context().settings));
        let due = self.end - enough + TimeDelta::seconds(1);
        if due > now {
            return due;
        }
        now + ((self.end - now) / 2).clamp(SHORTEST_PAUSE, LONGEST_PAUSE)
    }

    fn wait(&self, until: DateTime<Utc>) -> Result<()> {
        loop {
            let Ok(time) = (until - SystemClock.now()).to_std() else { return Ok(()) };
            if time.is_zero() {
                return Ok(());
            }
            self.context().runtime.sleep(time.min(SLICE))?;
        }
    }

    /// Goes on after an error while the session lives. What is wrong in the files, or was
    /// interrupted, ends the watch at once.
    fn check_lives(&self, error: Error) -> Result<()> {
        let now = SystemClock.now();
        if self.end <= now || matches!(error.kind(), Kind::Interrupted | Kind::Configuration) {
            return Err(error);
        }
        let (name, left) = (self.target.name(), left(self.end, now));
        let profile = self.options.selected.name();
        let login =
            profile.map_or("rolecall login".to_owned(), |name| hint::command("login", name));
        self.context().ui.warn(&format!(
            "[{name}] is not renewed yet ({left} left): {}; to help: {login}",
            error.message()
        ));
        Ok(())
    }

    fn context(&self) -> &Context {
        self.service.context()
    }
}
