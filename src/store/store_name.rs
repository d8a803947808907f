//! The stores by name.

use std::fmt;

use clap::builder::{EnumValueParser, TypedValueParser, ValueParser, ValueParserFactory};

/// The stores by the names that users give them.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum, serde::Serialize, serde::Deserialize,
)]
#[serde(rename_all = "lowercase")]
pub enum StoreName {
    Keyring,
    Keyutils,
    File,
    None,
}

impl StoreName {
    /// Returns the name that a user types.
    pub fn name(self) -> &'static str {
        match self {
            Self::Keyring => "keyring",
            Self::Keyutils => "keyutils",
            Self::File => "file",
            Self::None => "none",
        }
    }

    pub fn parse(name: &str) -> Option<Self> {
        <Self as clap::ValueEnum>::from_str(name, true).ok()
    }

    /// Refuses a store that this build does not have, with a sentence that says so.
    pub fn available(self) -> Result<Self, &'static str> {
        match self {
            Self::File if !cfg!(feature = "file-store") => Err(
                "this build has no store `file`: it was made without the cargo feature file-store",
            ),
            name => Ok(name),
        }
    }

    /// Returns whether the store takes what must survive a reboot: seeds.
    pub fn takes_long_lived_secrets(self) -> bool {
        matches!(self, Self::Keyring | Self::File)
    }
}

impl fmt::Display for StoreName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

impl ValueParserFactory for StoreName {
    type Parser = ValueParser;

    fn value_parser() -> ValueParser {
        EnumValueParser::<Self>::new().try_map(Self::available).into()
    }
}
