//! MFA devices by their serial numbers.

use std::fmt;

use serde::{Deserialize, Serialize};

/// The serial number of an MFA device; a virtual device's is its ARN.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(try_from = "String")]
pub struct MfaSerial(String);

impl MfaSerial {
    /// Parses what STS takes as SerialNumber: `[\w+=/:,.@-]{9,256}`.
    pub fn parse(text: &str) -> Option<Self> {
        let allowed = |c: char| c.is_ascii_alphanumeric() || "_+=/:,.@-".contains(c);
        ((9..=256).contains(&text.len()) && text.chars().all(allowed))
            .then(|| Self(text.to_owned()))
    }

    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl TryFrom<String> for MfaSerial {
    type Error = &'static str;

    fn try_from(text: String) -> Result<Self, Self::Error> {
        Self::parse(&text).ok_or("not the serial number of an MFA device")
    }
}

impl fmt::Display for MfaSerial {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn serial_numbers_are_what_sts_takes() {
        let longest = "a".repeat(256);
        for text in ["GAHT12345678", "arn:aws:iam::111111111111:mfa/b_o+b@x.y", &longest] {
            assert_eq!(MfaSerial::parse(text).unwrap().as_str(), text);
        }
        for text in
            ["", "auto", "12345678", "arn:aws:iam::1:mfa/a b", "größe12345", &"a".repeat(257)]
        {
            assert!(MfaSerial::parse(text).is_none(), "{text}");
        }
    }
}
