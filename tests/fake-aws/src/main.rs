//! Serves one fixed world, for tests in other languages and for benchmarks. Prints the address and
//! `ok`, then obeys lines on stdin; each answer ends in a line `ok`. It ends with stdin.
//!
//! - `calls` prints the calls since `clear`, a JSON object a line.
//! - `clear` forgets the calls and takes the faults away.
//! - `code` prints a token code of bob's MFA device, if possible one not used yet.
//! - `offset SECONDS` sets how far the fake's clock is ahead of this machine's.
//! - `fault OPERATION TIMES KIND` lets an operation fail: a number of times or `always`, by `hang`,
//!   `reset`, `throttle` or `delay=MILLISECONDS`.

#![allow(clippy::print_stdout, clippy::print_stderr, reason = "the protocol")]

use std::io::BufRead;

use fake_aws::{Browser, Call, FakeAws, Fault, Kind, Role, Statement, TrustStatement, User, World};
use serde_json::json;

const HOME: &str = "111111111111";
const OTHER: &str = "222222222222";
const SEED: &str = "GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ";
/// `many0`, `many1` and so on: roles that may also assume one another.
const MANY: usize = 600;
/// `guarded0`, `guarded1` and so on: roles that demand MFA.
const GUARDED: usize = 6;
/// The access token of a login of IAM Identity Center, until the year 2100.
const SSO_TOKEN: &str = "sso-token";
const SSO_TOKEN_END: i64 = 4_102_444_800;

fn main() {
    let fake = FakeAws::start(world());
    println!("{}\nok", fake.url());
    for line in std::io::stdin().lock().lines().map_while(Result::ok) {
        obey(&fake, &line);
        println!("ok");
    }
}

fn world() -> World {
    let dev = role(HOME, "dev");
    let bob = User::new(HOME, "bob", "AKIABOB0000000000000", "bobs/secret+key")
        .mfa(SEED)
        .allow("sts:*", "*");
    let world = World::new()
        .account(HOME, "home")
        .account(OTHER, "other")
        .sso_token("tester", SSO_TOKEN, SSO_TOKEN_END)
        .sso_grant("tester", OTHER, "Developer", vec![Statement::allow("*", "*")])
        .sso_browser(Browser::Agrees("tester".to_owned()))
        .sso_approval("tester", 0)
        .user(bob)
        .role(role(OTHER, "prod").trusts(TrustStatement::arn(&dev.arn)))
        .role(dev.trusts(home()).max_session(43_200).allow("sts:*", "*"))
        .role(role(OTHER, "external").trusts(home().external_id("s3cret:id/1")))
        .role(role(OTHER, "mfa").trusts(home().mfa()))
        .role(role(OTHER, "admin").trusts(home().mfa()));
    let many = (0..MANY).map(|number| {
        role(OTHER, &format!("many{number}"))
            .trusts(home())
            .trusts(TrustStatement::account(OTHER))
            .allow("sts:AssumeRole", "*")
    });
    let guarded =
        (0..GUARDED).map(|number| role(OTHER, &format!("guarded{number}")).trusts(home().mfa()));
    many.chain(guarded).fold(world, World::role)
}

fn role(account: &str, name: &str) -> Role {
    Role::new(&format!("arn:aws:iam::{account}:role/{name}"))
}

fn home() -> TrustStatement {
    TrustStatement::account(HOME)
}

fn obey(fake: &FakeAws, line: &str) {
    let words: Vec<&str> = line.split_whitespace().collect();
    match words.as_slice() {
        ["calls"] => fake.calls().iter().for_each(print_call),
        ["clear"] => {
            fake.clear_calls();
            fake.clear_faults();
        }
        ["code"] => println!("{}", fake.mfa_code(HOME, "bob")),
        ["offset", seconds] => match seconds.parse() {
            Ok(seconds) => fake.set_clock_offset(seconds),
            Err(_) => eprintln!("`{seconds}` is no number of seconds"),
        },
        ["fault", operation, times, kind] => match fault(operation, times, kind) {
            Some(fault) => fake.inject(fault),
            None => eprintln!("`{line}` is no fault"),
        },
        _ => eprintln!("`{line}` is unknown"),
    }
}

fn print_call(call: &Call) {
    let call = json!({
        "service": call.service,
        "operation": call.operation,
        "key": call.access_key_id,
        "region": call.region,
        "role": call.param("RoleArn"),
        "status": call.status,
    });
    println!("{call}");
}

fn fault(operation: &str, times: &str, kind: &str) -> Option<Fault> {
    let kind = match kind.split_once('=') {
        None if kind == "hang" => Kind::Hang,
        None if kind == "reset" => Kind::Reset,
        None if kind == "throttle" => Kind::Throttle,
        Some(("delay", milliseconds)) => Kind::Delay(milliseconds.parse().ok()?),
        _ => return None,
    };
    match times {
        "always" => Some(Fault::always(operation, kind)),
        times => Some(Fault::times(operation, times.parse().ok()?, kind)),
    }
}
