//! Walks with everything around them played: what is asked for, in which order, and what is left
//! alone.

mod world;

use chrono::TimeDelta;

use super::*;
use crate::chain::session_key::SessionKeys;
use crate::chain::tests::chain;
use crate::error::{AwsCode, Kind, Refusal};
use crate::system::locks::{Attempt, DeclinedQuestion};
use world::*;

const NEAR: &str = "put 1 of near arn:aws:iam::222222222222:role/near";
const FAR: &str = "put 2 of far arn:aws:iam::333333333333:role/far";

#[test]
fn a_warm_call_looks_once_into_the_store_and_does_nothing_else() {
    for options in ["far", "mfa", "sso-role"] {
        let world = World::new(options);
        let last = world.keys.steps.len();
        assert_eq!(
            world.with(last, "ASIAWARM", 1800).run(),
            ("ASIAWARM".to_owned(), vec![format!("get {last}")])
        );
    }
    for options in ["sso", "process"] {
        assert_eq!(
            World::new(options).with(0, "ASIAWARM", 1800).run(),
            ("ASIAWARM".to_owned(), vec!["get 0".to_owned()])
        );
    }
}

#[test]
fn keys_without_a_role_touch_neither_store_nor_lock() {
    for world in [World::new("dev"), World::new("dev").refresh(), World::new("dev").no_cache()] {
        assert_eq!(world.run(), ("AKIADEV".to_owned(), vec!["fetch static".to_owned()]));
    }
}

#[test]
fn what_is_never_kept_is_not_looked_for() {
    let chain = chain("", "", "AWS_REGION=eu-west-1", "").unwrap();
    let world = World { keys: SessionKeys::of(&chain), chain, ..World::new("dev") };
    assert_eq!(world.run(), ("ASIA1".to_owned(), vec!["fetch ec2_instance_metadata".to_owned()]));
}

#[test]
fn a_cold_call_performs_every_step_and_keeps_each() {
    let world = World::new("far");
    let (id, events) = world.run();
    assert_eq!(id, "ASIA2");
    assert_eq!(
        events,
        [
            "get 2",
            "lock",
            "get 2",
            "get 1",
            "fetch static",
            "assume near from AKIADEV",
            NEAR,
            "assume far from ASIA1",
            FAR
        ]
    );
    assert_eq!(world.run(), ("ASIA2".to_owned(), vec!["get 2".to_owned()]));
}

#[test]
fn the_deepest_session_that_lives_is_gone_on_from() {
    let (id, events) = World::new("far").with(1, "ASIANEAR", 60).run();
    assert_eq!(
        (id.as_str(), events),
        (
            "ASIA1",
            ["get 2", "lock", "get 2", "get 1", "assume far from ASIANEAR", FAR]
                .map(str::to_owned)
                .to_vec()
        )
    );
    let (_, events) = World::new("far").with(1, "ASIANEAR", 59).run();
    assert!(events.contains(&"assume near from AKIADEV".to_owned()), "{events:?}");
    let (_, events) = World::new("sso-role").with(0, "ASIASSO", 60).run();
    assert_eq!(
        events,
        [
            "get 1",
            "lock",
            "get 1",
            "get 0",
            "assume sso-role from ASIASSO",
            "put 1 of sso-role arn:aws:iam::333333333333:role/far"
        ]
    );
    let (_, events) = World::new("sso-role").with(0, "ASIASSO", -1).run();
    assert_eq!(events[3..5], ["get 0", "fetch sso"]);
    assert_eq!(events[5], "put 0 of sso -");
}

