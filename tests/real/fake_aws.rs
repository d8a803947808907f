//! Runs the strict stand-in for AWS with a small world, for the tests in other languages. Prints
//! its address and `ok`, then obeys lines on stdin: `calls`, `clear`, `code`, `offset SECONDS`,
//! `fault OPERATION TIMES hang|reset|throttle`; each answer ends in `ok`.

#![allow(
    clippy::pedantic,
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::disallowed_methods,
    clippy::print_stdout,
    clippy::print_stderr
)]

#[path = "../cli/support/fake_aws/mod.rs"]
mod fake_aws;

use std::io::BufRead;

use fake_aws::{FakeAws, Fault, Kind, Role, TrustStatement, User, World};

const HOME: &str = "111111111111";
const OTHER: &str = "222222222222";
const SEED: &str = "GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ";

fn role(account: &str, name: &str) -> Role {
    Role::new(&format!("arn:aws:iam::{account}:role/{name}"))
}

fn world() -> World {
    let dev = format!("arn:aws:iam::{HOME}:role/dev");
    let home = || TrustStatement::account(HOME);
    let bob = User::new(HOME, "bob", "AKIABOB0000000000000", "bobs/secret+key")
        .mfa(SEED)
        .allow("sts:*", "*");
    let mut world = World::new()
        .account(HOME, "home")
        .account(OTHER, "other")
        .user(bob)
        .role(role(HOME, "dev").trusts(home()).max_session(43_200).allow("sts:*", "*"))
        .role(role(OTHER, "prod").trusts(TrustStatement::arn(&dev)))
        .role(role(OTHER, "external").trusts(home().external_id("s3cret:id/1")))
        .role(role(OTHER, "mfa").trusts(home().mfa()))
        .role(role(OTHER, "admin").trusts(home().mfa()));
    for number in 0..250 {
        world = world.role(role(OTHER, &format!("many{number}")).trusts(home()));
    }
    world
}

fn obey(fake: &FakeAws, line: &str) {
    let words: Vec<&str> = line.split_whitespace().collect();
    match words.as_slice() {
        ["calls"] => {
            for call in fake.calls() {
                let call = serde_json::json!({"service": call.service, "operation": call.operation, "key": call.access_key_id,
                    "region": call.region, "role": call.param("RoleArn"), "status": call.status});
                println!("{call}");
            }
        }
        ["clear"] => {
            fake.clear_calls();
            fake.clear_faults();
        }
        ["code"] => println!("{}", fake.mfa_code(HOME, "bob")),
        ["offset", seconds] => fake.set_clock_offset(seconds.parse().unwrap_or_default()),
        ["fault", operation, times, kind] => {
            let kind = match *kind {
                "hang" => Kind::Hang,
                "reset" => Kind::Reset,
                _ => Kind::Throttle,
            };
            fake.inject(Fault::times(operation, times.parse().unwrap_or(1), kind));
        }
        _ => eprintln!("what is {line:?}?"),
    }
}

fn main() {
    let fake = FakeAws::start(world());
    println!("{}\nok", fake.url());
    for line in std::io::stdin().lock().lines().map_while(Result::ok) {
        obey(&fake, &line);
        println!("ok");
    }
}
