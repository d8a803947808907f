//! AssumeRoleWithWebIdentity with the token of a file, which whoever runs the machine renews.

use secrecy::ExposeSecret;

use super::Sources;
use super::identity_token::{read_web_identity_token, subject};
use super::principal::require_same;
use crate::aws::Session;
use crate::chain::{Chain, WebIdentity, keys};
use crate::clients::asked::Asked;
use crate::clients::factory::Target;
use crate::error::Result;

impl Sources<'_> {
    pub(super) fn web_identity(&self, chain: &Chain, call: &WebIdentity) -> Result<Session> {
        let token = read_web_identity_token(self.directories, call).map_err(|error| match chain
            .place_in_base(keys::WEB_IDENTITY_TOKEN_FILE)
        {
            Some(place) => error.cause(format!("the file is named at {place}")).at(place),
            None => error,
        })?;
        require_same(chain, &subject(token.expose_secret()))?;
        let target = Target::sts(&chain.plan.network, &call.endpoint);
        self.calls.assume_role_with_web_identity(&target, call, &token).map_err(|error| {
            let purpose = format!("assume {} by web identity", call.role_arn);
            let refused = format!(
                "{}: AWS did not let the web identity assume {}",
                chain.who(),
                call.role_arn
            );
            error.explained(&Asked { chain, role: None, target: &target, purpose }, refused)
        })
    }
}
