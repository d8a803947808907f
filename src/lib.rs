//! rolecall: from an AWS profile to credentials, cached in the OS keyring.
//!
//! An SDK, a shell or a person names a profile. rolecall finds the way from that profile to
//! credentials, performs only the missing part of that way, keeps every session in a store, and
//! prints the result.
//!
//! # The story in five lines
//!
//! 1. [`config`] parses the shared files into [`Profiles`](config::profiles::Profiles): text with
//!    its file and line. It judges nothing that nobody asked for.
//! 2. [`Request`](chain::Request) says what was asked: the profile, and the options that stand
//!    before its own. It is built once.
//! 3. [`resolve`](chain::resolve()) returns a [`Chain`](chain::Chain): one base and a list of
//!    steps. It is pure: no I/O, no clock, no store. All policy is in it.
//! 4. The [`CredentialsService`](app::service::CredentialsService) takes the newest usable session
//!    from the store, and performs only the steps that are missing: the [`executor`] has the rules.
//! 5. [`output`] renders the result. A verb in [`commands`] joins these four.
//!
//! # Words
//!
//! - **base**: what the first credentials of a chain come from: static keys, the environment, a
//!   web identity token, single sign-on, an instance, a container, a process
//!   ([`Base`](chain::Base)).
//! - **step**: one call that turns credentials into others: `GetSessionToken` or `AssumeRole`
//!   ([`Step`](chain::Step)).
//! - **session**: temporary credentials with an end ([`Session`](aws::Session)). It is stored under
//!   a hash of everything that shaped it ([`SessionKey`](chain::session_key::SessionKey)).
//! - **seed**: the secret of a virtual MFA device, from which its codes are made
//!   ([`aws::totp`]). It is stored, and no verb about sessions touches it.
//! - **store**: where sessions and seeds are kept: the OS keyring, the kernel's keyring, encrypted
//!   files, or nowhere ([`store`]).
//! - **source**: what fetches the credentials of one kind of base from where they live
//!   ([`sources`]). A *source profile* is AWS's word for another thing: the profile whose
//!   credentials assume the role of this one.
//! - **profile**: a section of the shared files, in both of them under one name
//!   ([`config::profiles`]).
//!
//! # The map
//!
//! A module uses those of the floors below it, and none above.
//!
//! - **4, verbs**: [`commands`].
//! - **3, application**: [`app`], [`picker`], [`shell`], [`completion`], [`output`], [`ui`].
//! - **2, adapters**: [`executor`], [`store`], [`other_stores`], [`sources`], [`clients`], [`prompt`],
//!   [`servers`], [`audit`], [`settings`].
//! - **1, domain, pure**: [`aws`], [`config`], [`chain`].
//! - **0, ground**: [`system`], [`platform`], [`text`], [`mod@error`], [`hint`].
//!
//! The program in `src/main.rs` uses [`commands`]; all other modules are private. Read this with
//! `cargo doc --document-private-items --open`.

#![allow(rustdoc::private_intra_doc_links, reason = "the front page is the map of what is private")]

mod app;
mod audit;
mod aws;
mod chain;
mod clients;
pub mod commands;
mod completion;
mod config;
mod error;
mod executor;
mod hint;
mod other_stores;
mod output;
mod picker;
mod platform;
mod prompt;
mod servers;
mod settings;
mod shell;
mod sources;
mod store;
mod system;
mod text;
mod ui;

/// What the fuzz targets drive: what parses input from outside, and what that input decides.
#[doc(hidden)]
pub mod fuzzing {
    pub use crate::aws::process_json::parse as parse_process_output;
    pub use crate::aws::totp::Seed;
    pub use crate::aws::{Credentials, LongTermKeys};
    pub use crate::chain::adoption::{Step as AdoptionStep, adopt, release};
    pub use crate::chain::resolve;
    pub use crate::chain::session_key::SessionKeys;
    pub use crate::chain::{Base, Caching, Chain, Defaults, Request, RoleOptions, Step};
    pub use crate::clients::asked::Asked;
    pub use crate::clients::calls::AwsCalls;
    pub use crate::clients::factory::{Factory, Target};
    pub use crate::config::document::{Document, FileKind, SectionKind};
    pub use crate::config::edit::{
        Edit, KeyName, KeyPath, NewValue, SectionName, apply as apply_edits,
    };
    pub use crate::config::profiles::{Profiles, sub_properties};
    pub use crate::error::{Kind, Result};
    pub use crate::executor::Sts;
    pub use crate::output::credential_process::render as render_process_output;
    pub use crate::prompt::assuan::{
        AssuanLine, command as assuan_command, parse as parse_assuan_line,
    };
    pub use crate::settings::parse as parse_settings;
    pub use crate::shell::state::ShellState;
    pub use crate::sources::sso_token::Token;
    pub use crate::store::index::Index;
    pub use crate::store::sessions::{parse as parse_session, render as render_session};
    pub use crate::system::clock::Clock;
    pub use crate::system::environment::Environment;
    pub use crate::system::runtime::Runtime;
}
