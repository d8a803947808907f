//! The executor's calls: what the steps of a chain need of STS and IAM. What AWS refuses is said in
//! the words of the profile.

use aws_sdk_sts::types::AssumedRoleUser;
use chrono::TimeDelta;

use crate::aws::arn::Arn;
use crate::aws::partition::of_region;
use crate::aws::{Credentials, Session};
use crate::chain::{AssumeRole, Chain, GetSessionToken, MfaUse};
use crate::clients::calls::AwsCalls;
use crate::clients::factory::Target;
use crate::clients::failure::CallError;
use crate::clients::sts::{policies, session, tags};
use crate::error::{AwsCode, Error, Refusal, Result};
use crate::executor::{Sts, TokenCode};
use crate::text::one_line;

impl Sts for AwsCalls<'_> {
    fn get_session_token(
        &self,
        chain: &Chain,
        call: &GetSessionToken,
        caller: &Credentials,
        code: &TokenCode,
    ) -> Result<Session> {
        let target = Target::sts(&chain.plan.network, &call.endpoint).signed_by(caller);
        let request = self
            .factory
            .sts(&target)?
            .get_session_token()
            .duration_seconds(call.duration_seconds.cast_signed())
            .serial_number(&code.serial)
            .token_code(&code.code);
        let asked_at = self.clock.now();
        let answer = self.answer(request.send()).map_err(|error| {
            let who = chain.who();
            let what = format!("{who}: AWS did not give a session with MFA of {}", code.serial);
            let error = error.explained(|failure| failure.into_error(what).about(chain.name()));
            explain_mfa(error, &|verb| chain.command(verb))
        })?;
        let session = session(answer.credentials(), None, asked_at, "the session with MFA")?;
        let account = || Arn::parse(&code.serial).map(|arn| arn.account.to_owned());
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
            .answer(request.send())
            .map_err(|error| self.explain_refusal(chain, call, &target, error))?;
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
        let target = Target {
            network: &chain.plan.network,
            region: Some(of_region(chain.plan.region.as_deref().unwrap_or_default()).iam_region),
            endpoint: chain.plan.endpoints.iam.as_deref(),
            caller: Some(caller),
        };
        let mut serials = self.list_mfa_devices(&target).map_err(|error| {
            error.explained(|failure| {
                failure
                    .into_error(format!(
                        "{who}: the MFA device (mfa_serial = auto) could not be looked up with \
                         iam:ListMFADevices"
                    ))
                    .about(chain.name())
                    .hint(&explicit)
            })
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

impl AwsCalls<'_> {
    /// Says what AWS did not let be assumed, and what to do about it.
    fn explain_refusal(
        &self,
        chain: &Chain,
        call: &AssumeRole,
        target: &Target,
        error: CallError,
    ) -> Error {
        let what = format!("AWS did not let {} be assumed", call.role_arn);
        let error = error.explained(|failure| match &call.profile {
            Some(name) => failure.into_error(format!("profile `{name}`: {what}")).about(name),
            None => failure.into_error(what),
        });
        match (error.refusal(), error.code().map(AwsCode::as_str)) {
            (None, Some("AccessDenied")) => self.explain_denial(chain, call, target, error),
            _ => explain_mfa(error, &|verb| chain.command_of(verb, call)),
        }
    }

    /// Says who called, and how both sides allow it.
    fn explain_denial(
        &self,
        chain: &Chain,
        call: &AssumeRole,
        target: &Target,
        error: Error,
    ) -> Error {
        let error = match self.get_caller_identity(target) {
            Ok(identity) => error.cause(format!("the caller is {}", one_line(&identity.arn))),
            Err(CallError::Failed(failure)) => {
                error.cause(format!("who called is not known: {}", failure.message))
            }
            Err(CallError::Other(interrupted)) => return interrupted,
        };
        let command = |verb: &str| chain.command_of(verb, call);
        let error = match call.mfa {
            MfaUse::Session(_) => error.hint(format!(
                "if the role wants a code that is younger than the session with MFA: {} \
                 --no-mfa-session",
                command("whoami")
            )),
            _ => error,
        };
        error
            .hint(format!(
                "the role must trust the caller (external ID and MFA included): {}",
                command("policy trust")
            ))
            .hint(format!(
                "the caller must be allowed to assume the role: {}",
                command("policy caller")
            ))
    }
}

/// Says what to do where AWS refused a code or its device; other errors stay as they are.
fn explain_mfa(error: Error, command: &dyn Fn(&str) -> String) -> Error {
    match error.refusal() {
        Some(Refusal::MfaCode) => {
            error.cause("the code is wrong, or was used before: each works once").hint(format!(
                "wait for the device's next code, then try again: {}",
                command("whoami")
            ))
        }
        Some(Refusal::MfaDevice) => error
            .cause("the device must be one of the user whose keys begin the chain")
            .hint(format!(
                "see which is named, or have it found with mfa_serial = auto: {}",
                command("explain")
            )),
        _ => error,
    }
}
