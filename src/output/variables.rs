//! The variables that `env`, `exec`, `shell` and `use` set, and those that they unset because these
//! would win over the credentials or linger.

use secrecy::ExposeSecret;

use super::shells::Variable;
use super::time::timestamp;
use crate::aws::Credentials;

/// The variables that are set, in the order in which they are printed.
const SET: [&str; 8] = [
    "AWS_ACCESS_KEY_ID",
    "AWS_SECRET_ACCESS_KEY",
    "AWS_SESSION_TOKEN",
    "AWS_CREDENTIAL_EXPIRATION",
    "AWS_REGION",
    "AWS_DEFAULT_REGION",
    // SDKs find account-based endpoints by it.
    "AWS_ACCOUNT_ID",
    "ROLECALL_PROFILE",
];
/// The variables that win over the keys in some SDK (the JavaScript one prefers AWS_PROFILE), or
/// that would be taken for their token.
const UNSET: [&str; 3] = ["AWS_PROFILE", "AWS_DEFAULT_PROFILE", "AWS_SECURITY_TOKEN"];
/// rolecall's own secrets and marks, which no child needs. The trail of `credential_process` stays,
/// because a child may lead back to one of its profiles.
pub const HIDDEN_FROM_CHILDREN: [&str; 8] = [
    "ROLECALL_FILE_PASSPHRASE",
    // A shell below must not clear, renew or go back from the credentials that it was given.
    OWNER,
    SELECTION_VAR,
    PREVIOUS,
    SAVED,
    RENEW_AT,
    KEY_ID,
    CALLER,
];

/// The shell that `use` switched: its process ID, or `keep`.
pub const OWNER: &str = "ROLECALL_SHELL";
/// The selection of `use`, as JSON.
pub const SELECTION_VAR: &str = "ROLECALL_USE";
/// The selection before it.
pub const PREVIOUS: &str = "ROLECALL_PREVIOUS";
/// Profile, region and account as they were before the first `use`, as JSON.
pub const SAVED: &str = "ROLECALL_BEFORE";
/// The unix second from which the shell renews its keys.
pub const RENEW_AT: &str = "ROLECALL_RENEW_AT";
/// The access key ID that `use` put into the shell. Other keys are not renewed.
pub const KEY_ID: &str = "ROLECALL_KEY_ID";
/// The name and process ID of the integrated shell whose function calls, set for one call.
pub const CALLER: &str = "ROLECALL_INIT";

/// The owned values of the variables. They are overwritten on drop.
pub struct Values {
    values: [Option<String>; 8],
}

impl Values {
    /// Returns credentials, region and profile as variables. Those without a value are unset.
    pub fn new(credentials: &Credentials, region: Option<&str>, profile: Option<&str>) -> Self {
        let region = region.map(str::to_owned);
        Self {
            values: [
                Some(credentials.access_key_id().to_owned()),
                Some(credentials.secret_access_key().expose_secret().to_owned()),
                credentials.session_token().map(|t| t.expose_secret().to_owned()),
                credentials.expires_at().map(timestamp),
                region.clone(),
                region,
                credentials.account_id().map(str::to_owned),
                profile.map(str::to_owned),
            ],
        }
    }

    /// Returns the variables for a profile that programs resolve themselves: no keys.
    pub fn profile(name: &str, region: Option<&str>) -> Self {
        let region = region.map(str::to_owned);
        Self {
            values: [None, None, None, None, region.clone(), region, None, Some(name.to_owned())],
        }
    }

    /// Returns variables that are all unset.
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
