//! What a switched shell remembers: exported variables without a secret, so that every shell keeps
//! them in the same way.
//!
//! The options are remembered with the profile: to go back to a scoped-down session, or to renew
//! it, must never give the whole role.

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use super::Side;
use crate::app::options::{CredentialOptions, Selected};
use crate::chain::RoleOptions;
use crate::output::variables::{BEFORE, CALLER, PREVIOUS, SAID};
use crate::store::StoreName;
use crate::system::environment::Environment;

/// What `use` may overwrite and is given back by `--off`: nothing secret.
pub const GIVEN_BACK: [&str; 4] =
    ["AWS_PROFILE", "AWS_DEFAULT_PROFILE", "AWS_REGION", "AWS_DEFAULT_REGION"];

/// The function of the shell side that called.
pub struct CallingShell {
    pub side: Side,
    /// The shell's process ID.
    pub process: String,
}

impl CallingShell {
    pub fn of(environment: &Environment) -> Option<Self> {
        let (name, process) = environment.get(CALLER)?.split_once(' ')?;
        let digits = !process.is_empty() && process.bytes().all(|b| b.is_ascii_digit());
        Side::parse(name).filter(|_| digits).map(|side| Self { side, process: process.to_owned() })
    }
}

/// What was said to `use`, but for what holds for one call only (a token code, `--refresh`).
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Said {
    pub profile: Option<String>,
    pub keep: bool,
    pub min_ttl: Option<u32>,
    pub no_cache: bool,
    pub store: Option<StoreName>,
    pub role: RoleOptions,
}

impl Said {
    pub fn new(profile: Option<&str>, keep: bool, options: &CredentialOptions) -> Self {
        Self {
            profile: profile.map(str::to_owned),
            keep,
            min_ttl: options.min_ttl,
            no_cache: options.no_cache,
            store: options.store,
            role: options.role.clone(),
        }
    }

    /// Returns the options of a command that says it again.
    pub fn options(&self) -> CredentialOptions {
        CredentialOptions {
            selected: Selected { positional: self.profile.clone(), profile: None },
            mfa_token: None,
            refresh: false,
            min_ttl: self.min_ttl,
            yes: false,
            no_cache: self.no_cache,
            store: self.store,
            role: self.role.clone(),
        }
    }

    fn parse(text: &str) -> Option<Self> {
        // serde takes a list for a struct too, by position.
        text.starts_with('{').then(|| serde_json::from_str(text).ok())?
    }

    /// Renders it as one line of JSON, without what was not said.
    pub fn render(&self) -> String {
        serde_json::to_value(self)
            .map(|value| said(value).unwrap_or_else(|| Value::Object(Map::new())).to_string())
            .unwrap_or_default()
    }
}

/// Takes away what was not said.
fn said(value: Value) -> Option<Value> {
    match value {
        Value::Null | Value::Bool(false) => None,
        Value::Array(all) if all.is_empty() => None,
        Value::Object(map) => {
            let map: Map<String, Value> =
                map.into_iter().filter_map(|(key, value)| Some((key, said(value)?))).collect();
            (!map.is_empty()).then_some(Value::Object(map))
        }
        value => Some(value),
    }
}

/// What the environment says of the shell.
#[derive(Debug, Default)]
pub struct State {
    /// What `use` said last, while it holds.
    pub said: Option<Said>,
    pub previous: Option<Said>,
    /// Whether the AWS variables are rolecall's, by `use`, `env` or `shell`.
    ours: bool,
    /// The variables that were there before, in the order of `GIVEN_BACK`.
    before: Map<String, Value>,
}

impl State {
    pub fn read(environment: &Environment) -> Self {
        let shown = environment.get("ROLECALL_PROFILE");
        let said = environment
            .get(SAID)
            .and_then(Said::parse)
            .filter(|said| said.profile.as_deref().map(str::trim) == shown);
        let ours = shown.is_some() || said.is_some();
        let before = if ours {
            environment
                .get(BEFORE)
                .and_then(|text| serde_json::from_str(text).ok())
                .unwrap_or_default()
        } else {
            GIVEN_BACK
                .iter()
                .filter_map(|name| Some(((*name).to_owned(), environment.get(name)?.into())))
                .collect()
        };
        Self { said, previous: environment.get(PREVIOUS).and_then(Said::parse), ours, before }
    }