#[test]
fn a_session_is_used_while_it_lives_long_enough() {
    for (whole, left, min_ttl, used) in [
        (Some(3600), 900, 900, true),
        (Some(3600), 899, 900, false),
        (Some(43_200), 300, 300, true),
        (Some(43_200), 299, 300, false),
        // A session that was never to live an hour serves until a fifth of it is left.
        (Some(900), 180, 900, true),
        (Some(900), 179, 900, false),
        (Some(3499), 700, 900, true),
        (Some(3499), 699, 900, false),
        (Some(3500), 899, 900, false),
        (Some(900), 60, 60, true),
        (Some(900), 59, 60, false),
        (Some(1800), 360, 7200, true),
        // Whose beginning is not known counts as long.
        (None, 900, 900, true),
        (None, 899, 900, false),
        // Never in its last seconds, never when it is dead.
        (Some(3600), 15, 0, true),
        (Some(3600), 14, 0, false),
        (Some(60), 15, 0, true),
        (Some(60), 14, 900, false),
        (Some(3600), 0, 0, false),
        (Some(3600), -1, 0, false),
    ] {
        let mut world = World::new("near");
        world.policy.min_ttl = TimeDelta::seconds(min_ttl);
        world
            .kept
            .borrow_mut()
            .insert(world.key(1).clone(), session("ASIAKEPT", whole.map(|w| left - w), Some(left)));
        assert_eq!(world.run().0 == "ASIAKEPT", used, "{whole:?} {left} {min_ttl}");
    }
    let world = World::new("near");
    world.kept.borrow_mut().insert(world.key(1).clone(), session("ASIAKEPT", None, None));
    assert_eq!(world.run().0, "ASIA1", "a kept session without an end");
}

#[test]
fn refresh_ignores_what_is_cached_until_it_has_another() {
    let world = World::new("far").with(2, "ASIAOLD", 3000).with(1, "ASIANEAR", 3000).refresh();
    let (id, events) = world.run();
    assert_eq!(id, "ASIA2");
    assert_eq!(
        events,
        [
            "get 2",
            "lock",
            "get 2",
            "fetch static",
            "assume near from AKIADEV",
            NEAR,
            "assume far from ASIA1",
            FAR
        ]
    );
    assert_eq!(world.kept.borrow()[world.key(2)].access_key_id, "ASIA2");
}

#[test]
fn refresh_takes_what_another_process_fetched_meanwhile_but_nothing_older() {
    for (issued, id) in [(0, "ASIAOTHER"), (5, "ASIAOTHER"), (-1, "ASIA2")] {
        let world =
            World::new("far").with(2, "ASIAOLD", 3000).refresh().attempts(vec![Attempt::Busy]);
        world
            .meanwhile
            .replace(Some((world.key(2).clone(), session("ASIAOTHER", Some(issued), Some(3600)))));
        assert_eq!(world.run().0, id, "{issued}");
    }
}

#[test]
fn no_cache_neither_reads_nor_writes_nor_waits() {
    let (id, events) = World::new("far")
        .with(2, "ASIAOLD", 3000)
        .with(1, "ASIANEAR", 3000)
        .attempts(vec![Attempt::Busy])
        .no_cache()
        .run();
    assert_eq!(
        (id.as_str(), events),
        (
            "ASIA2",
            ["fetch static", "assume near from AKIADEV", "assume far from ASIA1"]
                .map(str::to_owned)
                .to_vec()
        )
    );
    assert_eq!(World::new("sso").with(0, "ASIAOLD", 3000).no_cache().run().1, ["fetch sso"]);
}

#[test]
fn a_cached_session_that_aws_refuses_is_not_gone_on_from_twice() {
    let refused = Error::failed("denied").refused(Some(AwsCode::new("ExpiredToken")), None);
    let (error, events) =
        World::new("far").with(1, "ASIANEAR", 3000).failing("sts far", refused.clone()).fail();
    assert_eq!(format!("{error:?}"), format!("{refused:?}"));
    let walked: Vec<_> = events
        .iter()
        .filter(|e| e.starts_with("assume") || e.starts_with("fetch"))
        .map(String::as_str)
        .collect();
    assert_eq!(
        walked,
        [
            "assume far from ASIANEAR",
            "fetch static",
            "assume near from AKIADEV",
            "assume far from ASIA1"
        ]
    );
    // A denial is about the role, not about the session.
    let denied = Error::failed("denied").refused(Some(AwsCode::new("AccessDenied")), None);
    let (_, events) = World::new("far").with(1, "ASIANEAR", 3000).failing("sts far", denied).fail();
    assert!(!events.contains(&"fetch static".to_owned()), "{events:?}");
}

