//! `burst N PROGRAM ARGUMENT…`: starts N processes at once; prints how many failed, the longest
//! wait (ms) and the largest memory (KiB). In arguments `{6}` stands for a number under 6, another
//! one in each process.

use std::process::{Command, Stdio};
use std::sync::Barrier;
use std::time::Instant;

fn main() {
    let arguments: Vec<String> = std::env::args().collect();
    let count: usize = arguments[1].parse().expect("a number");
    let ready = Barrier::new(count);
    let run = |n: usize| {
        let mut command = Command::new(&arguments[2]);
        command
            .args(arguments[3..].iter().map(|argument| numbered(argument, n)))
            .stdin(Stdio::null())
            .stdout(Stdio::null());
        ready.wait();
        let begin = Instant::now();
        let good = command.status().is_ok_and(|status| status.success());
        (good, begin.elapsed().as_millis())
    };
    let results: Vec<(bool, u128)> = std::thread::scope(|scope| {
        let run = &run;
        let running: Vec<_> = (0..count).map(|n| scope.spawn(move || run(n))).collect();
        running.into_iter().map(|thread| thread.join().expect("a thread")).collect()
    });
    let failed = results.iter().filter(|(good, _)| !good).count();
    let longest = results.iter().map(|(_, ms)| ms).max().copied().unwrap_or(0);
    println!("{failed} {longest} {}", largest_child());
}

fn numbered(argument: &str, n: usize) -> String {
    let parts = argument.split_once('{').and_then(|(before, rest)| {
        rest.split_once('}').map(|(limit, after)| (before, limit, after))
    });
    match parts
        .and_then(|(before, limit, after)| Some((before, limit.parse::<usize>().ok()?, after)))
    {
        Some((before, limit, after)) => format!("{before}{}{after}", n % limit),
        None => argument.to_owned(),
    }
}

fn largest_child() -> i64 {
    // SAFETY: a zeroed rusage is valid, and the call only writes to it.
    unsafe {
        let mut usage: libc::rusage = std::mem::zeroed();
        libc::getrusage(libc::RUSAGE_CHILDREN, &mut usage);
        usage.ru_maxrss
    }
}
