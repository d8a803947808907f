//! What joins domain and adapters for the verbs.

pub mod assignments;
pub mod call;
pub mod choice;
pub mod context;
pub mod iam_principal;
mod identify;
pub mod key_age;
pub mod options;
mod passphrase;
pub mod requests;
pub mod service;
pub mod shared_files;
pub mod sso;
pub mod stores;
pub mod summary;
pub mod synced;
pub mod written;
