//! The shared files: bytes to sections (`document`), sections to profiles (`profiles`), changes of
//! them (`edit`), and reading them from disk (`load`). Nothing is judged here that nobody asked
//! for: a broken line is an error for who uses its section only.

pub mod document;
pub mod edit;
pub mod load;
mod profile_name;
pub mod profiles;
mod syntax;

pub use profile_name::ProfileName;

#[cfg(test)]
pub(crate) mod tests;
