//! The calls of the OIDC service of IAM Identity Center.

use secrecy::SecretString;

use crate::clients::calls::AwsCalls;
use crate::clients::factory::Target;
use crate::clients::failure::{CallError, Failure};

/// What renews a token.
pub struct Renewal<'a> {
    pub client_id: &'a str,
    pub client_secret: &'a str,
    pub refresh_token: &'a str,
}

/// A new token.
pub struct RenewedToken {
    pub access_token: SecretString,
    /// `None` where the old one goes on.
    pub refresh_token: Option<SecretString>,
    /// Seconds from now.
    pub expires_in: i32,
}

impl AwsCalls<'_> {
    /// Renews a token (sso-oidc:CreateToken).
    ///
    /// # Errors
    /// When AWS refuses, does not answer or answers without a token, or the wait is interrupted.
    pub fn renew_token(
        &self,
        target: &Target,
        renewal: &Renewal,
    ) -> Result<RenewedToken, CallError> {
        let client = self.factory.sso_oidc(target)?;
        let request = client
            .create_token()
            .client_id(renewal.client_id)
            .client_secret(renewal.client_secret)
            .grant_type("refresh_token")
            .refresh_token(renewal.refresh_token);
        let answer = self.answer(request.send())?;
        let access_token = answer
            .access_token()
            .filter(|token| !token.is_empty())
            .ok_or_else(|| Failure::without_answer("the answer has none"))?;
        Ok(RenewedToken {
            access_token: SecretString::from(access_token),
            refresh_token: answer.refresh_token().map(SecretString::from),
            expires_in: answer.expires_in(),
        })
    }
}
