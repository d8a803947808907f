//! Logins that start by themselves, where a call fails for want of one.

use std::cell::RefCell;
use std::collections::BTreeMap;

use super::login::{LoggedIn, log_in_after};
use super::way::{LoginOptions, Way};
use crate::app::call::{AskPolicy, Caller};
use crate::app::context::Context;
use crate::chain::{Base, Chain, Sso};
use crate::error::{Error, Remedy, Result};
use crate::settings::SsoLoginStart;
use crate::system::report::Report;

/// Starts the logins of one command, each once.
pub struct AutomaticLogins<'a> {
    context: &'a Context,
    caller: Caller,
    ask: AskPolicy,
    /// How logins failed, by what their tokens are cached under.
    failed: RefCell<BTreeMap<String, Error>>,
}

impl<'a> AutomaticLogins<'a> {
    pub fn new(context: &'a Context, caller: Caller, ask: AskPolicy) -> Self {
        Self { context, caller, ask, failed: RefCell::default() }
    }

    /// Logs in for a chain that failed, where that mends the error and may start by itself. Waits for
    /// a person as `log_in` does.
    ///
    /// # Errors
    /// `error` itself where no login starts; else that of the login.
    pub fn mend(&self, chain: &Chain, error: Error) -> Result<LoggedIn> {
        let Base::Sso(sso) = &chain.plan.base else { return Err(error) };
        if error.remedy() != Some(Remedy::SsoLogin) || !self.may_start(sso)? {
            return Err(error);
        }
        let name = sso.session.cache_name();
        if let Some(error) = self.failed.borrow().get(name) {
            return Err(error.clone());
        }
        self.context.ui.note(error.message());
        log_in_after(self.context, chain, LoginOptions::default()).inspect_err(|error| {
            self.failed.borrow_mut().insert(name.to_owned(), error.clone());
        })
    }

    fn may_start(&self, sso: &Sso) -> Result<bool> {
        let Context { settings, environment, .. } = self.context;
        if self.ask == AskPolicy::Never || settings.no_input() {
            return Ok(false);
        }
        let is_attended = self.context.is_attended();
        Ok(match settings.sso_login() {
            SsoLoginStart::Never => false,
            SsoLoginStart::Terminal => self.caller == Caller::Person && is_attended,
            SsoLoginStart::Always if is_attended => true,
            // Nobody would see the address or the code.
            SsoLoginStart::Always => {
                match Way::choose(environment, &sso.session, LoginOptions::default())? {
                    Way::Code { browsers, .. } => !browsers.is_empty(),
                    Way::Device { .. } => false,
                }
            }
        })
    }
}
