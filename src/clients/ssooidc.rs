//! The calls of the OIDC service of IAM Identity Center.

use aws_sdk_ssooidc::operation::create_token::CreateTokenError;
use aws_sdk_ssooidc::types::{AccessDeniedExceptionReason, InvalidRequestExceptionReason};
use secrecy::SecretString;

use crate::clients::calls::AwsCalls;
use crate::clients::factory::Target;
use crate::clients::failure::{CallError, Failure};
use crate::text::one_line;

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
        let answer = self.runtime.run(request.send())?.map_err(|error| {
            let failure = self.failure(target, &error);
            match error.as_service_error().and_then(description) {
                Some(message) => Failure { message, ..failure },
                None => failure,
            }
        })?;
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

/// Returns what the service says of an error, which has no `message` as other services' have.
fn description(error: &CreateTokenError) -> Option<String> {
    use CreateTokenError as E;
    let (error, description, reason) = match error {
        E::AccessDeniedException(e) => {
            let reason = e.reason().map(AccessDeniedExceptionReason::as_str);
            (e.error(), e.error_description(), reason)
        }
        E::InvalidRequestException(e) => {
            let reason = e.reason().map(InvalidRequestExceptionReason::as_str);
            (e.error(), e.error_description(), reason)
        }
        E::AuthorizationPendingException(e) => (e.error(), e.error_description(), None),
        E::ExpiredTokenException(e) => (e.error(), e.error_description(), None),
        E::InternalServerException(e) => (e.error(), e.error_description(), None),
        E::InvalidClientException(e) => (e.error(), e.error_description(), None),
        E::InvalidGrantException(e) => (e.error(), e.error_description(), None),
        E::InvalidScopeException(e) => (e.error(), e.error_description(), None),
        E::SlowDownException(e) => (e.error(), e.error_description(), None),
        E::UnauthorizedClientException(e) => (e.error(), e.error_description(), None),
        E::UnsupportedGrantTypeException(e) => (e.error(), e.error_description(), None),
        _ => (None, None, None),
    };
    let description = description.filter(|text| !text.is_empty()).or(error)?;
    Some(one_line(&match reason {
        Some(reason) => format!("{description} ({reason})"),
        None => description.to_owned(),
    }))
}
