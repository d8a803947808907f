//! What whoever logged in may use: the accounts and roles that IAM Identity Center lists, with a
//! token that is renewed once where the portal refuses it.

use std::ops::ControlFlow;
use std::sync::Arc;

use secrecy::SecretString;

use super::call::{AskPolicy, Caller};
use super::identify::identify;
use super::service::CredentialsService;
use super::sso::AutomaticLogins;
use super::stores::StoreOpener;
use crate::chain::{Base, Chain, Network, Sso};
use crate::clients::asked::Asked;
use crate::clients::assignments::{Account, Pace, Portal};
use crate::clients::factory::{Service, Target};
use crate::clients::failure::{CallError, Failure};
use crate::error::{Error, Kind, Result};
use crate::sources::sso::{NOT_ACCEPTED, SsoTokens, login_first};
use crate::system::report::Report;

/// How often a call is made while AWS is busy, where nothing sets another number: for some 18
/// seconds.
const ATTEMPTS: u32 = 8;
/// The code by which the portal refuses a token.
const UNAUTHORIZED: &str = "UnauthorizedException";
/// The codes by which the portal says that an account is none that may be used (any more).
const NOT_ASSIGNED: [&str; 2] = ["ForbiddenException", "ResourceNotFoundException"];

/// The roles of some accounts.
#[derive(Debug, Default)]
pub struct Roles {
    /// By account, in the order of the accounts.
    pub listed: Vec<(Account, Vec<String>)>,
    /// The accounts whose roles AWS does not list, and how it refuses.
    pub refused: Vec<(Account, Failure)>,
}

/// Lists for one login.
pub struct Lister<'a> {
    service: &'a CredentialsService,
    chain: &'a Chain,
    sso: &'a Sso,
    network: Network,
    pace: Arc<Pace>,
    token: SecretString,
    /// Whether the token was renewed because the portal refused it.
    renewed: bool,
}

impl<'a> Lister<'a> {
    /// Gets the token of a login.
    ///
    /// # Errors
    /// When a person has to log in first.
    pub fn new(service: &'a CredentialsService, chain: &'a Chain) -> Result<Self> {
        let Base::Sso(sso) = &chain.plan.base else {
            return Err(Error::failed(format!("{} has no login to list for", chain.who())));
        };
        let network = chain.plan.network.clone();
        let max_attempts = network.max_attempts.or(Some(ATTEMPTS));
        let network = Network { max_attempts, ..network };
        let token = token(service, chain, sso, None)?;
        let pace = Arc::default();
        Ok(Self { service, chain, sso, network, pace, token, renewed: false })
    }

    /// Returns the accounts, sorted by name, then by ID.
    ///
    /// # Errors
    /// When AWS refuses or does not answer, a person has to log in, or the wait is interrupted.
    pub fn accounts(&mut self) -> Result<Vec<Account>> {
        self.progress("listing the accounts …");
        let purpose = "list the accounts";
        let mut accounts = loop {
            match self.portal(&self.target()).accounts() {
                Err(CallError::Failed(failure)) => self.renew_after(failure, purpose)?,
                Err(error) => return Err(self.refused(error, purpose)),
                Ok(accounts) => break accounts,
            }
        };
        // A name that is not there comes last.
        let key = |account: &Account| (account.name.is_none(), account.name.clone());
        accounts.sort_by(|a, b| key(a).cmp(&key(b)).then_with(|| a.id.cmp(&b.id)));
        self.service.context().ui.clear_progress();
        Ok(accounts)
    }

