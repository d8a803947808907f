//! The calls of the portal of IAM Identity Center.

use secrecy::{ExposeSecret, SecretString};

use crate::aws::{Session, expiration};
use crate::chain::Sso;
use crate::clients::calls::AwsCalls;
use crate::clients::factory::Target;
use crate::clients::failure::CallError;
use crate::clients::sts::unusable_end;
use crate::error::Error;

impl AwsCalls<'_> {
    /// Ends a login (sso:Logout).
    ///
    /// # Errors
    /// When AWS refuses or does not answer, or the wait is interrupted.
    pub fn log_out(&self, target: &Target, token: &SecretString) -> Result<(), CallError> {
        let request = self.factory.sso(target)?.logout().access_token(token.expose_secret());
        self.answer(target, request.send()).map(drop)
    }

    /// Returns a session of the role that a person is assigned (sso:GetRoleCredentials).
    ///
    /// # Errors
    /// When AWS refuses, does not answer or answers without credentials, or the wait is
    /// interrupted.
    pub fn get_role_credentials(
        &self,
        target: &Target,
        sso: &Sso,
        token: &SecretString,
    ) -> Result<Session, CallError> {
        let client = self.factory.sso(target)?;
        let request = client
            .get_role_credentials()
            .account_id(&sso.account_id)
            .role_name(&sso.role_name)
            .access_token(token.expose_secret());
        let asked_at = self.clock.now();
        let answer = self.answer(target, request.send())?;
        let empty = || Error::failed("IAM Identity Center answered without credentials");
        let credentials = answer.role_credentials().ok_or_else(empty)?;
        let (Some(id), Some(secret), Some(session_token)) = (
            credentials.access_key_id(),
            credentials.secret_access_key(),
            credentials.session_token(),
        ) else {
            return Err(empty().into());
        };
        let expires_at = expiration::from_millis(credentials.expiration())
            .map_err(|e| unusable_end("IAM Identity Center", e))?;
        Ok(Session {
            access_key_id: id.to_owned(),
            secret_access_key: SecretString::from(secret),
            session_token: Some(SecretString::from(session_token)),
            expires_at: Some(expires_at),
            issued_at: Some(asked_at),
            account_id: Some(sso.account_id.clone()),
        })
    }
}
