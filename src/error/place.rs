//! Where a value stands that caused an error.

use std::fmt;
use std::path::{Path, PathBuf};

/// A line of a file, shown as `path:line`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FileLine {
    pub path: PathBuf,
    /// Counted from 1.
    pub line: usize,
}

impl fmt::Display for FileLine {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}", self.path.display(), self.line)
    }
}

impl From<&FileLine> for Place {
    fn from(line: &FileLine) -> Self {
        Self::Line(line.clone())
    }
}

/// The place of a value: shown as `path:line`, or by the name of the variable or option.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Place {
    /// A file, where no line of it is known.
    File(PathBuf),
    Line(FileLine),
    /// An environment variable.
    Variable(String),
    /// An option of the command line.
    Option(&'static str),
}

impl Place {
    pub fn variable(name: &str) -> Self {
        Self::Variable(name.to_owned())
    }

    /// Returns it without the folders of the file: `config:12`.
    pub fn short(&self) -> String {
        let file = |path: &Path| match path.file_name() {
            Some(name) => name.to_string_lossy().into_owned(),
            None => path.display().to_string(),
        };
        match self {
            Self::File(path) => file(path),
            Self::Line(FileLine { path, line }) => format!("{}:{line}", file(path)),
            Self::Variable(_) | Self::Option(_) => self.to_string(),
        }
    }
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::File(path) => path.display().fmt(f),
            Self::Line(line) => line.fmt(f),
            Self::Variable(name) => f.write_str(name),
            Self::Option(name) => f.write_str(name),
        }
    }
}
