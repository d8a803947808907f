//! Black-box tests of the program against a strict fake AWS: what the command line contract says,
//! and nothing of the inside.

// They are full of shell scripts, terminals and signals.
#![cfg(unix)]
#![allow(
    clippy::pedantic,
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::disallowed_methods,
    clippy::print_stdout,
    clippy::print_stderr
)]

mod advise;
mod aws_login;
mod cache;
mod clients;
mod clock;
mod completions;
mod concurrency;
mod confirm;
mod dialog;
mod env;
mod errors;
mod exec;
mod failures;
mod given_back;
mod hints;
mod identity;
mod init;
mod inspect;
mod keys_mfa;
mod log;
mod log_file;
mod login;
mod machines;
mod mfa;
mod mfa_seed;
mod mfa_session;
mod network;
mod overrides;
mod passphrase;
mod picker;
mod pinentry;
#[cfg(target_os = "linux")]
mod places;
mod process;
mod prompt;
mod prompt_segment;
mod robustness;
mod secrets;
mod sessions;
mod shown;
mod sources;
mod sso;
#[cfg(target_os = "linux")]
mod storm;
mod streams;
mod support;
mod use_;
mod waiting;
mod whoami;
