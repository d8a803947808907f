//! Whose policies are simulated.

use crate::app::iam_principal::iam_principal;
use crate::app::service::{CredentialsService, Obtained};
use crate::aws::Credentials;
use crate::aws::arn::Arn;
use crate::chain::Step;
use crate::clients::factory::Target;
use crate::commands::whoami::caller_identity;
use crate::error::{Error, Result};
use crate::system::report::Report;

/// A user or a role.
pub struct Principal {
    pub arn: String,
    /// `aws:userid`, where STS was asked.
    pub user_id: Option<String>,
    pub mfa: MfaContext,
}

/// What calls of the principal say of MFA (IAM User Guide, `aws:MultiFactorAuthPresent`).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum MfaContext {
    /// A user's session that was made with a code.
    Present,
    /// A role's session: it does not hand on the MFA that it was made with.
    Absent,
    /// Long-term keys: the condition key is not there.
    NoKey,
    /// Somebody's session, of which nobody knows how it was made.
    Unknown,
}

impl Principal {
    /// Returns the role that a chain ends in.
    pub fn of_role(arn: &str) -> Self {
        Self { arn: arn.to_owned(), user_id: None, mfa: MfaContext::Absent }
    }
}

/// Asks STS whose credentials are, and IAM for the path of the role where nothing else says it.
///
/// # Errors
/// Those of [`caller_identity`], and when IAM simulates no policies of such a principal.
pub fn of_credentials(
    service: &CredentialsService,
    obtained: &Obtained,
    asker: &Obtained,
) -> Result<Principal> {
    let chain = &obtained.chain;
    let identity = caller_identity(service, obtained)?;
    let user_id = Some(identity.user_id);
    if let Some(role) = chain.role_arn() {
        return Ok(Principal { user_id, ..Principal::of_role(role) });
    }
    let arn = iam_principal(chain, &identity.arn).unwrap_or_default();
    let (is_user, is_role) = Arn::parse(&arn).map_or((false, false), |arn| {
        (arn.resource.starts_with("user/"), arn.resource.starts_with("role/"))
    });
    if !is_user && !is_role {
        let what = "IAM simulates the policies of users and roles only, and";
        return Err(Error::failed(format!("{}: {what} this is {}", chain.who(), identity.arn))
            .hint(format!("see who it is: {}", chain.command("whoami"))));
    }
    let mfa = match (&obtained.credentials, chain.plan.steps.last()) {
        (_, Some(Step::GetSessionToken(_))) => MfaContext::Present,
        _ if is_role => MfaContext::Absent,
        (Credentials::LongTerm(_), _) => MfaContext::NoKey,
        (Credentials::Session(_), _) => MfaContext::Unknown,
    };
    let arn = if is_role && !arn.contains(":role/aws-reserved/") {
        with_path(service, &arn, &asker.iam_target()?)
    } else {
        arn
    };
    Ok(Principal { arn, user_id, mfa })
}

/// Returns a role's ARN with its path, or as it is where IAM does not say the path.
fn with_path(service: &CredentialsService, arn: &str, target: &Target) -> String {
    let name = Arn::parse(arn).map_or("", |arn| arn.name());
    service.calls().role_arn(target, name).unwrap_or_else(|error| {
        let say = || {
            format!("{arn} is taken as it is, because IAM does not say the role's path: {error}")
        };
        service.context().ui.decided(&say);
        arn.to_owned()
    })
}
