//! `fake ROLES`: the strict AWS of the tests, with one user and roles `role-0`… that trust the
//! user's account, and `mfa-0`… that demand MFA besides. Prints its address, then obeys lines on
//! stdin: `delay MS` (of each call that gives a session), `calls` (prints and forgets how many
//! AssumeRole there were), `tokens` (how many GetSessionToken, before they are forgotten), `code`
//! (prints a token code).

#[path = "../../../../tests/cli/support/fake_aws/mod.rs"]
#[allow(dead_code)]
mod fake_aws;

use fake_aws::{FakeAws, Fault, Kind, Role, TrustStatement, User, World};

const ACCOUNT: &str = "111111111111";
const SEED: &str = "GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ";
const MFA_ROLES: usize = 6;

fn main() {
    let roles: usize =
        std::env::args().nth(1).and_then(|n| n.parse().ok()).expect("how many roles");
    let user = User::new(
        ACCOUNT,
        "bench",
        "AKIAROLECALLBENCH000",
        "bench/secret/that/opens/nothing/0000000000",
    );
    let mut world = World::new().account(ACCOUNT, "bench").user(user.mfa(SEED).allow("sts:*", "*"));
    for n in 0..roles {
        let role = Role::new(&format!("arn:aws:iam::{ACCOUNT}:role/role-{n}"));
        world =
            world.role(role.trusts(TrustStatement::account(ACCOUNT)).allow("sts:AssumeRole", "*"));
    }
    for n in 0..MFA_ROLES {
        let role = Role::new(&format!("arn:aws:iam::{ACCOUNT}:role/mfa-{n}"));
        world = world.role(role.trusts(TrustStatement::account(ACCOUNT).mfa()));
    }
    let aws = FakeAws::start(world);
    println!("{}", aws.url());
    for line in std::io::stdin().lines().map_while(Result::ok) {
        if let Some(milliseconds) = line.strip_prefix("delay ").and_then(|n| n.parse().ok()) {
            aws.clear_faults();
            for operation in ["AssumeRole", "GetSessionToken"] {
                aws.inject(Fault::always(operation, Kind::Delay(milliseconds)));
            }
            println!("delayed");
        } else if line == "calls" {
            println!("{}", aws.count("AssumeRole"));
            aws.clear_calls();
        } else if line == "tokens" {
            println!("{}", aws.count("GetSessionToken"));
        } else if line == "code" {
            println!("{}", aws.mfa_code(ACCOUNT, "bench"));
        }
    }
}
