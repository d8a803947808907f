//! Random text that nobody can guess.

use ring::rand::{SecureRandom, SystemRandom};

use crate::error::{Error, Result};
use crate::system::base64url;

/// Returns `N` random bytes in the letters of base64url, without padding.
///
/// # Errors
/// Where the system has none.
pub fn token<const N: usize>() -> Result<String> {
    let mut bytes = [0; N];
    SystemRandom::new()
        .fill(&mut bytes)
        .map_err(|_| Error::failed("the system gives no random numbers"))?;
    Ok(base64url::encode(&bytes))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn token_has_four_letters_for_three_bytes_and_differs_each_time() {
        assert_eq!(token::<48>().unwrap().len(), 64);
        assert_ne!(token::<48>().unwrap(), token::<48>().unwrap());
    }
}
