//! Random text that nobody can guess.

use ring::rand::{SecureRandom, SystemRandom};

use crate::error::{Error, Result};

/// Returns `N` random bytes in the letters of base64url, without padding.
///
/// # Errors
/// Where the system has none.
pub fn token<const N: usize>() -> Result<String> {
    let mut bytes = [0; N];
    SystemRandom::new()
        .fill(&mut bytes)
        .map_err(|_| Error::failed("the system gives no random numbers"))?;
    Ok(base64url(&bytes))
}

/// Returns bytes in base64url without padding (RFC 4648, section 5).
pub fn base64url(bytes: &[u8]) -> String {
    let text = aws_smithy_types::base64::encode(bytes);
    text.trim_end_matches('=').replace('+', "-").replace('/', "_")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bytes_become_letters_of_urls() {
        assert_eq!(base64url(&[0xfb, 0xff, 0xfe]), "-__-");
        assert_eq!(base64url(b"a"), "YQ");
        assert_eq!(token::<48>().unwrap().len(), 64);
        assert_ne!(token::<48>().unwrap(), token::<48>().unwrap());
    }
}
