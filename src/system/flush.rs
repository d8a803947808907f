//! How far what was written has gone.

/// How far a file is written before its name leads to it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Flush {
    /// Onto the medium, also where that takes tens of milliseconds (fcntl(2) of macOS,
    /// `F_FULLFSYNC`).
    Medium,
    /// To the drive, which may lose it with its power: for files that nothing depends on.
    Drive,
}
