//! rolecall: from an AWS profile to credentials, cached in the OS keyring.

mod app;
mod audit;
mod aws;
mod chain;
mod clients;
mod commands;
mod completion;
mod config;
mod error;
mod executor;
mod hint;
mod output;
mod picker;
mod prompt;
mod settings;
mod shell;
mod sources;
mod store;
mod system;
#[cfg(test)]
mod test_tables;
mod text;
mod ui;

use std::process::ExitCode;

fn main() -> ExitCode {
    // Other processes of the user must not read this one's memory, and a crash must leave no
    // secrets on disk.
    #[cfg(target_os = "linux")]
    let _ = rustix::process::set_dumpable_behavior(rustix::process::DumpableBehavior::NotDumpable);
    match commands::cli::parse() {
        Ok((cli, verb)) => commands::run(&cli, verb),
        Err(error) => commands::usage(&error),
    }
}
