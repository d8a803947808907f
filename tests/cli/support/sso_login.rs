//! A login of IAM Identity Center, and what it may use.

use serde_json::json;

use super::{Sandbox, Statement, iso, sso_token_file};

/// Who logged in.
pub const ANN: &str = "ann@example.com";

/// The section of the session `corp`.
pub const CORP: &str =
    "[sso-session corp]\nsso_start_url = https://corp.awsapps.com/start\nsso_region = eu-west-1\n";

/// A sandbox in which Ann may use roles of accounts, each written `ID NAME ROLE…`; `-` is no name.
/// She has logged in to `corp`, which is all that the config file holds.
pub fn assigned(accounts: &[&str]) -> Sandbox {
    let sandbox = Sandbox::empty();
    accounts.iter().for_each(|account| assign(&sandbox, account));
    sandbox.config(CORP);
    log_in(&sandbox, "corp", 7_200);
    sandbox
}

/// Lets Ann use roles of one more account. A name has `_` in place of blanks.
pub fn assign(sandbox: &Sandbox, account: &str) {
    let mut words = account.split(' ');
    let (id, name) = (words.next().unwrap(), words.next().unwrap().replace('_', " "));
    sandbox.aws.world(|world| {
        let mut changed = std::mem::take(world);
        if name != "-" {
            changed = changed.account(id, &name);
        }
        let all = || vec![Statement::allow("*", "*")];
        *world = words.fold(changed, |world, role| world.sso_grant(ANN, id, role, all()));
    });
}

/// Leaves a token as the AWS CLI does, with some seconds to live, under the name of a session or a
/// start URL.
pub fn log_in(sandbox: &Sandbox, name: &str, seconds: i64) {
    let (now, id) = (sandbox.aws.now(), &sandbox.id);
    let (token, refresh) = (format!("AccessToken{id}"), format!("RefreshToken{id}"));
    let secret = format!("ClientSecret{id}");
    sandbox.aws.world(|world| {
        *world = std::mem::take(world)
            .sso_token(ANN, &token, now + seconds)
            .sso_refresh_token(ANN, &refresh)
            .sso_client("client-1", &secret, now + 86_400);
    });
    let token = json!({
        "startUrl": "https://corp.awsapps.com/start", "region": "eu-west-1", "accessToken": token,
        "expiresAt": iso(now + seconds), "clientId": "client-1", "clientSecret": secret,
        "registrationExpiresAt": iso(now + 86_400), "refreshToken": refresh,
    });
    sandbox.file(&sso_token_file(name), token.to_string());
}
/// Takes away roles of an account: those of a name, or all.
pub fn take_away(sandbox: &Sandbox, account: &str, role: Option<&str>) {
    sandbox.aws.world(|world| {
        world.sso.grants.retain(|grant| {
            grant.account != account || role.is_some_and(|role| grant.role_name != role)
        });
    });
}
