//! The executor's calls: what the steps of a chain need of STS and IAM. What AWS refuses is said in
//! the words of the profile.

use aws_sdk_sts::types::AssumedRoleUser;
use chrono::TimeDelta;

use crate::aws::arn::Arn;
use crate::aws::partition::of_region;
use crate::aws::{Credentials, Session};
use crate::chain::{AssumeRole, Chain, GetSessionToken, Plan};
use crate::clients::asked::Asked;
use crate::clients::calls::AwsCalls;
use crate::clients::factory::{Service, Target};
use crate::clients::failure::CallError;
use crate::clients::sts::{policies, session, tags};
use crate::error::{Error, Result};
use crate::executor::{Sts, TokenCode};

impl Sts for AwsCalls<'_> {
    fn get_session_token(
        &self,
        chain: &Chain,
        call: &GetSessionToken,
        caller: &Credentials,
        code: Option<&TokenCode>,
    ) -> Result<Session> {
        let target = Target::sts(&chain.plan.network, &call.endpoint).signed_by(caller);
        let request = self
            .factory
            .sts(&target)?
            .get_session_token()
            .duration_seconds(call.duration_seconds.cast_signed())
            .set_serial_number(code.map(|code| code.serial.clone()))
            .set_token_code(code.map(|code| code.code.clone()));
        let asked_at = self.clock.now();
        let answer = self.answer(&target, request.send()).map_err(|error| {
            let what = match code {
                Some(code) => format!("a session with MFA of {}", code.serial),
                None => "a session".to_owned(),
            };
            let purpose = format!("get {what}");
            let refused = format!("{}: AWS did not give {what}", chain.who());
            error.explained(&Asked { chain, role: None, target: &target, purpose }, refused)
        })?;
        let session = session(answer.credentials(), None, asked_at, "a user's session")?;
        let account = || Some(Arn::parse(&code?.serial)?.account.to_owned());
        Ok(Session {
            account_id: caller.account_id().map(str::to_owned).or_else(account),
            ..session
        })
    }

    fn assume_role(
        &self,
        chain: &Chain,
        call: &AssumeRole,
        caller: &Credentials,
        code: Option<&TokenCode>,
    ) -> Result<Session> {
        let target = Target::sts(&chain.plan.network, &call.endpoint).signed_by(caller);
        let tags = tags(call)?;
        let request = self
            .factory
            .sts(&target)?
            .assume_role()
            .role_arn(call.role_arn.as_str())
            .role_session_name(&call.role_session_name)
            .set_external_id(call.external_id.clone())
            .set_duration_seconds(call.duration_seconds.map(u32::cast_signed))
            .set_serial_number(code.map(|code| code.serial.clone()))
            .set_token_code(code.map(|code| code.code.clone()))
            .set_source_identity(call.source_identity.clone())
            .set_tags((!tags.is_empty()).then_some(tags))
            .set_transitive_tag_keys(
                (!call.tags.transitive.is_empty()).then(|| call.tags.transitive.clone()),
            )
            .set_policy(call.policies.inline.clone())
            .set_policy_arns(policies(&call.policies.arns));
        let asked_at = self.clock.now();
        let answer = self
            .answer(&target, request.send())
            .map_err(|error| explain_refusal(chain, call, &target, error))?;
        let user = answer.assumed_role_user().map(AssumedRoleUser::arn);
        session(answer.credentials(), user, asked_at, &call.role_arn)
    }

    fn clock_offset(&self) -> Option<TimeDelta> {
        self.factory.clock_offset()
    }

    fn mfa_serial(&self, chain: &Chain, caller: &Credentials) -> Result<String> {
        let who = chain.who();
        let explicit = format!(
            "name the device: mfa_serial = arn:aws:iam::ACCOUNT:mfa/NAME, then try: {}",
            chain.command("explain")
        );
        let region = of_region(chain.plan.region.as_deref().unwrap_or_default()).iam_region;
        let Plan { network, endpoints, .. } = &chain.plan;
        let endpoint = endpoints.iam.as_ref().map_err(Error::clone)?;
        let target = Target::of(Service::Iam, network, region, endpoint.as_ref()).signed_by(caller);
        let mut serials = self.list_mfa_devices(&target).map_err(|error| {
            let purpose = "look up the MFA device (mfa_serial = auto)".to_owned();
            let refused = format!(
                "{who}: the MFA device (mfa_serial = auto) could not be looked up with \
                 iam:ListMFADevices"
            );
            error
                .explained(&Asked { chain, role: None, target: &target, purpose }, refused)
                .hint(&explicit)
        })?;
        // Security keys are listed too, and have no codes.
        serials.retain(|serial| !serial.contains(":u2f/"));
        match &serials[..] {
            [one] => Ok(one.clone()),
            [] => Err(Error::configuration(format!(
                "{who}: mfa_serial is auto, and the user has no MFA device that shows codes"
            ))
            .about(chain.name())
            .hint("enrol one: rolecall keys mfa add --help")),
            _ => Err(Error::configuration(format!(
                "{who}: mfa_serial is auto, and the user has several devices"
            ))
            .about(chain.name())
            .cause(serials.join(", "))
            .hint(explicit)),
        }
    }
}

/// Says what AWS did not let be assumed, and what to do about it.
fn explain_refusal(chain: &Chain, call: &AssumeRole, target: &Target, error: CallError) -> Error {
    let what = format!("AWS did not let {} be assumed", call.role_arn);
    let refused = match &call.profile {
        Some(name) => format!("profile `{name}`: {what}"),
        None => what,
    };
    let purpose = format!("assume {}", call.role_arn);
    error.explained(&Asked { chain, role: Some(call), target, purpose }, refused)
}
