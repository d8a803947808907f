//! The clients of AWS: one factory makes them all, each service's calls have a file, and what goes
//! wrong becomes data in `failure`.

pub mod calls;
pub mod factory;
pub mod failure;
pub mod http;
pub mod iam;
pub mod sso;
pub mod ssooidc;
pub mod steps;
pub mod sts;
