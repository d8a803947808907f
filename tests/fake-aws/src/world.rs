//! What exists in the fake: users, roles, sessions, and what the other services know.

use std::collections::{BTreeMap, BTreeSet};

use crate::access_keys::AccessKey;
use crate::encoding::{identifier, random};
use crate::federation::SigninToken;
use crate::metadata::{Container, Metadata};
use crate::policy::Statement;
use crate::session::{Owner, Session};
use crate::sign_in::Login;
use crate::sso_data::Sso;
use crate::totp;
use crate::trust::TrustStatement;

/// Everything that the fake knows.
#[derive(Clone, Debug, Default)]
pub struct World {
    pub accounts: BTreeMap<String, String>,
    pub users: Vec<User>,
    pub roles: Vec<Role>,
    pub managed_policies: BTreeMap<String, Vec<Statement>>,
    /// What the service control policies of an account allow; one without any has none.
    pub control_policies: BTreeMap<String, Vec<Statement>>,
    /// The most results that the simulator puts on a page, though more were asked for.
    pub simulated_at_once: Option<usize>,
    pub sessions: Vec<Session>,
    /// The region of the endpoint of STS. With `None` it is the one that a request names.
    pub sts_region: Option<String>,
    pub disabled_regions: BTreeSet<String>,
    pub used_codes: BTreeSet<(String, i64)>,
    pub sso: Sso,
    pub metadata: Metadata,
    pub containers: Vec<Container>,
    pub logins: Vec<Login>,
    /// How many seconds pass until the services know a new access key.
    pub propagation_seconds: i64,
    /// The most access keys that are listed on a page, though more were asked for.
    pub keys_at_once: Option<usize>,
    pub signin_tokens: Vec<SigninToken>,
}

/// A multi-factor device that shows codes.
#[derive(Clone, Debug)]
pub struct MfaDevice {
    pub serial: String,
    pub seed: Vec<u8>,
}

impl MfaDevice {
    /// Returns the code that the device shows at a time.
    pub fn code(&self, unix_time: i64) -> String {
        totp::code(&self.seed, unix_time)
    }
}

/// An IAM user with access keys: at first one.
#[derive(Clone, Debug)]
pub struct User {
    pub partition: String,
    pub account: String,
    pub name: String,
    pub keys: Vec<AccessKey>,
    pub mfa: Option<MfaDevice>,
    pub policies: Vec<Statement>,
}

impl User {
    /// Returns a user without permissions.
    pub fn new(account: &str, name: &str, access_key_id: &str, secret: &str) -> Self {
        Self {
            partition: "aws".to_owned(),
            account: account.to_owned(),
            name: name.to_owned(),
            keys: vec![AccessKey::of_before(access_key_id, secret)],
            mfa: None,
            policies: Vec::new(),
        }
    }

    /// Lives in another partition, such as `aws-cn`.
    #[must_use]
    pub fn partition(mut self, partition: &str) -> Self {
        partition.clone_into(&mut self.partition);
        self
    }

    /// Has a virtual device with this seed (base32), named after the user.
    #[must_use]
    pub fn mfa(mut self, seed: &str) -> Self {
        self.mfa = Some(MfaDevice {
            serial: format!("arn:{}:iam::{}:mfa/{}", self.partition, self.account, self.name),
            seed: totp::base32(seed).expect("the seed is base32"),
        });
        self
    }

    /// Gives the device another serial number.
    #[must_use]
    pub fn serial(mut self, serial: &str) -> Self {
        if let Some(device) = &mut self.mfa {
            serial.clone_into(&mut device.serial);
        }
        self
    }

    /// Has an access key that was switched off.
    #[must_use]
    pub fn inactive(mut self) -> Self {
        self.keys.iter_mut().for_each(|key| key.is_active = false);
        self
    }

    /// May do an action on a resource.
    #[must_use]
    pub fn allow(self, action: &str, resource: &str) -> Self {
        self.policy(Statement::allow(action, resource))
    }

    /// Has one more statement in its policies.
    #[must_use]
    pub fn policy(mut self, statement: Statement) -> Self {
        self.policies.push(statement);
        self
    }

    /// Returns the user's ARN.
    pub fn arn(&self) -> String {
        format!("arn:{}:iam::{}:user/{}", self.partition, self.account, self.name)
    }
}

/// An IAM role.
#[derive(Clone, Debug)]
pub struct Role {
    /// Another one for each role, even of the same name.
    pub id: String,
    pub arn: String,
    pub trust: Vec<TrustStatement>,
    pub max_session_duration: u32,
    pub policies: Vec<Statement>,
    /// The permissions boundary.
    pub boundary: Option<Vec<Statement>>,
}

impl Role {
    /// Returns a role that trusts nobody and has no permissions.
    pub fn new(arn: &str) -> Self {
        assert!(arn.split(':').count() == 6, "not a role ARN: {arn}");
        Self {
            id: identifier("AROA", &random(17)),
            arn: arn.to_owned(),
            trust: Vec::new(),
            max_session_duration: 3_600,
            policies: Vec::new(),
            boundary: None,
        }
    }

    /// Has one more statement in its trust policy.
    #[must_use]
    pub fn trusts(mut self, statement: TrustStatement) -> Self {
        self.trust.push(statement);
        self
    }

