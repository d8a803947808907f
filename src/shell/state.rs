//! What a switched shell remembers: exported variables without a secret, so that every shell keeps
//! them in the same way.
//!
//! The options are remembered with the profile: going back to a scoped-down session, or renewing
//! it, must never give the whole role.

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use super::IntegratedShell;
use crate::app::options::{CredentialOptions, Selected};
use crate::chain::RoleOptions;
use crate::output::variables::{CALLER, PREVIOUS, SAVED, SELECTION_VAR};
use crate::store::StoreName;
use crate::system::environment::Environment;

/// The variables that `use` may overwrite and `--off` restores. None holds a secret.
pub const RESTORED: [&str; 5] =
    ["AWS_PROFILE", "AWS_DEFAULT_PROFILE", "AWS_REGION", "AWS_DEFAULT_REGION", "AWS_ACCOUNT_ID"];

/// The integrated shell whose function called.
pub struct CallingShell {
    pub shell: IntegratedShell,
    /// The shell's process ID.
    pub process: String,
}

impl CallingShell {
    pub fn of(environment: &Environment) -> Option<Self> {
        let (name, process) = environment.get(CALLER)?.split_once(' ')?;
        let digits = !process.is_empty() && process.bytes().all(|b| b.is_ascii_digit());
        IntegratedShell::parse(name)
            .filter(|_| digits)
            .map(|shell| Self { shell, process: process.to_owned() })
    }
}

/// What `use` selected: the profile and its options, without those of a single call (a token code,
/// `--refresh`).
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Selection {
    pub profile: Option<String>,
    pub keep: bool,
    pub min_ttl: Option<u32>,
    pub no_cache: bool,
    pub store: Option<StoreName>,
    pub role: RoleOptions,
}

impl Selection {
    pub fn new(profile: Option<String>, options: &CredentialOptions) -> Self {
        Self {
            profile,
            keep: false,
            min_ttl: options.min_ttl,
            no_cache: options.no_cache,
            store: options.store,
            role: options.role.clone(),
        }
    }

    /// Returns the options of a command that makes the same selection.
    pub fn options(&self) -> CredentialOptions {
        CredentialOptions {
            selected: Selected { positional: self.profile.clone(), profile: None },
            min_ttl: self.min_ttl,
            no_cache: self.no_cache,
            store: self.store,
            role: self.role.clone(),
            ..CredentialOptions::default()
        }
    }

    fn parse(text: &str) -> Option<Self> {
        // serde takes a list for a struct too, by position.
        text.starts_with('{').then(|| serde_json::from_str(text).ok())?
    }

    /// Renders one line of JSON, without defaults.
    pub fn render(&self) -> String {
        serde_json::to_value(self)
            .map(|value| {
                without_defaults(value).unwrap_or_else(|| Value::Object(Map::new())).to_string()
            })
            .unwrap_or_default()
    }
}

/// Removes nulls, `false` and what is empty.
fn without_defaults(value: Value) -> Option<Value> {
    match value {
        Value::Null | Value::Bool(false) => None,
        Value::Array(all) if all.is_empty() => None,
        Value::Object(map) => {
            let map: Map<String, Value> = map
                .into_iter()
                .filter_map(|(key, value)| Some((key, without_defaults(value)?)))
                .collect();
            (!map.is_empty()).then_some(Value::Object(map))
        }
        value => Some(value),
    }
}

/// What the environment says of the shell.
#[derive(Debug, Default)]
pub struct ShellState {
    /// The current selection; `None` when another profile has taken its place.
    pub selection: Option<Selection>,
    pub previous: Option<Selection>,
    /// Whether the AWS variables are rolecall's, by `use`, `env` or `shell`.
    ours: bool,
    /// The variables as they were before the first `use`, in the order of `RESTORED`.
    saved: Map<String, Value>,
}

impl ShellState {
    pub fn read(environment: &Environment) -> Self {
        let shown = environment.get("ROLECALL_PROFILE");
        let selection = environment
            .get(SELECTION_VAR)
            .and_then(Selection::parse)
            .filter(|selection| selection.profile.as_deref().map(str::trim) == shown);
        let ours = shown.is_some() || selection.is_some();
        let saved = if ours {
            environment
                .get(SAVED)
                .and_then(|text| serde_json::from_str(text).ok())
                .unwrap_or_default()
        } else {
            RESTORED
                .iter()
                .filter_map(|name| Some(((*name).to_owned(), environment.get(name)?.into())))
                .collect()
        };
        Self {
            selection,
            previous: environment.get(PREVIOUS).and_then(Selection::parse),
            ours,
            saved,
        }
    }

