//! One login at a time: whoever finds another one under way takes its token.

use chrono::{DateTime, Utc};
use secrecy::SecretString;

use super::performer::Performer;
use super::start_url;
use super::way::LoginOptions;
use crate::app::call::AskPolicy;
use crate::app::context::Context;
use crate::app::identify::identify;
use crate::app::stores::StoreOpener;
use crate::chain::{Base, Chain, Principal, SsoSession};
use crate::error::{Error, Result};
use crate::sources::login_tokens::{LOCK_TIMEOUT, LoginTokens};
use crate::sources::sso_token::Token;
use crate::system::clock::{Clock, SystemClock};
use crate::system::digest::sha1_hex;
use crate::system::locks::{Attempt, FileLocks, Locks};

/// A login that is good now.
pub struct LoggedIn {
    pub access_token: SecretString,
    pub expires_at: DateTime<Utc>,
    /// Whether the token can be renewed without a person.
    pub is_renewable: bool,
    /// The store that keeps it, where the settings want one.
    pub store: Option<String>,
}

/// Logs in anew for the base of a chain, and keeps the token where the AWS CLI and the SDKs look, or
/// in the store where the settings say so.
/// Where another process does so at this moment, waits for it and takes its token. Waits for a
/// person for as long as the settings say, ten minutes where they do not.
///
/// # Errors
/// Where nobody can be asked, the person or AWS refuses, the token cannot be kept, or the wait is
/// interrupted.
pub fn log_in(context: &Context, chain: &Chain, options: LoginOptions) -> Result<LoggedIn> {
    let mut chain = chain.clone();
    identify(context, &mut chain);
    log_in_after(context, &chain, options)
}

/// As [`log_in`], in the place of the login that the chain was identified by. A good token of any
/// other serves as it is.
///
/// # Errors
/// As [`log_in`].
pub(super) fn log_in_after(
    context: &Context,
    chain: &Chain,
    options: LoginOptions,
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
    let session = &sso.session;
    let kept = StoreOpener::new(context, &context.ui, AskPolicy::Allowed).login_tokens(None);
    let lock_name = format!("sso-{}", sha1_hex(sso.session.cache_name()));
    let folders = context.directories.locks();
    let locks = FileLocks::new(folders, None, context.runtime.clone(), &context.ui);
    let before = match &chain.plan.principal {
        Principal::Known(login) => Some(login),
        Principal::Base | Principal::Unknown => None,
    };
    let is_new = |token: &Token| before.is_none() || token.login().as_ref() != before;
    loop {
        let purpose = format!("a login at {name}");
        let _held = match locks.attempt(&lock_name, &purpose) {
            Attempt::Held(file) => Some(file),
            Attempt::Unavailable => None,
            Attempt::Busy => {
                // Another one has this tab open, and a bit more time than a person has.
                locks.wait(&lock_name, context.settings.login_timeout() + LOCK_TIMEOUT)?;
                match token_of(&kept, session)?.filter(is_new) {
                    Some(token) => return logged_in(&kept, session, &token),
                    None => continue,
                }
            }
        };
        // Whoever held the lock when this one tried may have ended meanwhile.
        if let Some(token) = token_of(&kept, session)?.filter(is_new) {
            return logged_in(&kept, session, &token);
        }
        let resolved = start_url::resolve(context, chain, sso)?;
        let token = Performer::new(context, (chain, sso, &resolved), options)?.log_in(&kept)?;
        return logged_in(&kept, session, &token);
    }
}

/// Reads the token that is kept, where it is still good.
fn token_of(kept: &LoginTokens, session: &SsoSession) -> Result<Option<Token>> {
    let token = kept.read_for_login(session)?;
    Ok(token.filter(|token| token.expires_at().is_some_and(|end| end > SystemClock.now())))
}

fn logged_in(kept: &LoginTokens, session: &SsoSession, token: &Token) -> Result<LoggedIn> {
    let no_end = || Error::failed("AWS gave a token that has no end");
    Ok(LoggedIn {
        access_token: token.access_token().ok_or_else(no_end)?,
        expires_at: token.expires_at().ok_or_else(no_end)?,
        is_renewable: token.is_renewable(SystemClock.now()),
        store: kept.store_of(session).map(|store| store.to_string()),
    })
}
