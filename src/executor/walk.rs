//! The walk itself.

use std::cell::Cell;
use std::time::Duration;

use chrono::TimeDelta;

use super::decline_memory::DeclineMemory;
use super::life::{
    AskedLife, LAST_MOMENTS, by_this_clock, ended, least_life, lives, made_too_late, why_not_cached,
};
use super::{ConfirmQuestion, FetchBase, Metadata, Prompt, Question, Sessions, Sts, TokenCode};
use crate::aws::names::RoleArn;
use crate::aws::{Credentials, Session, duration};
use crate::chain::session_key::{SessionKey, SessionKeys};
use crate::chain::{AssumeRole, Base, Chain, GetSessionToken, Mfa, MfaUse, Step, keys};
use crate::config::ProfileName;
use crate::error::{AwsCode, Error, Kind, Place, Refusal, Result};
use crate::system::clock::Clock;
use crate::system::locks::{Attempt, Locks};
use crate::system::report::Report;

/// How long a session must live beside the command's own minimum for the next step to be made from
/// it.
const ENOUGH_FOR_A_CALL: TimeDelta = TimeDelta::seconds(60);
/// How long one process waits for another that walks from the same base: longer than that one waits
/// for a person.
const LOCK_TIMEOUT: Duration = Duration::from_secs(330);

/// How the cache may be used.
#[derive(Debug, Clone, Copy)]
pub struct CachePolicy {
    /// `--min-ttl`.
    pub min_ttl: TimeDelta,
    pub mode: CacheMode,
}

/// How sessions of the store are used by one call.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CacheMode {
    Use,
    /// `--refresh`: a new session is made, and cached.
    Refresh,
    /// `--no-cache`: neither read nor written.
    Off,
}

/// Credentials, and where they were had from.
#[derive(Debug)]
pub struct Acquired {
    pub credentials: Credentials,
    pub origin: Origin,
}

/// Where credentials were had from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Origin {
    /// Long-term keys, or somebody's session, as they stand in a file or the environment.
    Source,
    Cached,
    New,
}

impl Origin {
    /// Returns the name that the audit log has.
    pub fn name(self) -> &'static str {
        match self {
            Self::Source => "source",
            Self::Cached => "cached",
            Self::New => "new",
        }
    }
}

/// Walks chains. It is a value of one call: what the call may use stands in it.
pub struct Executor<'a> {
    pub clock: &'a dyn Clock,
    pub sts: &'a dyn Sts,
    pub sources: &'a dyn FetchBase,
    pub sessions: &'a dyn Sessions,
    pub prompt: &'a dyn Prompt,
    pub locks: &'a dyn Locks,
    pub report: &'a dyn Report,
    pub policy: CachePolicy,
    /// Whether the warning about a clock that runs wrong was given.
    pub clock_warned: &'a Cell<bool>,
}

