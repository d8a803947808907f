//! Seeds of virtual MFA devices and the codes that they give (RFC 6238), pure: who reads the clock
//! passes the time.

use std::str::FromStr;

use totp_rs::{Algorithm, Builder, Secret, Totp};
use zeroize::Zeroizing;

use crate::aws::arn::Arn;

/// What AWS's own QR codes say, by which phones know whose code it is.
const ISSUER: &str = "Amazon Web Services";
const SCHEME: &str = "otpauth://";
/// What a shorter text decodes to is no seed, but a token code or half of one.
const SHORTEST: usize = 10;
/// Seconds; more would keep who waits for the next code waiting for minutes.
const LONGEST_PERIOD: u64 = 60;

/// A seed with what shapes its codes. Wiped on drop.
#[derive(Clone, PartialEq, Eq)]
pub struct Seed(Totp);

impl Seed {
    /// Reads a seed in base32 (case, blanks, hyphens and padding do not matter) or an
    /// `otpauth://totp/…` URI, for a device.
    ///
    /// # Errors
    /// What is wrong with it. It holds nothing of the text.
    pub fn parse(text: &str, serial: &str) -> Result<Self, &'static str> {
        let text = text.trim();
        let mut builder = Builder::new();
        let is_uri =
            text.get(..SCHEME.len()).is_some_and(|start| start.eq_ignore_ascii_case(SCHEME));
        let secret = if is_uri {
            let (kind, parameters) =
                text[SCHEME.len()..].split_once('?').ok_or("the otpauth URI has no secret")?;
            if !kind.split('/').next().is_some_and(|kind| kind.eq_ignore_ascii_case("totp")) {
                return Err(
                    "the otpauth URI is not for time-based codes (otpauth://totp/…), which are \
                     the only ones that AWS takes",
                );
            }
            let mut secret = None;
            for (key, value) in
                parameters.split('&').filter_map(|parameter| parameter.split_once('='))
            {
                match key.to_ascii_lowercase().as_str() {
                    "secret" => secret = Some(bytes(value)?),
                    "algorithm" => {
                        let algorithm = Algorithm::from_str(value)
                            .map_err(|_| "the algorithm must be SHA1, SHA256 or SHA512")?;
                        builder = builder.with_algorithm(algorithm);
                    }
                    "digits" if value != "6" => {
                        return Err("the codes must have 6 digits, as those of AWS's devices have");
                    }
                    "period" => {
                        let period = value
                            .parse()
                            .ok()
                            .filter(|period| (1..=LONGEST_PERIOD).contains(period));
                        builder = builder.with_step_duration(
                            period.ok_or("the period must be 1 to 60 seconds")?,
                        );
                    }
                    _ => {}
                }
            }
            secret.ok_or("the otpauth URI has no secret")?
        } else if text.contains("://") {
            return Err("only otpauth://totp/… is a URI that holds a seed");
        } else {
            bytes(text)?
        };
        let builder = builder
            .with_secret(secret)
            .with_issuer(Some(ISSUER))
            .with_account_name(account_name(serial));
        Ok(Self(builder.build_noncompliant()))
    }

    /// Returns the `otpauth://` URI, which is also what the store holds: any other program of this
    /// kind reads it.
    pub fn uri(&self) -> Zeroizing<String> {
        // The only error would be an empty or malformed account name.
        Zeroizing::new(self.0.to_url().unwrap_or_default())
    }

    /// Seconds for which one code is shown.
    pub fn period(&self) -> u64 {
        self.0.step()
    }

    /// Returns the number of the window that a time in unix seconds falls in.
    pub fn window(&self, time: i64) -> u64 {
        u64::try_from(time).unwrap_or_default() / self.period()
    }

    /// Returns the unix second at which a window begins.
    pub fn begin(&self, window: u64) -> i64 {
        i64::try_from(window.saturating_mul(self.period())).unwrap_or(i64::MAX)
    }

    /// Returns the six digits of a window.
    pub fn code(&self, window: u64) -> String {
        self.0.generate(window.saturating_mul(self.period())).to_string()
    }
}

/// The bytes of a seed in base32.
fn bytes(text: &str) -> Result<Secret, &'static str> {
    // What a query writes for padding and blanks.
    let plain = Zeroizing::new(
        text.replace("%3D", "").replace("%3d", "").replace("%20", "").replace('+', ""),
    );
    let skipped = |c: &char| !c.is_whitespace() && !matches!(c, '-' | '=');
    let tidy: Zeroizing<String> =
        Zeroizing::new(plain.chars().filter(skipped).map(|c| c.to_ascii_uppercase()).collect());
    if tidy.is_empty() {
        return Err("the seed is empty");
    }
    let secret = Secret::try_from_base32(tidy.as_str()).map_err(
        |_| "the seed is not base32, which has the letters A to Z and the digits 2 to 7",
    )?;
    // Eight characters are five bytes; no number of bytes ends in these.
    if matches!(tidy.len() % 8, 1 | 3 | 6) {
        return Err(
            "the seed has a length that base32 cannot have: a character is missing or too many",
        );
    }
    if secret.as_bytes().len() < SHORTEST {
        return Err(
            "the seed is too short: it has at least 16 characters (a code of six digits is not \
             what is asked for)",
        );
    }
    Ok(secret)
}

/// The name by which a phone lists the device: `bob@111111111111`, as in AWS's own QR codes.
fn account_name(serial: &str) -> String {
    let name = match Arn::parse(serial) {
        Some(arn) => format!("{}@{}", arn.name(), arn.account),
        None => serial.to_owned(),
    };
    // It ends a label's first part.
    name.replace(':', "-")
}

#[cfg(test)]
mod tests;
