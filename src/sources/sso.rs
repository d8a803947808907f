//! IAM Identity Center: role credentials for the token of a login, which is renewed here where it
//! has a refresh token.

use chrono::TimeDelta;
use secrecy::SecretString;

use super::Sources;
use super::login_tokens::LoginTokens;
use super::principal::require_same;
use super::sso_token::{Renewal, Token};
use crate::aws::Session;
use crate::chain::{Chain, Sso};
use crate::clients::asked::Asked;
use crate::clients::calls::AwsCalls;
use crate::clients::factory::{Service, Target};
use crate::clients::failure::CallError;
use crate::clients::ssooidc::{Grant, IssuedToken};
use crate::error::{Error, Kind, Remedy, Result};
use crate::system::report::Report;
use crate::text::shown_url;

/// A token is renewed when it has less than this left, as the AWS CLI does.
const RENEW_BEFORE: TimeDelta = TimeDelta::minutes(5);
/// What a token that cannot be renewed must have left to be used once more.
const LAST_MOMENTS: TimeDelta = TimeDelta::seconds(5);

/// Why a token that looks good is not.
pub const NOT_ACCEPTED: &str = "the token is no longer accepted";

impl Sources<'_> {
    pub(super) fn sso(&self, chain: &Chain, sso: &Sso) -> Result<Session> {
        let tokens =
            SsoTokens { calls: self.calls, report: self.report, kept: (self.login_tokens)() };
        let token = tokens.get(chain, sso, None)?;
        let (network, region) = (&chain.plan.network, &sso.session.region);
        let target = Target::of(Service::Portal, network, region, sso.endpoint.as_ref());
        self.calls.get_role_credentials(&target, sso, &token).map_err(|error| {
            let what = format!("role {} in account {}", sso.role_name, sso.account_id);
            let purpose = format!("get credentials of {what}");
            let refused = format!(
                "profile `{}`: IAM Identity Center gave no credentials for {what}",
                chain.base_name()
            );
            let asked = Asked { chain, role: None, target: &target, purpose };
            login_first(chain, sso, error.explained(&asked, refused), NOT_ACCEPTED)
        })
    }
}

/// Gets the tokens of logins from where they are kept, renewed where that is needed.
pub struct SsoTokens<'a> {
    pub calls: AwsCalls<'a>,
    pub report: &'a dyn Report,
    pub kept: LoginTokens<'a>,
}

impl SsoTokens<'_> {
    /// Returns a token that is still good, renewing it where that is possible. One that the portal
    /// has `refused` is good no more.
    ///
    /// # Errors
    /// When a person has to log in, or AWS does not answer.
    pub fn get(
        &self,
        chain: &Chain,
        sso: &Sso,
        refused: Option<&SecretString>,
    ) -> Result<SecretString> {
        let lives = |token: &Token, at_least| {
            token.lives(self.calls.clock.now(), at_least) && !token.is(refused)
        };
        let none = || login_needed(chain, sso, "there is no token of a login");
        let token = self.read(chain, sso)?.ok_or_else(none)?;
        if lives(&token, RENEW_BEFORE) {
            return token.access_token().ok_or_else(none);
        }
        // A refresh token may work only once, so that one process renews and the others read what
        // it wrote.
        let _lock = self.kept.lock(&sso.session)?;
        let token = self.read(chain, sso)?.ok_or_else(none)?;
        if lives(&token, RENEW_BEFORE) {
            return token.access_token().ok_or_else(none);
        }
        let renewal = token.renewal(self.calls.clock.now());
        let error = match renewal {
            None if token.is(refused) => login_needed(chain, sso, NOT_ACCEPTED),
            None => login_needed(chain, sso, "the token has expired"),
            Some(renewal) => match self.renew(chain, sso, &renewal)? {
                Ok(renewed) => {
                    // Who logged in or out meanwhile is not undone.
                    self.read(chain, sso)?.ok_or_else(none)?;
                    return self.replace(sso, &token, &renewed);
                }
                Err(error) => error,
            },
        };
        // Other programs take no lock of ours: one of them may have used the refresh token up, and
        // written what it got. A token that could not be renewed is used while it lives.
        let token = self.read(chain, sso)?.ok_or_else(none)?;
        if lives(&token, LAST_MOMENTS) {
            return token.access_token().ok_or_else(none);
        }
        Err(error)
    }

    fn read(&self, chain: &Chain, sso: &Sso) -> Result<Option<Token>> {
        let token = self.kept.read(&sso.session).map_err(|e| e.about(chain.base_name()))?;
        if let Some(login) = token.as_ref().and_then(Token::login) {
            require_same(chain, &login)?;
        }
        Ok(token)
    }

    /// Renews a token. The inner error is that of AWS or the network.
    fn renew(&self, chain: &Chain, sso: &Sso, renewal: &Renewal) -> Result<Result<IssuedToken>> {
        let name = sso.session.cache_name();
        self.report.decided(&|| format!("renewing the SSO token of {name}"));
        let endpoint = match &sso.session.oidc_endpoint {
            Ok(endpoint) => endpoint.as_ref(),
            Err(error) => {
                let why = format!("the token of {name} has to be renewed there");
                return Ok(Err(error.clone().about(chain.base_name()).cause(why)));
            }
        };
        let target = Target::oidc(&chain.plan.network, &sso.session, endpoint);
        let client = (renewal.client_id, renewal.client_secret);
        match self.calls.create_token(&target, client, &Grant::Refresh(renewal.refresh_token)) {
            Ok(token) => Ok(Ok(token)),
            Err(CallError::Other(error)) => Err(error),
            Err(CallError::Failed(failure)) => {
                let purpose = format!("renew the token of {name}");
                let asked = Asked { chain, role: None, target: &target, purpose };
                let refused =
                    format!("{}: the token of {name} could not be renewed", chain.base_who());
                let error = failure.explained(&asked, refused);
                Ok(Err(login_first(chain, sso, error, "the token could not be renewed")))
            }
        }
    }

    /// Puts a renewed token into the place of the old one, and returns it. One that cannot be kept is
    /// a warning.
    fn replace(&self, sso: &Sso, old: &Token, renewed: &IssuedToken) -> Result<SecretString> {
        let token = old.renewed(renewed, self.calls.clock.now());
        if let Err(error) = self.kept.write(&sso.session, &token) {
            if error.kind() == Kind::Interrupted {
                return Err(error);
            }
            let why = error.causes().last().map_or(error.message(), String::as_str);
            self.report.warn(&format!(
                "the renewed SSO token could not be written to {}: {why}",
                self.kept.shown_place(&sso.session)?
            ));
        }
        Ok(renewed.access_token.clone())
    }
}

/// Says of an error that a login mends where that is needed.
pub fn login_first(chain: &Chain, sso: &Sso, error: Error, why: &str) -> Error {
    if error.kind() != Kind::NeedsPerson {
        return error;
    }
    let error = error.with_message(needs_login(chain, sso, why)).about(chain.base_name());
    error.mended_by(Remedy::SsoLogin)
}

fn login_needed(chain: &Chain, sso: &Sso, why: &str) -> Error {
    let profile = chain.base_name();
    Error::needs_person(needs_login(chain, sso, why))
        .about(profile)
        .mended_by(Remedy::SsoLogin)
        .hint(format!("log in: {}", sso.session.login(profile)))
}

fn needs_login(chain: &Chain, sso: &Sso, why: &str) -> String {
    let (url, place) = (shown_url(&sso.session.start_url), &sso.session.start_url_place);
    format!("{} needs a login at {url} ({place}): {why}", chain.base_who())
}
