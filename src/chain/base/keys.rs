//! Keys in a shared file, and the names there of keys in the store.

use secrecy::SecretString;

use super::{StaticKeys, StoredKeys, WrittenEnd};
use crate::aws::names::AccessKeyId;
use crate::chain::{keys, near_keys};
use crate::config::profiles::{Profile, Property};
use crate::error::{Error, Result};
use crate::hint;

/// Reads a profile's keys; `None` when it has none.
pub fn of_profile(profile: &Profile) -> Result<Option<StaticKeys>> {
    let half = |found: &Property, missing: &str| {
        let what = format!("profile `{}` has {} but no {missing}", profile.name, found.key);
        let error = Error::misconfigured(&found.place, what).about(&profile.name);
        near_keys::explain(error, profile, &[missing]).hint(configure(profile))
    };
    let set = (profile.get(keys::ACCESS_KEY_ID), profile.get(keys::SECRET_ACCESS_KEY));
    let (id, secret) = match set {
        (Some(id), Some(secret)) => (id, secret),
        (Some(id), None) => return Err(half(id, keys::SECRET_ACCESS_KEY)),
        (None, Some(secret)) => return Err(half(secret, keys::ACCESS_KEY_ID)),
        (None, None) => return Ok(None),
    };
    if AccessKeyId::is_in_place_of(&secret.value) {
        let what = format!("{} and {} have changed places", id.key, secret.key);
        let error = Error::misconfigured(&id.place, what).about(&profile.name);
        return Err(error.hint(configure(profile)));
    }
    let illegal = |found: &Property| {
        Error::misconfigured(
            &found.place,
            format!("{} holds characters that AWS's have not", found.key),
        )
        .about(&profile.name)
        .hint(configure(profile))
    };
    let access_key_id = AccessKeyId::parse(&id.value).ok_or_else(|| illegal(id))?;
    let token = profile.get(keys::SESSION_TOKEN).or_else(|| profile.get(keys::SECURITY_TOKEN));
    if let Some(token) = token.filter(|token| !token.value.bytes().all(|b| b.is_ascii_graphic())) {
        return Err(illegal(token));
    }
    Ok(Some(StaticKeys {
        access_key_id,
        secret_access_key: SecretString::from(secret.value.as_str()),
        session_token: token.map(|token| SecretString::from(token.value.as_str())),
        account_id: profile.value(keys::ACCOUNT_ID).map(str::to_owned),
        expiration: token.and(profile.get(keys::TOKEN_EXPIRES)).map(|written| WrittenEnd {
            text: written.value.to_string(),
            place: (&written.place).into(),
        }),
        place: Some(id.place.clone()),
    }))
}

/// Reads the ID of a profile's keys in the store; `None` when it names none.
pub fn stored_of_profile(profile: &Profile) -> Result<Option<StoredKeys>> {
    let Some(id) = profile.get(keys::STORED_KEY_ID) else { return Ok(None) };
    let access_key_id = AccessKeyId::parse(&id.value).ok_or_else(|| {
        let what = format!("{} holds characters that AWS's have not", id.key);
        Error::misconfigured(&id.place, what)
            .about(&profile.name)
            .hint("see the keys that are stored: rolecall keys list")
    })?;
    Ok(Some(StoredKeys {
        access_key_id,
        account_id: profile.value(keys::ACCOUNT_ID).map(str::to_owned),
        place: Some(id.place.clone()),
    }))
}

fn configure(profile: &Profile) -> String {
    let option = hint::option("--profile", &profile.name);
    format!("write both keys anew with: aws configure {option}")
}
