//! Which kind of credentials a profile itself holds: what only rolecall reads comes first, then
//! botocore's order.

use secrecy::SecretString;

use super::{Base, ProcessSource, keys, sso, web_identity};
use crate::chain::endpoints::Endpoints;
use crate::chain::keys as names;
use crate::chain::near_keys;
use crate::chain::profile_view::ProfileView;
use crate::chain::request::RoleOptions;
use crate::config::document::FileKind;
use crate::config::profiles::Profile;
use crate::error::{Error, Result};
use crate::hint;

/// Reads a profile's own credentials: keys in the store, web identity, SSO, keys of the credentials file, login
/// session, process, keys of the config file. `typed` is what was typed of its role.
pub fn of_profile(endpoints: &Endpoints, profile: &Profile, typed: &RoleOptions) -> Result<Base> {
    if let Some(keys) = keys::stored_of_profile(profile)? {
        return Ok(Base::Stored(keys));
    }
    let view = ProfileView::from(profile);
    if view.property(names::WEB_IDENTITY_TOKEN_FILE).is_some() {
        return web_identity::of_profile(endpoints, profile, typed).map(Base::WebIdentity);
    }
    if profile.get(names::SSO_ACCOUNT_ID).is_some() || profile.get(names::SSO_ROLE_NAME).is_some() {
        return sso::of_profile(endpoints, profile).map(|sso| Base::Sso(Box::new(sso)));
    }
    let keys = || keys::of_profile(profile)?.map(Base::Static).ok_or_else(|| nothing(profile));
    let key = profile.get(names::ACCESS_KEY_ID).or_else(|| profile.get(names::SECRET_ACCESS_KEY));
    if key.is_some_and(|key| key.file == FileKind::Credentials) {
        return keys();
    }
    if let Some(session) = profile.get(names::LOGIN_SESSION) {
        let (session, place) = (session.value.to_string(), session.place.clone());
        return Ok(Base::LoginSession { session, place });
    }
    if let Some(command) = view.process() {
        return Ok(Base::Process {
            command: SecretString::from(command.value.as_str()),
            place: command.place.clone(),
            account_id: profile.value(names::ACCOUNT_ID).map(str::to_owned),
            source: if view.forbids_cache() {
                ProcessSource::Uncached
            } else {
                ProcessSource::Program
            },
        });
    }
    keys()
}

/// Any of them begins a source of credentials.
const SOURCES: [&str; 9] = [
    names::ROLE_ARN,
    names::SOURCE_PROFILE,
    names::WEB_IDENTITY_TOKEN_FILE,
    names::SSO_ACCOUNT_ID,
    names::SSO_ROLE_NAME,
    names::ACCESS_KEY_ID,
    names::SECRET_ACCESS_KEY,
    names::LOGIN_SESSION,
    names::CREDENTIAL_PROCESS,
];

/// Returns the error about a profile that gives no credentials.
pub fn nothing(profile: &Profile) -> Error {
    let view = ProfileView::from(profile);
    let try_again = hint::command("explain", &profile.name);
    let of_role = [names::SOURCE_PROFILE, names::CREDENTIAL_SOURCE];
    if let Some(source) = of_role.into_iter().find_map(|key| view.property(key)) {
        let what = format!("profile `{}` has {} but no role_arn", profile.name, source.key);
        let error = Error::misconfigured(&source.place, what)
            .about(&profile.name)
            .hint(format!("name the role too: role_arn = ARN, then try: {try_again}"));
        return near_keys::explain(error, profile, &[names::ROLE_ARN]);
    }
    let error = Error::misconfigured(
        &profile.place,
        format!("profile `{}` holds no credentials and names no source of any", profile.name),
    )
    .about(&profile.name);
    if profile.get(names::SSO_SESSION).is_some() {
        let lacking = [names::SSO_ACCOUNT_ID, names::SSO_ROLE_NAME];
        let error = error.cause(
            "sso_session alone gives a token; \
             credentials need sso_account_id and sso_role_name too",
        );
        return near_keys::explain(error, profile, &lacking).hint(format!(
            "complete it: rolecall profile set {} sso_account_id=ID sso_role_name=ROLE",
            hint::profile(&profile.name)
        ));
    }
    with_look_alikes(error, profile).hint(format!(
        "see what it holds: rolecall profile dump --json; after a change: {try_again}"
    ))
}

/// Names the keys of a profile that look like those of a source of credentials.
pub fn with_look_alikes(error: Error, profile: &Profile) -> Error {
    near_keys::explain(error, profile, &SOURCES)
}
