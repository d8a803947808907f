//! What the store gives, takes and costs.

use super::*;

#[test]
fn cached_session_is_returned_after_one_store_lookup() {
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
fn instance_credentials_are_fetched_without_store_lookup() {
    let chain = chain("", "", "AWS_REGION=eu-west-1", "").unwrap();
    let world = World { keys: SessionKeys::of(&chain), chain, ..World::new("dev") };
    assert_eq!(world.run(), ("ASIA1".to_owned(), vec!["fetch ec2_instance_metadata".to_owned()]));
}

#[test]
fn empty_store_runs_every_step_and_caches_each_session() {
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
fn chain_continues_from_last_valid_cached_session() {
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
fn cached_session_is_used_until_min_ttl_or_a_fifth_is_left() {
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
fn refresh_ignores_cached_sessions_and_replaces_them() {
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
fn refresh_takes_newer_session_of_other_process_and_no_older_one() {
    for (issued, id) in [(0, "ASIAOTHER"), (-1, "ASIA2")] {
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
fn refused_cached_session_restarts_chain_from_source_once() {
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
fn failed_renewal_gives_old_session_until_it_expires() {
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
fn interrupt_is_error_without_store_write_or_fallback() {
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
fn interrupted_store_call_is_error() {
    for what in ["get", "put"] {
        let world = World::new("mfa").with(3, "ASIAOLD", 800).failing(what, Error::interrupted());
        let (error, events) = world.fail();
        assert_eq!(error.kind(), Kind::Interrupted, "{what}");
        assert!(events.last().unwrap().starts_with(what), "{events:?}");
    }
}

#[test]
fn lossy_store_causes_new_fetch_without_error() {
    let world = World::new("far");
    world.loses_puts.set(true);
    assert_eq!(world.run().0, "ASIA2");
    assert_eq!(world.run().0, "ASIA4");
}

#[test]
fn failed_step_keeps_sessions_of_earlier_steps() {
    let world = World::new("far").failing("sts far", Error::failed("denied"));
    assert_eq!(world.fail().0.message(), "denied");
    world.fails.take();
    assert_eq!(world.run().1, ["get 2", "lock", "get 2", "get 1", "assume far from ASIA1", FAR]);
}

#[test]
fn acquired_credentials_have_origin_source_new_or_cached() {
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
fn keys_and_sessions_without_expiration_are_not_cached() {
    for life in [Some(0), None] {
        let world = World::new("process");
        world.life.set(life);
        assert_eq!(world.run().1, ["get 0", "lock", "get 0", "fetch process"]);
        assert!(world.kept.borrow().is_empty());
    }
}
