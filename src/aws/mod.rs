//! AWS's vocabulary: sessions, ARNs, partitions and the limits that STS sets. Pure data, no I/O.

pub mod arn;
pub mod duration;
pub mod mfa_serial;
pub mod partition;
pub mod process_json;
pub mod session;
pub mod totp;

pub use mfa_serial::MfaSerial;
pub use session::{Credentials, LongTermKeys, Session};
