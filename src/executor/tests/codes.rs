//! Codes of MFA devices: when they are asked for, and what they serve.

use super::*;

const TOKEN: &str = "session of dev from AKIADEV with 123456789 000001";

#[test]
fn one_code_serves_the_whole_chain() {
    let (id, events) = World::new("mfa").run();
    assert_eq!(id, "ASIA3");
    assert_eq!(
        events[6..],
        [
            "ask mfa 123456789",
            TOKEN,
            "put 1 of dev -",
            "assume near-mfa from ASIA1",
            "put 2 of near-mfa arn:aws:iam::222222222222:role/near",
            "assume mfa from ASIA2",
            "put 3 of mfa arn:aws:iam::444444444444:role/mfa"
        ]
    );
    let world = World::new("mfa");
    world.root.set(true);
    assert_eq!(world.run().1[8], "put 1 of dev -");
    for kept in [1, 2] {
        let (_, events) = World::new("mfa").with(kept, "ASIAKEPT", 3000).run();
        assert!(
            !events.iter().any(|e| e.starts_with("ask") || e.starts_with("session")),
            "{events:?}"
        );
    }
    let (error, events) = World::new("mfa").failing("prompt", Error::needs_person("nobody")).fail();
    assert_eq!(error.kind(), Kind::NeedsPerson);
    assert!(
        !events.iter().any(|e| e.starts_with("assume") || e.starts_with("session")),
        "{events:?}"
    );
    let (_, events) = World::new("mfa").failing("sts", Error::failed("no network")).fail();
    assert_eq!(events.iter().filter(|e| e.starts_with("ask")).count(), 1, "{events:?}");
}

#[test]
fn refused_code_is_asked_again_until_prompt_gives_up() {
    let world = World::new("mfa");
    world.right_code.replace(Some("000003".to_owned()));
    let (_, events) = world.run();
    assert_eq!(events.iter().filter(|e| e.starts_with("ask")).count(), 3, "{events:?}");
    assert_eq!(events.iter().filter(|e| e.starts_with("session")).count(), 3, "{events:?}");
    let world = World::new("mfa");
    world.right_code.replace(Some("999999".to_owned()));
    world.patient.set(false);
    let (error, events) = world.fail();
    assert!(error.causes()[0].contains("invalid MFA"), "{error:?}");
    assert!(!events.iter().any(|e| e.starts_with("put")), "{events:?}");
}

#[test]
fn no_mfa_session_sends_code_with_role_call() {
    assert_eq!(
        World::new("near-mfa --no-mfa-session").run().1[4..],
        [
            "ask near-mfa 123456789",
            "assume near-mfa from AKIADEV with 123456789 000001",
            "put 1 of near-mfa arn:aws:iam::222222222222:role/near"
        ]
    );
}

#[test]
fn role_of_over_an_hour_carries_code_in_its_own_call_from_keys() {
    let (_, events) = World::new("near-mfa --duration 2h").run();
    let asked = events.iter().filter(|event| event.starts_with("ask")).count();
    assert_eq!((asked, events.iter().any(|event| event == TOKEN)), (1, false), "{events:?}");
    assert!(
        events.contains(&"assume near-mfa from AKIADEV with 123456789 000001".to_owned()),
        "{events:?}"
    );
}

#[test]
fn device_is_looked_up_only_when_code_is_needed() {
    let found = "arn:aws:iam::111111111111:mfa/found";
    let look = "look up the device of AKIADEV".to_owned();
    let (_, events) = World::new("direct").run();
    assert_eq!(
        events[5..8],
        [
            look.clone(),
            format!("ask direct {found}"),
            format!("session of dev from AKIADEV with {found} 000001")
        ]
    );
    let (_, events) = World::new("direct").with(1, "ASIAKEPT", 3000).run();
    assert!(!events.contains(&look), "{events:?}");
    let (error, events) = World::new("direct").failing("iam", Error::failed("not allowed")).fail();
    assert_eq!((error.message(), events.last()), ("not allowed", Some(&look)));
}
