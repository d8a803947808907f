//! Temporary credentials, and the user or role to whom credentials belong.

use ring::digest::{SHA256, digest};

use crate::encoding::{base64, identifier, random};
use crate::policy::{self, Decision, Statement};
use crate::rules::CallerKind;
use crate::world::{User, World, account_of, partition_of, role_name};

/// Whose session it is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Owner {
    /// A user's, from `GetSessionToken`.
    User { account: String, name: String },
    /// A user's, from `GetFederationToken`, under another name.
    Federated { account: String, user: String, name: String },
    /// A role's, under a session name. A role made anew has another identifier.
    Role { id: String, arn: String, name: String },
}

/// Temporary credentials, and what is known of them.
#[derive(Clone, Debug)]
pub struct Session {
    pub access_key_id: String,
    pub secret: String,
    pub token: String,
    pub expires: i64,
    pub owner: Owner,
    pub mfa: bool,
    pub chained: bool,
    pub tags: Vec<(String, String)>,
    pub transitive: Vec<String>,
    pub source_identity: Option<String>,
    pub policy: Option<Vec<Statement>>,
    /// The access key that asked for a user's session.
    pub access_key: Option<String>,
}

impl Session {
    /// Returns new random credentials that end at a time in seconds since 1970.
    pub fn new(owner: Owner, expires: i64) -> Self {
        Self {
            access_key_id: identifier("ASIA", &random(16)),
            secret: base64(&random(30)),
            token: format!("IQoJb3JpZ2luX2Vj{}", base64(&random(736))),
            expires,
            owner,
            mfa: false,
            chained: false,
            tags: Vec::new(),
            transitive: Vec::new(),
            source_identity: None,
            policy: None,
            access_key: None,
        }
    }

    /// Returns whether it has not expired.
    pub fn lives(&self, now: i64) -> bool {
        now < self.expires
    }
}

/// Returns the unchanging identifier of a user.
fn user_id(arn: &str) -> String {
    let hash = digest(&SHA256, arn.as_bytes());
    identifier("AIDA", &hash.as_ref()[..17])
}

/// Returns the ARN under which a role's session appears.
pub fn assumed_role_arn(role_arn: &str, session_name: &str) -> String {
    format!(
        "arn:{}:sts::{}:assumed-role/{}/{session_name}",
        partition_of(role_arn),
        account_of(role_arn),
        role_name(role_arn)
    )
}

/// Returns the ARN under which a federated user appears.
pub fn federated_user_arn(partition: &str, account: &str, name: &str) -> String {
    format!("arn:{partition}:sts::{account}:federated-user/{name}")
}

/// Who signed a request.
#[derive(Clone, Debug)]
pub struct Caller {
    pub access_key_id: String,
    pub kind: CallerKind,
    pub account: String,
    /// The ARN that answers and refusals show.
    pub arn: String,
    /// The ARN of the user or role behind it.
    pub principal: String,
    pub user_id: String,
    pub policies: Vec<Statement>,
    pub session: Option<Session>,
}

impl Caller {
    /// Returns the owner of an access key, if the world knows it.
    pub fn of(world: &World, access_key_id: &str) -> Option<Self> {
        if let Some((user, _)) = world.find_key(access_key_id) {
            let caller = Self::user(user, CallerKind::LongTerm, None);
            return Some(Self { access_key_id: access_key_id.to_owned(), ..caller });
        }
        let session = world.find_session(access_key_id)?.clone();
        let mut caller = match &session.owner {
            Owner::User { account, name } => {
                let kind = CallerKind::UserSession { mfa: session.mfa };
                Self::user(world.find_user(account, name)?, kind, Some(session))
            }
            Owner::Federated { account, user, name } => {
                let kind = CallerKind::FederatedUser;
                let user = world.find_user(account, user)?;
                let arn = federated_user_arn(&user.partition, account, name);
                let user_id = format!("{account}:{name}");
                Self { arn, user_id, ..Self::user(user, kind, Some(session)) }
            }
            Owner::Role { id, arn, name } => Self {
                access_key_id: String::new(),
                kind: CallerKind::RoleSession,
                account: account_of(arn).to_owned(),
                arn: assumed_role_arn(arn, name),
                principal: arn.clone(),
                user_id: format!("{id}:{name}"),
                policies: world.roles.iter().find(|role| role.id == *id)?.policies.clone(),
                session: Some(session),
            },
        };
        access_key_id.clone_into(&mut caller.access_key_id);
        Some(caller)
    }

    fn user(user: &User, kind: CallerKind, session: Option<Session>) -> Self {
        Self {
            access_key_id: String::new(),
            kind,
            account: user.account.clone(),
            arn: user.arn(),
            principal: user.arn(),
            user_id: user_id(&user.arn()),
            policies: user.policies.clone(),
            session,
        }
    }

    /// Returns the name of the user, when it is one.
    pub fn user_name(&self) -> Option<&str> {
        let (_, name) = self.arn.split_once(":user/")?;
        Some(name)
    }

    /// Returns the decision of the caller's own policies and session policy together.
    pub fn decide(&self, action: &str, resource: &str, mfa: bool) -> Decision {
        let own = policy::decide(&self.policies, action, resource, mfa);
        match self.session_policy(action, resource, mfa) {
            Decision::ExplicitDeny => Decision::ExplicitDeny,
            Decision::ImplicitDeny if own == Decision::Allowed => Decision::ImplicitDeny,
            _ => own,
        }
    }

    /// Returns the decision of the session policy alone. No session policy allows everything.
    pub fn session_policy(&self, action: &str, resource: &str, mfa: bool) -> Decision {
        let statements = self.session.as_ref().and_then(|one| one.policy.as_ref());
        statements.map_or(Decision::Allowed, |statements| {
            policy::decide(statements, action, resource, mfa)
        })
    }

    /// Returns the tags that the caller's session hands on to the next.
    pub fn inherited_tags(&self) -> Vec<(String, String)> {
        let Some(session) = &self.session else {
            return Vec::new();
        };
        let handed =
            |key: &String| session.transitive.iter().any(|one| one.eq_ignore_ascii_case(key));
        session.tags.iter().filter(|(key, _)| handed(key)).cloned().collect()
    }

    /// Returns the source identity that the caller's session carries.
    pub fn source_identity(&self) -> Option<&str> {
        self.session.as_ref()?.source_identity.as_deref()
    }
}
