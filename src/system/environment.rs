//! The environment, read once. Only here may it be read.

use std::borrow::Cow;
use std::collections::HashMap;

use zeroize::Zeroizing;

use crate::platform::Platform;

/// The environment, read once. An empty value counts as absent, as in the SDKs. On Windows the case
/// of a name does not count.
#[derive(Clone, Default)]
pub struct Environment {
    /// By their keys, as `key` returns them.
    variables: HashMap<String, Zeroizing<String>>,
    platform: Platform,
    /// The local user's name, for the role session name.
    pub user: Option<String>,
}

impl Environment {
    pub fn new(
        variables: impl IntoIterator<Item = (String, String)>,
        user: Option<String>,
    ) -> Self {
        let mut environment = Self::of(Platform::HERE, variables);
        environment.user = user;
        environment
    }

    /// Returns the environment of a process on a system.
    pub fn of(platform: Platform, variables: impl IntoIterator<Item = (String, String)>) -> Self {
        let mut environment = Self { platform, ..Self::default() };
        for (name, value) in variables {
            let key = match environment.key(&name) {
                Cow::Owned(key) => Some(key),
                Cow::Borrowed(_) => None,
            };
            environment.variables.insert(key.unwrap_or(name), Zeroizing::new(value));
        }
        environment
    }

    /// Returns the name by which a variable is found.
    fn key<'a>(&self, name: &'a str) -> Cow<'a, str> {
        match self.platform {
            Platform::Windows => Cow::Owned(name.to_ascii_uppercase()),
            Platform::Linux | Platform::MacOs => Cow::Borrowed(name),
        }
    }

    fn value(&self, name: &str) -> Option<&str> {
        self.variables.get(&*self.key(name)).map(|value| value.as_str())
    }

    pub fn get(&self, name: &str) -> Option<&str> {
        self.value(name).map(str::trim).filter(|value| !value.is_empty())
    }

    /// Returns a value as it stands, blanks included.
    pub fn get_untrimmed(&self, name: &str) -> Option<&str> {
        self.value(name).filter(|value| !value.is_empty())
    }

    /// Returns the names of the variables, in no order. Windows' are in capitals.
    pub fn names(&self) -> impl Iterator<Item = &str> {
        self.variables.keys().map(String::as_str)
    }

    pub fn set(&mut self, name: &str, value: String) {
        self.variables.insert(self.key(name).into_owned(), Zeroizing::new(value));
    }

    pub fn remove(&mut self, name: &str) {
        self.variables.remove(&*self.key(name));
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

/// Variables that hold secrets, which no program gets that a person talks to.
pub const SECRETS: [&str; 4] = [
    "ROLECALL_FILE_PASSPHRASE",
    "AWS_SECRET_ACCESS_KEY",
    "AWS_SESSION_TOKEN",
    "AWS_SECURITY_TOKEN",
];

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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn case_of_a_name_counts_except_on_windows() {
        for (platform, found) in [
            (Platform::Linux, [Some("a"), None, Some("p")]),
            (Platform::MacOs, [Some("a"), None, Some("p")]),
            (Platform::Windows, [Some("a"), Some("a"), Some("p")]),
        ] {
            let variables =
                [("Path", "a"), ("http_proxy", "p")].map(|(n, v)| (n.to_owned(), v.to_owned()));
            let mut environment = Environment::of(platform, variables);
            let names = ["Path", "PATH", "http_proxy"];
            assert_eq!(names.map(|name| environment.get(name)), found, "{platform:?}");
            environment.set("PATH", "b".to_owned());
            environment.remove("Http_Proxy");
            let is_windows = platform == Platform::Windows;
            let path = if is_windows { "b" } else { "a" };
            assert_eq!(environment.get("Path"), Some(path), "{platform:?}");
            assert_eq!(environment.get("http_proxy").is_none(), is_windows, "{platform:?}");
        }
    }
}
