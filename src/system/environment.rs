//! The environment, read once. Only here may it be read.

use std::collections::HashMap;

use zeroize::Zeroizing;

/// The environment, read once. An empty value counts as absent, as in the SDKs.
#[derive(Clone, Default)]
pub struct Environment {
    variables: HashMap<String, Zeroizing<String>>,
    /// The local user's name, for the role session name.
    pub user: Option<String>,
}

impl Environment {
    pub fn new(
        variables: impl IntoIterator<Item = (String, String)>,
        user: Option<String>,
    ) -> Self {
        Self {
            variables: variables
                .into_iter()
                .map(|(name, value)| (name, Zeroizing::new(value)))
                .collect(),
            user,
        }
    }

    pub fn get(&self, name: &str) -> Option<&str> {
        self.variables.get(name).map(|v| v.trim()).filter(|v| !v.is_empty())
    }

    /// Returns a value as it stands, blanks included.
    pub fn get_untrimmed(&self, name: &str) -> Option<&str> {
        self.variables.get(name).map(|value| value.as_str()).filter(|value| !value.is_empty())
    }

    pub fn set(&mut self, name: &str, value: String) {
        self.variables.insert(name.to_owned(), Zeroizing::new(value));
    }

    pub fn remove(&mut self, name: &str) {
        self.variables.remove(name);
    }

    /// Returns whether a switch is on: `true`, in any case.
    pub fn is_true(&self, name: &str) -> bool {
        self.get(name).is_some_and(|v| v.eq_ignore_ascii_case("true"))
    }

    /// Returns whether a web identity is set by the environment (AWS_WEB_IDENTITY_TOKEN_FILE with
    /// AWS_ROLE_ARN).
    pub fn has_web_identity(&self) -> bool {
        self.get("AWS_WEB_IDENTITY_TOKEN_FILE").is_some()
    }
}

/// Reads the environment, and returns the first variable about AWS or rolecall that is no text.
#[expect(clippy::disallowed_methods, reason = "the one place that reads the environment")]
pub fn read_environment() -> (Environment, Option<String>) {
    let mut unreadable = None;
    let variables = std::env::vars_os().filter_map(|(name, value)| {
        let name = name.into_string().ok()?;
        let Ok(value) = value.into_string() else {
            unreadable = unreadable
                .take()
                .or((name.starts_with("AWS_") || name.starts_with("ROLECALL_")).then_some(name));
            return None;
        };
        Some((name, value))
    });
    let mut environment = Environment::new(variables, None);
    environment.user = ["USER", "LOGNAME", "USERNAME"]
        .iter()
        .find_map(|name| environment.get(name))
        .map(str::to_owned);
    (environment, unreadable)
}
