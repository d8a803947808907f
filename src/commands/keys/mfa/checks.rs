//! Checks of `add` and `remove`.

use crate::aws::names::MfaSerial;
use crate::error::{Error, Result};
use crate::store::StoreName;

/// Parses a serial number. The error does not repeat a seed that stands in its place.
pub fn checked(serial: &str, more: &[String]) -> Result<MfaSerial> {
    let is_uri = serial.to_ascii_lowercase().starts_with("otpauth:");
    let is_base32 = serial.len() >= 24
        && serial.bytes().all(|b| b.is_ascii_alphabetic() || matches!(b, b'2'..=b'7'));
    if !more.is_empty() || is_uri || is_base32 {
        return Err(Error::usage(
            "a seed does not belong on the command line, where every user of this machine can read \
             it",
        )
        .hint("type it when asked, or pipe it in: rolecall keys mfa add SERIAL"));
    }
    MfaSerial::parse(serial).filter(|serial| !serial.is_auto()).ok_or_else(|| {
        Error::usage("SERIAL must be an MFA device's serial number or ARN (9 to 256 characters)")
            .hint("list your devices: aws iam list-mfa-devices")
    })
}

/// Returns the error for a store that takes no seeds.
pub fn keeps_none(name: StoreName, verb: &str) -> Error {
    let why = if name == StoreName::Keyutils {
        "the store keyutils keeps sessions only, because nothing there survives a reboot"
    } else {
        "the store none keeps nothing"
    };
    Error::usage(why).hint(format!("choose another: rolecall keys mfa {verb} --store file"))
}
