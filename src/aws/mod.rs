//! AWS's vocabulary: sessions, ARNs, partitions and the limits that STS sets. Pure data, no I/O.

pub mod arn;
pub mod console;
pub mod duration;
pub mod expiration;
pub mod key_pair;
pub mod metadata_json;
pub mod names;
pub mod partition;
pub mod process_json;
mod regions;
pub mod session;
pub mod start_url;
pub mod totp;

pub use session::{Credentials, LongTermKeys, Session};
