//! What AWS refuses with, as data.

use crate::text::text_type;

text_type! {
    /// The code that AWS names an error by: `AccessDenied`, `ExpiredToken`.
    AwsCode
}

impl AwsCode {
    pub fn new(code: impl Into<String>) -> Self {
        Self(code.into())
    }

    /// Returns whether the credentials that signed the call are no good any more (STS, "Common
    /// Error Types"), whatever it asked for.
    pub fn refuses_caller(&self) -> bool {
        matches!(
            self.as_str(),
            "ExpiredToken"
                | "ExpiredTokenException"
                | "InvalidClientTokenId"
                | "UnrecognizedClientException"
        )
    }
}

/// A refusal that AWS tells from others by its sentence only.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Refusal {
    /// The MFA code is wrong, or was used before.
    MfaCode,
    /// The MFA device is none of the caller's.
    MfaDevice,
}
