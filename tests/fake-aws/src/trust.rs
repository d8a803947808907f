//! Trust policies of roles and whether they and the caller's own policies agree.

use crate::policy::Decision;
use crate::rules::external_id_met;
use crate::session::Caller;
use crate::world::Role;

/// Whom a trust statement names.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Principal {
    /// A whole account: that account's policies say who of it may.
    Account(String),
    /// One user, role or role session.
    Arn(String),
    /// An `OpenID` Connect issuer, as in the tokens' `iss`.
    WebIdentity(String),
}

/// One statement of a trust policy.
#[derive(Clone, Debug)]
pub struct TrustStatement {
    pub principal: Principal,
    pub external_id: Option<String>,
    pub require_mfa: bool,
    pub allow_tag_session: bool,
    pub allow_source_identity: bool,
    pub audience: Option<String>,
    pub subject: Option<String>,
}

impl TrustStatement {
    /// Trusts a principal without conditions.
    pub fn new(principal: Principal) -> Self {
        Self {
            principal,
            external_id: None,
            require_mfa: false,
            allow_tag_session: false,
            allow_source_identity: false,
            audience: None,
            subject: None,
        }
    }

    /// Trusts an account's root: whomever the policies of that account allow.
    pub fn account(id: &str) -> Self {
        Self::new(Principal::Account(id.to_owned()))
    }

    /// Trusts a user or role by its ARN.
    pub fn arn(arn: &str) -> Self {
        Self::new(Principal::Arn(arn.to_owned()))
    }

    /// Trusts the tokens of an issuer.
    pub fn web_identity(issuer: &str) -> Self {
        Self::new(Principal::WebIdentity(issuer.to_owned()))
    }

    /// Demands an external ID.
    #[must_use]
    pub fn external_id(mut self, id: &str) -> Self {
        self.external_id = Some(id.to_owned());
        self
    }

    /// Demands MFA.
    #[must_use]
    pub fn mfa(mut self) -> Self {
        self.require_mfa = true;
        self
    }

    /// Permits session tags.
    #[must_use]
    pub fn tag_session(mut self) -> Self {
        self.allow_tag_session = true;
        self
    }

    /// Permits a source identity.
    #[must_use]
    pub fn source_identity(mut self) -> Self {
        self.allow_source_identity = true;
        self
    }

    /// Demands an audience of web identity tokens.
    #[must_use]
    pub fn audience(mut self, audience: &str) -> Self {
        self.audience = Some(audience.to_owned());
        self
    }

    /// Demands a subject of web identity tokens.
    #[must_use]
    pub fn subject(mut self, subject: &str) -> Self {
        self.subject = Some(subject.to_owned());
        self
    }

    fn grants(&self, action: &str) -> bool {
        match action {
            TAG => self.allow_tag_session,
            IDENTIFY => self.allow_source_identity,
            _ => true,
        }
    }
}

/// The action that assumes a role.
pub const ASSUME: &str = "sts:AssumeRole";
/// The action that passes session tags.
pub const TAG: &str = "sts:TagSession";
/// The action that sets a source identity.
pub const IDENTIFY: &str = "sts:SetSourceIdentity";

/// Returns whether the role's trust policy and the caller's policies let the caller do an action on
/// the role.
pub fn permits(
    role: &Role,
    caller: &Caller,
    action: &str,
    external_id: Option<&str>,
    mfa: bool,
) -> bool {
    let own = caller.decide(action, &role.arn, mfa);
    if own == Decision::ExplicitDeny {
        return false;
    }
    let same_account = caller.account == role.account();
    role.trust.iter().any(|statement| {
        let met = statement.grants(action)
            && external_id_met(statement.external_id.as_deref(), external_id)
            && (mfa || !statement.require_mfa);
        met && match &statement.principal {
            Principal::Account(id) => *id == caller.account && own == Decision::Allowed,
            Principal::Arn(arn) if *arn == caller.arn && same_account => true,
            Principal::Arn(arn) if *arn == caller.principal && same_account => {
                caller.session_policy(action, &role.arn, mfa) == Decision::Allowed
            }
            Principal::Arn(arn) => {
                (*arn == caller.arn || *arn == caller.principal) && own == Decision::Allowed
            }
            Principal::WebIdentity(_) => false,
        }
    })
}

/// Returns whether the role's trust policy lets a web identity do an action.
pub fn permits_web_identity(
    role: &Role,
    action: &str,
    issuer: &str,
    audiences: &[String],
    subject: &str,
) -> bool {
    role.trust.iter().any(|statement| {
        statement.grants(action)
            && statement.principal == Principal::WebIdentity(issuer.to_owned())
            && statement.audience.as_ref().is_none_or(|wanted| audiences.contains(wanted))
            && statement.subject.as_ref().is_none_or(|wanted| wanted == subject)
    })
}

#[cfg(test)]
mod tests;
