//! The ground: what rolecall needs of the operating system. Nothing here knows of AWS.

pub mod base64url;
pub mod browser;
pub mod child;
pub mod clock;
pub mod command_line;
#[cfg(target_os = "linux")]
pub mod container;
pub mod digest;
pub mod directories;
pub mod elsewhere;
pub mod environment;
pub mod exit;
pub mod files;
pub mod flush;
#[cfg(unix)]
mod folder;
#[cfg(any(windows, test))]
mod in_use;
pub mod locks;
#[cfg(not(unix))]
mod plain_folder;
mod private_folder;
mod process_tree;
pub mod random;
pub mod report;
pub mod rewrite;
pub mod runtime;
pub mod search_path;
pub mod signals;
pub mod state_file;
pub mod terminal;
pub mod wsl;

#[cfg(not(unix))]
use plain_folder as folder;
