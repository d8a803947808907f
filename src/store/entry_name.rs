//! The names of what lies in a store.

use crate::aws::names::{AccessKeyId, MfaSerial};
use crate::chain::session_key::SessionKey;
use crate::system::digest::{is_sha256_hex, sha256_hex};

/// Begins the name of a seed. No session's name, which is hexadecimal, begins so.
const SEED_PREFIX: &str = "mfa-";
/// Begins the name of long-term keys.
const KEYS_PREFIX: &str = "key-";
/// Begins the name of the token of a login.
const SSO_PREFIX: &str = "sso-";
/// The longest access key ID that stands in a name as it is. AWS's have 20 characters.
const MAX_ID_CHARS: usize = 64;

/// Names one entry of a store, and says what it holds. A store takes no other name, so a verb that
/// has only `SessionKey`s can neither read nor delete anything but sessions.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub enum EntryName {
    Session(SessionKey),
    MfaSeed(SeedKey),
    LongTermKeys(KeysName),
    SsoToken(SsoTokenKey),
}

impl EntryName {
    /// Parses a name that a store lists; `None` for what is not rolecall's own, which nothing may
    /// touch.
    pub fn parse(text: &str) -> Option<Self> {
        SessionKey::parse(text)
            .map(Self::Session)
            .or_else(|| SeedKey::parse(text).map(Self::MfaSeed))
            .or_else(|| KeysName::parse(text).map(Self::LongTermKeys))
            .or_else(|| SsoTokenKey::parse(text).map(Self::SsoToken))
    }

    /// Returns the name as it stands in the store: at most 68 letters, digits and hyphens of ASCII.
    pub fn as_str(&self) -> &str {
        match self {
            Self::Session(key) => key.as_str(),
            Self::MfaSeed(key) => &key.0,
            Self::LongTermKeys(name) => &name.0,
            Self::SsoToken(key) => &key.0,
        }
    }
}

impl From<&SessionKey> for EntryName {
    fn from(key: &SessionKey) -> Self {
        Self::Session(key.clone())
    }
}

impl From<&MfaSerial> for EntryName {
    fn from(serial: &MfaSerial) -> Self {
        Self::MfaSeed(SeedKey::of(serial))
    }
}

impl From<&AccessKeyId> for EntryName {
    fn from(id: &AccessKeyId) -> Self {
        Self::LongTermKeys(KeysName::of(id))
    }
}

/// The name of long-term keys: `key-` and their access key ID, or its SHA-256 where a stand-in for
/// AWS gives IDs that not every store takes in a name.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct KeysName(String);

impl KeysName {
    fn of(id: &AccessKeyId) -> Self {
        if is_plain_id(id) {
            Self(format!("{KEYS_PREFIX}{id}"))
        } else {
            Self(format!("{KEYS_PREFIX}{}", sha256_hex(id)))
        }
    }

    fn parse(text: &str) -> Option<Self> {
        text.strip_prefix(KEYS_PREFIX).is_some_and(is_plain_id).then(|| Self(text.to_owned()))
    }
}

fn is_plain_id(id: &str) -> bool {
    (1..=MAX_ID_CHARS).contains(&id.len()) && id.bytes().all(|b| b.is_ascii_alphanumeric())
}

/// The name of a device's seed: `mfa-` and the SHA-256 of its serial number. The number itself
/// holds characters that not every store takes in a name.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct SeedKey(String);

impl SeedKey {
    fn of(serial: &MfaSerial) -> Self {
        Self(format!("{SEED_PREFIX}{}", sha256_hex(serial.as_str())))
    }

    fn parse(text: &str) -> Option<Self> {
        text.strip_prefix(SEED_PREFIX).is_some_and(is_sha256_hex).then(|| Self(text.to_owned()))
    }
}

/// The name of a login's token: `sso-` and the SHA-256 of what the AWS CLI names its file by, the
/// name of the session or the start URL.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct SsoTokenKey(String);

impl SsoTokenKey {
    pub fn of(cache_name: &str) -> Self {
        Self(format!("{SSO_PREFIX}{}", sha256_hex(cache_name)))
    }

    fn parse(text: &str) -> Option<Self> {
        text.strip_prefix(SSO_PREFIX).is_some_and(is_sha256_hex).then(|| Self(text.to_owned()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const DIGITS: &str = "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef";

    #[test]
    fn entry_names_match_those_already_in_stores() {
        let serial = MfaSerial::parse("arn:aws:iam::111111111111:mfa/bob").unwrap();
        assert_eq!(
            EntryName::from(&serial).as_str(),
            "mfa-2a78c78637b345aab0a41ff7a92b818d487b8ace8567ee44ab59ed89f6ceb21b"
        );
        let session = SessionKey::parse(DIGITS).unwrap();
        assert_eq!(EntryName::from(&session).as_str(), DIGITS);
    }

    #[test]
    fn every_name_is_parsed_back_into_its_own_kind() {
        let session = EntryName::from(&SessionKey::parse(DIGITS).unwrap());
        let seed = EntryName::from(&MfaSerial::parse("GAHT12345678").unwrap());
        let keys = EntryName::from(&AccessKeyId::new("AKIAIOSFODNN7EXAMPLE"));
        assert_eq!(keys.as_str(), "key-AKIAIOSFODNN7EXAMPLE");
        let odd = EntryName::from(&AccessKeyId::new("minio/admin"));
        assert_eq!(odd.as_str().len(), 68);
        let token = EntryName::SsoToken(SsoTokenKey::of("corp"));
        for name in [session, seed, keys, odd, token] {
            assert_eq!(EntryName::parse(name.as_str()), Some(name));
        }
        // The digits of a seed's name alone are a session's, and the prefix tells the two apart.
        let seed = EntryName::parse(&format!("mfa-{DIGITS}"));
        assert!(matches!(seed, Some(EntryName::MfaSeed(_))));
        assert!(matches!(EntryName::parse(DIGITS), Some(EntryName::Session(_))));
    }

    #[test]
    fn foreign_names_are_not_parsed() {
        for text in [
            "",
            "identity",
            "mfa-seed",
            "probe",
            &DIGITS[1..],
            &format!("{DIGITS}0"),
            &DIGITS.to_uppercase(),
            &format!("mfa-{DIGITS}0"),
            &format!("mfa-mfa-{DIGITS}"),
            "key-",
            "sso-corp",
            "key-AKIA/x",
            &format!("{DIGITS}#1"),
            &format!(" {DIGITS}"),
        ] {
            assert_eq!(EntryName::parse(text), None, "{text}");
        }
    }
}
