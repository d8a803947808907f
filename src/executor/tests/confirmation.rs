//! New sessions that a person confirms.

use super::*;

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
fn new_session_of_intermediate_role_is_confirmed() {
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
