//! What listens on this machine: nothing but loopback addresses, with bounds on time and size.

pub mod callback;
mod page;

pub use page::Page;
