//! What `add` and `remove` check of what was typed.

use crate::aws::names::is_serial;
use crate::error::{Error, Result};
use crate::store::StoreName;

/// Checks a serial number; a seed in its place is not repeated.
pub fn checked<'a>(serial: &'a str, more: &[String]) -> Result<&'a str> {
    let is_uri = serial.to_ascii_lowercase().starts_with("otpauth:");
    let is_base32 = serial.len() >= 24
        && serial.bytes().all(|b| b.is_ascii_alphabetic() || matches!(b, b'2'..=b'7'));
    if !more.is_empty() || is_uri || is_base32 {
        return Err(Error::usage("a seed does not belong on the command line, where every user of this machine can read it")
            .hint("type it when asked, or pipe it in: rolecall keys mfa add SERIAL"));
    }
    if !is_serial(serial) {
        return Err(Error::usage(
            "SERIAL must be an MFA device's serial number or ARN (9 to 256 characters)",
        )
        .hint("list your devices: aws iam list-mfa-devices"));
    }
    Ok(serial)
}

/// The error for a store that keeps no seeds.
pub fn keeps_none(name: StoreName, verb: &str) -> Error {
    let why = if name == StoreName::Keyutils {
        "the store keyutils keeps sessions only, because nothing there survives a reboot"
    } else {
        "the store none keeps nothing"
    };
    Error::usage(why).hint(format!("choose another: rolecall keys mfa {verb} --store file"))
}
