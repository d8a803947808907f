use super::{ASSUME, IDENTIFY, TAG, TrustStatement, permits};
use crate::policy::{Statement, parse};
use crate::session::{Caller, Session};
use crate::world::{Role, User, World};

const NEAR: &str = "arn:aws:iam::111111111111:role/near";
const FAR: &str = "arn:aws:iam::222222222222:role/far";
const ANN: &str = "arn:aws:iam::111111111111:user/ann";

fn user(policies: &[Statement]) -> Caller {
    let mut user = User::new("111111111111", "ann", "AKIA", "secret");
    user.policies = policies.to_vec();
    Caller::of(&World::new().user(user), "AKIA").unwrap()
}

fn may(role: &str, trust: TrustStatement, caller: &Caller) -> bool {
    permits(&Role::new(role).trusts(trust), caller, ASSUME, None, false)
}

#[test]
fn cross_account_role_needs_trust_policy_and_caller_policy() {
    let all = Statement::allow("sts:AssumeRole", "arn:aws:iam::*:role/*");
    let other = Statement::allow("sts:AssumeRole", "arn:aws:iam::*:role/other");
    let deny = Statement::deny("sts:*", "*");
    let root = || TrustStatement::account("111111111111");
    let named = || TrustStatement::arn(ANN);
    // own policies, near by root, near by name, far by root, far by name
    for (own, wanted) in [
        (vec![all.clone()], [true, true, true, true]),
        (vec![], [false, true, false, false]),
        (vec![other], [false, true, false, false]),
        (vec![all, deny], [false, false, false, false]),
    ] {
        let caller = user(&own);
        let got = [
            may(NEAR, root(), &caller),
            may(NEAR, named(), &caller),
            may(FAR, root(), &caller),
            may(FAR, named(), &caller),
        ];
        assert_eq!(got, wanted, "{own:?}");
    }
    let caller = user(&[Statement::allow("*", "*")]);
    assert!(!may(FAR, TrustStatement::account("222222222222"), &caller));
    assert!(!may(FAR, TrustStatement::arn(NEAR), &caller));
    assert!(!may(FAR, TrustStatement::web_identity("https://i"), &caller));
    assert!(!permits(&Role::new(FAR), &caller, ASSUME, None, true));
}

#[test]
fn trust_conditions_and_actions_must_all_be_met() {
    let caller = user(&[Statement::allow("sts:*", "*")]);
    let ask = |trust: &TrustStatement, action, id, mfa| {
        permits(&Role::new(FAR).trusts(trust.clone()), &caller, action, id, mfa)
    };
    let strict = TrustStatement::account("111111111111").external_id("x").mfa();
    assert!(ask(&strict, ASSUME, Some("x"), true));
    assert!(!ask(&strict, ASSUME, Some("x"), false));
    assert!(!ask(&strict, ASSUME, Some("y"), true));
    assert!(!ask(&strict, ASSUME, None, true));
    assert!(!ask(&strict, TAG, Some("x"), true));
    assert!(ask(&strict.clone().tag_session(), TAG, Some("x"), true));
    assert!(!ask(&strict.clone().tag_session(), IDENTIFY, Some("x"), true));
    assert!(ask(&strict.source_identity(), IDENTIFY, Some("x"), true));
}

#[test]
fn session_policy_narrows_what_role_session_may_assume() {
    let near = Role::new(NEAR).allow("sts:*", "*");
    let mut session = Session::new(near.session_owner("ann"), 0);
    let key = session.access_key_id.clone();
    let text = r#"{"Statement":[{"Effect":"Allow","Action":"s3:*","Resource":"*"}]}"#;
    session.policy = Some(parse(text).unwrap());
    let mut world = World::new().role(near);
    world.sessions.push(session);
    let narrow = Caller::of(&world, &key).unwrap();
    world.sessions[0].policy = None;
    let wide = Caller::of(&world, &key).unwrap();
    let by_session = || TrustStatement::arn("arn:aws:sts::111111111111:assumed-role/near/ann");
    let by_role = || TrustStatement::arn(NEAR);
    assert!(may(FAR, by_role(), &wide) && may(FAR, by_session(), &wide));
    assert!(!may(FAR, by_role(), &narrow) && !may(FAR, by_session(), &narrow));
    assert!(!may(NEAR, by_role(), &narrow) && may(NEAR, by_session(), &narrow));
}
