//! TOTP seeds in the store: each an `otpauth://` URI under a hash of its device's serial number.

use chrono::{DateTime, Utc};
use secrecy::SecretString;
use serde::{Deserialize, Serialize};

use crate::aws::names::MfaSerial;
use crate::aws::totp::Seed;
use crate::error::Result;
use crate::store::entry_name::EntryName;
use crate::store::long_lived::{self, LongLived, LongLivedSecrets, StoreFailure};

/// Nothing more is known of a seed than where it is, and since when.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct SeedFacts {}

/// What is known of a stored seed.
pub type Record = long_lived::Record<SeedFacts>;

/// The seeds in the stores.
pub type StoredSeeds<'a> = LongLivedSecrets<'a, Seed>;

impl LongLived for Seed {
    type Name = MfaSerial;
    type Facts = SeedFacts;

    fn title(serial: &MfaSerial) -> String {
        format!("the MFA seed of {serial}")
    }

    fn label(serial: &MfaSerial) -> String {
        format!("rolecall: MFA seed of {serial}")
    }

    fn entry(serial: &MfaSerial) -> EntryName {
        serial.into()
    }

    fn add_anew(serial: &MfaSerial) -> String {
        format!("rolecall keys mfa add {serial} --force")
    }

    fn use_files(serial: &MfaSerial) -> String {
        format!("rolecall keys mfa add {serial} --store file")
    }

    fn parse(text: &str, serial: &MfaSerial) -> Result<Self, String> {
        Self::parse(text, serial.as_str()).map_err(str::to_owned)
    }

    fn to_secret(&self) -> SecretString {
        SecretString::from(self.uri().as_str())
    }
}

impl StoredSeeds<'_> {
    /// Looks for a device's seed when a code is due. A store that fails is a warning where the seed
    /// should be, and a miss elsewhere.
    ///
    /// # Errors
    /// An interruption.
    pub fn find(&self, serial: &MfaSerial, now: DateTime<Utc>) -> Result<Option<Seed>> {
        self.look_up(serial, now, |StoreFailure { store, is_recorded, error }| {
            if is_recorded {
                self.report.warn(&format!(
                    "the store {store} did not give the MFA seed of {serial}: {error}"
                ));
            } else {
                self.report.decided(&|| {
                    format!("the store {store} was not asked for an MFA seed: {error}")
                });
            }
        })
    }
}
