//! The system that the program runs on, as far as systems differ for rolecall, and the processes
//! that have started it.

pub mod ancestors;

/// A system. What differs between systems is a pure function of it, so that the part of each is
/// tested on all.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Platform {
    /// Linux, and Unix in general.
    Linux,
    MacOs,
    Windows,
}

impl Platform {
    /// The system that this program was built for.
    pub const HERE: Self = if cfg!(windows) {
        Self::Windows
    } else if cfg!(target_os = "macos") {
        Self::MacOs
    } else {
        Self::Linux
    };
}

impl Default for Platform {
    fn default() -> Self {
        Self::HERE
    }
}
