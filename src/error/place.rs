//! Where a value stands that caused an error.

use std::fmt;
use std::path::PathBuf;

/// The place of a value: shown as `path:line`, or by the name of the variable or option.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Place {
    /// A file, where no line of it is known.
    File(PathBuf),
    /// A line of a file, counted from 1.
    Line { path: PathBuf, line: usize },
    /// An environment variable.
    Variable(&'static str),
    /// An option of the command line.
    Option(&'static str),
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::File(path) => path.display().fmt(f),
            Self::Line { path, line } => write!(f, "{}:{line}", path.display()),
            Self::Variable(name) | Self::Option(name) => f.write_str(name),
        }
    }
}
