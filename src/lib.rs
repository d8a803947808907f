//! rolecall: from an AWS profile to credentials, cached in the OS keyring.

mod audit;
mod aws;
#[cfg(test)]
mod cases;
mod chain;
pub mod cli;
pub mod commands;
mod completion;
mod config;
mod context;
mod error;
mod executor;
mod files;
mod hint;
mod http;
mod iam;
mod locks;
mod output;
mod overview;
mod picker;
mod prompt;
mod runtime;
mod settings;
mod shell;
mod sources;
mod store;
mod sts;
mod totp;
mod ui;
