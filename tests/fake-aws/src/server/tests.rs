use std::io::{Read, Write};
use std::net::TcpStream;
use std::time::{Duration, Instant};

use super::FakeAws;
use crate::faults::{Fault, Kind};
use crate::world::{User, World};

fn ask(fake: &FakeAws, action: &str) -> String {
    let body = format!("Action={action}&Version=2011-06-15&RoleArn=a%2Fb");
    let mut stream = TcpStream::connect(fake.url().trim_start_matches("http://")).unwrap();
    let request = format!(
        "POST / HTTP/1.1\r\nHost: h\r\nConnection: close\r\nContent-Type: application/x-www-form-urlencoded\r\nContent-Length: {}\r\n\r\n{body}",
        body.len()
    );
    stream.write_all(request.as_bytes()).unwrap();
    let mut answer = String::new();
    let _ = stream.read_to_string(&mut answer);
    answer
}

#[test]
fn calls_are_recorded_with_parameters_and_status() {
    let fake = FakeAws::start(World::new());
    assert!(ask(&fake, "AssumeRole").contains("<Code>MissingAuthenticationToken</Code>"));
    let calls = fake.calls();
    assert_eq!((calls.len(), fake.count("AssumeRole")), (1, 1));
    assert_eq!((calls[0].service.as_str(), calls[0].status), ("sts", Some(403)));
    assert_eq!(calls[0].param("RoleArn"), Some("a/b"));
    assert_eq!(calls[0].header("host"), Some("h"));
    assert_eq!(calls[0].access_key_id, None);
    fake.clear_calls();
    assert_eq!(fake.count("AssumeRole"), 0);
}

#[test]
fn injected_faults_apply_given_number_of_times() {
    let fake = FakeAws::start(World::new());
    fake.inject(Fault::times("AssumeRole", 2, Kind::Throttle));
    fake.inject(Fault::once("*", Kind::Reset));
    assert!(ask(&fake, "AssumeRole").contains("<Code>Throttling</Code>"));
    assert_eq!(ask(&fake, "GetCallerIdentity"), "");
    assert!(ask(&fake, "AssumeRole").contains("Throttling"));
    assert!(ask(&fake, "AssumeRole").contains("MissingAuthenticationToken"));
    fake.inject(Fault::always("*", Kind::Status(503, "<busy/>".to_owned())));
    for _ in 0..3 {
        assert!(ask(&fake, "AssumeRole").starts_with("HTTP/1.1 503 "));
    }
    fake.clear_faults();
    assert!(ask(&fake, "AssumeRole").starts_with("HTTP/1.1 403 "));
}

#[test]
fn clock_offset_moves_time_of_server() {
    let fake = FakeAws::start(World::new());
    let before = fake.now();
    fake.set_clock_offset(-86_400);
    assert!((86_398..=86_400).contains(&(before - fake.now())));
}

#[test]
fn mfa_code_gives_unused_code_twice() {
    let user = User::new("1", "ann", "AKIA", "s").mfa("GEZDGNBVGY3TQOJQ");
    let device = user.mfa.clone().unwrap();
    let fake = FakeAws::start(World::new().user(user));
    let first = fake.mfa_code("1", "ann");
    let accepts = |code: &str| {
        let now = fake.now();
        fake.world(|world| world.use_code(&device, code, now))
    };
    assert!(accepts(&first) && !accepts(&first));
    let second = fake.mfa_code("1", "ann");
    assert!(second != first && accepts(&second) && !accepts(&second));
}

#[test]
fn dropped_server_ends_hanging_calls() {
    let fake = FakeAws::start(World::new());
    fake.inject(Fault::once("*", Kind::Hang));
    let address = fake.url().trim_start_matches("http://").to_owned();
    let mut stream = TcpStream::connect(&address).unwrap();
    stream.write_all(b"GET /x HTTP/1.1\r\n\r\n").unwrap();
    while fake.calls().is_empty() {
        std::thread::sleep(Duration::from_millis(5));
    }
    let start = Instant::now();
    drop(fake);
    let mut answer = Vec::new();
    let _ = stream.read_to_end(&mut answer);
    assert!(answer.is_empty());
    assert!(start.elapsed() < Duration::from_secs(20));
    assert!(TcpStream::connect(&address).is_err());
}
