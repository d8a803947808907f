//! The bases that the environment names: its own keys, and the end of the SDKs' default chain.

use secrecy::SecretString;

use super::{Base, DefaultProvider, StaticKeys, WrittenEnd};
use crate::aws::names::AccessKeyId;
use crate::chain::network;
use crate::error::{Error, Place, Result};
use crate::hint;
use crate::system::environment::Environment;

const ACCESS_KEY_ID: &str = "AWS_ACCESS_KEY_ID";
const SECRET_ACCESS_KEY: &str = "AWS_SECRET_ACCESS_KEY";
const EXPIRATION: &str = "AWS_CREDENTIAL_EXPIRATION";

/// Returns the keys of the environment.
///
/// # Errors
/// Where it holds half a pair.
pub fn of_environment(environment: &Environment) -> Result<Option<Base>> {
    let variable = |name| environment.get(name);
    let half = |missing: &str, found: &str| {
        Error::configuration(format!("{found} is set in the environment but {missing} is not"))
            .hint(format!("set both or none: {}", hint::unset(&[found])))
    };
    let (id, secret) = match (variable(ACCESS_KEY_ID), variable(SECRET_ACCESS_KEY)) {
        (None, None) => return Ok(None),
        (Some(_), None) => return Err(half(SECRET_ACCESS_KEY, ACCESS_KEY_ID)),
        (None, Some(_)) => return Err(half(ACCESS_KEY_ID, SECRET_ACCESS_KEY)),
        (Some(id), Some(secret)) => (id, secret),
    };
    if AccessKeyId::is_in_place_of(secret) {
        let what = format!("{ACCESS_KEY_ID} and {SECRET_ACCESS_KEY} have changed places");
        return Err(Error::configuration(what).at(Place::variable(ACCESS_KEY_ID)).hint(format!(
            "set both anew, or none: {}",
            hint::unset(&[ACCESS_KEY_ID, SECRET_ACCESS_KEY])
        )));
    }
    let token = variable("AWS_SESSION_TOKEN").or_else(|| variable("AWS_SECURITY_TOKEN"));
    Ok(Some(Base::Environment(StaticKeys {
        access_key_id: AccessKeyId::new(id),
        secret_access_key: SecretString::from(secret),
        session_token: token.map(SecretString::from),
        account_id: variable("AWS_ACCOUNT_ID").map(str::to_owned),
        expiration: variable(EXPIRATION)
            .map(|text| WrittenEnd { text: text.to_owned(), place: Place::variable(EXPIRATION) }),
        place: None,
    })))
}

/// Returns the end of the SDKs' default chain: `None` when web identity comes first or nothing is
/// left.
pub fn default_provider(environment: &Environment) -> Option<Base> {
    if environment.has_web_identity() {
        return None;
    }
    let provider = if network::container(environment).is_some() {
        DefaultProvider::Container
    } else if environment.is_true("AWS_EC2_METADATA_DISABLED") {
        return None;
    } else {
        DefaultProvider::Instance
    };
    Some(Base::DefaultProviders(provider))
}
