//! Black-box tests of the program against a strict fake AWS: what the command line contract says,
//! and nothing of the inside.

#![allow(
    clippy::pedantic,
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::disallowed_methods,
    clippy::print_stdout,
    clippy::print_stderr
)]
// Most tests are of Unix: they are full of its shells, terminals and signals.
#![cfg_attr(windows, allow(dead_code, unused_imports))]

#[cfg(unix)]
mod advise;
#[cfg(unix)]
mod aws_login;
#[cfg(unix)]
mod cache;
mod can;
mod clients;
#[cfg(unix)]
mod clock;
#[cfg(unix)]
mod completions;
#[cfg(unix)]
mod concurrency;
#[cfg(unix)]
mod confirm;
#[cfg(unix)]
mod console;
#[cfg(unix)]
mod console_browser;
#[cfg(unix)]
mod dialog;
#[cfg(unix)]
mod env;
mod errors;
#[cfg(unix)]
mod exec;
#[cfg(unix)]
mod failures;
#[cfg(unix)]
mod given_back;
#[cfg(unix)]
mod hints;
#[cfg(unix)]
mod identity;
mod init;
mod inspect;
mod keys;
#[cfg(unix)]
mod keys_age;
#[cfg(unix)]
mod keys_from_others;
mod keys_import;
#[cfg(unix)]
mod keys_mfa;
#[cfg(unix)]
mod keys_rotate;
#[cfg(unix)]
mod keys_rotate_killed;
#[cfg(unix)]
mod log;
#[cfg(unix)]
mod log_file;
#[cfg(unix)]
mod login;
#[cfg(unix)]
mod machines;
#[cfg(unix)]
mod mfa;
#[cfg(unix)]
mod mfa_seed;
#[cfg(unix)]
mod mfa_session;
#[cfg(unix)]
mod network;
mod overrides;
#[cfg(unix)]
mod passphrase;
#[cfg(unix)]
mod picker;
#[cfg(unix)]
mod pinentry;
#[cfg(target_os = "linux")]
mod places;
mod process;
mod profile_edits;
mod profile_files;
#[cfg(unix)]
mod prompt;
mod prompt_segment;
#[cfg(unix)]
mod robustness;
#[cfg(unix)]
mod secrets;
#[cfg(unix)]
mod sessions;
#[cfg(unix)]
mod setup;
#[cfg(unix)]
mod shown;
mod sources;
mod sso;
#[cfg(unix)]
mod sso_automatic;
#[cfg(unix)]
mod sso_device;
mod sso_lists;
#[cfg(unix)]
mod sso_login;
#[cfg(unix)]
mod sso_logout;
#[cfg(unix)]
mod sso_stored;
mod sso_sync;
#[cfg(unix)]
mod sso_vanity;
#[cfg(unix)]
mod stories;
#[cfg(target_os = "linux")]
mod storm;
#[cfg(unix)]
mod streams;
mod support;
#[cfg(unix)]
mod use_;
#[cfg(unix)]
mod waiting;
mod whoami;
#[cfg(windows)]
mod windows;
#[cfg(unix)]
mod write;
