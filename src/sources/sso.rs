//! IAM Identity Center: role credentials for the token that `aws sso login` caches, which is
//! renewed here where it has a refresh token.

use std::path::Path;
use std::time::Duration;

use chrono::TimeDelta;
use secrecy::SecretString;

use super::Sources;
use super::principal::require_same;
use super::sso_token::{Token, read_token, token_path};
use crate::aws::Session;
use crate::chain::{Chain, Sso};
use crate::clients::factory::Target;
use crate::clients::failure::CallError;
use crate::clients::ssooidc::{Renewal, RenewedToken};
use crate::error::{AwsCode, Error, Result};
use crate::system::locks::lock_beside;

/// A token is renewed when it has less than this left, as the AWS CLI does.
const RENEW_BEFORE: TimeDelta = TimeDelta::minutes(5);
/// What a token that cannot be renewed must have left to be used once more.
const LAST_MOMENTS: TimeDelta = TimeDelta::seconds(5);
/// How long another process that renews the token is waited for.
const LOCK_TIMEOUT: Duration = Duration::from_secs(60);

impl Sources<'_> {
    pub(super) fn sso(&self, chain: &Chain, sso: &Sso) -> Result<Session> {
        let token = self.token(chain, sso)?;
        let target = target(chain, sso, sso.endpoint.as_deref());
        self.calls.get_role_credentials(&target, sso, &token).map_err(|error| {
            let error = error.into_error(format!(
                "IAM Identity Center gave no credentials for role {} in account {}",
                sso.role_name, sso.account_id
            ));
            match error.code().map(AwsCode::as_str) {
                Some("UnauthorizedException") => {
                    login_needed(chain, sso, "the token is no longer accepted")
                }
                Some("ForbiddenException" | "ResourceNotFoundException") => error.hint(
                    "see what is assigned to you: aws sso list-account-roles --account-id ACCOUNT \
                     --access-token TOKEN",
                ),
                _ => error,
            }
        })
    }

    /// Returns a token that is still good, renewing it where that is possible.
    fn token(&self, chain: &Chain, sso: &Sso) -> Result<SecretString> {
        let path = token_path(self.directories.home()?, sso);
        let none = || login_needed(chain, sso, "there is no token of a login");
        let token = self.read(chain, &path)?.ok_or_else(none)?;
        if self.lives(&token, RENEW_BEFORE) {
            return token.access_token().ok_or_else(none);
        }
        // A refresh token may work only once, so that one process renews and the others read what
        // it wrote.
        let _lock = lock_beside(&path, LOCK_TIMEOUT, self.calls.runtime)?;
        let token = self.read(chain, &path)?.ok_or_else(none)?;
        if self.lives(&token, RENEW_BEFORE) {
            return token.access_token().ok_or_else(none);
        }
        let failure = match token.renewal(self.calls.clock.now()).filter(|_| sso.session.is_some())
        {
            None => "the token has expired".to_owned(),
            Some(renewal) => match self.renew(chain, sso, &renewal) {
                Ok(renewed) => return Ok(self.replace(&path, &token, &renewed)),
                Err(CallError::Other(error)) => return Err(error),
                Err(CallError::Failed(failure)) => {
                    format!("the token could not be renewed: {}", failure.message)
                }
            },
        };
        // A token that could not be renewed is used while it lives.
        if self.lives(&token, LAST_MOMENTS) {
            return token.access_token().ok_or_else(none);
        }
        Err(login_needed(chain, sso, &failure))
    }

    fn read(&self, chain: &Chain, path: &Path) -> Result<Option<Token>> {
        let token = read_token(path, self.calls.runtime)?;
        if let Some(login) = token.as_ref().and_then(Token::login) {
            require_same(chain, &login)?;
        }
        Ok(token)
    }

    fn lives(&self, token: &Token, at_least: TimeDelta) -> bool {
        token.expires_at().is_some_and(|end| end - self.calls.clock.now() > at_least)
    }

    fn renew(
        &self,
        chain: &Chain,
        sso: &Sso,
        renewal: &Renewal,
    ) -> Result<RenewedToken, CallError> {
        let name = sso.session.as_deref().unwrap_or(&sso.start_url);
        self.report.decided(&|| format!("renewing the SSO token of {name}"));
        self.calls.renew_token(&target(chain, sso, sso.oidc_endpoint.as_deref()), renewal)
    }

    /// Puts a renewed token into the place of the old one, and returns it. A file that cannot be
    /// written is a warning.
    fn replace(&self, path: &Path, old: &Token, renewed: &RenewedToken) -> SecretString {
        let token = old.renewed(renewed, self.calls.clock.now());
        if let Err(error) = token.write(path) {
            self.report.warn(&format!(
                "the renewed SSO token could not be written to {}: {error}",
                path.display()
            ));
        }
        renewed.access_token.clone()
    }
}

/// Returns where the calls of an SSO configuration go. They are not signed.
fn target<'a>(chain: &'a Chain, sso: &'a Sso, endpoint: Option<&'a str>) -> Target<'a> {
    Target { network: &chain.plan.network, region: Some(&sso.region), endpoint, caller: None }
}

fn login_needed(chain: &Chain, sso: &Sso, why: &str) -> Error {
    let profile = chain.base_name();
    Error::needs_person(format!("profile `{profile}` needs a login at {}: {why}", sso.start_url))
        .about(profile)
        .hint(format!("log in: {}", login(sso, profile)))
}

/// Returns the command that gets the token anew.
pub fn login(sso: &Sso, profile: &str) -> String {
    let (option, name) =
        sso.session.as_deref().map_or(("--profile", profile), |session| ("--sso-session", session));
    format!("aws sso login {}", crate::hint::option(option, name))
}
