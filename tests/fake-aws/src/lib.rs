//! A strict fake AWS on a local port, for tests, benchmarks and the demo of rolecall.
//!
//! A test describes what exists (a [`World`] of [`User`]s and [`Role`]s), starts a [`FakeAws`] over
//! it, points `AWS_ENDPOINT_URL_STS` and the like at its address, and reads afterwards which
//! [`Call`]s arrived:
//!
//! ```
//! use fake_aws::{FakeAws, Role, TrustStatement, User, World};
//!
//! let ann = User::new("111111111111", "ann", "AKIAEXAMPLE", "secret").allow("sts:*", "*");
//! let admin = Role::new("arn:aws:iam::222222222222:role/admin");
//! let world = World::new()
//!     .user(ann)
//!     .role(admin.trusts(TrustStatement::account("111111111111").mfa()));
//! let aws = FakeAws::start(world);
//! println!("export AWS_ENDPOINT_URL_STS={}", aws.url());
//! assert_eq!(aws.count("AssumeRole"), 0);
//! ```
//!
//! Tests in other languages start the program `fake-aws` of this crate: it serves a fixed world,
//! and obeys lines on stdin (see `src/main.rs`).
//!
//! # What it checks
//!
//! It refuses, in AWS's words and with AWS's status and code, what AWS refuses:
//!
//! - **Signatures**: Signature Version 4 over the whole request, its date, region and service, and
//!   the session token; unknown, inactive and expired keys; roles that are gone. The order of checks
//!   is AWS's.
//! - **Requests**: lengths, patterns and counts of every member of STS's requests, packed policies,
//!   session tags.
//! - **Permission**: the role's trust policy (principal, external ID, MFA, tags, source identity,
//!   audience and subject of a web identity), the caller's own policies, its session policy, and
//!   which of them must agree within and across accounts.
//! - **MFA**: RFC 6238 codes of the caller's own device, each accepted once, one window early or
//!   late. A role's session never counts as made with MFA.
//! - **Time**: the limits of each duration, one hour for roles that a session of any kind assumes, the
//!   clock's skew.
//!
//! STS, IAM (`ListMFADevices`, the calls about access keys, `GetRole`, `GetPolicy` with its versions,
//! the policy simulator), IAM Identity Center with its OpenID Connect service, AWS sign-in (which renews logins,
//! and signs in to the console by federation), EC2 instance metadata (version 2) and the
//! credentials endpoint of containers answer on one port. A [`Fault`] makes an operation fail: late, throttled, torn, endless or
//! silent. [`rules`] states the rules of STS without any I/O, so that a test can also ask them
//! directly.

#![allow(
    clippy::expect_used,
    clippy::missing_panics_doc,
    reason = "a test that describes what cannot be must end at once"
)]

mod access_keys;
mod assume_role;
mod constraints;
mod encoding;
mod faults;
mod federation;
mod http;
mod iam;
mod metadata;
mod oidc;
mod oidc_client;
mod oidc_code;
mod params;
mod policy;
mod router;
pub mod rules;
mod server;
mod session;
mod sign_in;
mod sigv4;
mod simulate;
mod sso;
mod sso_data;
mod sts;
#[cfg(test)]
mod tests;
mod time;
pub mod totp;
mod trust;
mod web_identity;
mod world;
mod xml;

pub use access_keys::AccessKey;
pub use faults::{Fault, Kind};
pub use federation::SigninToken;
pub use metadata::{Container, Metadata};
pub use oidc_client::Client as SsoClient;
pub use oidc_code::Browser;
pub use policy::{Effect, Statement, When};
pub use server::{Call, FakeAws};
pub use session::{Owner, Session};
pub use sign_in::Login;
pub use sso_data::{Limit, Refresh, Sso};
pub use trust::{Principal, TrustStatement};
pub use web_identity::token as web_identity_token;
pub use world::{MfaDevice, Role, User, World};
