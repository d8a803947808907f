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

    /// Returns the value of a parameter that is a whole number.
    pub fn number(&self, name: &str) -> Result<Option<u32>, Refusal> {
        let Some(text) = self.get(name) else {
            return Ok(None);
        };
        text.parse()
            .map(Some)
            .map_err(|_| Refusal::new(400, "MalformedInput", format!("{name} is no number")))
    }

    /// Returns the members `NAME.member.1SUFFIX`, `NAME.member.2SUFFIX` and so on.
    pub fn members(&self, name: &str, suffix: &str) -> Vec<String> {
        (1..)
            .map_while(|place| self.get(&format!("{name}.member.{place}{suffix}")))
            .map(str::to_owned)
            .collect()
    }
}

/// Refuses an action that a service does not have in a version.
pub fn unknown(action: &str, params: &Params) -> Refusal {
    let version = params.get("Version").unwrap_or("NO_VERSION_SPECIFIED");
    let message = format!("Could not find operation {action} for version {version}");
    Refusal::new(400, "InvalidAction", message)
}

/// Refuses a call for another version of a service.
pub fn check_version(action: &str, params: &Params, wanted: &str) -> Result<(), Refusal> {
    if params.get("Version") == Some(wanted) { Ok(()) } else { Err(unknown(action, params)) }
}