#[test]
fn a_renewal_that_fails_gives_the_old_session_while_it_lives() {
    for what in ["source", "sts", "sts far", "wait"] {
        for error in [
            Error::failed("no network"),
            Error::needs_person("nobody"),
            Error::configuration("x"),
            Error::usage("x"),
        ] {
            for (left, lives) in [(100, true), (15, true), (14, false), (-5, false)] {
                let world = World::new("far")
                    .with(2, "ASIAOLD", left)
                    .failing(what, error.clone())
                    .attempts(vec![Attempt::Busy]);
                if lives {
                    let (id, events) = world.run();
                    assert!(
                        id == "ASIAOLD"
                            && events.last().unwrap().starts_with(&format!(
                                "warn the session could not be renewed ({error})"
                            )),
                        "{what} {events:?}"
                    );
                } else {
                    assert_eq!(format!("{:?}", world.fail().0), format!("{error:?}"), "{what}");
                }
                assert_eq!(world.kept.borrow()[world.key(2)].access_key_id, "ASIAOLD");
            }
        }
    }
    assert_eq!(
        World::new("far")
            .with(2, "ASIAOLD", 3000)
            .refresh()
            .failing("sts", Error::failed("x"))
            .run()
            .0,
        "ASIAOLD"
    );
    assert_eq!(
        World::new("far")
            .with(2, "ASIAOLD", 3000)
            .no_cache()
            .failing("sts", Error::failed("x"))
            .fail()
            .0
            .message(),
        "x"
    );
}

#[test]
fn an_interrupt_ends_the_walk() {
    for what in ["source", "sts", "prompt", "wait"] {
        let world = World::new("mfa")
            .with(3, "ASIAOLD", 800)
            .failing(what, Error::interrupted())
            .attempts(vec![Attempt::Busy]);
        let (error, events) = world.fail();
        assert_eq!(error.kind(), Kind::Interrupted);
        assert!(
            !events.iter().any(|e| e.starts_with("put") || e.starts_with("warn")),
            "{what} {events:?}"
        );
    }
}

#[test]
fn interrupted_store_ends_the_walk() {
    for what in ["get", "put"] {
        let world = World::new("mfa").with(3, "ASIAOLD", 800).failing(what, Error::interrupted());
        let (error, events) = world.fail();
        assert_eq!(error.kind(), Kind::Interrupted, "{what}");
        assert!(events.last().unwrap().starts_with(what), "{events:?}");
    }
}

#[test]
fn a_store_that_loses_what_it_is_given_costs_nothing() {
    let world = World::new("far");
    world.loses_puts.set(true);
    assert_eq!(world.run().0, "ASIA2");
    assert_eq!(world.run().0, "ASIA4");
}

