//! AWS sign-in, which `aws-config`'s provider calls for the sessions of `aws login`.

use std::error::Error as StdError;
use std::iter::successors;

use aws_credential_types::provider::error::CredentialsError;
use aws_sdk_signin::operation::create_o_auth2_token::CreateOAuth2TokenError;
use aws_sdk_sts::error::{ProvideErrorMetadata, SdkError};
use aws_smithy_runtime_api::client::orchestrator::HttpResponse;

use crate::clients::calls::AwsCalls;
use crate::clients::factory::Target;
use crate::clients::failure::Failure;

impl AwsCalls<'_> {
    /// Returns how a renewal of a session failed (signin:CreateOAuth2Token); `None` where the
    /// provider did not come to call.
    pub fn sign_in_failure(&self, target: &Target, error: &CredentialsError) -> Option<Failure> {
        type SdkFailure = SdkError<CreateOAuth2TokenError, HttpResponse>;
        let sources = || successors(error.source(), |&error| error.source());
        if let Some(error) = sources().find_map(|error| error.downcast_ref::<SdkFailure>()) {
            return Some(self.failure(target, error));
        }
        // What AWS refused the provider hands on without the answer that it came in.
        let error = sources().find_map(|error| error.downcast_ref::<CreateOAuth2TokenError>())?;
        let failure = Failure::refused(error.code(), error.message());
        let detail = match error {
            CreateOAuth2TokenError::AccessDeniedException(e) => Some(e.error()),
            CreateOAuth2TokenError::ValidationException(e) => Some(e.error()),
            _ => None,
        };
        Some(match detail {
            Some(detail) => {
                Failure { message: format!("{} ({})", failure.message, detail.as_str()), ..failure }
            }
            None => failure,
        })
    }
}
