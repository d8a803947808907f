//! The clients of AWS: one factory makes them all, each service's calls have a file, and what goes
//! wrong becomes data in `failure`.

pub mod access_keys;
pub mod asked;
pub mod assignments;
pub mod calls;
pub mod factory;
pub mod failure;
pub mod federation;
pub mod http;
mod iam;
mod meaning;
mod metadata;
mod plain;
mod proxy;
mod sign_in;
pub mod simulation;
mod sso;
pub mod ssooidc;
pub mod start_url;
mod steps;
pub mod sts;
mod unreachable;
