//! rolecall: from an AWS profile to credentials, cached in the OS keyring.

mod app;
mod audit;
mod aws;
mod chain;
pub mod cli;
mod clients;
pub mod commands;
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
