//! The program `rolecall`: parses the command line, runs one verb, and exits with its code.

use rolecall::commands::{self, Exit};

fn main() -> Exit {
    // Other processes of the user must not read this one's memory, and a crash must leave no
    // secrets on disk.
    #[cfg(target_os = "linux")]
    let _ = rustix::process::set_dumpable_behavior(rustix::process::DumpableBehavior::NotDumpable);
    match commands::cli::parse() {
        Ok((cli, verb)) => commands::run(&cli, verb),
        Err(error) => commands::usage(&error),
    }
}
