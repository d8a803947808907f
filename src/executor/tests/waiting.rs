//! Processes that wait for each other, and what a person declined meanwhile.

use super::*;

#[test]
fn waiter_takes_session_fetched_by_holder() {
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
fn waiter_for_other_role_continues_from_shared_session() {
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
fn waiter_retries_after_holder_fails() {
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
fn failed_wait_is_error() {
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
fn declined_question_is_recorded_for_waiters() {
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
fn waiter_does_not_repeat_question_declined_meanwhile() {
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
fn unavailable_lock_does_not_stop_fetch() {
    assert_eq!(
        World::new("near").attempts(vec![Attempt::Unavailable]).run().1[1..4],
        ["lock", "get 1", "fetch static"]
    );
}
