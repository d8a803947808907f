//! One login at a time: whoever finds another one under way takes its token.

use std::path::Path;

use chrono::{DateTime, Utc};
use secrecy::SecretString;

use super::performer::Performer;
use super::way::LoginOptions;
use crate::app::context::Context;
use crate::chain::{Base, Chain};
use crate::error::{Error, Result};
use crate::sources::sso::LOCK_TIMEOUT;
use crate::sources::sso_token::{Token, read_token, token_path};
use crate::system::clock::{Clock, SystemClock};
use crate::system::digest::sha1_hex;
use crate::system::locks::{Attempt, FileLocks, Locks};

/// A login that is good now.
pub struct LoggedIn {
    pub access_token: SecretString,
    pub expires_at: DateTime<Utc>,
    /// Whether the token can be renewed without a person.
    pub is_renewable: bool,
    /// What tells this login from others.
    login: Option<String>,
}

/// Logs in anew for the base of a chain, and keeps the token where the AWS CLI and the SDKs look.
/// Where another process does so at this moment, waits for it and takes its token. Waits for a
/// person for as long as the settings say, ten minutes where they do not.
///
/// # Errors
/// Where nobody can be asked, the person or AWS refuses, the token cannot be kept, or the wait is
/// interrupted.
pub fn log_in(context: &Context, chain: &Chain, options: LoginOptions) -> Result<LoggedIn> {
    let now = match &chain.plan.base {
        Base::Sso(sso) => {
            token_of(context, &token_path(context.directories.home()?, &sso.session))?
        }
        _ => None,
    };
    log_in_after(context, chain, options, now.as_ref().and_then(|token| token.login.as_deref()))
}

/// As [`log_in`], in the place of the login `before`. A good token of any other serves as it is.
///
/// # Errors
/// As [`log_in`].
pub(super) fn log_in_after(
    context: &Context,
    chain: &Chain,
    options: LoginOptions,
    before: Option<&str>,
) -> Result<LoggedIn> {
    let Base::Sso(sso) = &chain.plan.base else {
        return Err(Error::failed(format!("{} has no login of IAM Identity Center", chain.who())));
    };
    let name = chain.login_name();
    if context.settings.no_input() {
        return Err(Error::needs_person(format!(
            "a login at {name} needs a person, and input is switched off (--no-input or \
             ROLECALL_NO_INPUT)"
        ))
        .hint(format!("log in on a terminal: {}", sso.session.login(chain.base_name()))));
    }
    let path = token_path(context.directories.home()?, &sso.session);
    let lock_name = format!("sso-{}", sha1_hex(sso.session.cache_name()));
    let folders = context.directories.locks();
    let locks = FileLocks::new(folders, None, context.runtime.clone(), &context.ui);
    let is_new = |token: &LoggedIn| before.is_none() || token.login.as_deref() != before;
    loop {
        let purpose = format!("a login at {name}");
        let _held = match locks.attempt(&lock_name, &purpose) {
            Attempt::Held(file) => Some(file),
            Attempt::Unavailable => None,
            Attempt::Busy => {
                // Another one has this tab open, and a bit more time than a person has.
                locks.wait(&lock_name, context.settings.login_timeout() + LOCK_TIMEOUT)?;
                match token_of(context, &path)?.filter(is_new) {
                    Some(token) => return Ok(token),
                    None => continue,
                }
            }
        };
        // Whoever held the lock when this one tried may have ended meanwhile.
        match token_of(context, &path)? {
            Some(token) if is_new(&token) => return Ok(token),
            _ => {
                let token = Performer::new(context, (chain, sso), options)?.log_in(&path)?;
                return logged_in(&token)
                    .ok_or_else(|| Error::failed("AWS gave a token that has no end"));
            }
        }
    }
}

/// Reads the token that is kept, where it is still good.
fn token_of(context: &Context, path: &Path) -> Result<Option<LoggedIn>> {
    let token = read_token(path, &context.runtime)?;
    Ok(token.as_ref().and_then(logged_in).filter(|token| token.expires_at > SystemClock.now()))
}

fn logged_in(token: &Token) -> Option<LoggedIn> {
    Some(LoggedIn {
        access_token: token.access_token()?,
        expires_at: token.expires_at()?,
        is_renewable: token.is_renewable(SystemClock.now()),
        login: token.login(),
    })
}
