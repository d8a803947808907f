//! How long sessions live, by a clock that may run wrong. A wrong clock costs calls and never hands
//! out what has ended: a session with more left than its whole life is no session, and one that
//! seems to live longer than was asked for is not cached.

use chrono::{DateTime, SecondsFormat, TimeDelta, Utc};

use crate::aws::{Credentials, Session, duration};
use crate::chain::keys;
use crate::chain::{Base, Chain, Step};
use crate::error::{Error, Place};
use crate::hint;

/// A session is never handed out in its last seconds.
pub const LAST_MOMENTS: TimeDelta = TimeDelta::seconds(15);
/// An hour, less what clocks differ: AWS's default session is not a short one.
const NEARLY_AN_HOUR: TimeDelta = TimeDelta::seconds(3_500);
/// What clocks may differ without a word.
const TOLERATED_SKEW: TimeDelta = TimeDelta::minutes(4);

/// How long a session was asked to live, in seconds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum AskedLife {
    Exactly(u32),
    /// Nothing was asked for: this is the longest that the source gives.
    AtMost(u32),
}

impl AskedLife {
    /// Returns how long the sessions of a base live, where these may be cached.
    pub fn of(base: &Base) -> Self {
        match base {
            Base::WebIdentity(call) => {
                Self::Exactly(call.duration_seconds.unwrap_or(duration::DEFAULT_ROLE))
            }
            Base::Sso(_) => Self::AtMost(duration::LONGEST_ROLE),
            _ => Self::AtMost(duration::LONGEST_TOKEN),
        }
    }
}

/// Returns how long a session must live to be handed out: the minimum, or a fifth of a short
/// session's whole life.
pub fn least_life(session: &Session, min_ttl: TimeDelta) -> TimeDelta {
    let whole = session.expires_at.zip(session.issued_at).map(|(end, begin)| end - begin);
    let wanted = match whole {
        Some(whole) if whole < NEARLY_AN_HOUR => min_ttl.min(whole / 5),
        _ => min_ttl,
    };
    wanted.max(LAST_MOMENTS)
}

/// Returns whether a cached session lives at least so long. The clock was set back since one was
/// made that has more left than its whole life.
pub fn lives(session: &Session, now: DateTime<Utc>, at_least: TimeDelta) -> bool {
    session.expires_at.is_some_and(|end| end - now >= at_least)
        && session.issued_at.is_none_or(|begin| begin <= now)
}

/// Returns a session as it is cached: where this machine's clock is a little behind AWS's, it ends
/// that much earlier by it.
pub fn by_this_clock(session: &Session, offset: Option<TimeDelta>) -> Session {
    let behind = offset.filter(|offset| *offset > TimeDelta::zero()).unwrap_or_default();
    Session { expires_at: session.expires_at.map(|end| end - behind), ..session.clone() }
}

/// Returns why a new session must not be cached. `offset` is how far AWS's clock was ahead of this
/// machine's when it last answered; where no answer said so, the session's own end tells.
pub fn why_not_cached(
    session: &Session,
    asked: AskedLife,
    offset: Option<TimeDelta>,
) -> Option<String> {
    let (end, begin) = session.expires_at.zip(session.issued_at)?;
    let (AskedLife::Exactly(seconds) | AskedLife::AtMost(seconds)) = asked;
    let beyond = end - begin - TimeDelta::seconds(i64::from(seconds));
    // AWS may cap what was asked for: the sessions of an account's root at an hour.
    let an_hour = (end - begin - TimeDelta::seconds(i64::from(duration::DEFAULT_ROLE))).abs();
    let is_capped = beyond < TimeDelta::zero() && an_hour < TOLERATED_SKEW;
    let behind = offset.unwrap_or(match asked {
        AskedLife::Exactly(_) if !is_capped => beyond,
        _ => TimeDelta::zero(),
    });
    if behind.abs() >= TOLERATED_SKEW {
        let way = if behind > TimeDelta::zero() { "behind" } else { "ahead of" };
        let skew = duration::render(behind.abs().num_seconds());
        return Some(format!(
            "this machine's clock is {skew} {way} AWS's, so the session is not kept; set it: \
             {}",
            hint::SYSTEM.set_clock
        ));
    }
    (beyond >= TOLERATED_SKEW).then(|| {
        format!(
            "the session seems to live for {}, longer than was asked for, and is not kept; look \
             at the clock: {}",
            duration::render((end - begin).num_seconds()),
            hint::SYSTEM.show_clock
        )
    })
}

/// Returns the error about a session that had ended when AWS gave it, if it had.
pub fn made_too_late(step: &Step, session: &Session, now: DateTime<Utc>) -> Option<Error> {
    let end = session.expires_at.filter(|end| *end <= now)?;
    let what = match step.role_arn() {
        Some(role) => format!("session of {role}"),
        None => step.title().to_owned(),
    };
    Some(
        Error::failed(format!("AWS gave a {what} that had expired at {}", timestamp(end)))
            .hint("look at the clock and the endpoint: rolecall doctor"),
    )
}

/// Returns the error about credentials that have ended, if they have.
pub fn ended(chain: &Chain, credentials: &Credentials, now: DateTime<Utc>) -> Option<Error> {
    let end = credentials.expires_at().filter(|end| *end <= now)?;
    let base = &chain.plan.base;
    let place = match base {
        Base::Static(keys) | Base::Environment(keys) => {
            keys.expiration.as_ref().map(|expiration| expiration.place.clone())
        }
        Base::Process { place, .. } | Base::LoginSession { place, .. } => Some(place.into()),
        Base::WebIdentity(call) => Some(Place::File(call.token_file.clone().into())),
        Base::Sso(_) => chain.place_in_base(keys::SSO_ROLE_NAME),
        _ => chain.place_of_base(),
    };
    let what = match chain.plan.base_profile.as_deref() {
        Some(profile) => format!("the credentials of profile `{profile}` ({})", base.kind()),
        None => format!("the credentials of the {}", base.kind().replace('_', " ")),
    };
    let at = place.as_ref().map_or_else(String::new, |place| format!("{place}: "));
    let error = Error::failed(format!("{at}{what} expired at {}", timestamp(end)));
    let error = match place {
        Some(place) => error.at(place),
        None => error,
    };
    Some(error.hint(match base {
        Base::Environment(_) => {
            let names = [
                "AWS_ACCESS_KEY_ID",
                "AWS_SECRET_ACCESS_KEY",
                "AWS_SESSION_TOKEN",
                "AWS_CREDENTIAL_EXPIRATION",
            ];
            format!("take them away: {}", hint::unset(&names))
        }
        _ => format!("get new ones where they come from, see: {}", chain.command("explain")),
    }))
}

fn timestamp(at: DateTime<Utc>) -> String {
    at.to_rfc3339_opts(SecondsFormat::Secs, true)
}
