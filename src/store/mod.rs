//! Where secrets lie between calls: the OS keyring, the kernel's keyrings, encrypted files, or
//! nowhere.

pub mod choice;
pub mod clear;
pub mod entry_name;
mod envelope;
mod error;
mod file;
pub mod index;
mod keyring;
#[cfg(target_os = "linux")]
mod keyutils;
mod none;
#[cfg(target_os = "linux")]
mod secret_service;
mod secret_store;
pub mod seeds;
pub mod sessions;

pub use choice::StoreName;
pub use error::StoreError;
pub use file::FileStore;
#[cfg(any(target_os = "macos", windows))]
pub use keyring::native;
#[cfg(target_os = "linux")]
pub use keyutils::Keyutils;
pub use none::NoStore;
#[cfg(target_os = "linux")]
pub use secret_service::SecretService;
pub use secret_store::{SecretStore, UnlockPolicy};
