//! The calls of IAM.

use aws_sdk_iam::types::MfaDevice;

use crate::clients::calls::AwsCalls;
use crate::clients::factory::Target;
use crate::clients::failure::CallError;

impl AwsCalls<'_> {
    /// Returns the serial numbers of the caller's own MFA devices (iam:ListMFADevices).
    ///
    /// # Errors
    /// When AWS refuses, does not answer, or the wait is interrupted.
    pub fn list_mfa_devices(&self, target: &Target) -> Result<Vec<String>, CallError> {
        let client = self.factory.iam(target)?;
        let answer = self.answer(target, client.list_mfa_devices().send())?;
        let serials = answer.mfa_devices().iter().map(MfaDevice::serial_number);
        Ok(serials.map(str::to_owned).collect())
    }
}
