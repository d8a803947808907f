//! Where aws-vault keeps keys: its variables and their defaults, and the names that it gives.

use super::export::Export;
use super::files::{Files, Passphrase};
use super::{Access, OtherStore, pass};
use crate::error::Result;
#[cfg(target_os = "linux")]
use crate::error::{Error, Place};
#[cfg(target_os = "linux")]
use crate::hint;
#[cfg(target_os = "linux")]
use crate::store::named_keyring::Scope;
use crate::system::base64url;

/// The variable that chooses the back end.
pub const BACKEND: &str = "AWS_VAULT_BACKEND";
const FILE_DIR: &str = "AWS_VAULT_FILE_DIR";
const FILE_PASSPHRASE: &str = "AWS_VAULT_FILE_PASSPHRASE";
const PASS_CMD: &str = "AWS_VAULT_PASS_CMD";
const PASS_DIR: &str = "AWS_VAULT_PASS_PASSWORD_STORE_DIR";
const PASS_PREFIX: &str = "AWS_VAULT_PASS_PREFIX";
#[cfg(target_os = "linux")]
const KEYCTL_SCOPE: &str = "AWS_VAULT_KEYCTL_SCOPE";
#[cfg(target_os = "linux")]
const COLLECTION: &str = "AWS_VAULT_SECRET_SERVICE_COLLECTION_NAME";

/// Returns the stores that are looked at: the one that is chosen, else each in the order in which
/// aws-vault does.
///
/// # Errors
/// Where a folder is below a home that there is not, or a scope is none.
pub fn stores(access: Access) -> Result<Vec<Box<dyn OtherStore + '_>>> {
    let environment = access.environment;
    let chosen = environment.get(BACKEND);
    let is_meant = |name| chosen.is_none_or(|chosen| chosen == name);
    let mut found: Vec<Box<dyn OtherStore>> = Vec::new();
    if chosen.is_none() && !cfg!(target_os = "linux") {
        found.push(Box::new(Export::new(access, None)));
    }
    #[cfg(target_os = "linux")]
    {
        if is_meant("secret-service") {
            let collection = environment.get(COLLECTION).unwrap_or("awsvault");
            found.push(Box::new(super::secret_service::Items::new(access, collection)));
        }
        if is_meant("keyctl") {
            found.push(Box::new(super::keyctl::Keys::new(scope(access)?, "aws-vault")));
        }
    }
    if cfg!(unix) && is_meant("pass") {
        let place = pass::Place {
            program: environment.get(PASS_CMD),
            folder: environment.get(PASS_DIR),
            prefix: environment.get(PASS_PREFIX).unwrap_or_default(),
        };
        found.push(Box::new(pass::Entries::new(access, &place)?));
    }
    if is_meant("file") {
        found.push(Box::new(files(access)?));
    }
    if found.is_empty() || (chosen.is_none() && cfg!(target_os = "linux")) {
        found.push(Box::new(Export::new(access, chosen)));
    }
    Ok(found)
}

#[cfg(target_os = "linux")]
fn scope(access: Access) -> Result<Scope> {
    match access.environment.get(KEYCTL_SCOPE) {
        None | Some("user") => Ok(Scope::User),
        Some("usersession") => Ok(Scope::UserSession),
        Some("session") => Ok(Scope::Session),
        Some(other) => {
            let what =
                format!("{KEYCTL_SCOPE}: `{other}` is none of user, usersession and session");
            Err(Error::configuration(what)
                .at(Place::variable(KEYCTL_SCOPE))
                .hint(format!("leave it to the default: {}", hint::unset(&[KEYCTL_SCOPE]))))
        }
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
