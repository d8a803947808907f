//! What a profile says of credentials, by the keys that it holds.

use super::keys;
use crate::config::profiles::{Profile, Property};

/// A profile, or none: a role may be typed alone, or set in the environment.
#[derive(Debug, Clone, Copy)]
pub struct ProfileView<'a>(Option<&'a Profile>);

impl<'a> From<&'a Profile> for ProfileView<'a> {
    fn from(profile: &'a Profile) -> Self {
        Self(Some(profile))
    }
}

impl<'a> From<Option<&'a Profile>> for ProfileView<'a> {
    fn from(profile: Option<&'a Profile>) -> Self {
        Self(profile)
    }
}

/// Any of them gives credentials.
const CREDENTIALS: [&str; 8] = [
    keys::STORED_KEY_ID,
    keys::WEB_IDENTITY_TOKEN_FILE,
    keys::SSO_ACCOUNT_ID,
    keys::SSO_ROLE_NAME,
    keys::LOGIN_SESSION,
    keys::CREDENTIAL_PROCESS,
    keys::ACCESS_KEY_ID,
    keys::SECRET_ACCESS_KEY,
];

/// Any of them is about credentials, though by itself it gives none.
const ABOUT_CREDENTIALS: [&str; 5] = [
    keys::ROLE_ARN,
    keys::SOURCE_PROFILE,
    keys::CREDENTIAL_SOURCE,
    keys::SSO_SESSION,
    keys::SSO_START_URL,
];

impl<'a> ProfileView<'a> {
    pub fn profile(self) -> Option<&'a Profile> {
        self.0
    }

    pub fn name(self) -> Option<&'a str> {
        self.0.map(|profile| profile.name.as_str())
    }

    /// Returns what a key is set to, its `rolecall_…` form first.
    pub fn property(self, key: &str) -> Option<&'a Property> {
        let profile = self.0?;
        let prefixed =
            |p: &&Property| p.key.strip_prefix(keys::PREFIX) == Some(key) && !p.value.is_empty();
        profile.properties.iter().find(prefixed).or_else(|| profile.get(key))
    }

    /// Returns whether it names a role to assume; with a token file it is a web identity instead.
    pub fn is_role(self) -> bool {
        self.has(keys::ROLE_ARN) && !self.has(keys::WEB_IDENTITY_TOKEN_FILE)
    }

    /// Returns whether it names where a role's credentials come from.
    pub fn names_source(self) -> bool {
        self.has(keys::SOURCE_PROFILE) || self.has(keys::CREDENTIAL_SOURCE)
    }

    /// Returns whether it has keys, in the store or in itself, or half a pair of them.
    pub fn has_keys(self) -> bool {
        self.has_stored_keys() || self.holds_keys()
    }

    /// Returns whether it holds keys in plain text, or half a pair of them.
    pub fn holds_keys(self) -> bool {
        let set = |key| self.0.is_some_and(|profile| profile.get(key).is_some());
        set(keys::ACCESS_KEY_ID) || set(keys::SECRET_ACCESS_KEY)
    }

    /// Returns whether it names keys in the store.
    pub fn has_stored_keys(self) -> bool {
        self.has(keys::STORED_KEY_ID)
    }

    /// Returns whether it holds anything that could give credentials by itself.
    pub fn has_credentials(self) -> bool {
        CREDENTIALS.iter().any(|key| self.has(key))
    }

    /// Returns whether it holds settings only: nothing in it is about credentials.
    pub fn is_settings_only(self) -> bool {
        !self.has_credentials() && !ABOUT_CREDENTIALS.iter().any(|key| self.has(key))
    }

    /// Returns its `credential_process`, which a profile with another source never reaches.
    pub fn process(self) -> Option<&'a Property> {
        const BEFORE: [&str; 6] = [
            keys::STORED_KEY_ID,
            keys::ROLE_ARN,
            keys::WEB_IDENTITY_TOKEN_FILE,
            keys::SSO_ACCOUNT_ID,
            keys::SSO_ROLE_NAME,
            keys::LOGIN_SESSION,
        ];
        if BEFORE.iter().any(|key| self.has(key)) {
            return None;
        }
        self.0?.get(keys::CREDENTIAL_PROCESS)
    }

    /// Returns whether it wants to be asked about before each new session.
    pub fn asks_to_confirm(self) -> bool {
        self.says(keys::CONFIRM, "true")
    }

    /// Returns whether nothing that its process gives, or that is made of it, may be cached.
    pub fn forbids_cache(self) -> bool {
        self.says(keys::CACHE, "false")
    }

    /// Returns whether its stored keys themselves are handed out.
    pub fn hands_out_keys(self) -> bool {
        self.says(keys::HAND_OUT_KEYS, "true")
    }

    fn says(self, key: &str, word: &str) -> bool {
        let value = self.0.and_then(|profile| profile.value(key));
        value.is_some_and(|value| value.eq_ignore_ascii_case(word))
    }

    fn has(self, key: &str) -> bool {
        self.property(key).is_some()
    }
}
