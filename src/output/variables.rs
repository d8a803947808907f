//! The variables that `env`, `exec` and `shell` set, and those that they take away because they
//! would win or linger.

use chrono::SecondsFormat;
use secrecy::ExposeSecret;

use super::shells::Variable;
use crate::aws::Credentials;

/// Every variable that is set, in the order in which it is printed.
const SET: [&str; 7] = [
    "AWS_ACCESS_KEY_ID",
    "AWS_SECRET_ACCESS_KEY",
    "AWS_SESSION_TOKEN",
    "AWS_CREDENTIAL_EXPIRATION",
    "AWS_REGION",
    "AWS_DEFAULT_REGION",
    "ROLECALL_PROFILE",
];
/// What would win over the keys in some SDK (the JavaScript one prefers AWS_PROFILE), or be taken
/// for their token.
const UNSET: [&str; 3] = ["AWS_PROFILE", "AWS_DEFAULT_PROFILE", "AWS_SECURITY_TOKEN"];
/// rolecall's own secrets and marks, which no child needs. (The profiles whose `credential_process`
/// led here stay: a child may ask for one of them again.)
pub const HIDDEN_FROM_CHILDREN: [&str; 8] = [
    "ROLECALL_FILE_PASSPHRASE",
    // What `use` set is replaced here: a shell below is not to clear, renew or go back from what it
    // was given.
    OWNER,
    SAID,
    PREVIOUS,
    BEFORE,
    RENEW_AT,
    KEY_ID,
    CALLER,
];

/// The shell that `use` switched: its process ID, or `keep`.
pub const OWNER: &str = "ROLECALL_SHELL";
/// What was said to `use`, as JSON.
pub const SAID: &str = "ROLECALL_USE";
/// What was said before.
pub const PREVIOUS: &str = "ROLECALL_PREVIOUS";
/// Profile and region as they were before the first `use`, as JSON.
pub const BEFORE: &str = "ROLECALL_BEFORE";
/// The unix second from which the shell renews its keys.
pub const RENEW_AT: &str = "ROLECALL_RENEW_AT";
/// The access key ID that `use` put into the shell: other keys are not renewed.
pub const KEY_ID: &str = "ROLECALL_KEY_ID";
/// What the function of the shell side tells the program, for one call: the shell's name and
/// process ID.
pub const CALLER: &str = "ROLECALL_INIT";

/// The owned values behind a list of variables.
pub struct Values {
    values: [Option<String>; 7],
}

impl Values {
    /// Credentials, region and profile as variables; what this session has no value for is unset.
    pub fn new(credentials: &Credentials, region: Option<&str>, profile: Option<&str>) -> Self {
        let region = region.map(str::to_owned);
        Self {
            values: [
                Some(credentials.access_key_id().to_owned()),
                Some(credentials.secret_access_key().expose_secret().to_owned()),
                credentials.session_token().map(|t| t.expose_secret().to_owned()),
                credentials.expires_at().map(|end| end.to_rfc3339_opts(SecondsFormat::Secs, true)),
                region.clone(),
                region,
                profile.map(str::to_owned),
            ],
        }
    }

    /// A profile that programs resolve themselves, and no keys.
    pub fn profile(name: &str, region: Option<&str>) -> Self {
        let region = region.map(str::to_owned);
        Self { values: [None, None, None, None, region.clone(), region, Some(name.to_owned())] }
    }

    /// Everything unset.
    pub fn none() -> Self {
        Self { values: Default::default() }
    }

    pub fn variables(&self) -> Vec<Variable<'_>> {
        let set = SET.iter().zip(&self.values).map(|(name, value)| Variable {
            name,
            value: value.as_deref(),
            secret: matches!(*name, "AWS_SECRET_ACCESS_KEY" | "AWS_SESSION_TOKEN"),
        });
        set.chain(UNSET.iter().map(|name| Variable { name, value: None, secret: false })).collect()
    }
}

impl Drop for Values {
    fn drop(&mut self) {
        zeroize::Zeroize::zeroize(&mut self.values);
    }
}
