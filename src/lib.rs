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

/// What the fuzz targets drive: what parses input from outside, and what that input decides.
#[doc(hidden)]
pub mod fuzzing {
    pub use crate::aws::partition::Endpoint;
    pub use crate::aws::process_json::parse as parse_process_output;
    pub use crate::aws::{Credentials, LongTermKeys};
    pub use crate::chain::overrides::Overrides;
    pub use crate::chain::resolve::resolve;
    pub use crate::chain::session_key::SessionKeys;
    pub use crate::chain::{AssumeRole, Base, Chain, NamedBy, Network, WebIdentity};
    pub use crate::clients::sts::AwsSts;
    pub use crate::config::document::{Document, FileKind};
    pub use crate::config::profiles::Profiles;
    pub use crate::error::{Kind, Result};
    pub use crate::executor::Sts;
    pub use crate::output::credential_process::render as render_process_output;
    pub use crate::store::sessions::{parse as parse_session, render as render_session};
    pub use crate::system::clock::Clock;
    pub use crate::system::environment::Environment;
    pub use crate::system::runtime::Runtime;
}
