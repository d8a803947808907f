//! The shared files: bytes to sections (`document`), sections to profiles (`profiles`), changes of
//! them (`edit`), reading them from disk (`load`), and what they may have meant (`unknown`). Nothing is judged here that nobody asked
//! for: a broken line is an error for who uses its section only.

pub mod document;
pub mod edit;
mod encoding;
pub mod load;
mod malformed;
mod only_keys;
mod profile_name;
pub mod profiles;
mod shown_lines;
mod syntax;
mod unknown;

pub use profile_name::ProfileName;

#[cfg(test)]
pub(crate) mod tests;