    /// Returns the value that a variable had before.
    pub fn saved(&self, name: &str) -> Option<&str> {
        self.saved.get(name).and_then(Value::as_str)
    }

    /// Renders the saved variables; `None` when there are none.
    pub fn render_saved(&self) -> Option<String> {
        (!self.saved.is_empty()).then(|| Value::Object(self.saved.clone()).to_string())
    }

    /// Returns an environment without the variables that rolecall has set, so that the last
    /// profile's region and keys do not shape the next chain.
    pub fn undo(&self, mut environment: Environment, ours: &[&str]) -> Environment {
        if self.ours {
            for name in ours {
                environment.remove(name);
            }
            for name in RESTORED {
                if let Some(value) = self.saved(name) {
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
    fn rendered_selection_parses_back() {
        let role = RoleOptions {
            read_only: true,
            tags: vec![("k".to_owned(), "'$(x)\n".to_owned())],
            ..RoleOptions::default()
        };
        let selection = Selection {
            profile: Some("a'b \"c".to_owned()),
            store: Some(StoreName::File),
            role,
            ..Selection::default()
        };
        let text = selection.render();
        assert_eq!(
            text,
            concat!(
                r#"{"profile":"a'b \"c","store":"file","#,
                r#""role":{"tags":[["k","'$(x)\n"]],"read_only":true}}"#
            )
        );
        assert_eq!(Selection::parse(&text), Some(selection));
        assert_eq!(Selection::default().render(), "{}");
        assert_eq!(Selection::parse("{}"), Some(Selection::default()));
    }

    /// An option that this version does not know could be one that narrows the session.
    #[test]
    fn selection_with_unknown_option_is_no_selection() {
        for text in [
            "",
            "prod",
            "[]",
            "{",
            r#"{"profile":"prod","narrow":true}"#,
            r#"{"profile":"prod","role":{"narrow":true}}"#,
        ] {
            assert_eq!(Selection::parse(text), None, "{text}");
        }
    }

    #[test]
    fn calling_shell_parses_from_name_and_process() {
        assert!(
            CallingShell::of(&environment(&[(CALLER, "zsh 12")]))
                .is_some_and(|c| c.shell == IntegratedShell::Zsh && c.process == "12")
        );
        for text in ["", "zsh", "zsh ", "zsh x", "zsh 1;2", "csh 1"] {
            assert!(CallingShell::of(&environment(&[(CALLER, text)])).is_none(), "{text}");
        }
    }

    #[test]
    fn saved_variables_are_those_from_before_first_use() {
        let first =
            ShellState::read(&environment(&[("AWS_REGION", "eu-west-1"), ("AWS_PROFILE", "own")]));
        assert_eq!(
            first.render_saved().as_deref(),
            Some(r#"{"AWS_PROFILE":"own","AWS_REGION":"eu-west-1"}"#)
        );
        let pairs = [
            ("AWS_REGION", "us-east-1"),
            ("ROLECALL_PROFILE", "prod"),
            (SAVED, r#"{"AWS_REGION":"eu-west-1"}"#),
        ];
        let environment = environment(&pairs);
        let second = ShellState::read(&environment);
        assert_eq!(second.render_saved().as_deref(), Some(r#"{"AWS_REGION":"eu-west-1"}"#));
        let environment = second.undo(environment, &["AWS_REGION", "ROLECALL_PROFILE"]);
        assert_eq!(
            (environment.get("AWS_REGION"), environment.get("ROLECALL_PROFILE")),
            (Some("eu-west-1"), None)
        );
    }

    #[test]
    fn selection_ends_when_another_profile_is_active() {
        let pairs = [(SELECTION_VAR, r#"{"profile":"prod"}"#), ("ROLECALL_PROFILE", "dev")];
        assert_eq!(ShellState::read(&environment(&pairs)).selection, None);
        assert_eq!(ShellState::read(&environment(&pairs[..1])).selection, None);
    }
}
