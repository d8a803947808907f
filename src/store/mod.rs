//! Where secrets lie between calls: the OS keyring, the kernel's keyrings, encrypted files, or
//! nowhere.

pub mod access_keys;
pub mod choice;
pub mod clear;
pub mod entry_name;
#[cfg(any(target_os = "linux", feature = "file-store"))]
mod envelope;
mod error;
#[cfg(feature = "file-store")]
mod file;
pub mod index;
mod keyring;
#[cfg(target_os = "linux")]
mod keyutils;
pub mod long_lived;
#[cfg(not(feature = "file-store"))]
mod no_file_store;
mod none;
pub mod remedy;
pub mod rotations;
#[cfg(target_os = "linux")]
mod secret_service;
pub mod secret_store;
pub mod seeds;
pub mod sessions;
mod store_name;

pub use error::StoreError;
#[cfg(feature = "file-store")]
pub use file::FileStore;
#[cfg(any(target_os = "macos", windows))]
pub use keyring::native;
#[cfg(target_os = "linux")]
pub use keyutils::{Keyutils, named_keyring};
#[cfg(not(feature = "file-store"))]
pub use no_file_store::FileStore;
pub use none::NoStore;
#[cfg(target_os = "linux")]
pub use secret_service::{Collection, SecretService};
pub use secret_store::{SecretStore, UnlockPolicy};
pub use store_name::StoreName;