    /// Allows sessions of up to this many seconds.
    #[must_use]
    pub fn max_session(mut self, seconds: u32) -> Self {
        assert!((3_600..=43_200).contains(&seconds), "IAM would refuse {seconds}");
        self.max_session_duration = seconds;
        self
    }

    /// May do an action on a resource.
    #[must_use]
    pub fn allow(self, action: &str, resource: &str) -> Self {
        self.policy(Statement::allow(action, resource))
    }

    /// Has one more statement in its policies.
    #[must_use]
    pub fn policy(mut self, statement: Statement) -> Self {
        self.policies.push(statement);
        self
    }

    /// May do nothing beyond these statements.
    #[must_use]
    pub fn boundary(mut self, statements: Vec<Statement>) -> Self {
        self.boundary = Some(statements);
        self
    }

    /// Returns the owner of the role's sessions under a name.
    pub fn session_owner(&self, name: &str) -> Owner {
        Owner::Role { id: self.id.clone(), arn: self.arn.clone(), name: name.to_owned() }
    }

    /// Returns the account that owns the role.
    pub fn account(&self) -> &str {
        account_of(&self.arn)
    }
}

/// Returns the account number in an ARN.
pub fn account_of(arn: &str) -> &str {
    arn.split(':').nth(4).unwrap_or("")
}

/// Returns the partition in an ARN.
pub fn partition_of(arn: &str) -> &str {
    arn.split(':').nth(1).unwrap_or("aws")
}

/// Returns the last part of a role's path.
pub fn role_name(arn: &str) -> &str {
    arn.rsplit('/').next().unwrap_or("")
}

impl World {
    /// Returns an empty world.
    pub fn new() -> Self {
        Self::default()
    }

    /// Names an account.
    #[must_use]
    pub fn account(mut self, id: &str, name: &str) -> Self {
        self.accounts.insert(id.to_owned(), name.to_owned());
        self
    }

    /// Holds one more user.
    #[must_use]
    pub fn user(mut self, user: User) -> Self {
        self.users.push(user);
        self
    }

    /// Holds one more role.
    #[must_use]
    pub fn role(mut self, role: Role) -> Self {
        self.roles.push(role);
        self
    }

    /// Holds a managed policy that sessions may name.
    #[must_use]
    pub fn managed_policy(mut self, arn: &str, statements: Vec<Statement>) -> Self {
        self.managed_policies.insert(arn.to_owned(), statements);
        self
    }

    /// Lets the endpoint of STS be a region's own, so that it refuses signatures for others.
    #[must_use]
    pub fn sts_region(mut self, region: &str) -> Self {
        self.sts_region = Some(region.to_owned());
        self
    }

    /// Refuses STS in a region.
    #[must_use]
    pub fn disabled_region(mut self, region: &str) -> Self {
        self.disabled_regions.insert(region.to_owned());
        self
    }

    /// Gives the instance metadata service a role.
    #[must_use]
    pub fn instance_role(mut self, role_arn: &str) -> Self {
        self.metadata.role = Some(role_arn.to_owned());
        self
    }

    /// Places the instance in a region.
    #[must_use]
    pub fn instance_region(mut self, region: &str) -> Self {
        region.clone_into(&mut self.metadata.region);
        self
    }

    /// Serves a role at `/v2/credentials/<id>`, to whoever sends this `Authorization`.
    #[must_use]
    pub fn container(mut self, id: &str, role_arn: &str, authorization: Option<&str>) -> Self {
        self.containers.push(Container {
            id: id.to_owned(),
            role_arn: role_arn.to_owned(),
            authorization: authorization.map(str::to_owned),
            seconds: 3_600,
        });
        self
    }

    /// Returns the user with a name in an account.
    pub fn find_user(&self, account: &str, name: &str) -> Option<&User> {
        self.users.iter().find(|user| user.account == account && user.name == name)
    }

    /// Returns the role with an ARN.
    pub fn find_role(&self, arn: &str) -> Option<&Role> {
        self.roles.iter().find(|role| role.arn == arn)
    }

    /// Returns the owner of sessions of a role, which nobody accepts when there is no such role.
    pub fn session_owner(&self, role_arn: &str, name: &str) -> Owner {
        match self.find_role(role_arn) {
            Some(role) => role.session_owner(name),
            None => Role::new(role_arn).session_owner(name),
        }
    }

    /// Returns an access key and its user.
    pub fn find_key(&self, access_key_id: &str) -> Option<(&User, &AccessKey)> {
        let all = self.users.iter().flat_map(|user| user.keys.iter().map(move |key| (user, key)));
        all.into_iter().find(|(_, key)| key.id == access_key_id)
    }

    /// Returns the session with an access key.
    pub fn find_session(&self, access_key_id: &str) -> Option<&Session> {
        self.sessions.iter().find(|session| session.access_key_id == access_key_id)
    }

    /// Accepts a device's code of this window, the one before or the one after, and each code once.
    pub fn use_code(&mut self, device: &MfaDevice, code: &str, now: i64) -> bool {
        for offset in [-1, 0, 1] {
            let time = now + offset * totp::STEP;
            let mark = (device.serial.clone(), totp::window(time));
            if device.code(time) == code {
                return self.used_codes.insert(mark);
            }
        }
        false
    }
}
