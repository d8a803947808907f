//! Rows of a table, and other scenarios, several at once.

use std::sync::Mutex;

use test_tables::Case;

/// Checks every row of a table, which had `least` of them when it was last looked at, and demands
/// that none is wrong.
#[track_caller]
pub fn check_rows(
    cases: &[Case],
    least: usize,
    check: impl Fn(&Case) -> Result<(), String> + Sync,
) {
    assert!(cases.len() >= least, "the table has lost rows: {}", cases.len());
    let wrong = Mutex::new(Vec::new());
    each(8, cases, |case| {
        if let Err(text) = check(case) {
            wrong.lock().unwrap().push(format!("{}\n{text}", case.name));
        }
    });
    let wrong = wrong.into_inner().unwrap();
    assert!(wrong.is_empty(), "{} of {}:\n{}", wrong.len(), cases.len(), wrong.join("\n\n"));
}

/// Goes through all, `at_once` at a time.
pub fn each<T: Sync>(at_once: usize, all: &[T], go: impl Fn(&T) + Sync) {
    let next = Mutex::new(all.iter());
    std::thread::scope(|scope| {
        for _ in 0..at_once {
            scope.spawn(|| {
                while let Some(one) = { next.lock().unwrap().next() } {
                    go(one);
                }
            });
        }
    });
}
