//! What shapes a chain besides the shared files: what was typed, and the environment. Plain data,
//! read once by `context`.

/// The options of every command that yields credentials (the contract's table), as far as they
/// shape the chain.
#[derive(Debug, Clone, Default)]
pub struct Overrides {
    /// `[PROFILE]` or `--profile`; `None` means the SDKs' default chain.
    pub profile: Option<String>,
    pub region: Option<String>,
    pub duration_seconds: Option<u32>,
    pub role_arn: Option<String>,
    pub source_profile: Option<String>,
    pub external_id: Option<String>,
    pub role_session_name: Option<String>,
    pub mfa_serial: Option<String>,
    /// How long the session with MFA of an identity is to live, in seconds; `None` when it was
    /// switched off.
    pub mfa_session: Option<u32>,
    /// Nothing is kept, so that a session made for others on the way would serve only one.
    pub unkept: bool,
    pub source_identity: Option<String>,
    pub tags: Vec<(String, String)>,
    pub transitive_tags: Vec<String>,
    /// JSON.
    pub policy: Option<String>,
    pub policy_arns: Vec<String>,
    pub read_only: bool,
    /// Whether the error about a profile that is not there says what comes nearest: too long a
    /// search for each of many profiles.
    pub suggest: bool,
}

impl Overrides {
    /// Returns the options that say which role is meant and what its trust policy looks at, as they
    /// would be typed again.
    pub fn naming(&self) -> Vec<(&'static str, String)> {
        let pair = |option: &'static str, value: &Option<String>| {
            value.clone().map(|value| (option, value))
        };
        let mut options: Vec<_> = [
            pair("--role-arn", &self.role_arn),
            pair("--source-profile", &self.source_profile),
            pair("--external-id", &self.external_id),
            pair("--mfa-serial", &self.mfa_serial),
            pair("--source-identity", &self.source_identity),
            pair("--region", &self.region),
        ]
        .into_iter()
        .flatten()
        .collect();
        options.extend(self.tags.iter().map(|(key, value)| ("--tag", format!("{key}={value}"))));
        options
    }

    /// Returns the first option that only means something where a role is assumed.
    pub fn role_option(&self) -> Option<&'static str> {
        [
            (self.source_profile.is_some(), "--source-profile"),
            (self.external_id.is_some(), "--external-id"),
            (self.role_session_name.is_some(), "--role-session-name"),
            (self.mfa_serial.is_some(), "--mfa-serial"),
            (self.source_identity.is_some(), "--source-identity"),
            (!self.tags.is_empty(), "--tag"),
            (!self.transitive_tags.is_empty(), "--transitive-tag"),
            (self.policy.is_some(), "--policy"),
            (!self.policy_arns.is_empty(), "--policy-arn"),
            (self.read_only, "--read-only"),
            (self.duration_seconds.is_some(), "--duration"),
        ]
        .into_iter()
        .find_map(|(given, name)| given.then_some(name))
    }
}
