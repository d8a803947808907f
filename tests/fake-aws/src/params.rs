//! Parameters of the query protocol.

use crate::rules::Refusal;

/// Names and values as sent.
#[derive(Clone, Debug, Default)]
pub struct Params(pub Vec<(String, String)>);

impl Params {
    /// Returns the value of a parameter.
    pub fn get(&self, name: &str) -> Option<&str> {
        self.0.iter().find(|(known, _)| known == name).map(|(_, value)| value.as_str())
    }

    /// Returns the value of a parameter that is a whole number of 32 bits.
    ///
    /// # Errors
    /// Refuses what is no such number: without a word, unless nothing was sent.
    pub fn number(&self, name: &str) -> Result<Option<i32>, Refusal> {
        let Some(text) = self.get(name) else {
            return Ok(None);
        };
        let message = if text.is_empty() { "missing value for decimal type" } else { "" };
        text.parse().map(Some).map_err(|_| Refusal::new(400, "MalformedInput", message))
    }

    /// Returns the members `NAME.member.1SUFFIX`, `NAME.member.2SUFFIX` and so on.
    pub fn members(&self, name: &str, suffix: &str) -> Vec<String> {
        (1..)
            .map_while(|place| self.get(&format!("{name}.member.{place}{suffix}")))
            .map(str::to_owned)
            .collect()
    }
}

/// Refuses an action that a service does not have in the version asked for.
pub fn check_action(
    action: &str,
    params: &Params,
    known: &[&str],
    version: &str,
) -> Result<(), Refusal> {
    let asked = params.get("Version").unwrap_or("NO_VERSION_SPECIFIED");
    if known.contains(&action) && asked == version {
        return Ok(());
    }
    let message = format!("Could not find operation {action} for version {asked}");
    Err(Refusal::new(400, "InvalidAction", message))
}