    /// Returns what a variable was before.
    pub fn before(&self, name: &str) -> Option<&str> {
        self.before.get(name).and_then(Value::as_str)
    }

    /// Returns what was before as the value of its variable.
    pub fn render_before(&self) -> Option<String> {
        (!self.before.is_empty()).then(|| Value::Object(self.before.clone()).to_string())
    }

    /// Takes what rolecall has set out of an environment, so that the next profile is not resolved
    /// by the last one's region or keys.
    pub fn undo(&self, mut environment: Environment, ours: &[&str]) -> Environment {
        if self.ours {
            for name in ours {
                environment.remove(name);
            }
            for name in GIVEN_BACK {
                if let Some(value) = self.before(name) {
                    environment.set(name, value.to_owned());
                }
            }
        }
        environment
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn environment(pairs: &[(&str, &str)]) -> Environment {
        Environment::new(
            pairs.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())),
            None,
        )
    }

    #[test]
    fn what_was_said_comes_back_whole() {
        let role = RoleOptions {
            read_only: true,
            tags: vec![("k".to_owned(), "'$(x)\n".to_owned())],
            ..RoleOptions::default()
        };
        let said = Said {
            profile: Some("a'b \"c".to_owned()),
            store: Some(StoreName::File),
            role,
            ..Said::default()
        };
        let text = said.render();
        assert_eq!(
            text,
            r#"{"profile":"a'b \"c","store":"file","role":{"tags":[["k","'$(x)\n"]],"read_only":true}}"#
        );
        assert_eq!(Said::parse(&text), Some(said));
        assert_eq!(Said::default().render(), "{}");
        assert_eq!(Said::parse("{}"), Some(Said::default()));
    }

    /// An option that this version does not know could be one that narrows the session.
    #[test]
    fn what_is_not_understood_is_not_said_again() {
        for text in [
            "",
            "prod",
            "[]",
            "{",
            r#"{"profile":"prod","narrow":true}"#,
            r#"{"profile":"prod","role":{"narrow":true}}"#,
        ] {
            assert_eq!(Said::parse(text), None, "{text}");
        }
    }

    #[test]
    fn the_caller_is_a_shell_and_a_number() {
        assert!(
            CallingShell::of(&environment(&[(CALLER, "zsh 12")]))
                .is_some_and(|c| c.side == Side::Zsh && c.process == "12")
        );
        for text in ["", "zsh", "zsh ", "zsh x", "zsh 1;2", "csh 1"] {
            assert!(CallingShell::of(&environment(&[(CALLER, text)])).is_none(), "{text}");
        }
    }

    #[test]
    fn what_was_before_is_what_rolecall_did_not_set() {
        let first =
            State::read(&environment(&[("AWS_REGION", "eu-west-1"), ("AWS_PROFILE", "own")]));
        assert_eq!(
            first.render_before().as_deref(),
            Some(r#"{"AWS_PROFILE":"own","AWS_REGION":"eu-west-1"}"#)
        );
        let pairs = [
            ("AWS_REGION", "us-east-1"),
            ("ROLECALL_PROFILE", "prod"),
            (BEFORE, r#"{"AWS_REGION":"eu-west-1"}"#),
        ];
        let environment = environment(&pairs);
        let second = State::read(&environment);
        assert_eq!(second.render_before().as_deref(), Some(r#"{"AWS_REGION":"eu-west-1"}"#));
        let environment = second.undo(environment, &["AWS_REGION", "ROLECALL_PROFILE"]);
        assert_eq!(
            (environment.get("AWS_REGION"), environment.get("ROLECALL_PROFILE")),
            (Some("eu-west-1"), None)
        );
    }

    #[test]
    fn what_was_said_holds_no_longer_when_another_profile_is_there() {
        let pairs = [(SAID, r#"{"profile":"prod"}"#), ("ROLECALL_PROFILE", "dev")];
        assert_eq!(State::read(&environment(&pairs)).said, None);
        assert_eq!(State::read(&environment(&pairs[..1])).said, None);
    }
}
