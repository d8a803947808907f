//! Where aws-vault keeps keys: its variables and their defaults, and the names that it gives.

use super::files::{Files, Passphrase};
use super::{Access, OtherStore};
use crate::error::{Error, Place, Result};
use crate::hint;
use crate::system::base64url;

/// The variable that chooses the back end.
pub const BACKEND: &str = "AWS_VAULT_BACKEND";
const FILE_DIR: &str = "AWS_VAULT_FILE_DIR";
const FILE_PASSPHRASE: &str = "AWS_VAULT_FILE_PASSPHRASE";
#[cfg(target_os = "linux")]
const COLLECTION: &str = "AWS_VAULT_SECRET_SERVICE_COLLECTION_NAME";

/// Returns the stores that are looked at: the one that is chosen, else each.
///
/// # Errors
/// Where one is chosen that cannot be read.
pub fn stores(access: Access) -> Result<Vec<Box<dyn OtherStore + '_>>> {
    let mut found: Vec<Box<dyn OtherStore>> = Vec::new();
    let chosen = access.environment.get(BACKEND);
    let is_meant = |name| chosen.is_none_or(|chosen| chosen == name);
    #[cfg(target_os = "linux")]
    if is_meant("secret-service") {
        let collection = access.environment.get(COLLECTION).unwrap_or("awsvault");
        found.push(Box::new(super::secret_service::Items::new(access, collection)));
    }
    if is_meant("file") {
        found.push(Box::new(files(access)?));
    }
    match chosen {
        Some(other) if found.is_empty() => {
            Err(Error::configuration(format!("{BACKEND}: `{other}` cannot be read from here"))
                .at(Place::variable(BACKEND))
                .hint(format!("look into each that can: {}", hint::unset(&[BACKEND]))))
        }
        _ => Ok(found),
    }
}

fn files(access: Access) -> Result<Files> {
    let folder = access.environment.get(FILE_DIR).unwrap_or("~/.awsvault/keys/");
    let passphrase = Passphrase { variable: FILE_PASSPHRASE, default: None };
    Ok(Files::new(access, access.directories.expand(folder)?, passphrase))
}

/// Returns whether a name is none that aws-vault gives to sessions and to tokens of IAM Identity
/// Center (aws-vault, `vault/sessionkeyring.go` and `oidctokenkeyring.go`).
pub fn may_name_keys(name: &str) -> bool {
    !(name.starts_with("oidc:") || is_session(name) || is_older_session(name))
}

/// `type,profile,mfa_serial,end`, the two in the middle encoded; those before began with `session`
/// and encoded nothing.
fn is_session(name: &str) -> bool {
    let parts: Vec<&str> = name.split(',').collect();
    let [kind, profile, serial, end] = parts[..] else { return false };
    let is_encoded = |text| base64url::decode(text).is_some();
    !kind.is_empty()
        && !profile.is_empty()
        && is_number(end)
        && (kind == "session" || (is_encoded(profile) && is_encoded(serial)))
}

/// `session:profile:mfa_serial:end`, and `profile session (end)`.
fn is_older_session(name: &str) -> bool {
    let with_colons = name
        .strip_prefix("session:")
        .is_some_and(|rest| rest.matches(':').count() >= 2 && !rest.contains(' '));
    let with_words = name.strip_suffix(')').and_then(|name| name.rsplit_once(" session ("));
    with_colons || with_words.is_some_and(|(name, end)| !name.is_empty() && is_number(end))
}

fn is_number(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit())
}

/// Returns the command that deletes the keys of a profile, and its sessions.
pub fn remove(profile: &str) -> String {
    format!("aws-vault remove {}", hint::word(profile))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sessions_and_tokens_are_told_from_keys() {
        for name in ["dev", "team/dev", "a b", "a,b", "a,b,c,d", "session", "sessions:x", "(1)", ""]
        {
            assert!(may_name_keys(name), "{name}");
        }
        for name in [
            "oidc:https://corp.awsapps.com/start",
            "sts.GetSessionToken,ZGV2,YXJuOmF3czppYW06OjE6bWZhL2JvYg,1790000000",
            "sts.AssumeRole,ZGV2,,1790000000",
            "session,dev,arn:aws:iam::111111111111:mfa/bob,1572281751",
            "session:dev:arn:aws:iam::111111111111:mfa/bob:2019",
            "session:dev::1572281751",
            "dev session (61633665646639303539)",
        ] {
            assert!(!may_name_keys(name), "{name}");
        }
    }
}
