//! Ends logins, at AWS and here.

use std::io::ErrorKind;
use std::path::Path;

use crate::app::call::AskPolicy;
use crate::app::context::Context;
use crate::app::stores::StoreOpener;
use crate::chain::{AnyPortal, Chain, EndpointUrl, Network, Sso, SsoLogins};
use crate::clients::calls::AwsCalls;
use crate::clients::factory::{Service, Target};
use crate::clients::failure::CallError;
use crate::error::{Error, Result};
use crate::hint;
use crate::sources::login_tokens::{LOCK_TIMEOUT, StoredTokens};
use crate::sources::sso_token::{Token, cached_tokens, read_token, token_path};
use crate::system::clock::{Clock, SystemClock};
use crate::system::files::read_named;
use crate::system::locks::lock_beside;
use crate::system::report::Report;

/// What no cache file of the AWS CLI comes near, in bytes.
const MAX_CACHE_BYTES: u64 = 1024 * 1024;

/// Ends the login of a session, wherever its token is kept, and returns whether there was one. The
/// registration stays.
///
/// # Errors
/// Where the token cannot be taken away, the store does not answer, or the wait is interrupted.
pub fn log_out(context: &Context, chain: &Chain, sso: &Sso) -> Result<bool> {
    let (network, endpoint) = (&chain.plan.network, sso.endpoint.as_ref());
    let ending = Ending { context, network, endpoint };
    let path = token_path(context.directories.home()?, &sso.session);
    let token = read_token(&path, &context.runtime)?;
    if let Some(token) = &token {
        // The login is where the token was made, whatever the file says now.
        ending.end(&path, token, &sso.session.region)?;
    }
    let name = sso.session.cache_name().to_owned();
    let may_be_stored = context.settings.stored_sso_tokens().is_some();
    let is_stored = (may_be_stored || stored_tokens(context).records().contains_key(&name))
        && ending.end_stored(&name, &sso.session.region)?;
    Ok(token.is_some() || is_stored)
}

/// Ends every login whose token is in the cache, whoever left it there, or in the store, and takes
/// away the role sessions that the AWS CLI keeps of them. Returns how many there were.
///
/// # Errors
/// As [`log_out`].
pub fn log_out_of_all(context: &Context, logins: SsoLogins) -> Result<usize> {
    let home = context.directories.home()?;
    let AnyPortal { network, endpoint } = logins.any_portal()?;
    let ending = Ending { context, network: &network, endpoint: endpoint.as_ref() };
    let tokens = cached_tokens(home);
    for (path, token) in &tokens {
        ending.end(path, token, "")?;
    }
    forget_sessions_of_cli(&home.join(".aws").join("cli").join("cache"));
    let mut ended = tokens.len();
    for name in stored_tokens(context).records().keys() {
        ended += usize::from(ending.end_stored(name, "")?);
    }
    Ok(ended)
}

fn stored_tokens(context: &Context) -> StoredTokens<'_> {
    StoreOpener::new(context, &context.ui, AskPolicy::Allowed).sso_tokens(None)
}

/// Ends logins at a portal.
struct Ending<'a> {
    context: &'a Context,
    network: &'a Network,
    endpoint: Option<&'a EndpointUrl>,
}

impl Ending<'_> {
    /// Tells AWS, and takes away the token's file. `region` is for a token that names none.
    fn end(&self, path: &Path, token: &Token, region: &str) -> Result<()> {
        self.tell(token, region)?;
        let lock = lock_beside(path, LOCK_TIMEOUT, &self.context.runtime);
        let removed = std::fs::remove_file(path);
        drop(lock);
        match removed {
            Err(error) if error.kind() != ErrorKind::NotFound => {
                Err(Error::failed(format!("the token stays in {}", path.display()))
                    .caused_by(error)
                    .hint(format!("see whose it is: {}", hint::look_at(path))))
            }
            _ => Ok(()),
        }
    }

    /// Tells AWS, and takes a token out of the store; returns whether there was one.
    fn end_stored(&self, name: &String, region: &str) -> Result<bool> {
        let mut stored = stored_tokens(self.context);
        // Whichever store is chosen now.
        stored.chosen = stored.recorded(name).or(stored.chosen);
        let Some(token) = stored.get(name, SystemClock.now())? else {
            stored.update(|records| drop(records.remove(name)));
            return Ok(false);
        };
        self.tell(&token, region)?;
        stored.remove(name)
    }

    /// Tells AWS that a login has ended.
    fn tell(&self, token: &Token, region: &str) -> Result<()> {
        let Context { clients, runtime, environment, ui, .. } = self.context;
        let calls = AwsCalls { factory: clients, runtime, clock: &SystemClock, environment };
        let region = token.region().unwrap_or(region);
        let target = Target::of(Service::Portal, self.network, region, self.endpoint);
        match token.access_token().map(|token| calls.log_out(&target, &token)) {
            None | Some(Ok(())) => {}
            Some(Err(CallError::Failed(failure))) if failure.code.is_some() => {
                ui.decided(&|| format!("AWS had no such login any more: {failure}"));
            }
            Some(Err(CallError::Failed(failure))) => ui.warn(&format!(
                "AWS could not be told, so that a copy of the token stays good until its end: \
                 {failure}"
            )),
            Some(Err(CallError::Other(error))) => return Err(error),
        }
        Ok(())
    }
}

/// Takes away the role sessions of IAM Identity Center that the AWS CLI keeps, as its own logout
/// does. It does not note whose they are.
fn forget_sessions_of_cli(folder: &Path) {
    for file in std::fs::read_dir(folder).into_iter().flatten().flatten() {
        let path = file.path();
        let Ok(bytes) = read_named(&path, MAX_CACHE_BYTES) else { continue };
        let Ok(fields) = serde_json::from_slice::<serde_json::Value>(&bytes) else { continue };
        if fields["ProviderType"] == "sso" {
            let _ = std::fs::remove_file(&path);
        }
    }
}