    /// Returns the roles of accounts. One that AWS lists no roles of, because it was taken away
    /// meanwhile, hinders no other.
    ///
    /// # Errors
    /// As [`Self::accounts`].
    pub fn roles(&mut self, accounts: &[Account]) -> Result<Roles> {
        let mut found: Vec<Option<Result<Vec<String>, Failure>>> = vec![None; accounts.len()];
        loop {
            let missing: Vec<(usize, &str)> = accounts
                .iter()
                .enumerate()
                .filter(|(at, _)| found[*at].is_none())
                .map(|(at, account)| (at, account.id.as_str()))
                .collect();
            let mut done = accounts.len() - missing.len();
            let mut stopped: Option<(usize, Failure)> = None;
            let mut listed = |at: usize, roles: Result<Vec<String>, Failure>| {
                match roles {
                    Err(failure) if !is_one_of(&failure, &NOT_ASSIGNED) => {
                        stopped = Some((at, failure));
                        return ControlFlow::Break(());
                    }
                    roles => found[at] = Some(roles),
                }
                done += 1;
                self.progress(&format!(
                    "listing the roles: {done} of {} accounts …",
                    accounts.len()
                ));
                ControlFlow::Continue(())
            };
            self.portal(&self.target()).roles(&missing, &mut listed)?;
            match stopped {
                None => break,
                Some((at, failure)) => {
                    let purpose = format!("list the roles of account {}", accounts[at].id);
                    self.renew_after(failure, &purpose)?;
                }
            }
        }
        self.service.context().ui.clear_progress();
        let mut roles = Roles::default();
        for (account, found) in accounts.iter().zip(found) {
            match found {
                Some(Ok(found)) => roles.listed.push((account.clone(), found)),
                Some(Err(failure)) => roles.refused.push((account.clone(), failure)),
                None => {}
            }
        }
        Ok(roles)
    }

    fn portal<'t>(&'t self, target: &'t Target<'t>) -> Portal<'t> {
        Portal { calls: self.service.calls(), target, token: &self.token, pace: &self.pace }
    }

    fn target(&self) -> Target<'_> {
        let endpoint = self.sso.endpoint.as_ref();
        Target::of(Service::Portal, &self.network, &self.sso.session.region, endpoint)
    }

    /// Renews the token after the portal refused it, once.
    ///
    /// # Errors
    /// What failed, where another token does not mend it or there is none.
    fn renew_after(&mut self, failure: Failure, purpose: &str) -> Result<()> {
        if self.renewed || !is_one_of(&failure, &[UNAUTHORIZED]) {
            return Err(self.refused(failure.into(), purpose));
        }
        self.renewed = true;
        let Self { chain, sso, .. } = *self;
        match token(self.service, chain, sso, Some(&self.token)) {
            Ok(token) => self.token = token,
            // Nothing was there to renew it with, so that only the portal has said something.
            Err(error) if error.kind() == Kind::NeedsPerson && error.causes().is_empty() => {
                return Err(self.refused(failure.into(), purpose));
            }
            Err(error) => return Err(error),
        }
        Ok(())
    }

    fn progress(&self, what: &str) {
        self.service.context().ui.progress(what);
    }

    fn refused(&self, error: CallError, purpose: &str) -> Error {
        let target = self.target();
        let chain = self.chain;
        let refused = format!("{}: IAM Identity Center does not {purpose}", chain.base_who());
        let asked = Asked { chain, role: None, target: &target, purpose: purpose.to_owned() };
        login_first(chain, self.sso, error.explained(&asked, refused), NOT_ACCEPTED)
    }
}

/// Returns a token that is good, and not the one that the portal has `refused`. A person at the
/// terminal logs in for it.
fn token(
    service: &CredentialsService,
    chain: &Chain,
    sso: &Sso,
    refused: Option<&SecretString>,
) -> Result<SecretString> {
    let context = service.context();
    let report: &dyn Report = &context.ui;
    let mut chain = chain.clone();
    identify(context, &mut chain);
    let kept = StoreOpener::new(context, report, AskPolicy::Allowed).login_tokens(None);
    let tokens = SsoTokens { calls: service.calls(), report, kept };
    tokens.get(&chain, sso, refused).or_else(|error| {
        let logins = AutomaticLogins::new(context, Caller::Person, AskPolicy::Allowed);
        Ok(logins.mend(&chain, error)?.access_token)
    })
}

fn is_one_of(failure: &Failure, codes: &[&str]) -> bool {
    failure.code.as_ref().is_some_and(|code| codes.contains(&code.as_str()))
}
