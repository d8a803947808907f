//! What a login may use, as the portal of IAM Identity Center lists it: accounts, and the roles of
//! each. Every call is made at AWS's rate, and made again where AWS is busy.

use std::future::Future;
use std::ops::ControlFlow;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use aws_sdk_sso::Client;
use aws_sdk_sso::config::retry::RetryConfig;
use aws_sdk_sso::error::SdkError;
use aws_sdk_sso::operation::list_account_roles::ListAccountRolesError;
use aws_sdk_sso::operation::list_accounts::ListAccountsError;
use aws_smithy_runtime_api::client::orchestrator::HttpResponse;
use secrecy::{ExposeSecret, SecretString};
use tokio::task::{JoinSet, LocalSet};
use tokio::time::Instant;

use crate::clients::calls::AwsCalls;
use crate::clients::factory::{Target, attempts};
use crate::clients::failure::{CallError, Failure};
use crate::error::Result;

/// The most that a page may hold (the service's model, `MaxResultType`).
const PAGE: i32 = 100;
/// No list has so many pages.
const MOST_PAGES: usize = 1_000;
/// The portal takes 20 calls a second, of all tools of a person together.
const INTERVAL: Duration = Duration::from_millis(50);
/// Calls that wait for their answers at the same time. At the portal's rate, answers that take half
/// a second keep as many busy.
const IN_FLIGHT: usize = 10;
/// How long all calls wait after AWS was busy: twice as long each time.
const FIRST_PAUSE: Duration = Duration::from_millis(250);
const LONGEST_PAUSE: Duration = Duration::from_secs(5);
/// How often a call is made that the network fails.
const NETWORK_ATTEMPTS: u32 = 3;

/// An account that a login may use.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Account {
    pub id: String,
    pub name: Option<String>,
    pub email: Option<String>,
}

/// When calls may begin. All calls of a run share one.
#[derive(Debug)]
pub struct Pace(Mutex<Option<Instant>>);

impl Default for Pace {
    fn default() -> Self {
        Self(Mutex::new(None))
    }
}

impl Pace {
    /// Waits for the turn of the next call.
    async fn turn(&self) {
        tokio::time::sleep_until(self.take(Instant::now())).await;
    }

    /// Takes the next turn.
    fn take(&self, now: Instant) -> Instant {
        let mut next = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let turn = next.map_or(now, |next| next.max(now));
        *next = Some(turn + INTERVAL);
        turn
    }

    /// Lets the next turn come no sooner than after a pause.
    fn pause(&self, now: Instant, pause: Duration) {
        let mut next = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        *next = Some(next.map_or(now + pause, |next| next.max(now + pause)));
    }
}

/// The portal, for one login.
pub struct Portal<'a> {
    pub calls: AwsCalls<'a>,
    pub target: &'a Target<'a>,
    pub token: &'a SecretString,
    pub pace: &'a Arc<Pace>,
}

impl Portal<'_> {
    /// Returns the accounts (sso:ListAccounts), each once. Blocks until all pages have come.
    ///
    /// # Errors
    /// When AWS refuses, does not answer or answers with pages that have no end, or the wait is
    /// interrupted.
    pub fn accounts(&self) -> Result<Vec<Account>, CallError> {
        let caller = self.caller()?;
        let listed = self.calls.runtime.run(caller.accounts())?;
        Ok(listed.map_err(|error| self.failure(error))?)
    }

    /// Lists the roles of accounts (sso:ListAccountRoles), some at a time. `listed` gets the place of
    /// an account with its roles, or with what failed, as they come; on `Break` no more are listed.
    ///
    /// # Errors
    /// When the call cannot be made, or the wait is interrupted.
    pub fn roles(
        &self,
        accounts: &[(usize, &str)],
        listed: &mut dyn FnMut(usize, Result<Vec<String>, Failure>) -> ControlFlow<()>,
    ) -> Result<()> {
        let caller = self.caller()?;
        // The tasks need no other thread.
        let tasks = LocalSet::new();
        self.calls.runtime.run(tasks.run_until(async {
            let mut waiting = accounts.iter();
            let mut running = JoinSet::new();
            loop {
                while running.len() < IN_FLIGHT {
                    let Some((at, id)) = waiting.next() else { break };
                    let (at, id, caller) = (*at, (*id).to_owned(), caller.clone());
                    running.spawn_local(async move { (at, caller.roles(&id).await) });
                }
                let Some(ended) = running.join_next().await else { break };
                let Ok((at, roles)) = ended else { continue };
                let roles = roles.map_err(|error| self.failure(error));
                if listed(at, roles).is_break() {
                    break;
                }
            }
        }))
    }

    fn caller(&self) -> Result<Caller> {
        Ok(Caller {
            client: self.calls.factory.sso(self.target)?,
            token: self.token.clone(),
            pace: Arc::clone(self.pace),
            attempts: attempts(self.target.network),
        })
    }

    fn failure<E>(&self, error: ListError<E>) -> Failure
    where
        E: aws_sdk_sso::error::ProvideErrorMetadata + std::error::Error + 'static,
    {
        match error {
            ListError::Endless => Failure::without_answer("pages of results without an end"),
            ListError::Call(error) => self.calls.failure(self.target, &error),
        }
    }
}

