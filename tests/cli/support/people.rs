//! The accounts, people and roles that most tests are about.

use fake_aws::{Role, Statement, TrustStatement, User, World};

use super::sandbox::Sandbox;

/// Where STS is called, and the only region that it accepts.
pub const REGION: &str = "eu-west-1";
/// Where the users are.
pub const DEV: &str = "111111111111";
/// Where the roles are.
pub const PROD: &str = "222222222222";
/// A role that trusts all of the account `DEV`, for up to twelve hours.
pub const ADMIN: &str = "arn:aws:iam::222222222222:role/admin";
pub const EXTERNAL_ID: &str = "ext-id-5f2a9c";
pub const MFA_SEED: &str = "GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ";
pub const BOB_MFA: &str = "arn:aws:iam::111111111111:mfa/bob";

/// The ARN of a role in the account `PROD`.
pub fn role(name: &str) -> String {
    format!("arn:aws:iam::{PROD}:role/{name}")
}

/// Bob, who may assume whatever lets him, and roles of each kind.
pub fn people(access_key_id: &str, secret: &str) -> World {
    let anything = |role: Role| role.allow("*", "*").max_session(43_200);
    let trusting =
        |name: &str, statement: TrustStatement| anything(Role::new(&role(name)).trusts(statement));
    let from_dev = || TrustStatement::account(DEV);
    let bob = User::new(DEV, "bob", access_key_id, secret).mfa(MFA_SEED).allow("sts:*", "*");
    let full = from_dev().tag_session().source_identity();
    World::new()
        .sts_region(REGION)
        .user(bob)
        .role(anything(Role::new(ADMIN).trusts(full)))
        .role(trusting("guarded", from_dev().mfa()))
        .role(trusting("partner", from_dev().external_id(EXTERNAL_ID)))
        .role(trusting("next", TrustStatement::account(PROD)))
        .role(trusting("other", from_dev()))
        .role(trusting("closed", TrustStatement::account("999999999999")))
        .managed_policy(
            "arn:aws:iam::aws:policy/ReadOnlyAccess",
            vec![Statement::allow("s3:Get*", "*")],
        )
        .managed_policy(
            "arn:aws:iam::aws:policy/job-function/ViewOnlyAccess",
            vec![Statement::allow("s3:List*", "*")],
        )
}

/// The config file of `guarded`, with more lines for its profile.
pub fn guarded_config(more: &str) -> String {
    format!(
        "[profile guarded]\nrole_arn = {}\nsource_profile = dev\nmfa_serial = {BOB_MFA}\n{more}",
        role("guarded")
    )
}

/// The code that bob's device shows.
pub fn code(sandbox: &Sandbox) -> String {
    sandbox.aws.mfa_code(DEV, "bob")
}

/// A code that it does not show.
pub fn wrong_code(sandbox: &Sandbox) -> &'static str {
    if code(sandbox) == "000000" { "000001" } else { "000000" }
}