#[test]
fn a_step_that_fails_leaves_those_before_it_in_the_store() {
    let world = World::new("far").failing("sts far", Error::failed("denied"));
    assert_eq!(world.fail().0.message(), "denied");
    world.fails.take();
    assert_eq!(world.run().1, ["get 2", "lock", "get 2", "get 1", "assume far from ASIA1", FAR]);
}

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
fn a_refused_code_is_asked_for_again_as_long_as_somebody_answers() {
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
fn without_a_session_the_role_presents_the_code_itself() {
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
fn a_device_is_looked_up_once_when_a_code_is_due() {
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

#[test]
fn where_aws_caps_a_role_from_the_session_the_role_presents_the_code_itself() {
    let capped = Error::failed("no")
        .refused(Some(AwsCode::new("ValidationError")), Some(Refusal::OverOneHour));
    let world =
        World::new("near-mfa").with(1, "ASIAKEPT", 3000).failing("sts without a code", capped);
    assert_eq!(
        world.run().1[4..],
        [
            "assume near-mfa from ASIAKEPT",
            "fetch static",
            "ask near-mfa 123456789",
            "assume near-mfa from AKIADEV with 123456789 000001",
            "put 2 of near-mfa arn:aws:iam::222222222222:role/near"
        ]
    );
    let world = World::new("near-mfa")
        .with(1, "ASIAKEPT", 3000)
        .failing("sts without a code", Error::failed("no").cause("the 1 hour session limit"));
    assert!(!world.fail().1.iter().any(|e| e.starts_with("ask")));
}

#[test]
fn it_says_where_credentials_were_had_from() {
    for (world, origin) in [
        (World::new("dev"), Origin::Source),
        (World::new("near"), Origin::New),
        (World::new("near").with(1, "ASIAKEPT", 3000), Origin::Cached),
        (
            World::new("near").with(1, "ASIAOLD", 600).failing("sts", Error::failed("x")),
            Origin::Cached,
        ),
    ] {
        assert_eq!(world.walk().unwrap().origin, origin);
    }
}

#[test]
fn who_waits_takes_what_the_other_process_fetched() {
    let world = World::new("mfa").attempts(vec![Attempt::Busy]);
    world
        .meanwhile
        .replace(Some((world.key(3).clone(), session("ASIAOTHER", Some(0), Some(3600)))));
    assert_eq!(
        world.run(),
        ("ASIAOTHER".to_owned(), ["get 3", "lock", "wait", "get 3"].map(str::to_owned).to_vec())
    );
}

#[test]
fn who_waits_for_another_role_goes_on_from_their_common_steps() {
    let world = World::new("far").attempts(vec![Attempt::Busy]);
    world
        .meanwhile
        .replace(Some((world.key(1).clone(), session("ASIAOTHER", Some(0), Some(3600)))));
    assert_eq!(
        world.run().1,
        [
            "get 2",
            "lock",
            "wait",
            "get 2",
            "lock",
            "get 2",
            "get 1",
            "assume far from ASIAOTHER",
            FAR
        ]
    );
}

#[test]
fn who_waits_in_vain_waits_again() {
    let world = World::new("near").attempts(vec![Attempt::Busy, Attempt::Busy]);
    assert_eq!(
        world.run().1,
        [
            "get 1",
            "lock",
            "wait",
            "get 1",
            "lock",
            "wait",
            "get 1",
            "lock",
            "get 1",
            "fetch static",
            "assume near from AKIADEV",
            NEAR
        ]
    );
}

#[test]
fn a_wait_that_ends_in_nothing_is_an_error() {
    let (error, events) = World::new("near")
        .attempts(vec![Attempt::Busy])
        .failing("wait", Error::failed("still waiting"))
        .fail();
    assert_eq!(
        (error.message(), events),
        ("still waiting", ["get 1", "lock", "wait"].map(str::to_owned).to_vec())
    );
}

/// What a person declined so many seconds after the beginning.
fn declined(question: &str, at: i64) -> DeclinedQuestion {
    DeclinedQuestion { question: question.to_owned(), at: second(at) }
}

#[test]
fn what_a_person_declines_is_left_for_those_who_wait() {
    let declines = Error::new(Kind::Declined, "no");
    let left = |world: World| {
        world.fail().1.into_iter().filter(|event| event.starts_with("record")).collect::<Vec<_>>()
    };
    assert_eq!(
        left(World::new("mfa").failing("prompt", declines.clone())),
        ["record code of 123456789 at 0"]
    );
    assert_eq!(
        left(World::new("careful").failing("confirm", declines.clone())),
        ["record confirmation of careful arn:aws:iam::222222222222:role/near at 0"]
    );
    // Others may have somebody to ask, and whoever interrupts one process means that one.
    for error in [Error::needs_person("nobody"), Error::interrupted(), Error::failed("no")] {
        assert_eq!(left(World::new("mfa").failing("prompt", error)), [""; 0]);
    }
    for without in
        [World::new("mfa").no_cache(), World::new("mfa").attempts(vec![Attempt::Unavailable])]
    {
        assert_eq!(left(without.failing("prompt", declines.clone())), [""; 0]);
    }
}

#[test]
fn what_was_declined_while_it_waited_is_not_asked_again() {
    let wait = |options, left: &[DeclinedQuestion]| {
        let world = World::new(options).attempts(vec![Attempt::Busy]);
        world.left.replace(left.to_vec());
        world.now.set(second(10));
        world
    };
    let world = wait("mfa", &[declined("code of 123456789", 10)])
        .failing("prompt", Error::new(Kind::Declined, "no"));
    let (error, events) = world.fail();
    assert_eq!(error.kind(), Kind::Declined);
    // It is passed on before anything else, with its time, so that it ends for those who come
    // later.
    let end = [
        "record code of 123456789 at 10",
        "get 2",
        "get 1",
        "fetch static",
        "ask mfa 123456789, declined meanwhile",
    ];
    assert!(events.ends_with(&end.map(str::to_owned)), "{events:?}");
    let confirm = "confirm careful arn:aws:iam::222222222222:role/near";
    let question = confirm.replace("confirm ", "confirmation of ");
    assert!(
        wait("careful", &[declined(&question, 11)])
            .run()
            .1
            .contains(&format!("{confirm}, declined meanwhile"))
    );
    // Not what was declined before this process began, nor another question.
    for other in [
        declined("code of 123456789", 9),
        declined("code of 987654321", 10),
        declined("confirmation of mfa ", 10),
    ] {
        assert!(wait("mfa", &[other]).run().1.contains(&"ask mfa 123456789".to_owned()));
    }
    // Who needs nobody goes on.
    assert_eq!(wait("near", &[declined("code of 123456789", 10)]).run().0, "ASIA1");
}

#[test]
fn without_locks_everybody_goes_on() {
    assert_eq!(
        World::new("near").attempts(vec![Attempt::Unavailable]).run().1[1..4],
        ["lock", "get 1", "fetch static"]
    );
}

#[test]
fn a_new_session_is_confirmed_before_anything_is_fetched() {
    let confirm = "confirm careful arn:aws:iam::222222222222:role/near";
    assert_eq!(
        World::new("careful").run().1[..5],
        ["get 1", "lock", "get 1", confirm, "fetch static"]
    );
    assert_eq!(World::new("careful").no_cache().run().1[..2], [confirm, "fetch static"]);
    assert_eq!(World::new("careful").with(1, "ASIAKEPT", 3000).run().1, ["get 1"]);
    let world = World::new("careful").attempts(vec![Attempt::Busy]);
    world
        .meanwhile
        .replace(Some((world.key(1).clone(), session("ASIAOTHER", Some(0), Some(3600)))));
    assert_eq!(world.run().1, ["get 1", "lock", "wait", "get 1"]);
    let (error, events) =
        World::new("careful").failing("confirm", Error::needs_person("no")).fail();
    assert_eq!(
        (error.kind(), events),
        (
            Kind::NeedsPerson,
            vec!["get 1".to_owned(), "lock".to_owned(), "get 1".to_owned(), confirm.to_owned()]
        )
    );
}

#[test]
fn a_session_on_the_way_is_confirmed_too() {
    let confirm = "confirm careful arn:aws:iam::222222222222:role/near";
    let events = World::new("beyond").run().1;
    assert_eq!(
        events.iter().filter(|event| event.starts_with("confirm")).collect::<Vec<_>>(),
        [confirm]
    );
    // One that is there already is nothing new.
    assert!(
        !World::new("beyond")
            .with(1, "ASIAKEPT", 3000)
            .run()
            .1
            .iter()
            .any(|event| event.starts_with("confirm"))
    );
    let events = World::new("asking").no_cache().run().1;
    assert_eq!(events[..2], ["confirm asking -", "fetch process"]);
}

#[test]
fn keys_and_sessions_without_an_end_are_not_kept() {
    for life in [Some(0), None] {
        let world = World::new("process");
        world.life.set(life);
        assert_eq!(world.run().1, ["get 0", "lock", "get 0", "fetch process"]);
        assert!(world.kept.borrow().is_empty());
    }
}
