//! Ends logins, at AWS and here.

use std::io::ErrorKind;
use std::path::Path;

use crate::app::context::Context;
use crate::chain::{AnyPortal, Chain, Sso, SsoLogins};
use crate::clients::calls::AwsCalls;
use crate::clients::factory::{Service, Target};
use crate::clients::failure::CallError;
use crate::error::{Error, Result};
use crate::hint;
use crate::sources::sso::LOCK_TIMEOUT;
use crate::sources::sso_token::{Token, cached_tokens, read_token, token_path};
use crate::system::clock::SystemClock;
use crate::system::files::read_named;
use crate::system::locks::lock_beside;
use crate::system::report::Report;

/// What no cache file of the AWS CLI comes near, in bytes.
const MAX_CACHE_BYTES: u64 = 1024 * 1024;

/// Ends the login of a session, and returns whether there was one. The registration stays.
///
/// # Errors
/// Where the token cannot be taken away, or the wait is interrupted.
pub fn log_out(context: &Context, chain: &Chain, sso: &Sso) -> Result<bool> {
    let path = token_path(context.directories.home()?, &sso.session);
    let Some(token) = read_token(&path, &context.runtime)? else { return Ok(false) };
    // The login is where the token was made, whatever the file says now.
    let region = token.region().unwrap_or(&sso.session.region);
    let target = Target::of(Service::Portal, &chain.plan.network, region, sso.endpoint.as_ref());
    end(context, &target, &path, &token)?;
    Ok(true)
}

/// Ends every login whose token is in the cache, whoever left it there, and takes away the role
/// sessions that the AWS CLI keeps of them. Returns how many there were.
///
/// # Errors
/// As [`log_out`].
pub fn log_out_of_all(context: &Context, logins: SsoLogins) -> Result<usize> {
    let home = context.directories.home()?;
    let AnyPortal { network, endpoint } = logins.any_portal()?;
    let tokens = cached_tokens(home);
    for (path, token) in &tokens {
        let region = token.region().unwrap_or_default();
        let target = Target::of(Service::Portal, &network, region, endpoint.as_ref());
        end(context, &target, path, token)?;
    }
    forget_sessions_of_cli(&home.join(".aws").join("cli").join("cache"));
    Ok(tokens.len())
}

/// Tells AWS, and takes the token away.
fn end(context: &Context, target: &Target, path: &Path, token: &Token) -> Result<()> {
    let Context { clients, runtime, environment, ui, .. } = context;
    let calls = AwsCalls { factory: clients, runtime, clock: &SystemClock, environment };
    let told = token.access_token().map(|token| calls.log_out(target, &token));
    match told {
        None | Some(Ok(())) => {}
        Some(Err(CallError::Failed(failure))) if failure.code.is_some() => {
            ui.decided(&|| format!("AWS had no such login any more: {failure}"));
        }
        Some(Err(CallError::Failed(failure))) => ui.warn(&format!(
            "AWS could not be told, so that a copy of the token stays good until its end: {failure}"
        )),
        Some(Err(CallError::Other(error))) => return Err(error),
    }
    let lock = lock_beside(path, LOCK_TIMEOUT, runtime);
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
