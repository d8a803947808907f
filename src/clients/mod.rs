//! The clients of AWS.

pub mod http;
pub mod iam;
pub mod sts;
