//! What joins domain and adapters for the verbs.

pub mod context;
pub mod credentials;
pub mod options;
pub mod summary;
