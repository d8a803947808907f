//! `keys rotate` that is killed at each of its calls, before AWS has done what it asks for and after,
//! and at moments between them: the next call goes on to the same end.

use std::time::Duration;

use super::keys_rotate::{at_aws, is_alone, is_rotated, named, rotatable, rotate};
use super::support::{Fault, Kind, Sandbox, each};

/// How many scenarios go on at once.
const AT_ONCE: usize = 6;
/// No answer comes in the life of a test.
const NEVER: u64 = 600_000;

/// The moment of a kill: while the answer to a call is waited for, which AWS has done or not.
#[derive(Debug, Clone)]
struct Moment {
    operation: &'static str,
    number: u32,
    kind: Kind,
}

/// Each call of a command, before and after AWS has done what it asks for.
fn moments(calls: &[(&'static str, u32)]) -> Vec<Moment> {
    let both = |&(operation, number)| {
        [Kind::Hang, Kind::Delay(NEVER)].map(|kind| Moment { operation, number, kind })
    };
    calls.iter().flat_map(both).collect()
}

const FORWARD: [(&str, u32); 8] = [
    ("GetCallerIdentity", 1),
    ("ListAccessKeys", 1),
    ("CreateAccessKey", 1),
    ("GetCallerIdentity", 2),
    ("GetCallerIdentity", 3),
    ("GetCallerIdentity", 4),
    ("ListAccessKeys", 2),
    ("UpdateAccessKey", 1),
];
const FINISH: [(&str, u32); 2] = [("ListAccessKeys", 1), ("DeleteAccessKey", 1)];
const UNDO: [(&str, u32); 8] = [
    ("ListAccessKeys", 1),
    ("UpdateAccessKey", 1),
    ("GetCallerIdentity", 1),
    ("GetCallerIdentity", 2),
    ("GetCallerIdentity", 3),
    ("ListAccessKeys", 2),
    ("UpdateAccessKey", 2),
    ("DeleteAccessKey", 1),
];

/// Runs the command until a moment, and kills it there.
#[track_caller]
fn kill_at(sandbox: &Sandbox, more: &[&str], moment: &Moment) {
    sandbox.aws.clear_calls();
    let Moment { operation, number, kind } = moment;
    sandbox.aws.inject(Fault::nth(operation, *number, kind.clone()));
    let args = [&["keys", "rotate", "dev", "--no-input"], more].concat();
    let mut running = sandbox.command(&args).start();
    let is_there = || {
        let calls = sandbox.aws.calls();
        let of_operation = calls.iter().filter(|call| call.operation == *operation);
        of_operation.filter(|call| call.status.is_some()).count() >= *number as usize
    };
    while !is_there() {
        assert!(running.is_running(), "{moment:?} never came: {:#?}", running.finish());
        std::thread::sleep(Duration::from_millis(5));
    }
    running.child.kill().unwrap();
    running.finish().fails(137);
    sandbox.aws.clear_faults();
}

/// Returns whether a rotation is noted.
fn is_noted(sandbox: &Sandbox) -> bool {
    sandbox.run(&["doctor", "dev"]).stdout.contains("rolecall keys rotate dev")
}

/// Each moment with each command that may come next.
fn scenarios(calls: &[(&'static str, u32)]) -> Vec<(Moment, &'static [&'static str])> {
    let nexts: [&[&str]; 3] = [&[], &["--finish"], &["--undo"]];
    let with_next = |moment: Moment| nexts.map(move |next| (moment.clone(), next));
    moments(calls).into_iter().flat_map(with_next).collect()
}

#[test]
fn killed_rotation_goes_on_or_ends_either_way() {
    each(AT_ONCE, &scenarios(&FORWARD), |(moment, next)| {
        println!("{moment:?} {next:?}");
        let sandbox = rotatable();
        let old = sandbox.access_key_id.clone();
        kill_at(&sandbox, &[], moment);
        let is_noted = is_noted(&sandbox);
        assert_eq!(is_noted, at_aws(&sandbox).len() > 1 || moment.operation == "CreateAccessKey");
        sandbox.run(&["whoami", "dev"]).ok();
        match *next {
            [] => {
                rotate(&sandbox, next).ok();
                is_rotated(&sandbox);
                rotate(&sandbox, &["--finish"]).ok();
                is_alone(&sandbox, &named(&sandbox));
                assert_ne!(named(&sandbox), old);
            }
            _ if !is_noted => {
                rotate(&sandbox, next).fails(1).error_form().says(&["in no rotation"]);
                is_alone(&sandbox, &old);
            }
            ["--finish"] => {
                rotate(&sandbox, next).ok();
                is_alone(&sandbox, &named(&sandbox));
                assert_ne!(named(&sandbox), old);
            }
            _ => {
                rotate(&sandbox, next).ok();
                is_alone(&sandbox, &old);
            }
        }
    });
}

#[test]
fn killed_finish_goes_on_or_back_while_the_old_key_is_there() {
    each(AT_ONCE, &scenarios(&FINISH), |(moment, next)| {
        println!("{moment:?} {next:?}");
        let sandbox = rotatable();
        let old = sandbox.access_key_id.clone();
        rotate(&sandbox, &[]).ok();
        let new = named(&sandbox);
        kill_at(&sandbox, &["--finish"], moment);
        assert!(is_noted(&sandbox));
        let is_gone = at_aws(&sandbox).len() == 1;
        match *next {
            ["--undo"] if !is_gone => {
                rotate(&sandbox, next).ok();
                return is_alone(&sandbox, &old);
            }
            ["--undo"] => {
                let run = rotate(&sandbox, next).fails(1).error_form();
                run.says(&["no way back", "rolecall keys rotate dev --finish"]);
                rotate(&sandbox, &["--finish"]).ok();
            }
            [] if moment.operation == "ListAccessKeys" => {
                rotate(&sandbox, next).fails(1).says(&["not deleted yet"]);
                rotate(&sandbox, &["--finish"]).ok();
            }
            _ => drop(rotate(&sandbox, next).ok()),
        }
        is_alone(&sandbox, &new);
    });
}

#[test]
fn killed_undo_goes_on() {
    each(AT_ONCE, &scenarios(&UNDO), |(moment, next)| {
        println!("{moment:?} {next:?}");
        let sandbox = rotatable();
        let old = sandbox.access_key_id.clone();
        rotate(&sandbox, &[]).ok();
        let new = named(&sandbox);
        kill_at(&sandbox, &["--undo"], moment);
        assert!(is_noted(&sandbox));
        let has_begun = (moment.operation, moment.number) != ("ListAccessKeys", 1);
        match *next {
            ["--finish"] if !has_begun => {
                rotate(&sandbox, next).ok();
                return is_alone(&sandbox, &new);
            }
            ["--finish"] => {
                let run = rotate(&sandbox, next).fails(1).error_form();
                run.says(&["has begun", "rolecall keys rotate dev --undo"]);
                rotate(&sandbox, &["--undo"]).ok();
            }
            [] if !has_begun => {
                rotate(&sandbox, next).fails(1).says(&["not deleted yet"]);
                rotate(&sandbox, &["--undo"]).ok();
            }
            _ => drop(rotate(&sandbox, next).ok()),
        }
        is_alone(&sandbox, &old);
    });
}

/// The steps between the calls: notes, the store, the profiles.
#[test]
fn rotation_that_is_killed_at_any_time_goes_on() {
    each(AT_ONCE, &(0..24u64).collect::<Vec<_>>(), |&round| {
        let sandbox = rotatable();
        let mut running = sandbox.command(&["keys", "rotate", "dev", "--no-input"]).start();
        // Half of them at the moment at which AWS has made the key and it is being kept.
        if round % 2 == 0 {
            while running.is_running() && at_aws(&sandbox).len() < 2 {
                std::thread::yield_now();
            }
            std::thread::sleep(Duration::from_micros(round * 700));
        } else {
            std::thread::sleep(Duration::from_millis(round * 60));
        }
        running.child.kill().unwrap();
        running.finish();
        sandbox.run(&["whoami", "dev"]).ok();
        let is_complete = at_aws(&sandbox).iter().any(|key| !key.is_active);
        let run = rotate(&sandbox, &[]);
        assert!(run.code == 0 || is_complete, "{run:#?}");
        is_rotated(&sandbox);
        if round % 4 < 2 {
            rotate(&sandbox, &["--undo"]).ok();
            is_alone(&sandbox, &sandbox.access_key_id);
        }
    });
}

#[test]
fn key_of_somebody_else_is_not_taken_for_the_lost_one() {
    for used in [false, true] {
        let sandbox = rotatable();
        let moment = Moment { operation: "CreateAccessKey", number: 1, kind: Kind::Delay(NEVER) };
        kill_at(&sandbox, &[], &moment);
        sandbox.aws.world(|world| {
            let key = &mut world.users[0].keys[1];
            if used {
                key.last_used = Some((key.created + 1, "s3"));
            } else {
                key.created -= 3_600;
            }
        });
        let run = rotate(&sandbox, &[]).fails(1).error_form();
        run.says(&["two access keys already", "aws iam delete-access-key --user-name bob"]);
        assert_eq!((at_aws(&sandbox).len(), sandbox.aws.count("DeleteAccessKey")), (2, 0));
        let run = rotate(&sandbox, &["--undo"]).ok();
        run.says(&["stays: it is not of this rotation"]);
        assert_eq!(at_aws(&sandbox).len(), 2);
        assert!(!is_noted(&sandbox));
    }
}
