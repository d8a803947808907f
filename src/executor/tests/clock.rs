//! Clocks that run wrong, and what has ended.

use super::*;

fn has_put(events: &[String]) -> bool {
    events.iter().any(|event| event.starts_with("put"))
}

#[test]
fn session_with_more_left_than_its_whole_life_is_a_miss() {
    for (begin, end) in [(1, 3_601), (18_000, 21_600)] {
        let world = World::new("near");
        let session = session("ASIAOLD", Some(begin), Some(end));
        world.kept.borrow_mut().insert(world.key(1).clone(), session);
        assert_eq!(world.run().0, "ASIA1", "{begin}");
    }
    let world = World::new("near").with(1, "ASIAOLD", 3_600);
    assert_eq!(world.run().0, "ASIAOLD");
}

#[test]
fn session_that_seems_to_outlive_what_was_asked_is_not_kept() {
    for life in [3_600 + 300, 5 * 3_600, 3 * 86_400, 400 * 86_400] {
        let world = World::new("near");
        world.life.set(Some(life));
        assert!(!has_put(&world.run().1), "{life}");
    }
    // Asked for 15 minutes and given an hour: no cap of AWS's makes a session longer.
    let world = World::new("near --duration 15m");
    world.life.set(Some(3_600));
    assert!(!has_put(&world.run().1));
}

#[test]
fn session_of_a_base_is_kept_up_to_the_longest_that_its_source_gives() {
    for (profile, life, kept) in [
        ("sso", 12 * 3_600, true),
        ("sso", 13 * 3_600, false),
        ("process", 36 * 3_600, true),
        ("process", 37 * 3_600, false),
    ] {
        let world = World::new(profile);
        world.life.set(Some(life));
        assert_eq!(has_put(&world.run().1), kept, "{profile} {life}");
    }
}

#[test]
fn nothing_is_kept_when_the_answer_says_that_the_clock_is_wrong() {
    for (offset, kept) in [(-300, false), (300, false), (-60, true), (60, true), (9_999_999, false)]
    {
        let world = World::new("sso");
        world.offset.set(Some(TimeDelta::seconds(offset)));
        world.life.set(Some(3_600 + offset));
        assert_eq!(has_put(&world.run().1), kept, "{offset}");
    }
}

#[test]
fn session_ends_earlier_by_a_clock_that_is_a_little_behind() {
    for (offset, left) in [(0, 3_600), (-60, 3_600), (100, 3_500)] {
        let world = World::new("near");
        world.offset.set(Some(TimeDelta::seconds(offset)));
        world.life.set(Some(3_600));
        world.run();
        let end = world.kept.borrow()[world.key(1)].expires_at;
        assert_eq!(end, Some(second(left)), "{offset}");
    }
}

#[test]
fn what_has_ended_is_refused_by_the_clock_of_aws_where_it_is_known() {
    for profile in ["near", "sso", "process"] {
        let world = World::new(profile);
        world.life.set(Some(-10));
        assert_eq!(world.fail().0.kind(), Kind::Failed, "{profile}");
        // The clock is ahead by an hour, and the session lives.
        world.offset.set(Some(TimeDelta::seconds(-3_600)));
        let (key, events) = world.run();
        assert!(key.starts_with("ASIA") && !has_put(&events), "{profile}");
    }
}