impl Executor<'_> {
    /// Returns the credentials that a chain ends in. Blocks while AWS, a source or a person is
    /// asked, and for up to 330 seconds at a time while another process makes the same.
    ///
    /// # Errors
    /// What the base, a step or the prompt fails with, where no older session still lives; an
    /// interruption in any case.
    pub fn acquire(&self, chain: &Chain) -> Result<Acquired> {
        let acquired = |origin| move |credentials| Acquired { credentials, origin };
        if chain.is_static() {
            let fetched = self.sources.fetch(chain, &chain.plan.base)?;
            return self.still_good(chain, fetched).map(acquired(Origin::Source));
        }
        if !chain.is_origin_known() && !self.is_off() {
            self.report.decided(&|| {
                "nothing is cached: it cannot be told whose credentials the base gives".to_owned()
            });
            let policy = CachePolicy { mode: CacheMode::Off, ..self.policy };
            return Executor { policy, ..*self }.acquire(chain);
        }
        let keys = SessionKeys::of(chain);
        let cached = if self.is_off() || !chain.is_cacheable() {
            None
        } else {
            self.sessions.get(keys.last())?
        };
        if let (Some(session), false) = (&cached, self.policy.mode == CacheMode::Refresh) {
            if self.is_usable(session) {
                self.report
                    .decided(&|| format!("using the cached session, {}", self.life(session)));
                return Ok(acquired(Origin::Cached)(Credentials::Session(session.clone())));
            }
            self.report
                .decided(&|| format!("the cached session is too old: {}", self.life(session)));
        }
        self.renew(chain, &keys)
            .or_else(|error| self.fall_back(cached, error).map(acquired(Origin::Cached)))
    }

    fn is_off(&self) -> bool {
        self.policy.mode == CacheMode::Off
    }

    /// Performs what is missing, one process at a time for a base.
    fn renew(&self, chain: &Chain, keys: &SessionKeys) -> Result<Acquired> {
        let purpose = || match (chain.role_arn(), &chain.subject.profile) {
            (Some(role), Some(_)) => format!("{} ({role})", chain.who()),
            _ => chain.who(),
        };
        let cacheable = !self.is_off() && chain.is_cacheable();
        let asked_at = self.clock.now();
        let meanwhile = || {
            let session = self.sessions.get(keys.last())?.filter(|session| {
                let fresh = session.issued_at.is_some_and(|at| at >= asked_at);
                self.is_usable(session) && (fresh || self.policy.mode != CacheMode::Refresh)
            });
            Ok::<_, Error>(session.map(Credentials::Session))
        };
        let mut declined = Vec::new();
        let lock = loop {
            let attempt = if cacheable {
                self.locks.attempt(keys.base.as_str(), &purpose())
            } else {
                Attempt::Unavailable
            };
            if let Attempt::Busy = attempt {
                let left = self.locks.wait(keys.base.as_str(), LOCK_TIMEOUT)?;
                for one in left {
                    if one.at >= asked_at && !declined.contains(&one) {
                        declined.push(one);
                    }
                }
            }
            // Another process may have fetched it since the first look; those that waited all read
            // it at once.
            if let Some(credentials) = if cacheable { meanwhile()? } else { None } {
                self.report.decided(&|| "another process fetched the session meanwhile".to_owned());
                return Ok(Acquired { credentials, origin: Origin::Cached });
            }
            match attempt {
                Attempt::Held(file) => break Some(file),
                Attempt::Unavailable => break None,
                Attempt::Busy => {}
            }
        };
        // Who waits for this process may not have seen it.
        if let Some(lock) = &lock {
            for one in &declined {
                self.locks.record(lock, one);
            }
        }
        let prompt = DeclineMemory {
            prompt: self.prompt,
            clock: self.clock,
            locks: self.locks,
            lock: lock.as_ref(),
            meanwhile: &declined,
        };
        Executor { prompt: &prompt, ..*self }.make(chain, keys)
    }

    /// Makes the session from the deepest that is kept.
    fn make(&self, chain: &Chain, keys: &SessionKeys) -> Result<Acquired> {
        let credentials = match self.deepest(chain, keys)? {
            None => {
                self.confirm(chain, Some(&chain.plan.base), &chain.plan.steps)?;
                self.perform(chain, keys, self.fetch_base(chain, keys)?, 0)
            }
            Some((kept, done)) => {
                self.confirm(chain, None, &chain.plan.steps[done..])?;
                self.perform(chain, keys, kept, done).or_else(|error| {
                    if !error.code().is_some_and(AwsCode::refuses_caller) {
                        return Err(error);
                    }
                    self.report.decided(&|| {
                        format!(
                            "AWS does not accept the cached session any more ({error}); starting \
                             from the base"
                        )
                    });
                    self.confirm(chain, Some(&chain.plan.base), &chain.plan.steps[..done])?;
                    self.perform(chain, keys, self.fetch_base(chain, keys)?, 0)
                })
            }
        };
        credentials.map(|credentials| Acquired { credentials, origin: Origin::New })
    }

    /// Asks about each session that is to be made of a profile which wants that, before anything is
    /// fetched. `base` is the one that is to be fetched, if one is.
    fn confirm(&self, chain: &Chain, base: Option<&Base>, steps: &[Step]) -> Result<()> {
        let plan = &chain.plan;
        let base = base
            .filter(|base| base.access_key_id().is_none())
            .map(|base| (plan.base_profile.as_ref(), base.facts().role_arn));
        let steps = steps.iter().map(|step| (step.profile(), step.role_arn()));
        let asks = |name: &&ProfileName| plan.confirm.contains(name);
        let questions: Vec<_> = base
            .into_iter()
            .chain(steps)
            .filter_map(|(profile, role)| Some((profile.filter(asks)?, role)))
            .collect();
        for (number, (profile, role_arn)) in questions.iter().enumerate() {
            // Keys and a role may stand in one profile: it is asked about once, and by the role.
            if questions[number + 1..].iter().all(|(later, _)| later != profile) {
                let role_arn = role_arn.map(RoleArn::as_str);
                self.prompt.confirm(&ConfirmQuestion { profile, role_arn, declined: false })?;
            }
        }
        Ok(())
    }

    /// Performs the steps after the first `done`, keeping each session.
    fn perform(
        &self,
        chain: &Chain,
        keys: &SessionKeys,
        mut credentials: Credentials,
        done: usize,
    ) -> Result<Credentials> {
        for (step, key) in chain.plan.steps.iter().zip(&keys.steps).skip(done) {
            let (session, profile) = match step {
                Step::GetSessionToken(call) => (
                    self.get_session_token(chain, call, &credentials)?,
                    call.profile.as_deref().unwrap_or(chain.name()),
                ),
                Step::AssumeRole(call) => (
                    self.assume_role(chain, call, &credentials)?,
                    call.profile.as_deref().unwrap_or(chain.base_name()),
                ),
            };
            let offset = self.sts.clock_offset().unwrap_or_default();
            if let Some(error) = made_too_late(step, &session, self.clock.now() + offset) {
                return Err(error);
            }
            if self.may_be_cached(&session, AskedLife::Exactly(step.seconds())) {
                self.cache(key, &session, profile, step.role_arn())?;
            }
            credentials = Credentials::Session(session);
        }
        Ok(credentials)
    }

    fn get_session_token(
        &self,
        chain: &Chain,
        call: &GetSessionToken,
        caller: &Credentials,
    ) -> Result<Session> {
        let Some(mfa) = &call.mfa else {
            self.report.decided(&|| format!("getting a session for {}", caller.access_key_id()));
            return self.sts.get_session_token(chain, call, caller, None);
        };
        self.with_code(chain, mfa, caller, &|code| {
            self.report.decided(&|| {
                format!(
                    "getting a session with MFA of {} for {}",
                    code.serial,
                    caller.access_key_id()
                )
            });
            self.sts.get_session_token(chain, call, caller, Some(code))
        })
    }

    fn assume_role(
        &self,
        chain: &Chain,
        call: &AssumeRole,
        caller: &Credentials,
    ) -> Result<Session> {
        let assume = |caller: &Credentials, code: Option<&TokenCode>| {
            self.report.decided(&|| {
                let place = in_brackets(chain.place_in_role(call, keys::ROLE_ARN));
                let (role, name) = (&call.role_arn, &call.role_session_name);
                format!("assuming {role}{place} as {name} from {}", caller.access_key_id())
            });
            self.sts.assume_role(chain, call, caller, code)
        };
        match &call.mfa {
            MfaUse::Code(mfa) => {
                self.with_code(chain, mfa, caller, &|code| assume(caller, Some(code)))
            }
            MfaUse::Impossible(mfa) => {
                self.report.decided(&|| {
                    format!(
                        "the MFA device {} of {} is not used: AWS takes no code from a role's \
                         session",
                        mfa.serial,
                        call.who()
                    )
                });
                assume(caller, None)
            }
            MfaUse::Session(_) | MfaUse::None => assume(caller, None),
        }
    }

    /// Makes a call with a code, and asks again as long as AWS refuses it and there is somebody to
    /// ask.
    fn with_code(
        &self,
        chain: &Chain,
        mfa: &Mfa,
        caller: &Credentials,
        call: &dyn Fn(&TokenCode) -> Result<Session>,
    ) -> Result<Session> {
        let serial = if mfa.serial.is_auto() {
            self.sts.mfa_serial(chain, caller)?
        } else {
            mfa.serial.to_string()
        };
        let mut code = TokenCode { serial: serial.clone(), code: String::new() };
        let process_place = chain.place_of_device(keys::MFA_PROCESS);
        let mut refused: Option<Error> = None;
        loop {
            code.code = self.prompt.token_code(&Question {
                who: &chain.who(),
                invocation: &chain.subject.invocation,
                role_arn: chain.role_arn().map(RoleArn::as_str),
                serial: &serial,
                process: mfa.process.as_deref(),
                process_place: process_place.as_ref(),
                oath: mfa.oath.as_deref(),
                refused: refused.as_ref(),
                declined: false,
            })?;
            match call(&code) {
                Err(error) if error.refusal() == Some(Refusal::MfaCode) => refused = Some(error),
                result => return result,
            }
        }
    }

    /// Finds the furthest session of the chain that is still good, and how many steps it covers.
    fn deepest(&self, chain: &Chain, keys: &SessionKeys) -> Result<Option<(Credentials, usize)>> {
        if self.policy.mode != CacheMode::Use {
            return Ok(None);
        }
        let good = |key: &SessionKey| {
            let session = self.sessions.get(key)?;
            Ok::<_, Error>(session.filter(|session| self.lives(session, ENOUGH_FOR_A_CALL)))
        };
        for done in (1..chain.plan.steps.len()).rev() {
            if let Some(session) = good(&keys.steps[done - 1])? {
                self.report.decided(&|| {
                    format!(
                        "going on from the cached session of step {done}, {}",
                        self.life(&session)
                    )
                });
                return Ok(Some((Credentials::Session(session), done)));
            }
        }
        if !chain.plan.base.facts().cacheable || chain.plan.steps.is_empty() {
            return Ok(None);
        }
        Ok(good(&keys.base)?.map(|session| {
            self.report
                .decided(&|| format!("going on from the cached base, {}", self.life(&session)));
            (Credentials::Session(session), 0)
        }))
    }

    fn fetch_base(&self, chain: &Chain, keys: &SessionKeys) -> Result<Credentials> {
        self.report.decided(&|| {
            let (kind, place) = (chain.plan.base.kind(), in_brackets(chain.place_of_base()));
            format!("fetching the base: {kind}{place}")
        });
        let credentials = self.still_good(chain, self.sources.fetch(chain, &chain.plan.base)?)?;
        if let (Credentials::Session(session), true) =
            (&credentials, chain.plan.base.facts().cacheable)
        {
            if self.may_be_cached(session, AskedLife::of(&chain.plan.base)) {
                let role = chain.plan.base.facts().role_arn;
                self.cache(&keys.base, session, chain.base_name(), role)?;
            }
        }
        Ok(credentials)
    }

    fn cache(
        &self,
        key: &SessionKey,
        session: &Session,
        profile: &str,
        role: Option<&RoleArn>,
    ) -> Result<()> {
        if self.is_off() || session.expires_at.is_none() {
            return Ok(());
        }
        let metadata =
            Metadata { profile: profile.to_owned(), role_arn: role.map(RoleArn::to_string) };
        self.sessions.put(key, &by_this_clock(session, self.sts.clock_offset()), &metadata)
    }

    /// Returns whether a new session may be cached, and warns once where a clock forbids it.
    fn may_be_cached(&self, session: &Session, asked: AskedLife) -> bool {
        let Some(why) = why_not_cached(session, asked, self.sts.clock_offset()) else {
            return true;
        };
        if !self.clock_warned.replace(true) {
            self.report.warn(&why);
        }
        false
    }

    /// Refuses credentials that have ended, by AWS's clock where an answer has told it.
    fn still_good(&self, chain: &Chain, credentials: Credentials) -> Result<Credentials> {
        let offset = self.sts.clock_offset().unwrap_or_default();
        match ended(chain, &credentials, self.clock.now() + offset) {
            Some(error) => Err(error),
            None => Ok(credentials),
        }
    }

    /// A renewal that fails while the old session lives gives the old one, with a warning.
    fn fall_back(&self, cached: Option<Session>, error: Error) -> Result<Credentials> {
        match cached.filter(|session| {
            error.kind() != Kind::Interrupted && self.lives(session, LAST_MOMENTS)
        }) {
            Some(session) => {
                self.report.warn(&format!(
                    "the session could not be renewed ({error}); using the old one, {}",
                    self.life(&session)
                ));
                Ok(Credentials::Session(session))
            }
            None => Err(error),
        }
    }

    /// Returns whether a session lives long enough; one that was never to live an hour is used
    /// until a fifth of its life is left.
    fn is_usable(&self, session: &Session) -> bool {
        self.lives(session, least_life(session, self.policy.min_ttl))
    }

    fn lives(&self, session: &Session, at_least: TimeDelta) -> bool {
        lives(session, self.clock.now(), at_least)
    }

    fn life(&self, session: &Session) -> String {
        match session.expires_at {
            Some(end) => {
                format!("{} left", duration::render((end - self.clock.now()).num_seconds()))
            }
            None => "without an end".to_owned(),
        }
    }
}

fn in_brackets(place: Option<Place>) -> String {
    place.map_or_else(String::new, |place| format!(" ({place})"))
}