/// Why a list did not come.
enum ListError<E> {
    Call(Box<SdkError<E, HttpResponse>>),
    /// A page leads to one that was there before.
    Endless,
}

/// What a page leads to.
type Page<T> = (Vec<T>, Option<String>);

/// Makes the calls. Each task owns one.
#[derive(Clone)]
struct Caller {
    client: Client,
    token: SecretString,
    pace: Arc<Pace>,
    attempts: u32,
}

impl Caller {
    async fn accounts(&self) -> Result<Vec<Account>, ListError<ListAccountsError>> {
        let mut all: Vec<Account> = self
            .pages(async |next| {
                let request = self.client.list_accounts().max_results(PAGE).set_next_token(next);
                let request = request.access_token(self.token.expose_secret());
                let answer = request.customize().config_override(once()).send().await?;
                let accounts = answer.account_list().iter().filter_map(|account| {
                    Some(Account {
                        id: account.account_id().filter(|id| !id.is_empty())?.to_owned(),
                        name: text(account.account_name()),
                        email: text(account.email_address()),
                    })
                });
                Ok((accounts.collect(), answer.next_token().map(str::to_owned)))
            })
            .await?;
        // A list that changes while it is read may have one of them twice.
        all.sort_by(|a, b| a.id.cmp(&b.id));
        all.dedup_by(|a, b| a.id == b.id);
        Ok(all)
    }

    async fn roles(
        &self,
        account_id: &str,
    ) -> Result<Vec<String>, ListError<ListAccountRolesError>> {
        let mut all: Vec<String> = self
            .pages(async |next| {
                let request = self.client.list_account_roles().account_id(account_id);
                let request = request.max_results(PAGE).set_next_token(next);
                let request = request.access_token(self.token.expose_secret());
                let answer = request.customize().config_override(once()).send().await?;
                let roles = answer.role_list().iter().filter_map(|role| text(role.role_name()));
                Ok((roles.collect(), answer.next_token().map(str::to_owned)))
            })
            .await?;
        all.sort();
        all.dedup();
        Ok(all)
    }

    /// Reads all pages of a list.
    async fn pages<T, E>(
        &self,
        page: impl AsyncFn(Option<String>) -> Result<Page<T>, SdkError<E, HttpResponse>>,
    ) -> Result<Vec<T>, ListError<E>> {
        let (mut all, mut tokens) = (Vec::new(), vec![None]);
        while let Some(token) = tokens.last() {
            let call = self.patiently(|| page(token.clone())).await;
            let (items, next) = call.map_err(|error| ListError::Call(Box::new(error)))?;
            all.extend(items);
            let Some(next) = next.filter(|next| !next.is_empty()) else { break };
            let next = Some(next);
            if tokens.contains(&next) || tokens.len() == MOST_PAGES {
                return Err(ListError::Endless);
            }
            tokens.push(next);
        }
        Ok(all)
    }

    /// Makes a call in its turn, and again while AWS is busy or the network fails.
    async fn patiently<T, E, F>(&self, call: impl Fn() -> F) -> Result<T, SdkError<E, HttpResponse>>
    where
        F: Future<Output = Result<T, SdkError<E, HttpResponse>>>,
    {
        let mut pause = FIRST_PAUSE;
        let mut made = 1;
        loop {
            self.pace.turn().await;
            match call().await {
                Err(error) if made < self.limit(&error) => {
                    self.pace.pause(Instant::now(), pause);
                    pause = LONGEST_PAUSE.min(pause * 2);
                    made += 1;
                }
                ended => return ended,
            }
        }
    }

    /// Returns how often a call is made that fails in this way.
    fn limit<E>(&self, error: &SdkError<E, HttpResponse>) -> u32 {
        let status = error.raw_response().map(|answer| answer.status().as_u16());
        match (status, error) {
            (Some(429 | 500..), _) => self.attempts,
            (None, SdkError::TimeoutError(_)) => self.attempts.min(NETWORK_ATTEMPTS),
            (None, SdkError::DispatchFailure(failure)) if !failure.is_user() => {
                self.attempts.min(NETWORK_ATTEMPTS)
            }
            _ => 1,
        }
    }
}

/// Leaves it to [`Caller::patiently`] to make a call again.
fn once() -> aws_sdk_sso::config::Builder {
    aws_sdk_sso::config::Builder::new().retry_config(RetryConfig::disabled())
}

fn text(text: Option<&str>) -> Option<String> {
    text.filter(|text| !text.is_empty()).map(str::to_owned)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn turns_are_an_interval_apart_and_later_after_a_pause() {
        let (pace, start) = (Pace::default(), Instant::now());
        let turn = |at: Duration| pace.take(start + at) - start;
        assert_eq!(turn(Duration::ZERO), Duration::ZERO);
        assert_eq!(turn(Duration::ZERO), INTERVAL);
        assert_eq!(turn(INTERVAL), INTERVAL * 2);
        // Nobody called for a while: what was not used is not made up for.
        assert_eq!(turn(INTERVAL * 10), INTERVAL * 10);
        pace.pause(start + INTERVAL * 10, INTERVAL * 5);
        pace.pause(start + INTERVAL * 10, INTERVAL * 2);
        assert_eq!(turn(INTERVAL * 10), INTERVAL * 15);
        assert_eq!(turn(INTERVAL * 10), INTERVAL * 16);
    }
}
