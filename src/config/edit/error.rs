//! Why an edit is refused.

use crate::error::{Error, FileLine};

#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum EditError {
    #[error("`{0}` cannot be a key: AWS accepts letters, digits and _ - / . % @ : +")]
    KeyName(String),
    #[error("the value cannot be written: {0}")]
    Value(&'static str),
    #[error("`{0}` cannot name a section: AWS accepts letters, digits and _ - / . % @ : +")]
    SectionName(String),
    #[error("the credentials file holds profiles only")]
    WrongFile,
    #[error("{file} has no section [{section}]")]
    MissingSection { file: String, section: String },
    #[error("{place}: there is a section [{section}] already")]
    SectionExists { place: FileLine, section: String },
    #[error("[default] at {hidden} would take the place of [profile default] at {read}")]
    TwoDefaults { read: FileLine, hidden: FileLine },
    #[error("{place}: the section has no `{key}`")]
    MissingKey { place: FileLine, key: String },
    #[error("{place}: there is a key `{key}` already")]
    KeyExists { place: FileLine, key: String },
    #[error("{place}: `{block}` is a block of nested keys, not a value")]
    Block { place: FileLine, block: String },
    #[error("{place}: `{block}` is a value, not a block of nested keys")]
    NoBlock { place: FileLine, block: String },
    #[error("{place}: {reason}")]
    Malformed { place: FileLine, reason: String },
}

impl From<EditError> for Error {
    fn from(error: EditError) -> Self {
        let message = error.to_string();
        match error {
            EditError::KeyName(_)
            | EditError::Value(_)
            | EditError::SectionName(_)
            | EditError::WrongFile => Self::usage(message),
            EditError::SectionExists { place, .. }
            | EditError::TwoDefaults { read: place, .. }
            | EditError::MissingKey { place, .. }
            | EditError::KeyExists { place, .. }
            | EditError::Block { place, .. }
            | EditError::NoBlock { place, .. }
            | EditError::Malformed { place, .. } => Self::configuration(message).at(&place),
            EditError::MissingSection { .. } => Self::configuration(message),
        }
    }
}
