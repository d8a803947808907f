//! The stores by name.

use std::fmt;

use clap::builder::{EnumValueParser, TypedValueParser};

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
    /// Reads a name, in letters of either case.
    pub fn parse(name: &str) -> Option<Self> {
        <Self as clap::ValueEnum>::from_str(name, true).ok()
    }

    /// Returns the store where this build has it.
    ///
    /// # Errors
    /// A sentence that says why this build does not have it.
    pub fn available(self) -> Result<Self, &'static str> {
        match self {
            Self::File if !cfg!(feature = "file-store") => Err(
                "this build has no store `file`: it was made without the cargo feature file-store",
            ),
            name => Ok(name),
        }
    }

    /// Parses the store that a user types, and refuses one that this build does not have.
    pub fn value_parser() -> impl TypedValueParser<Value = Self> {
        EnumValueParser::<Self>::new().try_map(Self::available)
    }

    /// Returns whether the store takes what must survive a reboot: seeds.
    pub fn takes_long_lived_secrets(self) -> bool {
        matches!(self, Self::Keyring | Self::File)
    }
}

impl fmt::Display for StoreName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Keyring => "keyring",
            Self::Keyutils => "keyutils",
            Self::File => "file",
            Self::None => "none",
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_name_is_parsed_and_only_stores_of_this_build_are_taken() {
        for (text, taken) in [
            ("keyring", true),
            ("keyutils", true),
            ("file", cfg!(feature = "file-store")),
            ("none", true),
        ] {
            assert_eq!(StoreName::parse(text).unwrap().to_string(), text);
            let option = clap::Arg::new("store").value_parser(StoreName::value_parser());
            let typed = clap::Command::new("test").arg(option).try_get_matches_from(["test", text]);
            assert_eq!(typed.is_ok(), taken, "{text}");
        }
        assert_eq!(StoreName::parse("nowhere"), None);
    }
}
