//! IAM Identity Center: a profile with `sso_account_id` and `sso_role_name`, and the session that
//! it names, or the legacy form without one.

use super::Sso;
use super::sso_session::{missing_in_profile, session_of_profile};
use crate::chain::endpoints::Endpoints;
use crate::chain::keys;
use crate::config::profiles::Profile;
use crate::error::Result;

/// Reads the SSO configuration of a profile.
pub fn of_profile(endpoints: &Endpoints, profile: &Profile) -> Result<Sso> {
    let own = |key: &str| {
        let property = profile.get(key).ok_or_else(|| missing_in_profile(profile, key, profile))?;
        Ok(property.value.to_string())
    };
    let session = session_of_profile(endpoints, profile)?;
    Ok(Sso {
        account_id: own(keys::SSO_ACCOUNT_ID)?,
        role_name: own(keys::SSO_ROLE_NAME)?,
        endpoint: endpoints.configured("sso")?,
        session,
    })
}
