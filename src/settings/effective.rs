//! The settings that hold for one run of the program: the command line before the environment,
//! before `settings.ini`, before what is built in.

use std::path::Path;
use std::time::Duration;

use chrono::TimeDelta;

use super::{Settings, SsoLoginStart, prompt_order};
use crate::aws::duration;
use crate::chain::{Caching, Defaults};
use crate::error::{Error, Place, Result};
use crate::hint;
use crate::prompt::PromptMethod;
use crate::store::StoreName;
use crate::system::environment::Environment;
use crate::text::color::{Color, ColorChoice};

const PROCESS_TIMEOUT: Duration = Duration::from_secs(60);
/// 90 days, in seconds.
const MAX_KEY_AGE: u32 = 90 * 86_400;
const PROMPT_TIMEOUT: Duration = Duration::from_secs(300);
const LOGIN_TIMEOUT: Duration = Duration::from_secs(600);

/// What the command line says for every verb.
#[derive(Debug, Clone, Copy, Default)]
pub struct Typed {
    pub quiet: bool,
    pub no_input: bool,
    pub color: ColorChoice,
}

/// The settings of one run.
#[derive(Debug, Default)]
pub struct EffectiveSettings(Settings);

impl EffectiveSettings {
    /// Reads `settings.ini`, and puts what the environment and the command line say over it.
    ///
    /// # Errors
    /// Where a setting is wrong, with its place.
    pub fn load(path: Option<&Path>, environment: &Environment, typed: Typed) -> Result<Self> {
        let mut settings = path.map_or_else(|| Ok(Settings::default()), super::load)?;
        if let Some(name) = environment.get("ROLECALL_STORE") {
            let wrong = |what: &str| {
                Error::configuration(what)
                    .at(Place::variable("ROLECALL_STORE"))
                    .hint(format!("leave it to the default: {}", hint::unset(&["ROLECALL_STORE"])))
            };
            let name = StoreName::parse(name).ok_or_else(|| {
                let rule = "ROLECALL_STORE must be keyring, keyutils, file or none";
                wrong(&format!("{rule}, not `{name}`"))
            })?;
            settings.store = Some(name.available().map_err(wrong)?);
        }
        if let Some(order) = environment.get("ROLECALL_PROMPT") {
            settings.prompt =
                Some(prompt_order(Place::variable("ROLECALL_PROMPT"), "ROLECALL_PROMPT", order)?);
        }
        let switched_on = |name| environment.get(name).is_some_and(|value| value != "0");
        settings.no_input |= switched_on("ROLECALL_NO_INPUT");
        settings.no_input |= typed.no_input;
        settings.quiet |= typed.quiet;
        if typed.color != ColorChoice::Auto {
            settings.color = Some(typed.color);
        }
        Ok(Self(settings))
    }

    /// Returns the store that was chosen, if one was.
    pub fn store(&self, typed: Option<StoreName>) -> Option<StoreName> {
        typed.or(self.0.store)
    }

    /// Returns where it stands that the tokens of logins are kept in the store; `None` where they are
    /// in the files that the AWS CLI and the SDKs share.
    pub fn stored_sso_tokens(&self) -> Option<&Place> {
        self.0.stored_sso_tokens.as_ref()
    }

    /// Returns whether sessions are cached in a store that was typed or is set.
    pub fn caching(&self, typed: Option<StoreName>) -> Caching {
        if self.store(typed) == Some(StoreName::None) { Caching::Off } else { Caching::On }
    }

    /// Returns what holds for every request.
    pub fn request_defaults(&self) -> Defaults {
        let seconds = self.0.mfa_session_duration.unwrap_or(duration::DEFAULT_TOKEN);
        Defaults {
            mfa_session: Some(seconds).filter(|seconds| *seconds > 0),
            caching: self.caching(None),
        }
    }

    /// Returns the shortest life, in seconds, that a cached session must have left.
    pub fn min_ttl(&self) -> Option<u32> {
        self.0.min_ttl
    }

    /// Returns how long a process source or an `mfa_process` may run.
    pub fn process_timeout(&self) -> Duration {
        self.0.process_timeout.unwrap_or(PROCESS_TIMEOUT)
    }

    /// Returns how long another process is waited for, where that is set.
    pub fn lock_timeout(&self) -> Option<Duration> {
        self.0.lock_timeout
    }

    /// Returns the ways to ask, in their order.
    pub fn prompt_methods(&self) -> &[PromptMethod] {
        self.0.prompt.as_deref().unwrap_or(&PromptMethod::ALL)
    }

    /// Returns how long a person is waited for.
    pub fn prompt_timeout(&self) -> Duration {
        self.0.prompt_timeout.unwrap_or(PROMPT_TIMEOUT)
    }

    /// Returns how long a login in the browser is waited for: as long as for a person, and twice that
    /// where nothing is set.
    pub fn login_timeout(&self) -> Duration {
        self.0.prompt_timeout.unwrap_or(LOGIN_TIMEOUT)
    }

    /// Returns the pinentry to ask with, where one is set.
    pub fn pinentry(&self) -> Option<&str> {
        self.0.pinentry.as_deref()
    }

    /// Returns whether nobody may be asked (`--no-input`).
    pub fn no_input(&self) -> bool {
        self.0.no_input
    }

    pub fn quiet(&self) -> bool {
        self.0.quiet
    }

    pub fn color(&self) -> ColorChoice {
        self.0.color.unwrap_or_default()
    }

    /// Returns whether `--yes` may confirm.
    pub fn allows_yes(&self) -> bool {
        self.0.allow_yes
    }

    /// Returns whether what is handed out is logged.
    pub fn logs(&self) -> bool {
        self.0.log != Some(false)
    }

    /// Returns whether a shell renews the keys that it holds.
    pub fn renews_in_shells(&self) -> bool {
        self.0.shell_renew != Some(false)
    }

    /// Returns how old a long-term key may be; `None` where that does not matter.
    pub fn max_key_age(&self) -> Option<TimeDelta> {
        let seconds = self.0.max_key_age.unwrap_or(MAX_KEY_AGE);
        (seconds > 0).then(|| TimeDelta::seconds(i64::from(seconds)))
    }

    /// Returns when a login at IAM Identity Center starts by itself.
    pub fn sso_login(&self) -> SsoLoginStart {
        self.0.sso_login
    }

    /// Returns the colour of a profile: that of the first pattern that matches its name.
    pub fn color_of(&self, profile: &str) -> Option<Color> {
        self.0.color_of(profile)
    }

    /// Returns the name that an account was given.
    pub fn account_name(&self, id: &str) -> Option<&str> {
        self.0.account_name(id)
    }

    /// Returns what opens the console, where that is set, and where.
    pub fn console_browser(&self) -> Option<(&str, &Place)> {
        self.0.console_browser.as_ref().map(|(text, place)| (text.as_str(), place))
    }
}
